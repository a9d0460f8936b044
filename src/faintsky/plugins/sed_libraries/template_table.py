"""Tables of template spectra, as users write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError, MissingFileError, nearest
from faintsky.core.frequency_integral import LIGHT_SPEED
from faintsky.core.sed_library import SedTemplates
from faintsky.core.units import per, same_dimension, unit_factor

__all__ = ["per_frequency", "read_templates"]

Array = NDArray[np.float64]

_PER_HERTZ, _PER_LENGTH = "erg / (s Hz)", "erg / (s um)"


def read_templates(path: Path, role: str) -> SedTemplates:
    """Templates of one role from a table with a row for each.

    * ``luminosity``: a vector in each row, with a unit per frequency or per wavelength (``erg/s/Hz``, ``W/nm``, ``solLum/AA``).
    * The wavelengths with their unit: a vector column ``wavelength`` that is the same in all rows; or, in FITS, an extension
      ``WAVELENGTH`` that is an image with the keyword BUNIT, or a table with one column.
    * For stars the mass that the luminosities belong to, in stars that live and remnants: a column ``mass`` with a unit; or none,
      where the unit of the luminosities is per mass already (``erg/s/Hz/solMass``).
    * Every other column of single numbers is a parameter; ages and times with a unit become Gyr, angles deg.

    Parameters
    ----------
    path : Path
        FITS (the first table in it) or ECSV.
    role : str

    Raises
    ------
    MissingFileError
        Without the file.
    DataError
        Where a column, unit or the mass is missing, wavelengths differ between rows, or values are negative or NaN.
    """
    if not path.is_file():
        raise MissingFileError(f"there is no file {path} for the templates of {role}")
    table, wavelength, unit = _fits(path) if path.suffix.lower() in (".fits", ".fit", ".gz") else _ecsv(path)
    if "luminosity" not in table.colnames:
        hint = nearest("luminosity", table.colnames)
        raise DataError(f"{path} has no column 'luminosity'. {hint} Columns: {', '.join(table.colnames)}")
    if wavelength is None:
        wavelength, unit = _of_column(path, table)
    if not unit:
        raise DataError(f"the wavelengths of {path} have no unit, and none is guessed")
    x = np.asarray(wavelength, dtype=float) * unit_factor(unit, "um")
    column = table["luminosity"]
    light = np.atleast_2d(np.asarray(column, dtype=float))
    if light.shape != (len(table), x.size):
        raise DataError(f"{path}: luminosities of shape {light.shape} do not fit {len(table)} rows of {x.size} wavelengths")
    given, known_mass = str(column.unit or ""), False
    if given and any(same_dimension(per(given, "solMass-1"), wanted) for wanted in (_PER_HERTZ, _PER_LENGTH)):
        given, known_mass = per(given, "solMass-1"), True
    spectra = per_frequency(light, x, given, str(path))
    if role == "stars" and not known_mass:
        spectra = spectra / _mass(path, table)[:, None]
    names = [name for name in table.colnames if name not in ("luminosity", "wavelength", "mass") and table[name].ndim == 1]
    parameters = {name: _parameter(table[name]) for name in names if np.asarray(table[name]).dtype.kind in "iuf"}
    order = slice(None, None, -1) if x[0] > x[-1] else slice(None)
    return SedTemplates(role=role, wavelength=x[order], luminosity=spectra[:, order], parameters=parameters, name=f"{path.name}")


def per_frequency(light: Array, wavelength: Array, unit: str, origin: str) -> Array:
    """L_nu [erg/s/Hz] of luminosities per frequency or per wavelength: L_nu = L_lambda lambda^2 / c.

    Parameters
    ----------
    light : ndarray, shape (n, w)
    wavelength : ndarray, shape (w,)
        [um]
    unit : str
    origin : str
        For the message.

    Raises
    ------
    DataError
        Where the unit is of neither kind.
    """
    if unit and same_dimension(unit, _PER_HERTZ):
        return np.asarray(light * unit_factor(unit, _PER_HERTZ))
    if unit and same_dimension(unit, _PER_LENGTH):
        return np.asarray(light * unit_factor(unit, _PER_LENGTH) * wavelength**2 / LIGHT_SPEED)
    raise DataError(
        f"the luminosities of {origin} are in {unit or 'no unit'}: they must be per frequency (such as erg/s/Hz) or per "
        "wavelength (such as erg/s/AA), for stars also per solMass"
    )


def _ecsv(path: Path) -> tuple[Any, None, str]:
    from astropy.table import Table

    return Table.read(path, format="ascii.ecsv"), None, ""


def _fits(path: Path) -> tuple[Any, Array | None, str]:
    from astropy.io import fits
    from astropy.table import Table

    with fits.open(path) as file:
        tables = [hdu for hdu in file if isinstance(hdu, fits.BinTableHDU) and hdu.name != "WAVELENGTH"]
        if not tables:
            raise DataError(f"{path} has no table of templates")
        table = Table.read(tables[0])
        if "WAVELENGTH" not in file:
            return table, None, ""
        hdu = file["WAVELENGTH"]
        if isinstance(hdu, fits.BinTableHDU):
            column = hdu.columns[0]
            return table, np.array(hdu.data[column.name], dtype=float), str(column.unit or "")
        return table, np.array(hdu.data, dtype=float), str(hdu.header.get("BUNIT", ""))


def _of_column(path: Path, table: Any) -> tuple[Array, str]:
    if "wavelength" not in table.colnames:
        raise DataError(f"{path} has no wavelengths: neither a vector column 'wavelength' nor an extension WAVELENGTH")
    rows = np.atleast_2d(np.asarray(table["wavelength"], dtype=float))
    if not np.all(rows == rows[0]):
        raise DataError(f"{path}: the wavelengths differ between rows; put all templates on one grid")
    return rows[0], str(table["wavelength"].unit or "")


def _mass(path: Path, table: Any) -> Array:
    if "mass" not in table.colnames or not table["mass"].unit:
        raise DataError(
            f"{path} does not say which mass of stars its luminosities belong to: add a column 'mass' with a unit, or give them "
            "per mass, such as erg/s/Hz/solMass"
        )
    mass = np.asarray(table["mass"], dtype=float) * unit_factor(str(table["mass"].unit), "solMass")
    if not np.all(mass > 0):
        raise DataError(f"{path}: a mass is not positive")
    return np.asarray(mass)


def _parameter(column: Any) -> Array:
    values = np.asarray(column, dtype=float)
    for wanted in ("Gyr", "deg"):
        if column.unit and same_dimension(str(column.unit), wanted):
            return np.asarray(values * unit_factor(str(column.unit), wanted))
    return values
