"""How many sources make a background, where their counts are Euclidean."""

from __future__ import annotations

import math

from faintsky.core.errors import DataError

__all__ = ["euclidean_density"]


def euclidean_density(*, flux_deg2: float, s0: float, s_lim: float, s_max: float | None = None) -> float:
    """Surface density of sources brighter than s0 that follows from the flux of all, for dN/dS = k (S / s0)^-2.5.

    The flux of sources between s_lim and s_max, F = 2 k s0^2.5 (s_lim^-0.5 - s_max^-0.5), gives k; the density is
    N(>s) = k s0^2.5 (s^-1.5 - s_max^-1.5) / 1.5 at s = s0, or at s_lim where that is brighter: no source is fainter. Without
    s_max, and with s_lim = s0, N = F / (3 s0).

    Parameters
    ----------
    flux_deg2 : float
        F, flux of all sources [erg / (s cm2 deg2)].
    s0 : float
        Flux above which sources are counted [erg / (s cm2)].
    s_lim : float
        Flux of the faintest sources that contribute to F [erg / (s cm2)]. The result goes with its root where s_lim < s0.
    s_max : float, optional
        Flux of the brightest, such as the limit above which sources are masked [erg / (s cm2)]. None: no end.

    Returns
    -------
    float
        [deg^-2]

    Raises
    ------
    DataError
        Where the fluxes are not positive, or s_max is not brighter than s_lim.

    References
    ----------
    Kaminsky et al. 2025, eqs. 14 and 15.

    Examples
    --------
    >>> round(euclidean_density(flux_deg2=7.99e-14, s0=4.2e-18, s_lim=4.2e-18), 2)
    6341.27
    """
    top = math.inf if s_max is None else s_max
    if not (0 < s0 < math.inf and 0 < s_lim < top):
        raise DataError(
            f"counts need s0 and s_lim above 0 and s_lim below s_max; got s0 {s0:g}, s_lim {s_lim:g}, s_max {top:g} erg / (s cm2)"
        )
    if not math.isfinite(flux_deg2):
        raise DataError(f"the flux of the sources is {flux_deg2:g}; it must be finite, in erg / (s cm2 deg2)")
    faintest = max(s0, s_lim)
    if faintest >= top:
        return 0.0
    ratio = faintest / top
    density = (1 - ratio * math.sqrt(ratio)) / 1.5
    flux = 2 * faintest * (math.sqrt(faintest / s_lim) - math.sqrt(ratio))
    return flux_deg2 * density / flux
