"""Photons drawn from any PSF: radii from its encircled energy, directions from its density on the ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from faintsky.core.psf import PSF

__all__ = ["drawn_offsets"]

Array = NDArray[np.float64]

#: Directions on a ring between which the density is taken as linear; photons at a time.
_ANGLES, _CHUNK = 128, 8192


def drawn_offsets(psf: PSF, number: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Offsets `dx`, `dy` [rad] of photons from their source, each of shape (number,).

    The radius is the inverse of the encircled energy; the direction follows the density along the ring of that radius.
    """
    from faintsky.core.eef_radius import EefRadius

    radius = EefRadius(psf=psf).at(rng.random(number))
    phi = np.concatenate([_directions(psf, radius[i : i + _CHUNK], rng) for i in range(0, number, _CHUNK)] or [np.empty(0)])
    return radius * np.cos(phi), radius * np.sin(phi)


def _directions(psf: PSF, radius: Array, rng: np.random.Generator) -> Array:
    edges = np.linspace(0.0, 2 * np.pi, _ANGLES + 1)
    density = np.asarray(psf.density(radius[:, None] * np.cos(edges), radius[:, None] * np.sin(edges)))
    density = np.where(density.sum(axis=1, keepdims=True) > 0, density, 1.0)
    upto = np.cumsum(0.5 * (density[:, 1:] + density[:, :-1]), axis=1)
    target = rng.random(len(radius)) * upto[:, -1]
    cell = np.minimum((upto < target[:, None]).sum(axis=1), _ANGLES - 1)
    rows = np.arange(len(radius))
    left, right = density[rows, cell], density[rows, cell + 1]
    rest = target - np.where(cell > 0, upto[rows, np.maximum(cell - 1, 0)], 0.0)
    # The root of left s + (right - left) s^2 / 2 = rest that does not cancel where the slope is small.
    share = 2 * rest / (left + np.sqrt(np.maximum(left**2 + 2 * (right - left) * rest, 0.0)))
    return np.asarray((cell + np.clip(share, 0.0, 1.0)) * (2 * np.pi / _ANGLES))
