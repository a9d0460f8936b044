"""Emission of a hot thin plasma in collisional equilibrium."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.energy_bins import checked_edges
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.paths import as_path
from faintsky.core.prior import LogUniform, Uniform
from faintsky.core.source_frame import norm, redshift
from faintsky.core.spectrum import Spectrum
from faintsky.plugins.spectra.atomdb import AtomDB, read_atomdb

__all__ = ["Apec"]

Array = NDArray[np.float64]

#: XSPEC's unit of norm times emissivity.
_UNIT = 1e14


@component(references=["Smith2001", "AndersGrevesse1989"])
@frozen(kw_only=True)
class Apec(Parametric, Spectrum):
    """Lines and continua of a hot thin plasma in collisional equilibrium, from files of AtomDB that the user supplies.

    faintsky ships no emissivities: without the two files it is an error to evaluate the model, and nothing takes their place
    (`brems` has no lines). Emissivities are linear in kT between neighbouring temperatures of the files, and lines have no width,
    as in XSPEC's apec. Continua are integrated exactly over each bin where XSPEC takes the middle of a bin. Energies outside a
    continuum of the files have no photons.
    """

    line: Path | None = option(None, help="emissivities of lines, apec_vX.Y.Z_line.fits of AtomDB", converter=as_path)
    coco: Path | None = option(
        None, help="emissivities of continua, apec_vX.Y.Z_coco.fits of the same version", converter=as_path
    )
    abundances: str = option(
        "angr", choices=("angr",), help="solar abundances: Anders & Grevesse 1989, which the files of AtomDB are made with"
    )
    kt: float = parameter(
        1.0, prior=LogUniform(low=0.05, high=50.0), unit="keV", gt=0, help="temperature of electrons", latex="$kT$", xspec="kT"
    )
    abundance: float = parameter(
        1.0, prior=Uniform(low=0.0, high=3.0), frozen=True, ge=0, help="metals (all but H and He) over solar", xspec="Abundanc"
    )
    redshift: float = redshift()
    norm: float = norm("1e-14 / (4 pi (D_A (1 + z))^2) times the integral of n_e n_H dV, in cgs units", unit="")

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1].

        Raises
        ------
        MissingFileError
            Without the files of AtomDB.
        DataError
            Where kT lies outside the temperatures of the files.
        """
        files, edges = read_atomdb(self.line, self.coco), checked_edges(edges_kev)
        kt, z = np.broadcast_arrays(np.atleast_1d(self.kt), np.atleast_1d(self.redshift))
        index, step = (place.ravel() for place in _between(files, kt))
        found = np.empty((2, kt.size, len(edges) - 1))
        for one in np.unique(z):
            rows = np.flatnonzero(z.ravel() == one)
            temperatures, place = np.unique([index[rows], index[rows] + 1], return_inverse=True)
            known = np.stack([files.photons(int(i), edges * (1.0 + float(one))) for i in temperatures], axis=1)
            below, above = place.reshape(2, -1)
            share = step[rows, None]
            found[:, rows] = (1.0 - share) * known[:, below] + share * known[:, above]
        light, metals = found.reshape(2, *kt.shape[:-1], len(edges) - 1)
        level = _UNIT * np.asarray(self.norm) / (1.0 + np.asarray(self.redshift))
        return np.asarray(level * (light + self.abundance * metals))


def _between(files: AtomDB, kt: Array) -> tuple[NDArray[np.intp], Array]:
    """The temperature of the files below each kT, and how far it is to the next one, from 0 to 1."""
    grid = files.temperatures
    outside = ~((kt >= grid[0] * (1 - 1e-6)) & (kt <= grid[-1] * (1 + 1e-6)))
    if np.any(outside):
        raise DataError(f"{files.coco.name} holds kT from {grid[0]:g} to {grid[-1]:g} keV, and {kt[outside][0]:g} keV is wanted")
    index = np.clip(np.searchsorted(grid, kt, side="right") - 1, 0, len(grid) - 2)
    return index, np.clip((kt - grid[index]) / (grid[index + 1] - grid[index]), 0.0, 1.0)
