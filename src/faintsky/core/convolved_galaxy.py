"""A Sersic galaxy seen through a PSF, in Fourier space, with its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0, j1

from faintsky.core.psf_transform import PsfTransform
from faintsky.core.sersic import central_brightness, sersic_b

__all__ = ["convolved_galaxy", "shape_matrix", "squared_radius"]

Array = NDArray[np.float64]
Spectrum = NDArray[np.complex128]

#: Scale of the core along the minor axis [pixel]: what is left of a galaxy is smooth on the scale of a pixel.
_CORE = 2.0
#: Largest radius and wavenumber of the core, in its scale, and the step of the latter.
_EDGE, _LARGEST, _STEP = 5.0, 160.0, 0.125


def shape_matrix(ellipticity: float, angle: float) -> Array:
    """The matrix M of the elliptical radius r^2 = d^T M d along the major axis, d = (dx, dy)."""
    major = np.array([np.cos(angle), np.sin(angle)])
    minor = np.array([-np.sin(angle), np.cos(angle)])
    return np.asarray(np.outer(major, major) + np.outer(minor, minor) / (1 - ellipticity) ** 2)


@lru_cache(maxsize=1)
def _hankel() -> tuple[Array, Array, Array]:
    """Radii u of a quadrature, and matrices from the profile there to the transform of the core and to its derivative.

    H(q) = 2 pi int f(u) w(u) J0(q u) u du with the window w = exp(-u^2) (1 + u^2). Nodes gather at u = 0, where a profile of a
    large index has its cusp, and resolve the oscillation of the largest q elsewhere.
    """
    nodes, weights = np.polynomial.legendre.leggauss(96)
    v, dv = (nodes + 1) / 2, weights / 2
    inner, inner_weight = 0.1 * v**6, 0.6 * v**5 * dv
    nodes, weights = np.polynomial.legendre.leggauss(320)
    outer, outer_weight = 0.1 + (_EDGE - 0.1) * (nodes + 1) / 2, (_EDGE - 0.1) * weights / 2
    u, du = np.concatenate([inner, outer]), np.concatenate([inner_weight, outer_weight])
    q = np.arange(0, _LARGEST + _STEP, _STEP)
    weight = 2 * np.pi * np.exp(-(u**2)) * (1 + u**2) * u * du
    return u, j0(q[:, None] * u) * weight, -j1(q[:, None] * u) * weight * u


def convolved_galaxy(
    transform: PsfTransform,
    x: float,
    y: float,
    radius: float,
    index: float,
    matrix: Array,
    turns: Sequence[Array] = (),
) -> Spectrum:
    """Transforms of a galaxy of unit flux, folded onto the wavenumbers of the image.

    The profile is split by the window w(r) = exp(-s) (1 + s), s = r^2 / c^2, with c = 2 pixels along the minor axis. The core
    f w, cusp and all, is a Hankel transform, exact at any place and size. The rest, f (1 - w), is smooth on the scale of a pixel:
    its values in the pixels of the frame tell all of it, and what lies outside of the frame is not wrapped into it.

    Parameters
    ----------
    transform : PsfTransform
    x, y : float
        [pixel]
    radius : float
        R_e along the major axis [pixel].
    index : float
    matrix : ndarray, shape (2, 2)
        Of `shape_matrix`.
    turns : sequence of ndarray, shape (2, 2)
        Changes dM of the matrix along which to differentiate.

    Returns
    -------
    ndarray of complex, shape (1 or 5 + t, my, mx // 2 + 1)
        The galaxy. Where `turns` are given, then its derivatives by ln R_e, ln n, x and y, and along each of them.
    """
    more = len(turns) > 0
    axis = float(np.linalg.det(matrix)) ** -0.5
    scale = _CORE / axis
    inverse: Array = np.asarray(np.linalg.inv(matrix), dtype=float)
    level, slope_of_level, b, slope_of_b = _constants(index)
    level = np.exp(level) / (axis * radius**2)
    shrink = [-0.5 * float(np.trace(inverse @ turn)) for turn in turns]

    dy, dx = transform.places
    dy, dx = dy - y, dx - x
    squared = np.maximum(squared_radius(matrix, dx, dy), 1e-12)
    log_t = 0.5 * np.log(squared) - np.log(radius)
    power = b * np.exp(log_t / index)
    s = squared / scale**2
    gauss = np.exp(-s)
    rest = level * np.exp(-power)
    light = rest * (1 - gauss * (1 + s))
    smooth = [light]
    if more:
        smooth += [light * (power / index - 2), light * (slope_of_level + power * (log_t / index - slope_of_b))]
        by_square = (rest * s * s * gauss - light * power / (2 * index)) / squared
        for turn, less in zip(turns, shrink, strict=True):
            smooth.append(by_square * squared_radius(turn, dx, dy) - less * light)
    found = transform.frame(np.array(smooth))
    if more:
        moved = np.array([-1j * transform.kx * found[0], -1j * transform.ky * found[0]])
        found = np.concatenate([found[:3], moved, found[3:]])
    if not transform.holds(x, y):
        return np.asarray(found)

    u, by_profile, by_slope = _hankel()
    log_u = np.log(u * scale / radius)
    power = b * np.exp(log_u / index)
    profile = axis * scale**2 * level * np.exp(-power)
    inside = [profile]
    if more:
        inside += [profile * (power / index - 2), profile * (slope_of_level + power * (log_u / index - slope_of_b))]
    # The flux of the core is level times axis: the axis ratio drops out of it, and turns change its wavenumbers alone.
    table, flat = np.array(inside), found.reshape(len(found), -1)
    for zone in transform.zones:
        k = np.sqrt(squared_radius(inverse, zone.kx, zone.ky))
        rows = min(int(scale * k.max() / _STEP) + 2, by_profile.shape[0])
        core, steep = _hermite(scale * k, table @ by_profile[:rows].T, table @ by_slope[:rows].T, more)
        phase = zone.phase(x, y)
        parts: list[Spectrum] = [*(core * phase)]
        if more:
            tilt = steep * scale / (2 * np.maximum(k, 1e-12)) * phase
            parts += [-1j * zone.kx * parts[0], -1j * zone.ky * parts[0]]
            parts += [-tilt * squared_radius(np.array(inverse @ turn @ inverse), zone.kx, zone.ky) for turn in turns]
        for row, part in zip(flat, parts, strict=True):
            row[zone.place] += part
    return np.asarray(found)


def squared_radius(matrix: Array, x: Array, y: Array) -> Array:
    """d^T M d of d = (x, y)."""
    return np.asarray(matrix[0, 0] * x**2 + 2 * matrix[0, 1] * x * y + matrix[1, 1] * y**2)


def _constants(index: float) -> tuple[float, float, float, float]:
    """ln I(0) and its derivative by ln n, b and its logarithmic derivative by ln n."""
    step = 1e-4
    n = index * np.exp(np.array([0.0, -step, step]))
    level, b = central_brightness(n), sersic_b(n)
    return float(level[0]), float(level[2] - level[1]) / (2 * step), float(b[0]), float(np.log(b[2] / b[1])) / (2 * step)


def _hermite(place: Array, values: Array, slopes: Array, more: bool) -> tuple[Array, Array]:
    """Cubic interpolation of rows of values, and the derivative of the first row; 0 beyond the table."""
    at = place / _STEP
    cell = np.minimum(at.astype(np.intp), values.shape[1] - 2)
    p = at - cell
    beyond = p > 1
    p = np.minimum(p, 1.0)
    low, high = (1 + 2 * p) * (1 - p) ** 2, p**2 * (3 - 2 * p)
    start, end = p * (1 - p) ** 2 * _STEP, -(p**2) * (1 - p) * _STEP
    found = low * values[:, cell] + high * values[:, cell + 1] + start * slopes[:, cell] + end * slopes[:, cell + 1]
    found[:, beyond] = 0
    steep = np.zeros(0)
    if more:
        turn = 6 * p * (1 - p) / _STEP
        v, d = values[0], slopes[0]
        steep = turn * (v[cell + 1] - v[cell]) + (1 - p) * (1 - 3 * p) * d[cell] + p * (3 * p - 2) * d[cell + 1]
        steep[beyond] = 0
    return found, steep
