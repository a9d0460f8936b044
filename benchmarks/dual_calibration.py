"""Calibration of Bayes factors of dual against single sources: parameters from the prior, exact photons, the whole pipeline.

    python benchmarks/dual_calibration.py draw ROWS.jsonl --observations 1 --seeds 0 400
    python benchmarks/dual_calibration.py report ROWS.jsonl

Each seed gives a single and a dual source. Their parameters are drawn from the prior of ``photon-mixture``, their photons from
its likelihood (`drawn_from_mixture`), and ``factorised`` integrates both evidences and ranks the true parameters among draws from
the posterior. Rows are appended to a file of JSON lines as they come; those that stand there are not computed again, and several
processes may share a file.

Sources stand anywhere in the box, at its edge too, where `check_photons` refuses to fit. That is a rule about data and no part of
the likelihood, so that it is left out here: the theorems hold for all draws from the prior. Rows say whether it would have
refused. Since that depends on the photons alone, reliability and ranks must hold for the others too; the same is true of the
status of a fit.

What must hold (dual_agn_and_pairs 3):

* P(BF > c | single) <= 1/c and P(1/BF > c | dual) <= 1/c for every c; the means of BF and of 1/BF there are 1. The mean of BF has
  a heavy tail and judges nothing; 1/BF is bounded.
* Where the numbers of singles and duals are the prior odds, among sources of equal probability P(dual) a share of that is dual.
  The mean distance (ECE) of ten bins of equal counts is not 0 by chance alone, so that it is compared with that of labels drawn
  from P itself. Errors of ln BF show best in logistic fits, logit P(dual) = b (ln(posterior odds) - a): a = 0 is the
  bias of ln BF with b = 1, and b = 1 the slope with a free.
* The rank of each true parameter among draws from its posterior is uniform (Talts et al. 2018, arXiv:1804.06788).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, expit

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.intervals import binomial_interval, binomial_limit
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import PSF, Place
from faintsky.core.registry import make
from faintsky.core.units import ARCMIN
from faintsky.estimators.photons.checked_photons import check_photons
from faintsky.models.photons.simulation import drawn_from_mixture

Array = NDArray[np.float64]
Row = dict[str, Any]

SEED = 1904
#: Off-axis angle [arcmin] and photons of each observation, by their number.
OBSERVATIONS = {1: ((2.0, 60),), 3: ((1.0, 30), (2.5, 20), (4.0, 10))}
SIDE, BACKGROUND = 20.0, -0.7
#: Posterior draws: their 100 possible ranks fill ten bins evenly.
DRAWS, BINS = 99, 10
LIMITS = (3.0, 10.0, 30.0)


# Draws from the prior.


def template(observations: int) -> PhotonSet:
    """Numbers and energies of photons, which the likelihood takes as given; the positions are replaced."""
    boxes = []
    for k, (off_axis, photons) in enumerate(OBSERVATIONS[observations]):
        # Even quantiles of a power law of photon index 1.7 from 0.7 to 6 keV.
        u = (np.arange(photons) + 0.5) / photons
        boxes.append(
            PhotonBox(
                x=np.zeros(photons),
                y=np.zeros(photons),
                energy=(0.7**-0.7 - u * (0.7**-0.7 - 6.0**-0.7)) ** (-1 / 0.7),
                box=Box.square(SIDE),
                place=Place(off_axis=off_axis * ARCMIN, azimuth=0.4 + k, observation=f"{k + 1:02d}"),
                exposure=1e3 * photons,
            )
        )
    return PhotonSet(name="calibration", observations=tuple(boxes))


def folded(theta: Array) -> Array:
    """Parameters of two sources in one observation or more, the one with more counts first, as ``factorised`` labels them."""
    if theta[5] <= 0:
        return theta
    return np.concatenate([theta[2:4], theta[:2], [theta[4], -theta[5]], theta[6:]])


def calibrated(observations: int, seed: int, truth: int, psf: PSF) -> Row:
    """One source with `truth` components: its evidences, and the ranks of its parameters."""
    rule, sampler = (
        make("likelihoods", "photon-mixture", background_mean=BACKGROUND),
        make("samplers", "factorised", samples=DRAWS),
    )
    models = {number: PointSources(number=number, psf=psf) for number in (1, 2)}
    rng = np.random.default_rng([SEED, observations, seed, truth])
    ctx = Context(seed=seed, task=f"{observations}:{truth}")
    with patch("faintsky.estimators.photons.photon_mixture.check_photons"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = rule.bind(template(observations), models[truth], ctx)
        theta = np.array([float(p.prior.rvs(rng)) for p in drawn.parameters])
        data = drawn_from_mixture(template(observations), theta, truth, psf, rng)
        start = time.process_time()
        found = {number: sampler.run(rule.bind(data, model, ctx), ctx) for number, model in models.items()}
        cpu = time.process_time() - start
        refused = ""
        try:
            check_photons(data, ctx)
        except DataError as error:
            refused = str(error)
    named = dict(zip(found[truth].names, theta if truth == 1 else folded(theta), strict=True))
    return {
        "observations": observations,
        "seed": seed,
        "truth": truth,
        "log_bf": found[2].log_z - found[1].log_z,
        "log_z": [one.log_z for one in found.values()],
        "errors": [one.log_z_error for one in found.values()],
        "status": [one.status for one in found.values()],
        "notes": [note for one in found.values() for note in one.notes],
        "refused": refused,
        "theta": named,
        "ranks": {name: int((found[truth].column(name) < value).sum()) for name, value in named.items()},
        "cpu": round(cpu, 3),
    }


def read(path: Path) -> list[Row]:
    """The rows that stand in a file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def draw(path: Path, observations: int, seeds: Sequence[int], truths: Sequence[int] = (1, 2)) -> None:
    """Append the rows that are missing."""
    psf = make("psfs", "two-king")
    done = {(row["observations"], row["seed"], row["truth"]) for row in read(path)}
    for seed in seeds:
        for truth in truths:
            if (observations, seed, truth) not in done:
                line = json.dumps(calibrated(observations, seed, truth, psf))
                with path.open("a") as file:
                    file.write(line + "\n")


