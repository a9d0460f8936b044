"""Simulated sources with known counterparts: drawn from the other catalogue, displaced by the position errors."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.matcher import SkyPositions
from faintsky.estimators.matchers.sphere import displaced

__all__ = ["SimulatedSources", "simulated"]


@frozen(kw_only=True, eq=False)
class SimulatedSources:
    """Sources, and the rows of their true counterparts.

    Attributes
    ----------
    positions : SkyPositions
    counterpart : ndarray of int, shape (n,)
    """

    positions: SkyPositions
    counterpart: NDArray[np.int64] = field(repr=False)


def simulated(
    sources: SkyPositions, others: SkyPositions, ctx: Context, *, weight: NDArray[np.float64] | None = None, copies: int = 1
) -> SimulatedSources:
    """Sources with the errors of the real ones, each beside a counterpart that was drawn from the others.

    A source is put where its counterpart is, displaced by a Gaussian of the errors of both in each coordinate. Sources without
    counterpart are what `shifted` makes.

    Parameters
    ----------
    sources, others : SkyPositions
    weight : ndarray, shape (number of others,), optional
        Relative chance of each of the others to be drawn; the factors of learnt priors make counterparts with the magnitudes
        and colours of the real ones. Without it all have the same.
    copies : int
        Simulated sources for each source.

    Raises
    ------
    DataError
        Where there is nothing to draw from, or a weight is negative.
    """
    given = np.ones(len(others)) if weight is None else np.asarray(weight, dtype=float)
    if given.shape != (len(others),) or not np.all(given >= 0) or not given.sum() > 0:
        raise DataError(f"catalogue {others.name}: counterparts need a weight for each of {len(others)} sources, not negative")
    rng = ctx.rng("simulated")
    rows = np.tile(np.arange(len(sources)), copies)
    truth = rng.choice(len(others), rows.size, p=given / given.sum())
    error = np.hypot(sources.error[rows], others.error[truth])
    distance, angle = error * rng.rayleigh(size=rows.size), rng.uniform(0, 2 * np.pi, rows.size)
    ra, dec = displaced(others.ra[truth], others.dec[truth], distance, angle)
    name = f"{sources.name} simulated".strip()
    return SimulatedSources(positions=attrs.evolve(sources.select(rows), ra=ra, dec=dec, name=name), counterpart=truth)
