"""Position errors as they should be: a catalogue's own, scaled, with a systematic part and a floor."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from faintsky.core.errors import DataError
from faintsky.core.matcher import SkyPositions

__all__ = ["with_systematic"]


def with_systematic(
    positions: SkyPositions, systematic: ArrayLike = 0.0, scale: ArrayLike = 1.0, floor: ArrayLike = 0.0
) -> SkyPositions:
    """The catalogue with the errors max(sqrt((scale error)^2 + systematic^2), floor).

    Catalogues quote errors of very different kinds: 68 % or 90 % radii, with or without the astrometric part. A 68 % radius is
    1.515 times the error in each coordinate that is wanted here, a 90 % one 2.146 times.

    Parameters
    ----------
    positions : SkyPositions
    systematic : array_like, shape () or (n,)
        [arcsec], in each coordinate; an array where parent surveys differ.
    scale : array_like, shape () or (n,)
    floor : array_like, shape () or (n,)
        [arcsec]

    Raises
    ------
    DataError
        Where a number is negative or not finite.

    Examples
    --------
    >>> quoted = SkyPositions(ra=[10.0], dec=[0.0], error=[0.3], area=1.0)
    >>> with_systematic(quoted, 0.4).error
    array([0.5])
    """
    given = {"systematic": systematic, "scale": scale, "floor": floor}
    for name, value in given.items():
        if not np.all(np.isfinite(value) & (np.asarray(value) >= 0)):
            raise DataError(f"catalogue {positions.name}: {name} of the position errors is negative or not finite: {value!r}")
    error = np.hypot(np.asarray(scale) * positions.error, np.asarray(systematic))
    return attrs.evolve(positions, error=np.maximum(error, np.asarray(floor)))
