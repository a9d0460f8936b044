"""Evidences of the photon problems, by two methods that share no code with faintsky's likelihood and samplers.

    python benchmarks/photon_references.py [problem ...]

Writes ``photon_problems.json``; without names all problems, some twenty minutes of one core. Of faintsky only the density of
the PSF enters, read off at radii so dense that linear interpolation between them is exact to 1e-5.

The model is the mixture of point sources and a flat background, each normalised to 1 in the box, photon for photon:

    m = w_b / A + w_1 p(x - mu_1 - D_k) / C_1k + w_2 p(x - mu_2 - D_k) / C_2k

with C the light inside the box at the photon's energy.
Priors: positions flat in the box, log10 of background over source counts normal (-1, 0.5) within [-3, 0], log10 of the ratio
of the two sources flat in [-4, 4], shifts flat within 3 arcsec on both axes. The labels of the sources are symmetric: only
ratios below 1 are integrated, at twice the density.

*Quadrature*: with nu = mu_1 + D_k the shifts separate. Each observation's L is summed over a lattice of nu, and the limits of
the shifts are sums of that lattice within 3 arcsec of mu_1: nothing is neglected. The background takes the rule of Gauss and
Legendre for the single source; for the dual one background, ratio and separation are drawn from a mixture of kernels at pilot
draws and of wide defensive parts.

*Importance*: draws of all 3 to 24 parameters; given separation, ratio and background, each position is drawn near the mode of
its own observation, with wide parts. Weights are density over proposal, limits of the priors included.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from photon_lattice import LN_SHIFT, Lattice, Window, reached, summed
from photon_observation import AREA, Observation, mixture_weights
from photon_problems import HALF, MEAN, PROBLEMS, REACH, SEED, SIGMA, STORE, Array, Problem, simulated
from scipy.special import gammaln, logsumexp, ndtr
from threadpoolctl import threadpool_limits

from faintsky.core.psf import PSF
from faintsky.core.registry import make

LN_AREA, LN_RATIO = np.log(AREA), np.log(4.0)
FEW = 12  # photons that may leave a position several peaks
NU = 5.0  # degrees of freedom of Student's t


def log_background_prior(value: Array) -> Array:
    """ln of the truncated normal."""
    low, high = (-3 - MEAN) / SIGMA, (0 - MEAN) / SIGMA
    density = -0.5 * ((value - MEAN) / SIGMA) ** 2 - 0.5 * np.log(2 * np.pi) - np.log(SIGMA) - np.log(ndtr(high) - ndtr(low))
    return np.where((value >= -3) & (value <= 0), density, -np.inf)


def log_student(z2: Array, scale: Array, dimensions: int, nu: float = NU) -> Array:
    """ln of Student's t density at squared distances z2 in units of the scale, whose ln determinant is `scale`."""
    d = dimensions
    norm = gammaln((nu + d) / 2) - gammaln(nu / 2) - 0.5 * d * np.log(nu * np.pi)
    return norm - scale - 0.5 * (nu + d) * np.log1p(z2 / nu)


def student(rng: np.random.Generator, *shape: int, nu: float = NU) -> Array:
    """Draws of Student's t in the dimensions of the last axis."""
    return rng.standard_normal(shape) * np.sqrt(nu / rng.chisquare(nu, shape[:-1]))[..., None]


