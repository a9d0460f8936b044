"""The tables of the study, from what is done of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.one_sigma import median_columns
from faintsky.core.photon_sample import PhotonSample
from faintsky.core.study import CellResult
from faintsky.core.units import ARCMIN
from faintsky.estimators.dual_fraction.aggregate import CAVEAT as TEST_CAVEAT
from faintsky.estimators.dual_fraction.fraction_posterior import CAVEAT as FRACTION_CAVEAT
from faintsky.report.distinct import distinct
from faintsky.studies.dual_agn.campaign import Simulated
from faintsky.studies.dual_agn.pairs import pair_rows
from faintsky.studies.dual_agn.population import Population
from faintsky.studies.dual_agn.second_source import SecondSource
from faintsky.studies.dual_agn.weighing import Weighed

if TYPE_CHECKING:
    from faintsky.studies.dual_agn.study import DualAgn

__all__ = ["all_tables"]


def all_tables(study: DualAgn, cells: Sequence[CellResult]) -> Mapping[str, Any]:
    """Those that have a row."""
    from astropy.table import QTable

    found = {
        "sources": _per_cell(cells, _sources),
        "evidences": _per_cell(cells, _evidences),
        "positions": _per_cell(cells, _positions),
        "limits": _per_cell(cells, _limits),
        "tests": _per_cell(cells, _tests),
        "predictions": _per_cell(cells, _predictions),
        "pairs": _per_cell(cells, lambda cell: pair_rows(cell, study.campaign)),
        "systems": _per_cell(cells, lambda cell: _systems(study, cell)),
        "forecast": _forecasts(study, cells),
    }
    tables = {name: QTable(rows) for name, rows in found.items() if rows}
    tables |= _whole(cells)
    if "tests" in tables:
        tables["tests"].meta["caveat"] = TEST_CAVEAT
    if "limits" in tables:
        tables["limits"].meta["caveat"] = FRACTION_CAVEAT
    if "sources" in tables:
        tables["sources"].meta["errors"] = "1 sigma (68.3 per cent)"
        tables["sources"].meta["candidate"] = (
            f"ln BF above 0 by {study.campaign.sigma:g} errors, and a false-positive rate of at most {study.campaign.threshold:g}"
        )
    return tables


def _per_cell(cells: Sequence[CellResult], rows: Any) -> list[dict[str, Any]]:
    return [{**cell.labels, **row} for cell in cells for row in rows(cell)]


def _weighed(cell: CellResult) -> list[Weighed]:
    return [w for _, w in cell.named("weighed")]


def _sources(cell: CellResult) -> list[dict[str, Any]]:
    population: Population | None = cell.results.get("population")
    rows = []
    for w in _weighed(cell):
        rate = None if population is None else population.false_positives.get(w.name)
        ends = None if rate is None else rate.interval()
        for factor in w.factors:
            row: dict[str, Any] = {
                "name": w.name,
                "hypotheses": " over ".join(factor.models),
                "counts": w.counts,
                "observations": w.observations,
                "off_axis_arcmin": w.off_axis / ARCMIN,
                "ln_bf": factor.ln,
                "ln_bf_error": factor.error,
                "log10_bf": factor.log10,
                "log10_bf_error": factor.log10_error,
                "psf_noise": w.psf_noise,
                "status": factor.status,
            }
            first = factor is w.factor and rate is not None and ends is not None
            row |= {
                "simulations": rate.n if first and rate else 0,
                "false_positive_rate": rate.rate if first and rate else np.nan,
                "rate_low": float(ends.low) if first and ends else np.nan,
                "rate_high": float(ends.high) if first and ends else np.nan,
                "unreliable_simulations": rate.unreliable if first and rate else 0,
                "percentile_90": rate.percentile(90) if first and rate else np.nan,
                "candidate": "yes" if population is not None and first and w.name in population.candidates else "no",
                "psf": factor.psf,
                "cautions": "; ".join(w.cautions),
            }
            rows.append(row)
    return rows


def _evidences(cell: CellResult) -> list[dict[str, Any]]:
    return [
        {
            "name": w.name,
            "hypothesis": e.model,
            "ln_z": e.log_z,
            "ln_z_error": e.error,
            "status": e.status,
            "ess": e.checks.get("integral_ess", e.checks.get("ess", np.nan)),
            "khat": e.checks.get("khat", np.nan),
            "scatter": e.checks.get("log_z_scatter", np.nan),
            "reweighted_ln_z": e.checks.get("reweighted_log_z", np.nan),
            "calls": e.calls,
            "cpu_s": e.cpu_seconds,
            "sampler": e.sampler,
            "priors": "; ".join(e.priors),
            "notes": "; ".join(e.notes),
        }
        for w in _weighed(cell)
        for e in w.evidences
    ]


def _positions(cell: CellResult) -> list[dict[str, Any]]:
    """Separation, position angle and ratio of the second source, as the posterior of two sources has them."""
    posteriors = {w.name: w.posterior(2) for w in _weighed(cell)}
    return [{"name": name} | SecondSource.of(posterior).row() for name, posterior in posteriors.items() if posterior is not None]


def _limits(cell: CellResult) -> list[dict[str, Any]]:
    population: Population | None = cell.results.get("population")
    if population is None:
        return []
    rows = [
        {
            "sample": one.sample,
            "sources": one.sources,
            "found": one.limit.k,
            "method": one.limit.method,
            "level": one.limit.level,
            "corrected_for": population.assumed if one.corrected else "",
            "upper_limit": one.limit.upper,
        }
        for one in population.limits
    ]
    posterior = population.posterior
    level = population.limits[0].limit.level
    rows.append(
        {
            "sample": "all",
            "sources": len(posterior.dual),
            "found": np.nan,
            "method": "posterior of all Bayes factors (takes the PSF at its word)",
            "level": level,
            "corrected_for": "the priors of separation and ratio",
            "upper_limit": posterior.upper(level),
        }
    )
    return rows


def _tests(cell: CellResult) -> list[dict[str, Any]]:
    population: Population | None = cell.results.get("population")
    if population is None:
        return []
    return [
        {
            "test": name,
            "sources": population.tested,
            "below_5_percent_value": test.paper.share_below(0.05),
            "below_1_percent_value": test.paper.share_below(0.01),
            "calibrated_p": test.calibrated.p,
            "draws": int(test.paper.values.size),
        }
        for name, test in population.tests.items()
    ]


def _predictions(cell: CellResult) -> list[dict[str, Any]]:
    import attrs

    population: Population | None = cell.results.get("population")
    return [] if population is None else [attrs.asdict(one) for one in population.predictions]


def _systems(study: DualAgn, cell: CellResult) -> list[dict[str, Any]]:
    found = cell.results.get("systems")
    if found is None:
        return []

    def row(name: str, one: Simulated) -> dict[str, Any]:
        return {
            "system": name,
            "simulations": len(one),
            "counts": found.counts[name],
            **median_columns("ln_bf", one.ln),
            "above_0": float(np.mean(one.reliable & (one.ln > study.campaign.sigma * one.error))),
        }

    return [row(name, one) for name, one in found.factors.items()]


def _forecasts(study: DualAgn, cells: Sequence[CellResult]) -> list[dict[str, Any]]:
    name = study.forecast.name if study.forecast is not None else ""
    return [{**labels, "name": name, **found.row()} for labels, found in distinct(cells, "forecast")]


def _whole(cells: Sequence[CellResult]) -> dict[str, Any]:
    """Tables that are results: the selection, the truth of a simulated sample, the sensitivity of the first cell."""
    from astropy.table import QTable

    tables: dict[str, Any] = {}
    for _, sample in distinct(cells, "photons"):
        assert isinstance(sample, PhotonSample)
        tables.setdefault("selection", QTable(dict(sample.selection.columns)))
        if sample.truth is not None:
            named = {"name": [source.name for source in sample.sources]}
            tables.setdefault("truth", QTable(named | dict(sample.truth.columns)))
    for _, grid in distinct(cells, "sensitivity"):
        tables.setdefault("sensitivity", grid.to_table())
    return tables
