"""Expected numbers of sources in bins: faintsky against scipy's dblquad.

    python benchmarks/expected_counts.py

Nine bins (z = 4-5, 5-7, 7-10, log L = 44 to 45.5) of the LDDE of Georgakakis et al. (2015) over a 1.35 deg2 field whose area is a
normal distribution in log flux. CPU seconds of the best of several turns, in one process and with one BLAS thread. Both know
distances and volumes from tables. dblquad integrates numbers in plain Python, with math functions, cubic splines and the analytic
area, to a relative 1e-6; faintsky evaluates the model at fixed points, with weights that were made before. Goals stand in the
table; the exit code is 1 where one is missed. Making the weights, and a batch of 100 models, stand beside it.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from goals import missed
from scipy.integrate import dblquad
from scipy.interpolate import CubicSpline
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.comoving_volume import comoving_volume, log_luminosity_area
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.parameter import at, free_parameters
from faintsky.core.registry import make
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.expected_counts import ExpectedCounts

COSMOLOGY = make("cosmologies", "flat", h0=70, omega_m0=0.3)
MODEL = make("luminosity_functions", "ldde-highz", published="georgakakis15")
BINS = LuminosityBins(z=[4, 5, 7, 10], log_l=[44, 44.5, 45, 45.5])
AREA, MIDDLE, WIDTH, BATCH = 1.35, -14.8, 0.25, 100


def field() -> SourceSample:
    """The field, its area curve in steps of 0.00025 dex, its conversion at 3000 redshifts."""
    log_x = MIDDLE + np.linspace(-6, 6, 12001) * WIDTH
    z = np.expm1(np.linspace(np.log1p(3.9), np.log1p(10.1), 3000))
    band = Band(2, 10)
    return SourceSample(
        log_x=[],
        z=[],
        area=AreaCurve(log_x=log_x, area=AREA * ndtr((log_x - MIDDLE) / WIDTH), quantity="flux", band=band),
        conversion=BrightnessConversion(
            z=z, log_factor=log_luminosity_area(COSMOLOGY, z) - 0.1 * np.log10(1 + z), quantity="flux", band=band, rest_band=band
        ),
        cosmology=COSMOLOGY,
        spectroscopic=np.zeros(0, dtype=bool),
        name="benchmark",
    )


def by_dblquad(tolerance: float) -> np.ndarray:
    """The nine numbers, integrated one by one."""
    z = np.linspace(3.9, 10.1, 2000)
    volume, factor = (
        CubicSpline(z, values)
        for values in (comoving_volume(COSMOLOGY, z), log_luminosity_area(COSMOLOGY, z) - 0.1 * np.log10(1 + z))
    )
    norm, star, faint, bright, q, beta = (
        getattr(MODEL, name) for name in ("log_norm", "log_l_star", "gamma1", "gamma2", "q", "beta")
    )

    def integrand(x: float, at_z: float) -> float:
        phi = 10**norm / (10 ** (faint * (x - star)) + 10 ** (bright * (x - star)))
        phi *= ((1 + at_z) / 4) ** (q + beta * (x - 44))
        return phi * volume(at_z) * AREA * 0.5 * math.erfc((MIDDLE - x + factor(at_z)) / WIDTH / math.sqrt(2))

    return np.array(
        [
            [dblquad(integrand, *z_bin, *l_bin, epsrel=tolerance, epsabs=0)[0] for l_bin in pairwise(BINS.log_l)]
            for z_bin in pairwise(BINS.z)
        ]
    )


def best(function: Callable[[], object], turns: int, loops: int) -> float:
    """Least CPU seconds of a call."""
    times = []
    for _ in range(turns):
        start = time.process_time()
        for _ in range(loops):
            function()
        times.append((time.process_time() - start) / loops)
    return min(times)


def main() -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    surveys = SurveySet.of(field())
    start = time.process_time()
    expected = ExpectedCounts.of(surveys, BINS)
    made = time.process_time() - start
    centre = np.array([getattr(MODEL, p.name) for p in free_parameters(MODEL)])
    many = at(MODEL, centre + 0.1 * np.random.default_rng(1).standard_normal((BATCH, centre.size)))
    took = {
        "dblquad, 1e-6": best(lambda: by_dblquad(1e-6), 3, 1),
        "faintsky": best(lambda: expected.counts(MODEL), 7, 50),
        "faintsky, each of 100 models": best(lambda: expected.counts(many), 5, 2) / BATCH,
        "weights, once": made,
    }
    print(f"{'nine bins':<34}{'CPU ms':>12}")
    for name, seconds in took.items():
        print(f"{name:<34}{1e3 * seconds:>12.3f}")
    goals = [
        ("rate over dblquad's", took["dblquad, 1e-6"] / took["faintsky"], ">=", 100),
        ("numbers differ by", float(np.abs(expected.counts(MODEL) / by_dblquad(1e-9) - 1).max()), "<=", 1e-6),
    ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main())
