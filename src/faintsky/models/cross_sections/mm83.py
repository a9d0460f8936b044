"""The cross-section of Morrison & McCammon 1983, on which ``wabs`` stands."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.cross_section import CrossSection
from faintsky.models.cross_sections.limits import check_energies

__all__ = ["Mm83"]

Array = NDArray[np.float64]

#: Lower edges of the rows of table 2 [keV]; the last row, above 10 keV, is not theirs (see `Mm83`).
_EDGES = np.array([0.030, 0.100, 0.284, 0.400, 0.532, 0.707, 0.867, 1.303, 1.840, 2.471, 3.210, 4.038, 7.111, 8.331, 10.0])
#: c0, c1, c2 of each row: E^3 sigma = c0 + c1 E + c2 E^2 [1e-24 cm^2 keV^3].
_C0, _C1, _C2 = np.array(
    [
        [17.3, 608.1, -2150.0],
        [34.6, 267.9, -476.1],
        [78.1, 18.8, 4.3],
        [71.4, 66.8, -51.4],
        [95.5, 145.8, -61.1],
        [308.9, -380.6, 294.0],
        [120.6, 169.3, -47.7],
        [141.3, 146.8, -31.5],
        [202.7, 104.7, -17.0],
        [342.7, 18.7, 0.0],
        [352.2, 18.7, 0.0],
        [433.9, -2.4, 0.75],
        [629.0, 30.9, 0.0],
        [701.2, 25.2, 0.0],
        [953.2, 0.0, 0.0],
    ]
).T


def _beyond(energy: Array, row: NDArray[np.intp]) -> Array:
    """Integral of sigma from an energy to the upper edge of its row, up to a constant of the row [1e-24 cm^2 keV]."""
    return np.asarray(_C0[row] / (2 * energy**2) + _C1[row] / energy - _C2[row] * np.log(energy / _EDGES[row]))


def _constants() -> Array:
    """What makes `_beyond` the integral from the energy to infinity, row by row."""
    last = len(_EDGES) - 1
    found = np.zeros(last + 1)
    for row in range(last - 1, -1, -1):
        upper = _EDGES[row + 1 : row + 2]
        here, above = np.array([row]), np.array([row + 1])
        found[row] = (_beyond(upper, above) + found[row + 1] - _beyond(upper, here))[0]
    return found


_CONSTANTS = _constants()


@component(references=["MorrisonMcCammon1983"])
@frozen(kw_only=True)
class Mm83(CrossSection):
    """Photoelectric absorption of Morrison & McCammon 1983: 14 polynomials from 0.03 to 10 keV.

    sigma = (c0 + c1 E + c2 E^2) E^-3 (their table 2). Above 10 keV, where their fits end, E^3 sigma is frozen at its value there,
    9.532e-22 cm^2 keV^3, as XSPEC's ``wabs`` has it: the last polynomial would run away, by 13 per cent at 15 keV. There is no
    Compton scattering in it.
    """

    extrapolate: bool = option(False, help="use the first polynomial below 0.03 keV too, instead of an error")

    @property
    def abundances(self) -> str:
        """Those of Anders & Ebihara 1982, built into the fits."""
        return "aneb"

    @property
    def edges(self) -> Array:
        """Where one polynomial takes over from another."""
        return _EDGES[1:]

    def at(self, energy_kev: Array) -> Array:
        """The polynomial of the row that an energy lies in; an energy on an edge counts as above it."""
        energy = np.asarray(energy_kev, dtype=float)
        check_energies(energy, _EDGES[0], "mm83", extrapolate=self.extrapolate)
        row = _row(energy)
        return np.asarray(1e-24 * ((_C0[row] / energy + _C1[row]) / energy + _C2[row]) / energy)

    def mean(self, edges_kev: Array) -> Array:
        """Difference of the integrals from the two edges to infinity, in closed form.

        Integrals from above, not from below: they fall with the energy as fast as what is taken from them, so a bin 1e-3 wide
        keeps 12 digits at any energy.
        """
        edges = np.asarray(edges_kev, dtype=float)
        check_energies(edges[..., 0], _EDGES[0], "mm83", extrapolate=self.extrapolate)
        row = _row(edges)
        beyond = _beyond(edges, row) + _CONSTANTS[row]
        return np.asarray(-1e-24 * np.diff(beyond, axis=-1) / np.diff(edges, axis=-1))


def _row(energy: Array) -> NDArray[np.intp]:
    return np.maximum(np.searchsorted(_EDGES, energy, side="right") - 1, 0)
