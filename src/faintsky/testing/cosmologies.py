"""The conformance suite of the kind ``cosmologies``."""

from __future__ import annotations

import pickle
from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.cosmology import CosmologyTables
from faintsky.core.errors import DataError
from faintsky.core.flat_lcdm import FlatLCDM
from faintsky.testing.subject import ComponentConformance

__all__ = ["CosmologyConformance"]


class CosmologyConformance(ComponentConformance):
    """Free of h, vectorised, stateless, picklable; distances those of astropy, growth that of its equation, sigma8 as asked for.

    Examples
    --------
    >>> class TestMine(CosmologyConformance):
    ...     component = "colossus"
    ...     options = {"name": "planck18"}
    """

    kind: ClassVar[str] = "cosmologies"
    z: ClassVar[Any] = np.array([0.05, 0.3, 1.0, 2.5, 6.0, 10.0, 13.0])

    @pytest.fixture
    def cosmology(self) -> Any:
        return self.made()

    @staticmethod
    def numbers(cosmology: Any) -> dict[str, float]:
        """Its numbers, where it is a flat LCDM universe; else the test does not apply."""
        if not isinstance(cosmology, FlatLCDM):
            pytest.skip("not a flat LCDM universe with numbers of its own")
        return cosmology.numbers

    def test_tables_reach_far_enough(self, cosmology: Any) -> None:
        tables = cosmology.tables()
        assert isinstance(tables, CosmologyTables)
        assert tables.z[0] == 0
        assert tables.z[-1] >= 15
        assert np.all(np.diff(tables.k) > 0)
        for z in (-0.1, 2 * tables.z[-1]):
            with pytest.raises(DataError, match="leave the tables of the cosmology"):
                cosmology.chi(z)

    def test_distances_are_those_of_astropy(self, cosmology: Any) -> None:
        from astropy.cosmology import FlatLambdaCDM

        n = self.numbers(cosmology)
        reference = FlatLambdaCDM(H0=n["h0"], Om0=n["omega_m0"], Tcmb0=2.7255, Neff=3.046)
        np.testing.assert_allclose(cosmology.chi(self.z), reference.comoving_distance(self.z).value, rtol=1e-5)
        np.testing.assert_allclose(cosmology.H(self.z), reference.H(self.z).value, rtol=1e-5)
        np.testing.assert_allclose(cosmology.omega_m(self.z), reference.Om(self.z), rtol=1e-5)
        assert cosmology.h == pytest.approx(n["h0"] / 100)

    def test_growth_is_1_today_and_falls(self, cosmology: Any) -> None:
        assert float(cosmology.growth(0.0)) == pytest.approx(1, abs=1e-6)
        assert np.all(np.diff(cosmology.growth(self.z)) < 0)

    def test_growth_solves_its_equation(self, cosmology: Any) -> None:
        # D'' + (2 + dlnH/dlna) D' = 1.5 Omega_m D in ln a, from deep in matter domination; 0.3 % allows for radiation.
        from scipy.integrate import solve_ivp

        step, start, end = 1e-3, -np.log(15.0), -0.01

        def slope(values: Any, lna: float) -> float:
            return float((values(np.expm1(-lna - step)) - values(np.expm1(-lna + step))) / (2 * step))

        def equation(lna: float, y: Any) -> Any:
            expansion = slope(lambda z: np.log(cosmology.H(z)), lna)
            return [y[1], 1.5 * float(cosmology.omega_m(np.expm1(-lna))) * y[0] - (2 + expansion) * y[1]]

        begin = [float(cosmology.growth(np.expm1(-start))), slope(cosmology.growth, start)]
        solved = solve_ivp(equation, (start, end), begin, rtol=1e-8, t_eval=np.linspace(start, end, 8))
        np.testing.assert_allclose(solved.y[0], cosmology.growth(np.expm1(-solved.t)), rtol=3e-3)

    def test_sigma8_is_the_one_asked_for(self, cosmology: Any) -> None:
        numbers = self.numbers(cosmology)
        mass = 4 / 3 * np.pi * (8 / cosmology.h) ** 3 * cosmology.tables().matter_density
        assert float(cosmology.sigma(mass, 0.0)) == pytest.approx(numbers["sigma8"], rel=2e-3)
        assert float(cosmology.nu(mass, 0.0)) == pytest.approx(1.68647 / numbers["sigma8"], rel=2e-3)

    def test_wavenumbers_broadcast_against_redshifts(self, cosmology: Any) -> None:
        k = np.geomspace(1e-3, 20, 30)
        both = cosmology.plin(k[:, None], self.z)
        assert both.shape == (30, self.z.size)
        np.testing.assert_allclose(both[:, 2], cosmology.plin(k, self.z[2]), rtol=1e-10)
        np.testing.assert_allclose(both[7], [float(cosmology.plin(k[7], z)) for z in self.z], rtol=1e-10)
        assert np.all(np.diff(both, axis=1) < 0)

    def test_power_goes_on_as_a_power_law_beyond_the_table(self, cosmology: Any) -> None:
        last = cosmology.tables().k[-1]
        power = cosmology.plin(last * np.array([2.0, 4.0, 8.0]), 0.0)
        assert np.all(power > 0)
        assert power[1] ** 2 == pytest.approx(power[0] * power[2], rel=1e-6)

    def test_it_is_picklable_and_equal_to_itself(self, cosmology: Any) -> None:
        again = pickle.loads(pickle.dumps(cosmology))
        assert again == cosmology
        assert hash(again) == hash(cosmology)
        np.testing.assert_array_equal(again.chi(self.z), cosmology.chi(self.z))

    def test_two_cosmologies_do_not_disturb_each_other(self, cosmology: Any, monkeypatch: Any, tmp_path: Any) -> None:
        import attrs

        self.numbers(cosmology)

        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        other = attrs.evolve(cosmology, omega_m0=0.25)
        before = cosmology.tables().chi(1.0)
        assert float(other.tables().chi(1.0)) > float(before)
        np.testing.assert_array_equal(cosmology.tables().chi(1.0), before)
        assert list(tmp_path.iterdir()) == []  # nothing is left behind, in the home folder least of all
