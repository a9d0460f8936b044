"""A library of template spectra from files of the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.paths import as_path
from faintsky.core.sed_library import SedLibrary, SedTemplates
from faintsky.plugins.sed_libraries.template_table import read_templates

__all__ = ["Files"]


@component()
@frozen(kw_only=True)
class Files(SedLibrary):
    """Template grids from FITS or ECSV tables, a file for each role.

    A row for each template: a vector column ``luminosity`` with a unit (L_nu or L_lambda), the wavelengths with theirs as a
    vector column ``wavelength`` or an extension WAVELENGTH, for stars a column ``mass`` of stars and remnants unless the unit is
    per solMass, and parameters in every other column: ``age`` and ``tau`` for stars, ``inclination`` for AGN, ``alpha`` for
    dust. All details are said by `template_table.read_templates`.
    """

    stars: Path = option(converter=as_path, help="table of stellar populations")
    agn: Path | None = option(None, converter=as_path, help="table of AGN: discs and tori")
    dust: Path | None = option(None, converter=as_path, help="table of the light of dust")
    star: Path | None = option(None, converter=as_path, help="table of single stars of our Galaxy")

    def load(self, ctx: Context) -> Mapping[str, SedTemplates]:
        """Templates of the roles that have a file.

        Raises
        ------
        MissingFileError, DataError
            Where a file is missing, or is not what it is said to be.
        """
        given = {"stars": self.stars, "agn": self.agn, "dust": self.dust, "star": self.star}
        return {role: read_templates(path, role) for role, path in given.items() if path is not None}
