"""Point sources on the sky that photons are drawn from."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["SkySources"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SkySources:
    """One to three point sources, and how many photons they and the background give.

    Attributes
    ----------
    offsets : ndarray, shape (s, 2)
        Positions from the origin of the photons [arcsec]: x to the west, y to the north.
    ratios : ndarray, shape (s,)
        Photons of each source over those of the first one, on the sky: before any of them misses the box.
    counts : float, optional
        Photons expected in the boxes of all observations together, background included; None: as many as were observed.
    background_fraction : float, optional
        Photons of the background over those of all sources, inside the boxes; None: the background that was measured.

    Raises
    ------
    DataError
        Where shapes do not fit, or a number is not possible.
    """

    offsets: Array = field(converter=owned_floats)
    ratios: Array = field(converter=owned_floats)
    counts: float | None = None
    background_fraction: float | None = None

    def __attrs_post_init__(self) -> None:
        if self.offsets.ndim != 2 or self.offsets.shape[1] != 2 or not 1 <= len(self.offsets) <= 3:
            raise DataError(f"offsets are (x, y) of one to three sources, shape (s, 2), got the shape {self.offsets.shape}")
        if self.ratios.shape != (len(self.offsets),):
            raise DataError(f"{len(self.offsets)} sources need as many ratios, got {self.ratios.shape}")
        if not (np.isfinite(self.offsets).all() and np.isfinite(self.ratios).all() and np.all(self.ratios >= 0)):
            raise DataError("offsets must be numbers, and ratios numbers that are not negative")
        if self.ratios[0] != 1:
            raise DataError(f"the first ratio is that of the first source to itself, 1; got {self.ratios[0]:g}")
        for name in ("counts", "background_fraction"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise DataError(f"{name} must be a number that is not negative, got {value!r}")

    @classmethod
    def single(
        cls, x: float = 0.0, y: float = 0.0, *, counts: float | None = None, background_fraction: float | None = None
    ) -> SkySources:
        """One source at `x`, `y` [arcsec]."""
        return cls(offsets=[[x, y]], ratios=[1.0], counts=counts, background_fraction=background_fraction)

    @classmethod
    def dual(
        cls,
        separation: float,
        position_angle: float,
        ratio: float,
        x: float = 0.0,
        y: float = 0.0,
        *,
        counts: float | None = None,
        background_fraction: float | None = None,
    ) -> SkySources:
        """Two sources, the first one at `x`, `y`.

        Parameters
        ----------
        separation : float
            [arcsec]
        position_angle : float
            Of the second one as seen from the first, from north through east [rad].
        ratio : float
            Photons of the second over those of the first.
        """
        second = [x - separation * np.sin(position_angle), y + separation * np.cos(position_angle)]
        return cls(offsets=[[x, y], second], ratios=[1.0, ratio], counts=counts, background_fraction=background_fraction)

    @property
    def share(self) -> Array:
        """Of all photons of the sources, shape (s,)."""
        return np.asarray(self.ratios / self.ratios.sum())

    def __len__(self) -> int:
        return len(self.offsets)
