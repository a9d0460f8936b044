"""Which pixels lie inside a region: every shape in coordinates (u, v) of its own frame, to first order on the sky."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.plugins.masks.region_file import SKY_FRAMES, Region

__all__ = ["Physical", "inside"]

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Locate = Callable[[Array, Array], tuple[Array, Array]]


@frozen
class Physical:
    """The physical frame: where its 1-based coordinates (x, y) lie in 0-based pixels of the grid."""

    locate: Locate


def inside(region: Region, grid: Grid, physical: Physical | None) -> tuple[tuple[slice, slice], Bool]:
    """Pixels of `grid` whose centre lies inside a region.

    Parameters
    ----------
    region : Region
    grid : Grid
    physical : Physical, optional
        Needed for the physical frame.

    Returns
    -------
    tuple of slice
        The part of the grid that the region can reach.
    ndarray of bool
        True inside, of the shape of that part.

    Raises
    ------
    DataError
        Where the grid lacks the WCS, or the maps the physical frame, that the region needs.
    """
    locate, step = _frame(region, grid, physical)
    px, py = locate(*(np.array(c, dtype=float) for c in zip(*region.positions, strict=True)))
    if not (np.all(np.isfinite(px)) and np.all(np.isfinite(py))):
        return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), dtype=bool)  # on the far side of the sky
    if region.shape == "polygon":
        part, y, x = _box(grid, py.min(), py.max(), px.min(), px.max())
        return part, _in_polygon(y, x, py, px)
    # Pixel steps of one unit of u (to the right of the frame, west on the sky) and of v (up, north).
    x0, y0 = region.positions[0]
    across, up = np.array([-1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0, 1.0])
    sx, sy = locate(x0 + step[0] * across, y0 + step[1] * up)
    u_sign = -1.0 if region.frame in SKY_FRAMES else 1.0
    scale = 2 * _unit(region)
    matrix = np.array([[u_sign * (sx[1] - sx[0]), sx[3] - sx[2]], [u_sign * (sy[1] - sy[0]), sy[3] - sy[2]]]) / scale
    sizes = _sizes(region, matrix, grid)
    reach = 1.5 * max(sizes)  # the corner of a box lies at 0.71 of its longer side
    extent = reach * np.hypot(matrix[:, 0], matrix[:, 1])
    part, y, x = _box(grid, py[0] - extent[1], py[0] + extent[1], px[0] - extent[0], px[0] + extent[0])
    u, v = np.einsum("ij,j...->i...", np.linalg.inv(matrix), np.stack(np.broadcast_arrays(x - px[0], y - py[0])))
    return part, _SHAPES[region.shape](u, v, sizes, np.deg2rad(region.angles))


def _unit(region: Region) -> float:
    """The step of `_frame` in units of u and v: pixels of the frame, or radian on the sky."""
    return float(np.deg2rad(1 / 3600)) if region.frame in SKY_FRAMES else 1.0


def _frame(region: Region, grid: Grid, physical: Physical | None) -> tuple[Locate, tuple[float, float]]:
    """How positions of the region's frame are found in the grid, and the steps that probe its axes there."""
    if region.frame == "image":
        return (lambda x, y: (x - 1, y - 1)), (1.0, 1.0)
    if region.frame == "physical":
        if physical is None:
            raise DataError(
                f"{region.where}: the region lies in the physical frame, but no map of the study knows it (LTV and LTM cards "
                "of an image, or an event file): give regions in fk5"
            )
        return physical.locate, (1.0, 1.0)
    if grid.wcs is None:
        raise DataError(f"{region.where}: the region lies on the sky ({region.frame}), but the maps have no WCS")

    def locate(lon: Array, lat: Array) -> tuple[Array, Array]:
        from astropy import units as u
        from astropy.coordinates import SkyCoord
        from astropy.wcs.utils import wcs_to_celestial_frame

        sky = SkyCoord(lon * u.deg, lat * u.deg, frame=SKY_FRAMES[region.frame])
        there = sky.transform_to(wcs_to_celestial_frame(grid.wcs)).spherical
        x, y = grid.wcs.all_world2pix(there.lon.deg, there.lat.deg, 0, quiet=True)
        return np.asarray(x, dtype=float), np.asarray(y, dtype=float)

    return locate, (1 / 3600 / max(np.cos(np.deg2rad(region.positions[0][1])), 1e-6), 1 / 3600)


