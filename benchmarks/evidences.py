"""Bayes factors of dual against single sources, against nestle with 100 live points and a Python loop over photons.

    python benchmarks/evidences.py

The reference is what is usually written: a loop over photons with `math`, the two King profiles spelled out, in nestle with
ellipsoids around 100 live points. The problems and their true evidences are those of ``photon_problems.json``. CPU seconds
with one BLAS thread, in one process; goals stand in the table, and the exit code is 1 where one is missed.

*Per call*: 100 photons of one observation; loop and faintsky take turns, faintsky with 1000 parameter vectors in one call, in
numpy and compiled. *Bayes factor*: nestle runs in full with the loop. Its number of calls differs between seeds by factors and
a run may stall, so that it is stopped at a limit of calls and counts with what it had used. faintsky's time holds binding and
the two repeats that check each other. *Campaign*: twelve simulated single sources with 50 to 700 counts and 1 to 10
observations, half of them with less than 100 counts, stand for 62 sources with 100 simulations each.
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from unittest.mock import patch

import nestle
import numpy as np
from goals import Goal, least_cpu, missed
from photon_problems import HALF, MEAN, REACH, SIGMA, Problem, photon_set, reference, simulated, stored
from scipy.special import ndtr, ndtri
from threadpoolctl import threadpool_limits

from faintsky.core.context import Context
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import Place
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC

ONE, FIVE = "single-1", "single-5"
BATCH, LIVE, CALLS, SOURCES, SIMULATIONS = 1000, 100, 1_500_000, 62, 100
LOW, HIGH = (float(ndtr((end - MEAN) / SIGMA)) for end in (-3, 0))


def constants(box: PhotonBox) -> list[tuple[float, ...]]:
    """Of each photon: position, axes of the ellipse, norms and squared radii of core and wings.

    The norms hold the light inside the box of a source in its middle, which is good enough for a user.
    """
    side = (np.arange(-HALF, HALF, 0.05) + 0.025) * ARCSEC
    rows: dict[float, tuple[float, ...]] = {}
    for energy in set(box.energy.tolist()):
        psf = make("psfs", "two-king").placed(Place(off_axis=box.place.off_axis, azimuth=box.place.azimuth, energy=energy))
        inside = float(psf.density(side[:, None], side).sum()) * (0.05 * ARCSEC) ** 2
        (core, inner), (wing, outer) = psf.parts
        ratio, angle = psf.ellipse
        r1, r2, root = (inner.core / ARCSEC) ** 2, (outer.core / ARCSEC) ** 2, math.sqrt(ratio)
        norms = core * (inner.slope - 1) / (math.pi * r1 * inside), wing * (outer.slope - 1) / (math.pi * r2 * inside)
        rows[energy] = (root * math.cos(angle), root * math.sin(angle), ratio**2, *norms, 1 / r1, 1 / r2)
    return [(float(x), float(y), *rows[float(e)]) for x, y, e in zip(box.x, box.y, box.energy, strict=True)]


def two_king(dx: float, dy: float, a: float, b: float, square: float, core: float, wing: float, r1: float, r2: float) -> float:
    """Density of a photon at this offset from its source."""
    u, v = a * dx + b * dy, a * dy - b * dx
    rho2 = u * u + v * v / square
    return core * (1 + rho2 * r1) ** -3.0 + wing * (1 + rho2 * r2) ** -1.75


def loop(source: PhotonSet) -> Callable[[np.ndarray], float]:
    """ln L as users write it, of the parameters of faintsky's likelihood; one or two sources by their number."""
    observations = [constants(box) for box in source.observations]
    area, shifts = source.box.area, 2 * (len(observations) - 1)

    def log_likelihood(theta: np.ndarray) -> float:
        dual = len(theta) - shifts == 6
        x1, y1 = float(theta[0]), float(theta[1])
        fb, f = 10 ** float(theta[4 if dual else 2]), 0.0
        if dual:
            x2, y2, f = float(theta[2]), float(theta[3]), 10 ** float(theta[5])
        flat = fb / (1 + fb) / area
        w1 = 1 / ((1 + fb) * (1 + f))
        w2 = f * w1
        total, first = 0.0, len(theta) - shifts - 2
        for k, photons in enumerate(observations):
            sx, sy = (float(theta[first + 2 * k]), float(theta[first + 2 * k + 1])) if k else (0.0, 0.0)
            for x, y, a, b, square, core, wing, r1, r2 in photons:
                density = flat + w1 * two_king(x - x1 - sx, y - y1 - sy, a, b, square, core, wing, r1, r2)
                if dual:
                    density += w2 * two_king(x - x2 - sx, y - y2 - sy, a, b, square, core, wing, r1, r2)
                total += math.log(density)
        return total

    return log_likelihood


