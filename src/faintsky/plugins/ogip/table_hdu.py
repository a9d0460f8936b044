"""Finding a table in an OGIP file, by its class and not by its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.units import unit_factor

__all__ = ["column", "measured_column", "opened", "table_hdu"]

#: Units that old files write in capitals or in other ways that astropy does not read.
_CAPITALS = {"KEV": "keV", "EV": "eV", "CM**2": "cm2", "CM2": "cm2", "CM^2": "cm2", "M**2": "m2"}


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The HDUs of a FITS file.

    Raises
    ------
    DataError
        Where there is no such file, or it is no FITS file.
    """
    import warnings

    from astropy.io import fits
    from astropy.io.fits.verify import VerifyWarning

    if not path.exists():
        raise DataError(f"there is no file {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VerifyWarning)
            hdus = fits.open(path, memmap=False)
    except (OSError, EOFError) as error:
        raise DataError(f"{path} is not a FITS file: {error}") from None
    with hdus:
        yield hdus


def table_hdu(hdus: Any, path: Path, names: Sequence[str], classes: Sequence[str], what: str) -> Any:
    """The first table with one of the HDUCLAS values, or else with one of the extension names.

    Raises
    ------
    DataError
        Where there is none; the message holds the extensions that the file has.
    """
    tables = [hdu for hdu in hdus if getattr(hdu, "columns", None) is not None]
    for hdu in tables:
        said = {str(hdu.header.get(f"HDUCLAS{i}", "")).strip().upper() for i in (1, 2)}
        if said & set(classes):
            return hdu
    for hdu in tables:
        if hdu.name in names:
            return hdu
    raise DataError(
        f"{path.name} holds no {what} ({' or '.join(names)}); its tables are {', '.join(h.name for h in tables) or 'none'}"
    )


def column(hdu: Any, name: str, path: Path) -> NDArray[Any]:
    """A column, whatever the case of its name.

    Raises
    ------
    DataError
        Where the table lacks it, or the file is cut off.
    """
    found = {c.upper(): c for c in hdu.columns.names}
    if name not in found:
        raise DataError(f"{path.name}[{hdu.name}] has no column {name}; it has {', '.join(hdu.columns.names)}")
    try:
        return np.asarray(hdu.data[found[name]])
    except (TypeError, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path.name}[{hdu.name}]: the column {name} cannot be read, the file may be cut off: {error}") from None


def measured_column(hdu: Any, name: str, unit: str, path: Path) -> NDArray[np.float64]:
    """A column of numbers in a unit; one without TUNIT is in this unit already.

    Raises
    ------
    DataError
        Where the table lacks it, a number is not finite, or its TUNIT is another dimension.
    """
    values = column(hdu, name, path).astype(float)
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        raise DataError(f"{path.name}[{hdu.name}]: {name} of row {wrong[0] + 1} is {values.ravel()[wrong[0]]}")
    said = (hdu.columns[name].unit or "").strip()
    said = _CAPITALS.get(said.upper(), said)
    try:
        return values * unit_factor(said, unit) if said else values
    except DataError as error:
        raise DataError(f"{path.name}[{hdu.name}]: {name}: {error}") from None
