"""The map-properties table: what a reader asks of a map before its spectra (as Table 1 of Li et al. 2019)."""

from __future__ import annotations

from typing import Any

import numpy as np

from faintsky.core.map import Map
from faintsky.core.units import ARCSEC, DEG2_PER_SR

__all__ = ["map_properties"]


def map_properties(whole: Map, kept: Map, name: str) -> Any:
    """One row of the table.

    Parameters
    ----------
    whole : Map
        Before the masks of the study.
    kept : Map
        The same with them.
    name : str

    Returns
    -------
    QTable
        Area of the footprint and of what is kept [deg2], masked share of the footprint [%], pixel [arcsec], largest usable
        scale [arcsec], splits, photons before and after masking (NaN for a map that is not made of photons), mean,
        analytic shot noise (NaN where the map knows no variance), unit.
    """
    from astropy import units as u
    from astropy.table import QTable

    grid = whole.geometry
    observed = whole.footprint & (whole.weight > 0)
    inside, left = int(np.count_nonzero(observed)), int(np.count_nonzero(kept.weight > 0))
    before, after = _photons(whole, observed), _photons(whole, kept.weight > 0)
    table = QTable()
    table["map"] = [name]
    table["area"] = [inside * grid.pixel_area * DEG2_PER_SR] * u.deg**2
    table["area_kept"] = [left * grid.pixel_area * DEG2_PER_SR] * u.deg**2
    table["masked"] = [100 * (1 - left / max(inside, 1))] * u.percent
    table["pixel"] = [np.sqrt(grid.pixel_area) / ARCSEC] * u.arcsec
    table["largest_scale"] = [2 * np.pi / grid.fundamental / ARCSEC] * u.arcsec
    table["splits"] = [whole.n_splits]
    table["photons"] = [before]
    table["photons_kept"] = [after]
    table["mean"] = [kept.mean]
    table["shot_noise"] = [kept.shot_noise() if kept.variance is not None else np.nan]
    table["unit"] = [whole.unit]
    return table


def _photons(data: Map, where: Any) -> float:
    """Photons in the chosen pixels, from the counts per pixel that a source of photons leaves in `Map.counts`."""
    return float(np.sum(data.counts[where])) if data.counts is not None else float("nan")
