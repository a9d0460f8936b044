"""Sums of the likelihood of photons over a lattice of positions, for the references of photon problems."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from photon_observation import AREA, Observation
from photon_problems import HALF, REACH, Array
from scipy.integrate import cumulative_trapezoid

LN_SHIFT = math.log(4 * REACH**2)
#: Low and high end of places on a lattice, on both axes.
Window = tuple[tuple[int, int], tuple[int, int]]


class Lattice:
    """p / C of the photons of one observation with the source on each point of a lattice."""

    def __init__(self, observation: Observation, step: float) -> None:
        self.step, self.half = step, round((HALF + REACH + 0.2) / step)
        self.axis = step * np.arange(-self.half, self.half + 1)
        n = self.axis.size
        self.density = np.empty((observation.x.size, n, n), dtype=np.float32)
        for i, x in enumerate(self.axis):
            self.density[:, i] = observation.density(np.full(n, x), self.axis)

    def log_likelihood(self, weights: Array, window: Window, move: NDArray[np.int64]) -> Array:
        """ln L over a window ((low, high) of both axes, places) with the second source `move` steps from the first."""
        (a, b), (c, d) = window
        mixture = weights[0] / AREA + weights[1] * self.density[:, a:b, c:d]
        if weights[2]:
            mixture += weights[2] * self.density[:, a + move[0] : b + move[0], c + move[1] : d + move[1]]
        # Logarithms are dear: of products of 30 photons, which cannot underflow.
        total = np.log(mixture[:30].prod(axis=0))
        for i in range(30, len(mixture), 30):
            total += np.log(mixture[i : i + 30].prod(axis=0))
        return np.asarray(total)

    def window(self, centre: Array, half: float, move: NDArray[np.int64], within: Window | None) -> Window:
        """Places of the lattice within `half` of a position, as far as both sources stay on the lattice and `within` it."""
        last, ends = self.axis.size - 1, []
        for axis, (at, step) in enumerate(zip(centre.tolist(), move.tolist(), strict=True)):
            first, final = (0, last + 1) if within is None else within[axis]
            lowest, highest = max(first, 0, -step), min(final - 1, last, last - step)
            low = max(math.floor((at - half) / self.step) + self.half, lowest)
            high = min(math.ceil((at + half) / self.step) + self.half, highest)
            # A peak out of reach: all that is within.
            ends.append((low, high + 1) if low <= high else (min(lowest, last), max(highest, lowest, 0) + 1))
        return ends[0], ends[1]

    def grown(
        self, weights: Array, centre: Array, half: float, move: NDArray[np.int64], within: Window | None = None
    ) -> tuple[Window, Array]:
        """The window that holds L to 1e-5 of its peak at the edges, or reaches the ends of `within`; and ln L in it."""
        window, found = None, np.empty((0, 0))
        while True:
            window, before = self.window(centre, half, move, within), window
            if window == before:
                return window, found
            found = self.log_likelihood(weights, window, move)
            edge = max(found[0].max(), found[-1].max(), found[:, 0].max(), found[:, -1].max())
            if edge < found.max() - 11.5:
                return window, found
            half *= 1.5


def reached(window: Window, step: float) -> Window:
    """Places that the shifts reach from those of a window."""
    steps = round(REACH / step)
    (a, b), (c, d) = window
    return (a - steps, b + steps), (c - steps, d + steps)


def summed(lattices: list[Lattice], parts: list[tuple[Window, Array]], move: NDArray[np.int64]) -> float:
    """ln of the integral over mu and all shifts: L_0 times the sums of L_k within the reach of the shifts."""
    lattice, (window, total) = lattices[0], parts[0]
    step, reach = lattice.step, round(REACH / lattice.step)
    constant = 2 * np.log(step)
    usable = np.ones(total.shape)
    for axis, (shape, (low, high)) in enumerate(zip(((-1, 1), (1, -1)), window, strict=True)):
        mu = lattice.axis[low:high]
        inside = (np.abs(mu) <= HALF + 1e-9) & (np.abs(mu + step * move[axis]) <= HALF + 1e-9)
        usable *= inside.reshape(shape)
    for places, ln_l in parts[1:]:
        top = float(ln_l.max())
        sums = step**2 * np.exp(ln_l - top)
        constant += top - LN_SHIFT
        if all(
            low >= last - 1 - reach and high - 1 <= first + reach
            for (low, high), (first, last) in zip(places, window, strict=True)
        ):
            constant += np.log(sums.sum())
            continue
        for axis, ((low, _), (first, last)) in enumerate(zip(places, window, strict=True)):
            # The trapezoidal rule up to each place, continued beyond the window, where nothing is left.
            upto = cumulative_trapezoid(sums, axis=axis, initial=0)
            ends = [np.clip(np.arange(first, last) + side * reach - low, 0, sums.shape[axis] - 1) for side in (1, -1)]
            sums = np.take(upto, ends[0], axis=axis) - np.take(upto, ends[1], axis=axis)
        total = total + np.log(np.maximum(sums, 1e-300))
    top = float(total.max())
    mass = float((usable * np.exp(total - top)).sum())
    return top + math.log(mass) + constant if mass > 0 else -np.inf
