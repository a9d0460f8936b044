"""The photons of one observation and their mixture density, for the references of photon problems; faintsky has its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from photon_problems import HALF, Array, Light

from faintsky.core.psf import PSF
from faintsky.core.units import ARCMIN

AREA = 4 * HALF**2


class Observation:
    """Photons of one observation and its mixture."""

    def __init__(self, psf: PSF, stored: dict[str, Any]) -> None:
        self.x, self.y, energy = (np.array(stored[column]) for column in ("x", "y", "energy"))
        place = {"off_axis": stored["off_axis"] * ARCMIN, "azimuth": stored["azimuth"], "observation": stored["name"]}
        unique, self.row = np.unique(energy, return_inverse=True)
        self.light = Light(psf, place, unique)
        # The light inside the box varies so little with energy that a straight line between five energies is exact to 1e-5.
        self.knots = unique if unique.size <= 5 else np.linspace(unique[0], unique[-1], 5)
        self.coarse = self.light if unique.size <= 5 else Light(psf, place, self.knots)
        where = np.interp(energy, self.knots, np.arange(self.knots.size))
        low = np.minimum(where.astype(int), max(self.knots.size - 2, 0))
        self.blend = np.zeros((energy.size, self.knots.size))
        self.blend[np.arange(energy.size), low] = 1 - (where - low)
        if self.knots.size > 1:
            self.blend[np.arange(energy.size), low + 1] += where - low

    def density(self, nx: Array, ny: Array) -> Array:
        """p / C of every photon for sources at nx, ny of shape (j,); shape (photons, j)."""
        rho = self.light.rho(self.x[:, None] - nx, self.y[:, None] - ny)
        inside = self.blend @ np.array([self.coarse.log_contained(nx, ny, row) for row in range(self.knots.size)])
        return self.light.at(rho, self.row[:, None]) * np.exp(-inside)

    def log_likelihood(self, weights: Array, first: Array, second: Array) -> Array:
        """ln L for mixture weights (3, j) and positions (2, j) of both sources; shape (j,)."""
        mixture = weights[0] / AREA + weights[1] * self.density(*first)
        if weights[2].any():
            mixture += weights[2] * self.density(*second)
        return np.asarray(np.log(mixture).sum(axis=0))

    def mode(self, weights: Array, apart: Array, start: Array, rounds: int = 6) -> tuple[Array, Array]:
        """Where L peaks for the first source, from `start` (2, j), the second one `apart` (2, j) from it; covariances (j, 2, 2).

        Iterated least squares, and the sum of squared gradients with a wide Gaussian as a floor.
        """
        at, dual = start.copy(), bool(weights[2].any())
        information = np.zeros((apart.shape[1], 2, 2))
        for turn in range(rounds):
            force = np.zeros((2, self.x.size, at.shape[1]))
            pulls = np.zeros((self.x.size, at.shape[1]))
            mixture = np.broadcast_to(weights[0] / AREA, pulls.shape).copy()
            for weight, source in ((weights[1], at), (weights[2], at + apart))[: 1 + dual]:
                dx, dy = self.x[:, None] - source[0], self.y[:, None] - source[1]
                rho = self.light.rho(dx, dy)
                part = weight * self.light.at(rho, self.row[:, None])
                pull = part * self.light.pull[np.minimum((rho / Light.STEP).astype(int), Light.LAST / Light.STEP - 3).astype(int)]
                mixture += part
                pulls += pull
                force += pull * np.array([dx, dy])
            gradient = force / mixture
            if turn < rounds - 1:
                at = at + np.clip(gradient.sum(axis=1) / np.maximum((pulls / mixture).sum(axis=0), 1e-3), -1, 1)
            else:
                information = np.einsum("anj,bnj->jab", gradient, gradient)
        return at, np.linalg.inv(information + np.eye(2) / 1.5**2)


def mixture_weights(log_background: Array, log_ratio: Array | None) -> Array:
    """Shares of background, first and second source, shape (3, j)."""
    b = 10.0**log_background
    f = np.zeros_like(b) if log_ratio is None else 10.0**log_ratio
    return np.array([b / (1 + b), 1 / ((1 + b) * (1 + f)), f / ((1 + b) * (1 + f))])
