"""What photometric redshifts do to a luminosity function at z > 3:  python benchmarks/photo_z.py [SURVEYS] [FIGURE]

Surveys of 20, 1.35 and 0.12 deg2 are drawn from Ueda et al. (2014) at 0.01 < z < 5; 45 per cent of the sources have photometric
redshifts with an error of 0.05 (1 + z), and 8 per cent of these lie anywhere. Densities over the true ones: in bins that
count points, share sources out by p(z), or by p(z) and the model; and of fits of the norm and the decline at high redshift.
"""

from __future__ import annotations

import sys
import warnings

import attrs
import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.parameter import at, values_of
from faintsky.core.registry import make
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.expected_counts import ExpectedCounts
from faintsky.estimators.binned_luminosity_functions.placed_sources import placed
from faintsky.estimators.populations.fisher_scoring import fisher_scoring

FIELDS = ((20.0, -13.9), (1.35, -14.8), (0.12, -15.7))
BINS = LuminosityBins(z=[3, 4, 5], log_l=[44.0, 44.5, 45.0, 45.5])
FLAT = make("cosmologies", "flat", h0=70.0, omega_m0=0.3)
TRUTH = make("luminosity_functions", "ldde2", published="ueda14")
Z, LOG_L = (0.01, 5.0), (41.5, 46.5)
#: Any number would do: it cancels.
ERG_PER_PHOTON = 4.2e-9
FREE = ("log_norm", "p3")
HELD = {name: float(value) for name, value in values_of(TRUTH).items() if name not in FREE}
MODEL = make("luminosity_functions", "ldde2", published="ueda14", fixed=HELD)
START = np.array([float(values_of(TRUTH)[name]) for name in FREE])


def survey(seed: int, *, counts: bool = False) -> SurveySet:
    """The three fields; their redshift densities allow for the outliers."""
    photo_z = make("source_samples", "simulated", population=TRUTH, cosmology=FLAT).photo_z
    photo_z = type(photo_z)(spectroscopic=0.55, sigma=0.05, outliers=0.08, failures=0.0, z_max=6.0)
    samples = {}
    for area, log_x50 in FIELDS:
        source = make(
            "source_samples", "simulated", population=TRUTH, cosmology=FLAT, area=area, log_x50=log_x50, z=Z,
            log_l=LOG_L, photo_z=photo_z, counts=counts, sky=f"{area:g} deg2",
        )  # fmt: skip
        made = source.load(Context(seed=seed))
        samples[f"{area:g} deg2"] = as_rates(made) if counts else made
    return SurveySet(samples=samples)


def as_rates(sample: SourceSample) -> SourceSample:
    """The same sample with its brightness in photons: counts are compared with rates."""
    shift = np.log10(ERG_PER_PHOTON)
    assert sample.photometry is not None
    return attrs.evolve(
        sample,
        log_x=sample.log_x - shift,
        area=attrs.evolve(sample.area, log_x=sample.area.log_x - shift, quantity="rate"),
        conversion=attrs.evolve(sample.conversion, log_factor=sample.conversion.log_factor + shift, quantity="rate"),
        photometry=attrs.evolve(sample.photometry, exposure=sample.photometry.exposure * ERG_PER_PHOTON),
    )


def fitted(surveys: SurveySet, rule: str) -> np.ndarray:
    """phi of the fit over the true one at the centres of the bins."""
    # Points leave the range that the sources were drawn from; densities and counts need not.
    ranges = ((0.001, 6.0), (36.0, 47.5)) if rule == "point" else (Z, LOG_L)
    like = make("likelihoods", rule, z_range=ranges[0], log_l_range=ranges[1]).bind(surveys, MODEL, Context())
    best = at(MODEL, fisher_scoring(like, START, np.array([0.01, 0.1])).theta)
    places = BINS.log_l_centre[None, :], BINS.z_centre[:, None]
    return np.exp(best.log_density(*places) - TRUTH.log_density(*places))


def ratios(seed: int) -> dict[str, np.ndarray]:
    """Density over the true one in each bin, by what was done about redshifts."""
    surveys = survey(seed)
    expected = ExpectedCounts.of(surveys, BINS, TRUTH).counts(TRUTH)
    true = np.concatenate([s.table["z_true"] for s in surveys.samples.values()])
    log_l = np.concatenate([s.log_l(s.table["z_true"]) for s in surveys.samples.values()])
    found = {"true redshifts": BINS.counts(log_l, true) / expected}
    for name in ("point", "pdf", "posterior"):
        found[f"bins, {name}"] = placed(surveys, BINS, name, TRUTH).counts(BINS) / expected
    found["fit, point"] = fitted(surveys, "point")
    found["fit, pdf"] = fitted(surveys, "pdf")
    found["fit, counts-pdf"] = fitted(survey(seed, counts=True), "counts-pdf")
    return found


def draw(mean: dict[str, np.ndarray], error: dict[str, np.ndarray], path: str) -> None:
    """Mean ratios of all surveys, with the error of the mean."""
    from matplotlib.figure import Figure

    from faintsky.report.style import COLOURS, GUIDE, MARKERS, styled

    with styled():
        figure = Figure(figsize=(7.4, 3.9), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for row, ax in enumerate(axes):
            ax.axhline(1, color=GUIDE, lw=0.8)
            for i, name in enumerate(mean):
                x = BINS.log_l_centre + 0.05 * (i - 0.5 * (len(mean) - 1))
                ax.errorbar(x, mean[name][row], yerr=error[name][row], fmt=MARKERS[i], color=COLOURS[i], label=name, lw=0.9)
            ax.set(title=f"z = {BINS.z_label(row)}", xlabel=r"$\log L_X$ [erg s$^{-1}$]", yscale="log")
        axes[0].set_ylabel("density over the true one")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4)
        figure.savefig(path, dpi=150)


def main(number: int, path: str) -> None:
    """Print the table, and draw it."""
    warnings.simplefilter("ignore", FaintskyWarning)
    every = []
    for seed in range(number):
        every.append(ratios(seed))
        print(f"survey {seed + 1} of {number}", flush=True)
    mean = {name: np.mean([r[name] for r in every], axis=0) for name in every[0]}
    error = {name: np.std([r[name] for r in every], axis=0, ddof=1) / np.sqrt(number) for name in every[0]}
    cells = [f"{BINS.z_label(i)}, {BINS.log_l[j]:g}-{BINS.log_l[j + 1]:g}" for i, j in np.ndindex(*BINS.shape)]
    print(f"{len(survey(0))} sources in the first")
    print(f"{'':18s} " + " ".join(f"{c:>16s}" for c in cells))
    for name, values in mean.items():
        said = " ".join(f"{v:8.3f} +- {e:5.3f}" for v, e in zip(values.ravel(), error[name].ravel(), strict=True))
        print(f"{name:18s} {said}")
    if path:
        draw(mean, error, path)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10, sys.argv[2] if len(sys.argv) > 2 else "")
