"""The PSF interface (kind ``psfs``); a beam is a PSF."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PSF"]


@runtime_checkable
class PSF(Protocol):
    """A point spread function, normalised to 1 over the plane. Angles in radian."""

    @abstractmethod
    def density(self, dx: ArrayLike, dy: ArrayLike) -> NDArray[np.float64]:
        """Surface density at the offsets `dx`, `dy` [rad] from the source [sr^-1]."""

    @abstractmethod
    def encircled(self, radius: ArrayLike) -> NDArray[np.float64]:
        """Encircled energy fraction within `radius` [rad] (EEF)."""

    @abstractmethod
    def transfer(self, q: ArrayLike) -> NDArray[np.float64]:
        """Azimuthal mean of the Fourier transform B(q) at `q` [rad^-1]; B(0) = 1, the beam power is B^2."""

    def beam_power(self, q: ArrayLike) -> NDArray[np.float64]:
        """Power that the beam leaves at `q` [rad^-1]: B^2, or the mean of the B^2 of pointings for a mosaic."""
        return np.asarray(self.transfer(q)) ** 2
