"""Simulated images about AGN, with pairs, interlopers, stars and clumps of known truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.angular_scale import kpc_per_arcsec
from faintsky.core.bandpass import Bandpass
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.cutout import Cutout, CutoutSource
from faintsky.core.errors import DataError, nearest
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.sed_library import SedLibrary
from faintsky.core.units import ARCSEC
from faintsky.models.cutouts.clumps import ClumpPopulation
from faintsky.models.cutouts.field_population import FieldPopulation
from faintsky.models.cutouts.gaussian_psf import gaussian_psf, native_values
from faintsky.models.cutouts.neighbourhood import Neighbourhood
from faintsky.models.cutouts.painting import painted
from faintsky.models.cutouts.pixel_noise import noise_correlation, noisy, resampling_kernel
from faintsky.models.cutouts.population import Agn, AgnPopulation, Companion, CompanionPopulation
from faintsky.models.cutouts.simulated_band import SimulatedBand, cosmos_web
from faintsky.models.cutouts.sky_source import SkySource, truth_catalogue
from faintsky.models.cutouts.spectra import loaded_spectra

__all__ = ["SimulatedCutouts"]

Array = NDArray[np.float64]

#: Side of the field that the AGN lie in [deg].
_FIELD = 0.5


@component(
    references=[
        "LiZhuang2025",
        "vanderWel2014",
        "Vulcani2014",
        "Calzetti2000",
        "Shuntov2025",
        "Guo2015",
        "King1983",
        "Casertano2000",
        "Hogg2002",
    ]
)
@frozen(kw_only=True)
class SimulatedCutouts(CutoutSource):
    """Images of AGN in hosts, companions with and without an AGN, galaxies of the field, stars and clumps, with the truth.

    The default bands are about those of COSMOS-Web. A source is a Sersic galaxy, a point, or both at one place; radius and index
    are linear in wavelength, ellipticity and angle constant. Galaxies have the spectrum of one template behind a screen of dust
    (Calzetti et al. 2000) and of the hydrogen between (Inoue et al. 2014). All AGN are drawn by their names: a cutout is the
    same in every task of a study with one seed, and does not change with `number`.

    `targets` has beside the columns of every source of cutouts ``redshift``, ``log_mass`` (of the host), ``n_real`` (companions
    of major mergers), ``n_dual`` (those with an AGN of their own) and ``n_minor`` (companions of minor mergers). The truth of a
    cutout has beside those of every simulation ``log_lbol``, ``log_nh``, ``x_BAND`` and ``y_BAND``.
    """

    cosmology: Cosmology = slot(help="distances and ages")
    sed_library: SedLibrary = slot("analytic", help="templates of stars, agn and, where there are stars, of single ones")
    sky: str = option("agn", help="name of the sky: cutouts of one name and seed are the same; names of targets begin with it")
    number: int = option(20, ge=1, help="number of AGN")
    centre: tuple[float, float] = option(
        ("150.1 deg", "2.2 deg"), unit="deg", help="right ascension and declination of the field of half a degree"
    )
    size: float = option("12 arcsec", unit="rad", gt=0, help="side of a cutout")
    pixel: float = option("0.03 arcsec", unit="rad", gt=0, help="pixel size")
    bands: Mapping[str, SimulatedBand] = option(factory=cosmos_web, help="[bands.NAME]; default: five like COSMOS-Web's")
    reference: str = option("F277W", help="band that magnitudes of the field count in, and that radii hold for")
    agn: AgnPopulation = option(factory=AgnPopulation, help="the AGN and their hosts")
    pairs: CompanionPopulation = option(factory=CompanionPopulation, help="the companions of AGN")
    field: FieldPopulation = option(factory=FieldPopulation, help="interlopers and stars")
    clumps: ClumpPopulation = option(factory=ClumpPopulation, help="clumps of star formation")
    psf_extent: float = option("1.2 arcsec", unit="rad", gt=0, help="the PSF images reach that far from their middle")
    psf_oversampling: int = option(2, ge=1, le=10, help="samples of the PSF images in a pixel, along each axis")
    psf_error: float = option(0.0, gt=-0.5, lt=1, help="the true PSF is broader than the given one by this part")
    resampling: float = option(
        0.0, ge=0, le=0.33, help="noise is that of independent pixels convolved with (c, 1 - 2c, c) along each axis"
    )
    masked: float = option(0.0, ge=0, lt=1, help="share of pixels that are masked, at random")

    def __attrs_post_init__(self) -> None:
        if not self.bands:
            raise DataError("simulated cutouts need at least one band")
        if self.reference not in self.bands:
            raise DataError(
                f"the reference band {self.reference!r} is none of the bands. {nearest(self.reference, self.bands)} "
                f"Bands: {', '.join(self.bands)}"
            )
        for name, band in self.bands.items():
            band.bandpass(name)
            if band.fwhm * min(1.0, 1 + self.psf_error) < 1.05 * self.pixel:
                raise DataError(
                    f"the PSF of {name} has a FWHM of {band.fwhm / ARCSEC:.3g} arcsec, which holds the pixel of "
                    f"{self.pixel / ARCSEC:.3g} arcsec: it must be wider than that"
                )
        grid = np.linspace(*self.agn.z, 50)
        reach = self.pairs.separation[1] / float(kpc_per_arcsec(grid, self.cosmology).min())
        if 0.5 * self.size / ARCSEC < reach + 0.5:
            raise DataError(
                f"cutouts of {self.size / ARCSEC:.3g} arcsec do not hold pairs: {self.pairs.separation[1]:g} kpc are {reach:.2f} "
                f"arcsec. Use a size of {2 * reach + 1:.3g} arcsec or more, AGN at other redshifts, or closer pairs"
            )

    def targets(self, ctx: Context) -> Catalogue:
        """The AGN with their truth."""
        names = self._names()
        drawn = [self._target(name, ctx) for name in names]
        agn = [each for each, _ in drawn]
        places = np.array([self._position(name, ctx) for name in names])
        columns = {
            "name": np.array(names),
            "ra": places[:, 0],
            "dec": places[:, 1],
            "z_spec": np.array([each.redshift if each.spectroscopic else np.nan for each in agn]),
            "log_lbol": np.array([each.log_lbol for each in agn]),
            "log_nh": np.array([each.log_nh if each.nh_known else np.nan for each in agn]),
            "redshift": np.array([each.redshift for each in agn]),
            "log_mass": np.array([each.log_mass for each in agn]),
            "n_real": np.array([sum(c.major for c in found) for _, found in drawn], dtype=float),
            "n_dual": np.array([sum(c.major and c.active for c in found) for _, found in drawn], dtype=float),
            "n_minor": np.array([sum(not c.major for c in found) for _, found in drawn], dtype=float),
        }
        units = {"ra": "deg", "dec": "deg", "log_lbol": "dex(erg / s)", "log_nh": "dex(cm-2)"}
        return Catalogue(columns=columns, units=units, name=f"simulated {self.sky}")

    def cutout(self, name: str, ctx: Context) -> Cutout:
        """Paint the images about one target.

        Raises
        ------
        DataError
            Where no target has this name, or the library lacks templates.
        """
        place, grid = self._frame(name, ctx)
        sources, offsets = self._sources(name, ctx), self._offsets(name, ctx)
        names = [each.name for each in self._filters]
        images = {band: self._image(name, band, sources, b, offsets[b], ctx) for b, band in enumerate(names)}
        truth = truth_catalogue(sources, names, offsets, f"simulated {name}, truth")
        return Cutout(name=name, images=ImageSet(bands=images, grid=grid), x=place[0], y=place[1], truth=truth)

    def truth(self, name: str, ctx: Context) -> Catalogue:
        """The sources of one cutout as they are, without painting them.

        Raises
        ------
        DataError
            Where no target has this name, or the library lacks templates.
        """
        bands = [each.name for each in self._filters]
        return truth_catalogue(self._sources(name, ctx), bands, self._offsets(name, ctx), f"simulated {name}, truth")

    def psf(self, band: str, *, true: bool = False) -> PixelPsf:
        """The PSF of a band: the one that comes with the images, or the true one.

        Raises
        ------
        DataError
            Where there is no such band.
        """
        if band not in self.bands:
            raise DataError(f"no band {band!r}. {nearest(band, self.bands)} Bands: {', '.join(self.bands)}")
        fwhm = self.bands[band].fwhm / self.pixel * (1 + self.psf_error if true else 1.0)
        return gaussian_psf(fwhm, self.psf_extent / self.pixel, self.psf_oversampling)

    @property
    def side(self) -> int:
        """Pixels along a side."""
        return round(self.size / self.pixel)

    def _names(self) -> list[str]:
        return [f"{self.sky}-{i + 1:04d}" for i in range(self.number)]

    def _rng(self, ctx: Context, name: str, what: str) -> np.random.Generator:
        return ctx.shared_rng(f"cutouts:{self.sky}:{name}:{what}")

    def _target(self, name: str, ctx: Context) -> tuple[Agn, tuple[Companion, ...]]:
        agn = self.agn.drawn(self._rng(ctx, name, "agn"))
        return agn, self.pairs.drawn(agn, self.agn, self._rng(ctx, name, "companions"))

    def _position(self, name: str, ctx: Context) -> tuple[float, float]:
        """Right ascension and declination [deg]."""
        x, y = self._rng(ctx, name, "position").uniform(-0.5, 0.5, 2) * _FIELD
        dec = self.centre[1] + y
        return float((self.centre[0] + x / np.cos(np.deg2rad(dec))) % 360), float(dec)

    def _frame(self, name: str, ctx: Context) -> tuple[tuple[float, float], Grid]:
        """Place (x, y) of the AGN, which is up to half a pixel from the middle, and the grid."""
        x, y = (float(v) for v in self._rng(ctx, name, "frame").uniform(-0.5, 0.5, 2))
        ra, dec = self._position(name, ctx)
        step = float(np.rad2deg(self.pixel))
        middle = ra + x * step / np.cos(np.deg2rad(dec)), dec - y * step
        grid = Grid.tangential(middle, (self.side, self.side), self.pixel)
        return (0.5 * (self.side - 1) + x, 0.5 * (self.side - 1) + y), grid

    @property
    def _filters(self) -> tuple[Bandpass, ...]:
        """In the order of wavelength."""
        return tuple(sorted((band.bandpass(name) for name, band in self.bands.items()), key=lambda each: each.pivot))

    def _offsets(self, name: str, ctx: Context) -> Array:
        """Astrometric offsets (x, y) of the bands [pixel], shape (b, 2)."""
        names = [each.name for each in self._filters]
        return np.array([self.bands[band].drawn_offset(self._rng(ctx, name, f"offset:{band}")) for band in names])

    def _sources(self, name: str, ctx: Context) -> tuple[SkySource, ...]:
        if name not in self._names():
            raise DataError(f"no simulated AGN {name!r}. {nearest(name, self._names())} There are {self.number} of them")
        spectra = loaded_spectra(self.sed_library, self._filters, self.cosmology, ctx)
        spectra.need("stars", "agn", *(["star"] if self.field.stars else []))
        around = Neighbourhood(
            spectra=spectra,
            field=self.field,
            clumps=self.clumps,
            side=self.side,
            pixel=self.pixel,
            reference=[each.name for each in self._filters].index(self.reference),
        )
        (agn, companions), (place, _) = self._target(name, ctx), self._frame(name, ctx)
        near = around.of_agn(agn, companions, place, self._rng(ctx, name, "sources"))
        return (*near, *around.of_field(self._rng(ctx, name, "field")))

    def _image(self, name: str, band: str, sources: tuple[SkySource, ...], b: int, offset: Array, ctx: Context) -> BandImage:
        about, given = self.bands[band], self.psf(band)
        background = about.noise(native_values(given))
        place = float(offset[0]), float(offset[1])
        light = painted(sources, b, self.psf(band, true=True), place, (self.side, self.side), background)
        kernel = resampling_kernel(self.resampling) if self.resampling else None
        rng = self._rng(ctx, name, f"noise:{band}")
        values, sigma = noisy(light, background, about.electrons, kernel, rng)
        hidden = rng.random(values.shape) < self.masked
        return BandImage(
            values=np.where(hidden, 0.0, values),
            sigma=np.where(hidden, np.inf, sigma),
            bandpass=about.bandpass(band),
            psf=given,
            correlation=None if kernel is None else noise_correlation(kernel),
        )
