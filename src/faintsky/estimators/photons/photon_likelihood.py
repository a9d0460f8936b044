"""Photons bound to a hypothesis of point sources: the likelihood of positions, fractions and shifts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.digest import json_digest
from faintsky.core.identity import identity
from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.estimators.photons.observation_mixture import ObservationMixture, mixture_weights
from faintsky.estimators.photons.photon_energies import PhotonEnergies

if TYPE_CHECKING:
    from faintsky.estimators.photons.photon_mixture import PhotonMixture
    from faintsky.estimators.photons.reduced_photons import ReducedPhotons

__all__ = ["PhotonLikelihood"]

Array = NDArray[np.float64]

#: Bytes that arrays over rows and photons may take at a time.
_MEMORY = 32_000_000


@frozen(kw_only=True, eq=False, slots=False)
class PhotonLikelihood(Likelihood):
    """ln L = sum_k sum_i ln m_k(x_i, y_i, E_i): see `ObservationMixture` for m.

    The sources of observation k stand at mu_j + D_k, with D = 0 in the first one.

    Attributes
    ----------
    data : PhotonSet
    model : PointSources
    rule : PhotonMixture
        The component that bound it, with its options.
    observations : tuple of ObservationMixture
        In the order of those of `data`.
    priors : tuple of Parameter
    energies : PhotonEnergies, optional
        The spectral term; None: energies only choose the PSF.
    """

    data: PhotonSet
    model: PointSources
    rule: PhotonMixture
    observations: tuple[ObservationMixture, ...]
    priors: tuple[Parameter, ...]
    energies: PhotonEnergies | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """x_1, y_1, ..., log_f_bkg, log_f_2, ..., then those of spectra, then dx_OBS, dy_OBS of all observations but one."""
        return self.priors

    @property
    def number(self) -> int:
        """Of sources."""
        return self.model.number

    @property
    def data_fingerprint(self) -> str:
        """Identity of the photons: evidences of one set of data may be compared."""
        return self.data.digest

    @cached_property
    def _columns(self) -> tuple[slice, slice, slice, slice]:
        """Columns of positions, fractions, spectral parameters and shifts."""
        s = self.number
        spectral = 0 if self.energies is None else 2 * s
        return slice(0, 2 * s), slice(2 * s, 3 * s), slice(3 * s, 3 * s + spectral), slice(3 * s + spectral, None)

    def positions(self, theta: Array, observation: int) -> Array:
        """Positions of the sources in an observation [arcsec], at `theta` of shape (n, d); shape (n, s, 2)."""
        places, _, _, shifts = self._columns
        found = theta[:, places].reshape(len(theta), self.number, 2)
        if observation == 0:
            return found
        return np.asarray(found + theta[:, shifts].reshape(len(theta), -1, 1, 2)[:, observation - 1])

    def weights(self, theta: Array) -> Array:
        """Shares of the photons of background and sources, at `theta` of shape (n, d); shape (n, s + 1)."""
        fractions = theta[:, self._columns[1]]
        return mixture_weights(fractions[:, 0], fractions[:, 1:])

    def spectra(self, theta: Array, observation: int) -> Array | None:
        """Density of each photon's energy in background and sources [keV^-1], shape (n, s + 1, photons); None without it."""
        return None if self.energies is None else self.energies.densities(theta[:, self._columns[2]], observation)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,); -inf at an infinite parameter. The box is left to the priors."""
        values = np.asarray(theta, dtype=float)
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            mended = np.where(np.isnan(values).any(axis=1), np.nan, -np.inf)
            mended[finite] = self.log_likelihood(values[finite])
            return mended
        found = np.zeros(len(values))
        energies = 1 if self.energies is None else max(1, *(len(one) for one in self.observations))
        rows = max(1, _MEMORY // (8 * (self.number + 1) * (energies + 40)))
        for i in range(0, len(values), rows):
            some = values[i : i + rows]
            weights = self.weights(some)
            for k, one in enumerate(self.observations):
                found[i : i + rows] += one.log_likelihood(self.positions(some, k)[:, None], weights, self.spectra(some, k))[:, 0]
        return found

    def reduced(self) -> ReducedPhotons:
        """The likelihood of the parameters that must be sampled; the others are integrated out."""
        from faintsky.estimators.photons.reduced_photons import ReducedPhotons

        return ReducedPhotons(likelihood=self)

    @cached_property
    def _fingerprint(self) -> str:
        priors = [[p.name, identity(p.prior)] for p in self.parameters]
        return json_digest([identity(self.rule), self.data.digest, identity(self.model), priors])

    def fingerprint(self) -> str:
        """Digest of rule, photons, hypothesis (with its PSF) and priors."""
        return self._fingerprint
