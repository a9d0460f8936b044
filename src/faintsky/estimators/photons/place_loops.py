"""Peaks of a likelihood, and lattices around them, in loops over places: to be imported only where numba is installed."""

from __future__ import annotations

from math import asinh, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.estimators.photons.mixture_loops import LARGE, SMALL, build

__all__ = ["climb", "flood"]

Array = NDArray[np.float64]


@build
def _knot(value: float, low: float, high: float, scale: float, first: float, per_knot: float, knots: int) -> float:
    """Where a coordinate lies in the table of contained light."""
    place = (asinh((value - low) / scale) - asinh((high - value) / scale) - first) * per_knot
    if not place > 0.0:  # nor where it is no number, which must not become an index
        place = 0.0
    return min(place, knots - 1.0)


@build
def _heights(
    x_of: Array,
    y_of: Array,
    column: Array,
    line: Array,
    weights: Array,
    separations: Array,
    spectra: Array,
    photons: Any,
    contained: Array,
    truncated: bool,
    radial: Any,
    image: Any,
    inside: Array,
    density: Array,
    found: Array,
) -> None:
    """ln L at n places of the first source, at these knots of contained light, shape (sources, n).

    One call for many places: arrays are not passed, counted and measured again for each.
    """
    x, y, background, index, after, share, extent = photons
    table, fall, axes, same_axes, norm = radial
    lattice, x_first, y_first, pixel = image
    is_radial, with_spectra = table.size > 0, spectra.size > 0
    last, energies = table.shape[0] - 1, table.shape[1]
    flat, wide_line = table.ravel(), np.uint64(energies)
    for n in range(len(x_of)):
        if with_spectra:
            for i in range(x.size):
                density[i] = weights[0] * background[i] * spectra[0, i]
        else:
            for i in range(x.size):
                density[i] = weights[0] * background[i]
        for s in range(len(separations)):
            px, py, weight = x_of[n] + separations[s, 0], y_of[n] + separations[s, 1], weights[s + 1]
            if truncated:
                k, m = min(int(column[s, n]), contained.shape[1] - 2), min(int(line[s, n]), contained.shape[0] - 2)
                a, b = column[s, n] - k, line[s, n] - m
                for e in range(contained.shape[2]):
                    south = contained[m, k, e] + a * (contained[m, k + 1, e] - contained[m, k, e])
                    north = contained[m + 1, k, e] + a * (contained[m + 1, k + 1, e] - contained[m + 1, k, e])
                    inside[e] = south + b * (north - south)
            wide, high = max(extent[1] - px, px - extent[0]), max(extent[3] - py, py - extent[2])
            if is_radial and same_axes and not with_spectra and norm * sqrt(wide * wide + high * high) < last:
                xx, xy, yx, yy = axes[0, 0, 0], axes[0, 0, 1], axes[0, 1, 0], axes[0, 1, 1]
                for i in range(x.size):
                    dx, dy, t = x[i] - px, y[i] - py, share[i]
                    u, v = xx * dx + xy * dy, yx * dx + yy * dy
                    place = sqrt(u * u + v * v)
                    k = int(place)
                    part = place - k
                    line_of = np.uint64(k) * wide_line
                    c, d = line_of + index[i], line_of + after[i]
                    near = flat[c] + part * (flat[c + wide_line] - flat[c])
                    far = flat[d] + part * (flat[d + wide_line] - flat[d])
                    into = inside[index[i]] + t * (inside[after[i]] - inside[index[i]])
                    density[i] += weight * (near + t * (far - near)) / into
                continue
            for i in range(x.size):
                dx, dy, light = x[i] - px, y[i] - py, 0.0
                for e, t in ((index[i], 1 - share[i]), (after[i], share[i])):
                    if not t > 0.0:
                        continue
                    if is_radial:
                        u, v = axes[e, 0, 0] * dx + axes[e, 0, 1] * dy, axes[e, 1, 0] * dx + axes[e, 1, 1] * dy
                        place = sqrt(u * u + v * v)
                        if place < last:
                            k = int(place)
                            light += t * (table[k, e] + (place - k) * (table[k + 1, e] - table[k, e]))
                        else:
                            light += t * table[last, e] * (place / last) ** -fall[e]
                        continue
                    u, v = (dx - x_first) / pixel, (dy - y_first) / pixel
                    if 0 <= u <= lattice.shape[2] - 1 and 0 <= v <= lattice.shape[1] - 1:
                        k, m = min(int(u), lattice.shape[2] - 2), min(int(v), lattice.shape[1] - 2)
                        south = lattice[e, m, k] + (u - k) * (lattice[e, m, k + 1] - lattice[e, m, k])
                        north = lattice[e, m + 1, k] + (u - k) * (lattice[e, m + 1, k + 1] - lattice[e, m + 1, k])
                        light += t * (south + (v - m) * (north - south))
                if with_spectra:
                    light *= spectra[s + 1, i]
                into = inside[index[i]] + share[i] * (inside[after[i]] - inside[index[i]])
                density[i] += weight * light / into
        total, product = 0.0, 1.0
        for i in range(x.size):
            product *= density[i]
            if not SMALL < product < LARGE:
                total += log(product) if product != 0 else -np.inf
                product = 1.0
        found[n] = total + log(product)