def transform(dimensions: int, dual: bool) -> Callable[[np.ndarray], np.ndarray]:
    """The priors as nestle takes them."""
    places = 4 if dual else 2
    low, high = np.full(dimensions, -REACH), np.full(dimensions, REACH)
    low[:places], high[:places] = -HALF, HALF
    if dual:
        low[5], high[5] = -4, 4

    def prior(u: np.ndarray) -> np.ndarray:
        theta = low + (high - low) * u
        theta[places] = MEAN + SIGMA * ndtri(LOW + u[places] * (HIGH - LOW))
        return theta

    return prior


def nested(
    log_likelihood: Callable[[np.ndarray], float], dimensions: int, dual: bool, seed: int
) -> tuple[float, float, int, float]:
    """ln Z, its quoted error, calls and CPU seconds of nestle; ln Z is NaN where it was stopped."""
    calls = 0

    class StoppedError(Exception):
        pass

    def counted(theta: np.ndarray) -> float:
        nonlocal calls
        calls += 1
        if calls > CALLS:
            raise StoppedError
        return log_likelihood(theta)

    start = time.process_time()
    try:
        options = {"npoints": LIVE, "method": "multi", "dlogz": 0.1, "rstate": np.random.RandomState(seed)}
        # It prints what a likelihood raises, the limit too.
        with redirect_stderr(StringIO()):
            found = nestle.sample(counted, transform(dimensions, dual), dimensions, **options)
        log_z, error = float(found.logz), float(found.logzerr)
    except StoppedError:
        log_z = error = float("nan")
    return log_z, error, calls, time.process_time() - start


def factorised(source: PhotonSet, seed: int) -> tuple[list[float], list[float], list[str], float]:
    """ln Z of single and dual source, their errors and states, and CPU seconds from photons to evidences."""
    start, found = time.process_time(), []
    for number in (1, 2):
        rule = make("likelihoods", "photon-mixture", background_mean=MEAN)
        likelihood = rule.bind(source, PointSources(number=number, psf=make("psfs", "two-king")), Context())
        found.append(make("samplers", "factorised").run(likelihood, Context(seed=seed)))
    took = time.process_time() - start
    return [p.log_z for p in found], [p.log_z_error for p in found], [p.status for p in found], took


def per_call(source: PhotonSet) -> list[Goal]:
    """Time of a call of the loop and of faintsky with one and two sources, and the goals."""
    print(f"\nlikelihood, {len(source)} photons in {len(source.observations)} observations, us per call")
    print(f"{'':<8}{'loop':>10}{'numpy':>10}{'compiled':>10}{'largest difference of ln L from the loop, near the peak':>60}")
    slow, goals = loop(source), []
    for number in (1, 2):
        rule = make("likelihoods", "photon-mixture", background_mean=MEAN)
        likelihood = rule.bind(source, PointSources(number=number, psf=make("psfs", "two-king")), Context())
        rng = np.random.default_rng(number)
        theta = likelihood.prior_transform(rng.random((BATCH, likelihood.ndim)))
        theta[:, : 2 * number] = rng.normal(0, 0.5, (BATCH, 2 * number))
        theta[:, 2 * number + number :] = rng.normal(0, 0.3, theta[:, 3 * number :].shape)

        def in_numpy(likelihood: object = likelihood, theta: np.ndarray = theta) -> object:
            folder = "faintsky.estimators.photons"
            with (
                patch(f"{folder}.mixture_kernel.compiled", lambda: None),
                patch(f"{folder}.contained_light.compiled", lambda: None),
            ):
                return likelihood.log_likelihood(theta)  # type: ignore[attr-defined]

        few = theta[:100]
        by_loop = np.array([slow(row) for row in few])
        apart = np.abs(by_loop - likelihood.log_likelihood(theta)[:100]).max()
        peers = {
            "loop": lambda few=few: [slow(row) for row in few],
            "numpy": in_numpy,
            "compiled": lambda likelihood=likelihood, theta=theta: likelihood.log_likelihood(theta),
        }
        took = least_cpu(peers, 5)
        us = [1e6 * took["loop"] / 100, 1e6 * took["numpy"] / BATCH, 1e6 * took["compiled"] / BATCH]
        name = {1: "single", 2: "dual"}[number]
        print(f"{name:<8}{us[0]:>10.1f}{us[1]:>10.1f}{us[2]:>10.2f}{apart:>60.3f}")
        if len(source.observations) == 1:
            goals += [
                (f"{name} call, compiled, times the loop", us[0] / us[2], ">=", 25),
                (f"{name} call, numpy", us[0] / us[1], ">=", 4),
            ]
    return goals


