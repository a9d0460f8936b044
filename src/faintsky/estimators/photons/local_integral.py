"""The likelihood of one observation on a lattice of positions of the first source, wherever it is not negligible."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from faintsky.estimators.photons.local_peaks import LONGEST, STEPS, SinglePeaks, climbed, seeds
from faintsky.estimators.photons.mixed_sources import MixedSources
from faintsky.estimators.photons.observation_mixture import ObservationMixture
from faintsky.estimators.photons.place_search import PlaceSearch

__all__ = ["LocalIntegral", "Patch", "Starts"]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Places from which peaks are climbed, and how far below the best of them in ln L one may lie.
_CLIMBED, _WORTH = 4, 20.0
#: Nodes from the middle of a patch to its side: it is doubled as long as likelihood is left at the side, up to the last one.
_HALF, _LARGEST = 7, 224
#: Step of the lattice in widths of the peak, and with up to so many photons, whose peaks are more ragged.
_STEP, _STEP_OF_FEW, _FEW = 1.4, 1.2, 15
#: A peak within so many widths of an end of what is allowed is cut, and is integrated on a lattice so much finer.
_NEAR, _SHARPER = 3.0, 5
#: Nodes may lie so many steps outside of what is allowed.
_MARGIN = 2.4
#: Bytes that the nodes of patches may take at a time.
_MEMORY = 8_000_000


@frozen(kw_only=True, eq=False)
class Patch:
    """ln L of r hypotheses on a square lattice each, which holds all that counts of it.

    Attributes
    ----------
    rows : ndarray of int, shape (r,)
        Which of the hypotheses.
    step : float
        Of the lattice [arcsec].
    x, y : ndarray, shape (r, m)
        Of the nodes [arcsec].
    log_peak : ndarray, shape (r,)
    values : ndarray, shape (r, m, m)
        L / exp(log_peak), rows from low y; 0 where it is negligible.
    low, high : ndarray, shape (r, 2)
        Ends of the positions where it is not negligible [arcsec].
    """

    rows: Rows
    step: float
    x: Array
    y: Array
    log_peak: Array
    values: Array
    low: Array
    high: Array

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, some: Rows) -> Patch:
        """Some of its hypotheses."""
        return evolve(
            self,
            rows=self.rows[some],
            x=self.x[some],
            y=self.y[some],
            log_peak=self.log_peak[some],
            values=self.values[some],
            low=self.low[some],
            high=self.high[some],
        )


@frozen(kw_only=True, eq=False)
class Starts:
    """The peaks of L_k of n hypotheses.

    Attributes
    ----------
    places : ndarray, shape (n, m, 2)
        Of the first source [arcsec].
    counts : ndarray of bool, shape (n, m)
        Which of them are peaks, and not far below the highest one.
    highest : ndarray of int, shape (n,)
        Which of them is the highest one.
    height : ndarray, shape (n,)
        ln L there.
    """

    places: Array
    counts: NDArray[np.bool_]
    highest: Rows
    height: Array

    @property
    def peak(self) -> Array:
        """The highest one, shape (n, 2)."""
        return np.asarray(self.places[np.arange(len(self.places)), self.highest])

    def of(self, rows: Rows) -> Starts:
        """Some of them."""
        return Starts(places=self.places[rows], counts=self.counts[rows], highest=self.highest[rows], height=self.height[rows])

    def within(self, low: Array, high: Array) -> Starts:
        """Those between ends of shape (n, 2); those outside are put to the ends."""
        return evolve(self, places=np.clip(self.places, low[:, None], high[:, None]))

    def beyond(self, low: Array, high: Array) -> NDArray[np.bool_]:
        """Whether the highest peak lies outside of these ends, each of shape (n, 2); shape (n,)."""
        peak = self.peak
        return np.asarray(((peak < low) | (peak > high)).any(axis=1))

    def span(self) -> tuple[Array, Array]:
        """The middle of the peaks, shape (n, 2), and half of the longer side of the rectangle about them, shape (n,).

        A single peak is in the middle of its patch, so that the disc of nodes around it is complete.
        """
        low = np.where(self.counts[..., None], self.places, np.inf).min(axis=1)
        high = np.where(self.counts[..., None], self.places, -np.inf).max(axis=1)
        return (low + high) / 2, ((high - low) / 2).max(axis=1)


@frozen(kw_only=True, eq=False)
class LocalIntegral:
    """The nodes of the trapezoid rule for integrals of L_k over the position of the first source.

    The rule converges exponentially in (width / step)^2: a step of 1.4 widths is good to 2e-4 for a Gaussian. Nodes spread from
    the peaks as far as ln L is within `depth` of the highest of them, or would be if it went on as it does. So several peaks, and
    broad, ragged likelihoods of a few photons, need no rule of their own.

    Attributes
    ----------
    observation : ObservationMixture
    peaks : SinglePeaks
    core : float
        Radius of half of the light of the PSF [arcsec].
    step : float
        Of the lattice [arcsec].
    depth : float
        What is less likely than the peak by this in ln L is left out.
    half : int
        Nodes from the middle of a patch to its side, to begin with.
    everywhere : bool
        Whether all nodes of a patch are taken at once: the likelihood is broad.
    """

    observation: ObservationMixture
    peaks: SinglePeaks
    core: float
    step: float
    depth: float = 9.0
    half: int = _HALF
    everywhere: bool = False
    _disc: NDArray[np.intp] = field(init=False, repr=False)
    _search: PlaceSearch | None = field(repr=False)

    @_search.default
    def _search_of_photons(self) -> PlaceSearch | None:
        return PlaceSearch.of(self.observation)

    @_disc.default
    def _nodes_of_disc(self) -> NDArray[np.intp]:
        radius = np.sqrt(2 * self.depth) * self.peaks.width / self.step
        side = np.arange(-int(radius), int(radius) + 1)
        i, j = (axis.ravel() for axis in np.meshgrid(side, side))
        return np.asarray(np.stack([i, j], axis=-1)[i**2 + j**2 <= radius**2])

    @classmethod
    def of(cls, observation: ObservationMixture, alone: MixedSources, core: float, widest: float) -> LocalIntegral:
        """With the lattice that suits a single source.

        Parameters
        ----------
        alone : MixedSources
            One source, with weights near those of the posterior.
        core : float
            Radius of half of the light of the PSF [arcsec].
        widest : float
            The step is not longer than this [arcsec]: the scale of the priors.
        """
        peaks = SinglePeaks.of(observation, alone, core)
        step = min((_STEP if len(observation) > _FEW else _STEP_OF_FEW) * peaks.width, widest)
        first = cls(observation=observation, peaks=peaks, core=core, step=step)
        box = observation.photons.box
        ends = np.array([[box.x_low, box.y_low]]), np.array([[box.x_high, box.y_high]])
        patch = next(first._patches(np.arange(1), alone, first.starts(alone, *ends), *ends))
        return evolve(first, half=len(patch.x[0]) // 2, everywhere=bool((patch.values > 0).mean() > 0.5))

    def finer(self, factor: float) -> LocalIntegral:
        """On a finer lattice that also reaches further out, to see whether it matters."""
        half = int(np.ceil(self.half * factor * np.sqrt(1.6)))
        return evolve(self, step=self.step / factor, depth=1.6 * self.depth, half=half)

    def patches(
        self, sources: MixedSources, starts: Starts, low: Array, high: Array, *, near: float = _NEAR, sharper: int = _SHARPER
    ) -> Iterator[Patch]:
        """ln L around all its peaks, where the first source stands between `low` and `high` of shape (n, 2), and a bit beyond.

        Where the highest peak is within `near` widths of these ends, the lattice is `sharper` times finer, and its cells end
        there; unless what is left of the peak is broad.
        """
        inside = near * self.peaks.width
        cut = starts.beyond(low + inside, high - inside) & (self.step > self.peaks.width / 2)
        rows, broad = np.nonzero(cut)[0], np.arange(0)
        if len(rows):
            # What is left of a peak that is cut falls off faster than the peak is wide.
            sharp = evolve(self, step=self.step / sharper, half=_HALF * sharper, everywhere=False)
            broad = yield from sharp._patches(rows, sources, starts, low, high, aligned=True)
        yield from self._patches(np.sort(np.concatenate([np.nonzero(~cut)[0], broad])), sources, starts, low, high)

    def _patches(
        self, pending: Rows, sources: MixedSources, starts: Starts, low: Array, high: Array, *, aligned: bool = False
    ) -> Generator[Patch, None, Rows]:
        """Those of some of the hypotheses; `aligned` with the nearer ends of what is allowed, which then stand between cells.

        Returns the hypotheses that twice the first patch is too small for, where `aligned`.
        """
        broad, most = [np.arange(0)], 2 * self.half if aligned else _LARGEST
        starts = starts.within(low - 2 * self.step, high + 2 * self.step)
        middle, apart = starts.span()
        if aligned:
            end = np.where(middle - low < high - middle, low, high)
            cells = end + self.step * (np.floor((middle - end) / self.step) + 0.5)
            middle = np.where(np.isfinite(end), cells, middle)
        need = np.maximum(np.ceil(apart / self.step).astype(np.intp) + _HALF, self.half)
        half = self.half * 2 ** np.ceil(np.log2(need / self.half)).astype(np.intp)
        while len(pending):
            size = int(half[pending].min())
            now = pending[half[pending] == size]
            pending = pending[half[pending] > size]
            block = max(1, _MEMORY // (8 * (2 * size + 1) ** 2))
            for i in range(0, len(now), block):
                rows = now[i : i + block]
                values, log_peak, full, reach = self._flooded(
                    sources, rows, middle[rows], size, starts.of(rows), low[rows], high[rows]
                )
                if 2 * size <= most:
                    half[rows[full]] = 2 * size
                    pending = np.concatenate([pending, rows[full]])
                elif aligned:
                    broad.append(rows[full])
                else:
                    full[:] = False
                if full.all():
                    continue
                done = slice(None) if not full.any() else ~full
                offsets = self.step * (np.arange(2 * size + 1) - size)
                yield Patch(
                    rows=rows[done],
                    step=self.step,
                    x=middle[rows[done], :1] + offsets,
                    y=middle[rows[done], 1:] + offsets,
                    log_peak=log_peak[done],
                    values=values[done],
                    low=reach[0, done],
                    high=reach[1, done],
                )
        return np.concatenate(broad)

    def _flooded(
        self, sources: MixedSources, rows: Rows, middle: Array, half: int, starts: Starts, low: Array, high: Array
    ) -> tuple[Array, Array, NDArray[np.bool_], Array]:
        """L / exp(log_peak) on patches (r, m, m), log_peak (r,), whether it is too small (r,), and its reach (2, r, 2)."""
        if self._search is None:
            log_values, full = self._grown(sources, rows, middle, half, starts, low, high)
            log_peak = log_values.max(axis=(1, 2))
            offsets = self.step * (np.arange(2 * half + 1) - half)
            reach = _reach(log_values > -np.inf, middle[:, :1] + offsets, middle[:, 1:] + offsets)
            return np.exp(log_values - log_peak[:, None, None]), log_peak, full, reach
        lattice = self.step, self.depth, _MARGIN * self.step, self.everywhere
        peaks = starts.places, starts.counts, self._disc
        return self._search.flooded(sources.of(rows), middle, half, lattice, (low, high), peaks)

    def starts(self, sources: MixedSources, low: Array, high: Array) -> Starts:
        """The peaks where the first source stands between `low` and `high` of shape (n, 2)."""
        margin = 2 * self.step
        places = np.clip(seeds(self.observation, sources, self.peaks), low[:, None] - margin, high[:, None] + margin)
        heights = sources.log_likelihood(self.observation, places)
        rows = np.arange(len(places))
        picked, worth = [], []
        best = heights.max(axis=1)
        for _ in range(min(_CLIMBED, heights.shape[1])):
            first = heights.argmax(axis=1)
            picked.append(places[rows, first])
            worth.append(heights[rows, first] > best - _WORTH)
            near = np.abs(places - picked[-1][:, None]).max(axis=2) < max(0.3 * self.core, self.step)
            heights[near] = -np.inf
            if not np.isfinite(heights).any():
                break
        places, counts = np.stack(picked, axis=1), np.stack(worth, axis=1)
        which, column = np.nonzero(counts)
        found, peak = self._climbed(sources, which, places[which, column])
        places[which, column] = np.clip(found, low[which] - margin, high[which] + margin)
        heights = np.full(counts.shape, -np.inf)
        heights[which, column] = peak
        # Peaks outside of what is allowed would pass for higher ones than those inside.
        cut = np.any(places[which, column] != found, axis=-1)
        if cut.any():
            again = sources.log_likelihood(self.observation, places[which[cut], column[cut]][:, None], which[cut])
            heights[which[cut], column[cut]] = again[:, 0]
        counts = heights > heights.max(axis=1, keepdims=True) - self.depth - 3
        return Starts(places=places, counts=counts, highest=heights.argmax(axis=1), height=heights.max(axis=1))

    def _climbed(self, sources: MixedSources, rows: Rows, places: Array) -> tuple[Array, Array]:
        """The local maxima of ln L near these places, shape (m, 2), and ln L there."""
        if self._search is None:
            return climbed(self.observation, sources, rows, places, self.peaks.width)[:2]
        return self._search.climbed(sources.of(rows), places, self.peaks.width, STEPS, LONGEST)

    def _grown(
        self,
        sources: MixedSources,
        rows: Rows,
        middle: Array,
        half: int,
        starts: Starts,
        low: Array,
        high: Array,
    ) -> tuple[Array, NDArray[np.bool_]]:
        """ln L on patches of this half side, shape (r, m, m), -inf where it is left out; and whether a patch is too small."""
        size = 2 * half + 1
        offsets = self.step * (np.arange(size) - half)
        x, y = middle[:, :1] + offsets, middle[:, 1:] + offsets
        margin = _MARGIN * self.step
        in_x = (x > low[:, :1] - margin) & (x < high[:, :1] + margin)
        in_y = (y > low[:, 1:] - margin) & (y < high[:, 1:] + margin)
        allowed = in_y[:, :, None] & in_x[:, None, :]
        found = np.full(allowed.shape, -np.inf)
        wanted = allowed.copy() if self.everywhere else self._around(starts, middle, half) & allowed
        active = np.arange(len(rows))
        while len(active):
            r, j, i = np.nonzero(wanted)
            here = active[r]
            nodes = np.stack([x[here, i], y[here, j]], axis=-1)[:, None]
            found[here, j, i] = sources.log_likelihood(self.observation, nodes, rows[here])[:, 0]
            allowed[here, j, i] = False
            some = found[active]
            wanted = _onward(some, some.max(axis=(1, 2), keepdims=True) - self.depth) & allowed[active]
            going = wanted.any(axis=(1, 2))
            active, wanted = active[going], wanted[going]
        found[found < found.max(axis=(1, 2), keepdims=True) - self.depth] = -np.inf
        alive = found > -np.inf
        sides = (alive[:, 0] & in_x).any(axis=1) & (y[:, 0] > low[:, 1]) | (alive[:, -1] & in_x).any(axis=1) & (
            y[:, -1] < high[:, 1]
        )
        sides |= (alive[..., 0] & in_y).any(axis=1) & (x[:, 0] > low[:, 0])
        sides |= (alive[..., -1] & in_y).any(axis=1) & (x[:, -1] < high[:, 0])
        return found, sides

    def _around(self, starts: Starts, middle: Array, half: int) -> NDArray[np.bool_]:
        """The nodes in discs around the peaks, as far as they lie in the patches."""
        wanted = np.zeros((len(middle), 2 * half + 1, 2 * half + 1), dtype=bool)
        r, m = np.nonzero(starts.counts)
        nodes = np.rint((starts.places[r, m] - middle[r]) / self.step).astype(np.intp)[:, None] + self._disc + half
        inside = ((nodes >= 0) & (nodes <= 2 * half)).all(axis=-1)
        which = np.broadcast_to(r[:, None], inside.shape)[inside]
        wanted[which, nodes[..., 1][inside], nodes[..., 0][inside]] = True
        return wanted


def _onward(found: Array, least: Array) -> NDArray[np.bool_]:
    """The eight neighbours of each node that counts, but those where ln L, going on as it came to the node, would not count."""
    m = found.shape[1]
    known, wide = (
        np.pad(found, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf),
        np.zeros((len(found), m + 2, m + 2), dtype=bool),
    )
    alive = found > least
    for j, i in ((j, i) for j in (-1, 0, 1) for i in (-1, 0, 1)):
        before = known[:, 1 - j : 1 - j + m, 1 - i : 1 - i + m]
        # A node before it that is not known says nothing.
        with np.errstate(invalid="ignore"):
            wide[:, 1 + j : 1 + j + m, 1 + i : 1 + i + m] |= alive & (2 * found - before > least)
    return wide[:, 1:-1, 1:-1]


def _reach(some: NDArray[np.bool_], x: Array, y: Array) -> Array:
    """Low and high ends of where `some` of the nodes are, shape (2, r, 2)."""
    along = [(some.any(axis=1), x), (some.any(axis=2), y)]
    low = np.stack([np.where(here, place, np.inf).min(axis=1) for here, place in along], axis=-1)
    high = np.stack([np.where(here, place, -np.inf).max(axis=1) for here, place in along], axis=-1)
    return np.stack([low, high])
