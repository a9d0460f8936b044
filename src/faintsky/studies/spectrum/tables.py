"""The tables of the study, from what is done of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faintsky.core.observed_spectrum import ObservedSpectrum
from faintsky.core.study import CellResult
from faintsky.report.evidences import SCALE, evidence_rows
from faintsky.report.fits import parameter_rows, quality_row
from faintsky.studies.spectrum.derived import Derived
from faintsky.studies.spectrum.prediction import Prediction

__all__ = ["all_tables"]


def all_tables(cells: Sequence[CellResult]) -> Mapping[str, Any]:
    """``parameters``, ``fluxes``, ``evidences``, ``goodness``, ``fits``, ``spectra``: those that have a row."""
    from astropy.table import QTable

    found = {
        "parameters": _parameters(cells),
        "fluxes": _fluxes(cells),
        "evidences": evidence_rows(cells, "fit", ("models", "samplers")),
        "goodness": _goodness(cells),
        "fits": [dict(cell.labels) | quality_row(cell.results["fit"]) for cell in cells if "fit" in cell.results],
        "spectra": _spectra(cells),
    }
    tables = {name: QTable(rows) for name, rows in found.items() if rows}
    if "evidences" in tables:
        tables["evidences"].meta["scale"] = SCALE
    return tables


def _parameters(cells: Sequence[CellResult]) -> list[dict[str, Any]]:
    """One row per parameter: models have other ones."""
    fits = [(cell, cell.results["fit"]) for cell in cells if "fit" in cell.results]
    return [dict(cell.labels) | row for cell, posterior in fits for row in parameter_rows(posterior)]


def _fluxes(cells: Sequence[CellResult]) -> list[dict[str, Any]]:
    rows = []
    for cell in cells:
        derived: tuple[Derived, ...] = cell.results.get("derived", ())
        for d in derived:
            said = {"quantity": d.quantity, "band": d.band, "value": d.value, "low": d.low, "high": d.high, "unit": d.unit}
            rows.append(dict(cell.labels) | said)
    return rows


def _goodness(cells: Sequence[CellResult]) -> list[dict[str, Any]]:
    rows = []
    for cell in cells:
        predictions: Mapping[str, Prediction] = cell.results.get("prediction", {})
        for name, p in predictions.items():
            said = {"spectrum": name, "statistic": p.statistic, "groups": p.groups, "predictive_probability": p.probability}
            rows.append(dict(cell.labels) | said)
    return rows


def _spectra(cells: Sequence[CellResult]) -> list[dict[str, Any]]:
    found = {}
    for cell in cells:
        for name, data in cell.named("spectrum"):
            assert isinstance(data, ObservedSpectrum)
            scaled = 0.0 if data.background is None else float((data.ratio * data.background).sum())
            found[name] = {
                "spectrum": name,
                "file": data.counts.name,
                "response": data.response.name,
                "band": str(data.band),
                "channels": int(data.noticed.sum()),
                "exposure": data.counts.exposure,
                "counts": float(data.source.sum()),
                "background": scaled,
                "net_counts": float(data.source.sum()) - scaled,
            }
    return list(found.values())
