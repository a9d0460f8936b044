"""A mask from a FITS image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.map import Map
from faintsky.core.mask import MaskRule
from faintsky.core.paths import as_path
from faintsky.plugins.maps.image_file import read_image

__all__ = ["MaskImage"]


@component()
@frozen(kw_only=True)
class MaskImage(MaskRule):
    """Pixels of a FITS image, on the grid of the maps."""

    path: Path = option(help="FITS image", converter=as_path)
    hdu: str = option("", help="name or number of the HDU; default: the first image")
    keep: str = option(
        "nonzero", choices=("nonzero", "zero"), help="which pixels are kept: those that are not 0, or those that are"
    )

    def masked(self, maps: Mapping[str, Map], ctx: Context) -> NDArray[np.bool_]:
        """Pixels to leave out; those that are not finite always.

        Raises
        ------
        DataError
            Where the image lies on another grid: masks are never resampled.
        """
        grid = next(iter(maps.values())).geometry
        image = read_image(self.path, self.hdu, grid.scale[0])
        image.grid.check_same(grid, (self.path.name, "the grid of the maps"))
        zero = image.values == 0
        return np.asarray((zero if self.keep == "nonzero" else ~zero) | ~np.isfinite(image.values))
