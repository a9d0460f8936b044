"""A simulated map whose truth is known."""

from __future__ import annotations

import numpy as np
import scipy.fft
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map, MapSource
from faintsky.core.units import DEG2_PER_SR

__all__ = ["Simulated"]

Array = NDArray[np.float64]

#: The clustered field is drawn on a periodic box this many times the map and cropped, so that the map is not periodic.
_BOX = 2


@component()
@frozen(kw_only=True)
class Simulated(MapSource):
    """A seeded sky: clustered background, point sources, and photons, each as far as asked for.

    The clustered part is a Gaussian field of power P(q) = clustering (q / q0)^-slope with q0 = 2 pi / theta0. Maps with the
    same `sky` share one realisation of it, each with its own spectrum, as far as their `coherence` goes; so the cross-power
    of two of them is r_a r_b sqrt(P_a P_b). Sources of one flux, each map's own, add the white power density x flux^2, photons
    mean / exposure.
    """

    pixel: float | None = option(None, unit="rad", gt=0, help="pixel of the map's own grid; default: paint on any grid")
    size: tuple[int, int] | None = option(None, help="[ny, nx] pixels of its own grid, with `pixel`")
    unit: str = option("nW / (m2 sr)", help="unit of the map")
    mean: float = option(0.0, help="mean level of the clustered background and of what is smooth, in the map's unit")
    clustering: float = option(0.0, ge=0, help="clustered power at theta0, in the map's unit^2 sr")
    theta0: float = option("100 arcsec", unit="rad", gt=0, help="scale 2 pi / q0 of `clustering`")
    slope: float = option(1.5, ge=0, lt=4, help="clustered power falls as q^-slope")
    sky: str = option("", help="name of a sky that several maps share")
    coherence: float = option(1.0, ge=0, le=1, help="correlation of the clustered part with the shared sky")
    white: float = option(0.0, ge=0, help="Gaussian white noise of the instrument, as a power in the map's unit^2 sr")
    sources: float = option(0.0, unit="1/deg2", ge=0, help="surface density of point sources")
    flux: float = option(0.0, ge=0, help="flux of every source, in the map's unit times sr")
    exposure: float = option(0.0, unit="cm2 s", ge=0, help="count photons with this exposure; 0 = no photons")
    splits: int = option(1, ge=1, help="independent sub-maps of equal exposure (or of equal instrument noise)")

    def grid(self) -> Grid | None:
        """Its own grid, or None."""
        if (self.pixel is None) is not (self.size is None):
            raise DataError("a simulated map with a grid of its own needs both pixel and size")
        return None if self.pixel is None or self.size is None else Grid(self.size, self.pixel)

    def true_power(self, q: Array) -> Array:
        """Expected auto-power at `q` [rad^-1] [unit^2 sr]: clustering, sources, instrument and photons."""
        return self._clustered(q) + self.source_power + self.white + self.photon_power

    def true_cross(self, other: Simulated, q: Array) -> Array:
        """Expected cross-power with another map of the same sky at `q` [rad^-1]; 0 for another sky."""
        if not self.sky or self.sky != other.sky:
            return np.zeros_like(q)
        both = self.coherence * other.coherence
        return np.asarray(both * np.sqrt(self._clustered(q) * other._clustered(q)))

    @property
    def source_power(self) -> float:
        """Shot noise of the sources: N f^2 / A [unit^2 sr]."""
        return self.sources * DEG2_PER_SR * self.flux**2

    @property
    def level(self) -> float:
        """Mean of the map with its sources [unit]."""
        return self.mean + self.sources * DEG2_PER_SR * self.flux

    @property
    def photon_power(self) -> float:
        """Shot noise of the photons: mean / exposure [unit^2 sr]."""
        return self.level / self.exposure if self.exposure else 0.0

    def _clustered(self, q: Array) -> Array:
        return np.asarray(self.clustering * (q * self.theta0 / (2 * np.pi)) ** -self.slope)

    def load(self, grid: Grid | None, ctx: Context) -> Map:
        """Draw the map.

        Raises
        ------
        DataError
            Without any grid, or where photons are asked for of a map without a positive mean.
        """
        grid = grid or self.grid()
        if grid is None:
            raise DataError("a simulated map needs a grid: give pixel and size here, or the [grid] of the study")
        if self.exposure and not self.level > 0:
            raise DataError("photons need a positive level: give mean (or sources with flux) beside exposure")
        rng = ctx.rng("simulated")
        values = self.mean + self._field(grid, rng, ctx)
        drawn = rng.poisson(self.sources * DEG2_PER_SR * grid.pixel_area, grid.shape) if self.sources else 0
        values = values + drawn * (self.flux / grid.pixel_area)
        splits, noises, counts = self._observed(values, grid, rng, ctx)
        number = len(splits)
        variance = drawn * (self.flux / grid.pixel_area) ** 2 + sum(noises, start=np.zeros(grid.shape)) / number**2
        said = {
            "source": "simulated",
            "level": self.level,
            "photons": int(counts.sum()) if counts is not None else 0,
            "shot_noise": self.source_power + self.white + self.photon_power,
        }
        return Map(
            values=np.mean(splits, axis=0),
            weight=np.ones(grid.shape, dtype=np.float32),
            grid=grid,
            unit=self.unit,
            splits=tuple(splits) if number > 1 else (),
            variance=variance,
            split_variances=tuple(noises) if number > 1 else (),
            counts=counts,
            meta=said,
        )

    def _field(self, grid: Grid, rng: np.random.Generator, ctx: Context) -> Array:
        """The clustered part: white noise of the shared sky and of its own, shaped by the spectrum."""
        if not self.clustering:
            return np.zeros(grid.shape)
        box = tuple(scipy.fft.next_fast_len(_BOX * n, real=True) for n in grid.shape)
        qy = 2 * np.pi * scipy.fft.fftfreq(box[0], grid.scale[0])
        qx = 2 * np.pi * scipy.fft.rfftfreq(box[1], grid.scale[1])
        q = np.hypot(qy[:, None], qx)
        q[0, 0] = 1.0
        shape = np.sqrt(self._clustered(q) / grid.pixel_area)
        shape[0, 0] = 0.0
        white = np.zeros(box)
        if self.sky:
            white += self.coherence * ctx.shared_rng(f"sky:{self.sky}").standard_normal(box)
        own = np.sqrt(1 - self.coherence**2) if self.sky else 1.0
        if own > 0:
            white += own * rng.standard_normal(box)
        field = scipy.fft.irfft2(scipy.fft.rfft2(white) * shape, s=box)
        return np.asarray(field[: grid.shape[0], : grid.shape[1]])

    def _observed(
        self, sky: Array, grid: Grid, rng: np.random.Generator, ctx: Context
    ) -> tuple[list[Array], list[Array], NDArray[np.int64] | None]:
        """What the instrument makes of the sky: splits, the variance of each one's own noise, photons per pixel."""
        number = self.splits
        splits, noises = [sky] * number, [np.zeros(grid.shape)] * number
        counts: NDArray[np.int64] | None = None
        if self.exposure:
            per_unit = self.exposure * grid.pixel_area / number
            clipped = float(np.mean(sky < 0))
            if clipped > 1e-3:
                ctx.warn(
                    f"{100 * clipped:.2g} % of the pixels of the simulated sky are negative and hold no photons: the "
                    "clustering is too strong for the mean"
                )
            photons = rng.poisson(np.maximum(sky, 0) * per_unit, (number, *grid.shape))
            splits = list(photons / per_unit)
            noises = list(photons / per_unit**2)
            counts = photons.sum(axis=0)
        if self.white:
            variance = self.white * number / grid.pixel_area
            splits = [split + np.sqrt(variance) * rng.standard_normal(grid.shape) for split in splits]
            noises = [noise + variance for noise in noises]
        return splits, noises, counts
