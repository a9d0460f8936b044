"""Broadband means: one number of many bandpowers, with every weighting that is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError, nearest
from faintsky.core.units import ARCSEC

if TYPE_CHECKING:
    from faintsky.core.power_spectrum import PowerSpectrum

__all__ = ["WEIGHTINGS", "Broadband", "bin_weights", "broadband"]

Array = NDArray[np.float64]

#: ``sigma``: Kaminsky et al. eqs. 1-2, which weight by the error itself and so by the loudest bins; ``q2``: Li et al. eq. 7.
WEIGHTINGS = ("modes", "inverse-variance", "uniform", "q2", "sigma")


@frozen(kw_only=True)
class Broadband:
    """A mean power between two scales.

    Attributes
    ----------
    value, error : float
        In the unit of the spectrum; the error is propagated with the full covariance, w^T C w.
    weights : str
    theta : tuple of float
        Scales [rad].
    bins : int
        How many took part.
    mean_sigma : float
        Plain mean of the errors of the bins. value / mean_sigma is the only reading that gives the signal-to-noise ratios which
        Kaminsky et al. print; it is no propagated error, and changes with the binning.
    """

    value: float
    error: float
    weights: str
    theta: tuple[float, float]
    bins: int
    mean_sigma: float

    @property
    def snr(self) -> float:
        """Value over its propagated error."""
        return self.value / self.error


def bin_weights(spectrum: PowerSpectrum, kind: str) -> Array:
    """Weights of the bins, not normalised, shape (nbin,).

    Raises
    ------
    DataError
        For an unknown weighting.
    """
    error = spectrum.error
    if kind == "modes":
        return spectrum.modes.astype(float)
    if kind == "uniform":
        return np.ones(len(spectrum.q))
    if kind == "q2":
        return np.asarray(spectrum.q**2)
    if kind == "sigma":
        return error
    if kind == "inverse-variance":
        return np.divide(1.0, error**2, out=np.zeros_like(error), where=error > 0)
    raise DataError(f"no weighting is called {kind!r}. {nearest(kind, WEIGHTINGS)} Weightings: {', '.join(WEIGHTINGS)}")


def broadband(spectrum: PowerSpectrum, theta_min: float, theta_max: float, weights: str | ArrayLike = "modes") -> Broadband:
    """Weighted mean of the bins whose q lies between two scales [rad]: sum w P / sum w.

    Raises
    ------
    DataError
        Where no bin lies there.
    """
    usable = (spectrum.modes > 0) & np.isfinite(spectrum.power) & np.isfinite(spectrum.error)
    chosen = (spectrum.theta >= theta_min) & (spectrum.theta <= theta_max) & usable
    if not chosen.any():
        low, high = spectrum.theta.min() / ARCSEC, spectrum.theta.max() / ARCSEC
        raise DataError(
            f"no bin lies between {theta_min / ARCSEC:.4g} and {theta_max / ARCSEC:.4g} arcsec; the spectrum reaches from "
            f"{low:.4g} to {high:.4g} arcsec"
        )
    given = bin_weights(spectrum, weights) if isinstance(weights, str) else np.asarray(weights, dtype=float)
    w = given[chosen] / given[chosen].sum()
    covariance = spectrum.covariance[np.ix_(chosen, chosen)]
    return Broadband(
        value=float(w @ spectrum.power[chosen]),
        error=float(np.sqrt(w @ covariance @ w)),
        weights=weights if isinstance(weights, str) else "given",
        theta=(theta_min, theta_max),
        bins=int(chosen.sum()),
        mean_sigma=float(spectrum.error[chosen].mean()),
    )