def _sizes(region: Region, matrix: Array, grid: Grid) -> list[float]:
    """Lengths in the unit of u and v; an angle in a frame of pixels goes by the geometric mean of the pixel size."""
    if region.frame in SKY_FRAMES:
        return [size.value for size in region.sizes]
    one = float(np.sqrt(abs(np.linalg.det(matrix)) * grid.pixel_area))
    return [size.value / one if size.angular else size.value for size in region.sizes]


def _box(grid: Grid, y0: float, y1: float, x0: float, x1: float) -> tuple[tuple[slice, slice], Array, Array]:
    ny, nx = grid.shape
    rows = slice(int(np.clip(np.floor(y0), 0, ny)), int(np.clip(np.ceil(y1) + 1, 0, ny)))
    columns = slice(int(np.clip(np.floor(x0), 0, nx)), int(np.clip(np.ceil(x1) + 1, 0, nx)))
    y, x = np.arange(rows.start, rows.stop, dtype=float), np.arange(columns.start, columns.stop, dtype=float)
    return (rows, columns), y[:, None], x[None, :]


def _in_polygon(y: Array, x: Array, corners_y: Array, corners_x: Array) -> Bool:
    """The even-odd rule."""
    found = np.zeros(np.broadcast_shapes(y.shape, x.shape), dtype=bool)
    for y0, x0, y1, x1 in zip(corners_y, corners_x, np.roll(corners_y, -1), np.roll(corners_x, -1), strict=True):
        if y0 == y1:
            continue
        crossed = (y0 > y) != (y1 > y)
        found ^= crossed & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return found


def _turned(u: Array, v: Array, angle: float) -> tuple[Array, Array]:
    return u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)


def _circle(u: Array, v: Array, sizes: list[float], angles: Array) -> Bool:
    return np.asarray(np.hypot(u, v) <= sizes[0])


def _annulus(u: Array, v: Array, sizes: list[float], angles: Array) -> Bool:
    r = np.hypot(u, v)
    return np.asarray((r > min(sizes)) & (r <= max(sizes)))


def _ellipse(u: Array, v: Array, sizes: list[float], angles: Array) -> Bool:
    u, v = _turned(u, v, float(angles[-1]))
    return _ring(sizes, lambda a, b: (u / a) ** 2 + (v / b) ** 2 <= 1)


def _rectangle(u: Array, v: Array, sizes: list[float], angles: Array) -> Bool:
    u, v = _turned(u, v, float(angles[-1]))
    return _ring(sizes, lambda a, b: (np.abs(u) <= a / 2) & (np.abs(v) <= b / 2))


def _ring(sizes: list[float], within: Callable[[float, float], Any]) -> Bool:
    """Within the outermost pair of sizes and, where there are several, not within the innermost."""
    pairs = sorted(zip(sizes[::2], sizes[1::2], strict=True))
    found = np.asarray(within(*pairs[-1]))
    if len(pairs) > 1 and min(pairs[0]) > 0:
        found = found & ~np.asarray(within(*pairs[0]))
    return found


def _sector(u: Array, v: Array, start: float, stop: float) -> Bool:
    """Angles from `start` counterclockwise to `stop` [rad]; equal ones, or a full turn apart, are the whole circle."""
    width = (stop - start) % (2 * np.pi)
    if width < 1e-4 or width > 2 * np.pi - 1e-4:
        return np.ones(u.shape, dtype=bool)
    return np.asarray((np.arctan2(v, u) - start) % (2 * np.pi) <= width)


def _panda(u: Array, v: Array, sizes: list[float], angles: Array) -> Bool:
    return _annulus(u, v, sizes, angles) & _sector(u, v, float(angles[0]), float(angles[1]))


def _turned_panda(shape: Callable[..., Bool]) -> Callable[..., Bool]:
    def panda(u: Array, v: Array, sizes: list[float], angles: Array) -> Bool:
        sector = _sector(*_turned(u, v, float(angles[2])), float(angles[0]), float(angles[1]))
        return shape(u, v, sizes, angles) & sector

    return panda


_SHAPES: dict[str, Callable[..., Bool]] = {
    "circle": _circle,
    "annulus": _annulus,
    "ellipse": _ellipse,
    "box": _rectangle,
    "panda": _panda,
    "pie": _panda,
    "epanda": _turned_panda(_ellipse),
    "bpanda": _turned_panda(_rectangle),
}
