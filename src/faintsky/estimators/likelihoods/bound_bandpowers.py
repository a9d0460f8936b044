"""Bandpowers bound to a model: what every likelihood of a spectrum shares."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter, at, free_parameters
from faintsky.core.power_model import SPECTRUM_UNIT, PowerModel
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.units import ARCSEC

__all__ = ["BoundBandpowers", "chosen_bins"]

Array = NDArray[np.float64]


def chosen_bins(spectrum: PowerSpectrum, theta: tuple[float, float] | None) -> NDArray[np.bool_]:
    """The bins that take part: with modes, finite, below Nyquist, and between two scales [rad] where given.

    Raises
    ------
    DataError
        Where none is left.
    """
    chosen = (spectrum.modes > 0) & np.isfinite(spectrum.power) & np.isfinite(spectrum.error) & (spectrum.error > 0)
    if "beyond_nyquist" in spectrum.flags:
        chosen &= ~np.asarray(spectrum.flags["beyond_nyquist"])
    if theta is not None:
        chosen &= (spectrum.theta >= theta[0]) & (spectrum.theta <= theta[1])
    if not chosen.any():
        low, high = spectrum.theta.min() / ARCSEC, spectrum.theta.max() / ARCSEC
        raise DataError(f"no bin with a finite error is left to fit; the spectrum reaches from {low:.4g} to {high:.4g} arcsec")
    return chosen


@frozen(kw_only=True, eq=False)
class BoundBandpowers(Likelihood):
    """Data, window and model of a spectrum; the window is applied once.

    Attributes
    ----------
    model : PowerModel
    data : ndarray, shape (nbin,)
    q : ndarray, shape (m,)
        Where the model is evaluated [rad^-1].
    window : ndarray, shape (nbin, m)
    unit : str
        Of the spectrum, and of the parameters that are a power.
    """

    model: PowerModel
    data: Array
    q: Array
    window: Array
    unit: str = ""
    _free: tuple[Parameter, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        free = free_parameters(self.model)
        own = tuple(evolve(p, unit=self.unit) if p.unit == SPECTRUM_UNIT else p for p in free)
        object.__setattr__(self, "_free", own)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters of the model."""
        return self._free

    def expected(self, theta: Array) -> Array:
        """Bandpowers expected at `theta` of shape (n, d), shape (n, nbin)."""
        power = np.broadcast_to(at(self.model, theta).power(self.q), (len(theta), self.q.size))
        return np.asarray(power @ self.window.T)

    def fingerprint(self) -> str:
        """Digest of data, errors, window, model and priors."""
        said: list[Any] = [array_digest(a) for a in (self.data, self._errors, self.q, self.window)]
        priors = [[p.name, identity(p.prior)] for p in self.parameters]
        return json_digest([*said, identity(self.model), priors])

    @property
    def _errors(self) -> Array:
        """What tells how well the data are known, for the fingerprint."""
        raise NotImplementedError
