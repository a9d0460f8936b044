"""Compton reflection of X-rays from a plane of neutral matter: Magdziarz & Zdziarski 1995.

The Green's function times the weights of fixed Gauss-Legendre nodes in ln(dy) depends on the angle and the abundances alone,
and is made once. A spectrum then costs one exponential and one weighted sum. Symbols are those of the paper: x = E / 511 keV,
y = 1/x, y0 of the incident photon, dy = y - y0 > 0, mu = cos(inclination).
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.models.cross_sections.metal_opacity import metal_opacity, opacity_edges
from faintsky.models.spectra import reflection_fits as fits

__all__ = ["Reflector", "reflector"]

Array = NDArray[np.float64]

#: Rest energy of the electron that the fits were made with [keV].
_REST = 511.0
#: Below the first energy [x] reflection is nonrelativistic, above the second it is the Green's function, blended between.
_SOFT, _HARD = 0.01957, 0.02348
#: Shortest wavelength of incident photons, 15,330 keV.
_SHORTEST = 0.03333
#: Smallest dy of the integral, which for a plane seen edge on begins at 0.
_CLOSEST = 1e-5
#: Nodes of each of the two pieces of the integral.
_NODES = 64
#: Softest energy of the grid [keV].
_LOWEST = 0.03


@frozen(kw_only=True, eq=False, slots=False)
class Reflector:
    """A plane seen at one angle, of one composition.

    Attributes
    ----------
    energy : ndarray, shape (m,)
        Nodes of the ratio of reflected to incident light [keV], with both sides of every absorption edge.
    soft : ndarray, shape (m,)
        The ratio below 10 keV and its share of the blend above; it does not depend on the incident spectrum.
    incident : ndarray, shape (h, 128)
        Energies of incident photons for the last `h` nodes [keV].
    weight : ndarray, shape (h, 128)
        Green's function times quadrature weights, with the share of the blend.
    """

    energy: Array
    soft: Array
    incident: Array
    weight: Array

    def ratio(self, photon_index: Array, rate: Array, highest: float = np.inf) -> Array:
        """Reflected over incident photons at `energy`, for k cutoff power laws E^-photon_index exp(-rate E).

        Parameters
        ----------
        photon_index, rate : ndarray, shape (k,)
            `rate` is one over the cutoff energy [keV^-1], 0 for none.
        highest : float
            The highest energy that is asked for [keV]; the ratio of nodes far above it is left out.

        Returns
        -------
        ndarray, shape (k, m)
        """
        found = np.tile(self.soft, (len(photon_index), 1))
        first = len(self.energy) - len(self.incident)
        needed = min(max(int(np.searchsorted(self.energy, highest)) + 1 - first, 0), len(self.incident))
        weight, log, excess = self.weight[:needed], self._log[:needed], self._excess[:needed]
        for row, index, inverse in zip(found, photon_index, rate, strict=True):
            # E F_E of the incident photon over that at the energy of the reflected one.
            exponent = (2 - index) * log if inverse == 0 else (2 - index) * log - inverse * excess
            row[first : first + needed] += np.einsum("ij,ij->i", weight, np.exp(exponent))
        return found

    @cached_property
    def _log(self) -> Array:
        return np.log(self.incident / self.energy[-len(self.incident) :, None])

    @cached_property
    def _excess(self) -> Array:
        return np.asarray(self.incident - self.energy[-len(self.incident) :, None])


@lru_cache(maxsize=64)
def reflector(cos_inclination: float, abundance: float, iron: float) -> Reflector:
    """The reflector of an angle (0.05-0.95) and of abundances of the metals and of iron over solar ones (Anders & Grevesse)."""
    mu = cos_inclination
    grid = np.geomspace(_LOWEST, 10.0, 700)
    edges = opacity_edges()
    edges = edges[(edges > _LOWEST) & (edges < 10.0)]
    soft = np.unique(np.concatenate([grid, edges * (1 - 1e-9), edges * (1 + 1e-9)]))
    hardest = _REST / (_SHORTEST + fits.nearest_distance(mu)) * (1 - 1e-9)
    hard = np.concatenate([np.linspace(10.0, 12.0, 41)[1:], np.geomspace(12.0, hardest, 240)[1:]])
    energy = np.concatenate([soft, hard])
    share = _share_of_hard(energy / _REST)
    absorbing = share < 1
    opacity = metal_opacity(energy[absorbing], abundance=abundance, iron=iron)
    low_side = np.zeros_like(energy)
    low_side[absorbing] = (1 - share[absorbing]) * fits.nonrelativistic(opacity, mu)
    at_reference = float(metal_opacity(np.array([0.01947 * _REST]), abundance=abundance, iron=iron)[0]) * 0.01947**3
    incident, weight = _green(hard / _REST, mu, at_reference)
    return Reflector(
        energy=energy,
        soft=low_side,
        incident=incident,
        weight=weight * share[len(soft) :, None],
    )


def _share_of_hard(x: Array) -> Array:
    """What the Green's function counts at x; the nonrelativistic factor counts the rest."""
    place = np.log(np.clip(x, _SOFT, _HARD) / _SOFT) / np.log(_HARD / _SOFT)
    return np.asarray(0.5 * (1 + np.sin(np.pi * (place - 0.5))))


def _green(x: Array, mu: float, opacity: float) -> tuple[Array, Array]:
    """Incident energies [keV] and weights, shapes (h, 2 nodes), such that E F_E reflected = sum weight E F_E incident."""
    y = (1 / x)[:, None]
    longest = y - _SHORTEST
    nearest = max(fits.nearest_distance(mu), _CLOSEST)
    pieces = [
        (np.full_like(y, nearest), np.clip(longest, nearest, 2.0), fits.near),
        (np.full_like(y, 2.0), np.maximum(longest, 2.0), fits.far),
    ]
    energies, weights = [], []
    nodes, node_weights = np.polynomial.legendre.leggauss(_NODES)
    for low, high, kernel in pieces:
        middle, half = 0.5 * np.log(high * low), 0.5 * np.log(high / low)
        dy = np.exp(middle + half * nodes)
        # An empty piece has no width: its nodes are put where the kernel is defined, their weights are zero.
        y0 = np.maximum(y - dy, _SHORTEST)
        energies.append(_REST / y0)
        weights.append(np.where(half > 0, x[:, None] * kernel(y, y0, mu, opacity) * dy * half * node_weights, 0.0))
    return np.concatenate(energies, axis=1), np.concatenate(weights, axis=1)
