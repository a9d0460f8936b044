"""The ellipses of a PSF, and the circles of the same area that they are turned into."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ring_directions", "round_frame"]

Array = NDArray[np.float64]


def round_frame(ellipse: tuple[float, float]) -> Array:
    """The matrix that turns offsets dx, dy into a frame where the isophotes are circles, shape (2, 2); its determinant is 1.

    Parameters
    ----------
    ellipse : tuple of float
        Axis ratio q and position angle [rad] of the major axis, as of `PSF.ellipse`.

    Examples
    --------
    >>> float(np.hypot(*(round_frame((0.25, 0.0)) @ [2.0, 0.0])))
    1.0
    """
    ratio, angle = ellipse
    cos, sin, root = np.cos(angle), np.sin(angle), np.sqrt(ratio)
    return np.array([[root * cos, root * sin], [-sin / root, cos / root]])


def ring_directions(ratio: float, number: int) -> Array:
    """g = rho / r in `number` directions that stand for a ring; its mean of any smooth function of g converges geometrically.

    The light of an elliptical profile in a circle of radius r is the mean of g^-2 F(r g) over the ring, where F(rho) is that
    within the ellipse of rho.

    Parameters
    ----------
    ratio : float
        Axis ratio q.
    number : int
        Directions of a quarter of the ring; the other three are like it. A round profile has one.
    """
    if ratio == 1:
        return np.ones(1)
    phi = (np.arange(number) + 0.5) * (0.5 * np.pi / number)
    return np.asarray(np.sqrt(ratio * np.cos(phi) ** 2 + np.sin(phi) ** 2 / ratio))
