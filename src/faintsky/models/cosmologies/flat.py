"""A flat universe of matter and a cosmological constant: distances only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.cosmology import Cosmology, CosmologyTables
from faintsky.core.gauss_panels import gauss_panels

__all__ = ["Flat"]

Array = NDArray[np.float64]

_SPEED_OF_LIGHT = 299792.458  # km/s
#: Nodes of Gauss and Legendre between two redshifts of the table.
_NODES = 8


@component(references=["Hogg1999"])
@frozen(kw_only=True)
class Flat(Cosmology):
    """Flat universe of matter and a cosmological constant, without radiation, as luminosity functions assume it.

    H(z) = H0 sqrt(Omega_m (1 + z)^3 + 1 - Omega_m); the comoving distance is the integral of c / H, to 1e-10. It has no matter
    power: clustering needs ``colossus``, ``camb`` or ``ccl``.
    """

    h0: float = option(gt=0, help="Hubble constant in km/s/Mpc; papers of X-ray luminosity functions take 70")
    omega_m0: float = option(gt=0, lt=1, help="matter density today; papers of X-ray luminosity functions take 0.3")
    z_max: float = option(16.0, ge=15, help="how far the tables reach")

    def tables(self) -> CosmologyTables:
        """Hubble rate, distance and linear growth."""
        z = np.expm1(np.linspace(0.0, np.log1p(self.z_max), 400))
        distance = np.concatenate([[0.0], np.cumsum(_pieces(z, self._inverse_hubble))])
        # Growth of a universe without radiation: H times the integral of (1 + z) / H^3 to infinity (Heath 1977).
        a = np.linspace(0.0, 1.0, 2001)
        matter = self.omega_m0
        inner = np.concatenate([[0.0], np.cumsum(_pieces(a, lambda x: (x / (matter + (1 - matter) * x**3)) ** 1.5))])
        growth = np.interp(1 / (1 + z), a, inner) * self._hubble(z)
        return CosmologyTables(
            h=self.h0 / 100,
            omega_m0=self.omega_m0,
            z=z,
            hubble=self._hubble(z),
            distance=distance,
            growth_factor=growth / growth[0],
            k=np.empty(0),
            power=np.empty(0),
        )

    def _hubble(self, z: Array) -> Array:
        return np.asarray(self.h0 * np.sqrt(self.omega_m0 * (1 + z) ** 3 + 1 - self.omega_m0))

    def _inverse_hubble(self, z: Array) -> Array:
        return np.asarray(_SPEED_OF_LIGHT / self._hubble(z))


def _pieces(x: Array, of: Callable[[Array], Array]) -> Array:
    """Integrals of a function between neighbours of `x`."""
    nodes, weights = gauss_panels(x, _NODES)
    return np.asarray((of(nodes) * weights).reshape(-1, _NODES).sum(axis=1))
