"""The conformance suite of the kind ``cosmologies``."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.cosmology import CosmologyTables
from faintsky.core.errors import DataError
from faintsky.core.flat_lcdm import FlatLCDM
from faintsky.testing.subject import ComponentConformance

__all__ = ["CosmologyConformance"]

Array = NDArray[np.float64]

_K = np.geomspace(1e-3, 20, 30)
#: What another process does with a pickled cosmology.
_ELSEWHERE = """
import pickle, sys
from faintsky.testing.cosmologies import numbers_of
made = pickle.load(sys.stdin.buffer)
with open(sys.argv[1], "wb") as file:
    pickle.dump(numbers_of(made), file)
"""


def numbers_of(cosmology: Any) -> Array:
    """Distances, rates, growth, masses and power of a cosmology in one row."""
    z = CosmologyConformance.z
    background = [cosmology.chi(z), cosmology.H(z), cosmology.growth(z)]
    if not cosmology.tables().k.size:
        return np.concatenate(background)
    power = cosmology.plin(_K[:, None], z)
    own = cosmology.pnl(_K[:, None], z)
    parts = [*background, cosmology.sigma(np.geomspace(1e6, 1e16, 11), 0.0), power]
    return np.concatenate([np.ravel(part) for part in (*parts, power if own is None else own)])


class CosmologyConformance(ComponentConformance):
    """Free of h, vectorised, stateless, picklable; distances those of astropy, growth that of its equation, sigma8 as asked for.

    The class must be importable in another process.

    Examples
    --------
    >>> class TestMine(CosmologyConformance):
    ...     component = "colossus"
    ...     options = {"name": "planck18"}
    """

    kind: ClassVar[str] = "cosmologies"
    #: Whether it knows the power of matter, and not distances only.
    clusters: ClassVar[bool] = True
    z: ClassVar[Any] = np.array([0.05, 0.3, 1.0, 2.5, 6.0, 10.0, 13.0])

    @pytest.fixture
    def cosmology(self) -> Any:
        return self.made()

    @pytest.fixture
    def clustered(self, cosmology: Any) -> Any:
        if not self.clusters:
            pytest.skip("distances only")
        return cosmology

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
        assert (tables.k.size > 0) is self.clusters

    def test_redshifts_beyond_the_tables_are_refused(self, cosmology: Any) -> None:
        asked = [cosmology.chi, cosmology.H, cosmology.growth, cosmology.omega_m]
        if self.clusters:
            asked += [partial(of, 1e12) for of in (cosmology.sigma, cosmology.nu)]
            asked += [partial(of, 0.1) for of in (cosmology.plin, cosmology.pnl) if of(0.1, 1.0) is not None]
        for z in (-0.1, 2 * cosmology.tables().z[-1]):
            for of in asked:
                with pytest.raises(DataError, match="leave the tables of the cosmology"):
                    of(z)

    def test_distances_are_those_of_astropy(self, cosmology: Any) -> None:
        from astropy.cosmology import FlatLambdaCDM

        n = self.numbers(cosmology)
        reference = FlatLambdaCDM(H0=n["h0"], Om0=n["omega_m0"], Tcmb0=2.7255, Neff=3.046)
        # Many redshifts: what an engine interpolates may be exact at some and not between them.
        z = np.linspace(0.05, 13.0, 500)
        np.testing.assert_allclose(cosmology.chi(z), reference.comoving_distance(z).value, rtol=1e-5)
        np.testing.assert_allclose(cosmology.H(z), reference.H(z).value, rtol=1e-5)
        np.testing.assert_allclose(cosmology.omega_m(z), reference.Om(z), rtol=1e-5)
        assert cosmology.h == pytest.approx(n["h0"] / 100)

    def test_growth_is_1_today_and_falls(self, cosmology: Any) -> None:
        assert float(cosmology.growth(0.0)) == pytest.approx(1, abs=1e-6)
        assert np.all(np.diff(cosmology.growth(np.linspace(0.0, 15.0, 400))) < 0)

    def test_growth_solves_its_equation(self, cosmology: Any) -> None:
        # D'' + (2 + dlnH/dlna) D' = 1.5 Omega_m D in ln a, with radiation in H, started from its own growth and slope deep in
        # matter domination: a growth of another universe would not come out at 1 today. 0.3 % allows for radiation left out.
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

    def test_sigma8_is_the_one_asked_for(self, clustered: Any) -> None:
        numbers = self.numbers(clustered)
        mass = 4 / 3 * np.pi * (8 / clustered.h) ** 3 * clustered.tables().matter_density
        assert float(clustered.sigma(mass, 0.0)) == pytest.approx(numbers["sigma8"], rel=2e-3)
        assert float(clustered.nu(mass, 0.0)) == pytest.approx(1.68647 / numbers["sigma8"], rel=2e-3)

    def test_wavenumbers_broadcast_against_redshifts(self, clustered: Any) -> None:
        for power in (clustered.plin, clustered.pnl):
            both = power(_K[:, None], self.z)
            if both is None:  # no nonlinear power of its own
                continue
            assert both.shape == (30, self.z.size)
            np.testing.assert_allclose(both[:, 2], power(_K, self.z[2]), rtol=1e-10)
            np.testing.assert_allclose(both[7], [float(power(_K[7], z)) for z in self.z], rtol=1e-10)
            assert np.all(np.diff(both, axis=1) < 0)

    def test_power_goes_on_as_a_power_law_beyond_the_table(self, clustered: Any) -> None:
        first, last = clustered.tables().k[[0, -1]]
        for z in (0.0, 6.0):
            for power in (clustered.plin, clustered.pnl):
                beyond = power(last * np.array([2.0, 4.0, 8.0]), z)
                if beyond is None:
                    continue
                assert np.all(beyond > 0)
                assert np.all(np.diff(beyond) < 0)
                assert beyond[1] ** 2 == pytest.approx(beyond[0] * beyond[2], rel=1e-6)
                assert power(1.001 * last, z) == pytest.approx(power(0.999 * last, z), rel=0.01)
                below = power(first / np.array([8.0, 4.0, 2.0]), z)
                assert np.all(below > 0)
                assert np.all(np.diff(below) > 0)

    def test_nonlinear_power_of_its_own_is_linear_on_large_scales(self, clustered: Any) -> None:
        if clustered.pnl(0.1, 0.0) is None:
            pytest.skip("no nonlinear power of its own: halofit is put on the linear one")
        assert clustered.pnl(3e-3, self.z) == pytest.approx(clustered.plin(3e-3, self.z), rel=0.03)
        assert float(clustered.pnl(5.0, 0.0)) > 5 * float(clustered.plin(5.0, 0.0))

    def test_two_cosmologies_do_not_disturb_each_other(self, cosmology: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        import attrs
        from colossus.cosmology import cosmology as colossus

        numbers = self.numbers(cosmology)
        current = colossus.Cosmology(name="of the process", H0=50.0, Om0=0.5, Ob0=0.05, sigma8=0.5, ns=0.9, persistence="")
        monkeypatch.setattr(colossus, "current_cosmo", current)
        before = numbers_of(cosmology)
        other = attrs.evolve(cosmology, omega_m0=0.9 * numbers["omega_m0"])
        assert np.all(other.chi(self.z) > cosmology.chi(self.z))
        # The same universe written in another way is another key of every cache, so it is computed afresh.
        again = attrs.evolve(cosmology, **numbers, name="" if cosmology.name else "planck18")
        assert again != cosmology
        np.testing.assert_allclose(numbers_of(again), before, rtol=1e-6)
        assert colossus.getCurrent() is current

    def test_it_is_picklable_and_leaves_nothing_behind(self, cosmology: Any, tmp_path: Any) -> None:
        again = pickle.loads(pickle.dumps(cosmology))
        assert again == cosmology
        assert hash(again) == hash(cosmology)
        # Engines look for the home folder when they are imported: only a process of its own shows what they write there.
        folders = [tmp_path / name for name in ("home", "work")]
        for folder in folders:
            folder.mkdir()
        homes = dict.fromkeys(("HOME", "USERPROFILE"), str(folders[0]))
        caches = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        env = {key: value for key, value in os.environ.items() if key not in caches} | homes
        env["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
        done = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "numbers")],
            input=pickle.dumps(cosmology),
            capture_output=True,
            env=env,
            cwd=folders[1],
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout + done.stderr == b"", "a component never prints"
        left = [str(path.relative_to(tmp_path)) for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert left == [], "a cosmology writes no file"
        np.testing.assert_allclose(pickle.loads((tmp_path / "numbers").read_bytes()), numbers_of(cosmology), rtol=1e-6)
