"""The conformance suite of the kind ``sed_libraries``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.frequency_integral import frequency_integral
from faintsky.core.sed_library import ROLES, SedTemplates
from faintsky.testing.subject import ComponentConformance

__all__ = ["SedLibraryConformance"]

#: Solar luminosity [erg/s].
_L_SUN = 3.828e33


class SedLibraryConformance(ComponentConformance):
    """Known roles, spectra that cover, stars per solar mass, the same each time, honest about being made up.

    Attributes
    ----------
    reach : (float, float)
        Rest-frame wavelengths [um] that all galaxies and AGN must cover: 0.8 um at redshift 7, and 5 um at redshift 0.
    light_per_mass : (float, float)
        Bolometric luminosity of every stellar template over its mass in solar units: from below that of populations of 14 Gyr
        (about 0.1) to above that of 1 Myr (about 2000).
    """

    kind: ClassVar[str] = "sed_libraries"
    reach: ClassVar[tuple[float, float]] = (0.09, 5.0)
    light_per_mass: ClassVar[tuple[float, float]] = (0.03, 3000.0)

    def loaded(self) -> Mapping[str, SedTemplates]:
        """The templates, without the warning that they may come with."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FaintskyWarning)
            return self.made().load(Context(seed=1))  # type: ignore[no-any-return]

    def test_the_roles_are_known_and_stars_are_there(self) -> None:
        found = self.loaded()
        assert "stars" in found
        assert set(found) <= set(ROLES)
        assert all(role == templates.role for role, templates in found.items())
        assert all(templates.name for templates in found.values())

    def test_every_template_shines(self) -> None:
        for role, templates in self.loaded().items():
            light = frequency_integral(templates.luminosity, templates.wavelength)
            assert np.all(np.isfinite(light)), role
            assert np.all(light > 0), role

    def test_galaxies_cover_the_wavelengths(self) -> None:
        low, high = self.reach
        for role, templates in self.loaded().items():
            if role != "star":
                assert templates.wavelength[0] <= low, role
                assert templates.wavelength[-1] >= high, role

    def test_stars_are_per_solar_mass(self) -> None:
        stars = self.loaded()["stars"]
        light = frequency_integral(stars.luminosity, stars.wavelength) / _L_SUN
        low, high = self.light_per_mass
        assert low < light.min()
        assert light.max() < high

    def test_parameters_are_numbers_of_each_template(self) -> None:
        for role, templates in self.loaded().items():
            for name, values in templates.parameters.items():
                assert values.shape == (len(templates),), f"{role}: {name}"
                assert np.all(np.isfinite(values)), f"{role}: {name}"
            rows = list(zip(*templates.parameters.values(), strict=True))
            assert len(set(rows)) == len(rows), f"{role}: two templates have the same parameters"

    def test_the_same_library_loads_the_same_templates(self) -> None:
        one, other = self.loaded(), self.loaded()
        assert {role: t.digest for role, t in one.items()} == {role: t.digest for role, t in other.items()}

    def test_made_up_templates_are_said_to_be(self) -> None:
        made_up = any(templates.demonstration for templates in self.loaded().values())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.made().load(Context(seed=1))
        said = [str(each.message) for each in caught if issubclass(each.category, FaintskyWarning)]
        assert any("demonstration" in text for text in said) == made_up, said
