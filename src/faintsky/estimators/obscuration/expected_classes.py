"""How many AGN of each class of column density a luminosity function lets a survey expect."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.area_curve import AreaCurve
from faintsky.core.errors import DataError
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.expected_counts import ExpectedCounts
from faintsky.estimators.obscuration.classes import AbsorptionClasses

__all__ = ["LEAST_AREA", "class_counts", "class_expectations", "class_totals", "limited"]

Array = NDArray[np.float64]

#: Part of the area at which the range of luminosities begins.
LEAST_AREA = 1e-3
#: Times the area at the faint end of a curve, where only fluctuations of the background are seen, that it must at least have.
_CHANCE = 10.0


def limited(surveys: SurveySet, fraction: float = LEAST_AREA) -> SurveySet:
    """The surveys without the faint end of their area curves, where the area is below a part of each field's own.

    Integrals over luminosity then begin at the luminosity whose brightness is seen in this part of the area, or in ten times the
    part that the curve has at its faint end, where that is more.

    Raises
    ------
    DataError
        Where the fraction is not between 0 and 1.
    """
    return attrs.evolve(
        surveys, samples={name: attrs.evolve(s, area=_cut(s.area, fraction)) for name, s in surveys.samples.items()}
    )


def class_expectations(
    surveys: Mapping[str, SurveySet],
    classes: AbsorptionClasses,
    bins: LuminosityBins,
    model: LuminosityFunction,
    fraction: float = LEAST_AREA,
) -> Array:
    """n_mdl(z, L) of each class in bins, shape (nz, nl, k), all AGN being of that class (the integral of eq 12, gamma aside).

    Parameters
    ----------
    surveys : mapping of str to SurveySet
        By the names of the classes: the same areas with the conversion of the class's representative column density.
    classes : AbsorptionClasses
    bins : LuminosityBins
        Of intrinsic luminosity.
    model : LuminosityFunction
    fraction : float
        Of the area, below which brightnesses are left out (`limited`).

    Raises
    ------
    DataError
        Where the surveys of a class are missing, or the model is of other luminosities or another universe.
    """
    columns = []
    for each in _of_classes(surveys, classes):
        each.check(model)
        columns.append(ExpectedCounts.of(limited(each, fraction), bins, model).counts(model))
    return np.stack(columns, axis=-1)


def class_totals(
    surveys: Mapping[str, SurveySet],
    classes: AbsorptionClasses,
    z_edges: ArrayLike,
    model: LuminosityFunction,
    fraction: float = LEAST_AREA,
    log_l_max: float = 48.0,
) -> Array:
    """n_mdl(z) of each class over all luminosities, shape (nz, k): from where the area reaches `fraction` up to `log_l_max`.

    Raises
    ------
    DataError
        Where the surveys of a class are missing, or the model is of other luminosities or another universe.
    """
    edges = np.asarray(z_edges, dtype=float)
    z = np.linspace(edges[0], edges[-1], 200)
    samples = [s for each in _of_classes(surveys, classes) for s in each.samples.values()]
    least = min(s.area.level(fraction) + float(s.conversion.at(z).min()) for s in samples)
    bins = LuminosityBins(z=edges, log_l=[min(least, log_l_max - 1) - 0.01, log_l_max])
    return class_expectations(surveys, classes, bins, model, fraction)[:, 0, :]


def class_counts(surveys: Mapping[str, SurveySet], classes: AbsorptionClasses, bins: LuminosityBins, share: ArrayLike) -> Array:
    """Observed numbers in bins of each source's luminosity in its class, shape (nz, nl, k).

    Parameters
    ----------
    surveys : mapping of str to SurveySet
        The same sources in each, with the conversion of the class.
    classes : AbsorptionClasses
    bins : LuminosityBins
    share : array_like, shape (n, k)
        Of each source in each class (`ClassifiedSources.share`), the sources in the order of the surveys.
    """
    parts = np.asarray(share, dtype=float)
    found = []
    for column, each in zip(parts.T, _of_classes(surveys, classes), strict=True):
        if len(each) != column.size:
            raise DataError(f"{column.size} sources are classified, the surveys of a class hold {len(each)}")
        found.append(bins.counts(each.log_l, each.z, column))
    return np.stack(found, axis=-1)


def _of_classes(surveys: Mapping[str, SurveySet], classes: AbsorptionClasses) -> list[SurveySet]:
    missing = [name for name in classes.names if name not in surveys]
    if missing:
        raise DataError(
            f"no surveys for the classes {', '.join(missing)}; there are {', '.join(surveys) or 'none'}: give each class its "
            "surveys, with the conversion of its representative column density"
        )
    return [surveys[name] for name in classes.names]


def _cut(curve: AreaCurve, fraction: float) -> AreaCurve:
    # Where a curve ends in what chance detects, as many sources as there are would count as seen.
    least = min(max(fraction, _CHANCE * curve.area[0] / curve.total), 0.5)
    start = curve.level(least)
    if start <= curve.log_x[0]:
        return curve
    kept = curve.log_x > start
    return attrs.evolve(
        curve,
        log_x=np.concatenate([[start], curve.log_x[kept]]),
        area=np.concatenate([[least * curve.total], curve.area[kept]]),
    )
