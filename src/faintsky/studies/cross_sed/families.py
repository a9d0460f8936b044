"""What the models give in the bands, and how far each is from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band_sed import BandSed
from faintsky.core.context import Context
from faintsky.core.cross_section import CrossSection
from faintsky.core.errors import MissingFileError, PluginError
from faintsky.core.hardness import HardnessRatios
from faintsky.core.parameter import with_values
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import step
from faintsky.estimators.cross_sed.amplitude import best_amplitude, gaussian_sigma, scaled_at
from faintsky.estimators.cross_sed.colour_distance import colour_covariance, colour_distance
from faintsky.models.conversions.hardness_tracks import colours
from faintsky.models.spectra.absorption import with_cross_section

__all__ = ["Exclusion", "Family", "exclude", "fold_family", "moved_model"]

Array = NDArray[np.float64]

#: Bins in which the spectra of figures are drawn.
_DRAWN = 160
#: Hardness ratios on the plane: the first two. The third is ill defined where the hard bands are noise.
_ON_PLANE = 2


@frozen(kw_only=True, eq=False)
class Family:
    """A family of models in the bands.

    Attributes
    ----------
    names : tuple of str
        The parameters that vary.
    values : ndarray, shape (n, len(names))
        Their values, the last one running fastest.
    bands : ndarray, shape (n, b)
        What each point gives in the bands, in the unit of the measurement but for its norm; empty where it is missing.
    edges : ndarray, shape (m + 1,)
        Energies of `density` [keV].
    density : ndarray, shape (n, m)
        Photons per keV of each point, for figures.
    missing : str
        Why there are no points: a file that only the user can supply, or an extra that is not installed.
    """

    names: tuple[str, ...]
    values: Array
    bands: Array
    edges: Array
    density: Array
    missing: str = ""


@frozen(kw_only=True, eq=False)
class Exclusion:
    """A family against one measured spectrum, point by point.

    Attributes
    ----------
    colours : ndarray, shape (n, b - 1)
        Hardness ratios of the models.
    chi2, sigma : ndarray, shape (n,)
        Of the spectrum, with the amplitude at its best value (b - 1 degrees of freedom).
    scaled_chi2, scaled_sigma : ndarray, shape (n,)
        The same with the models scaled to the reference band, as the paper does.
    beyond : tuple of str, length n
        Bands in which the scaled model is more than 2 sigma from the measurement.
    plane_sigma : ndarray, shape (n,)
        Distance on the plane of the first two hardness ratios; NaN where one of them is ill defined.
    scale : ndarray, shape (n,)
        What the model is multiplied with to meet the measurement in the reference band.
    """

    colours: Array
    chi2: Array
    sigma: Array
    scaled_chi2: Array
    scaled_sigma: Array
    beyond: tuple[str, ...]
    plane_sigma: Array
    scale: Array


def moved_model(model: Spectrum, absorption: CrossSection | None) -> Spectrum:
    """The model with the cross-section of the study, where it names one."""
    return model if absorption is None else with_cross_section(model, absorption)


@step(title="fold")
def fold_family(
    *,
    model: Spectrum,
    vary: Mapping[str, tuple[float, ...]],
    absorption: CrossSection | None,
    sed: BandSed,
    title: str,
    ctx: Context,
) -> Family:
    """The points of a family in the bands; without what only the user can supply it is a missing one, and says so."""
    names = tuple(vary)
    edges = np.geomspace(sed.bands[0].low, sed.bands[-1].high, _DRAWN + 1)
    values = np.array(list(product(*vary.values())), dtype=float).reshape(-1, len(names))
    try:
        moved = with_values(moved_model(model, absorption), {name: values[:, [i]] for i, name in enumerate(names)})
        found, photons = sed.expected(moved), moved.photon_flux(edges)
    except (MissingFileError, PluginError) as error:
        ctx.warn(f"{title} is missing: {error}")
        nothing = np.zeros((0, len(sed.bands)))
        return Family(names=names, values=values, bands=nothing, edges=edges, density=nothing, missing=str(error))
    return Family(
        names=names,
        values=values,
        bands=np.broadcast_to(found, (len(values), len(sed.bands))),
        edges=edges,
        density=np.broadcast_to(photons / np.diff(edges), (len(values), _DRAWN)),
    )


@step(title="compare")
def exclude(
    *,
    seds: Mapping[str, BandSed],
    families: Mapping[str, Family],
    measured: Mapping[str, HardnessRatios],
    reference: int,
    ctx: Context,
) -> Mapping[str, Exclusion]:
    """Every family against every measured spectrum, as ``SED / FAMILY``."""
    found = {}
    for key, sed in seds.items():
        ratios = measured[key]
        covariance = colour_covariance(sed.value, sed.error)[:_ON_PLANE, :_ON_PLANE]
        for name, family in families.items():
            if family.missing:
                continue
            best = best_amplitude(family.bands, sed.value, sed.error)
            scaled = scaled_at(family.bands, sed.value, sed.error, reference)
            tracks = colours(family.bands)
            plane = colour_distance(tracks[:, :_ON_PLANE], ratios.value[:_ON_PLANE], covariance)
            if ratios.ill_defined[:_ON_PLANE].any():
                plane = np.full_like(plane, np.nan)
            found[f"{key} / {name}"] = Exclusion(
                colours=tracks,
                chi2=best.chi2,
                sigma=best.sigma,
                scaled_chi2=scaled.chi2,
                scaled_sigma=scaled.sigma,
                beyond=tuple(_beyond(row, sed) for row in scaled.deviation),
                plane_sigma=gaussian_sigma(plane, min(_ON_PLANE, tracks.shape[1])),
                scale=scaled.amplitude,
            )
    return found


def _beyond(deviation: Array, sed: BandSed) -> str:
    return ", ".join(str(band) for band, d in zip(sed.bands, deviation, strict=True) if abs(d) > 2)