def bayes_factor(name: str, wanted: float) -> list[Goal]:
    """One Bayes factor by both, against the reference."""
    problem = stored()[name]
    source = photon_set(name, problem)
    truth = {model: reference(problem, model)[0] for model in ("single", "dual")}
    goals, slow, k = per_call(source), loop(source), len(source.observations)
    print(f"\n{name}: ln Z by the reference: " + ", ".join(f"{model} {value:.3f}" for model, value in truth.items()))
    print(f"{'':<22}{'ln Z - reference':>24}{'calls':>10}{'CPU s':>10}")
    took, ln = 0.0, []
    for number, (model, value) in enumerate(truth.items(), 1):
        log_z, error, calls, cpu = nested(slow, 3 * number + 2 * (k - 1), number == 2, seed=1)
        took += cpu
        ln.append(log_z)
        result = f"{log_z - value:+.2f} +- {error:.2f}" if np.isfinite(log_z) else "stopped"
        print(f"nestle, {model:<14}{result:>24}{calls:>10}{cpu:>10.1f}", flush=True)
    log_z, errors, states, own = factorised(source, seed=1)
    for model, one, error, state in zip(truth, log_z, errors, states, strict=True):
        print(f"factorised, {model:<10}{f'{one - truth[model]:+.3f} +- {error:.3f}':>24}{'':>10}{'':>10}  {state}")
    print(f"factorised, both{own:>50.2f}")
    off = abs(log_z[1] - log_z[0] - truth["dual"] + truth["single"])
    print(
        f"ln of the Bayes factor: reference {truth['dual'] - truth['single']:.3f}, factorised {log_z[1] - log_z[0]:.3f}, ", end=""
    )
    print(f"nestle {ln[1] - ln[0]:.2f}")
    return [*goals, (f"Bayes factor, K = {k}, times nestle", took / own, ">=", wanted), (f"its error, K = {k}", off, "<=", 0.15)]


def campaign(number: int) -> list[Goal]:
    """Simulated single sources as of a survey, and what all would take."""
    rng, times, counts = np.random.default_rng(8), [], []
    print(f"\ncampaign\n{'counts':>8}{'observations':>14}{'off axis':>10}{'CPU s':>8}{'ln BF':>16}  status")
    for i in range(number):
        n, k, off_axis = int(50 * 14 ** rng.random() ** 1.9), int(rng.integers(1, 11)), rng.uniform(0.5, 5)
        problem = Problem(
            name=f"{i}", observations=k, separation=0, ratio=0, counts=n, off_axis=(off_axis, off_axis), spread=True, step=0
        )
        source = photon_set(problem.name, simulated(problem, make("psfs", "two-king"), 1000 + i))
        log_z, errors, states, took = factorised(source, seed=i)
        times.append(took)
        counts.append(n)
        factor = f"{log_z[1] - log_z[0]:+.2f} +- {np.hypot(*errors):.2f}"
        print(f"{n:>8}{k:>14}{off_axis:>9.1f}'{took:>8.2f}{factor:>16}  {', '.join(states)}", flush=True)
    hours = float(np.mean(times)) * SOURCES * SIMULATIONS / 3600
    error = float(np.std(times, ddof=1)) / np.sqrt(number) * SOURCES * SIMULATIONS / 3600
    print(f"{SOURCES} sources with {SIMULATIONS} simulations each: {hours:.1f} +- {error:.1f} CPU hours")
    return [("campaign, CPU hours", hours, "<=", 8)]


def main() -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    warnings.simplefilter("ignore")
    # Compiling is paid once per machine: not the cost of a Bayes factor.
    factorised(photon_set(ONE, stored()[ONE]), seed=2)
    return missed([*bayes_factor(ONE, wanted=4), *bayes_factor(FIVE, wanted=100), *campaign(12)])


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main())
