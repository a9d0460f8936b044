"""A bolometric luminosity function seen in a band, with the scatter of the bolometric correction."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import BOLOMETRIC
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction

__all__ = ["band_density"]

Array = NDArray[np.float64]

#: Reach and step of the quadrature, in standard deviations of the scatter at the median L_bol of the band luminosity. A normal
#: distribution times a smooth function is integrated by equal steps of a fifth of its width to better than 1e-12.
_REACH, _STEP = 14.0, 0.2


def band_density(lf: LuminosityFunction, correction: BolometricCorrection, log_band: ArrayLike, z: ArrayLike) -> Array:
    """phi(log L_band) of a bolometric luminosity function [Mpc^-3 dex^-1].

    phi(l) = integral of phi_bol(b) N(l - log_band(b); sigma(b)) db over b = log L_bol, with the published scatter sigma of log
    L_band at fixed L_bol; no Jacobian enters. Without scatter it is phi_bol(b(l)) / slope(b(l)). Absorption is not applied: this
    is the intrinsic luminosity function of the band, Compton-thick AGN included.

    Scatter moves faint sources up to bright luminosities and so raises the steep bright end, 8 times at 10^46 erg/s and z = 2 for
    ``qlf-shen20`` with ``shen20``. Inverting the median correction does not undo it, and ``bolometric`` neglects it.

    Parameters
    ----------
    lf : LuminosityFunction
        Bolometric; parameters may be columns (n, 1) where the arguments broadcast to one dimension.
    correction : BolometricCorrection
    log_band, z : array_like
        log10 luminosities in the band [erg/s] and redshifts, broadcast against each other.

    Returns
    -------
    ndarray, shape of the arguments, or (n, m)

    Raises
    ------
    DataError
        Where `lf` is no bolometric one.

    Notes
    -----
    The public codes of Hopkins et al. 2007 and Shen et al. 2020 multiply phi_bol with 1 + dlog k / dlog L_bol before they
    integrate over log L_bol, which counts the change of variable twice: theirs lies 0.09 to 0.10 dex above this integral at
    10^43 to 10^45 erg/s in 2-10 keV.
    """
    if lf.band != BOLOMETRIC:
        raise DataError(f"{lf.name} is a function of {lf.band} luminosities, not of bolometric ones: take qlf-shen20 or another")
    wanted, at = (a.ravel() for a in np.broadcast_arrays(np.asarray(log_band, dtype=float), np.asarray(z, dtype=float)))
    shape = np.broadcast_shapes(np.shape(log_band), np.shape(z))
    middle = correction.log_bolometric(wanted)
    slope, sigma = correction.slope(middle), correction.scatter(middle)
    if not np.any(sigma > 0):
        return _reshaped(np.exp(lf.log_density(middle, at)) / slope, shape)
    offsets = np.arange(-_REACH, _REACH + 0.5 * _STEP, _STEP)
    width = (sigma / slope)[:, None]
    nodes = middle[:, None] + width * offsets
    spread = correction.scatter(nodes)
    kernel = np.exp(-0.5 * ((wanted[:, None] - correction.log_band(nodes)) / spread) ** 2) / (np.sqrt(2 * np.pi) * spread)
    density = np.exp(lf.log_density(nodes.ravel(), np.repeat(at, offsets.size)))
    terms = density.reshape(*density.shape[:-1], *nodes.shape) * (kernel * width * _STEP)
    return _reshaped(terms.sum(axis=-1), shape)


def _reshaped(values: Array, shape: tuple[int, ...]) -> Array:
    return np.asarray(values.reshape((*values.shape[:-1], *shape)))