# What the rows say.


@frozen(kw_only=True)
class Exceeded:
    """How often a Bayes factor against the truth is above a limit: a share of at most 1 / limit.

    Attributes
    ----------
    limit, share : float
    low, high : float
        95 % Clopper-Pearson interval of the share.
    violated : bool
        Whether the one-sided 99 % lower limit of the share is above 1 / limit.
    """

    limit: float
    share: float
    low: float
    high: float
    violated: bool

    @classmethod
    def of(cls, log_against: ArrayLike, limit: float) -> Exceeded:
        """Of ln BF of the wrong hypothesis against the true one, shape (n,)."""
        above = np.asarray(log_against) > np.log(limit)
        between = binomial_interval(above.sum(), above.size, level=0.95)
        lowest = binomial_limit(above.sum(), above.size, level=0.99).lower
        return cls(
            limit=limit,
            share=float(above.mean()),
            low=float(between.low),
            high=float(between.high),
            violated=bool(lowest > 1 / limit),
        )


@frozen(kw_only=True)
class Mean:
    """The mean of BF against the truth, whose expectation is 1, its standard error, and the largest one's part of it."""

    value: float
    error: float
    largest: float

    @classmethod
    def of(cls, log_against: ArrayLike) -> Mean:
        """Of ln BF of the wrong hypothesis against the true one, shape (n,)."""
        factor = np.exp(np.asarray(log_against, dtype=float))
        return cls(
            value=float(factor.mean()),
            error=float(factor.std(ddof=1) / np.sqrt(factor.size)),
            largest=float(factor.max() / factor.sum()),
        )


