"""The PSF interface (kind ``psfs``); a beam is a PSF."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.psf_sampling import drawn_offsets

__all__ = ["PSF", "Place"]


@frozen(kw_only=True)
class Place:
    """Where in a field of view, in which observation and at which photon energy a PSF is asked for.

    Attributes
    ----------
    off_axis : float
        Angle between source and optical axis [rad].
    azimuth : float
        Direction from the optical axis to the source [rad], from +x towards +y of the photons' frame.
    energy : float
        Photon energy [keV].
    roll : float
        Roll angle of the telescope [rad].
    observation, source : str
        Names, for PSFs that are given one by one.
    """

    off_axis: float = 0.0
    azimuth: float = 0.0
    energy: float = 1.5
    roll: float = 0.0
    observation: str = ""
    source: str = ""


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

    def placed(self, place: Place) -> PSF:
        """The PSF at a place of the field of view and a photon energy; itself, where it is the same everywhere.

        Raises
        ------
        DataError
            Where the place lies beyond what the PSF is known for.
        """
        return self

    @property
    def energies(self) -> tuple[float, ...]:
        """Photon energies [keV] between which the PSF may be interpolated linearly; none where it depends on no energy."""
        return ()

    @property
    def ellipse(self) -> tuple[float, float] | None:
        """Axis ratio (minor over major) and position angle of the major axis [rad, from +x towards +y].

        Of a PSF whose isophotes are similar concentric ellipses: its density depends on rho^2 = q u^2 + v^2 / q alone, with u
        along the major axis, so that the ellipse of rho has the area pi rho^2. None for any other shape.
        """
        return None

    @property
    def lattice(self) -> tuple[NDArray[np.float64], tuple[float, float], float] | None:
        """Densities [sr^-1] on a lattice, shape (ny, nx), the offsets x, y [rad] of its first node, and its step [rad].

        Of a PSF that is interpolated bilinearly between them, and 0 outside: its outermost nodes are 0. None for any other.
        """
        return None

    def drawn(self, number: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Offsets `dx`, `dy` [rad] of photons from their source, each of shape (number,)."""
        return drawn_offsets(self, number, rng)

    def resampled(self, rng: np.random.Generator) -> PSF | None:
        """Another realisation, where the PSF itself is noisy (an image made of counted rays); None where it is exact."""
        return None
