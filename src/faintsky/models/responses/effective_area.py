"""An idealised detector: an effective area with a Gaussian energy resolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import ndtr

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.response import Response, ResponseSource

__all__ = ["EffectiveArea"]

Array = NDArray[np.float64]

#: FWHM of a Gaussian over its standard deviation, sqrt(8 ln 2).
_FWHM = float(np.sqrt(8 * np.log(2)))
#: Widest part of the Gaussian that is kept [standard deviations]: what lies beyond is 1e-15.
_REACH = 8.0
#: Most bins of energy, so that a slip of `step` does not fill the memory.
_MOST = 100_000


def _rising(curve: EffectiveArea, _: Any, energy: tuple[float, ...]) -> None:
    if len(energy) < 2 or not energy[0] > 0 or not np.all(np.diff(energy) > 0):
        raise ValueError("energy must hold at least two rising energies above 0")


@component()
@frozen(kw_only=True)
class EffectiveArea(ResponseSource):
    """Effective area of an idealised detector with Gaussian energy resolution; for studies without files.

    Bins of energy and channels are the same, from end to end of `band` in steps of `step`. The area is linear in ln E between
    the points. A photon in the middle of a bin at E falls into the channel from e1 to e2 with the probability
    P((e2 - E) / s) - P((e1 - E) / s), where P is the normal distribution function and s = fwhm / 2.3548; what falls beyond the
    band is not detected.
    """

    energy: tuple[float, ...] = option(unit="keV", help="rising energies of the points", validator=_rising)
    area: tuple[float, ...] = option(unit="cm2", ge=0, help="effective area at the points")
    fwhm: float = option("0.15 keV", unit="keV", ge=0, help="energy resolution; 0: every photon falls into its own channel")
    step: float = option("0.01 keV", unit="keV", gt=0, help="width of bins and channels")
    band: Band | None = option(None, converter=Band.of, help="photon energies and channels; default: from first to last point")
    epoch: str = option(help="what it stands for, such as 'AXIS, at launch'")

    def __attrs_post_init__(self) -> None:
        if len(self.area) != len(self.energy):
            raise DataError(f"energy holds {len(self.energy)} points, but area {len(self.area)}")
        band = self._band
        if band.low < self.energy[0] or band.high > self.energy[-1]:
            raise DataError(f"the band {band} reaches beyond the effective area, {self.energy[0]:g}-{self.energy[-1]:g} keV")
        if not self.step <= band.high - band.low <= _MOST * self.step:
            raise DataError(f"steps of {self.step:g} keV cut {band} into none or more than {_MOST} bins")

    @property
    def _band(self) -> Band:
        return self.band or Band(self.energy[0], self.energy[-1])

    def load(self, ctx: Context) -> Response:
        """The response; the last step is adapted to the end of the band."""
        band = self._band
        number = round((band.high - band.low) / self.step)
        edges = np.linspace(band.low, band.high, number + 1)
        middle = 0.5 * (edges[1:] + edges[:-1])
        data, channels, starts = self._rows(number, (band.high - band.low) / number)
        return Response(
            edges=edges,
            area=np.interp(np.log(middle), np.log(self.energy), self.area),
            channel_edges=np.stack([edges[:-1], edges[1:]], axis=1),
            data=data,
            channels=channels,
            starts=starts,
            name=f"effective area, {self.epoch}",
        )

    def _rows(self, number: int, step: float) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
        """Compressed rows: the same profile around each diagonal element."""
        reach = int(np.ceil(_REACH * self.fwhm / _FWHM / step))
        offset = np.arange(-reach, reach + 1)
        if reach:
            # Of either side by its own tail, since 1 - P loses the digits of a small one.
            low, high = ((-np.abs(offset) + half) * step * _FWHM / self.fwhm for half in (-0.5, 0.5))
            profile = ndtr(high) - ndtr(low)
        else:
            profile = np.ones(1)
        channels = np.arange(number)[:, None] + offset
        inside = (channels >= 0) & (channels < number)
        starts = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
        return np.broadcast_to(profile, channels.shape)[inside], channels[inside], starts