@build
def climb(
    places: Array,
    spacing: float,
    steps: int,
    longest: float,
    weights: Array,
    separations: Array,
    spectra: Array,
    photons: Any,
    box: Any,
    radial: Any,
    image: Any,
    log_peak: Array,
) -> None:
    """Move m places, shape (m, 2), to the local maxima of ln L that Newton steps lead to: see `local_peaks.climbed`."""
    truncated, box_low, box_high, scale, first, per_knot, contained = box
    sources = separations.shape[1]
    density, inside = np.empty(len(photons[0])), np.ones(max(1, contained.shape[2], int(photons[4].max()) + 1))
    x_of, y_of, v = np.empty(9), np.empty(9), np.empty(9)
    column, line = np.empty((sources, 9)), np.empty((sources, 9))
    for r in range(len(places)):
        mine = spectra[r] if spectra.size > 0 else spectra[0]
        x, y, height = places[r, 0], places[r, 1], -np.inf
        for _ in range(steps):
            for n in range(9):
                x_of[n], y_of[n] = x + spacing * (n % 3 - 1.0), y + spacing * (n // 3 - 1.0)
            if truncated:
                for s in range(sources):
                    for n in range(3):
                        place = x_of[n] + separations[r, s, 0]
                        knot = _knot(place, box_low[0], box_high[0], scale[0], first[0], per_knot[0], contained.shape[1])
                        column[s, n], column[s, n + 3], column[s, n + 6] = knot, knot, knot
                        place = y_of[3 * n] + separations[r, s, 1]
                        line[s, 3 * n : 3 * n + 3] = _knot(
                            place, box_low[1], box_high[1], scale[1], first[1], per_knot[1], contained.shape[0]
                        )
            _heights(
                x_of,
                y_of,
                column,
                line,
                weights[r],
                separations[r],
                mine,
                photons,
                contained,
                truncated,
                radial,
                image,
                inside,
                density,
                v,
            )
            if not v[4] > height:
                # The last step led down: half of it.
                x, y = 0.5 * (x + places[r, 0]), 0.5 * (y + places[r, 1])
                continue
            places[r, 0], places[r, 1], height = x, y, v[4]
            gx, gy = (v[5] - v[3]) / 2, (v[7] - v[1]) / 2
            hxx, hyy, hxy = v[5] - 2 * v[4] + v[3], v[7] - 2 * v[4] + v[1], (v[8] - v[6] - v[2] + v[0]) / 4
            mean, spread = (hxx + hyy) / 2, np.hypot((hxx - hyy) / 2, hxy)
            shift = max(mean + spread + 0.05 * max(abs(mean - spread), 1e-9), 0.0)
            a, b = hxx - shift, hyy - shift
            determinant = a * b - hxy**2
            dx, dy = -(b * gx - hxy * gy) / determinant, -(a * gy - hxy * gx) / determinant
            length = np.hypot(dx, dy)
            shorter = min(length, longest) / max(length, 1e-12)
            x, y = x + spacing * shorter * dx, y + spacing * shorter * dy
            if not (shorter * abs(dx) > 0.3 or shorter * abs(dy) > 0.3):
                break
        log_peak[r] = height


@build
def flood(
    middle: Array,
    half: int,
    step: float,
    depth: float,
    margin: float,
    everywhere: bool,
    low: Array,
    high: Array,
    places: Array,
    counts: Any,
    disc: Any,
    weights: Array,
    separations: Array,
    spectra: Array,
    photons: Any,
    box: Any,
    radial: Any,
    image: Any,
    found: Array,
    log_peak: Array,
    full: Any,
    reach: Array,
) -> None:
    """L / exp(log_peak) of r hypotheses on lattices of nodes around `middle`: see `LocalIntegral`.

    Parameters
    ----------
    found : ndarray, shape (r, 2 half + 1, 2 half + 1)
        Filled; 0 where L is negligible.
    log_peak : ndarray, shape (r,)
        Filled.
    full : ndarray of bool, shape (r,)
        Filled: whether likelihood is left at a side.
    reach : ndarray, shape (2, r, 2)
        Filled: ends of what is not negligible [arcsec].
    """
    truncated, box_low, box_high, scale, first, per_knot, contained = box
    size, sources, number = 2 * half + 1, separations.shape[1], len(photons[0])
    density, inside = np.empty(number), np.ones(max(1, contained.shape[2], int(photons[4].max()) + 1))
    x_of, y_of, heights = np.empty(size * size), np.empty(size * size), np.empty(size * size)
    column, line = np.empty((sources, size * size)), np.empty((sources, size * size))
    state = np.empty((size, size), np.uint8)  # 0: not allowed or done, 1: allowed
    list_i, list_j = np.empty(size * size, np.int32), np.empty(size * size, np.int32)
    knots = np.empty((2, sources, size))
    for r in range(len(middle)):
        values = found[r]
        values[:] = -np.inf
        knots[:] = np.nan
        x0, y0 = middle[r, 0], middle[r, 1]
        for j in range(size):
            fits = low[r, 1] - margin < y0 + step * (j - half) < high[r, 1] + margin
            for i in range(size):
                state[j, i] = fits and low[r, 0] - margin < x0 + step * (i - half) < high[r, 0] + margin
        end = 0
        if everywhere:
            for j in range(size):
                for i in range(size):
                    if state[j, i]:
                        list_i[end], list_j[end], state[j, i] = i, j, 0
                        end += 1
        else:
            for m in range(places.shape[1]):
                if counts[r, m]:
                    ci = int(np.rint((places[r, m, 0] - middle[r, 0]) / step)) + half
                    cj = int(np.rint((places[r, m, 1] - middle[r, 1]) / step)) + half
                    for n in range(len(disc)):
                        i, j = ci + disc[n, 0], cj + disc[n, 1]
                        if 0 <= i < size and 0 <= j < size and state[j, i]:
                            list_i[end], list_j[end], state[j, i] = i, j, 0
                            end += 1
        begin, peak = 0, -np.inf
        mine = spectra[r] if spectra.size > 0 else spectra[0]
        while begin < end:
            for n in range(begin, end):
                i, j = list_i[n], list_j[n]
                x_of[n], y_of[n] = x0 + step * (i - half), y0 + step * (j - half)
                if not truncated:
                    continue
                for s in range(sources):
                    if np.isnan(knots[0, s, i]):
                        place = x_of[n] + separations[r, s, 0]
                        knots[0, s, i] = _knot(
                            place, box_low[0], box_high[0], scale[0], first[0], per_knot[0], contained.shape[1]
                        )
                    if np.isnan(knots[1, s, j]):
                        place = y_of[n] + separations[r, s, 1]
                        knots[1, s, j] = _knot(
                            place, box_low[1], box_high[1], scale[1], first[1], per_knot[1], contained.shape[0]
                        )
                    column[s, n], line[s, n] = knots[0, s, i], knots[1, s, j]
            _heights(
                x_of[begin:end],
                y_of[begin:end],
                column[:, begin:end],
                line[:, begin:end],
                weights[r],
                separations[r],
                mine,
                photons,
                contained,
                truncated,
                radial,
                image,
                inside,
                density,
                heights[begin:end],
            )
            for n in range(begin, end):
                values[list_j[n], list_i[n]] = heights[n]
                peak = max(peak, heights[n])
            last, begin = begin, end
            for n in range(last, begin):
                i, j = list_i[n], list_j[n]
                if values[j, i] > peak - depth:
                    for b in range(max(j - 1, 0), min(j + 2, size)):
                        for a in range(max(i - 1, 0), min(i + 2, size)):
                            if not state[b, a]:
                                continue
                            # Along a line through the node before this one it would be negligible there.
                            known = 0 <= 2 * j - b < size and 0 <= 2 * i - a < size
                            if known and 2 * values[j, i] - values[2 * j - b, 2 * i - a] <= peak - depth:
                                continue
                            list_i[end], list_j[end], state[b, a] = a, b, 0
                            end += 1
        log_peak[r] = peak
        sides, west, east, south, north = False, size, -1, size, -1
        for n in range(end):
            i, j = list_i[n], list_j[n]
            if values[j, i] >= peak - depth:
                west, east, south, north = min(west, i), max(east, i), min(south, j), max(north, j)
                sides |= (j == 0 and y0 - step * half > low[r, 1]) or (j == size - 1 and y0 + step * half < high[r, 1])
                sides |= (i == 0 and x0 - step * half > low[r, 0]) or (i == size - 1 and x0 + step * half < high[r, 0])
            else:
                values[j, i] = -np.inf
        full[r] = sides
        reach[0, r, 0], reach[1, r, 0] = x0 + step * (west - half), x0 + step * (east - half)
        reach[0, r, 1], reach[1, r, 1] = y0 + step * (south - half), y0 + step * (north - half)
        for j in range(size):
            for i in range(size):
                values[j, i] = np.exp(values[j, i] - peak) if values[j, i] > -np.inf else 0.0
