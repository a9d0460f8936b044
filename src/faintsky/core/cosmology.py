"""The kind ``cosmologies``: background, growth and matter power, free of h, as tables that are made once."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

__all__ = ["DELTA_COLLAPSE", "Cosmology", "CosmologyTables", "tables"]

Array = NDArray[np.float64]

#: Linear overdensity at which a sphere collapses in an Einstein-de Sitter universe, 3/20 (12 pi)^(2/3).
DELTA_COLLAPSE: float = float(0.15 * (12 * np.pi) ** (2 / 3))
#: Critical density of a universe with h = 1 [Msun Mpc^-3].
_CRITICAL = 2.77536627e11


@frozen(kw_only=True, eq=False, slots=False)
class CosmologyTables:
    """What a cosmology is, on grids of redshift and wavenumber; everything in Mpc and Msun, never per h.

    Attributes
    ----------
    h : float
        Hubble constant over 100 km/s/Mpc.
    omega_m0 : float
        Matter density today.
    z : ndarray, shape (nz,)
        From 0, uniform in ln(1 + z).
    hubble : ndarray, shape (nz,)
        [km/s/Mpc]
    distance : ndarray, shape (nz,)
        Comoving distance [Mpc].
    growth_factor : ndarray, shape (nz,)
        Linear growth D(z) / D(0).
    k : ndarray, shape (nk,)
        [Mpc^-1], increasing; empty for a cosmology of distances only.
    power : ndarray, shape (nk,)
        Linear matter power today [Mpc^3].
    ratio : ndarray, shape (m, nk), optional
        P(k, z) / (D^2 P(k, 0)), where growth depends on scale; rows are uniform in ln(1 + z) over the range of `z`, and `k` is
        then uniform in its logarithm.
    """

    h: float
    omega_m0: float
    z: Array = field(repr=False)
    hubble: Array = field(repr=False)
    distance: Array = field(repr=False)
    growth_factor: Array = field(repr=False)
    k: Array = field(repr=False)
    power: Array = field(repr=False)
    ratio: Array | None = field(default=None, repr=False)

    def H(self, z: ArrayLike) -> Array:  # noqa: N802
        """Hubble rate [km/s/Mpc]."""
        return np.asarray(np.exp(self._log_hubble(self._log1p(z))))

    def chi(self, z: ArrayLike) -> Array:
        """Comoving distance [Mpc]."""
        return np.asarray(self._distance(self._log1p(z)))

    def growth(self, z: ArrayLike) -> Array:
        """Linear growth D(z) / D(0)."""
        return np.asarray(np.exp(self._log_growth(self._log1p(z))))

    def omega_m(self, z: ArrayLike) -> Array:
        """Matter density in units of the critical one."""
        today = 100 * self.h / self.H(z)
        return np.asarray(self.omega_m0 * (1 + np.asarray(z, dtype=float)) ** 3 * today**2)

    def plin(self, k: ArrayLike, z: ArrayLike) -> Array:
        """Linear matter power [Mpc^3] at `k` [Mpc^-1] and `z`, broadcast against each other; a power law beyond the table."""
        if not self.k.size:
            raise DataError("this cosmology knows distances only: matter power needs use = 'colossus', 'camb' or 'ccl'")
        logk, x = np.log(np.asarray(k, dtype=float)), self._log1p(z)
        inside = np.clip(logk, self._logk[0], self._logk[-1])
        found = self._log_power(inside) + 2 * self._log_growth(x)
        outside = logk - inside
        if np.any(outside):
            first, last = (float(self._log_power(self._logk[end], 1)) for end in (0, -1))
            found = found + outside * np.where(outside < 0, first, last)
        if self.ratio is not None:
            found = found + self._log_ratio(inside, x)
        return np.asarray(np.exp(found))

    def sigma(self, mass: ArrayLike, z: ArrayLike) -> Array:
        """Rms of the linear overdensity in spheres that hold `mass` [Msun] on average, at `z`."""
        return np.asarray(np.exp(self._log_sigma(np.log(np.asarray(mass, dtype=float)))) * self.growth(z))

    def nu(self, mass: ArrayLike, z: ArrayLike) -> Array:
        """Peak height 1.686 / sigma(mass, z)."""
        return np.asarray(DELTA_COLLAPSE / self.sigma(mass, z))

    @property
    def matter_density(self) -> float:
        """Comoving mean density of matter [Msun Mpc^-3]."""
        return float(self.omega_m0 * _CRITICAL * self.h**2)

    def _log1p(self, z: ArrayLike) -> Array:
        values = np.asarray(z, dtype=float)
        if values.size and not (values.min() >= 0 and values.max() <= self.z[-1] * (1 + 1e-9)):
            raise DataError(
                f"redshifts {values.min():g} to {values.max():g} leave the tables of the cosmology, which reach from 0 to "
                f"{self.z[-1]:g}"
            )
        return np.asarray(np.log1p(values))

    @cached_property
    def _log_hubble(self) -> CubicSpline[np.float64]:
        return _spline(np.log1p(self.z), np.log(self.hubble))

    @cached_property
    def _distance(self) -> CubicSpline[np.float64]:
        return _spline(np.log1p(self.z), self.distance)

    @cached_property
    def _log_growth(self) -> CubicSpline[np.float64]:
        return _spline(np.log1p(self.z), np.log(self.growth_factor))

    @cached_property
    def _logk(self) -> Array:
        return np.log(self.k)

    @cached_property
    def _log_power(self) -> CubicSpline[np.float64]:
        return _spline(self._logk, np.log(self.power))

    def _log_ratio(self, logk: Array, log1p: Array) -> Array:
        from scipy.ndimage import map_coordinates

        assert self.ratio is not None
        row, column = np.broadcast_arrays(log1p, logk)
        nz, nk = self.ratio.shape
        lines, columns = row.ravel() * ((nz - 1) / np.log1p(self.z[-1])), column.ravel() - self._logk[0]
        places = [lines, columns * ((nk - 1) / np.ptp(self._logk))]
        return np.asarray(map_coordinates(np.log(self.ratio), places, order=1, mode="nearest")).reshape(row.shape)

    @cached_property
    def _log_sigma(self) -> CubicSpline[np.float64]:
        """ln sigma today against ln mass: (1 / 2 pi^2) times the integral of k^3 P W(kR)^2 dln k with the top hat W."""
        mass = np.geomspace(1e4, 1e18, 141)
        radius = (3 * mass / (4 * np.pi * self.matter_density)) ** (1 / 3)
        # Beyond the table too: small masses feel wavenumbers that an engine does not reach.
        k = np.geomspace(min(self.k[0], 1e-5), max(self.k[-1], 1e6), 6000)
        weight = k**3 * self.plin(k, 0.0) * (np.log(k[1] / k[0]) / (2 * np.pi**2))
        x = k * radius[:, None]
        small = x < 1e-2
        y = np.where(small, 1.0, x)
        top_hat = np.where(small, 1 - x**2 / 10, 3 * (np.sin(y) - y * np.cos(y)) / y**3)
        return _spline(np.log(mass), 0.5 * np.log(top_hat**2 @ weight))


def _spline(x: Array, y: Array) -> CubicSpline[np.float64]:
    from scipy.interpolate import CubicSpline

    return CubicSpline(x, y)


@runtime_checkable
class Cosmology(Protocol):
    """A component of kind ``cosmologies``. It has one thing to say, its tables; the rest is read from them.

    Stateless and picklable; tables are made once per process and cosmology.
    """

    @abstractmethod
    def __hash__(self) -> int:
        """Equal cosmologies are one: a frozen attrs class has it."""

    @abstractmethod
    def tables(self) -> CosmologyTables:
        """Background, growth and linear power from z = 0 to at least 15."""

    def pnl(self, k: ArrayLike, z: ArrayLike) -> Array | None:
        """Nonlinear power of the engine's own [Mpc^3], or None: then halofit is put on its linear power."""
        return None

    @property
    def h(self) -> float:
        """Hubble constant over 100 km/s/Mpc."""
        return tables(self).h

    def H(self, z: ArrayLike) -> Array:  # noqa: N802
        """Hubble rate [km/s/Mpc]."""
        return tables(self).H(z)

    def chi(self, z: ArrayLike) -> Array:
        """Comoving distance [Mpc]."""
        return tables(self).chi(z)

    def growth(self, z: ArrayLike) -> Array:
        """Linear growth D(z) / D(0)."""
        return tables(self).growth(z)

    def omega_m(self, z: ArrayLike) -> Array:
        """Matter density in units of the critical one."""
        return tables(self).omega_m(z)

    def plin(self, k: ArrayLike, z: ArrayLike) -> Array:
        """Linear matter power [Mpc^3] at `k` [Mpc^-1] and `z`, broadcast against each other."""
        return tables(self).plin(k, z)

    def sigma(self, mass: ArrayLike, z: ArrayLike) -> Array:
        """Rms of the linear overdensity in spheres of `mass` [Msun]."""
        return tables(self).sigma(mass, z)

    def nu(self, mass: ArrayLike, z: ArrayLike) -> Array:
        """Peak height of haloes of `mass` [Msun]."""
        return tables(self).nu(mass, z)


@lru_cache(maxsize=16)
def tables(cosmology: Cosmology) -> CosmologyTables:
    """The tables of a cosmology, made once per process."""
    return cosmology.tables()
