"""A library of made-up spectra, for demonstrations and tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.sed_library import SedLibrary, SedTemplates
from faintsky.models.sed_libraries.bolometric import L_SUN
from faintsky.models.sed_libraries.interstellar_dust import interstellar_dust
from faintsky.models.sed_libraries.nucleus import TYPE_1, TYPE_2, nucleus
from faintsky.models.sed_libraries.photosphere import photosphere
from faintsky.models.sed_libraries.population import delayed_populations

__all__ = ["Analytic"]


@component(references=["Chabrier2003", "RenziniBuzzoni1986", "VandenBerk2001", "Dale2014"])
@frozen(kw_only=True)
class Analytic(SedLibrary):
    """Made-up spectra of stars, AGN and dust: for demonstrations and tests only, for no number in a paper.

    They have what the decision between stars, dust and AGN rests on, at about the right strength: breaks at the Lyman limit and
    at 4000 A that grow with age, the bump at 1.6 um, masses over luminosities that rise with age; hot dust of nuclei; PAH at 3.3
    um. They have no metallicity and no lines. Wavelengths from 0.01 to 100 um, in steps of 1 per cent.

    * ``stars``: delayed star formation, t exp(-t / tau), per solar mass of stars and remnants (``age``, ``tau`` [Gyr]);
    * ``agn``: a nucleus that is seen, and one behind its torus (``inclination`` 30 and 70 deg), each of one solar luminosity;
    * ``dust``: dust of a galaxy (``alpha`` of the radiation field), of one solar luminosity;
    * ``star``: stars of our Galaxy (``temperature`` [K]), of one solar luminosity.

    References
    ----------
    Chabrier 2003, PASP 115, 763 (initial mass function); Renzini & Buzzoni 1986 (light of giants); Vanden Berk et al. 2001, AJ
    122, 549 (disc); Dale et al. 2014, ApJ 784, 83 (alpha).
    """

    ages: tuple[float, ...] = option(
        (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.5, 7.0, 9.0), gt=0.002, le=14, help="ages of the stellar populations [Gyr]"
    )
    taus: tuple[float, ...] = option((0.1, 0.3, 1.0, 3.0, 9.0), gt=0, help="times that star formation peaks and decays in [Gyr]")
    alphas: tuple[float, ...] = option((1.5, 2.0, 2.5), gt=0, lt=4, help="slopes of the radiation fields of the dust")
    temperatures: tuple[float, ...] = option(
        (3000.0, 3500.0, 4000.0, 4500.0, 5000.0, 5800.0, 6800.0, 8000.0, 10000.0), gt=1000, help="of stars of our Galaxy [K]"
    )

    def load(self, ctx: Context) -> Mapping[str, SedTemplates]:
        """Templates of all four roles."""
        ctx.warn("the SED templates 'analytic' are made up for demonstrations: masses and AGN found with them are no science")
        x = np.geomspace(0.01, 100, 922)
        age, tau = (each.ravel() for each in np.meshgrid(self.ages, self.taus, indexing="ij"))
        agn = [L_SUN * nucleus(x, inclination) for inclination in (TYPE_1, TYPE_2)]
        dust = [L_SUN * interstellar_dust(x, alpha) for alpha in self.alphas]
        stars = self._templates("stars", x, delayed_populations(x, age, tau), age=age, tau=tau)
        return {
            "stars": stars,
            "agn": self._templates("agn", x, agn, inclination=[TYPE_1, TYPE_2]),
            "dust": self._templates("dust", x, dust, alpha=self.alphas),
            "star": self._templates("star", x, L_SUN * photosphere(x, self.temperatures), temperature=self.temperatures),
        }

    @staticmethod
    def _templates(role: str, wavelength: ArrayLike, luminosity: ArrayLike, **parameters: ArrayLike) -> SedTemplates:
        known = {name: np.asarray(column, dtype=float) for name, column in parameters.items()}
        return SedTemplates(
            role=role, wavelength=wavelength, luminosity=luminosity, parameters=known, name="analytic", demonstration=True
        )
