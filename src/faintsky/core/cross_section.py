"""The kind ``cross_sections``: photoelectric absorption per hydrogen atom, which every absorption model stands on."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["CrossSection"]

Array = NDArray[np.float64]


@runtime_checkable
class CrossSection(Protocol):
    """Photoelectric absorption of neutral gas of some composition.

    An absorbing column may change by 30 per cent with the cross-section and the abundances behind it, so they are a component of
    their own: named in every result, and swapped like any other.
    """

    @abstractmethod
    def at(self, energy_kev: Array) -> Array:
        """Cross-section per hydrogen atom.

        Parameters
        ----------
        energy_kev : ndarray, any shape
            [keV]

        Returns
        -------
        ndarray, same shape
            [cm^2]

        Raises
        ------
        DataError
            Below the energies that it is known for.
        """

    @abstractmethod
    def mean(self, edges_kev: Array) -> Array:
        """Mean over each bin, exact also where a bin holds an absorption edge.

        Parameters
        ----------
        edges_kev : ndarray, shape (..., nbin + 1)
            Increasing along the last axis [keV].

        Returns
        -------
        ndarray, shape (..., nbin)
            [cm^2]
        """

    @property
    def edges(self) -> Array:
        """Energies at which it jumps [keV], increasing, shape (k,): a bin that holds one is absorbed on either side apart."""
        return np.zeros(0)

    @property
    @abstractmethod
    def abundances(self) -> str:
        """Name of the set of abundances, such as ``angr``."""
