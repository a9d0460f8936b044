"""Tables of a spectrum: energies and flux densities, in an ECSV file with units."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError

__all__ = ["QUANTITIES", "Sed", "read_sed"]

Array = NDArray[np.float64]

#: What a table may hold, with the power of E [keV] that makes it photons per keV.
QUANTITIES = {"photons": 0, "energy": -1, "nufnu": -2, "factor": 0}
#: The units of each, per area, per source or of a source at rest; and what is assumed without one.
_UNITS = {
    "photons": ("1 / (keV cm2 s)", "1 / (keV s)", "1 / keV"),
    "energy": ("keV / (keV cm2 s)", "keV / (keV s)", "keV / keV"),
    "nufnu": ("keV / (cm2 s)", "keV / s", "keV"),
    "factor": ("",),
}


@frozen(kw_only=True, eq=False)
class Sed:
    """A spectrum between its first and last energy.

    Attributes
    ----------
    name : str
        The file.
    energy : ndarray, shape (m,)
        Increasing [keV].
    density : ndarray, shape (m,)
        Photons per keV, or a factor.
    """

    name: str
    energy: Array
    density: Array

    def at(self, energy: Array) -> Array:
        """The density at energies within the table: a power law between neighbours, linear where one of them is 0."""
        i = np.clip(np.searchsorted(self.energy, energy, side="right") - 1, 0, len(self.energy) - 2)
        low, high, first, last = self.energy[i], self.energy[i + 1], self.density[i], self.density[i + 1]
        positive = (first > 0) & (last > 0)
        safe_first, safe_last = np.where(positive, first, 1.0), np.where(positive, last, 1.0)
        power = safe_first * np.exp(np.log(safe_last / safe_first) * np.log(energy / low) / np.log(high / low))
        return np.asarray(np.where(positive, power, first + (last - first) * (energy - low) / (high - low)))

    def integrals(self, edges: Array) -> Array:
        """Integrals over bins, exact for the interpolated density; 0 outside the table.

        Parameters
        ----------
        edges : ndarray, shape (nbin + 1,)
            [keV], in the frame of the table.

        Returns
        -------
        ndarray, shape (nbin,)
        """
        inside = np.clip(edges, self.energy[0], self.energy[-1])
        cuts = np.unique(np.concatenate([inside, self.energy[(self.energy > inside[0]) & (self.energy < inside[-1])]]))
        if len(cuts) < 2:
            return np.zeros(len(edges) - 1)
        low, high = cuts[:-1], cuts[1:]
        first, last = self.at(low), self.at(high)
        # Within a piece it is one power law: E N has the logarithmic mean of its ends, times the width in ln E.
        start, stop = low * first, high * last
        log = np.log(np.where((start > 0) & (stop > 0), stop / np.where(start > 0, start, 1.0), 1.0))
        mean = start * np.where(np.abs(log) > 1e-4, np.expm1(log) / np.where(log == 0, 1.0, log), 1 + log / 2 + log**2 / 6)
        pieces = np.where((first > 0) & (last > 0), mean * np.log(high / low), 0.5 * (first + last) * (high - low))
        starts, stops = np.searchsorted(cuts, inside[:-1]), np.searchsorted(cuts, inside[1:])
        ends = np.stack([starts, stops], axis=-1).ravel()
        return np.where(stops > starts, np.add.reduceat(np.append(pieces, 0.0), ends)[::2], 0.0)


def read_sed(path: Path, quantity: str) -> Sed:
    """The spectrum of a file; read once per process while the file stays as it is.

    Raises
    ------
    DataError
        Where there is no such file, a column or its unit is wrong, or a number cannot be.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}")
    stat = path.stat()
    return _read(path, quantity, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, quantity: str, size: int, mtime_ns: int) -> Sed:
    from astropy.table import QTable

    try:
        table = QTable.read(path, format="ascii.ecsv")
    except Exception as error:  # astropy raises many kinds
        raise DataError(f"{path.name} is not an ECSV table: {error}") from None
    columns = {name.lower(): name for name in table.colnames}
    energies = columns.get("energy", columns.get("e_kev"))
    if energies is None or "flux" not in columns:
        raise DataError(f"{path.name} needs the columns energy (or E_keV) and flux; it has {', '.join(table.colnames)}")
    energy = _in(table[energies], ("keV",), f"{path.name}: energy")
    flux = _in(table[columns["flux"]], _UNITS[quantity], f"{path.name}: flux, which is {quantity!r},")
    order = np.argsort(energy)
    energy, flux = energy[order], flux[order]
    if len(energy) < 2 or not np.all(np.isfinite(energy)) or not energy[0] > 0 or not np.all(np.diff(energy) > 0):
        raise DataError(f"{path.name}: at least two energies, all positive, finite and different")
    if not np.all(np.isfinite(flux)) or np.any(flux < 0):
        row = int(np.argmin(np.isfinite(flux) & (flux >= 0)))
        raise DataError(f"{path.name}: the flux at {energy[row]:g} keV is {flux[row]:g}; it must be finite and not negative")
    return Sed(name=path.name, energy=energy, density=flux * energy ** QUANTITIES[quantity])


def _in(column: Any, wanted: tuple[str, ...], what: str) -> Array:
    """A column in the first of some units that it can be expressed in."""
    from astropy import units as u

    unit = getattr(column, "unit", None)
    if unit is None or unit == u.dimensionless_unscaled:
        return np.asarray(getattr(column, "value", column), dtype=float)
    # Photons are counts: "ph / (keV s)" and "1 / (keV s)" are one thing.
    plain = u.Quantity(np.asarray(column.value, dtype=float), unit / u.ph ** _photons(unit))
    for name in wanted:
        if plain.unit.is_equivalent(u.Unit(name)):
            return np.asarray(plain.to_value(u.Unit(name)))
    raise DataError(f"{what} has the unit {unit}, which is not one like {' or '.join(w for w in wanted if w) or 'none'}")


def _photons(unit: Any) -> float:
    from astropy import units as u

    decomposed = unit.decompose()
    return float(dict(zip(decomposed.bases, decomposed.powers, strict=True)).get(u.ph, 0))
