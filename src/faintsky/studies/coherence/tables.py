"""The tables of the study, from what is done of its cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from faintsky.core.sampler import Posterior
from faintsky.core.study import CellResult
from faintsky.studies.coherence.spectra import Spectra

__all__ = ["all_tables", "measured_cells"]

#: Axes that only change the fit: cells that differ in them share their spectra.
_FIT_AXES = ("samplers", "likelihoods", "power_models")


def measured_cells(cells: Sequence[CellResult]) -> Iterator[tuple[dict[str, str], CellResult, Spectra]]:
    """Each set of spectra once: the labels it depends on, its first cell, and the spectra."""
    seen: set[tuple[str, ...]] = set()
    for cell in cells:
        labels = {axis: label for axis, label in cell.labels.items() if not axis.startswith(_FIT_AXES)}
        key = tuple(labels.values())
        if key not in seen and "spectra" in cell.results:
            seen.add(key)
            yield labels, cell, cell.results["spectra"]


def all_tables(cells: Sequence[CellResult]) -> Mapping[str, Any]:
    """The tables that have a row."""
    found = {"maps": _maps(cells), "spectra": _spectra(cells), "nulls": _nulls(cells), "fits": _fits(cells)}
    return {name: table for name, table in found.items() if table is not None and len(table)}


def _maps(cells: Sequence[CellResult]) -> Any:
    from astropy.table import vstack

    from faintsky.core.map_properties import map_properties

    rows = []
    seen: set[str] = set()
    for cell in cells:
        if "mask" not in cell.results:
            continue
        mask = cell.results["mask"]
        for key in (k for k in cell.results if k.startswith("map ")):
            data = cell.results[key]
            name = key.removeprefix("map ")
            if (identity := f"{data.digest}{np.count_nonzero(mask.keep)}") in seen:
                continue
            seen.add(identity)
            rows.append(map_properties(data, data.masked(mask.keep), name))
    return vstack(rows, metadata_conflicts="silent") if rows else None


def _spectra(cells: Sequence[CellResult]) -> Any:
    from astropy.table import vstack

    parts = []
    for labels, _, spectra in measured_cells(cells):
        for name, spectrum in spectra.named().items():
            table = spectrum.to_table()
            # One table holds spectra of several units, so the unit is a column and the numbers are plain.
            table["unit"] = [spectrum.unit] * len(table)
            for column in ("power", "error", "pseudo"):
                table[column] = table[column].value
            table.keep_columns(["q_low", "q_high", "q", "theta", "modes", "power", "error", "pseudo", "unit"])
            table.add_column([name] * len(table), name="spectrum", index=0)
            for axis, label in reversed(labels.items()):
                table.add_column([label] * len(table), name=axis, index=0)
            parts.append(table)
    return vstack(parts, metadata_conflicts="silent") if parts else None


def _nulls(cells: Sequence[CellResult]) -> Any:
    from astropy.table import QTable

    rows = [
        labels | {"null": test.name, "chi2": test.chi2, "dof": test.dof, "pte": test.pte}
        for labels, _, spectra in measured_cells(cells)
        for test in spectra.null_tests()
    ]
    return QTable(rows) if rows else None


def _fits(cells: Sequence[CellResult]) -> Any:
    from astropy.table import QTable

    rows: list[dict[str, Any]] = []
    for cell in cells:
        for key, posterior in cell.results.items():
            if isinstance(posterior, Posterior):
                rows.append(dict(cell.labels) | {"spectrum": key.removeprefix("fit ")} | _fit_row(posterior))
    return QTable(rows) if rows else None


def _fit_row(posterior: Posterior) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in posterior.names:
        row[name], row[f"{name}_low"], row[f"{name}_high"] = posterior.summary(name)
    return row | {
        "max_log_likelihood": float(posterior.log_likelihood.max()),
        "chi2": posterior.diagnostics.get("chi2", np.nan),
        "dof": posterior.diagnostics.get("dof", np.nan),
        "pte": posterior.diagnostics.get("pte", np.nan),
        "log_z": np.nan if posterior.log_z is None else posterior.log_z,
        "log_z_error": np.nan if posterior.log_z_error is None else posterior.log_z_error,
        "ess": posterior.ess,
        "calls": posterior.calls,
        "status": posterior.status,
    }
