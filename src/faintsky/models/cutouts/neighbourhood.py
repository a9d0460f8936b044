"""All sources that one cutout shows."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.ab_magnitude import from_ab_magnitude
from faintsky.core.angular_scale import kpc_per_arcsec
from faintsky.core.units import ARCSEC
from faintsky.models.cutouts.clumps import ClumpPopulation
from faintsky.models.cutouts.field_population import FieldPopulation
from faintsky.models.cutouts.population import Agn, Companion
from faintsky.models.cutouts.sersic_shape import SersicShape, drawn_shape
from faintsky.models.cutouts.sky_source import SkySource
from faintsky.models.cutouts.spectra import Spectra

__all__ = ["Neighbourhood"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Neighbourhood:
    """Draws the sources of cutouts.

    Attributes
    ----------
    spectra : Spectra
    field : FieldPopulation
    clumps : ClumpPopulation
    side : int
        Of the frame [pixel].
    pixel : float
        [rad]
    reference : int
        The band in which magnitudes are counted and radii hold.
    """

    spectra: Spectra
    field: FieldPopulation
    clumps: ClumpPopulation
    side: int
    pixel: float
    reference: int

    def of_agn(
        self, agn: Agn, companions: tuple[Companion, ...], place: tuple[float, float], rng: np.random.Generator
    ) -> tuple[SkySource, ...]:
        """The AGN at a place (x, y), its companions, and their clumps."""
        z, scale = agn.redshift, self._kpc_per_pixel(agn.redshift)
        found = [self._galaxy("agn", place, z, agn.log_mass, agn.quiescent, agn.log_lbol, agn.log_nh, rng)]
        for each in companions:
            away = each.separation / scale
            at = place[0] + away * np.cos(each.angle), place[1] + away * np.sin(each.angle)
            found.append(self._galaxy("companion", at, z, each.log_mass, each.quiescent, each.log_lbol, each.log_nh, rng))
        quiescent = [agn.quiescent, *(each.quiescent for each in companions)]
        young = self.spectra.clump(z)
        for host, rests in zip(tuple(found), quiescent, strict=True):
            if not rests:
                found.extend(self.clumps.drawn(host, young, scale, rng))
        return tuple(found)

    def of_field(self, rng: np.random.Generator) -> tuple[SkySource, ...]:
        """Galaxies at other redshifts and stars, at random places of the frame."""
        area = (self.side * self.pixel / ARCSEC) ** 2
        galaxies = zip(*self.field.drawn_galaxies(area, rng), strict=True)
        found = [self._interloper(float(magnitude), float(redshift), rng) for magnitude, redshift in galaxies]
        return (*found, *(self._star(magnitude, rng) for magnitude in self.field.drawn_stars(area, rng)))

    def _galaxy(
        self,
        kind: str,
        place: tuple[float, float],
        redshift: float,
        log_mass: float,
        quiescent: bool,
        log_lbol: float,
        log_nh: float,
        rng: np.random.Generator,
    ) -> SkySource:
        active = np.isfinite(log_lbol)
        galaxy = 10**log_mass * self.spectra.galaxy(quiescent, redshift, rng, massive=True)
        return SkySource(
            kind=kind,
            x=float(place[0]),
            y=float(place[1]),
            redshift=redshift,
            galaxy=galaxy,
            point=self.spectra.nucleus(log_lbol, log_nh, redshift, rng) if active else np.zeros_like(galaxy),
            shape=self._shape(log_mass, redshift, quiescent, rng),
            log_mass=log_mass,
            log_lbol=log_lbol,
            log_nh=log_nh,
        )

    def _interloper(self, magnitude: float, redshift: float, rng: np.random.Generator) -> SkySource:
        x, y = self._anywhere(rng)
        quiescent = bool(rng.random() < self.field.quiescent_share)
        per_mass = self.spectra.galaxy(quiescent, redshift, rng)
        mass = float(from_ab_magnitude(magnitude)) / per_mass[self.reference]
        log_mass = float(np.log10(mass))
        return SkySource(
            kind="interloper",
            x=x,
            y=y,
            redshift=redshift,
            galaxy=mass * per_mass,
            point=np.zeros_like(per_mass),
            shape=self._shape(log_mass, redshift, quiescent, rng),
            log_mass=log_mass,
        )

    def _star(self, magnitude: float, rng: np.random.Generator) -> SkySource:
        x, y = self._anywhere(rng)
        colours = self.spectra.star(rng)
        point = colours * (float(from_ab_magnitude(magnitude)) / colours[self.reference])
        return SkySource(kind="star", x=x, y=y, redshift=0.0, galaxy=np.zeros_like(point), point=point)

    def _anywhere(self, rng: np.random.Generator) -> tuple[float, float]:
        x, y = rng.uniform(-0.5, self.side - 0.5, 2)
        return float(x), float(y)

    def _shape(self, log_mass: float, redshift: float, quiescent: bool, rng: np.random.Generator) -> SersicShape:
        wavelength = np.array([band.pivot for band in self.spectra.bands])
        scale = self._kpc_per_pixel(redshift)
        return drawn_shape(log_mass, redshift, quiescent, wavelength, float(wavelength[self.reference]), scale, rng)

    def _kpc_per_pixel(self, redshift: float) -> float:
        return float(kpc_per_arcsec(redshift, self.spectra.cosmology)) * self.pixel / ARCSEC
