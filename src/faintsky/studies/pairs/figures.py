"""The figures of the study."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.pair_statistic import PairProbabilities
from faintsky.core.study import CellResult, Figure
from faintsky.estimators.seds.best_spectrum import best_spectrum
from faintsky.report.decomposition_panels import DecomposedBand, draw_decomposition
from faintsky.report.density_panels import Panel, Points, draw_panels
from faintsky.report.redshift_panels import RedshiftPanel, draw_redshifts
from faintsky.report.sed_panels import SedPanel, draw_seds
from faintsky.report.sky_gallery import Circle, SkyPicture, draw_gallery
from faintsky.studies.pairs.assembling import Assembled
from faintsky.studies.pairs.dissecting import Dissected
from faintsky.studies.pairs.looking import Looked
from faintsky.studies.pairs.redshifts import SampleRedshifts, full_name
from faintsky.studies.pairs.spectra import SampleSpectra
from faintsky.studies.pairs.statistics import Summary

__all__ = ["all_figures"]

#: Pairs that are shown: those with the highest probabilities.
_PICTURES, _PANELS = 30, 12
#: Radius of the circles about sources [arcsec].
_CIRCLE = 0.25


def all_figures() -> Mapping[str, Figure]:
    """Pictures first, then what they rest on, then the sample."""
    return {
        "gallery": Figure(
            title="Pairs",
            alt=f"Colour pictures of the pairs (at most {_PICTURES}) in the order of declining probability; the AGN has a solid "
            "circle, its companion a dashed one.",
            draw=_gallery,
            table="pairs",
        ),
        "fractions": Figure(
            title="Fraction of AGN in pairs",
            alt="Fraction of AGN in pairs, and in pairs of two AGN, against redshift, with the fractions of others.",
            draw=_fractions,
            table="fractions",
        ),
        "redshifts": Figure(
            title="Redshifts of the pairs",
            alt=f"Redshift distributions of AGN and companion and what they share, of the pairs with the highest probabilities "
            f"(at most {_PANELS}).",
            draw=_redshifts,
            table="pairs",
        ),
        "spectra": Figure(
            title="Nuclei of the companions",
            alt="Flux densities of the nuclei of companions in all bands, with the best stars and the best stars with an AGN.",
            draw=_spectra,
            table="nuclei",
        ),
        "decomposition": Figure(
            title="Images taken apart",
            alt="Data, model, data without points, residuals and radial profiles of the most probable pair in all bands.",
            draw=_decomposition,
            table="decompositions",
        ),
        "photo_z": Figure(
            title="Photometric and spectroscopic redshifts",
            alt="Photometric against spectroscopic redshifts of the AGN, with lines of 15 per cent of 1 + z.",
            draw=_photo_z,
            table="photo_z",
        ),
        "separations": Figure(
            title="Separations",
            alt="Projected separations of the pairs, weighted by their probabilities, and of all projected pairs.",
            draw=_separations,
            table="pairs",
        ),
    }


def _ranked(cell: CellResult) -> tuple[Assembled, PairProbabilities, NDArray[np.intp]]:
    """Pairs after all cuts, the most probable first."""
    assembled: Assembled | None = cell.results.get("pairs")
    weighed: PairProbabilities | None = cell.results.get("probabilities")
    if assembled is None or weighed is None:
        raise LookupError("no pair is weighed yet")
    rows = np.flatnonzero(assembled.final)
    return assembled, weighed, rows[np.argsort(-weighed.number[rows], kind="stable")]


def _dissected(cell: CellResult) -> dict[str, Dissected]:
    return {each.name: each for _, each in cell.named("dissected")}


def _pixels(cell: CellResult) -> dict[str, float]:
    return {each.name: each.pixel for _, each in cell.of_type(Looked)}


def _gallery(cells: Sequence[CellResult], figure: Any) -> None:
    assembled, weighed, rows = _ranked(cells[0])
    known, pixels = _dissected(cells[0]), _pixels(cells[0])
    pictures = []
    for row in rows[:_PICTURES]:
        pair = {name: column[row] for name, column in assembled.sample.companions.columns.items()}
        each = known.get(str(pair["agn"]))
        if each is None:
            continue
        band, pixel = each.fit.bands.index(each.reference), pixels[each.name]
        circles = []
        for source in (each.primary, str(pair["source"])):
            i = each.fit.sources.index(source)
            circles.append(
                Circle(
                    x=each.fit.x[i, band] + each.x0 - each.patch.x0,
                    y=each.fit.y[i, band] + each.y0 - each.patch.y0,
                    radius=_CIRCLE / pixel,
                    dashed=source != each.primary,
                )
            )
        said = f"z {pair['redshift']:.2f}\n{pair['separation']:.1f} kpc\nP {weighed.number[row]:.2f}"
        pictures.append(
            SkyPicture(
                title=str(pair["name"]),
                caption=said + ("\ndual" if pair["dual"] == 1 else ""),
                red=np.asarray(each.patch.red, dtype=float),
                green=np.asarray(each.patch.green, dtype=float),
                blue=np.asarray(each.patch.blue, dtype=float),
                pixel=pixel,
                circles=tuple(circles),
            )
        )
    draw_gallery(figure, pictures)


def _redshifts(cells: Sequence[CellResult], figure: Any) -> None:
    assembled, weighed, rows = _ranked(cells[0])
    agn, companions = assembled.sample.agn, assembled.sample.companions
    assert agn.redshifts is not None
    assert companions.redshifts is not None
    panels = []
    for row in rows[:_PANELS]:
        owner = int(assembled.sample.owner[row])
        panels.append(
            RedshiftPanel(
                title=str(companions["name"][row]),
                caption=f"{weighed.number[row]:.2f}",
                z=weighed.z,
                cells={
                    "AGN": agn.redshifts.cells[owner],
                    "companion": companions.redshifts.cells[row],
                    "pair": weighed.cells[row],
                },
                spec=float(agn["z_spec"][owner]),
            )
        )
    draw_redshifts(figure, panels)


def _spectra(cells: Sequence[CellResult], figure: Any) -> None:
    cell = cells[0]
    assembled, weighed, rows = _ranked(cell)
    study, spectra = cell.study, cell.results["spectra"]
    assert isinstance(spectra, SampleSpectra)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FaintskyWarning)  # the fits have said it already
        templates = study.sed_libraries.load(Context())
    panels = []
    for row in rows[:_PANELS]:
        name = str(assembled.sample.companions["name"][row])
        i = spectra.nuclei.names.index(name)
        curves: dict[str, tuple[Any, Any]] = {}
        if np.isfinite(spectra.nuclei.chi2[i]).all():
            alone, with_agn = (
                best_spectrum(spectra.nuclei, i, model, templates, study.cosmologies, study.spectra)
                for model in ("stars", "stars+agn")
            )
            curves = {
                "stars alone": (alone.wavelength, alone.total),
                "stars and AGN": (with_agn.wavelength, with_agn.total),
                "its AGN": (with_agn.wavelength, with_agn.components["agn"]),
            }
        panels.append(
            SedPanel(
                title=name,
                caption=f"delta BIC {spectra.nuclei.delta_bic[i]:.1f}\nP {weighed.number[row]:.2f}",
                wavelength=np.array([band.pivot for band in spectra.photometry.bands]),
                flux=spectra.photometry.flux[i],
                error=spectra.photometry.error[i],
                curves=curves,
            )
        )
    draw_seds(figure, panels)


def _decomposition(cells: Sequence[CellResult], figure: Any) -> None:
    assembled, _, rows = _ranked(cells[0])
    known, pixels = _dissected(cells[0]), _pixels(cells[0])
    if not rows.size:
        raise LookupError("there is no pair to show yet")
    each = known[str(assembled.sample.companions["agn"][rows[0]])]
    shown = [each.primary, str(assembled.sample.companions["source"][rows[0]])]
    names = [f"{full_name(each.name, source)} {part}" for source, part in each.fit.components]
    draw_decomposition(
        figure,
        [
            DecomposedBand(
                name=name,
                values=np.asarray(band.values, dtype=float),
                sigma=np.asarray(band.sigma, dtype=float),
                components=dict(zip(names, np.asarray(band.components, dtype=float), strict=True)),
                centres={
                    full_name(each.name, source): (float(each.fit.x[i, b]), float(each.fit.y[i, b]))
                    for source, i in ((source, each.fit.sources.index(source)) for source in shown)
                },
                pixel=pixels[each.name],
            )
            for b, (name, band) in enumerate(each.bands.items())
        ],
    )


def _photo_z(cells: Sequence[CellResult], figure: Any) -> None:
    assembled: Assembled | None = cells[0].results.get("pairs")
    redshifts: SampleRedshifts | None = cells[0].results.get("redshifts")
    if assembled is None or redshifts is None:
        raise LookupError("no redshift is estimated yet")
    agn = assembled.sample.agn
    spec, phot = agn["z_spec"], agn["z_phot"]
    known = np.isfinite(spec) & np.isfinite(phot)
    if not known.any():
        raise LookupError("no AGN has a spectroscopic redshift")
    figure.set_size_inches(4.6, 4.4)
    ax = figure.subplots()
    ax.plot(spec[known], phot[known], "o", ms=3.5, alpha=0.8)
    end = 1.1 * float(max(spec[known].max(), phot[known].max()))
    line = np.array([0.0, end])
    for slope, style in ((0.0, "-"), (0.15, "--"), (-0.15, "--")):
        ax.plot(line, line + slope * (1 + line), style, color="#7a7f87", lw=0.8, zorder=0)
    ax.set_xlim(0, end)
    ax.set_ylim(0, end)
    ax.set_xlabel("spectroscopic redshift")
    ax.set_ylabel("photometric redshift (median)")
    if redshifts.comparison is not None:
        found = redshifts.comparison
        rows = zip(found.high, found.number, found.sigma_nmad, found.outlier_fraction, strict=True)
        said = [f"< {high:g} mag: {n:.0f}, scatter {s:.3f}, outliers {100 * o:.0f} %" for high, n, s, o in rows if n]
        ax.text(0.03, 0.97, "\n".join(said), transform=ax.transAxes, va="top", fontsize=7)


def _separations(cells: Sequence[CellResult], figure: Any) -> None:
    assembled, weighed, rows = _ranked(cells[0])
    if not rows.size:
        raise LookupError("there is no pair to show yet")
    apart = np.asarray(assembled.sample.companions["separation"][rows], dtype=float)
    dual = assembled.sample.companions["dual"][rows] == 1
    edges = np.linspace(0, max(float(np.ceil(apart.max())), 1.0), 9)
    figure.set_size_inches(5.4, 3.6)
    ax = figure.subplots()
    chance = weighed.number[rows]
    ax.hist(apart, edges, histtype="step", color="#7a7f87", lw=1.2, label="all projected pairs")
    ax.hist(apart, edges, weights=chance, histtype="step", color="#0072B2", lw=1.6, label="real pairs (probability)")
    ax.hist(apart, edges, weights=chance * dual, histtype="stepfilled", color="#D55E00", alpha=0.35, label="real dual AGN")
    ax.set_xlabel("projected separation [kpc]")
    ax.set_ylabel("pairs")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=3, fontsize=8)


def _fractions(cells: Sequence[CellResult], figure: Any) -> None:
    """All pairs and pairs of two AGN, a panel each."""
    panels = []
    for kind, title in (("pair", "all pairs"), ("dual", "pairs of two AGN")):
        points: dict[str, Points] = {}
        for cell in cells:
            summary: Summary | None = cell.results.get("summary")
            if summary is not None:
                points[cell.name if len(cells) > 1 else "this sample"] = _measured(summary, kind)
        first: Summary | None = cells[0].results.get("summary")
        for name in dict.fromkeys(other.name for other in first.others) if first is not None else ():
            assert first is not None
            rows = [other for other in first.others if other.name == name and other.what == kind]
            if rows:
                z, y, low, high = (np.array([getattr(row, key) for row in rows]) for key in ("z", "fraction", "low", "high"))
                low, high = np.where(np.isnan(low), y, low), np.where(np.isnan(high), y, high)
                points[name] = Points(
                    x=z, width=np.zeros(len(z)), y=100 * y, low=100 * low, high=100 * high, limit=np.zeros(len(z), dtype=bool)
                )
        panels.append(Panel(title=title, points=points))
    draw_panels(figure, panels, "redshift", "fraction of AGN [per cent]", log=False)


def _measured(summary: Summary, kind: str) -> Points:
    found = summary.fractions[kind]
    low, high = found.edges[:-1], found.edges[1:]
    fraction = 100 * found.fraction[:-1]
    # Where not even half a pair is, the upper end is all that is known.
    few = found.pairs[:-1] < 0.5
    return Points(
        x=0.5 * (low + high),
        width=0.5 * (high - low),
        y=np.where(few, np.nan, fraction),
        low=100 * found.binomial_low[:-1],
        high=np.where(found.parents[:-1] > 0, 100 * found.binomial_high[:-1], np.nan),
        limit=few,
    )
