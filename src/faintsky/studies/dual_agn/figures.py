"""The figures of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from faintsky.core.photon_sample import PhotonSample
from faintsky.core.study import CellResult, Figure
from faintsky.core.units import ARCMIN
from faintsky.report.bayes_factor_panels import FactorPoints, draw_detected, draw_distributions, draw_factors, draw_statistics
from faintsky.report.density_panels import Panel, Points, draw_panels
from faintsky.report.photon_images import PhotonPanel, draw_photons
from faintsky.report.posteriors import draw_corner
from faintsky.studies.dual_agn.pairs import pair_rows
from faintsky.studies.dual_agn.population import Population

if TYPE_CHECKING:
    from faintsky.studies.dual_agn.study import DualAgn

__all__ = ["all_figures"]

#: Sources that are shown: those of the highest Bayes factors.
_SHOWN = 8


def all_figures(study: DualAgn) -> Mapping[str, Figure]:
    """What the parts of a study that are asked for show."""
    found = {
        "photons": Figure(
            title="Photons and positions",
            alt=f"Images of the photons of the sources with the highest Bayes factors (at most {_SHOWN}), all observations "
            "together, with the posterior positions of two sources.",
            draw=_photons,
            table="positions",
        ),
        "factors": Figure(
            title="Bayes factors and off-axis angle",
            alt="ln Bayes factors of two sources over one against the mean off-axis angle, with the 90th percentile of simulated "
            "single sources.",
            draw=partial(_factors, study=study),
            table="sources",
        ),
        "posterior": Figure(
            title="Posterior of two sources",
            alt="Corner plot of positions, ratio of counts and background of the source with the highest Bayes factor.",
            draw=_posterior,
            table="positions",
        ),
    }
    if study.campaign.simulations:
        found["simulations"] = Figure(
            title="Simulated single sources",
            alt="Cumulative distributions of the ln Bayes factors of simulated single sources, for the sources with the highest "
            "measured values, which are marked.",
            draw=_simulations,
            table="sources",
        )
        found["tests"] = Figure(
            title="The sample against single sources",
            alt="Distributions of the two-sample statistics of Kolmogorov-Smirnov and Anderson-Darling between the measured "
            "Bayes factors and draws of simulated single sources, with critical values.",
            draw=_tests,
            table="tests",
        )
    if study.population.predictions is not None:
        found["fraction"] = Figure(
            title="The fraction of pairs",
            alt="Upper limit on the fraction of pairs against redshift, with predictions of simulations.",
            draw=partial(_fraction, study=study),
            table="predictions",
        )
    if study.injection is not None:
        found["pairs"] = Figure(
            title="Which pairs would have been seen",
            alt="Share of injected pairs that is seen, over separation and ratio of counts, for each source.",
            draw=partial(_pairs, study=study),
            table="pairs",
        )
    if study.sensitivity is not None:
        found["sensitivity"] = Figure(
            title="Sensitivity",
            alt="Share of simulated pairs that is found, over separation and ratio of counts, for counts and off-axis angles.",
            draw=_sensitivity,
            table="sensitivity",
        )
    if study.systems is not None:
        found["systems"] = Figure(
            title="Systems",
            alt="Cumulative distributions of the ln Bayes factors of realisations of each system.",
            draw=_systems,
            table="systems",
        )
    return found


def _best(cell: CellResult) -> list[Any]:
    return sorted((w for _, w in cell.named("weighed")), key=lambda w: -w.factor.ln)[:_SHOWN]


def _photons(cells: Sequence[CellResult], figure: Any) -> None:
    cell = cells[0]
    sample: PhotonSample | None = cell.results.get("photons")
    sources = {} if sample is None else {source.name: source for source in sample.sources}
    panels = []
    for w in _best(cell):
        source, posterior = sources[w.name], w.posterior(2)
        box = source.box
        positions = {}
        if posterior is not None:
            for j, label in ((1, "brighter source"), (2, "fainter source")):
                positions[label] = np.column_stack([posterior.column(f"x_{j}"), posterior.column(f"y_{j}")])
        panels.append(
            PhotonPanel(
                title=f"{w.name}, ln BF {w.factor.ln:.1f}",
                x=np.concatenate([o.x for o in source.observations]),
                y=np.concatenate([o.y for o in source.observations]),
                ends=(box.x_low, box.x_high, box.y_low, box.y_high),
                positions=positions,
            )
        )
    draw_photons(figure, panels)


def _factors(cells: Sequence[CellResult], figure: Any, study: DualAgn) -> None:
    found = {}
    for cell in cells:
        weighed = [w for _, w in cell.named("weighed")]
        population: Population | None = cell.results.get("population")
        rates = {} if population is None else population.false_positives
        if weighed:
            found[cell.name] = FactorPoints(
                off_axis=np.array([w.off_axis / ARCMIN for w in weighed]),
                ln=np.array([w.factor.ln for w in weighed]),
                error=np.array([w.factor.error for w in weighed]),
                above=np.array([w.factor.above(study.campaign.sigma) for w in weighed]),
                percentile=np.array([rates[w.name].percentile(90) if w.name in rates else np.nan for w in weighed]),
            )
    draw_factors(figure, found, study.population.off_axis / ARCMIN)


def _simulations(cells: Sequence[CellResult], figure: Any) -> None:
    best = _best(cells[0])[:6]
    simulated = dict(cells[0].named("simulated"))
    draw_distributions(
        figure, {w.name: simulated[w.name].ln for w in best if w.name in simulated}, {w.name: w.factor.ln for w in best}
    )


def _posterior(cells: Sequence[CellResult], figure: Any) -> None:
    first = next(iter(_best(cells[0])), None)
    if first is None:
        raise LookupError("no source is weighed yet")
    shown = {}
    for cell in cells:
        posterior = next((w.posterior(2) for name, w in cell.named("weighed") if name == first.name), None)
        if posterior is not None:
            keep = [i for i, name in enumerate(posterior.names) if not name.startswith(("dx_", "dy_"))]
            shown[cell.name] = attrs.evolve(
                posterior,
                names=tuple(posterior.names[i] for i in keep),
                units=tuple(posterior.units[i] for i in keep),
                latex=tuple(posterior.latex[i] for i in keep),
                samples=posterior.samples[:, keep],
            )
    draw_corner(figure, shown)


def _tests(cells: Sequence[CellResult], figure: Any) -> None:
    population: Population | None = cells[0].results.get("population")
    tests = {} if population is None else population.tests
    draw_statistics(
        figure,
        {name: test.paper.values for name, test in tests.items()},
        {name: {f"{100 * level:g} %": test.paper.critical[level] for level in (0.05, 0.01)} for name, test in tests.items()},
        {
            name: f"{100 * test.paper.share_below(0.05):.1f} % below the 5 % value; calibrated p = {test.calibrated.p:.2g}"
            for name, test in tests.items()
        },
    )


def _fraction(cells: Sequence[CellResult], figure: Any, study: DualAgn) -> None:
    population: Population | None = cells[0].results.get("population")
    if population is None:
        raise LookupError("the sample is not put together yet")
    points: dict[str, Points] = {}
    for name in dict.fromkeys(p.name for p in population.predictions):
        rows = [p for p in population.predictions if p.name == name]
        z, value, low, high = (np.array([getattr(p, key) for p in rows]) for key in ("z", "fraction", "low", "high"))
        points[name] = Points(
            x=z, width=np.zeros(len(z)), y=100 * value, low=100 * low, high=100 * high, limit=np.zeros(len(z), dtype=bool)
        )
    ends = study.selection.redshift or (float(points[name].x.min()), float(points[name].x.max()))
    first = population.limits[0]
    upper = np.array([100 * first.limit.upper])
    points[f"this sample, {100 * first.limit.level:g} % limit"] = Points(
        x=np.array([np.mean(ends)]), width=np.array([0.5 * (ends[1] - ends[0])]), y=upper, low=upper, high=upper,
        limit=np.array([True]),
    )  # fmt: skip
    draw_panels(figure, [Panel(points=points)], "redshift", "fraction of pairs [per cent]")


def _pairs(cells: Sequence[CellResult], figure: Any, study: DualAgn) -> None:
    choice, rows = study.injection, pair_rows(cells[0], study.campaign)
    if not rows or choice is None:
        raise LookupError("no pairs are injected yet")
    separations, ratios = sorted(choice.separations), sorted(choice.ratios)
    panels = {}
    for name in list(dict.fromkeys(row["name"] for row in rows))[:_SHOWN]:
        # Names of results hold six digits of separation and ratio.
        mine = {(row["separation_arcsec"], row["ratio"]): row["seen"] for row in rows if row["name"] == name}
        seen = [[mine.get((float(f"{s:g}"), float(f"{r:g}")), np.nan) for r in ratios] for s in separations]
        panels[str(name)] = (np.array(separations), np.array(ratios), np.array(seen))
    draw_detected(figure, panels)


def _sensitivity(cells: Sequence[CellResult], figure: Any) -> None:
    grid = cells[0].results.get("sensitivity")
    if grid is None:
        raise LookupError("no pairs are simulated yet")
    fraction = grid.fraction
    draw_detected(
        figure,
        {
            f"{int(counts)} counts, {angle / ARCMIN:g} arcmin": (grid.separation, grid.ratio, fraction[:, :, i, j])
            for i, counts in enumerate(grid.counts)
            for j, angle in enumerate(grid.off_axis)
        },
    )


def _systems(cells: Sequence[CellResult], figure: Any) -> None:
    found = cells[0].results.get("systems")
    draw_distributions(figure, {} if found is None else {name: one.ln for name, one in found.factors.items()}, {})
