"""Emissivities of AtomDB: lines and continua of a plasma in collisional equilibrium, temperature by temperature."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError, MissingFileError
from faintsky.plugins.ogip.table_hdu import column, opened, table_hdu

__all__ = ["AtomDB", "KEV_ANGSTROM", "read_atomdb"]

Array = NDArray[np.float64]

#: Energy times wavelength of a photon [keV Angstrom] (CODATA 2018).
KEV_ANGSTROM: float = 12.398419843320026
#: Atomic number of the heaviest element that abundances do not scale.
_HELIUM = 2


@frozen(kw_only=True, eq=False)
class AtomDB:
    """A pair of files of emissivities.

    Attributes
    ----------
    line, coco : Path
    temperatures : ndarray, shape (m,)
        Increasing k T [keV].
    """

    line: Path
    coco: Path
    temperatures: Array

    def photons(self, index: int, edges: Array) -> Array:
        """Photons of hydrogen with helium, and of all metals at the abundances of the file, at one temperature.

        Lines are without width; continua are linear between their energies, and integrated exactly.

        Parameters
        ----------
        index : int
            Of the temperature.
        edges : ndarray, shape (nbin + 1,)
            Energies of the source [keV].

        Returns
        -------
        ndarray, shape (2, nbin)
            [photons cm^3 s^-1]
        """
        return _binned(self, index, edges.tobytes())


def read_atomdb(line: Path | None, coco: Path | None) -> AtomDB:
    """The pair of files; what they hold is read when it is needed, once per process while they stay as they are.

    Raises
    ------
    MissingFileError
        Where a file is not given or not there.
    DataError
        Where they are no pair of AtomDB's.
    """
    if line is None or coco is None or not line.exists() or not coco.exists():
        said = ", ".join(
            f"there is no file {p}" if p else f"{n} is not given" for n, p in (("line", line), ("coco", coco)) if _lacks(p)
        )
        raise MissingFileError(
            f"apec needs two files of AtomDB, such as apec_v3.0.9_line.fits (line) and apec_v3.0.9_coco.fits (coco), and {said}. "
            "They are offered at https://www.atomdb.org (Download), and are part of HEASoft (spectral/modelData)"
        )
    return _read(line, coco, line.stat().st_mtime_ns, coco.stat().st_mtime_ns)


def _lacks(path: Path | None) -> bool:
    return path is None or not path.exists()


@lru_cache(maxsize=8)
def _read(line: Path, coco: Path, line_mtime_ns: int, coco_mtime_ns: int) -> AtomDB:
    of_lines, of_continua = _temperatures(line), _temperatures(coco)
    if of_lines.shape != of_continua.shape or not np.allclose(of_lines, of_continua, rtol=1e-5):
        raise DataError(f"{line.name} and {coco.name} hold different temperatures: they are not of one version")
    return AtomDB(line=line, coco=coco, temperatures=of_continua)


def _temperatures(path: Path) -> Array:
    with opened(path) as hdus:
        found = column(table_hdu(hdus, path, ["PARAMETERS"], ["PARAMETERS"], "temperatures of AtomDB"), "KT", path).astype(float)
        if len(hdus) < len(found) + 2:
            raise DataError(f"{path.name} names {len(found)} temperatures and holds the emissivities of {len(hdus) - 2}")
    if len(found) < 2 or not np.all(np.diff(found) > 0):
        raise DataError(f"{path.name}: its temperatures must be at least two, and increase")
    return np.asarray(found)


@lru_cache(maxsize=4096)
def _binned(files: AtomDB, index: int, raw: bytes) -> Array:
    edges = np.frombuffer(raw)
    energy, strength, metal = _lines(files, index)
    # A line on an edge belongs to the bin above it.
    place = np.searchsorted(edges, energy, side="right")
    lines = [np.bincount(place, np.where(metal == m, strength, 0.0), len(edges) + 1) for m in (False, True)]
    found = np.array(lines, dtype=float)[:, 1:-1]
    for is_metal, energies, density in _continua(files, index):
        found[int(is_metal)] += np.diff(_cumulative(energies, density, edges))
    return found


def _cumulative(energies: Array, density: Array, edges: Array) -> Array:
    """Integral from the first energy of a density that is linear between its energies, and 0 beyond them."""
    x = np.clip(edges, energies[0], energies[-1])
    whole = np.append(0.0, np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(energies)))
    i = np.clip(np.searchsorted(energies, x, side="right") - 1, 0, len(energies) - 2)
    return np.asarray(whole[i] + 0.5 * (x - energies[i]) * (density[i] + np.interp(x, energies, density)))


@lru_cache(maxsize=64)
def _lines(files: AtomDB, index: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Energies [keV], emissivities [photons cm^3 s^-1], and whether they are of a metal."""
    path = files.line
    with opened(path) as hdus:
        hdu = hdus[index + 2]
        wavelength, strength, element = (column(hdu, name, path) for name in ("LAMBDA", "EPSILON", "ELEMENT"))
    if np.any(wavelength <= 0) or not np.all(np.isfinite(strength)):
        raise DataError(f"{path.name}[{index + 2}] holds a line without a wavelength or an emissivity")
    return KEV_ANGSTROM / wavelength.astype(float), strength.astype(float), np.asarray(element > _HELIUM)


@lru_cache(maxsize=64)
def _continua(files: AtomDB, index: int) -> tuple[tuple[bool, Array, Array], ...]:
    """Continua and pseudo-continua (of lines too weak to be listed) of each element: energies, photons cm^3 s^-1 keV^-1."""
    path, found = files.coco, []
    with opened(path) as hdus:
        hdu = hdus[index + 2]
        ion = column(hdu, "RMJ", path)
        if not np.any(ion == 0):
            raise DataError(f"{path.name} holds continua of ions, not of elements in equilibrium: it is a file for other models")
        for kind, energies, density in (("N_CONT", "E_CONT", "CONTINUUM"), ("N_PSEUDO", "E_PSEUDO", "PSEUDO")):
            columns = [column(hdu, name, path) for name in ("Z", kind, energies, density)]
            for row in np.flatnonzero(ion == 0):
                element, number, x, y = (c[row] for c in columns)
                if number > 1:
                    found.append((bool(element > _HELIUM), _head(x, number), _head(y, number)))
    return tuple(found)


def _head(values: Any, number: int) -> Array:
    return np.array(np.atleast_1d(values)[:number], dtype=float)