@frozen(kw_only=True, eq=False)
class Reliability:
    """Probabilities of being dual against the share that is.

    Attributes
    ----------
    probability, share : ndarray, shape (bins,)
        Mean probability and share of duals of each bin of equal counts.
    ece : float
        Mean distance of the two.
    chance : tuple of float
        Mean and 95 % quantile of the ECE of labels drawn from the probabilities themselves.
    p_value : float
        Share of such labels with an ECE at least as large.
    bias, slope : tuple of float
        Of logistic fits, each with its error: by how much ln BF is too high, 0 if it is right; how much too small all odds are in
        ln (slope above 1) or too large (below 1), where a bias is free too.
    """

    probability: Array
    share: Array
    ece: float
    chance: tuple[float, float]
    p_value: float
    bias: tuple[float, float]
    slope: tuple[float, float]

    @classmethod
    def of(cls, singles: ArrayLike, duals: ArrayLike, bins: int = BINS, trials: int = 1000) -> Reliability:
        """Of ln BF of singles and duals, whose numbers are their prior odds."""
        log_bf = np.concatenate([np.asarray(singles, dtype=float), np.asarray(duals, dtype=float)])
        dual = np.arange(log_bf.size) >= np.size(singles)
        log_odds = log_bf + np.log(np.size(duals) / np.size(singles))
        order = np.argsort(log_odds)
        probability, dual = expit(log_odds[order]), dual[order]
        cells = np.array_split(np.arange(probability.size), bins)
        mean = np.array([probability[cell].mean() for cell in cells])
        counts = np.array([cell.size for cell in cells])
        labels = np.random.default_rng(SEED).random((trials, probability.size)) < probability
        drawn = np.stack([labels[:, cell].mean(axis=1) for cell in cells], axis=1)
        share = np.array([dual[cell].mean() for cell in cells])
        ece = float(np.average(np.abs(share - mean), weights=counts))
        by_chance = np.average(np.abs(drawn - mean), axis=1, weights=counts)
        ones = np.ones((probability.size, 1))
        shift, bias_error = _logistic(log_odds[order], ones, dual)
        line, line_errors = _logistic(log_odds[order], np.hstack([ones, log_odds[order, None]]), dual)
        return cls(
            probability=mean,
            share=share,
            ece=ece,
            chance=(float(by_chance.mean()), float(np.quantile(by_chance, 0.95))),
            p_value=float((1 + (by_chance >= ece).sum()) / (1 + trials)),
            bias=(-float(shift[0]), float(bias_error[0])),
            slope=(1 + float(line[1]), float(line_errors[1])),
        )


def _logistic(log_odds: Array, columns: Array, dual: NDArray[np.bool_]) -> tuple[Array, Array]:
    """The most likely c of logit P = log_odds + columns c, and its errors, by Newton's method."""
    at, information = np.zeros(columns.shape[1]), np.eye(columns.shape[1])
    for _ in range(50):
        p = expit(log_odds + columns @ at)
        information = (columns * (p * (1 - p))[:, None]).T @ columns
        step = np.linalg.solve(information, columns.T @ (dual - p))
        at += np.clip(step, -0.5, 0.5)
        if np.abs(step).max() < 1e-8:
            break
    return at, np.sqrt(np.diag(np.linalg.inv(information)))


