"""The option tables of the study: ``[grid]``, ``[bins]``, ``[fit]``."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from faintsky.core.bins import Bins
from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.image_hdu import image_hdu
from faintsky.core.units import ARCSEC

__all__ = ["BinChoice", "FitChoice", "GridChoice"]


@frozen(kw_only=True)
class GridChoice:
    """Where every map is made: binned or painted there, never interpolated.

    Without a choice it is the native grid of the first map that has one.
    """

    like: str = option("", help="take the native grid of this map, such as 'maps.xray'")
    wcs: Path | None = option(None, help="FITS file whose image WCS and shape are the grid")
    pixel: float | None = option(None, unit="rad", gt=0, help="pixel size of a grid made here, with `size`")
    size: tuple[int, int] | None = option(None, help="[ny, nx] pixels, with `pixel`")
    centre: tuple[float, float] | None = option(
        None, unit="deg", help="right ascension and declination of its centre: the grid is a tangential projection there"
    )

    def __attrs_post_init__(self) -> None:
        given = [name for name in ("like", "wcs", "pixel") if getattr(self, name)]
        if len(given) > 1:
            raise DataError(f"the grid is given {len(given)} times, by {' and '.join(given)}: keep one")
        if (self.pixel is None) is not (self.size is None):
            raise DataError("a grid of plain pixels needs both pixel and size, such as pixel = '1.2 arcsec', size = [512, 512]")

    def explicit(self) -> Grid | None:
        """The grid that the choice itself holds, or None."""
        if self.pixel is not None and self.size is not None:
            return Grid(self.size, self.pixel) if self.centre is None else Grid.tangential(self.centre, self.size, self.pixel)
        if self.wcs is None:
            return None
        from astropy.io import fits
        from astropy.wcs import WCS

        with fits.open(self.wcs) as hdus:
            header = image_hdu(hdus, self.wcs).header
            return Grid.from_wcs(WCS(header), (header["NAXIS2"], header["NAXIS1"]))


@frozen(kw_only=True)
class BinChoice:
    """Rings of wavenumber, logarithmic between two scales or by their edges."""

    theta: tuple[float, float] = option(("2 arcsec", "1000 arcsec"), unit="rad", help="smallest and largest scale 2 pi / q")
    per_decade: float = option(10.0, gt=0, help="bins per decade")
    edges: tuple[float, ...] = option((), unit="1/rad", help="edges in wavenumber, instead of theta and per_decade")
    empty: str = option(
        "merge",
        choices=("merge", "error"),
        help="bins without a Fourier mode: dropped outside the reach of the grid and merged inside it, or refused",
    )

    def __attrs_post_init__(self) -> None:
        if not self.edges and not 0 < self.theta[0] < self.theta[1]:
            low, high = (t / ARCSEC for t in self.theta)
            raise DataError(f"theta must be [smallest, largest], got [{low:g}, {high:g}] arcsec")

    @property
    def common(self) -> Bins:
        """The bins before any grid is known: what fields are stacked over."""
        return Bins(self.edges) if self.edges else Bins.log(*self.theta, per_decade=self.per_decade)

    def bins(self, grid: Grid) -> tuple[Bins, tuple[str, ...]]:
        """The bins on a grid, and what had to be changed to give each a mode.

        Raises
        ------
        DataError
            Where bins hold no mode and `empty` is ``error``.
        """
        chosen = self.common
        if self.empty == "error":
            chosen.check(grid)
            return chosen, ()
        return chosen.fitted(grid)


@frozen(kw_only=True)
class FitChoice:
    """Which spectra are fitted, and how the fit is checked."""

    spectra: tuple[str, ...] = option(
        (), help="such as ['ir x xray', 'ir']; default: the cross-spectrum of the first two maps, or the only auto"
    )
    wider_priors: float = option(
        1.0, ge=1, help="fit again with flat priors so many times as wide, and tell what changes; 1 = not"
    )
