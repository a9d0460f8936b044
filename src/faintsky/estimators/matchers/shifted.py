"""The catalogue shifted: sources where there is nothing, so that every counterpart they get is one by chance."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.matcher import SkyPositions
from faintsky.estimators.matchers.sphere import displaced

__all__ = ["Footprint", "shifted"]

#: Which positions lie inside a survey and clear of its masks.
Footprint = Callable[[SkyPositions], NDArray[np.bool_]]


def shifted(
    sources: SkyPositions,
    ctx: Context,
    *,
    inside: Footprint | None = None,
    copies: int = 1,
    nearest: float = 20.0,
    farthest: float = 120.0,
) -> SkyPositions:
    """Sources moved by random distances in random directions, without those that the masks take.

    Parameters
    ----------
    sources : SkyPositions
        Before the masks are applied, so that about as many are moved out of a mask as into one.
    inside : callable, optional
        The masks and the footprint that the real sources were cut with: positions to booleans.
    copies : int
        Shifted sources for each source; the scatter of a false-positive fraction falls with their root.
    nearest, farthest : float
        [arcsec]; the distance is uniform between them. Near enough to see the same depth of the field, far enough to lose the
        true counterpart.

    Raises
    ------
    DataError
        Where the distances are reversed, or no shifted source is left.
    """
    if not 0 < nearest < farthest or copies < 1:
        raise DataError(f"shifts need 0 < nearest < farthest and a copy, got {nearest:g} to {farthest:g} arcsec, {copies} copies")
    rng = ctx.rng("shifted")
    rows = np.tile(np.arange(len(sources)), copies)
    distance, angle = rng.uniform(nearest, farthest, rows.size), rng.uniform(0, 2 * np.pi, rows.size)
    ra, dec = displaced(sources.ra[rows], sources.dec[rows], distance, angle)
    moved = attrs.evolve(sources.select(rows), ra=ra, dec=dec, name=f"{sources.name} shifted".strip())
    if inside is not None:
        moved = moved.select(inside(moved))
    if not len(moved):
        raise DataError(f"catalogue {sources.name}: no shifted source is left inside the footprint; is the mask reversed?")
    return moved
