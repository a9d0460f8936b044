"""A simulated X-ray survey: images with photons of AGN and background, galaxies, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.imaging_survey import ImagingSurvey, ImagingSurveySource
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.response import Response, ResponseSource
from faintsky.core.spectrum import Spectrum
from faintsky.core.units import ARCSEC, DEG2_PER_SR
from faintsky.core.xray_image import XrayImage
from faintsky.models.conversions.kappa import kappa_grid
from faintsky.models.conversions.rate_conversion import rate_conversion
from faintsky.models.spectra.powerlaw import PowerLaw
from faintsky.models.surveys.agn_population import AgnPopulation, drawn_agn, nh_shares
from faintsky.models.surveys.galaxies import Galaxies, star_mask
from faintsky.models.surveys.pointings import Coverage, Pointings

__all__ = ["SimulatedImages"]

Array = NDArray[np.float64]
Counts = NDArray[np.int32]

#: Redshifts of the conversion factors, uniform in ln(1 + z).
_REDSHIFTS = 200


def _bands(value: Any) -> Any:
    return {name: Band.of(band) for name, band in value.items()} if isinstance(value, Mapping) else value


@component(references=["BarlowHall2025"])
@frozen(kw_only=True)
class SimulatedImages(ImagingSurveySource):
    """Counts images of AGN drawn from a luminosity function, with the galaxies of the field and the truth of every source.

    AGN lie at random places. In each piece of energy that no band divides, a source has counts that are Poisson with mean
    t V(x, y) S, where S is the rate of its redshifted spectrum behind its column density, and the PSF of its place scatters them.
    A band holds the photons of all its pieces, so that soft and hard add up to full. The exposure of an image is t V times the
    effective area for a power law of photon index 1.4.

    `nh_classes` gives each class of column densities its space density as a part of that of `population`: the parts add up to 1
    where it counts all AGN, and to more where it leaves out the most absorbed. The truth has ``rate_BAND`` [photons cm^-2 s^-1],
    ``counts_BAND``, as drawn, and ``galaxy``, the row of the host.
    """

    population: LuminosityFunction = slot(help="space density of the AGN")
    spectrum: Spectrum = slot(help="spectrum of an AGN, with parameters called redshift")
    response: ResponseSource = slot(help="what it is seen through")
    cosmology: Cosmology = slot(help="that of the luminosity function")
    sky: str = option("survey", help="name of the sky: surveys of one name and seed have the same AGN and galaxies")
    absorber: str = option("", help="parameter of the spectrum that is the column density at the source, such as 'zwabs.nh'")
    nh_classes: Mapping[str, float] = option(
        factory=dict,
        help="log10 N_H = space density in that of the population, such as { '22.5' = 0.3 }; default: as the spectrum is",
    )
    z: tuple[float, float] = option((0.05, 10.0), help="redshifts of the AGN")
    log_l: tuple[float, float] = option((42.0, 47.0), help="log10 luminosities of the AGN")
    bands: Mapping[str, Band] = option(
        factory=lambda: {"full": "0.5-7 keV", "soft": "0.5-2 keV", "hard": "2-7 keV"}, converter=_bands, help="bands by name"
    )
    centre: tuple[float, float] = option(("150.1 deg", "2.2 deg"), unit="deg", help="right ascension and declination")
    area: float = option("1.35 deg2", unit="deg2", gt=0, help="area of the square field, before masks")
    pixel: float = option("0.984 arcsec", unit="rad", gt=0, help="pixel size")
    exposure: float = option("160 ks", unit="s", gt=0, help="exposure where it is largest, as time on axis")
    pointings: Pointings = option(factory=Pointings, help="raster, field of view, vignetting and PSF")
    eef: tuple[float, ...] = option((0.7, 0.9, 0.95), gt=0, lt=1, help="enclosed fractions of the PSF radii")
    background: Mapping[str, float] = option(
        factory=lambda: {"soft": 2.5e-7, "hard": 5.5e-7},
        help="background of bands that do not overlap [counts / s / arcsec2], unvignetted; others have the sum of their parts",
    )
    min_exposure: float = option(
        0.1, ge=0, lt=1, help="the footprint ends where the exposure falls below this part of the largest"
    )
    stars: float = option("300 1/deg2", unit="1/deg2", ge=0, help="density of bright stars, which are masked")
    star_radius: float = option("20 arcsec", unit="rad", gt=0, help="radius of their masks")
    galaxies: Galaxies = option(factory=Galaxies, help="galaxies of the field and hosts of the AGN")

    def __attrs_post_init__(self) -> None:
        if not self.bands:
            raise DataError("a survey needs at least one band")
        if bool(self.absorber) is not bool(nh_shares(self.nh_classes).keys() - {-np.inf}):
            raise DataError("classes of column densities need the absorber that they are put into, and it needs them")
        if self.z[1] > self.galaxies.photo_z.z_max:
            raise DataError(f"AGN reach z = {self.z[1]:g}, their redshift densities {self.galaxies.photo_z.z_max:g}: raise z_max")
        self._background()

    @property
    def pieces(self) -> tuple[Band, ...]:
        """Bands that no band of the survey divides, and that all of them are made of."""
        edges = sorted({edge for band in self.bands.values() for edge in (band.low, band.high)})
        every = (Band(low, high) for low, high in pairwise(edges))
        return tuple(piece for piece in every if any(_inside(piece, band) for band in self.bands.values()))

    def _background(self) -> list[float]:
        """Background of each piece [counts / s / arcsec2], shared by width where a band has several."""
        rates = [0.0] * len(self.pieces)
        done: set[Band] = set()
        for name, rate in self.background.items():
            if name not in self.bands:
                raise DataError(f"a background is given for {name!r}, which is none of the bands {', '.join(self.bands)}")
            band = self.bands[name]
            for i, piece in enumerate(self.pieces):
                if _inside(piece, band):
                    if piece in done:
                        raise DataError(
                            f"two bands with a background overlap at {piece}: give it for bands that do not; others are sums"
                        )
                    done.add(piece)
                    rates[i] = rate * (piece.high - piece.low) / (band.high - band.low)
        if self.background and len(done) < len(self.pieces):
            dark = [str(piece) for piece in self.pieces if piece not in done]
            raise DataError(f"no background is given for {', '.join(dark)}: it would be 0 there")
        if any(rate < 0 for rate in rates):
            raise DataError("a background rate is negative")
        return rates

    def grid(self) -> Grid:
        """The pixels: a tangential square about the centre."""
        side = max(4, round(float(np.sqrt(self.area / DEG2_PER_SR)) / self.pixel))
        return Grid.tangential(self.centre, (side, side), self.pixel)

    def load(self, ctx: Context) -> ImagingSurvey:
        """Draw the survey.

        Raises
        ------
        DataError
            Where the luminosity function assumes another cosmology, the response does not reach a band, or a range is empty.
        """
        grid, response = self.grid(), self.response.load(ctx)
        coverage = self.pointings.coverage(grid)
        agn = drawn_agn(
            self.population,
            self.cosmology,
            area=grid.area * DEG2_PER_SR,
            z=self.z,
            log_l=self.log_l,
            nh=nh_shares(self.nh_classes),
            rng=self._rng(ctx, "agn"),
        )
        place = self._rng(ctx, "places").random((2, len(agn))) * np.array([[grid.shape[1]], [grid.shape[0]]]) - 0.5
        ctx.progress(1, 4, f"{len(agn)} AGN")
        stars = star_mask(grid, self.stars, self.star_radius, self._rng(ctx, "stars"))
        rates = self._rates(agn, response)
        counts, drawn = self._counts(grid, coverage, place, rates, ctx)
        ctx.progress(3, 4, "galaxies")
        name = f"simulated {self.sky}"
        galaxies, row = self.galaxies.catalogue(grid, stars, (place[0], place[1], agn.z), self._rng(ctx, "galaxies"), name)
        footprint = (coverage.reach > self.min_exposure) & ~stars
        psf = coverage.eef_map(self.eef, grid)
        images, measured = {}, {}
        for called, band in self.bands.items():
            area = response.effective_area(band, PowerLaw(photon_index=1.4))
            images[called] = XrayImage(
                counts=counts[called],
                exposure=coverage.reach * np.float32(self.exposure * area),
                footprint=footprint,
                grid=grid,
                band=band,
                psf=psf,
                name=called,
            )
            inside = [_inside(piece, band) for piece in self.pieces]
            measured[f"rate_{called}"] = rates[inside].sum(axis=0) / area
            measured[f"counts_{called}"] = drawn[inside].sum(axis=0)
        ra, dec = grid.wcs.wcs_pix2world(place[0], place[1], 0)
        columns = {"ra": ra, "dec": dec, "x": place[0], "y": place[1], "z": agn.z, "log_l": agn.log_l, "log_nh": agn.log_nh}
        truth = Catalogue(
            columns={**columns, **measured, "galaxy": row}, units={"ra": "deg", "dec": "deg"}, name=f"{name}, truth"
        )
        return ImagingSurvey(images=images, galaxies=galaxies, truth=truth, name=self.sky)

    def _rng(self, ctx: Context, what: str) -> np.random.Generator:
        return ctx.shared_rng(f"survey:{self.sky}:{what}")

    def _rates(self, agn: AgnPopulation, response: Response) -> Array:
        """Counts per second of each source on axis, in each piece of energy; shape (piece, n)."""
        z = np.expm1(np.linspace(np.log1p(self.z[0]), np.log1p(self.z[1]), _REDSHIFTS))
        classes = nh_shares(self.nh_classes)
        factors = kappa_grid(
            self.spectrum,
            response,
            z=z,
            bands=self.pieces,
            cosmology=self.cosmology,
            nh=[10**log_nh for log_nh in classes],
            absorber=self.absorber,
            rest_band=self.population.band,
        )
        found = np.empty((len(self.pieces), len(agn)))
        for log_nh in classes:
            rows = agn.log_nh == log_nh
            for i, piece in enumerate(self.pieces):
                convert = rate_conversion(factors, piece, self.cosmology, nh=10**log_nh)
                found[i, rows] = factors.effective_area[i] * 10 ** convert.log_x(agn.log_l[rows], agn.z[rows])
        return found

    def _counts(
        self, grid: Grid, coverage: Coverage, place: Array, rates: Array, ctx: Context
    ) -> tuple[dict[str, Counts], NDArray[np.float64]]:
        """Images by band, and the photons of each source in each piece of energy."""
        images = {name: np.zeros(grid.shape, dtype=np.int32) for name in self.bands}
        column, line = (np.floor(c + 0.5).astype(np.int64) for c in place)
        reach, width = coverage.reach[line, column], coverage.width[line, column]
        drawn = np.zeros(rates.shape)
        sky = coverage.time * np.float32(self.exposure * grid.pixel_area / ARCSEC**2)
        seen = coverage.time.ravel() > 0
        for i, (piece, background) in enumerate(zip(self.pieces, self._background(), strict=True)):
            rng = self._rng(ctx, f"photons:{piece}")
            drawn[i] = rng.poisson(self.exposure * reach * rates[i])
            of = np.repeat(np.arange(rates.shape[1]), drawn[i].astype(np.int64))
            radius = coverage.radius.at(rng.random(of.size)) * width[of]
            angle = 2 * np.pi * rng.random(of.size)
            y = np.floor(place[1, of] + radius * np.sin(angle) / grid.scale[0] + 0.5)
            x = np.floor(place[0, of] + radius * np.cos(angle) / grid.scale[1] + 0.5)
            kept = (x >= 0) & (x < grid.shape[1]) & (y >= 0) & (y < grid.shape[0])
            pixel = (y[kept] * grid.shape[1] + x[kept]).astype(np.int64)
            pixel = pixel[seen[pixel]]
            photons = np.bincount(pixel, minlength=grid.size).astype(np.int32).reshape(grid.shape)
            if background:
                photons += rng.poisson(sky * np.float32(background)).astype(np.int32)
            for name, band in self.bands.items():
                if _inside(piece, band):
                    images[name] += photons
        return images, drawn


def _inside(piece: Band, band: Band) -> bool:
    return band.low <= piece.low and piece.high <= band.high
