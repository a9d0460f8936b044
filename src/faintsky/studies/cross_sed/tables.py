"""The tables of the study, from what is done of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.band_sed import BandSed
from faintsky.core.hardness import HardnessRatios
from faintsky.core.study import CellResult
from faintsky.report.fits import fit_row
from faintsky.studies.cross_sed.families import Exclusion, Family

if TYPE_CHECKING:
    from faintsky.studies.cross_sed.study import CrossSed

__all__ = ["all_tables"]

Rows = list[dict[str, Any]]


def all_tables(study: CrossSed, cells: Sequence[CellResult]) -> Mapping[str, Any]:
    """``sed``, ``hardness``, ``families``, ``exclusion``, ``missing``, ``fits``: those that have a row."""
    from astropy.table import QTable

    found = {
        "families": _families(cells),
        "fits": _fits(cells),
        "hardness": _hardness(cells),
        "missing": _missing(cells),
        "exclusion": _exclusion(cells),
        "sed": _sed(study, cells),
    }
    return {name: QTable(rows) for name, rows in found.items() if rows}


def _sed(study: CrossSed, cells: Sequence[CellResult]) -> Rows:
    rows: Rows = []
    for cell in cells[:1]:
        for name, sed in cell.named("sed"):
            assert isinstance(sed, BandSed)
            for band, value, error in zip(sed.bands, sed.value, sed.error, strict=True):
                row = {"sed": name, "band": str(band), "value": value, "error": error, "snr": value / error, "unit": sed.unit}
                rows.append(
                    row | {"upper_limit_2sigma": max(value, 0.0) + 2 * error, "limit": bool(value < study.limit_below * error)}
                )
    return rows


def _hardness(cells: Sequence[CellResult]) -> Rows:
    rows: Rows = []
    for cell in cells:
        measured: Mapping[str, HardnessRatios] = cell.results.get("hardness", {})
        for name, ratios in measured.items():
            for i in range(len(ratios)):
                row = {"sed": name, "ratio": f"HR{i + 1}", "value": ratios.value[i], "error": ratios.error[i]}
                ends = {"low": ratios.low[i], "high": ratios.high[i], "ill_defined": bool(ratios.ill_defined[i])}
                rows.append(dict(cell.labels) | row | ends)
    return rows


def _points(cell: CellResult) -> dict[str, Family]:
    return dict(cell.named("family"))


def _exclusion(cells: Sequence[CellResult]) -> Rows:
    """One row per point of every family."""
    rows: Rows = []
    for cell in cells:
        exclusions: Mapping[str, Exclusion] = cell.results.get("exclusion", {})
        families = _points(cell)
        for key, e in exclusions.items():
            sed, _, name = key.partition(" / ")
            for i, point in enumerate(families[name].values):
                said = ", ".join(f"{p} = {v:g}" for p, v in zip(families[name].names, point, strict=True))
                row: dict[str, Any] = dict(cell.labels) | {"sed": sed, "model": name, "point": said}
                row |= {f"HR{j + 1}": ratio for j, ratio in enumerate(e.colours[i])}
                row |= {"chi2": e.chi2[i], "sigma": e.sigma[i], "plane_sigma": e.plane_sigma[i]}
                row |= {"scaled_chi2": e.scaled_chi2[i], "scaled_sigma": e.scaled_sigma[i], "beyond_2sigma": e.beyond[i]}
                rows.append(row)
    return rows


def _families(cells: Sequence[CellResult]) -> Rows:
    """One row per family: its best point, and how many of its points are excluded."""
    rows: Rows = []
    for cell in cells:
        exclusions: Mapping[str, Exclusion] = cell.results.get("exclusion", {})
        families = _points(cell)
        for key, e in exclusions.items():
            sed, _, name = key.partition(" / ")
            best = int(np.argmin(e.chi2))
            said = ", ".join(f"{p} = {v:g}" for p, v in zip(families[name].names, families[name].values[best], strict=True))
            row: dict[str, Any] = dict(cell.labels) | {"sed": sed, "model": name, "best_point": said}
            row |= {"chi2": e.chi2[best], "best_sigma": e.sigma[best], "worst_sigma": float(e.sigma.max())}
            row |= {"plane_sigma": e.plane_sigma[best], "scaled_sigma": e.scaled_sigma[best], "points": len(e.chi2)}
            rows.append(row | {"beyond_2sigma": int((e.sigma > 2).sum()), "verdict": _verdict(e.sigma)})
    return rows


def _verdict(sigma: Any) -> str:
    lowest, highest = float(np.min(sigma)), float(np.max(sigma))
    if lowest > 3:
        return "excluded at 3 sigma"
    if lowest > 2:
        return "excluded at 2 sigma"
    return "allowed" if highest <= 2 else "allowed in part"


def _missing(cells: Sequence[CellResult]) -> Rows:
    rows: Rows = []
    for cell in cells:
        rows += [dict(cell.labels) | {"model": name, "why": f.missing} for name, f in _points(cell).items() if f.missing]
    return rows


def _fits(cells: Sequence[CellResult]) -> Rows:
    rows: Rows = []
    for cell in cells:
        rows += [dict(cell.labels) | {"sed": name} | fit_row(posterior) for name, posterior in cell.named("fit")]
    return rows
