"""Loops over positions and photons that numba compiles, where it is installed: the same numbers as numpy, without its arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from math import asinh, log, sqrt
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import FaintskyWarning

__all__ = ["LARGE", "SMALL", "CompiledLoops", "build", "compiled"]

Array = NDArray[np.float64]

#: A product of densities becomes a logarithm where it leaves this range: the next factor cannot under- or overflow it.
SMALL, LARGE = 1e-50, 1e50


@frozen(kw_only=True)
class CompiledLoops:
    """Of ln L with a PSF on ellipses, and on a lattice, and of the light inside the box."""

    radial: Callable[..., None]
    image: Callable[..., None]
    contained: Callable[..., None]


@lru_cache(maxsize=1)
def compiled() -> CompiledLoops | None:
    """The loops, each compiled when it is first called; None where numba is not installed."""
    if find_spec("numba") is None:
        return None
    try:
        import numba  # noqa: F401
    except ImportError as error:
        warnings.warn(f"numba is installed but of no use here: {error}. numpy serves, slower", FaintskyWarning, stacklevel=2)
        return None

    return CompiledLoops(radial=build(_radial_loop), image=build(_image_loop), contained=build(_contained_loop))


def build(loop: Callable[..., Any]) -> Any:
    """The loop, compiled when it is first called; numba must be installed."""
    import numba

    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(loop)
    except RuntimeError:  # No folder can be written to that numba could keep its machine code in.
        return numba.njit(nogil=True, error_model="numpy")(loop)


def _contained_loop(  # pragma: no cover (compiled)
    positions: Array, low: Array, high: Array, scale: Array, first: Array, per_knot: Array, table: Array, found: Array
) -> None:
    knots, _, energies = table.shape
    for row in range(len(positions)):
        column, line = 0.0, 0.0
        for axis in range(2):
            value = positions[row, axis]
            stretched = asinh((value - low[axis]) / scale[axis]) - asinh((high[axis] - value) / scale[axis])
            place = (stretched - first[axis]) * per_knot[axis]
            if not place > 0.0:  # nor where it is no number, which must not become an index
                place = 0.0
            place = min(place, knots - 1.0)
            if axis == 0:
                column = place
            else:
                line = place
        i, k = min(int(column), knots - 2), min(int(line), knots - 2)
        a, b = column - i, line - k
        for e in range(energies):
            south = table[k, i, e] + a * (table[k, i + 1, e] - table[k, i, e])
            north = table[k + 1, i, e] + a * (table[k + 1, i + 1, e] - table[k + 1, i, e])
            found[row, e] = south + b * (north - south)


def _radial_loop(  # pragma: no cover (compiled)
    x: Array,
    y: Array,
    background: Array,
    index: NDArray[np.intp],
    share: Array,
    positions: Array,
    weights: Array,
    contained: Array,
    spectra: Array,
    table: Array,
    fall: Array,
    axes: Array,
    same_axes: bool,
    found: Array,
) -> None:
    groups, rows, sources, _ = positions.shape
    last, energies = table.shape[0] - 1, table.shape[1]
    with_spectra = spectra.size > 0
    for g in range(groups):
        for row in range(rows):
            total, product = 0.0, 1.0
            for i in range(x.size):
                e, t = index[i], share[i]
                density = weights[g, 0] * background[i]
                if with_spectra:
                    density *= spectra[g, 0, i]
                for s in range(sources):
                    dx, dy = x[i] - positions[g, row, s, 0], y[i] - positions[g, row, s, 1]
                    u, v = axes[e, 0, 0] * dx + axes[e, 0, 1] * dy, axes[e, 1, 0] * dx + axes[e, 1, 1] * dy
                    place = sqrt(u * u + v * v)
                    if place < last:
                        k = int(place)
                        light = table[k, e] + (place - k) * (table[k + 1, e] - table[k, e])
                    else:
                        light = table[last, e] * (place / last) ** -fall[e]
                    inside = contained[g, row, s, e]
                    if t > 0.0 and e + 1 < energies:
                        if not same_axes:
                            u = axes[e + 1, 0, 0] * dx + axes[e + 1, 0, 1] * dy
                            v = axes[e + 1, 1, 0] * dx + axes[e + 1, 1, 1] * dy
                            place = sqrt(u * u + v * v)
                        if place < last:
                            k = int(place)
                            after = table[k, e + 1] + (place - k) * (table[k + 1, e + 1] - table[k, e + 1])
                        else:
                            after = table[last, e + 1] * (place / last) ** -fall[e + 1]
                        light = (1 - t) * light + t * after
                        inside = (1 - t) * inside + t * contained[g, row, s, e + 1]
                    light *= weights[g, s + 1] / inside
                    if with_spectra:
                        light *= spectra[g, s + 1, i]
                    density += light
                product *= density
                if not SMALL < product < LARGE:
                    total += log(product) if product != 0 else -np.inf
                    product = 1.0
            found[g, row] = total + log(product)


def _image_loop(  # pragma: no cover (compiled)
    x: Array,
    y: Array,
    background: Array,
    index: NDArray[np.intp],
    share: Array,
    positions: Array,
    weights: Array,
    contained: Array,
    spectra: Array,
    image: Array,
    x_first: float,
    y_first: float,
    pixel: float,
    found: Array,
) -> None:
    groups, rows, sources, _ = positions.shape
    energies, ny, nx = image.shape
    with_spectra = spectra.size > 0
    for g in range(groups):
        for row in range(rows):
            total, product = 0.0, 1.0
            for i in range(x.size):
                e, t = index[i], share[i]
                density = weights[g, 0] * background[i]
                if with_spectra:
                    density *= spectra[g, 0, i]
                for s in range(sources):
                    column = (x[i] - positions[g, row, s, 0] - x_first) / pixel
                    line = (y[i] - positions[g, row, s, 1] - y_first) / pixel
                    light, after = 0.0, 0.0
                    if 0 <= column <= nx - 1 and 0 <= line <= ny - 1:
                        k, m = min(int(column), nx - 2), min(int(line), ny - 2)
                        a, b = column - k, line - m
                        for f in range(e, min(e + 2, energies)):
                            low = image[f, m, k] + a * (image[f, m, k + 1] - image[f, m, k])
                            high = image[f, m + 1, k] + a * (image[f, m + 1, k + 1] - image[f, m + 1, k])
                            if f == e:
                                light = low + b * (high - low)
                            else:
                                after = low + b * (high - low)
                    inside = contained[g, row, s, e]
                    if t > 0.0 and e + 1 < energies:
                        light = (1 - t) * light + t * after
                        inside = (1 - t) * inside + t * contained[g, row, s, e + 1]
                    light *= weights[g, s + 1] / inside
                    if with_spectra:
                        light *= spectra[g, s + 1, i]
                    density += light
                product *= density
                if not SMALL < product < LARGE:
                    total += log(product) if product != 0 else -np.inf
                    product = 1.0
            found[g, row] = total + log(product)
