"""The first steps: images, their galaxies, and the X-ray sources in them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue, CatalogueSource
from faintsky.core.context import Context
from faintsky.core.detection import Detection, SourceList
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.imaging_survey import ImagingSurvey, ImagingSurveySource
from faintsky.core.step import step
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.matchers.best_redshift import best_redshift

__all__ = ["DetectedField", "detect", "load_galaxies", "load_survey"]

#: Columns that a galaxy may have two redshifts in, and how well each template fits.
_FITS = ("z_gal", "chi2_gal", "z_qso", "chi2_qso")


@frozen(kw_only=True, eq=False, slots=False)
class DetectedField:
    """The sources of a field.

    Attributes
    ----------
    survey : ImagingSurvey
        As it was loaded.
    sources : SourceList
    backgrounds : mapping of str to ndarray, shape (ny, nx)
        Expected background counts per pixel of each band.
    footprint : ndarray of bool, shape (ny, nx)
        Where all bands were searched: the area of the survey.
    """

    survey: ImagingSurvey = field(repr=False)
    sources: SourceList
    backgrounds: Mapping[str, NDArray[np.floating[Any]]] = field(repr=False)
    footprint: NDArray[np.bool_] = field(repr=False)

    @cached_property
    def images(self) -> Mapping[str, XrayImage]:
        """The images with their background maps and the common footprint."""
        return {
            name: attrs.evolve(image, background=self.backgrounds[name], footprint=self.footprint)
            for name, image in self.survey.images.items()
        }

    @cached_property
    def digest(self) -> str:
        """Identity of survey and sources."""
        backgrounds = [[name, array_digest(b)] for name, b in sorted(self.backgrounds.items())]
        return json_digest([self.survey.digest, self.sources.digest, backgrounds, array_digest(self.footprint)])


@step(title="load the images")
def load_survey(*, source: ImagingSurveySource, ctx: Context) -> ImagingSurvey:
    """Images of one field in all bands."""
    return source.load(ctx)


@step(title="detect")
def detect(*, survey: ImagingSurvey, detection: Detection, title: str, ctx: Context) -> DetectedField:
    """Sources of all bands, background maps, and where all bands were searched."""
    sources, images = detection.detect(survey.images, ctx)
    return DetectedField(
        survey=survey,
        sources=sources,
        backgrounds={name: image.background for name, image in images.items() if image.background is not None},
        footprint=np.logical_and.reduce([image.footprint for image in images.values()]),
    )


@step(title="load the galaxies")
def load_galaxies(*, detected: DetectedField, source: CatalogueSource | None, ctx: Context) -> Catalogue:
    """The galaxies on the footprint, with the column ``z_best``.

    The best redshift is a column of that name, or the one of the better fit of ``z_gal`` and ``z_qso``; a spectroscopic one,
    ``z_spec``, stands before both.

    Raises
    ------
    DataError
        Where there are no galaxies, or they have no redshift.
    """
    galaxies = detected.survey.galaxies if source is None else source.load(ctx)
    if galaxies is None:
        raise DataError("the survey has no galaxies: name a catalogue under [galaxies]")
    grid = detected.survey.images[next(iter(detected.survey.images))].grid
    if grid.wcs is None:
        raise DataError("the images lie nowhere on the sky: galaxies cannot be found on them; give them a WCS")
    x, y = (np.rint(v) for v in grid.wcs.wcs_world2pix(galaxies["ra"], galaxies["dec"], 0))
    ny, nx = grid.shape
    on = (x >= 0) & (x < nx) & (y >= 0) & (y < ny)
    on[on] = detected.footprint[y[on].astype(int), x[on].astype(int)]
    kept = galaxies.select(on)
    return attrs.evolve(kept, columns={**kept.columns, "z_best": _best(kept)})


def _best(galaxies: Catalogue) -> NDArray[np.float64]:
    columns = galaxies.columns
    if "z_best" in columns:
        return np.asarray(columns["z_best"])
    if all(name in columns for name in _FITS):
        z = best_redshift(*(columns[name] for name in _FITS)).z
    elif "z" in columns:
        z = np.asarray(columns["z"])
    else:
        raise DataError(f"the galaxies {galaxies.name} have no redshift: name a column z_best or z, or all of {', '.join(_FITS)}")
    if "z_spec" in columns:
        z = np.where(np.isfinite(columns["z_spec"]), columns["z_spec"], z)
    return np.asarray(z)
