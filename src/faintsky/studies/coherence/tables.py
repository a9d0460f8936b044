"""The tables of the study, from what is done of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from faintsky.core.sampler import Posterior
from faintsky.core.study import CellResult
from faintsky.report.fits import fit_row
from faintsky.studies.coherence.paper_tables import (
    bias_table,
    broadband_table,
    coherence_table,
    derived_table,
    field_spectra,
    flux_table,
    hardness_table,
    jackknife_table,
    measured_cells,
    published_table,
)

if TYPE_CHECKING:
    from faintsky.studies.coherence.study import Coherence

__all__ = ["all_tables"]


def all_tables(study: Coherence, cells: Sequence[CellResult]) -> Mapping[str, Any]:
    """The tables that have a row."""
    found = {"maps": _maps(cells)}
    found |= {f"broadband-{name}": broadband_table(cells, choice) for name, choice in study.broadband.items()}
    if study.hardness is not None:
        found["hardness"] = hardness_table(cells, study.hardness, study.broadband[study.hardness.broadband])
    found |= {
        "fits": _fits(cells),
        "biases": bias_table(cells),
        "xray-flux": flux_table(cells),
        "xray-derived": derived_table(cells),
        "published": published_table(study, cells),
        "nulls": _nulls(cells),
        "coherence": coherence_table(cells),
        "jackknife": jackknife_table(cells),
        "spectra": _spectra(cells),
    }
    return {name: table for name, table in found.items() if table is not None and len(table)}


def _maps(cells: Sequence[CellResult]) -> Any:
    from astropy.table import vstack

    from faintsky.core.map_properties import map_properties

    rows = []
    seen: set[str] = set()
    for cell in cells:
        for key in (k for k in cell.results if k.startswith("map ")):
            name = key.removeprefix("map ")
            behind = f"mask {name.partition('/')[0]}" if "/" in name else "mask"
            if behind not in cell.results or (identity := cell.identity(key) + cell.identity(behind)) in seen:
                continue
            seen.add(identity)
            data = cell.results[key]
            rows.append(map_properties(data, data.masked(cell.results[behind].keep), name))
    return vstack(rows, metadata_conflicts="silent") if rows else None


def _spectra(cells: Sequence[CellResult]) -> Any:
    from astropy.table import vstack

    parts = []
    for labels, cell, spectra in measured_cells(cells):
        each = {"": spectra} | {f"{field}/": s for field, s in field_spectra(cell).items()}
        for name, spectrum in ((prefix + name, s) for prefix, found in each.items() for name, s in found.named().items()):
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
        for key, posterior in cell.of_type(Posterior):
            priors, _, name = key.partition(" ")
            row = {"spectrum": name, "priors": "wider" if priors == "wider" else "given"}
            rows.append(dict(cell.labels) | row | fit_row(posterior))
    return QTable(rows) if rows else None
