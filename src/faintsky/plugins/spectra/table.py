"""A spectrum of one's own, from a table of numbers."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.energy_bins import checked_edges
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parametric
from faintsky.core.paths import as_path
from faintsky.core.source_frame import norm, redshift
from faintsky.core.spectrum import Spectrum
from faintsky.plugins.spectra.sed_file import QUANTITIES, Sed, read_sed

__all__ = ["Table"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class Table(Parametric, Spectrum):
    """The spectrum of a source at rest from a table of energies and fluxes, such as a computed SED of an accreting black hole.

    An ECSV file with the columns `energy` (or `E_keV`; any unit of energy) and `flux`: photons per keV, energy per keV, nu F_nu
    (= E times energy per keV), or a factor without unit. Between two energies it is a power law (linear where one of the fluxes
    is 0), integrated exactly over each bin. At a redshift N(E) is norm times the table at E (1 + z), as for an `atable`: photons
    between E_1 (1 + z) and E_2 (1 + z), divided by (1 + z). So for photons per keV and second of a source at the luminosity
    distance D, in cm, the norm is (1 + z)^2 / (4 pi D^2); fluxes in erg become photons by the energies of the table.
    """

    path: Path = option(help="ECSV file with the columns energy and flux, and their units", converter=as_path)
    quantity: str = option("photons", choices=tuple(QUANTITIES), help="what the flux is; without a unit: per keV, in keV")
    outside: str = option("error", choices=("error", "zero"), help="energies that the table lacks: an error, or nothing")
    redshift: float = redshift()
    norm: float = norm("multiplies the table", unit="", low=1e-10, high=1e10)

    def __attrs_post_init__(self) -> None:
        _ = self.sed
        super().__attrs_post_init__()

    @property
    def sed(self) -> Sed:
        """The content of the file."""
        return read_sed(self.path, self.quantity)

    @property
    def additive(self) -> bool:
        """Whether it gives photons; a table of factors is a factor."""
        return self.quantity != "factor"

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1 where the table is per cm^2 and s], or the mean factor; exact.

        Raises
        ------
        DataError
            Where an energy lies outside the table, unless ``outside = "zero"``.
        """
        edges, z = checked_edges(edges_kev), np.asarray(self.redshift, dtype=float)
        distinct, inverse = np.unique(z, return_inverse=True)
        rows = np.stack([_means(self.sed, float(one), edges.tobytes(), self.outside == "error") for one in distinct])
        found = rows[inverse.ravel()].reshape(*z.shape[:-1], len(edges) - 1)
        return np.asarray(self.norm * (found * np.diff(edges) if self.additive else found))


@lru_cache(maxsize=1024)
def _means(sed: Sed, z: float, raw: bytes, strict: bool) -> Array:
    """Mean density of each bin at one redshift; of use to fits, in which mostly norms change."""
    edges = np.frombuffer(raw) * (1.0 + z)
    slack = 1e-9
    if strict and (edges[0] < sed.energy[0] * (1 - slack) or edges[-1] > sed.energy[-1] * (1 + slack)):
        raise DataError(
            f"{sed.name} holds energies from {sed.energy[0]:g} to {sed.energy[-1]:g} keV of the source, and {edges[0]:g} to "
            f"{edges[-1]:g} keV are wanted; outside = 'zero' makes it nothing there"
        )
    return sed.integrals(edges) / np.diff(edges)
