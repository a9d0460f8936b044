"""Soltan's argument: the mass density that black holes accreted to make a background."""

from __future__ import annotations

import math

from attrs import frozen

from faintsky.core.errors import DataError
from faintsky.core.units import DEG2_PER_SR

__all__ = ["MassDensity", "accreted_mass_density"]

#: Speed of light [cm/s] (SI, exact), Mpc [cm] (IAU 2015), solar mass [g] (IAU 2015 GM over CODATA 2018 G).
_LIGHT, _MPC, _SUN = 2.99792458e10, 3.0856775814913673e24, 1.988409870698051e33
#: E0, which cancels between the intensity and the band integral [keV].
_PIVOT = 1.0


@frozen(kw_only=True)
class MassDensity:
    """An accreted mass density and each factor of it.

    value = efficiency_factor * intensity * band_integral * k_factor * evolution_factor / bolometric_fraction * unit_factor.

    Attributes
    ----------
    value : float
        Comoving [Msun / Mpc^3].
    log10 : float
        NaN where the flux, and so `value`, is not positive.
    efficiency_factor : float
        4 pi (1 - e) / (e c^3) [s^3 / cm^3].
    intensity : float
        E0 J_E0 at E0 = 1 keV observed [erg / (s cm2 sr)]. E0 cancels against `band_integral`.
    band_integral : float
        Integral of (E / E0)^-alpha dE / E0 over `band_kev`, which is ([E_M/E0]^(1-alpha) - [E_m/E0]^(1-alpha)) / (1 - alpha).
    k_factor : float
        (1 + z)^alpha.
    evolution_factor : float
        (alpha + gamma + 3/2) / (gamma + 3/2), 1 without `gamma`.
    bolometric_fraction : float
        f_X = L_X / L_bol with L_X in `band_kev`.
    unit_factor : float
        g / cm^3 to Msun / Mpc^3.
    flux_deg2, z, alpha, efficiency, band_kev, observed_band_kev, gamma
        As given.
    """

    value: float
    log10: float
    efficiency_factor: float
    intensity: float
    band_integral: float
    k_factor: float
    evolution_factor: float
    bolometric_fraction: float
    unit_factor: float
    flux_deg2: float
    z: float
    alpha: float
    efficiency: float
    band_kev: tuple[float, float]
    observed_band_kev: tuple[float, float]
    gamma: float | None


def _band_integral(band: tuple[float, float], alpha: float) -> float:
    """Integral of x^-alpha dx over the band in units of the pivot, through alpha = 1 without a jump."""
    low, width = math.log(band[0] / _PIVOT), math.log(band[1] / band[0])
    x = (1 - alpha) * width
    return math.exp((1 - alpha) * low) * width * (math.expm1(x) / x if x else 1.0)


def accreted_mass_density(
    *,
    flux_deg2: float,
    z: float,
    alpha: float,
    efficiency: float,
    bolometric_fraction: float,
    band_kev: tuple[float, float],
    observed_band_kev: tuple[float, float],
    gamma: float | None = None,
) -> MassDensity:
    """Mass density accreted by redshift z onto the black holes that make a background.

    rho(z) = 4 pi (1 - e) / (e c^3) * E0 J_E0 / f_X * (alpha + gamma + 3/2) / (gamma + 3/2) * (1 + z)^alpha
    * ([E_M/E0]^(1-alpha) - [E_m/E0]^(1-alpha)) / (1 - alpha), the logarithm ln(E_M / E_m) at alpha = 1. J_E0 is an intensity,
    per sr, not an emissivity.

    Parameters
    ----------
    flux_deg2 : float
        Flux of the sources beyond z in the observed band [erg / (s cm2 deg2)].
    z : float
    alpha : float
        Energy index of the spectrum, f_E ~ E^-alpha (photon index minus 1), over all energies involved.
    efficiency : float
        e, radiated share of the accreted rest energy, in (0, 1).
    bolometric_fraction : float
        f_X = L_X / L_bol, in (0, 1]. The result hangs on it: a paper that quotes rho without f_X cannot be compared.
    band_kev : tuple of float
        Rest-frame band of L_X [keV].
    observed_band_kev : tuple of float
        Band of the flux [keV].
    gamma : float, optional
        The emissivity falls as (1 + z)^-gamma beyond z, in a universe of matter, H ~ (1 + z)^(3/2). None: all of it arises
        close to z, the limit of large gamma.

    Raises
    ------
    DataError
        Where an input lies outside its range.

    References
    ----------
    Soltan 1982, MNRAS 200, 115; Salvaterra et al. 2012, A&A 545, L6; Kaminsky et al. 2025, eq. 13.

    Examples
    --------
    >>> found = accreted_mass_density(flux_deg2=7.99e-14, z=6, alpha=0.9, efficiency=0.1, bolometric_fraction=0.1,
    ...                               band_kev=(2, 10), observed_band_kev=(0.5, 2))
    >>> round(found.log10, 2)
    3.1
    """
    for name, band in (("band_kev", band_kev), ("observed_band_kev", observed_band_kev)):
        if not 0 < band[0] < band[1]:
            raise DataError(f"{name} of an accreted mass density is {band}; give a lower end above 0 and a larger upper end")
    if not 0 < efficiency < 1:
        raise DataError(f"the efficiency of accretion is a share of the rest energy, between 0 and 1; got {efficiency:g}")
    if not 0 < bolometric_fraction <= 1:
        raise DataError(
            f"bolometric_fraction is L_X / L_bol, above 0 and at most 1; got {bolometric_fraction:g} "
            "(a bolometric correction L_bol / L_X is its inverse)"
        )
    if not (z >= 0 and math.isfinite(alpha) and math.isfinite(flux_deg2)):
        raise DataError(f"z is at least 0, alpha and the flux are finite; got z {z:g}, alpha {alpha:g}, flux {flux_deg2:g}")
    if gamma is not None and not (gamma > -1.5 and alpha + gamma > -1.5):
        raise DataError(
            f"gamma {gamma:g} with alpha {alpha:g}: the emissivity must fall so that gamma and alpha + gamma lie above -3/2, or "
            "the integral over redshift has no end; leave gamma out for sources close to z"
        )
    per_sr = flux_deg2 * DEG2_PER_SR
    factors = {
        "efficiency_factor": 4 * math.pi * (1 - efficiency) / (efficiency * _LIGHT**3),
        "intensity": per_sr / _band_integral(observed_band_kev, alpha),
        "band_integral": _band_integral(band_kev, alpha),
        "k_factor": (1 + z) ** alpha,
        "evolution_factor": 1.0 if gamma is None else (alpha + gamma + 1.5) / (gamma + 1.5),
        "unit_factor": _MPC**3 / _SUN,
    }
    value = math.prod(factors.values()) / bolometric_fraction
    return MassDensity(
        value=value,
        log10=math.log10(value) if value > 0 else math.nan,
        **factors,
        bolometric_fraction=bolometric_fraction,
        flux_deg2=flux_deg2,
        z=z,
        alpha=alpha,
        efficiency=efficiency,
        band_kev=band_kev,
        observed_band_kev=observed_band_kev,
        gamma=gamma,
    )
