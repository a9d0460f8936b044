"""ln L of a population with redshift densities, against a loop over sources with Simpson's rule.

    python benchmarks/populations.py

2000 sources with densities at 200 redshifts each (a Gaussian of 0.05 (1 + z) and 8 per cent of outliers), Ueda et al. (2014) with
nine free parameters, twelve draws near the truth. The reference is what is usually written: for each source the model along its
track, spline interpolations of factor and volume, `scipy.integrate.simpson`; and for the expected number one Simpson sum in
luminosity for each of 200 redshifts. CPU seconds of the best of several turns, the codes taking turns in one process with one
BLAS thread. Goals stand in the table; the exit code is 1 where one is missed.

The reference evaluates the same luminosity function. Its sum over fixed nodes makes ln L noisy, so that the error of ln L is
that of the data term, between the exact mode, the grid and the reference; the noise of the expected number stands beside it.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import attrs
import numpy as np
from goals import least_cpu, missed
from scipy.integrate import simpson
from scipy.interpolate import CubicSpline
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.context import Context
from faintsky.core.luminosity_integrals import sample
from faintsky.core.parameter import at, free_parameters, values_of
from faintsky.core.redshift import Redshifts
from faintsky.core.registry import make
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.models.conversions.power_law_flux import power_law_conversion

Z, LOG_L, POINTS, DRAWS, SOURCES = (0.01, 5.0), (41.5, 46.5), 200, 12, 2000
FREE = ("log_norm", "log_l_star", "gamma1", "gamma2", "p1", "b1", "zc1", "log_la1", "a1")
#: Scatter of the draws: about the errors of 2000 sources, if there were no correlations.
SIGMA = 0.5 * np.array([0.05, 0.03, 0.02, 0.07, 0.15, 0.17, 0.033, 0.026, 0.007])


def survey(model: object, rng: np.random.Generator) -> SourceSample:
    """Two thousand sources with densities on one grid."""
    flat, band = make("cosmologies", "flat", h0=70, omega_m0=0.3), Band(2, 10)
    flux = power_law_conversion(1.9, band, band, flat)
    x = np.linspace(-16.05, -13.55, 251)
    area = AreaCurve(log_x=x, area=1.35 * ndtr((x + 14.8) / 0.25), quantity="flux", band=band)
    log_l, z = sample(
        model, lambda a, b: area.at(flux.log_x(a, b)), z_range=Z, log_l_range=LOG_L, cosmology=flat, rng=rng
    )  # fmt: skip
    log_l, z = log_l[:SOURCES], z[:SOURCES]
    grid = np.expm1(np.linspace(np.log1p(Z[0]), np.log1p(Z[1]), POINTS))
    sigma = 0.05 * (1 + z)[:, None]
    pdf = 0.92 * np.exp(-0.5 * ((grid - z[:, None]) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi)) + 0.08 / (Z[1] - Z[0])
    pdf /= np.trapezoid(pdf, grid, axis=1)[:, None]
    known = Redshifts.from_pdf(grid, pdf, values="density")
    return SourceSample(log_x=flux.log_x(log_l, z), z=z, area=area, conversion=flux, cosmology=flat, redshifts=known)


def reference(data: SourceSample) -> tuple[Callable[[object], float], Callable[[object], float]]:
    """Data term and expected number, as loops."""
    grid = np.asarray(data.redshifts.z)
    density = np.gradient(data.redshifts.cdf, grid, axis=1)
    fine = np.geomspace(*Z, 2000)
    factor, volume = CubicSpline(fine, data.conversion.at(fine)), CubicSpline(fine, comoving_volume(data.cosmology, fine))

    def term(model: object) -> float:
        total = 0.0
        for x, p in zip(data.log_x, density, strict=True):
            log_l = x + factor(grid)
            phi = np.where((log_l > LOG_L[0]) & (log_l < LOG_L[1]), np.exp(model.log_density(log_l, grid)), 0.0)
            total += np.log(simpson(p * phi * volume(grid), x=grid))
        return total

    def number(model: object) -> float:
        log_l = np.linspace(*LOG_L, 201)
        rows = [
            simpson(np.exp(model.log_density(log_l, np.full(201, z))) * data.area.at(log_l - factor(z)), x=log_l) * volume(z)
            for z in grid
        ]
        return float(simpson(rows, x=grid))

    return term, number


def main() -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    warnings.simplefilter("ignore")
    values = values_of(make("luminosity_functions", "ldde2", published="ueda14"))
    fixed = {name: float(value) for name, value in values.items() if name not in FREE}
    model = make("luminosity_functions", "ldde2", published="ueda14", fixed=fixed)
    data = survey(model, np.random.default_rng(1))
    surveys = SurveySet.of(data)
    options = {"z_range": Z, "log_l_range": LOG_L}
    exact, grid = (make("likelihoods", "pdf", mode=mode, **options).bind(surveys, model, Context()) for mode in ("exact", "grid"))
    truth = np.array([values[p.name] for p in free_parameters(model)])
    theta = truth + SIGMA * np.random.default_rng(2).standard_normal((DRAWS, truth.size))
    term, number = reference(data)
    models = [at(model, row) for row in theta]
    took = least_cpu(
        {
            "loop, data term": lambda: term(model),
            "loop, expected number": lambda: number(model),
            "exact, ln L": lambda: exact.log_likelihood(theta[:1]),
            "grid, ln L": lambda: grid.log_likelihood(theta[:1]),
            "exact, data term": lambda: exact.sources.total(models[0]),
            "grid, data term": lambda: grid.sources.total(models[0]),
            "expected number": lambda: exact.expected.of(models[0]),
        },
        7,
    )
    start = time.process_time()
    attrs.evolve(make("likelihoods", "pdf", **options), mode="grid").bind(surveys, model, Context())
    took["binding to the grid, once"] = time.process_time() - start
    print(f"{len(data)} sources, {exact.sources.z.size} nodes, grid of {grid.rule.grid[0]} x {grid.rule.grid[1]}\n")
    print(f"{'':<28}{'CPU ms':>10}")
    for name, seconds in took.items():
        print(f"{name:<28}{1e3 * seconds:>10.2f}")
    by_loop, by_exact, by_grid = (
        np.array([f(m) for m in models]) for f in (term, exact.sources.total, grid.sources.total)
    )  # fmt: skip
    fine = attrs.evolve(exact.expected, nodes=4 * exact.expected.nodes)
    loop_noise, own_noise = (np.std([f(m) - fine.of(m) for m in models]) for f in (number, exact.expected.of))
    print(f"\nexpected number: noise {loop_noise:.2g} in the loop, {own_noise:.2g} here")
    print(f"data term of the loop against the exact one: {np.ptp(by_loop - by_exact):.2g} between draws")
    loop = took["loop, data term"] + took["loop, expected number"]
    goals = [
        ("exact ln L, times the loop", loop / took["exact, ln L"], ">=", 10),
        ("grid ln L, times the loop", loop / took["grid, ln L"], ">=", 50),
        ("grid, ln L differs between draws", float(np.ptp(by_grid - by_exact)), "<", 0.1),
        ("expected number, noise", float(own_noise), "<", 0.02),
    ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main())
