"""Thresholds, area curves and apertures of X-ray images, against the straightforward ways.

    python benchmarks/sensitivity.py [SIDE]

An image of SIDE x SIDE pixels (default 1000) with a vignetted exposure and a PSF that widens off the axis. CPU seconds of the
best of several turns in one process with one BLAS thread. Goals stand in the table; the exit code is 1 where one is missed.

The threshold of a pixel is looked up among the backgrounds at which each L takes over; the straightforward way makes the table of
P(>= L | b) of the pixel and takes the first L below. The area curve for 40 rates sums over cells of pixels, with its own check of
the error; the straightforward way sums over pixels, of which every 10th is timed and the time multiplied. The error is against
the sum over all pixels, at 8 of the rates. Apertures and the blind search are timed alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import attrs
import numpy as np
from goals import missed
from scipy.special import gammainc
from threadpoolctl import threadpool_limits

from faintsky.core.context import Context
from faintsky.core.registry import make
from faintsky.core.threshold_counts import threshold_counts
from faintsky.core.xray_image import EefMap, XrayImage
from faintsky.estimators.detections.photometry import photometry
from faintsky.estimators.detections.sensitivity import sensitivity
from faintsky.testing.detections import SimulatedSky

THRESHOLD, EVERY = 4e-6, 10


def best(function: Callable[[], object], turns: int = 5) -> float:
    """Least CPU seconds over several turns."""
    times = []
    for _ in range(turns):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def tables(background: np.ndarray) -> np.ndarray:
    """L of each pixel from the table of its probabilities."""
    most = int(threshold_counts([background.max()], THRESHOLD)[0])
    tail = gammainc(np.arange(1.0, most + 1), background[:, None])
    return 1 + np.argmax(tail <= THRESHOLD, axis=1)


def image(side: int) -> XrayImage:
    """Sources, a background map, and a PSF that is three times as wide at the rim."""
    sky, rng = SimulatedSky(side=side, vignetting=0.45), np.random.default_rng(0)
    number = side**2 // 8000
    x, y = rng.uniform(20, side - 20, (2, number))
    plain = sky.image(x, y, 10 ** rng.uniform(-7, -5.5, number), rng)
    row, column = np.indices(plain.grid.shape) - 0.5 * (side - 1)
    wide = 1 + 2 * (row**2 + column**2) / (0.5 * side**2)
    radii = EefMap(radii={eef: radius * wide for eef, radius in sky.psf.radii.items()})
    return attrs.evolve(plain, background=sky.background_map, psf=radii)


def main(side: int) -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    made = image(side)
    whole = sensitivity(made, THRESHOLD)
    log_rates = np.linspace(-7.5, -5.5, 40)
    rates = 10**log_rates
    part = attrs.evolve(whole, **{n: getattr(whole, n)[::EVERY] for n in ("counts", "background", "exposure")})
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, side - 1, (2, 1_000_000))
    plain = attrs.evolve(made, psf=SimulatedSky(side=side).psf, background=None)
    cases: dict[str, Callable[[], object]] = {
        "threshold map": lambda: threshold_counts(whole.background, THRESHOLD),
        "area curve of 40 rates": lambda: whole.area_curve(log_rates),
        "apertures of all pixels": lambda: sensitivity(made, THRESHOLD),
        "photometry of 1e6 galaxies": lambda: photometry(made, x, y),
        "blind search": lambda: make("detections", "blind").detect({"band": plain}, Context()),
    }
    took = {name: best(case, 3) for name, case in cases.items()}
    took["threshold map, per-pixel tables"] = EVERY * best(lambda: tables(whole.background[::EVERY]), 3)
    took["area curve of 40 rates, pixel by pixel"] = EVERY * best(lambda: part.area(rates), 2)
    print(f"{side} x {side} pixels, thresholds {whole.counts.min()} to {whole.counts.max()} counts\n")
    for name, seconds in took.items():
        print(f"{name:<42}{1e3 * seconds:>12.1f} ms")
    curve = whole.area_curve(log_rates)
    some = slice(2, None, 5)
    direct = whole.area(rates[some])
    matters = direct > 0.01 * direct.max()
    error = float(np.abs(curve.area[some] / direct - 1)[matters].max())
    same = bool(np.all(tables(whole.background[::EVERY]) == part.counts))
    goals = [
        ("threshold map, times as fast", took["threshold map, per-pixel tables"] / took["threshold map"], ">=", 20),
        ("thresholds that differ", float(not same), "<=", 0),
        ("area curve, times as fast", took["area curve of 40 rates, pixel by pixel"] / took["area curve of 40 rates"], ">=", 10),
        ("its error where the area is above 1 %", error, "<=", 1e-3),
        ("  as it states itself", curve.relative_error, "<=", 1e-3),
    ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
