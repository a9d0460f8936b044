"""A broad, normalised density around the places where photons suggest further sources."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

__all__ = ["PilotPlaces"]

Array = NDArray[np.float64]

#: Shares of: places around photons; the same, mirrored (the first source may be the other one); the core of the first source.
_SHARES = (0.6, 0.2, 0.2)
#: Widths of the kernels in cores of the PSF.
_AROUND_PHOTON, _AROUND_PEAK = 0.8, 2.0
#: Share of photons that counts alike, whatever explains them; the rest counts as far as a single source does not explain it.
_ALIKE = 0.4


@frozen(kw_only=True, eq=False)
class PilotPlaces:
    """A mixture of round Gaussians over separations from the first source [arcsec].

    Attributes
    ----------
    centres : ndarray, shape (m, 2)
    widths : ndarray, shape (m,)
    shares : ndarray, shape (m,)
        Add up to 1.
    """

    centres: Array
    widths: Array
    shares: Array = field()

    @classmethod
    def of(cls, offsets: Array, unexplained: Array, cores: Array) -> PilotPlaces:
        """Around photons.

        Parameters
        ----------
        offsets : ndarray, shape (n, 2)
            Of the photons from the peak of their observation [arcsec].
        unexplained : ndarray, shape (n,)
            Probability of each to be of the background, were there one source.
        cores : ndarray, shape (n,)
            Radius of half of the light of the PSF at each [arcsec].
        """
        number = len(offsets)
        rest = np.maximum(unexplained, 1e-6)
        shares = _ALIKE / number + (1 - _ALIKE) * rest / rest.sum()
        core = float(np.mean(cores))
        return cls(
            centres=np.concatenate([offsets, -offsets, np.zeros((1, 2))]),
            widths=np.concatenate([_AROUND_PHOTON * cores, _AROUND_PHOTON * cores, [_AROUND_PEAK * core]]),
            shares=np.concatenate([_SHARES[0] * shares, _SHARES[1] * shares, [_SHARES[2]]]),
        )

    def drawn(self, number: int, rng: np.random.Generator) -> Array:
        """Separations, shape (number, 2)."""
        which = rng.choice(len(self.shares), size=number, p=self.shares / self.shares.sum())
        return np.asarray(self.centres[which] + self.widths[which, None] * rng.standard_normal((number, 2)))

    def log_density(self, separations: Array) -> Array:
        """ln of the density at `separations` of shape (n, 2) [arcsec^-2], shape (n,); -inf far from all kernels."""
        curved = 0.5 / self.widths**2
        # -|s - c|^2 / (2 w^2) + ln (share / (2 pi w^2)) as one product of matrices over (|s|^2, s, 1).
        terms = np.stack(
            [
                -curved,
                *(2 * curved * self.centres.T),
                np.log(self.shares * curved / np.pi) - curved * np.sum(self.centres**2, axis=1),
            ]
        )
        points = np.column_stack([np.sum(separations**2, axis=1), separations, np.ones(len(separations))])
        found = points @ terms
        # Far from all kernels the sum is 0: a density beside this one defends it there.
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.exp(found, out=found).sum(axis=1)))
