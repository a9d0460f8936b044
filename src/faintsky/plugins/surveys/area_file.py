"""The area curve of a survey from a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faintsky.core.area_curve import QUANTITIES, AreaCurve
from faintsky.core.band import Band
from faintsky.core.catalogue import Catalogue
from faintsky.core.errors import DataError
from faintsky.core.units import unit_factor

__all__ = ["FALLS", "read_area"]

Array = NDArray[np.float64]

#: What is done about a curve that falls, such as one that was read off a figure.
FALLS = ("refuse", "isotonic")


def read_area(
    path: Path, *, quantity: str, band: Band, columns: tuple[str, str], log: bool, unit: str = "", falls: str = "refuse"
) -> AreaCurve:
    """Read brightness and area [deg^2, unless the column has a unit].

    Parameters
    ----------
    path : Path
        CSV, ECSV, FITS or another table that astropy reads.
    quantity : str
        ``rate`` or ``flux``.
    band : Band
    columns : tuple of str
        Names of both columns; empty ones: the first and the second.
    log : bool
        Whether the first holds log10 of the brightness.
    unit : str
        Of the brightness, where the column has none; default: that of the quantity.
    falls : {"refuse", "isotonic"}
        ``isotonic`` takes the rising curve that is nearest by least squares (pool adjacent violators), and the mean of areas at
        one brightness.

    Raises
    ------
    DataError
        Where a column is missing, a value is missing, the area falls, or the brightness is positive nowhere.
    """
    from astropy.table import Table

    if not path.exists():
        raise DataError(f"there is no area curve {path}")
    table = Table.read(path)
    if len(table.colnames) < 2:
        raise DataError(f"{path.name} has the columns {', '.join(table.colnames)}: an area curve needs brightness and area")
    x_name, area_name = (given or table.colnames[i] for i, given in enumerate(columns))
    wanted = {"area": "deg2"} if log else {"x": QUANTITIES[quantity], "area": "deg2"}
    read = Catalogue.from_table(table, {"x": x_name, "area": area_name}, units=wanted, missing=(), name=path.name)
    x, area = read["x"], read["area"]
    factor = unit_factor(unit, QUANTITIES[quantity]) if unit and not getattr(table[x_name], "unit", None) else 1.0
    if log:
        log_x = x + np.log10(factor)
    elif np.all(x > 0):
        log_x = np.log10(factor * x)
    else:
        raise DataError(
            f"a brightness of {path.name} is {x.min():g}: is {x_name!r} its logarithm? Then say so with area_log = true"
        )
    if falls == "isotonic":
        log_x, area = _rising(log_x, area)
    elif np.any(np.diff(log_x) <= 0) or np.any(np.diff(area) < 0):
        at = int(np.argmax((np.diff(log_x) <= 0) | (np.diff(area) < 0)))
        raise DataError(
            f"{path.name} falls, or repeats a brightness, after row {at} ({log_x[at]:g}: {area[at]:g} deg2, then "
            f"{log_x[at + 1]:g}: {area[at + 1]:g} deg2). Mend it, or take area_falls = 'isotonic' "
            "for a curve that was read off a figure"
        )
    return AreaCurve(log_x=log_x, area=area, quantity=quantity, band=band, name=path.stem)


def _rising(log_x: Array, area: Array) -> tuple[Array, Array]:
    from scipy.optimize import isotonic_regression

    found, place, number = np.unique(log_x, return_inverse=True, return_counts=True)
    mean = np.bincount(place, weights=area) / number
    return found, np.asarray(isotonic_regression(mean, weights=number.astype(float)).x)
