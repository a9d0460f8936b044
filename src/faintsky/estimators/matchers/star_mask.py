"""Sources clear of the masks of bright stars, and of the edge of the footprint, by more than their position errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.matcher import SkyPositions
from faintsky.core.units import ARCSEC
from faintsky.estimators.matchers.sphere import chord, separation, unit_vectors

__all__ = ["clear_of_circles", "clear_of_mask"]

Bools = NDArray[np.bool_]


def _margin(positions: SkyPositions, margin: ArrayLike | None) -> NDArray[np.float64]:
    asked = positions.error if margin is None else np.asarray(margin, dtype=float)
    if not np.all(asked >= 0):
        raise DataError(f"catalogue {positions.name}: a margin around a mask is negative or NaN")
    return np.broadcast_to(asked, positions.ra.shape)


def clear_of_circles(
    positions: SkyPositions, ra: ArrayLike, dec: ArrayLike, radius: ArrayLike, margin: ArrayLike | None = None
) -> Bools:
    """True where a source lies farther from every circle than its margin, shape (n,).

    Parameters
    ----------
    positions : SkyPositions
    ra, dec : array_like, shape (m,)
        Centres [deg].
    radius : array_like, shape (m,) or ()
        [arcsec]
    margin : array_like, shape (n,) or (), optional
        [arcsec]; the position errors, where none is given; 0 removes only sources inside.

    Raises
    ------
    DataError
        Where a radius or a margin is negative.
    """
    from scipy.spatial import cKDTree

    centres = unit_vectors(np.atleast_1d(ra), np.atleast_1d(dec))
    radii = np.broadcast_to(np.asarray(radius, dtype=float), len(centres))
    if not np.all(radii >= 0):
        raise DataError("the radius of a mask is negative or NaN")
    sky, margins = unit_vectors(positions.ra, positions.dec), _margin(positions, margin)
    if not len(centres) or not len(sky):
        return np.ones(len(sky), dtype=bool)
    reach = np.minimum(radii + margins.max(), 180 * 3600.0)
    near = cKDTree(sky).query_ball_point(centres, chord(reach) * (1 + 1e-9), return_sorted=False)
    source = np.concatenate([np.asarray(rows, dtype=np.int64) for rows in near])
    circle = np.repeat(np.arange(len(centres)), [len(rows) for rows in near])
    touched = separation(sky[source], centres[circle]) <= radii[circle] + margins[source]
    clear = np.ones(len(sky), dtype=bool)
    clear[source[touched]] = False
    return clear


def clear_of_mask(positions: SkyPositions, grid: Grid, masked: NDArray[np.bool_], margin: ArrayLike | None = None) -> Bools:
    """True where a source lies farther from every masked pixel than its margin, shape (n,).

    Distances are to the edges of the pixels, not to their centres. What lies off the image counts as masked, so that the image
    is the footprint, too.

    Parameters
    ----------
    positions : SkyPositions
    grid : Grid
        With a place on the sky.
    masked : ndarray of bool, shape (ny, nx)
        True where sources are not to be used.
    margin : array_like, shape (n,) or (), optional
        [arcsec]; the position errors, where none is given; 0 removes only sources inside.

    Raises
    ------
    DataError
        Where the grid lies nowhere, the mask has another shape, or a margin is negative.
    """
    mask = np.asarray(masked, dtype=bool)
    if grid.wcs is None or mask.shape != grid.shape:
        raise DataError(f"the mask has the shape {mask.shape}, its grid {grid.shape}; and the grid needs a place on the sky")
    margins, (ny, nx), scale = _margin(positions, margin), grid.shape, np.array(grid.scale) / ARCSEC
    clear = np.ones(len(positions), dtype=bool)
    if not len(positions):
        return clear
    x, y = (np.asarray(v, dtype=float) for v in grid.wcs.all_world2pix(positions.ra, positions.dec, 0))
    # The far side of the sky has no place on a tangential plane.
    x, y = np.nan_to_num(x, nan=-1e9, posinf=1e9, neginf=-1e9), np.nan_to_num(y, nan=-1e9, posinf=1e9, neginf=-1e9)
    column, row = np.rint(np.clip(x, -10, nx + 10)).astype(np.int64), np.rint(np.clip(y, -10, ny + 10)).astype(np.int64)
    up, right = (int(np.ceil(margins.max() / s)) for s in scale)
    for dy in range(-up, up + 1):
        for dx in range(-right, right + 1):
            j, i = row + dy, column + dx
            off = (j < 0) | (j >= ny) | (i < 0) | (i >= nx)
            closed = off | mask[np.clip(j, 0, ny - 1), np.clip(i, 0, nx - 1)]
            gap_y = np.maximum(np.abs(y - j) - 0.5, 0) * scale[0]
            gap_x = np.maximum(np.abs(x - i) - 0.5, 0) * scale[1]
            clear &= ~(closed & (np.hypot(gap_x, gap_y) <= margins))
    return np.asarray(clear & (np.abs(x - (nx - 1) / 2) <= nx / 2) & (np.abs(y - (ny - 1) / 2) <= ny / 2))