class Solver:
    """Both methods for one problem."""

    #: Shares of the defensive parts: separations all over the box, to single photons, and about nothing, twice.
    PARTS = (0.25, 0.35, 0.25, 0.15)
    #: Degrees of freedom of the proposals of positions, and side of the cells of the single source's L [arcsec].
    NARROW, CELL = 12.0, 0.1
    #: Draws of each shift for one draw of the other parameters.
    COPIES = 6

    def __init__(self, problem: Problem, psf: PSF, stored: dict[str, Any], number: int) -> None:
        self.problem, self.number = problem, number
        self.observations = [Observation(psf, each) for each in stored["observations"]]
        self.lattices = [Lattice(each, problem.step) for each in self.observations]
        self.still = np.zeros(2, dtype=np.int64)
        usual = mixture_weights(np.array([MEAN]), None)
        self.peaks = []
        for each, lattice in zip(self.observations, self.lattices, strict=True):
            whole = lattice.window(np.zeros(2), 2 * HALF, self.still, None)
            found = lattice.log_likelihood(usual[:, 0], whole, self.still)
            start = lattice.axis[np.array(np.unravel_index(found.argmax(), found.shape))]
            self.peaks.append(each.mode(usual, np.zeros((2, 1)), start[:, None])[0][:, 0])

        sides = np.arange(-HALF - REACH, HALF + REACH - 1e-9, self.CELL) + self.CELL / 2
        places = np.array(np.meshgrid(sides, sides, indexing="ij")).reshape(2, -1)
        self.cells = []
        for each in self.observations:
            found = np.hstack([each.log_likelihood(usual, places[:, p], places[:, p]) for p in chunks(places.shape[1], 5000)])
            share = np.exp(0.85 * (found - found.max())) * (np.abs(places - self.peaks[0][:, None]).max(axis=0) < REACH + 0.3)
            share = share.reshape(sides.size, sides.size)
            self.cells.append(share / share.sum())
        offsets = [np.array([o.x, o.y]) - c[:, None] for o, c in zip(self.observations, self.peaks, strict=True)]
        self.photons = np.concatenate(offsets, axis=1)

    def windows(
        self, lattices: list[Lattice], weights: Array, around: list[tuple[Array, float]], move: NDArray[np.int64]
    ) -> list[tuple[Window, Array]]:
        """ln L of each observation on the part of its lattice that counts, from peaks and half widths."""
        parts: list[tuple[Window, Array]] = []
        within = None
        for each, lattice, (peak, half) in zip(self.observations, lattices, around, strict=True):
            # Few photons have no single peak: all that is within reach.
            parts.append(lattice.grown(weights, peak, half if each.x.size >= FEW else max(half, 2 * REACH), move, within))
            within = within or reached(parts[0][0], lattice.step)
        return parts

    # -- single source

    def single_quadrature(self) -> tuple[float, float]:
        """ln Z of the single source, and its error: the difference of 48 nodes of the background from 32.

        Where most observations have a handful of photons, L does not end before the shifts do, and the sums err as step^2 at
        their edges: a third of what lattices twice as coarse change is added. Of many photons those would miss the peaks.
        """
        (found, self.background), (fewer, _) = (self.single_sum(self.lattices, nodes) for nodes in (48, 32))
        error = abs(found - fewer)
        if np.median([each.x.size for each in self.observations]) < FEW / 2:
            coarse, _ = self.single_sum([Lattice(each, 2 * self.problem.step) for each in self.observations], 32)
            error += abs(coarse - fewer) / 3
        return found, error

    def single_sum(self, lattices: list[Lattice], nodes: int) -> tuple[float, tuple[float, float]]:
        """ln Z of the single source with so many nodes of the background; mean and standard deviation of the latter."""
        node, weight = np.polynomial.legendre.leggauss(nodes)
        background = 1.5 * (node - 1)
        ln = np.empty(nodes)
        for i, value in enumerate(background):
            weights = mixture_weights(np.array([value]), None)[:, 0]
            parts = self.windows(lattices, weights, [(c, 8 * lattices[0].step) for c in self.peaks], self.still)
            ln[i] = summed(lattices, parts, self.still) - LN_AREA
        ln += np.log(1.5 * weight) + log_background_prior(background)
        total = float(logsumexp(ln))
        share = np.exp(ln - total)
        return total, (float(share @ background), float(np.sqrt(share @ background**2 - (share @ background) ** 2)))

    # -- separation, ratio and background of the dual source: how they are drawn

    def wide(self, rng: np.random.Generator, number: int) -> tuple[Array, Array, Array]:
        """Separation (2, n) and log ratio (n,) from the defensive parts, and ln of their density."""
        kind, photons = rng.choice(4, number, p=self.PARTS), self.photons
        s = np.empty((2, number))
        for i, (n, sigma) in enumerate(zip(np.bincount(kind, minlength=4), (0, 0.5, 0.4, 1.5), strict=True)):
            chosen = photons[:, rng.integers(photons.shape[1], size=n)] if i == 1 else 0.0
            s[:, kind == i] = rng.uniform(-HALF - 1.5, HALF + 1.5, (2, n)) if i == 0 else chosen + sigma * student(rng, n, 2).T
        ratio = rng.uniform(-4, 0, number)
        return s, ratio, self.wide_density(s, ratio)

    def wide_density(self, s: Array, ratio: Array) -> Array:
        """ln of the density that `wide` draws from; shape (n,)."""
        parts = [np.where(np.abs(s).max(axis=0) < HALF + 1.5, -2 * np.log(2 * HALF + 3), -np.inf)]
        z2 = ((s[:, None] - self.photons[:, :, None]) ** 2).sum(axis=0) / 0.5**2
        parts.append(logsumexp(log_student(z2, np.float64(2 * np.log(0.5)), 2), axis=0) - np.log(self.photons.shape[1]))
        parts += [log_student((s**2).sum(axis=0) / w**2, np.float64(2 * np.log(w)), 2) for w in (0.4, 1.5)]
        flat = np.where((ratio >= -4) & (ratio <= 0), -LN_RATIO, -np.inf)
        return np.asarray(logsumexp(np.array(parts).T, b=self.PARTS, axis=1) + flat)

    def backgrounds(self, rng: np.random.Generator, number: int) -> tuple[Array, Array]:
        """Log background, and ln of its density."""
        mean, sigma = self.background
        z = student(rng, number, 1)[:, 0]
        return mean + 1.2 * sigma * z, log_student(z**2, np.float64(np.log(1.2 * sigma)), 1)

    def near(self, rng: np.random.Generator, number: int) -> tuple[Array, Array, Array]:
        """As `wide`, in three of five draws from kernels at the pilot draws."""
        s, ratio, _ = self.wide(rng, number)
        centres, widths = self.kernels
        chosen = rng.integers(centres.shape[1], size=number)
        use = rng.random(number) < 0.6
        z = student(rng, number, 3).T
        s = np.where(use, centres[:2, chosen] + widths[0, chosen] * z[:2], s)
        ratio = np.where(use, centres[2, chosen] + widths[1, chosen] * z[2], ratio)
        return s, ratio, self.near_density(s, ratio)

    def near_density(self, s: Array, ratio: Array) -> Array:
        """ln of the density that `near` draws from; shape (n,)."""
        centres, widths = self.kernels
        found = np.empty(ratio.size)
        for part in chunks(ratio.size, 2000):
            z2 = ((s[:, part, None] - centres[:2, None]) ** 2).sum(axis=0) / widths[0] ** 2
            z2 += ((ratio[part, None] - centres[2]) / widths[1]) ** 2
            found[part] = logsumexp(log_student(z2, 2 * np.log(widths[0]) + np.log(widths[1]), 3), axis=1)
        kernels = np.log(0.6) + found - np.log(centres.shape[1])
        return np.logaddexp(kernels, np.log(0.4) + self.wide_density(s, ratio))

    def learnt(self, s: Array, ratio: Array, ln_w: Array, rng: np.random.Generator) -> None:
        """Kernels at pilot draws of equal weight, as wide as their neighbours lie apart."""
        share = np.exp(ln_w - logsumexp(ln_w))
        chosen = rng.choice(share.size, 300, p=share)
        centres = np.array([*s[:, chosen], ratio[chosen]])
        apart = np.sqrt(((centres[:2, :, None] - centres[:2, None]) ** 2).sum(axis=0))
        close = np.argsort(apart, axis=1)[:, :40]
        reach = np.take_along_axis(apart, close, axis=1)
        self.kernels = (
            centres,
            np.array([np.maximum(0.6 * reach[:, 20], 0.04), np.maximum(0.7 * centres[2][close].std(axis=1), 0.06)]),
        )

    # -- dual source

    def start(self, i: int, s: Array, weights: Array) -> Array:
        """The likeliest of three places of the first source: the peak, so that the second one is there, and blended."""
        blended = np.exp(-0.5 * (s**2).sum(axis=0)) * weights[2] / (weights[1] + weights[2])
        peak = np.broadcast_to(self.peaks[i][:, None], s.shape)
        if not weights[2].any():
            return peak
        places = np.array([np.clip(peak - share * s, -14, 14) for share in (0.0, 1.0, blended)])
        ln_l = [self.observations[i].log_likelihood(weights, place, np.clip(place + s, -14, 14)) for place in places]
        return np.asarray(np.take_along_axis(places, np.argmax(ln_l, axis=0)[None, None], axis=0)[0])

    def integrand(self, s: Array, ratio: Array, background: Array) -> Array:
        """ln of the integral over the first position and all shifts, priors included; shape (n,)."""
        step, usable = self.problem.step, (ratio >= -4) & (ratio <= 0) & (background >= -3) & (background <= 0)
        usable &= np.abs(s).max(axis=0) < HALF + 1.5
        moves = np.round(s / step).astype(np.int64)
        weights = mixture_weights(background, ratio)
        result = np.full(ratio.size, -np.inf)
        for part in chunks(ratio.size, 2000):
            apart, share = step * moves[:, part], weights[:, part]
            modes = [o.mode(share, apart, self.start(i, apart, share)) for i, o in enumerate(self.observations)]
            for j in np.flatnonzero(usable[part]):
                w, move = share[:, j], moves[:, part][:, j]
                found = [(at[:, j], 4.2 * math.sqrt(np.trace(covariance[j])) + step) for at, covariance in modes]
                parts = self.windows(self.lattices, w, found, move)
                result[part.start + j] = summed(self.lattices, parts, move)
        return result - 2 * LN_AREA - LN_RATIO + log_background_prior(background)

    def dual_quadrature(self) -> tuple[float, float]:
        """ln Z of the dual source and its error."""
        rng = np.random.default_rng([SEED, self.number, 1])
        found: list[tuple[Array, Array, Array]] = []
        for turn, draw in enumerate((self.wide, self.near, *[self.near] * 8)):
            s, ratio, ln_q = draw(rng, 5000)
            background, ln_qb = self.backgrounds(rng, 5000)
            ln_w = self.integrand(s, ratio, background) - ln_q - ln_qb
            if turn < 2:
                found.append((s, ratio, ln_w))
                self.learnt(np.hstack([f[0] for f in found]), *(np.hstack([f[i] for f in found]) for i in (1, 2)), rng)
                last: list[Array] = []
                continue
            last.append(ln_w)
            log_z, error = mean_weight(np.concatenate(last))
            if turn > 3 and error < 0.015:
                break
        return log_z, error

    # -- all parameters at once

    def importance(self, dual: bool, number: int = 0) -> tuple[float, float]:
        """ln Z by draws of all parameters, 300 000 or with shifts 2 400 000, and its error."""
        number = number or (300_000 if len(self.observations) == 1 else 2_400_000 // self.COPIES)
        rng = np.random.default_rng([SEED, self.number, 2 + dual])
        ln_w = np.concatenate([self.batch(rng, dual, part.stop - part.start) for part in chunks(number, 3000)])
        return mean_weight(ln_w)

    def batch(self, rng: np.random.Generator, dual: bool, number: int) -> Array:
        """ln of the weights of so many draws."""
        background, ln_q = self.backgrounds(rng, number)
        s, ratio = np.zeros((2, number)), None
        if dual:
            s, ratio, more = self.near(rng, number)
            ln_q = ln_q + more
            # Weights of impossible draws are finite, and so are their likelihoods; the priors below are not.
            weights = mixture_weights(np.clip(background, -3, 0), np.clip(ratio, -4, 0))
        else:
            weights = mixture_weights(np.clip(background, -3, 0), None)
        ln_p = log_background_prior(background) - LN_AREA
        if ratio is not None:
            ln_p = ln_p + np.where((ratio >= -4) & (ratio <= 0), -LN_RATIO - LN_AREA, -np.inf)
        mu = np.zeros((2, number))
        for i in range(len(self.observations)):
            mu, more = self.drawn(rng, i, weights, s, mu)
            ln_p = ln_p + more
        return np.asarray(ln_p - ln_q)

    def drawn(self, rng: np.random.Generator, i: int, weights: Array, s: Array, mu: Array) -> tuple[Array, Array]:
        """First positions (2, n), drawn in the first observation, and ln of L, with priors, over proposal.

        A shift enters the L of its observation alone, given the others: it is drawn several times, and the mean weight stands.

        Student's t at the mode, narrow and wide; from cells of the single source's L, where either source may stand; and, with
        shifts, anywhere that they reach: more often where there are few photons, whose L has no single peak.
        """
        each, copies = self.observations[i], self.COPIES if i else 1
        shares = np.array([0.8, 0.08, 0.1, 0.02] if each.x.size >= FEW else [0.4, 0.1, 0.42, 0.08])
        if i == 0:
            shares = np.array([*shares[:2], 1 - shares[:2].sum(), 0.0])
        centre, covariance = each.mode(weights, s, self.start(i, s, weights), rounds=5)
        root = np.linalg.cholesky(covariance)
        number = copies * weights.shape[1]
        weights, s, origin, centre = (np.repeat(given, copies, axis=1) for given in (weights, s, mu, centre))
        root = np.repeat(root, copies, axis=0)
        kind, moved = rng.choice(4, number, p=shares), np.einsum("jab,bj->aj", root, student(rng, number, 2, nu=self.NARROW).T)
        share, low = self.cells[i], -HALF - REACH
        chosen = np.array(np.unravel_index(rng.choice(share.size, number, p=share.ravel()), share.shape))
        in_cell = low + self.CELL * (chosen + rng.random((2, number))) - np.where(rng.random(number) < 0.5, s, 0.0)
        anywhere = origin + rng.uniform(-REACH, REACH, (2, number))
        position = np.choose(kind, [centre + 1.05 * moved, centre + 2.5 * moved, in_cell, anywhere])
        offset = np.linalg.solve(root, (position - centre).T[:, :, None])[:, :, 0].T
        z2, ln_root = (offset**2).sum(axis=0), np.log(root[:, 0, 0] * root[:, 1, 1])
        parts = [np.exp(log_student(z2 / w**2, ln_root + 2 * np.log(w), 2, self.NARROW)) for w in (1.05, 2.5)]
        parts.append(0.5 * sum(self.cell_density(i, place) for place in (position, position + s)))
        parts.append(np.where(np.abs(position - origin).max(axis=0) <= REACH, np.exp(-LN_SHIFT), 0.0))
        places = np.array([np.clip(place, -14, 14) for place in (position, position + s)])
        ln_w = each.log_likelihood(weights, *places) - np.log(shares @ np.array(parts))
        if i == 0:
            inside = (np.abs(position).max(axis=0) <= HALF) & (np.abs(position + s).max(axis=0) <= HALF)
            return position, np.where(inside, ln_w, -np.inf)
        ln_w = np.where(np.abs(position - origin).max(axis=0) <= REACH, ln_w - LN_SHIFT, -np.inf)
        return mu, logsumexp(ln_w.reshape(-1, copies), axis=1) - np.log(copies)

    def cell_density(self, i: int, position: Array) -> Array:
        """Density of positions (2, n) that are drawn from the cells of an observation."""
        share = self.cells[i]
        places = np.floor((position + HALF + REACH) / self.CELL).astype(int)
        known = np.all((places >= 0) & (places < len(share)), axis=0)
        return np.where(known, share[tuple(np.clip(places, 0, len(share) - 1))], 0.0) / self.CELL**2


def chunks(number: int, size: int) -> list[slice]:
    """Slices of at most `size`."""
    return [slice(start, min(start + size, number)) for start in range(0, number, size)]


def mean_weight(ln_w: Array) -> tuple[float, float]:
    """ln of the mean weight, and its error."""
    top = ln_w.max()
    weight = np.exp(ln_w - top)
    return float(np.log(weight.mean()) + top), float(weight.std() / weight.mean() / np.sqrt(weight.size))


def main(names: list[str]) -> int:
    """Simulate, integrate, store; 1 where the methods disagree by more than 3 sigma or are too coarse."""
    psf = make("psfs", "two-king")
    bad = 0
    print(f"{'problem':<12}{'model':<8}{'quadrature':>22}{'importance':>22}{'sigma':>8}{'CPU s':>8}")
    for number, problem in enumerate(PROBLEMS):
        if names and problem.name not in names:
            continue
        # Photons that are stored stay: they are the problem, whatever becomes of the PSF they were drawn with.
        known = json.loads(STORE.read_text())["problems"] if STORE.exists() else {}
        stored = known.get(problem.name) or simulated(problem, psf, number)
        solver = Solver(problem, psf, stored, number)
        stored["references"] = {}
        for model, methods in (
            ("single", {"quadrature": solver.single_quadrature, "importance": lambda s=solver: s.importance(False)}),
            ("dual", {"quadrature": solver.dual_quadrature, "importance": lambda s=solver: s.importance(True)}),
        ):
            began = time.process_time()
            found = {name: method() for name, method in methods.items()}
            (a, da), (b, db) = found.values()
            apart = abs(a - b) / np.hypot(da, db)
            bad += apart > 3 or da > 0.02 or db > 0.03
            values = f"{a:>12.4f} +- {da:.4f}{b:>12.4f} +- {db:.4f}{apart:>8.2f}"
            print(f"{problem.name:<12}{model:<8}{values}{time.process_time() - began:>8.1f}", flush=True)
            stored["references"][model] = {name: [round(x, 5) for x in value] for name, value in found.items()}
        # Read again: another process may have written other problems in the meantime.
        store: dict[str, Any] = json.loads(STORE.read_text()) if STORE.exists() else {}
        store["versions"] = {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__}
        store.setdefault("problems", {})[problem.name] = stored
        STORE.write_text(json.dumps(store, indent=None, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
    return int(bad > 0)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main(sys.argv[1:]))
