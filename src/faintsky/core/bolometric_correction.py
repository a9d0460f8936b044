"""The kind ``bolometric_corrections``: from a band to everything, and back."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.errors import DataError, FaintskyWarning

__all__ = ["BolometricCorrection"]

Array = NDArray[np.float64]

#: Where inverses are looked for: log10 bolometric luminosity [erg/s].
_REACH = (36.0, 52.0)


@runtime_checkable
class BolometricCorrection(Protocol):
    """k(L_bol) = L_bol / L_band; all luminosities log10 [erg/s]. The inverse is found here, where a component has none."""

    @property
    @abstractmethod
    def band(self) -> Band:
        """Rest-frame band of L_band."""

    @abstractmethod
    def log_k(self, log_bol: ArrayLike) -> Array:
        """log10 of k at bolometric luminosities of any shape."""

    @abstractmethod
    def slope(self, log_bol: ArrayLike) -> Array:
        """The Jacobian dlog L_band / dlog L_bol = 1 - dlog k / dlog L_bol."""

    def scatter(self, log_bol: ArrayLike) -> Array:
        """Standard deviation of log L_band at fixed L_bol [dex]; 0 where none was published."""
        return np.zeros(np.shape(log_bol))

    @property
    def is_verified(self) -> bool:
        """Whether the coefficients were checked against something; others warn."""
        return True

    @property
    def name(self) -> str:
        """What tables call it: its class, its band, and options that are not the default ones."""
        changed = [
            f"{a.name} = {getattr(self, a.name)}"
            for a in getattr(type(self), "__attrs_attrs__", ())
            if a.name != "band" and getattr(self, a.name) != a.default
        ]
        return ", ".join([type(self).__name__.lower(), str(self.band), *changed])

    def check(self, band: Band, name: str) -> None:
        """Refuse luminosities of another band; warn where nobody verified the coefficients.

        Raises
        ------
        DataError
            The message says which band it is for.
        """
        kind = type(self).__name__
        if self.band != band:
            raise DataError(
                f"{name} holds {band} luminosities, the correction {kind} is for {self.band}: give the correction "
                f"band = '{band}', if it has it, or name another one"
            )
        if not self.is_verified:
            warnings.warn(
                f"the coefficients of the bolometric correction {kind} were verified against too little; see its documentation",
                FaintskyWarning,
                stacklevel=4,
            )

    def log_band(self, log_bol: ArrayLike) -> Array:
        """log10 of L_band."""
        some = np.asarray(log_bol, dtype=float)
        return np.asarray(some - self.log_k(some))

    def log_bolometric(self, log_band: ArrayLike) -> Array:
        """log10 of L_bol, by Newton's method on `log_band`, which rises: round trips hold to 1e-12 dex.

        Raises
        ------
        DataError
            Beyond the luminosities 10^36 to 10^52 erg/s.
        """
        wanted = np.asarray(log_band, dtype=float)
        nodes = np.linspace(*_REACH, 3201)
        values = self.log_band(nodes)
        if wanted.size and (np.nanmin(wanted) < values[0] or np.nanmax(wanted) > values[-1]):
            raise DataError(f"log L = {np.nanmin(wanted):g} to {np.nanmax(wanted):g} has no bolometric counterpart in {_REACH}")
        found = np.interp(wanted, values, nodes)
        for _ in range(4):
            found = found - (self.log_band(found) - wanted) / self.slope(found)
        return np.asarray(found)
