"""Flux densities of galaxies, nuclei, clumps and stars, by template spectra."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from faintsky.core.attenuation import screens
from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.frequency_integral import frequency_integral
from faintsky.core.identity import identity
from faintsky.core.igm import igm_transmission
from faintsky.core.redshifted_flux import redshifted_flux
from faintsky.core.sed_library import SedLibrary, SedTemplates
from faintsky.core.universe_age import universe_age
from faintsky.models.cutouts.population import OBSCURED

__all__ = ["Spectra", "loaded_spectra"]

Array = NDArray[np.float64]

#: Colour excesses of galaxies that form no stars, of others, and of massive ones: few, so that a fit's grid can hold the truth.
_NO_DUST, _DUST, _MUCH_DUST = (0.0, 0.1), (0.0, 0.1, 0.2, 0.3), (0.2, 0.3, 0.4, 0.5)
#: Stellar populations are at least that part of the age of the universe old, so that massive galaxies are no bursts.
_YOUNGEST = 0.3
#: Wavelengths whose ratio of L_nu tells star formation, and an open nucleus [um].
_STARS_FORM, _OPEN = (0.28, 0.7), (0.5, 3.0)
#: Share of the light of an obscured nucleus that its dust gives back.
_COVERED = 0.4


@frozen(kw_only=True, eq=False, slots=False)
class Spectra:
    """Templates seen in bands.

    Attributes
    ----------
    templates : mapping of str to SedTemplates
        By role, as a library gives them.
    bands : tuple of Bandpass
    cosmology : Cosmology
    """

    templates: Mapping[str, SedTemplates]
    bands: tuple[Bandpass, ...]
    cosmology: Cosmology

    def galaxy(self, quiescent: bool, redshift: float, rng: np.random.Generator, massive: bool = False) -> Array:
        """Fluxes of a galaxy per solar mass of stars [uJy / Msun], shape (b,).

        Of the templates with 0.3 to 1 times the age of the universe one is drawn: of the redder third by L_nu(0.28 um) / L_nu(0.7
        um) where the galaxy forms no stars, of the others where it does, behind a screen of dust, thicker in massive ones.
        """
        stars = self._of("stars")
        rows = self._of_age(redshift)
        order = rows[np.argsort(self._ultraviolet[rows])]
        red = max(1, order.size // 3)
        chosen = order[:red] if quiescent or order.size == red else order[red:]
        ebv = float(rng.choice(_NO_DUST if quiescent else _MUCH_DUST if massive else _DUST))
        return self._seen(stars, int(rng.choice(chosen)), redshift, ebv)

    def clump(self, redshift: float) -> Array:
        """Fluxes of the bluest stars without dust [uJy / Msun], shape (b,)."""
        stars = self._of("stars")
        return self._seen(stars, int(np.argmax(self._ultraviolet)), redshift)

    def nucleus(self, log_lbol: float, log_nh: float, redshift: float, rng: np.random.Generator) -> Array:
        """Fluxes of an AGN [uJy], shape (b,).

        One of the bluer half of the templates by L_nu(0.5 um) / L_nu(3 um), with an integral of L_bol over frequency; where the
        column density is above 1e22 cm^-2, one of the redder half with 0.4 L_bol, which is what the torus gives back.
        """
        nuclei = self._of("agn")
        obscured = log_nh >= OBSCURED
        order = np.argsort(_ratio(nuclei, _OPEN))
        half = (order.size + 1) // 2
        row = int(rng.choice(order[:half] if obscured else order[-half:]))
        shining = float(frequency_integral(nuclei.luminosity[row], nuclei.wavelength))
        return self._seen(nuclei, row, redshift) * (10**log_lbol * (_COVERED if obscured else 1.0) / shining)

    def star(self, rng: np.random.Generator) -> Array:
        """Fluxes of a star of our Galaxy in any unit, shape (b,)."""
        stars = self._of("star")
        one = evolve(stars, luminosity=stars.luminosity[rng.integers(len(stars))][None], parameters={})
        found = redshifted_flux(one, self.bands, 0.0, 1e-5)[0]
        return np.asarray(found / found.max())

    def need(self, *roles: str) -> None:
        """Make sure that the library has templates of these roles.

        Raises
        ------
        DataError
            Where it lacks one.
        """
        for role in roles:
            self._of(role)

    def _of(self, role: str) -> SedTemplates:
        if role not in self.templates:
            known = ", ".join(self.templates)
            raise DataError(
                f"the SED library has no templates of the role {role!r}, which the simulated images need; it has {known}. Take "
                "another library, such as sed_library = { use = 'analytic' }"
            )
        return self.templates[role]

    def _seen(self, templates: SedTemplates, row: int, redshift: float, ebv: float = 0.0) -> Array:
        between = igm_transmission(templates.wavelength * (1 + redshift), redshift)
        spectrum = templates.luminosity[row] * screens(templates.wavelength, ebv)[0] * between
        distance = (1 + redshift) * float(self.cosmology.chi(redshift))
        one = evolve(templates, luminosity=spectrum[None], parameters={})
        return np.asarray(redshifted_flux(one, self.bands, redshift, distance)[0])

    def _of_age(self, redshift: float) -> NDArray[np.int64]:
        """Rows of the stellar templates whose `age` fits into the universe; the nearest where none does."""
        stars = self._of("stars")
        if "age" not in stars.parameters:
            return np.arange(len(stars))
        age, universe = stars.parameters["age"], float(universe_age(self.cosmology, redshift))
        fits = (age >= _YOUNGEST * universe) & (age <= universe)
        away = np.abs(np.log(age / universe))
        return np.flatnonzero(fits) if fits.any() else np.flatnonzero(away == away.min())

    @cached_property
    def _ultraviolet(self) -> Array:
        """L_nu(0.28 um) / L_nu(0.7 um) of the stellar templates."""
        return _ratio(self._of("stars"), _STARS_FORM)


_cache: dict[str, Spectra] = {}


def loaded_spectra(library: SedLibrary, bands: tuple[Bandpass, ...], cosmology: Cosmology, ctx: Context) -> Spectra:
    """The spectra of a library, loaded once per process: every cutout is painted with them."""
    key = json_digest([identity(library), identity(cosmology), [band.digest for band in bands]])
    if key not in _cache:
        _cache.clear()
        _cache[key] = Spectra(templates=library.load(ctx), bands=bands, cosmology=cosmology)
    return _cache[key]


def _ratio(templates: SedTemplates, wavelengths: tuple[float, float]) -> Array:
    """L_nu of all templates at one wavelength over that at another."""
    short, long = (np.array([np.interp(w, templates.wavelength, row) for row in templates.luminosity]) for w in wavelengths)
    return np.asarray(short / np.maximum(long, np.finfo(float).tiny))
