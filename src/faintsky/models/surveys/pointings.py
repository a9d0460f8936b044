"""Pointings of a simulated X-ray telescope: exposure, vignetting and the PSF over a field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.eef_radius import EefRadius
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.psf import PSF
from faintsky.core.units import ARCSEC
from faintsky.core.xray_image import EefMap
from faintsky.models.psfs.eef_map import eef_map
from faintsky.models.psfs.king import King

__all__ = ["Coverage", "Pointings"]

Array = NDArray[np.float64]

#: Widths of the PSF at which radii are worked out, between the smallest and the largest.
_WIDTHS = 24
#: Where vignetting and the width of the PSF are given [rad].
_OFF_AXIS = 600 * ARCSEC


@frozen(kw_only=True, eq=False)
class Coverage:
    """What the pointings of a field add up to.

    Attributes
    ----------
    time : ndarray, shape (ny, nx)
        Exposure time over that of a point on axis where the vignetted exposure is largest, float32.
    reach : ndarray, shape (ny, nx)
        Vignetted exposure over its largest value, float32.
    width : ndarray, shape (ny, nx)
        Width of the PSF over that on axis, float32: the mean over pointings by their vignetted exposure.
    radius : EefRadius
        Of the PSF on axis.
    """

    time: NDArray[np.float32] = field(repr=False)
    reach: NDArray[np.float32] = field(repr=False)
    width: NDArray[np.float32] = field(repr=False)
    radius: EefRadius = field(repr=False)

    def eef_map(self, shares: Sequence[float], grid: Grid) -> EefMap:
        """Radii all over the field of apertures of whole pixels that hold shares of the light, as `eef_map` of PSFs has them."""
        widths = np.geomspace(self.width.min(), max(self.width.max(), self.width.min() * 1.001), _WIDTHS)
        found = {share: np.empty(_WIDTHS) for share in shares}
        for i, width in enumerate(widths):
            # A PSF of twice the width on pixels is the PSF on pixels of half the size.
            shrunk = Grid((2, 2), (grid.scale[0] / width, grid.scale[1] / width))
            for share, radius in eef_map(self.radius.psf, shrunk, shares).radii.items():
                found[share][i] = width * float(radius)
        return EefMap(
            radii={share: np.interp(self.width, widths, radii).astype(np.float32) for share, radii in found.items()},
            name="simulated, widening off axis",
        )


@frozen(kw_only=True)
class Pointings:
    """Pointings of equal time on a square raster.

    At the angle theta off axis the effective area is that on axis over 1 + vignetting (theta / 10')^2, and the PSF is wider by
    the factor 1 + widening (theta / 10')^2. Where pointings overlap, all photons are given the mean width.
    """

    rows: int = option(1, ge=1, le=50, help="pointings along each side of the field")
    view: float | None = option(None, unit="rad", gt=0, help="radius of the field of view; default: it holds all of the field")
    vignetting: float = option(0.25, ge=0, help="loss of effective area at 10 arcmin off axis, as a part of what is left")
    psf: PSF | None = option(
        None, help="PSF on axis; default: king with core = '0.65 arcsec', slope = 2: 70 per cent within 1 arcsec"
    )
    widening: float = option(6.0, ge=0, help="widening of the PSF at 10 arcmin off axis")

    def coverage(self, grid: Grid) -> Coverage:
        """Exposure, vignetting and PSF width on a grid.

        Raises
        ------
        DataError
            Where no pixel is seen.
        """
        time, reach, width = (np.zeros(grid.shape, dtype=np.float32) for _ in range(3))
        ny, nx = grid.shape
        dy, dx = grid.scale
        view = np.hypot(ny * dy, nx * dx) if self.view is None else self.view
        places = (np.arange(self.rows) + 0.5) / self.rows
        for y0 in places * ny - 0.5:
            for x0 in places * nx - 0.5:
                lines, columns = _box(y0, view / dy, ny), _box(x0, view / dx, nx)
                y, x = (np.arange(side.start, side.stop, dtype=np.float32) for side in (lines, columns))
                theta2 = np.square((y[:, None] - np.float32(y0)) * np.float32(dy)) + np.square(
                    (x - np.float32(x0)) * np.float32(dx)
                )
                seen = theta2 <= view**2
                theta2 /= np.float32(_OFF_AXIS**2)
                area = seen / (1 + np.float32(self.vignetting) * theta2)
                time[lines, columns] += seen
                reach[lines, columns] += area
                width[lines, columns] += area * (1 + np.float32(self.widening) * theta2)
        peak = reach.max()
        if not peak > 0:
            raise DataError(f"a field of view of {view / ARCSEC:g} arcsec holds no centre of a pixel")
        width = np.where(reach > 0, width / np.maximum(reach, np.float32(1e-6)), np.float32(1.0))
        psf = King(core=0.65 * ARCSEC, slope=2.0) if self.psf is None else self.psf
        return Coverage(time=time / peak, reach=reach / peak, width=width, radius=EefRadius(psf=psf))


def _box(centre: float, half: float, size: int) -> slice:
    """The pixels of one axis that lie within a field of view."""
    return slice(max(0, int(np.floor(centre - half))), min(size, int(np.ceil(centre + half)) + 1))
