"""Tables as the fluctuation papers print them: mean powers, biases, fluxes, coherence, comparison with published spectra."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from faintsky.core.broadband import broadband
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.hardness import PowerPair
from faintsky.core.study import CellResult
from faintsky.core.units import ARCSEC
from faintsky.estimators.hardness_ratios.linear import Linear
from faintsky.estimators.hardness_ratios.monte_carlo import MonteCarlo
from faintsky.studies.coherence.published import integrated_ratio
from faintsky.studies.coherence.shown import BroadbandChoice, HardnessChoice
from faintsky.studies.coherence.spectra import Spectra, cross_name

if TYPE_CHECKING:
    from faintsky.studies.coherence.study import Coherence

__all__ = [
    "bias_table",
    "broadband_table",
    "coherence_table",
    "derived_table",
    "field_spectra",
    "flux_table",
    "hardness_table",
    "jackknife_table",
    "measured_cells",
    "published_table",
]

#: Axes that only change the fit: cells that differ in them share their spectra.
_FIT_AXES = ("samplers", "likelihoods", "power_models")

Rows = list[dict[str, Any]]


def measured_cells(cells: Sequence[CellResult]) -> Iterator[tuple[dict[str, str], CellResult, Spectra]]:
    """Each set of spectra once: the labels it depends on, its first cell, and the spectra."""
    seen: set[tuple[str, ...]] = set()
    for cell in cells:
        labels = {axis: label for axis, label in cell.labels.items() if not axis.startswith(_FIT_AXES)}
        key = tuple(labels.values())
        if key not in seen and "spectra" in cell.results:
            seen.add(key)
            yield labels, cell, cell.results["spectra"]


def field_spectra(cell: CellResult) -> Mapping[str, Spectra]:
    """The spectra of the single fields of a stack."""
    return dict(cell.named("spectra"))


def _table(rows: Rows) -> Any:
    from astropy.table import QTable

    return QTable(rows) if rows else None


def broadband_table(cells: Sequence[CellResult], choice: BroadbandChoice) -> Any:
    """Mean powers between two scales (Kaminsky et al. table 1, Li et al. 2019 table 2), of every field and of the stack."""
    rows: Rows = []
    for labels, cell, stacked in measured_cells(cells):
        fields = field_spectra(cell)
        for field, spectra in (*fields.items(), ("STACK" if fields else "", stacked)):
            named = spectra.named()
            names = choice.spectra or tuple(spectra.cross or spectra.auto)
            for name in names:
                for weights in choice.weights:
                    rows.append(dict(labels) | ({"field": field} if fields else {}) | _mean_row(named, name, choice, weights))
    return _table(rows)


def _mean_row(named: Mapping[str, Any], name: str, choice: BroadbandChoice, weights: str) -> dict[str, Any]:
    row = {"spectrum": name, "weights": weights}
    blank = dict.fromkeys(("value", "error", "snr", "snr_of_mean_sigma"), np.nan)
    try:
        found = broadband(named[name], *choice.theta, weights)
    except (DataError, KeyError):  # a field may not reach these scales
        return row | blank | {"bins": 0, "unit": ""}
    return row | {
        "value": found.value,
        "error": found.error,
        "snr": found.snr,
        "snr_of_mean_sigma": found.value / found.mean_sigma,
        "bins": found.bins,
        "unit": named[name].unit,
    }


def hardness_table(cells: Sequence[CellResult], choice: HardnessChoice, mean: BroadbandChoice) -> Any:
    """Hardness ratios of neighbouring bands, of every field and of the stack (Li et al. 2019 eqs. 8-10)."""
    rows: Rows = []
    for labels, cell, stacked in measured_cells(cells):
        fields = field_spectra(cell)
        pairs: list[tuple[float, float, float, float]] = []
        for field, spectra in (*fields.items(), ("STACK" if fields else "", stacked)):
            named = spectra.named()
            for infrared in choice.infrared:
                means = [_mean_row(named, cross_name(infrared, band), mean, mean.weights[0]) for band in choice.bands]
                for i, (soft, hard) in enumerate(pairwise(means), start=1):
                    row = ({"field": field} if fields else {}) | {"infrared": infrared, "ratio": f"HR{i}"}
                    rows.append(dict(labels) | row)
                    pairs.append((soft["value"], soft["error"], hard["value"], hard["error"]))
        for row, ratio in zip(
            rows[len(rows) - len(pairs) :], _hardness(np.array(pairs, dtype=float).reshape(-1, 4)), strict=True
        ):
            row |= ratio
    return _table(rows)


def _hardness(powers: np.ndarray[Any, np.dtype[np.float64]]) -> Rows:
    """First-order ratios and errors, and 16 and 84 per cent points of draws, of soft, error, hard, error, shape (n, 4)."""
    found: Rows = [dict.fromkeys(("value", "error", "low", "high"), np.nan) | {"ill_defined": False} for _ in powers]
    measured = np.flatnonzero(np.all(np.isfinite(powers), axis=1))  # a field may not reach the scales of the mean
    soft, soft_error, hard, hard_error = powers[measured].T
    pair = PowerPair(soft=soft, soft_error=soft_error, hard=hard, hard_error=hard_error)
    ctx = Context(seed=1)  # a table is made anew with every report, and must be the same
    linear, drawn = Linear().estimate(pair, ctx), MonteCarlo().estimate(pair, ctx)
    for j, i in enumerate(measured):
        found[i] = {
            "value": float(linear.value[j]),
            "error": float(linear.error[j]),
            "low": float(drawn.low[j]),
            "high": float(drawn.high[j]),
            "ill_defined": bool(linear.ill_defined[j]),
        }
    return found


def bias_table(cells: Sequence[CellResult]) -> Any:
    """Biases, sampled and solved, the fit again with wider priors, effective redshifts, halo masses, reach of linear theory."""
    rows: Rows = []
    for cell in cells:
        for name, found in cell.named("bias"):
            if found is None:
                continue
            wider = cell.results.get(f"wider {name}")
            moved = np.nan if wider is None else (wider.summary("bias.bias")[0] - found.bias) / (0.5 * (found.low + found.high))
            rows.append(
                dict(cell.labels)
                | {
                    "spectrum": name,
                    "bias": found.bias,
                    "bias_low": found.low,
                    "bias_high": found.high,
                    "analytic": found.analytic,
                    "analytic_error": found.analytic_error,
                    "reduced_chi2": found.chi2 / found.dof if found.dof else np.nan,
                    "dof": found.dof,
                    "wider_priors_move_it_by_sigma": moved,
                    "theta_min": found.theta[0],
                    "theta_max": found.theta[1],
                    "z_effective": found.redshift,
                    "log_mass_sheth01": found.log_mass["sheth01"],
                    "log_mass_tinker10": found.log_mass["tinker10"],
                    "matter": found.matter,
                    "nonlinear_at_largest": found.nonlinear_ratio[0],
                    "nonlinear_at_smallest": found.nonlinear_ratio[1],
                    "shot_noise": found.shot,
                }
            )
    return _table(rows)


def flux_table(cells: Sequence[CellResult]) -> Any:
    """Coherent X-ray fluxes by the chosen form of eq. 11 and as published, with what each finds in data without coherence."""
    rows: Rows = []
    for labels, cell, _ in measured_cells(cells):
        found = cell.results.get("xray")
        if found is None:
            continue
        blank = (np.nan, np.nan)
        for form, fluxes in (("", found.flux), ("paper (recipe)", found.recipe)):
            for name, f in fluxes.items():
                rows.append(
                    dict(labels)
                    | {
                        "map": name,
                        "form": form or f.sign,
                        "flux": f.value,
                        "low": f.low,
                        "high": f.high,
                        "null": f.null,
                        "null_scatter": f.null_scatter,
                        "bins": f.n_bins,
                        "reduction": f.reduction,
                        "b_X": found.bias.get(name, blank)[0] if not form else np.nan,
                        "b_X_error": found.bias.get(name, blank)[1] if not form else np.nan,
                    }
                )
        value, low, high = found.total
        rest = {"null": np.nan, "null_scatter": np.nan, "bins": 0, "reduction": "sum", "b_X": np.nan, "b_X_error": np.nan}
        rows.append(dict(labels) | {"map": "all", "form": "sum", "flux": value, "low": low, "high": high} | rest)
    table = _table(rows)
    if table is not None:
        table.meta["unit"] = "erg / (s cm2 deg2)"
    return table


def derived_table(cells: Sequence[CellResult]) -> Any:
    """What follows from the fluxes, with its assumptions."""
    rows: Rows = []
    for labels, cell, _ in measured_cells(cells):
        found = cell.results.get("xray")
        if found is None:
            continue
        items: list[tuple[str, float, float, float, str]] = []
        if found.mass is not None:
            items += [
                ("accreted mass density", found.mass.value, np.nan, np.nan, "Msun / Mpc3"),
                ("log10 of it", found.mass.log10, np.nan, np.nan, ""),
            ]
        if found.density is not None:
            items.append(("sources above S0", found.density, np.nan, np.nan, "1 / deg2"))
        if found.resolved is not None:
            items += [
                ("coherent share of the unresolved background", *found.resolved.share, ""),
                ("resolved share of the total background", *found.resolved.resolved, ""),
            ]
        for quantity, value, low, high, unit in items:
            row = {"quantity": quantity, "value": value, "low": low, "high": high, "unit": unit}
            rows.append(dict(labels) | row | {"assuming": "; ".join(found.assumptions)})
    return _table(rows)


def published_table(study: Coherence, cells: Sequence[CellResult]) -> Any:
    """Ratio of the integrated power to published spectra, between 100 and 2000 arcsec as far as both reach."""
    rows: Rows = []
    for labels, _, spectra in measured_cells(cells):
        named = spectra.named()
        for key, choice in study.published.items():
            if choice.spectrum not in named:
                continue
            ratio, error, (low, high) = integrated_ratio(named[choice.spectrum], choice.read())
            row = {"published": choice.label or key, "spectrum": choice.spectrum, "ratio": ratio, "error": error}
            rows.append(dict(labels) | row | {"theta_min": low, "theta_max": high})
    return _table(rows)


def coherence_table(cells: Sequence[CellResult]) -> Any:
    """Coherence per band, as published and with the noise of the square taken out."""
    rows: Rows = []
    for labels, cell, _ in measured_cells(cells):
        for name, c in (cell.results.get("coherence") or {}).items():
            for i in range(len(c.q)):
                rows.append(
                    dict(labels)
                    | {
                        "spectrum": name,
                        "theta": 2 * np.pi / c.q[i] / ARCSEC,
                        "coherence": c.value[i],
                        "low": c.low[i],
                        "high": c.high[i],
                        "as_published": c.raw[i],
                        "valid": bool(c.valid[i]),
                    }
                )
    return _table(rows)


def jackknife_table(cells: Sequence[CellResult]) -> Any:
    """Quoted and leave-one-region-out errors of the fitted spectra."""
    rows: Rows = []
    for labels, cell, stacked in measured_cells(cells):
        for field, spectra in (*field_spectra(cell).items(), ("", stacked)):
            for name, j in spectra.jackknife.items():
                s = spectra.named()[name]
                for i in range(len(s.q)):
                    row = {"field": field} if field else {}
                    row |= {"spectrum": name, "theta": s.theta[i] / ARCSEC, "error": s.error[i], "jackknife": j.error[i]}
                    rows.append(dict(labels) | row | {"ratio": j.error[i] / s.error[i]})
    return _table(rows)
