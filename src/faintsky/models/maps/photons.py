"""Photons of a catalogue: what an X-ray telescope would count of its sources, above a smooth background."""

from __future__ import annotations

import numpy as np
import scipy.fft
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.painted_source import PaintedSource
from faintsky.core.psf import PSF
from faintsky.core.units import per_steradian

__all__ = ["Photons"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class Photons(PaintedSource):
    """Poisson photons of the fluxes of a catalogue, through a beam, on a smooth background, in independent halves.

    rate = (sum of fluxes / Omega_pix convolved with the beam + background), counts ~ Poisson(rate exposure Omega_pix / energy).
    """

    catalogue: str = option(help="name of a [catalogues.NAME] of the study")
    flux: str = option("xray", help="column of fluxes with a unit such as erg / (s cm2)")
    energy: str = option("1 keV", help="mean energy of a photon: fluxes over it are photons")
    exposure: float = option(unit="cm2 s", gt=0, help="effective area times time")
    background: float = option(0.0, ge=0, help="smooth background, in the unit of the map")
    z: tuple[float, float] | None = option(None, help="only sources of these true redshifts (column z_true)")
    splits: int = option(2, ge=1, help="independent sub-maps of equal exposure")
    beam: PSF | None = option(None, help="PSF of the telescope")

    def grid(self) -> None:
        """None: sources are painted on any grid that lies on the sky."""

    def load(self, grid: Grid | None, ctx: Context) -> Map:
        """A catalogue is given by the study.

        Raises
        ------
        DataError
            Always.
        """
        raise DataError(f"the catalogue {self.catalogue!r} is given by the study; call paint(catalogue, grid, ctx)")

    def paint(self, catalogue: Catalogue, grid: Grid, ctx: Context) -> Map:
        """Count the photons.

        Raises
        ------
        DataError
            Where the flux has no unit, or a rate is negative.
        """
        if grid.wcs is None:
            raise DataError("sources are put on the sky: the grid needs a WCS ([grid] wcs, like, or pixel, size and centre)")
        unit = catalogue.units.get(self.flux, "")
        if not unit:
            raise DataError(f"the flux column {self.flux!r} has no unit, such as erg / (s cm2)")
        from astropy import units as u

        per_flux = float((u.Unit(unit) / u.Quantity(self.energy)).to_value("1 / (s cm2)"))
        sky = self._sky(catalogue, grid) + self.background
        if np.min(sky) < 0:
            raise DataError("a flux of the catalogue is negative: photons cannot be counted of it")
        rng = ctx.rng("photons")
        per_unit = per_flux * self.exposure * grid.pixel_area / self.splits
        drawn = rng.poisson(np.maximum(sky, 0) * per_unit, (self.splits, *grid.shape))
        splits = tuple(drawn / per_unit)
        noises = tuple(drawn / per_unit**2)
        return Map(
            values=np.mean(splits, axis=0),
            weight=np.ones(grid.shape, dtype=np.float32),
            grid=grid,
            unit=per_steradian(unit),
            splits=splits if self.splits > 1 else (),
            variance=sum(noises) / self.splits**2,
            split_variances=noises if self.splits > 1 else (),
            counts=drawn.sum(axis=0),
            beam=self.beam,
            meta={"source": "photons", "photons": int(drawn.sum()), "level": float(sky.mean())},
        )

    def _sky(self, catalogue: Catalogue, grid: Grid) -> Array:
        """Fluxes over the pixel area, convolved with the beam on a box padded against wrapping around."""
        x, y = grid.wcs.all_world2pix(catalogue["ra"], catalogue["dec"], 0)
        column, line = np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int)
        keep = (column >= 0) & (column < grid.shape[1]) & (line >= 0) & (line < grid.shape[0])
        if self.z is not None:
            keep &= (catalogue["z_true"] >= self.z[0]) & (catalogue["z_true"] < self.z[1])
        pixel = line[keep] * grid.shape[1] + column[keep]
        sky = np.bincount(pixel, catalogue[self.flux][keep], minlength=grid.size).reshape(grid.shape) / grid.pixel_area
        if self.beam is None:
            return np.asarray(sky)
        box = tuple(scipy.fft.next_fast_len(n + n // 8, real=True) for n in grid.shape)
        q = 2 * np.pi * np.hypot(scipy.fft.fftfreq(box[0], grid.scale[0])[:, None], scipy.fft.rfftfreq(box[1], grid.scale[1]))
        smooth = scipy.fft.irfft2(scipy.fft.rfft2(sky, s=box) * self.beam.transfer(q), s=box)
        return np.maximum(smooth[: grid.shape[0], : grid.shape[1]], 0.0)
