"""The sources about an AGN, of three runs of a segmentation merged into one list."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.cutout import Cutout
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.kron_photometry import KronPhotometry
from faintsky.core.owned_array import owned_indices
from faintsky.core.segments import Segmentation
from faintsky.core.units import ARCSEC
from faintsky.estimators.companions.consistency import disagreements
from faintsky.estimators.companions.detection_run import DetectionRun
from faintsky.estimators.companions.detection_settings import DetectionSettings
from faintsky.estimators.companions.point_like import point_like
from faintsky.estimators.companions.separations import separations

__all__ = ["Companions", "DetectionSettings", "companions"]


@frozen(kw_only=True, eq=False)
class Companions:
    """All sources of a cutout, the AGN among them.

    Attributes
    ----------
    labels : ndarray of int, shape (ny, nx)
        0 for sky, i + 1 for row i of `sources`.
    sources : Catalogue
        The columns of `core.segments.Segments`, measured in the reference band on these labels, where ``x_peak`` and ``y_peak``
        are the peak in the run that found the source; and ``name`` ("0", "1", ...), ``ra``, ``dec`` [deg, NaN without a WCS],
        ``angle`` [arcsec from the AGN], ``in_reference``, ``in_core``, ``in_blue`` (1 where that run has the source, else 0), and
        ``point_like`` (1 or 0).
    primary : int
        Row of the AGN.
    reference, blue : str
        Names of the bands.
    disagreements : tuple of str
        What one run splits, joins or misses and the others do not, within the radius of comparison.
    """

    labels: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    sources: Catalogue
    primary: int
    reference: str
    blue: str
    disagreements: tuple[str, ...] = ()

    @property
    def consistent(self) -> bool:
        """Whether the three runs agree on all sources within the radius of comparison."""
        return not self.disagreements

    @property
    def digest(self) -> str:
        """Identity of pixels, sources and report."""
        rest = [self.primary, self.reference, self.blue, list(self.disagreements)]
        return json_digest([array_digest(self.labels), self.sources.digest, rest])


def companions(cutout: Cutout, segmentation: Segmentation, settings: DetectionSettings, ctx: Context) -> Companions:
    """Find the sources about an AGN in three runs (Li, Zhuang et al. 2025, section 3.1).

    1. The reference band at `contrast` decides, except in the core, which is the circle of `core_radius` about the AGN.
    2. The same band at `core_contrast` adds the sources whose peaks lie in the core.
    3. The blue band at `core_contrast` adds those whose peaks lie in the core and which neither of the others has. Elsewhere it
       adds nothing, because it takes the clumps of discs for sources.

    A source is added where it holds the peak of none that is there already, nor lies within `match_radius` of one. It takes the
    pixels that it has in the finer run from the segment that its peak lies in; the others stay with that segment. The AGN is the
    source nearest to its position, by peak or barycentre. The paper settled disagreements by eye; here they are reported.

    Fluxes and shapes are measured again on the merged segments in the reference band, with the Kron ellipse of the segmentation
    where it has one (`core.kron_photometry`), else with the usual 2.5 and 3.5.

    Raises
    ------
    DataError
        Where a band is not there, the position lies outside of the image, or no source lies within `primary_radius` of it.
    """
    ny, nx = cutout.images.grid.shape
    if not (-0.5 <= cutout.x <= nx - 0.5 and -0.5 <= cutout.y <= ny - 0.5):
        raise DataError(
            f"{cutout.name}: the AGN at x = {cutout.x:.1f}, y = {cutout.y:.1f} lies outside of its cutout of {nx} x {ny} pixels"
        )
    names = settings.bands(cutout.images)
    runs = _runs(cutout, segmentation, settings, names, ctx)
    reference, grid = cutout.images[names[0]], cutout.images.grid
    radius = settings.match_radius * ARCSEC / float(np.sqrt(grid.pixel_area))
    merged = runs[0]
    for run in runs[1:]:
        merged = merged.refined(run, _angles(run, cutout) <= settings.core_radius, np.isfinite(reference.sigma), radius)
    photometry = segmentation if isinstance(segmentation, KronPhotometry) else KronPhotometry()
    measured = photometry.measure(reference, merged.labels).sources
    primary = _primary(measured, merged, cutout, settings)
    if reference.psf is None:
        ctx.warn(f"{cutout.name}: {names[0]} has no PSF, so that no source is told from a star")
    stars = np.zeros(len(measured), dtype=bool) if reference.psf is None else point_like(measured, reference.psf, settings)
    x, y = measured["x"], measured["y"]
    sky = np.full((2, len(x)), np.nan) if grid.wcs is None else np.array(grid.wcs.wcs_pix2world(x, y, 0))
    columns = {
        "name": np.arange(len(x)).astype(str),
        "ra": sky[0],
        "dec": sky[1],
        "angle": separations(grid, x, y, float(x[primary]), float(y[primary])),
        "x_peak": merged.peaks[:, 1].astype(float),
        "y_peak": merged.peaks[:, 0].astype(float),
        "point_like": stars.astype(float),
    }
    columns |= {f"in_{run.name}": (merged.partners(run, radius) >= 0).astype(float) for run in runs}
    units = {**measured.units, "ra": "deg", "dec": "deg", "angle": "arcsec"}
    # One band makes two runs, not three.
    compared = runs if names[0] != names[1] else runs[:2]
    angles = [_angles(run, cutout) for run in (merged, *compared)]
    return Companions(
        labels=merged.labels,
        sources=attrs.evolve(measured, columns={**measured.columns, **columns}, units=units),
        primary=primary,
        reference=names[0],
        blue=names[1],
        disagreements=disagreements(merged, compared, angles, settings.compared_radius, radius),
    )


def _runs(
    cutout: Cutout, segmentation: Segmentation, settings: DetectionSettings, names: tuple[str, str], ctx: Context
) -> tuple[DetectionRun, DetectionRun, DetectionRun]:
    """The runs in the order in which they count."""
    reference, blue = (cutout.images[name] for name in names)
    first = DetectionRun.of("reference", segmentation.segment(reference, settings.contrast, ctx))
    core = DetectionRun.of("core", segmentation.segment(reference, settings.core_contrast, ctx))
    if names[0] != names[1]:
        return first, core, DetectionRun.of("blue", segmentation.segment(blue, settings.core_contrast, ctx))
    ctx.warn(
        f"{cutout.name}: {names[0]} is the reference and the blue band, so that there is no third run: pairs that only a bluer "
        "band resolves are lost. Name another band as blue, if there is one"
    )
    return first, core, attrs.evolve(core, name="blue")


def _angles(run: DetectionRun, cutout: Cutout) -> NDArray[np.float64]:
    """Distances of the peaks from the position of the AGN [arcsec]."""
    return separations(cutout.images.grid, run.peaks[:, 1], run.peaks[:, 0], cutout.x, cutout.y)


def _primary(sources: Catalogue, merged: DetectionRun, cutout: Cutout, settings: DetectionSettings) -> int:
    """Row of the AGN."""
    from_mean = separations(cutout.images.grid, sources["x"], sources["y"], cutout.x, cutout.y)
    away = np.minimum(from_mean, _angles(merged, cutout))
    if not away.size or away.min() > settings.primary_radius:
        found = (
            f"the nearest of {away.size} lies {away.min():.2f} arcsec from it" if away.size else "none is in the cutout at all"
        )
        raise DataError(
            f"{cutout.name}: no source within {settings.primary_radius:g} arcsec of the AGN at x = {cutout.x:.1f}, "
            f"y = {cutout.y:.1f}; {found}. Check its position and whether it is masked (saturated), lower the threshold, or "
            "raise primary_radius"
        )
    return int(np.argmin(away))
