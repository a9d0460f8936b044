"""The Spectrum interface: photons per energy bin, batched over parameters, with an algebra of checked kinds."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError

__all__ = ["Product", "Spectrum", "Sum"]

Array = NDArray[np.float64]


@runtime_checkable
class Spectrum(Protocol):
    """An X-ray spectral model, with the names and units of XSPEC.

    An additive model gives photons; a multiplicative one gives a factor without unit, and stands left or right of a
    product: ``wabs * (powerlaw + pexrav)``.
    """

    @property
    @abstractmethod
    def additive(self) -> bool:
        """Whether the model gives photons (or a factor)."""

    @abstractmethod
    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons (or the mean factor) in each bin.

        Parameters
        ----------
        edges_kev : ndarray, shape (nbin + 1,)
            Increasing energies [keV].

        Returns
        -------
        ndarray, shape (nbin,), or (n, nbin) for parameters in columns of shape (n, 1)
            [photons cm^-2 s^-1], integrated over the bin; a factor for a multiplicative model.
        """

    def __add__(self, other: Spectrum) -> Sum:
        return Sum(self, other)

    def __mul__(self, other: Spectrum) -> Product:
        return Product(self, other)


@frozen
class Sum(Spectrum):
    """Two additive models together.

    Raises
    ------
    DataError
        Where one of them is multiplicative.
    """

    first: Spectrum
    second: Spectrum

    def __attrs_post_init__(self) -> None:
        for part in (self.first, self.second):
            if not part.additive:
                raise DataError(f"{type(part).__name__} is a factor and cannot be added to photons: multiply with it")

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """The sum of both."""
        return np.asarray(self.first.photon_flux(edges_kev) + self.second.photon_flux(edges_kev))


@frozen
class Product(Spectrum):
    """A factor times a model, or two factors.

    Raises
    ------
    DataError
        Where both give photons.
    """

    first: Spectrum
    second: Spectrum

    def __attrs_post_init__(self) -> None:
        if self.first.additive and self.second.additive:
            names = f"{type(self.first).__name__} and {type(self.second).__name__}"
            raise DataError(f"{names} both give photons and cannot be multiplied: add them")

    @property
    def additive(self) -> bool:
        """Whether one of the two gives photons."""
        return self.first.additive or self.second.additive

    def photon_flux(self, edges_kev: Array) -> Array:
        """The product of both, bin by bin."""
        return np.asarray(self.first.photon_flux(edges_kev) * self.second.photon_flux(edges_kev))
