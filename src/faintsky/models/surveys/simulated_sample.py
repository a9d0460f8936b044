"""A simulated sample of one field, drawn from a luminosity function and an area curve without any image."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincinv, ndtr, ndtri

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.source_sample import SourceSample, SourceSampleSource
from faintsky.core.threshold_counts import threshold_counts
from faintsky.models.conversions.power_law_flux import power_law_conversion
from faintsky.models.surveys.agn_population import drawn_agn
from faintsky.models.surveys.photo_z import PhotoZ

__all__ = ["SimulatedSample"]

Array = NDArray[np.float64]

#: Depths of a field of counts, of equal area each, and points of the area curve per dex.
_DEPTHS, _PER_DEX = 64, 100
#: The area curve ends this many widths from its middle: the area beyond is a part of 1e-9.
_REACH = 6.0
#: Share of the light of a source in its aperture.
_EEF = 0.7
#: A redshift that is not above this has no luminosity.
_Z_MIN = 1e-3


@component(references=["BarlowHall2025"])
@frozen(kw_only=True)
class SimulatedSample(SourceSampleSource):
    """Detected sources of a field, drawn from a luminosity function and an area curve.

    The area in which a flux x is detected is A(x) = area Phi((log x - log_x50) / width), with Phi the normal distribution.

    With `counts` the field has 64 parts of equal area, whose depths spread as much. A source is detected where its aperture
    counts T, Poisson with mean b + x t p, reach the smallest L with P(>= L | b) <= `threshold`; the area curve is the sum over
    parts of gammainc(L, b + x t p), and the flux is the measured one, (T - b) / (t p), with its Eddington bias. The exposure t
    then stands for counts per unit of flux. In a part of median depth half of the sources of log_x50 are detected.

    The table has ``log_x_true``, ``log_l_true`` and the columns of `PhotoZ`.
    """

    population: LuminosityFunction = slot(help="space density that sources are drawn from")
    cosmology: Cosmology = slot(help="that of the luminosity function")
    sky: str = option(
        "sample",
        help="name of the sky: fields of one name, area and depth are the same; independent ones have names of their own",
    )
    band: Band = option("2-10 keV", converter=Band.of, help="band of the flux, as observed")
    photon_index: float = option(1.9, help="of the power law that turns fluxes into luminosities")
    area: float = option("1.35 deg2", unit="deg2", gt=0, help="area of the field")
    log_x50: float = option(-14.8, help="log10 flux [erg / (s cm2)] that is detected in half of the area")
    width: float = option(0.25, gt=0, le=2, help="width of the area curve, dex")
    z: tuple[float, float] = option((0.01, 5.0), help="redshifts of the sources")
    log_l: tuple[float, float] = option((41.5, 46.5), help="log10 luminosities of the sources")
    photo_z: PhotoZ = option(factory=PhotoZ, help="how redshifts are known")
    counts: bool = option(False, help="detect by counts, with the scatter of measured fluxes")
    background: float = option(1.0, gt=0, help="with counts: expected background in an aperture of median depth")
    threshold: float = option(4e-6, gt=0, lt=0.1, help="with counts: largest probability of a false detection")

    def __attrs_post_init__(self) -> None:
        if self.z[1] > self.photo_z.z_max:
            raise DataError(f"sources reach z = {self.z[1]:g}, their redshift densities {self.photo_z.z_max:g}: raise z_max")

    def load(self, ctx: Context) -> SourceSample:
        """Draw the sample.

        Raises
        ------
        DataError
            Where the luminosity function assumes another cosmology, or a range is empty.
        """
        rng = self._rng(ctx, "sources")
        agn = drawn_agn(self.population, self.cosmology, area=self.area, z=self.z, log_l=self.log_l, nh={-np.inf: 1.0}, rng=rng)
        low, high = min(_Z_MIN, self.z[0] / 2), max(self.photo_z.z_max, self.z[1])
        conversion = power_law_conversion(
            self.photon_index, self.band, self.population.band, self.cosmology, z_min=low, z_max=high
        )
        log_x = conversion.log_x(agn.log_l, agn.z)
        photometry = None
        if self.counts:
            aperture = self._drawn_counts(log_x, rng)
            seen = aperture.counts >= threshold_counts(aperture.background, self.threshold)
            area, photometry = self._area_of_counts(), aperture.select(seen)
            measured = np.log10(photometry.rate)
        else:
            area = self._area()
            seen = rng.random(len(agn)) * self.area < area.at(log_x)
            measured = log_x[seen]
        return self._sample(agn.z[seen], log_x[seen], measured, area, conversion, photometry, ctx)

    def _sample(
        self,
        z: Array,
        log_x: Array,
        measured: Array,
        area: AreaCurve,
        conversion: BrightnessConversion,
        photometry: AperturePhotometry | None,
        ctx: Context,
    ) -> SourceSample:
        rng = self._rng(ctx, "redshifts")
        columns, redshifts = self.photo_z.observed(z, np.ones(z.size, dtype=bool), rng)
        truth = {"log_x_true": log_x, "log_l_true": conversion.log_l(log_x, z)}
        return SourceSample(
            log_x=measured,
            z=np.maximum(columns["z_best"], conversion.z[0]),
            area=area,
            conversion=conversion,
            cosmology=self.cosmology,
            redshifts=redshifts,
            photometry=photometry,
            spectroscopic=redshifts.spectroscopic,
            table=Catalogue(columns={**columns, **truth}, name=f"simulated {self.sky}"),
            name=self.sky,
        )

    def _rng(self, ctx: Context, what: str) -> np.random.Generator:
        # Area and depth tell the fields of a survey apart that nobody gave names.
        return ctx.shared_rng(f"survey:{self.sky}:{self.area!r}:{self.log_x50!r}:{what}")

    def _area(self) -> AreaCurve:
        half = _REACH * self.width
        log_x = self.log_x50 + np.linspace(-half, half, 1 + int(np.ceil(2 * half * _PER_DEX)))
        return AreaCurve(
            log_x=log_x,
            area=self.area * ndtr((log_x - self.log_x50) / self.width),
            quantity="flux",
            band=self.band,
            name=self.sky,
        )

    @property
    def _depths(self) -> tuple[Array, Array]:
        """Exposure [counts per unit of flux] and background of each part of the field, shape (64,)."""
        least = float(threshold_counts(self.background, self.threshold))
        # Half of the sources of x50 reach L counts in a part of median depth.
        median = (gammaincinv(least, 0.5) - self.background) / (10**self.log_x50 * _EEF)
        depth = 10 ** (self.width * ndtri((np.arange(_DEPTHS) + 0.5) / _DEPTHS))
        return median * depth, self.background * depth

    def _area_of_counts(self) -> AreaCurve:
        exposure, background = self._depths
        least = threshold_counts(background, self.threshold).astype(float)
        # From where nothing is seen, not even by chance, to where every part sees all.
        ends = np.log10(((0.01 * background) / (_EEF * exposure)).min()), np.log10((4 * least / (_EEF * exposure)).max())
        log_x = np.linspace(*ends, 1 + int(np.ceil((ends[1] - ends[0]) * _PER_DEX)))
        found = gammainc(least, background + 10 ** log_x[:, None] * exposure * _EEF).mean(axis=1)
        return AreaCurve(log_x=log_x, area=self.area * found, quantity="flux", band=self.band, name=self.sky)

    def _drawn_counts(self, log_x: Array, rng: np.random.Generator) -> AperturePhotometry:
        exposure, background = self._depths
        part = rng.integers(_DEPTHS, size=log_x.size)
        expected = background[part] + 10**log_x * exposure[part] * _EEF
        return AperturePhotometry(
            counts=rng.poisson(expected), background=background[part], exposure=exposure[part], eef=np.full(log_x.size, _EEF)
        )
