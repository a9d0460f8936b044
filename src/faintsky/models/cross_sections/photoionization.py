"""Photoionization of neutral atoms, from the fits of Verner & Yakovlev 1995 and Verner et al. 1996."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["ELEMENTS", "METALS", "atom_cross_section", "mixture", "shell_edges"]

Array = NDArray[np.float64]

#: The elements of XSPEC's absorption models.
ELEMENTS: tuple[str, ...] = (
    "H", "He", "C", "N", "O", "Ne", "Na", "Mg", "Al", "Si", "S", "Cl", "Ar", "Ca", "Cr", "Fe", "Co", "Ni",
)  # fmt: skip
#: Those that are not hydrogen or helium.
METALS: tuple[str, ...] = ELEMENTS[2:]

#: Orbital angular momentum of the electrons of a fit; the fits of 1996, of all outer electrons together, have none.
_ORBITAL = {"outer": 0, "1s": 0, "2s": 0, "2p": 1, "3s": 0, "3p": 1, "3d": 2, "4s": 0}


@frozen(kw_only=True)
class _Fit:
    """One fit, used from `low` to below `high` [keV]; the other fields as the papers name them, energies in keV."""

    low: float
    high: float
    e_0: float
    sigma_0: float
    y_a: float
    p: float
    y_w: float
    y_0: float
    y_1: float
    orbital: int

    def at(self, energy_kev: Array) -> Array:
        """Verner et al. 1996, eq. 1; with y_0 = y_1 = 0 it is eq. 1 of Verner & Yakovlev 1995 [cm^2]."""
        x = energy_kev / self.e_0 - self.y_0
        y = np.hypot(x, self.y_1)
        shape = np.square(x - 1) + self.y_w**2
        fall = y ** (0.5 * self.p - 5.5 - self.orbital) * (1 + np.sqrt(y / self.y_a)) ** -self.p
        return np.asarray(self.sigma_0 * shape * fall)


@lru_cache(maxsize=1)
def _fits() -> Mapping[str, tuple[_Fit, ...]]:
    """The fits of each element.

    Below the edge of the highest inner shell the fit of 1996 stands for all outer electrons together; above it each subshell has
    its fit of 1995. So the authors' own routine combines them.
    """
    from astropy.table import Table

    rows = Table.read(files(__package__).joinpath("verner_fits.ecsv").read_text(encoding="utf-8"), format="ascii.ecsv")
    found: dict[str, list[_Fit]] = {element: [] for element in ELEMENTS}
    inner_edge = {str(row["element"]): float(row["up_to"]) for row in rows if row["shell"] == "outer"}
    for row in rows:
        element, shell, threshold = str(row["element"]), str(row["shell"]), float(row["threshold"])
        found[element].append(
            _Fit(
                low=(threshold if shell == "outer" else max(threshold, inner_edge.get(element, 0.0))) / 1e3,
                high=float(row["up_to"]) / 1e3,
                e_0=float(row["e_0"]) / 1e3,
                sigma_0=float(row["sigma_0"]) * 1e-18,
                orbital=_ORBITAL[shell],
                **{name: float(row[name]) for name in ("y_a", "p", "y_w", "y_0", "y_1")},
            )
        )
    return {element: tuple(fits) for element, fits in found.items()}


def atom_cross_section(element: str, energy_kev: Array) -> Array:
    """Photoionization cross-section of one neutral atom.

    Parameters
    ----------
    element : str
        One of `ELEMENTS`.
    energy_kev : ndarray, any shape
        [keV]; zero below the threshold of the atom. Above 50-100 keV, where the fits end, they go on as the power laws that
        they are by then, E^-3.5 for s electrons.

    Returns
    -------
    ndarray, same shape
        [cm^2]; an energy on an edge counts as above it.
    """
    return mixture({element: 1.0}, energy_kev)


def mixture(number: Mapping[str, float], energy_kev: Array) -> Array:
    """Sum over elements of a number of atoms times the cross-section of the atom.

    Parameters
    ----------
    number : mapping of str to float
        Atoms of each element, such as per hydrogen atom.
    energy_kev : ndarray, any shape
        [keV]

    Returns
    -------
    ndarray, same shape
        [cm^2]
    """
    energy = np.asarray(energy_kev, dtype=float)
    found = np.zeros(energy.shape)
    for element, atoms in number.items():
        for fit in _fits()[element]:
            inside = (energy >= fit.low) & (energy < fit.high)
            found[inside] += atoms * fit.at(energy[inside])
    return found


def shell_edges(elements: tuple[str, ...] = ELEMENTS) -> Array:
    """Energies at which the cross-section of some element jumps, in increasing order, shape (n,) [keV]."""
    edges = {edge for element in elements for fit in _fits()[element] for edge in (fit.low, fit.high)}
    return np.array(sorted(edge for edge in edges if np.isfinite(edge)))
