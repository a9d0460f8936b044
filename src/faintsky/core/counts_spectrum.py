"""The counts spectrum: detector counts of a source with its background, as an OGIP PHA file holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["CountsSpectrum"]


def _scale(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else owned_floats(value)


@frozen(kw_only=True, eq=False)
class CountsSpectrum:
    """Counts per channel.

    Attributes
    ----------
    counts : ndarray, shape (nchan,)
        Counts, not rates.
    first_channel : int
        Number of the first channel (TLMIN): 0 or 1.
    exposure : float
        [s]
    backscal, areascal : float or ndarray, shape (nchan,)
    quality : ndarray of int, shape (nchan,), optional
        0 = good.
    background : CountsSpectrum, optional
    name : str

    Raises
    ------
    DataError
        Where counts are negative, times are not positive, or the background has other channels.
    """

    counts: NDArray[np.float64] = field(converter=owned_floats, repr=False)
    exposure: float
    first_channel: int = 1
    backscal: float | NDArray[np.float64] = field(default=1.0, converter=_scale)
    areascal: float | NDArray[np.float64] = field(default=1.0, converter=_scale)
    quality: NDArray[np.int64] | None = field(default=None, repr=False)
    background: CountsSpectrum | None = field(default=None, repr=False)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if self.counts.ndim != 1 or not np.all(self.counts >= 0):
            raise DataError("counts must be one row of numbers that are not negative (rates need their exposure)")
        off = np.flatnonzero(np.abs(self.counts - np.round(self.counts)) > 1e-3)
        if off.size:
            raise DataError(
                f"counts must be integers, but channel {off[0] + self.first_channel} has {self.counts[off[0]]:g}: rates must "
                "be multiplied with their exposure; a background is given as it was counted, its scaling in BACKSCAL and AREASCAL"
            )
        if not self.exposure > 0 or not np.all(np.asarray(self.backscal) > 0) or not np.all(np.asarray(self.areascal) > 0):
            raise DataError("exposure, BACKSCAL and AREASCAL must be positive")
        if self.background is not None and self.background.counts.shape != self.counts.shape:
            raise DataError(f"the background has {self.background.counts.size} channels, the source {self.counts.size}")

    @property
    def background_ratio(self) -> NDArray[np.float64]:
        """Source over background in EXPOSURE x BACKSCAL x AREASCAL, shape (nchan,).

        All three count: a file may keep the whole ratio in AREASCAL alone.

        Raises
        ------
        DataError
            Where there is no background.
        """
        if self.background is None:
            raise DataError(f"the spectrum {self.name!r} has no background")
        b = self.background
        ratio = self.exposure * self.backscal * self.areascal / (b.exposure * b.backscal * b.areascal)
        return np.broadcast_to(np.asarray(ratio, dtype=float), self.counts.shape)

    @property
    def good(self) -> NDArray[np.bool_]:
        """Channels of good quality, shape (nchan,)."""
        return np.ones(self.counts.shape, dtype=bool) if self.quality is None else np.asarray(self.quality == 0)

    @property
    def digest(self) -> str:
        """Identity of the counts and their scalings."""
        scales = [np.asarray(v, dtype=float).tolist() for v in (self.exposure, self.backscal, self.areascal)]
        own = [array_digest(self.counts), self.first_channel, scales, array_digest(self.good)]
        return json_digest([*own, None if self.background is None else self.background.digest])
