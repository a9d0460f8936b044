"""The LuminosityFunction interface."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band

__all__ = ["LuminosityFunction", "Provenance", "Validity"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Validity:
    """Where a luminosity function was measured: log10 luminosity [erg/s] and redshift."""

    log_l: tuple[float, float]
    z: tuple[float, float]


@frozen(kw_only=True)
class Provenance:
    """Where published parameters come from, and how they were verified; unverified ones warn when they are used."""

    source: str
    verified: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether somebody checked the numbers against something."""
        return bool(self.verified)


@runtime_checkable
class LuminosityFunction(Protocol):
    """Comoving number density per decade of luminosity."""

    @property
    @abstractmethod
    def band(self) -> Band:
        """Rest-frame band of the luminosity."""

    @property
    @abstractmethod
    def cosmology(self) -> str:
        """Name of the cosmology that the parameters hold for."""

    @property
    @abstractmethod
    def validity(self) -> Validity:
        """Where it was measured."""

    @property
    @abstractmethod
    def provenance(self) -> Provenance:
        """Where its parameters come from."""

    @abstractmethod
    def evaluate(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """dPhi / dlog10 L [Mpc^-3 dex^-1].

        Parameters
        ----------
        log_l : array_like
            log10 luminosity [erg/s].
        z : array_like
            Redshift; broadcasts against `log_l`, and against parameters in columns.
        """

    def breakpoints(self, z: float) -> tuple[float, ...]:
        """log10 luminosities where the slope changes at a redshift: quadrature must align with them."""
        return ()

    def redshift_breakpoints(self, log_l: float) -> tuple[float, ...]:
        """Redshifts where the evolution changes at a luminosity."""
        return ()
