"""A mask of what stands out of a map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

    In a map of few photons per pixel every photon stands out; `smooth` finds the places where they crowd.
    """

    map: str = option(help="name of the map that is clipped")
    nsigma: float = option(4.0, gt=0, help="pixels further from the mean than this are left out")
    grow: float = option(0.0, unit="rad", ge=0, help="leave out what lies within this distance too")
    smooth: float = option(0.0, unit="rad", ge=0, help="look at the map smoothed to this FWHM, as sparse photons need it")
    both: bool = option(False, help="clip low pixels too")
    target_shot_noise: float = option(0.0, ge=0, help="stop at this shot noise [map unit^2 sr]; 0: clip to the end")
    rounds: int = option(50, ge=1, help="at most so many rounds")

    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """Pixels to leave out.

        Raises
        ------
        DataError
            Where there is no such map, it knows no variance but a target is given, or clipping leaves no pixel or no photon.
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
            seen = self._smoothed(data, inside)
            spread = seen[inside].std(dtype=np.float64)
            if not spread > 0:
                break
            distance = (seen - seen[inside].mean(dtype=np.float64)) / spread
            new = inside & ((np.abs(distance) if self.both else distance) > self.nsigma)
            if not new.any():
                break
            out |= self._grown(new, data)
            if not (kept & ~out).any():
                raise DataError(f"clipping {self.map!r} at {self.nsigma:g} sigma leaves no pixel: raise nsigma")
        if out.any() and data.counts is not None and not data.counts[kept & ~out].any():
            raise DataError(
                f"clipping {self.map!r} at {self.nsigma:g} sigma takes out every photon: with so few in a pixel each stands "
                "out. Give smooth, such as '10 arcsec', or raise nsigma"
            )
        if self.target_shot_noise:
            level = data.masked(~out).shot_noise()
            if level > self.target_shot_noise:
                ctx.warn(
                    f"clipping {self.map!r} ended at a shot noise of {level:.3g}, above the target of "
                    f"{self.target_shot_noise:.3g}: lower nsigma"
                )
        return out

    def _smoothed(self, data: Map, inside: NDArray[np.bool_]) -> NDArray[np.floating[Any]]:
        """The map smoothed over the kept pixels alone."""
        if not self.smooth:
            return data.values
        from scipy.ndimage import gaussian_filter

        width = [self.smooth / np.sqrt(8 * np.log(2)) / step for step in data.geometry.scale]
        share = gaussian_filter(inside.astype(np.float64), width)
        light = gaussian_filter(np.where(inside, data.values, 0).astype(np.float64), width)
        return np.asarray(np.divide(light, share, out=np.zeros_like(light), where=share > 0))

    def _grown(self, new: NDArray[np.bool_], data: Map) -> NDArray[np.bool_]:
        if not self.grow:
            return new
        from scipy.ndimage import distance_transform_edt

        return np.asarray(distance_transform_edt(~new, sampling=data.geometry.scale) <= self.grow)
