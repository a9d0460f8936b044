"""One AGN with its surroundings taken apart: galaxies, points, nuclei."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.cutout import Cutout, CutoutSource
from faintsky.core.decomposition import Decomposition, DecompositionRule
from faintsky.core.digest import json_digest
from faintsky.core.image_set import ImageSet
from faintsky.core.photometry import Photometry
from faintsky.core.scene_image import component_images
from faintsky.core.step import step
from faintsky.estimators.companions.blended_scene import BlendedScene, blended_scene
from faintsky.estimators.companions.separations import separations
from faintsky.estimators.nuclear.nuclear_photometry import nuclear_photometry
from faintsky.estimators.nuclear.settings import NuclearSettings
from faintsky.studies.pairs.choices import DissectionChoice
from faintsky.studies.pairs.looking import Looked

__all__ = ["Dissected", "DissectedBand", "SkyPatch", "TrueSource", "dissect"]

Small = NDArray[np.float32]

#: Pixels within which a fitted source is a true one.
_SAME = 3.0


def _small(values: NDArray[np.float64]) -> Small:
    return np.asarray(values, dtype=np.float32)


@frozen(kw_only=True, eq=False)
class SkyPatch:
    """The inner part of a cutout in three bands, for pictures: from red to blue, each of shape (ny, nx).

    `x0`, `y0` are the first column and row in the cutout.
    """

    red: Small = field(repr=False)
    green: Small = field(repr=False)
    blue: Small = field(repr=False)
    x0: int
    y0: int


@frozen(kw_only=True)
class TrueSource:
    """What a source of a simulated cutout is: its kind, and whether it holds an AGN."""

    kind: str
    active: bool


@frozen(kw_only=True, eq=False)
class DissectedBand:
    """One band of the part that was fitted: data less the fitted sky, errors, and images of all components, (c, ny, nx)."""

    values: Small = field(repr=False)
    sigma: Small = field(repr=False)
    components: Small = field(repr=False)


@frozen(kw_only=True, eq=False)
class Dissected:
    """The fit about one AGN.

    Attributes
    ----------
    name : str
        Of the AGN.
    primary : str
        The AGN among the sources of the fit.
    reference : str
        Band in which sources were found.
    companions : tuple of str
        Sources of the fit that stand within reach.
    fit : Decomposition
        Places in pixels of the part that was fitted.
    x0, y0 : int
        First column and row of that part in the cutout.
    angle : mapping of str to float
        Angle between each companion and the AGN in the reference band [arcsec].
    hosts : Photometry
        Of the AGN's host and the companions, without their points.
    nuclei : Photometry
        Of the nuclei of the companions, in one resolution.
    second_point : mapping of str to float
        BIC without less BIC with a point in each companion; empty where it was not tried.
    truth : mapping of str to TrueSource
        Of a simulated cutout, by the source of the fit that lies there.
    patch : SkyPatch
    bands : mapping of str to DissectedBand
        Empty where there is no companion.
    """

    name: str
    primary: str
    reference: str
    companions: tuple[str, ...]
    fit: Decomposition
    x0: int
    y0: int
    angle: Mapping[str, float]
    hosts: Photometry
    nuclei: Photometry
    second_point: Mapping[str, float]
    truth: Mapping[str, TrueSource]
    patch: SkyPatch
    bands: Mapping[str, DissectedBand] = field(factory=dict, repr=False)

    @property
    def digest(self) -> str:
        """Identity of the result."""
        return json_digest([self.name, self.primary, self.fit.digest, self.hosts.digest, self.nuclei.digest])


@step(title="decomposition")
def dissect(
    *,
    source: CutoutSource,
    looked: Looked,
    rule: DecompositionRule,
    choice: DissectionChoice,
    nuclear: NuclearSettings,
    title: str,
    ctx: Context,
) -> Dissected:
    """Take one AGN, its companions and what touches them apart, and measure hosts and nuclei."""
    cutout = source.cutout(looked.name, ctx)
    sources, primary = looked.companions.sources, looked.companions.primary
    away = np.asarray(sources["angle"])
    wanted = [row for row in np.argsort(away) if row != primary and away[row] <= choice.reach][: choice.most]
    blend = blended_scene(cutout.images, looked.companions.labels, sources, primary, wanted, choice.largest)
    names = tuple(str(sources["name"][row]) for row in wanted)
    fit, gained = _fit(rule, blend, names, choice, ctx)
    first, band = str(sources["name"][primary]), list(blend.images.bands).index(looked.companions.reference)
    own, others = fit.sources.index(first), [fit.sources.index(name) for name in names]
    away = separations(blend.images.grid, fit.x[others, band], fit.y[others, band], fit.x[own, band], fit.y[own, band])
    return Dissected(
        name=looked.name,
        primary=first,
        reference=looked.companions.reference,
        companions=names,
        fit=fit,
        x0=blend.x0,
        y0=blend.y0,
        angle=dict(zip(names, away.tolist(), strict=True)),
        hosts=_hosts(fit, (first, *names), blend.images),
        nuclei=nuclear_photometry(blend.images, fit, names, nuclear, ctx),
        second_point=gained,
        truth=_true_sources(cutout, fit, band, blend.x0, blend.y0),
        patch=_patch(cutout.images, cutout.x, cutout.y, looked.pixel, choice),
        bands=_bands(fit, blend.images) if names else {},
    )


def _fit(
    rule: DecompositionRule, blend: BlendedScene, names: tuple[str, ...], choice: DissectionChoice, ctx: Context
) -> tuple[Decomposition, dict[str, float]]:
    """The fit, with a point in each companion that is better with one."""
    fit = rule.fit(blend.images, blend.scene, ctx)
    gained: dict[str, float] = {}
    if choice.second_points == "never":
        return fit, gained
    scene = blend.scene
    for source in blend.scene.sources:
        if source.name in names and not source.point:
            more = scene.with_point(source.name)
            other = rule.fit(blend.images, more, ctx)
            gained[source.name] = fit.bic - other.bic
            if gained[source.name] > choice.threshold or choice.second_points == "always":
                fit, scene = other, more
    return fit, gained


def _hosts(fit: Decomposition, names: tuple[str, ...], images: ImageSet) -> Photometry:
    """Fluxes of galaxies; of sources that are points only, of their points."""
    rows = [fit.component(name, "galaxy" if (name, "galaxy") in fit.components else "point") for name in names]
    error = np.sqrt(np.array([fit.flux_covariance[:, row, row] for row in rows]))
    return Photometry(
        names=names,
        bands=images.bandpasses,
        flux=fit.flux[rows],
        error=np.where(error > 0, error, np.nan),
    )


def _true_sources(cutout: Cutout, fit: Decomposition, band: int, x0: int, y0: int) -> dict[str, TrueSource]:
    """The brightest true source within three pixels of each fitted one; clumps belong to their galaxy."""
    truth = cutout.truth
    if truth is None:
        return {}
    name = fit.bands[band]
    flux = truth[f"galaxy_{name}"] + truth[f"point_{name}"]
    found = {}
    for i, source in enumerate(fit.sources):
        away = np.hypot(truth["x"] - fit.x[i, band] - x0, truth["y"] - fit.y[i, band] - y0)
        near = np.flatnonzero((away < _SAME) & (truth["kind"] != "clump"))
        if near.size:
            row = near[np.argmax(flux[near])]
            found[source] = TrueSource(kind=str(truth["kind"][row]), active=bool(truth["active"][row]))
    return found


def _patch(images: ImageSet, x: float, y: float, pixel: float, choice: DissectionChoice) -> SkyPatch:
    names = list(images.bands)
    # The longest band is red, the shortest of those that resolve as well blue.
    bands = (names[-1], names[len(names) // 2], names[min(1, len(names) - 1)])
    half = round(0.5 * choice.picture / pixel)
    ny, nx = images.grid.shape
    rows, columns = (slice(max(round(c) - half, 0), min(round(c) + half + 1, size)) for c, size in ((y, ny), (x, nx)))
    red, green, blue = (_small(images.bands[name].values[rows, columns]) for name in bands)
    return SkyPatch(red=red, green=green, blue=blue, x0=columns.start, y0=rows.start)


def _bands(fit: Decomposition, images: ImageSet) -> dict[str, DissectedBand]:
    return {
        name: DissectedBand(
            values=_small(image.values - fit.sky[fit.bands.index(name)]),
            sigma=_small(image.sigma),
            components=_small(component_images(fit, images, name)),
        )
        for name, image in images.bands.items()
    }