def rank_p_values(ranks: Mapping[str, ArrayLike], possible: int = DRAWS + 1, bins: int = BINS) -> dict[str, float]:
    """p of chi^2 of each parameter's ranks against evenly filled bins."""
    found = {}
    for name, values in ranks.items():
        counts = np.bincount(np.asarray(values) * bins // possible, minlength=bins)
        expected = counts.sum() / bins
        found[name] = float(chdtrc(bins - 1, ((counts - expected) ** 2).sum() / expected))
    return found


def bayes_factor_faults(singles: ArrayLike, duals: ArrayLike) -> list[str]:
    """What ln BF of singles and duals violate; empty: nothing. By chance one in about thirty runs has a fault."""
    found = []
    for kind, against in (("singles with BF", np.asarray(singles)), ("duals with 1/BF", -np.asarray(duals))):
        for one in (Exceeded.of(against, limit) for limit in LIMITS):
            if one.violated:
                found.append(
                    f"{one.share:.3f} ({one.low:.3f} to {one.high:.3f}) of {kind} > {one.limit:g}: above 1/{one.limit:g}"
                )
    # Only the mean over duals has light tails: 1/BF is at most that of a second source without photons.
    mean = Mean.of(-np.asarray(duals))
    if abs(mean.value - 1) > 4 * mean.error:
        found.append(f"mean of 1/BF over duals {mean.value:.3f} +- {mean.error:.3f}, not 1")
    fit = Reliability.of(singles, duals)
    if fit.p_value < 0.01:
        found.append(f"ECE {fit.ece:.3f}, by chance {fit.chance[0]:.3f} (95 % below {fit.chance[1]:.3f})")
    for what, (value, error), right in (("bias of ln BF", fit.bias, 0), ("slope of ln BF", fit.slope, 1)):
        if abs(value - right) > 3 * error:
            found.append(f"{what} {value:.3f} +- {error:.3f}, not {right}")
    return found


def rank_faults(rows: Sequence[Row], truth: int) -> list[str]:
    """Parameters whose ranks are not uniform among the rows with this truth."""
    p_values = rank_p_values(ranks_of(rows, truth))
    return [f"ranks of {name}: p = {p:.2g}" for name, p in p_values.items() if p < 0.01 / len(p_values)]


def ranks_of(rows: Sequence[Row], truth: int) -> dict[str, NDArray[np.int64]]:
    """Ranks of each parameter, in the rows with this truth."""
    some = [row["ranks"] for row in rows if row["truth"] == truth]
    return {name: np.array([one[name] for one in some]) for name in some[0]}


def log_factors(rows: Sequence[Row], truth: int) -> Array:
    """ln BF of the rows with this truth."""
    return np.array([row["log_bf"] for row in rows if row["truth"] == truth])


def report(rows: Sequence[Row]) -> int:
    """Print everything for all rows, for those that would be fitted, and for those without doubts; the number of faults."""
    faults = 0
    for observations in sorted({row["observations"] for row in rows}):
        every = [row for row in rows if row["observations"] == observations]
        fitted = [row for row in every if not row["refused"]]
        trusted = [row for row in fitted if set(row["status"]) == {"converged"}]
        before = 0
        for what, some in (("all", every), ("not refused at the edge", fitted), ("converged too", trusted)):
            if len(some) != before and {row["truth"] for row in some} == {1, 2}:
                print(f"\n== {observations} observation(s), {what}")
                faults += _reported(some)
            before = len(some)
    return faults


def _reported(rows: Sequence[Row]) -> int:
    singles, duals = log_factors(rows, 1), log_factors(rows, 2)
    for truth, name in ((1, "singles"), (2, "duals")):
        some = [row for row in rows if row["truth"] == truth]
        cpu, doubted = np.array([row["cpu"] for row in some]), sum(set(row["status"]) != {"converged"} for row in some)
        print(
            f"{len(some)} {name}: {doubted} with doubts, {sum(bool(row['refused']) for row in some)} refused; "
            f"CPU per BF mean {cpu.mean():.2f} s, median {np.median(cpu):.2f} s, most {cpu.max():.1f} s"
        )
    for kind, against in (("singles, BF", singles), ("duals, 1/BF", -duals)):
        for one in (Exceeded.of(against, limit) for limit in LIMITS):
            print(
                f"  {kind} > {one.limit:<3g} share {one.share:.4f} ({one.low:.4f} to {one.high:.4f}), at most {1 / one.limit:.4f}"
            )
        mean = Mean.of(against)
        print(f"  {kind}: mean {mean.value:.3f} +- {mean.error:.3f}, {mean.largest:.0%} of it from the largest")
    fit = Reliability.of(singles, duals)
    for p, share in zip(fit.probability, fit.share, strict=True):
        print(f"  P {p:.3f}  share of duals {share:.3f}")
    print(f"  ECE {fit.ece:.4f}; by chance {fit.chance[0]:.4f}, 95 % below {fit.chance[1]:.4f}; p = {fit.p_value:.3f}")
    print("  logistic fits: bias of ln BF {:.3f} +- {:.3f}, slope {:.3f} +- {:.3f}".format(*fit.bias, *fit.slope))
    faults = bayes_factor_faults(singles, duals)
    for truth in (1, 2):
        ranks = rank_p_values(ranks_of(rows, truth))
        print(f"  ranks given {truth}: " + ", ".join(f"{name} p = {p:.3f}" for name, p in ranks.items()))
        faults += rank_faults(rows, truth)
    for fault in faults:
        print(f"  FAULT {fault}")
    return len(faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("draw", "report"))
    parser.add_argument("rows", type=Path)
    parser.add_argument("--observations", type=int, choices=tuple(OBSERVATIONS), default=1)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 400), metavar=("FIRST", "END"))
    parser.add_argument("--truths", type=int, nargs="+", choices=(1, 2), default=(1, 2))
    given = parser.parse_args()
    if given.task == "draw":
        draw(given.rows, given.observations, range(*given.seeds), given.truths)
        return 0
    return int(report(read(given.rows)) > 0)


if __name__ == "__main__":
    sys.exit(main())
