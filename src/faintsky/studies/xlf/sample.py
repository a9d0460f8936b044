"""The sample: selected sources with their brightness and redshifts, and the area in which they could be detected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.selection import MatchedField, Selected, Selection
from faintsky.core.source_sample import SourceSample, SourceSampleSource
from faintsky.core.spectrum import Spectrum
from faintsky.core.step import step
from faintsky.estimators.detections.sensitivity import sensitivity
from faintsky.models.conversions.kappa import kappa_grid
from faintsky.models.conversions.rate_conversion import rate_conversion
from faintsky.studies.xlf.choices import ConversionChoice, SensitivityChoice
from faintsky.studies.xlf.counterparts import Counterparts
from faintsky.studies.xlf.field import DetectedField

__all__ = ["area", "conversions", "kept_share", "load_sample", "sample", "select"]


@step(title="load the sample")
def load_sample(*, source: SourceSampleSource, title: str, ctx: Context) -> SourceSample:
    """The sample of one field."""
    return source.load(ctx)


@step(title="select")
def select(
    *, detected: DetectedField, counterparts: Counterparts, galaxies: Catalogue, selection: Selection, title: str, ctx: Context
) -> Selected:
    """The sources that make the sample."""
    matched = MatchedField(
        images=detected.images,
        sources=detected.sources.select(counterparts.rows),
        matches=counterparts.calibration.matches,
        secure=counterparts.secure,
        galaxies=galaxies,
    )
    return selection.select(matched, ctx)


@step(title="area curve")
def area(*, detected: DetectedField, selected: Selected, choice: SensitivityChoice, title: str, ctx: Context) -> AreaCurve:
    """The area in which sources of each rate pass the threshold of the sample.

    Below the threshold of the blind search sources are only found at galaxies that lie clear of blind sources: the area that the
    looser threshold adds counts by their share.
    """
    image, blind = detected.images[selected.band], detected.sources.threshold
    found = sensitivity(image, selected.threshold, eef=choice.eef)
    curve = found.area_curve(found.log_rates(choice.points))
    clear = selected.meta.get("tested", 1) / selected.meta.get("galaxies", 1)
    if selected.threshold <= blind or clear == 1:
        return curve
    alone = sensitivity(image, blind, eef=choice.eef).area_curve(curve.log_x)
    return attrs.evolve(curve, area=alone.area + clear * (curve.area - alone.area))


def conversions(
    spectrum: Spectrum,
    choice: ConversionChoice,
    band: Band,
    cosmology: Cosmology,
    ctx: Context,
    *,
    absorber: str = "",
    log_nh: tuple[float, ...] = (),
    intrinsic: Spectrum | None = None,
) -> tuple[BrightnessConversion, ...]:
    """Rate to luminosity for one spectrum, or for each of several column densities of one absorber."""
    grid = kappa_grid(
        spectrum,
        choice.responses.load(ctx),
        z=np.geomspace(1 + choice.z[0], 1 + choice.z[1], choice.points) - 1,
        bands=(band,),
        cosmology=cosmology,
        nh=[10**n for n in log_nh] or (0.0,),
        absorber=absorber,
        weight=choice.weight,
        rest_band=choice.rest_band,
        intrinsic=intrinsic,
    )
    return tuple(rate_conversion(grid, band, cosmology, nh=float(nh)) for nh in grid.nh)


@step(title="sample")
def sample(
    *,
    detected: DetectedField,
    galaxies: Catalogue,
    selected: Selected,
    area: AreaCurve,
    conversion: ConversionChoice,
    cosmology: Cosmology,
    lost: str,
    title: str,
    ctx: Context,
) -> SourceSample:
    """Selected sources with redshifts and luminosities; what was lost is taken off the area, if asked for."""
    photometry = selected.sources.photometry[selected.band]
    rows = selected.galaxy
    band = detected.images[selected.band].band
    (factor,) = conversions(conversion.spectrum, conversion, band, cosmology, ctx)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_x = np.where(photometry.rate > 0, np.log10(photometry.rate), np.nan)
    z = galaxies["z_best"][rows]
    made = SourceSample(
        log_x=log_x,
        z=z,
        area=area,
        conversion=factor,
        cosmology=cosmology,
        redshifts=None if galaxies.redshifts is None else galaxies.redshifts.select(rows),
        photometry=photometry,
        others={name: part for name, part in selected.sources.photometry.items() if name != selected.band},
        spectroscopic=_spectroscopic(galaxies, rows),
        table=attrs.evolve(galaxies.select(rows), redshifts=None),
        name=title,
    )
    known = np.isfinite(z) & np.isfinite(log_x)
    if not known.any():
        raise DataError(f"none of the {len(made)} sources in the {selected.band} band has a redshift")
    if not known.all():
        ctx.warn(f"{int(np.sum(~known))} of {len(made)} sources have no redshift or no positive rate, and are left out")
    share = kept_share(selected, int(known.sum()))
    if lost == "area" and share < 1:
        ctx.warn(
            f"{100 * (1 - share):.1f} % of the detected sources have no secure counterpart or no redshift: the area is taken "
            "to be smaller by that share"
        )
        made = attrs.evolve(made, area=attrs.evolve(area, area=area.area * share))
    return made.select(known)


def kept_share(selected: Selected, known: int) -> float:
    """Share of the detected sources that are in the sample: the others have no secure counterpart, or no redshift."""
    return known / (len(selected) + int(selected.meta.get("insecure", 0)))


def _spectroscopic(galaxies: Catalogue, rows: Any) -> Any:
    if galaxies.redshifts is not None:
        return galaxies.redshifts.spectroscopic[rows]
    known: Mapping[str, Any] = galaxies.columns
    return np.isfinite(known["z_spec"][rows]) if "z_spec" in known else np.zeros(len(rows), dtype=bool)
