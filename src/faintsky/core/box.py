"""The box around a source in which photons are taken and positions are allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["Box"]


def _end(value: Any) -> float:
    return float(value)


@frozen(kw_only=True)
class Box:
    """A rectangle in the tangent plane of a source [arcsec]: x to the west, y to the north, as sky pixels run.

    Raises
    ------
    DataError
        Where it is empty.
    """

    x_low: float = field(converter=_end)
    x_high: float = field(converter=_end)
    y_low: float = field(converter=_end)
    y_high: float = field(converter=_end)

    def __attrs_post_init__(self) -> None:
        if not (self.x_low < self.x_high and self.y_low < self.y_high):
            raise DataError(f"the box {self} is empty: its low ends must lie below its high ends")

    @classmethod
    def square(cls, side: float) -> Box:
        """Of this side [arcsec], about the source."""
        return cls(x_low=-0.5 * side, x_high=0.5 * side, y_low=-0.5 * side, y_high=0.5 * side)

    @property
    def area(self) -> float:
        """[arcsec^2]"""
        return (self.x_high - self.x_low) * (self.y_high - self.y_low)

    @property
    def diagonal(self) -> float:
        """[arcsec]"""
        return float(np.hypot(self.x_high - self.x_low, self.y_high - self.y_low))

    def holds(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
        """Whether positions lie inside, edges included."""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        return np.asarray((x >= self.x_low) & (x <= self.x_high) & (y >= self.y_low) & (y <= self.y_high))

    def edge_distance(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Distance to the nearest side [arcsec]; negative outside."""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        return np.minimum(np.minimum(x - self.x_low, self.x_high - x), np.minimum(y - self.y_low, self.y_high - y))

    def __str__(self) -> str:
        return f"x {self.x_low:g} to {self.x_high:g}, y {self.y_low:g} to {self.y_high:g} arcsec"
