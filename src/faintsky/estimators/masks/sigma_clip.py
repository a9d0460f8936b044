"""A mask of what stands out of a map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.map import Map
from faintsky.core.mask import MaskRule

__all__ = ["SigmaClip"]


@component(references=["Kashlinsky2005"])
@frozen(kw_only=True)
class SigmaClip(MaskRule):
    """Pixels that stand out of one map, clipped round after round, with their surroundings.

    Each round leaves out the pixels further than `nsigma` from the mean of what is kept, and all within `grow` of them. It
    ends when nothing stands out, or when the shot noise of the kept pixels has come down to `target_shot_noise`.
    """

    map: str = option(help="name of the map that is clipped")
    nsigma: float = option(4.0, gt=0, help="pixels further from the mean than this are left out")
    grow: float = option(0.0, unit="rad", ge=0, help="leave out what lies within this distance too")
    both: bool = option(False, help="clip low pixels too")
    target_shot_noise: float = option(0.0, ge=0, help="stop at this shot noise [map unit^2 sr]; 0: clip to the end")
    rounds: int = option(50, ge=1, help="at most so many rounds")

    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """Pixels to leave out.

        Raises
        ------
        DataError
            Where there is no such map, it knows no variance but a target is given, or the target is not reached.
        """
        if self.map not in maps:
            raise DataError(f"there is no map {self.map!r} to clip. {nearest(self.map, maps)} Maps: {', '.join(maps)}")
        data = maps[self.map]
        kept = data.weight > 0
        out = np.zeros(kept.shape, dtype=bool)
        for _ in range(self.rounds):
            if self.target_shot_noise and data.masked(~out).shot_noise() <= self.target_shot_noise:
                return out
            inside = kept & ~out
            values = data.values[inside]
            spread = values.std(dtype=np.float64)
            if not spread > 0:
                break
            distance = (data.values - values.mean(dtype=np.float64)) / spread
            new = inside & ((np.abs(distance) if self.both else distance) > self.nsigma)
            if not new.any():
                break
            out |= self._grown(new, data)
            if not (kept & ~out).any():
                raise DataError(f"clipping {self.map!r} at {self.nsigma:g} sigma leaves no pixel: raise nsigma")
        if self.target_shot_noise:
            level = data.masked(~out).shot_noise()
            if level > self.target_shot_noise:
                ctx.warn(
                    f"clipping {self.map!r} ended at a shot noise of {level:.3g}, above the target of "
                    f"{self.target_shot_noise:.3g}: lower nsigma"
                )
        return out

    def _grown(self, new: NDArray[np.bool_], data: Map) -> NDArray[np.bool_]:
        if not self.grow:
            return new
        from scipy.ndimage import distance_transform_edt

        return np.asarray(distance_transform_edt(~new, sampling=data.geometry.scale) <= self.grow)
