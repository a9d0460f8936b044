"""The tables of the study, from what is done of its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from faintsky.core.ab_magnitude import ab_magnitude, magnitude_error
from faintsky.core.pair_statistic import PairProbabilities
from faintsky.core.study import CellResult
from faintsky.estimators.companions.cuts import took
from faintsky.estimators.pairs.per_agn_cap import per_agn_cap
from faintsky.report.distinct import distinct
from faintsky.studies.pairs.assembling import Assembled
from faintsky.studies.pairs.dissecting import Dissected
from faintsky.studies.pairs.looking import Looked
from faintsky.studies.pairs.redshifts import SampleRedshifts, full_name
from faintsky.studies.pairs.statistics import Summary

__all__ = ["all_tables"]

Row = dict[str, Any]

#: Column density [log cm^-2] above which an AGN is called obscured.
_OBSCURED = 22.0


def all_tables(cells: Sequence[CellResult]) -> Mapping[str, Any]:
    """Those that have a row."""
    from astropy.table import QTable

    found = {
        "pairs": _per_cell(cells, _pairs),
        "statistics": _per_cell(cells, _statistics),
        "fractions": _per_cell(cells, _fractions),
        "others": _per_cell(cells, _others),
        "trust": _shared(cells, "trust", lambda found: _columns(found.to_table())),
        "tests": _per_cell(cells, _tests),
        "photo_z": _shared(cells, "redshifts", _photo_z),
        "candidates": _shared(cells, "pairs", lambda found: _columns(found.candidates.columns)),
        "nuclei": _shared(cells, "spectra", lambda found: _columns(found.nuclei.to_table())),
        "decompositions": _per_cell(cells, lambda cell: _each(cell, "dissected", _components)),
        "detections": _per_cell(cells, lambda cell: _each(cell, "looked", _detection)),
    }
    tables = {name: QTable(rows) for name, rows in found.items() if rows}
    if "pairs" in tables:
        tables["pairs"].meta["probability"] = "of being a real pair, or the effective number of the statistic of the cell"
    if "fractions" in tables:
        tables["fractions"].meta["errors"] = "68.3 per cent; the last row of each class is the whole range"
    return tables


def _per_cell(cells: Sequence[CellResult], rows: Callable[[CellResult], Any]) -> list[Row]:
    return [{**cell.labels, **row} for cell in cells for row in rows(cell)]


def _shared(cells: Sequence[CellResult], name: str, rows: Callable[[Any], Any]) -> list[Row]:
    return [{**labels, **row} for labels, found in distinct(cells, name) if found is not None for row in rows(found)]


def _each(cell: CellResult, prefix: str, rows: Callable[[Any], Iterator[Row]]) -> Iterator[Row]:
    for _, one in cell.named(prefix):
        yield from rows(one)


def _columns(table: Any) -> list[Row]:
    """The rows of a table or of a mapping of columns."""
    names = list(getattr(table, "colnames", table))
    return [dict(zip(names, row, strict=True)) for row in zip(*(table[name] for name in names), strict=True)]


def _weighed(cell: CellResult) -> tuple[Assembled, PairProbabilities] | None:
    assembled, weighed = cell.results.get("pairs"), cell.results.get("probabilities")
    return None if assembled is None or weighed is None else (assembled, weighed)


def _pairs(cell: CellResult) -> Iterator[Row]:
    """Table 1 of the paper: an AGN, then its companions, the most probable pairs first."""
    found = _weighed(cell)
    if found is None:
        return
    assembled, weighed = found
    sample, number = assembled.sample, weighed.number
    blank = np.full(len(sample.agn), np.nan)
    agn = {name: sample.agn.columns.get(name, blank) for name in ("ra", "dec", "log_lbol", "log_nh")}
    rows = np.flatnonzero(assembled.final)
    best = np.zeros(len(sample.agn))
    np.maximum.at(best, sample.owner[rows], number[rows])
    for owner in sorted(set(sample.owner[rows].tolist()), key=lambda i: -best[i]):
        yield {
            "id": full_name(str(sample.agn["name"][owner]), str(sample.agn["source"][owner])),
            "class": "AGN",
            "z_spec": float(sample.agn["z_spec"][owner]),
            "z_ml": float(sample.agn["z_phot"][owner]),
            "ra": float(agn["ra"][owner]),
            "dec": float(agn["dec"][owner]),
            "log_mass": float(sample.agn["log_mass"][owner]),
            "log_lbol": float(agn["log_lbol"][owner]),
            "log_nh": float(agn["log_nh"][owner]),
            "probability": np.nan,
            "separation_kpc": np.nan,
            "dual": "",
            "delta_bic": np.nan,
            "truth": "",
        }
        for row in rows[sample.owner[rows] == owner]:
            pair = {name: column[row] for name, column in sample.companions.columns.items()}
            yield {
                "id": str(pair["name"]),
                "class": "companion",
                "z_spec": np.nan,
                "z_ml": float(pair["z_phot"]),
                "ra": float(pair["ra"]),
                "dec": float(pair["dec"]),
                "log_mass": float(pair["log_mass"]),
                "log_lbol": np.nan,
                "log_nh": np.nan,
                "probability": float(number[row]),
                "separation_kpc": float(pair["separation"]),
                "dual": "yes" if pair["dual"] == 1 else "no",
                "delta_bic": float(pair["delta_bic"]),
                "truth": str(pair["kind"]),
            }


def _statistics(cell: CellResult) -> Iterator[Row]:
    """Table 2 of the paper, and what each cut took."""
    found = _weighed(cell)
    if found is None:
        return
    assembled, weighed = found
    sample = assembled.sample.select(assembled.final)
    number = weighed.select(assembled.final).number
    number = number * per_agn_cap(number, sample.owner, len(sample.agn))
    owners = np.unique(sample.owner)
    dual = sample.companions["dual"] == 1
    log_nh = np.asarray(sample.agn.columns.get("log_nh", np.full(len(sample.agn), np.nan)), dtype=float)[owners]
    spec = np.isfinite(sample.agn["z_spec"][owners])
    counts: dict[str, float] = {
        "parent AGN": len(sample.agn),
        "companions within reach": len(assembled.candidates),
        **{f"taken by {cut}": n for cut, n in took(assembled.candidates).items()},
        "pairs before the cut in mass": len(assembled.sample),
        "AGN in pairs": owners.size,
        "of these unobscured": int(np.sum(log_nh < _OBSCURED)),
        "of these obscured": int(np.sum(log_nh >= _OBSCURED)),
        "of these without N_H": int(np.sum(np.isnan(log_nh))),
        "of these with z_spec": int(spec.sum()),
        "of these with z_phot": int((~spec).sum()),
        "pairs": len(sample),
        "dual pairs": int(dual.sum()),
        "offset pairs": int((~dual).sum()),
        "genuine pairs": float(number.sum()),
        "genuine dual pairs": float(number[dual].sum()),
        "genuine offset pairs": float(number[~dual].sum()),
    }
    summary: Summary | None = cell.results.get("summary")
    if summary is not None:
        counts["chance alignments expected before the cut in mass"] = summary.chance
    real = sample.companions.columns.get("real", np.zeros(0))
    if len(real) and np.isfinite(real).any():
        counts["real pairs (truth)"] = int(np.nansum(real))
        counts["real dual pairs (truth)"] = int(np.nansum(real * (sample.companions["active"] == 1)))
    yield from ({"what": name, "number": float(value)} for name, value in counts.items())


def _fractions(cell: CellResult) -> Iterator[Row]:
    summary: Summary | None = cell.results.get("summary")
    if summary is not None:
        for kind, found in summary.fractions.items():
            yield from ({"class": kind, **row} for row in _columns(found.columns))


def _others(cell: CellResult) -> Iterator[Row]:
    summary: Summary | None = cell.results.get("summary")
    if summary is not None:
        yield from (attrs.asdict(other) for other in summary.others)


def _tests(cell: CellResult) -> Iterator[Row]:
    summary: Summary | None = cell.results.get("summary")
    if summary is not None:
        for name, found in summary.correlations.items():
            yield {"separation against": name, **attrs.asdict(found)}


def _photo_z(found: SampleRedshifts) -> list[Row]:
    return [] if found.comparison is None else _columns(found.comparison.to_table())


def _components(found: Dissected) -> Iterator[Row]:
    fit = found.fit
    for row, (source, part) in enumerate(fit.components):
        s = fit.sources.index(source)
        for b, band in enumerate(fit.bands):
            flux, error = float(fit.flux[row, b]), float(np.sqrt(fit.flux_covariance[b, row, row]))
            yield {
                "source": full_name(found.name, source),
                "part": part,
                "band": band,
                "flux_ujy": flux,
                "flux_error": error,
                "magnitude": float(ab_magnitude(flux)),
                "magnitude_error": float(magnitude_error(flux, error)),
                "radius_pixel": float(fit.radius[s, b]) if part == "galaxy" else np.nan,
                "radius_error": float(fit.radius_error[s, b]) if part == "galaxy" else np.nan,
                "index": float(fit.index[s, b]) if part == "galaxy" else np.nan,
                "index_error": float(fit.index_error[s, b]) if part == "galaxy" else np.nan,
                "ellipticity": float(fit.ellipticity[s]) if part == "galaxy" else np.nan,
                "reduced_chi2": fit.reduced_chi2,
                "psf_error": float(fit.psf_error[b]),
                "at_bound": ", ".join(fit.at_bound),
                "converged": "yes" if fit.converged else "no",
            }


def _detection(found: Looked) -> Iterator[Row]:
    about = found.companions
    yield {
        "agn": found.name,
        "sources": len(about.sources),
        "reference": about.reference,
        "blue": about.blue,
        "consistent": "yes" if about.consistent else "no",
        "disagreements": "; ".join(about.disagreements),
    }
