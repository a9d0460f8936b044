"""The tables of the study, from what is done of its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.selection import Selected
from faintsky.core.source_sample import SourceSample
from faintsky.core.study import CellResult
from faintsky.estimators.binned_luminosity_functions.bounds import bounds
from faintsky.report.distinct import distinct
from faintsky.report.evidences import SCALE, evidence_rows
from faintsky.report.fits import parameter_rows, quality_row
from faintsky.studies.xlf.accretion import Accretion
from faintsky.studies.xlf.choices import DensityChoice
from faintsky.studies.xlf.compared import ComparedModel
from faintsky.studies.xlf.counterparts import Counterparts
from faintsky.studies.xlf.fit import FittedDensity
from faintsky.studies.xlf.obscuration import Obscuration

if TYPE_CHECKING:
    from faintsky.studies.xlf.study import Xlf

__all__ = ["all_tables", "binned_density"]

Array = NDArray[np.float64]
Row = dict[str, Any]

#: Axes that change nothing but the model or how its posterior is sampled: evidences of such cells may be compared.
_COMPARED = ("luminosity_functions", "samplers")


def all_tables(study: Xlf, cells: Sequence[CellResult]) -> Mapping[str, Any]:
    """Those that have a row."""
    from astropy.table import QTable

    rows: dict[str, list[Row]] = {
        "densities": _unique(cells, "densities", _density_rows),
        "binned": _unique(cells, "binned", lambda b: _records(b.to_table())),
        "predicted": _unique(cells, "densities", lambda d: _predicted(study, d)),
        "parameters": _unique(cells, "fit", parameter_rows),
        "fits": _unique(cells, "fit", lambda posterior: [quality_row(posterior)]),
        "evidences": _evidences(study, cells),
        "compared": _unique(cells, "compared", _compared),
        "variants": _unique(cells, "variants", _variants),
        "bounds": _bounds(cells),
        "classes": _unique(cells, "obscuration", lambda o: _records(o.scales.to_table())),
        "fractions": _unique(cells, "obscuration", _fractions),
        "corrected": _unique(cells, "obscuration", lambda o: _records(o.binned.to_table())),
        "bolometric": _unique(cells, "accretion", _bolometric),
        "accretion": _unique(cells, "accretion", _accretion),
        "counterparts": _unique(cells, "counterparts", _counterparts),
        "samples": _samples(cells),
    }
    found = {name: QTable(kept) for name, kept in rows.items() if kept}
    if "evidences" in found:
        found["evidences"].meta["scale"] = SCALE
    return found


def _unique(cells: Sequence[CellResult], name: str, rows: Callable[[Any], list[Row]]) -> list[Row]:
    """Rows of a result, once for each task that made one, with the labels that it depends on."""
    return [dict(labels) | row for labels, result in distinct(cells, name) for row in rows(result)]


def _records(table: Any) -> list[Row]:
    return [{name: row[name] for name in table.colnames} for row in table]


def binned_density(cell: CellResult, choice: DensityChoice) -> tuple[float, float, float] | None:
    """log10 of the density that the bins hold between two luminosities, with its 1 sigma ends; None without such bins."""
    binned = cell.results.get("binned")
    if not isinstance(binned, BinnedLuminosityFunction):
        return None
    z, edges = binned.bins.z, binned.bins.log_l
    if not z[0] <= choice.z < z[-1]:
        return None
    i = int(np.searchsorted(z, choice.z, side="right")) - 1
    width = np.clip(np.minimum(edges[1:], choice.log_l[1]) - np.maximum(edges[:-1], choice.log_l[0]), 0, None)
    inside = (width > 0) & np.isfinite(binned.phi[i])
    total = float(np.sum(binned.phi[i, inside] * width[inside]))
    if not total > 0:
        return None
    down, up = (np.hypot.reduce((end[i, inside] - binned.phi[i, inside]) * width[inside]) for end in (binned.low, binned.high))
    return float(np.log10(max(total - down, 1e-3 * total))), float(np.log10(total)), float(np.log10(total + up))


def _density_rows(found: FittedDensity) -> list[Row]:
    low, value, high = found.headline
    return [{"log_density": value, "low": value - low, "high": high - value}]


def _predicted(study: Xlf, found: FittedDensity) -> list[Row]:
    edges = study.bins.bins
    low, middle, high = found.expected
    return [
        {
            "z": edges.z_label(i),
            "log_l": f"{edges.log_l[j]:g}-{edges.log_l[j + 1]:g}",
            "found": found.weighted[i, j],
            "predicted": middle[i, j],
            "predicted_low": low[i, j],
            "predicted_high": high[i, j],
        }
        for i, j in np.ndindex(*edges.shape)
    ]


def _evidences(study: Xlf, cells: Sequence[CellResult]) -> list[Row]:
    """Of every model, and again with narrower and wider priors: a ranking that turns with them is none."""
    names = {"fit": 1.0} | {f"fit x {width:g}": width for width in study.fit.prior_widths}
    rows = []
    for name, width in names.items():
        rows += [row | {"prior_width": width} for row in evidence_rows(cells, name, _COMPARED)]
    return rows


def _compared(models: Mapping[str, ComparedModel]) -> list[Row]:
    return [
        {
            "model": name,
            "log_density": m.headline,
            "errors": "published" if m.has_errors else "none published",
            "beyond": m.beyond,
        }
        for name, m in models.items()
    ]


def _variants(found: Mapping[str, BinnedLuminosityFunction]) -> list[Row]:
    return [{"variant": name} | row for name, binned in found.items() for row in _records(binned.to_table())]


def _bounds(cells: Sequence[CellResult]) -> list[Row]:
    """From the lowest variant to the highest value corrected for obscuration, for each sample."""
    corrected = dict(_by_labels(cells, "obscuration"))
    rows: list[Row] = []
    for labels, variants in distinct(cells, "variants"):
        found = corrected.get(tuple(labels.items()))
        if variants:
            upper = None if found is None else {"corrected": found.binned}
            rows += [dict(labels) | row for row in _records(bounds(variants, upper).to_table())]
    return rows


def _fractions(found: Obscuration) -> list[Row]:
    return [{"recipe": f.recipe} | row for f in found.fractions for row in _records(f.to_table())]


def _bolometric(found: Accretion) -> list[Row]:
    return [
        {
            "of": name,
            "z": f"{points.z[i]:g}-{points.z[i + 1]:g}",
            "log_l_bol": points.log_bol_centre[j],
            "phi": points.phi[i, j],
            "phi_low": points.low[i, j],
            "phi_high": points.high[i, j],
            "limit": bool(points.is_limit[i, j]),
            "correction": points.correction,
        }
        for name, points in found.points.items()
        for i, j in np.ndindex(*points.phi.shape)
    ]


def _accretion(found: Accretion) -> list[Row]:
    rows = []
    for name, bins in found.densities.items():
        for d in bins:
            middle, low, high = (np.log10(end) for end in (d.interval() if d.draws else (d.value, d.value, d.value)))
            in_z = "" if d.z_range is None else f"{d.z_range[0]:g}-{d.z_range[1]:g}"
            row = {"of": name, "z": in_z, "log_bhad": float(middle), "low": float(middle - low), "high": float(high - middle)}
            rows.append(row | {"correction": d.correction, "efficiency": d.efficiency, "average": d.average})
    return rows


def _counterparts(found: Counterparts) -> list[Row]:
    calibration = found.calibration
    said = {"p_any_cut": found.cut, "completeness_eq4": float(calibration.completeness(found.cut))}
    said |= {"true_completeness": float(calibration.true_completeness(found.cut)), "purity": float(calibration.purity(found.cut))}
    rows = _records(calibration.subset_table(found.cut))
    return [dict(row) | (said if row["subset"] == "all" else dict.fromkeys(said, np.nan)) for row in rows]


def _samples(cells: Sequence[CellResult]) -> list[Row]:
    """Each sample once; with images, what its selection was."""
    names = dict.fromkeys(name for cell in cells for name in cell.results if name.startswith("sample "))
    selected = dict(_by_labels(cells, "selected"))
    return [
        dict(labels) | _sample_row(name.removeprefix("sample "), sample, selected.get(tuple(labels.items())))
        for name in names
        for labels, sample in distinct(cells, name)
    ]


def _by_labels(cells: Sequence[CellResult], name: str) -> Iterator[tuple[tuple[tuple[str, str], ...], Any]]:
    for labels, result in distinct(cells, name):
        yield tuple(labels.items()), result


def _sample_row(name: str, sample: SourceSample, selected: Selected | None) -> Row:
    row: Row = {
        "sample": name,
        "sources": len(sample),
        "spectroscopic": int(sample.spectroscopic.sum()),
        "area": sample.area.total,
        "area_error": sample.area.relative_error * sample.area.total,
        "log_x_50": sample.area.level(0.5),
        "band": str(sample.area.band),
        "rest_band": str(sample.conversion.rest_band),
    }
    if selected is not None:
        row |= {"threshold": selected.threshold} | {key: selected.meta[key] for key in ("blind", "extracted", "insecure")}
        row["clear"] = selected.meta.get("tested", 1) / selected.meta.get("galaxies", 1)
    return row
