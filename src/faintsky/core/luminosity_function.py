"""The kind ``luminosity_functions``: comoving number density per decade of luminosity, batched over parameters."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.validity import Validity

__all__ = ["AssumedCosmology", "LuminosityFunction", "Provenance"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Provenance:
    """Where published parameters come from, and how they were verified; unverified ones warn when they are used.

    Attributes
    ----------
    source : str
        Key of the paper in a ``references.bib``, with table or equation.
    verified : str
        What the numbers were checked against; empty where nobody did.
    """

    source: str = ""
    verified: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether somebody checked the numbers against something."""
        return bool(self.verified)


@frozen(kw_only=True)
class AssumedCosmology:
    """The flat universe that luminosities and densities of a luminosity function assume.

    Attributes
    ----------
    h0 : float
        [km/s/Mpc]
    omega_m0 : float
    """

    h0: float = field(default=70.0, converter=float)
    omega_m0: float = field(default=0.3, converter=float)

    def check(self, cosmology: Cosmology, name: str) -> None:
        """Refuse a survey that is analysed in another universe.

        Raises
        ------
        DataError
            Where H0 differs by more than 0.1 % or Omega_m by more than 0.002: distances would, by more than their rounding.
        """
        h0, omega = 100 * cosmology.h, float(cosmology.omega_m(0.0))
        if abs(h0 / self.h0 - 1) > 1e-3 or abs(omega - self.omega_m0) > 2e-3:
            raise DataError(
                f"{name} holds for H0 = {self.h0:g} and Omega_m = {self.omega_m0:g}, the survey is analysed with H0 = {h0:g} and "
                f"Omega_m = {omega:g}: luminosities and densities would not fit together. Analyse it with cosmology = "
                f'{{ use = "flat", h0 = {self.h0:g}, omega_m0 = {self.omega_m0:g} }}, or name a luminosity function of the other '
                "cosmology"
            )


@runtime_checkable
class LuminosityFunction(Protocol):
    """Comoving number density per decade of luminosity, phi = dPhi / dlog10 L [Mpc^-3 dex^-1].

    Arguments broadcast against each other; with parameters in columns of shape (n, 1) they are rows of shape (m,), and the
    result has the shape (n, m). Luminosities are log10 L [erg/s] everywhere.
    """

    @property
    @abstractmethod
    def band(self) -> Band:
        """Rest-frame band of the luminosity."""

    @property
    @abstractmethod
    def cosmology(self) -> AssumedCosmology:
        """The universe that its luminosities and densities assume."""

    @property
    @abstractmethod
    def validity(self) -> Validity:
        """Where it was measured."""

    @property
    @abstractmethod
    def provenance(self) -> Provenance:
        """Where its parameters come from."""

    @property
    def outside(self) -> str:
        """What `evaluate` does outside of `validity`: ``warn``, ``nan``, ``raise`` or ``ignore``."""
        return "warn"

    @abstractmethod
    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, without a look at `validity`: what integrals and likelihoods evaluate.

        Finite wherever phi is above 0, also below 1e-300; -inf where it is 0.

        Parameters
        ----------
        log_l : array_like
            log10 luminosity [erg/s].
        z : array_like
            Redshift.
        """

    def log_l_breaks(self) -> Array:
        """Luminosities (log10) at which the density or the place of its breaks in redshift has a kink.

        Returns
        -------
        ndarray, shape (k,), or (n, k) for parameters in columns
        """
        return np.empty(0)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """Redshifts at which the evolution has a kink, for each luminosity: quadrature must align with them.

        Parameters
        ----------
        log_l : array_like, shape (m,)
            Or (n, m) for parameters in columns.

        Returns
        -------
        ndarray, shape (k, m), or (k, n, m)
            k may be 0. Rows need not be in order.
        """
        return np.empty((0, *np.shape(log_l)))

    def evaluate(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """phi = dPhi / dlog10 L [Mpc^-3 dex^-1].

        Raises
        ------
        DataError
            Where `outside` is ``raise`` and an argument lies outside of `validity`.
        """
        return np.asarray(np.exp(self.log_evaluate(log_l, z)))

    def log_evaluate(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, with the policy `outside`.

        Raises
        ------
        DataError
            Where `outside` is ``raise`` and an argument lies outside of `validity`.
        """
        return self.validity.applied(self.log_density(log_l, z), log_l, z, self.outside, self.name)

    @property
    def name(self) -> str:
        """What messages and legends call it."""
        return f"{type(self).__name__} ({self.provenance.source or 'own parameters'})"
