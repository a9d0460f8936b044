"""The power spectrum as a result, its window, and the kind ``power_spectra``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction
from faintsky.core.map import Map

__all__ = ["PowerSpectrum", "PowerSpectrumEstimator", "Window"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Window:
    """The operator from a model spectrum to the bandpowers that an estimator is expected to return.

    Attributes
    ----------
    q : ndarray, shape (m,)
        Wavenumbers where the model is evaluated [rad^-1].
    matrix : ndarray, shape (nbin, m)
        ``expected = matrix @ P(q)``; the mask is in it, so a likelihood applies it once and corrects nothing else.
    """

    q: Array
    matrix: Array

    def __call__(self, power: Array) -> Array:
        """Expected bandpowers of the model power at `q`, (..., m) -> (..., nbin)."""
        return np.asarray(power @ self.matrix.T)


@frozen(kw_only=True, eq=False)
class PowerSpectrum:
    """Bandpowers of one map or one pair.

    P = |FT(dF)|^2 / A without any prefactor of 2 pi, so that white noise of variance s^2 per pixel has
    P = s^2 Omega_pix, and the variance of the field is the integral of P d2q / (2 pi)^2.

    Attributes
    ----------
    edges : ndarray, shape (nbin + 1,)
        [rad^-1]
    q : ndarray, shape (nbin,)
        Mean wavenumber of the modes [rad^-1].
    modes : ndarray of int, shape (nbin,)
        Exact number of modes of the full plane; half of it are independent.
    power : ndarray, shape (nbin,)
        [unit]
    covariance : ndarray, shape (nbin, nbin)
        [unit^2]
    pseudo : ndarray, shape (nbin,)
        What the estimator started from: the power of the masked map over the whole grid, uncorrected.
    noise : ndarray, shape (nbin,), optional
        Noise level that is contained in `power` (it is never subtracted silently).
    window : Window
    unit : str
        Product of the map units times sr.
    f_sky : float
    names : tuple of str
        The two maps.
    estimator : str
        The component's name.
    options : mapping
        Its options, as in a study file.
    auto : tuple of ndarray
        Smoothed or measured total auto-power of the two maps that entered the error, (nbin,) each.
    flags : mapping of str to tuple of bool
        Per bin: ``beyond_nyquist``, ``wider_than_field``.
    shot : float, optional
        White level of the sources that the maps are made of [unit]; of a pair, of the sources that both hold.
    productions : tuple of FluxProduction
        dF/dz of the two maps, of the one for an auto-spectrum; empty where they are not known.
    beam : str
        ``uncorrected``, or ``deconvolved``: whether the beams of the maps are still in the power.
    """

    edges: Array
    q: Array
    modes: NDArray[np.int64]
    power: Array
    covariance: Array
    pseudo: Array
    window: Window
    unit: str
    f_sky: float
    noise: Array | None = None
    names: tuple[str, str] = ("", "")
    estimator: str = ""
    options: Mapping[str, Any] = field(factory=dict)
    auto: tuple[Array, ...] = ()
    flags: Mapping[str, tuple[bool, ...]] = field(factory=dict)
    shot: float | None = None
    productions: tuple[FluxProduction, ...] = ()
    beam: str = "uncorrected"

    @property
    def theta(self) -> Array:
        """Scales 2 pi / q [rad], shape (nbin,)."""
        return 2 * np.pi / self.q

    @property
    def error(self) -> Array:
        """1-sigma errors: square roots of the diagonal of the covariance, shape (nbin,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def bins(self) -> Bins:
        """The bins."""
        return Bins(self.edges)

    def expected(self, model: Any) -> Array:
        """Bandpowers expected from ``model(q) -> power`` [unit] through the window."""
        return self.window(np.asarray(model(self.window.q), dtype=float))

    def mean(self, theta_min: Any, theta_max: Any, weights: str | ArrayLike = "modes") -> tuple[float, float]:
        """Weighted mean power of the bins whose q lies between two scales, and its error from the covariance.

        Parameters
        ----------
        theta_min, theta_max : float, str or Quantity
            [rad]
        weights : {"modes", "inverse-variance", "uniform", "q2", "sigma"} or array_like, shape (nbin,)

        Raises
        ------
        DataError
            Where no bin lies between the scales.
        """
        from faintsky.core.broadband import broadband
        from faintsky.core.units import canonical

        found = broadband(self, canonical(theta_min, "rad"), canonical(theta_max, "rad"), weights)
        return found.value, found.error

    def q2p(self) -> tuple[Array, Array]:
        """Mean-square fluctuation q^2 P / 2 pi and its error, shape (nbin,) each."""
        factor = self.q**2 / (2 * np.pi)
        return factor * self.power, factor * self.error

    def subtract(self, other: PowerSpectrum) -> PowerSpectrum:
        """The spectrum less a matched one, such as that with a stowed-background map; the covariances add.

        Raises
        ------
        DataError
            Where bins, masks (their effective fraction), units or the treatment of beams differ.
        """
        if self.edges.shape != other.edges.shape or not np.allclose(self.edges, other.edges, rtol=1e-9):
            raise DataError("a spectrum is subtracted from one with the same bins; these differ")
        if self.unit != other.unit or self.beam != other.beam:
            raise DataError(f"cannot subtract a spectrum in {other.unit} ({other.beam}) from one in {self.unit} ({self.beam})")
        if abs(self.f_sky - other.f_sky) > 1e-6:
            raise DataError(f"the masks differ: they keep {self.f_sky:.4f} and {other.f_sky:.4f} of the grid")
        return evolve(self, power=self.power - other.power, covariance=self.covariance + other.covariance)

    def to_table(self) -> Any:
        """An astropy QTable, one row a bin, with units; the covariance is in the HDF5 result."""
        from astropy import units as u
        from astropy.table import QTable

        unit = u.Unit(self.unit)
        table = QTable()
        table["q_low"] = self.edges[:-1] / u.rad
        table["q_high"] = self.edges[1:] / u.rad
        table["q"] = self.q / u.rad
        table["theta"] = np.rad2deg(self.theta) * 3600 * u.arcsec
        table["modes"] = self.modes
        table["power"] = self.power * unit
        table["error"] = self.error * unit
        table["pseudo"] = self.pseudo * unit
        if self.noise is not None:
            table["noise"] = self.noise * unit
        for flag, values in self.flags.items():
            table[flag] = np.asarray(values, dtype=bool)
        return table


@runtime_checkable
class PowerSpectrumEstimator(Protocol):
    """A component of kind ``power_spectra``: bandpowers of two maps (of one, given twice)."""

    @abstractmethod
    def estimate(self, a: Map, b: Map, bins: Bins, ctx: Context) -> PowerSpectrum:
        """The power spectrum of `a` x `b`; auto where `b is a`.

        Raises
        ------
        DataError
            Where the maps lie on different grids, or a bin holds no mode.
        """
