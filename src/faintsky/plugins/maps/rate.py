"""Counts over exposure: a surface brightness with its photon noise and its splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.plugins.maps.exposure import Exposure

__all__ = ["rate_map", "warn_about_obsids"]

Array = NDArray[np.float64]


def warn_about_obsids(ctx: Context) -> None:
    """Splits of observations look at the sky differently: their difference holds sky on large scales."""
    ctx.warn(
        "the splits are different observations: pointing, roll, vignetting and particles differ, so (A - B)/2 does not "
        "cancel the sky; its power is noise only below some 60 arcsec (measured: 1.5 to 3.7 times the shot noise above)"
    )


def rate_map(
    *,
    counts: Sequence[Array],
    exposures: Sequence[Exposure],
    groups: Sequence[int],
    grid: Grid,
    keep: NDArray[np.bool_],
    min_exposure: float,
    meta: Mapping[str, Any],
    factor: float = 1.0,
    unit: str = "",
) -> Map:
    """A surface brightness map of several counts images.

    Parameters
    ----------
    counts : sequence of ndarray, shape (ny, nx)
    exposures : sequence of Exposure
        One for each.
    groups : sequence of int
        The split that each belongs to; splits come out where there is more than one.
    keep : ndarray of bool
        Pixels that may be used.
    min_exposure : float
        Fraction of the largest exposure below which a pixel is outside the footprint, in every split.
    factor, unit
        Turn counts / (exposure sr) into the wanted unit; by default ``ph / (cm2 s sr)``, or ``ct / (s sr)`` where the
        exposure is a time.

    Raises
    ------
    DataError
        Where exposures have different units, or no pixel is exposed.
    """
    units = {e.unit for e in exposures}
    if len(units) > 1:
        raise DataError("some exposure maps are in cm2 s and some in s: they cannot be added")
    number = max(groups) + 1
    exposed = [_total([e.values for e, g in zip(exposures, groups, strict=True) if g == k]) for k in range(number)]
    counted = [_total([c for c, g in zip(counts, groups, strict=True) if g == k]) for k in range(number)]
    footprint = np.logical_and.reduce([e > min_exposure * e.max() for e in exposed])
    if not footprint.any():
        raise DataError("no pixel is exposed in every split: is the exposure map of this field?")
    weight = (footprint & keep).astype(np.float32)
    solid = grid.pixel_area / factor

    def rate(c: Array, e: Array) -> tuple[Array, Array]:
        below = np.where(footprint, e, 1.0) * solid
        return np.where(footprint, c / below, 0.0), np.where(footprint, c / below**2, 0.0)

    values, variance = rate(_total(counted), _total(exposed))
    halves = [rate(c, e) for c, e in zip(counted, exposed, strict=True)] if number > 1 else []
    stated = unit or ("ph / (cm2 s sr)" if units == {"cm2 s"} else "ct / (s sr)")
    return Map(
        values=values,
        weight=weight,
        grid=grid,
        unit=stated,
        footprint=footprint,
        splits=tuple(h[0] for h in halves),
        split_variances=tuple(h[1] for h in halves),
        variance=variance,
        counts=np.where(footprint, _total(counted), 0.0),
        meta=meta,
    )


def _total(arrays: Sequence[Array]) -> Array:
    return np.asarray(np.sum(arrays, axis=0, dtype=np.float64))
