"""What follows from a fitted model: fluxes and luminosities, with their posterior."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.parameter import at, free_parameters, values_of
from faintsky.core.sampler import Posterior, weighted_quantile
from faintsky.core.spectrum import Spectrum, energy_flux
from faintsky.core.step import step
from faintsky.models.conversions.kappa import luminosity
from faintsky.models.conversions.unabsorbed import named, unabsorbed
from faintsky.studies.spectrum.choices import FluxChoice, LuminosityChoice

__all__ = ["Derived", "derive"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Derived:
    """A quantity of the fitted model.

    Attributes
    ----------
    quantity : str
        Such as ``flux``, ``unabsorbed flux`` or ``luminosity``.
    band : str
    value, low, high : float
        Median, and distances to the 15.87 and 84.13 per cent quantiles.
    unit : str
    """

    quantity: str
    band: str
    value: float
    low: float
    high: float
    unit: str


@step(title="fluxes of")
def derive(
    *,
    model: Spectrum,
    posterior: Posterior,
    fluxes: FluxChoice,
    luminosities: LuminosityChoice | None,
    title: str,
    ctx: Context,
) -> tuple[Derived, ...]:
    """Fluxes and luminosities over the posterior."""
    rows = posterior.drawn(fluxes.draws, ctx.rng("fluxes"))
    seen = at(model, rows)
    bare = unabsorbed(seen)
    found = []
    for band in fluxes.bands:
        for quantity, of in (("flux", seen), ("unabsorbed flux", bare)):
            found.append(_summary(quantity, str(band), energy_flux(of, band.low, band.high), "erg / (cm2 s)"))
    if luminosities is not None:
        names = named(bare, "redshift")
        free = {p.name for p in free_parameters(model)}
        z = np.asarray(values_of(bare)[names[0]] if names else luminosities.redshift, dtype=float)
        for band in luminosities.bands:
            if np.any(z <= 0):
                ctx.warn("a source at redshift 0 has no luminosity: give the model its redshift")
                break
            rest = luminosity(bare, np.broadcast_to(z.ravel(), (len(rows),)), luminosities.cosmology, band)
            found.append(_summary("luminosity", f"rest {band}", rest, "erg / s"))
        if names and names[0] in free:
            ctx.warn(f"{names[0]} is fitted: luminosities carry its uncertainty")
    return tuple(found)


def _summary(quantity: str, band: str, values: Array, unit: str) -> Derived:
    flat = np.ravel(values)
    low, middle, high = weighted_quantile(flat, np.ones(flat.size), np.array(QUANTILES))
    return Derived(
        quantity=quantity, band=band, value=float(middle), low=float(middle - low), high=float(high - middle), unit=unit
    )
