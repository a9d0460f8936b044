"""The spectra of one estimator: every auto and cross, and what tells whether to believe them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen

from faintsky.core.goodness import probability_to_exceed
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.estimators.bandpowers.jackknife import Jackknife

__all__ = ["NullTest", "Spectra", "cross_name"]


def cross_name(a: str, b: str) -> str:
    """How a cross-spectrum is called."""
    return f"{a} x {b}"


@frozen(kw_only=True)
class NullTest:
    """A spectrum that should vanish: chi2 of the bandpowers with their covariance, and the probability to exceed."""

    name: str
    chi2: float
    dof: int
    pte: float

    @classmethod
    def of(cls, name: str, spectrum: PowerSpectrum) -> NullTest:
        """Test a spectrum against zero."""
        p = spectrum.power
        chi2 = float(p @ np.linalg.solve(spectrum.covariance, p))
        return cls(name=name, chi2=chi2, dof=p.size, pte=probability_to_exceed(chi2, p.size))


@frozen(kw_only=True, eq=False)
class Spectra:
    """Everything one estimator measures on the maps of a study, over one mask and the same bins.

    Attributes
    ----------
    auto : mapping of map name to PowerSpectrum
        Total power, noise included.
    cross : mapping of ``"a x b"`` to PowerSpectrum
    signal : mapping of map name to PowerSpectrum
        For maps with splits: the cross-power A x B of the first two, free of noise bias.
    noise : mapping of map name to PowerSpectrum
        For maps with splits: the power of (A - B)/2.
    null : mapping of name to PowerSpectrum
        Cross-power of every other map with (A - B)/2, which holds no sky.
    shot : mapping of map name to float
        The analytic shot-noise level, where the map knows its variance.
    jackknife : mapping of name to Jackknife
        Leave-one-region-out vectors of the spectra that were asked for.
    """

    auto: Mapping[str, PowerSpectrum]
    cross: Mapping[str, PowerSpectrum]
    signal: Mapping[str, PowerSpectrum]
    noise: Mapping[str, PowerSpectrum]
    null: Mapping[str, PowerSpectrum]
    shot: Mapping[str, float]
    jackknife: Mapping[str, Jackknife] = field(factory=dict)

    def named(self) -> dict[str, PowerSpectrum]:
        """All spectra by the names of tables and figures."""
        found = dict(self.auto) | dict(self.cross)
        found |= {f"{name} signal (A x B)": s for name, s in self.signal.items()}
        found |= {f"{name} noise (A - B)/2": s for name, s in self.noise.items()}
        found |= dict(self.null)
        return found

    def null_tests(self) -> tuple[NullTest, ...]:
        """The null tests."""
        return tuple(NullTest.of(name, spectrum) for name, spectrum in self.null.items())
