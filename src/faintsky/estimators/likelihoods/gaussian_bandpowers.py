"""The Gaussian likelihood of bandpowers with a given covariance: data, window and model bound together."""

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

__all__ = ["GaussianBandpowers", "chosen_bins"]

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
class GaussianBandpowers(Likelihood):
    """ln L = -(d - W m)^T C^-1 (d - W m) / 2 - ln det(2 pi C) / 2, with the window W applied once.

    Attributes
    ----------
    model : PowerModel
    data : ndarray, shape (nbin,)
    covariance : ndarray, shape (nbin, nbin)
    q : ndarray, shape (m,)
        Where the model is evaluated [rad^-1].
    window : ndarray, shape (nbin, m)
    unit : str
        Of the spectrum, and of the parameters that are a power.
    """

    model: PowerModel
    data: Array
    covariance: Array
    q: Array
    window: Array
    unit: str = ""
    _free: tuple[Parameter, ...] = field(init=False)
    _whiten: Array = field(init=False)
    _norm: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        try:
            lower = np.linalg.cholesky(self.covariance)
        except np.linalg.LinAlgError:
            raise DataError("the covariance of the bandpowers is not positive definite: use fewer bins per decade") from None
        free = free_parameters(self.model)
        own = tuple(evolve(p, unit=self.unit) if p.unit == SPECTRUM_UNIT else p for p in free)
        object.__setattr__(self, "_free", own)
        object.__setattr__(self, "_whiten", np.linalg.inv(lower))
        norm = -np.log(np.diag(lower)).sum() - 0.5 * len(self.data) * np.log(2 * np.pi)
        object.__setattr__(self, "_norm", float(norm))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters of the model."""
        return self._free

    def expected(self, theta: Array) -> Array:
        """Bandpowers expected at `theta` of shape (n, d), shape (n, nbin)."""
        power = np.broadcast_to(at(self.model, theta).power(self.q), (len(theta), self.q.size))
        return np.asarray(power @ self.window.T)

    def residuals(self, theta: Array) -> Array:
        """Residuals of unit variance, shape (n, nbin)."""
        return np.asarray((self.data - self.expected(theta)) @ self._whiten.T)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L, shape (n,)."""
        r = self.residuals(theta)
        return np.asarray(self._norm - 0.5 * np.einsum("ij,ij->i", r, r))

    def fingerprint(self) -> str:
        """Digest of data, covariance, window, model and priors."""
        said: list[Any] = [array_digest(a) for a in (self.data, self.covariance, self.q, self.window)]
        priors = [[p.name, identity(p.prior)] for p in self.parameters]
        return json_digest([*said, identity(self.model), priors])
