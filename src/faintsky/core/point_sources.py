"""The hypothesis of a number of point sources seen through a PSF."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.errors import DataError
from faintsky.core.psf import PSF

__all__ = ["NAMES", "PointSources"]

#: What a number of point sources is called.
NAMES = {1: "single", 2: "dual", 3: "triple"}


@frozen(kw_only=True)
class PointSources:
    """So many point sources above a background, all through one PSF (that may depend on observation, place and energy).

    Raises
    ------
    DataError
        For a number other than 1, 2 or 3.
    """

    number: int
    psf: PSF

    def __attrs_post_init__(self) -> None:
        if self.number not in NAMES:
            raise DataError(f"one, two or three point sources can be told apart in a box, not {self.number}")

    @property
    def name(self) -> str:
        """``single``, ``dual`` or ``triple``."""
        return NAMES[self.number]
