"""The pixels about a source, symmetric about it, in which apertures are laid."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["LightWindow"]

Array = NDArray[np.float64]

#: Sub-pixels along each axis of a pixel that the edge of an aperture crosses, as SExtractor has them.
_SUBPIXELS = 5
#: Half of the diagonal of a pixel.
_DIAGONAL = 0.5 * 2**0.5
#: Circles [pixel] below which the growth curve of a source is taken on sub-pixels.
_RESOLVED = 12.0


@frozen(kw_only=True, eq=False, slots=False)
class LightWindow:
    """A window that its centre mirrors onto itself.

    Attributes
    ----------
    x, y : float
        The centre [pixel].
    x0, y0 : int
        First column and row; they may lie beyond the image.
    shape : tuple of int
        (rows, columns)
    """

    x: float
    y: float
    x0: int
    y0: int
    shape: tuple[int, int]

    @classmethod
    def about(cls, x: float, y: float, reach: float) -> Self:
        """The window that holds `reach` pixels in all directions."""
        # A pixel i and round(2 x) - i are mirror images to half a pixel, and the window holds both or none.
        x1, y1 = int(np.ceil(x + reach)), int(np.ceil(y + reach))
        x0, y0 = round(2 * x) - x1, round(2 * y) - y1
        return cls(x=x, y=y, x0=x0, y0=y0, shape=(y1 - y0 + 1, x1 - x0 + 1))

    def taken(self, image: NDArray[Any], outside: Any) -> NDArray[Any]:
        """The window of an image, with the value `outside` beyond its edge."""
        found = np.full(self.shape, outside, dtype=image.dtype)
        (top, bottom, rows), (left, right, cols) = (
            _overlap(start, size, whole) for start, size, whole in zip((self.y0, self.x0), self.shape, image.shape, strict=True)
        )
        found[rows, cols] = image[top:bottom, left:right]
        return found

    def mended(self, image: Array, good: NDArray[np.bool_]) -> Array:
        """The window with mirror images in place of pixels that are not good, and 0 where these are not good either."""
        light = self.taken(image, 0.0)
        return np.where(good, light, np.where(good[::-1, ::-1], light[::-1, ::-1], 0.0))

    @cached_property
    def _offsets(self) -> tuple[Array, Array]:
        rows, cols = np.indices(self.shape, dtype=float)
        return cols + self.x0 - self.x, rows + self.y0 - self.y

    def radius(self, a: float, b: float, theta: float) -> Array:
        """Distance of the pixels from the centre in units of an ellipse."""
        return _elliptical(*self._offsets, a, b, theta)

    def ellipse(self, a: float, b: float, theta: float, scale: float) -> Array:
        """The share of each pixel that lies within `scale` times the ellipse."""
        radius = self.radius(a, b, theta)
        share = (radius <= scale).astype(float)
        edge = np.abs(radius - scale) < _DIAGONAL / b
        dx, dy = (offset[edge] for offset in self._offsets)
        share[edge] = np.mean([_elliptical(dx + u, dy + v, a, b, theta) <= scale for u, v in _subpixels()], axis=0)
        return share

    def half_light_radius(self, light: Array, flux: float, largest: float) -> float:
        """Radius of the circle that holds half of `flux` [pixel]; NaN where none up to `largest` does, or there is no flux."""
        if not flux > 0:
            return float("nan")
        dx, dy = self._offsets
        distance = np.hypot(dx, dy)
        near, far = distance < _RESOLVED, (distance >= _RESOLVED) & (distance <= largest + 1)
        parts = [(np.hypot(dx[near] + u, dy[near] + v), light[near] / _SUBPIXELS**2) for u, v in _subpixels()]
        radii = np.concatenate([r for r, _ in parts] + [distance[far]])
        order = np.argsort(radii, kind="stable")
        growth = np.cumsum(np.concatenate([f for _, f in parts] + [light[far]])[order])
        first = int(np.argmax(growth >= flux / 2))
        radius = float(radii[order[first]])
        return radius if growth[first] >= flux / 2 and radius <= largest else float("nan")


def _overlap(start: int, size: int, whole: int) -> tuple[int, int, slice]:
    """First and last pixel of an axis of the image that lie in the window, and where."""
    low, high = min(max(start, 0), whole), max(min(start + size, whole), 0)
    return low, max(high, low), slice(low - start, max(high, low) - start)


def _elliptical(dx: Array, dy: Array, a: float, b: float, theta: float) -> Array:
    along, across = dx * np.cos(theta) + dy * np.sin(theta), dy * np.cos(theta) - dx * np.sin(theta)
    return np.asarray(np.hypot(along / a, across / b))


def _subpixels() -> list[tuple[float, float]]:
    steps = (np.arange(_SUBPIXELS) + 0.5) / _SUBPIXELS - 0.5
    return [(float(u), float(v)) for u in steps for v in steps]
