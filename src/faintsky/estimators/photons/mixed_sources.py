"""Sources at fixed separations and shares of the photons, wherever the first of them stands."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.estimators.photons.observation_mixture import ObservationMixture

__all__ = ["MixedSources"]

Array = NDArray[np.float64]

#: Bytes that spectra repeated for single nodes may take at a time.
_MEMORY = 32_000_000


@frozen(kw_only=True, eq=False)
class MixedSources:
    """n hypotheses about one observation that leave open where the first source stands.

    Attributes
    ----------
    weights : ndarray, shape (n, s + 1)
        Shares of the photons of background and sources.
    separations : ndarray, shape (n, s, 2)
        Of the sources from the first one [arcsec]; that of the first is 0.
    spectra : ndarray, shape (n, s + 1, photons), optional
    """

    weights: Array
    separations: Array
    spectra: Array | None = None

    def __len__(self) -> int:
        return len(self.weights)

    def of(self, rows: NDArray[np.intp]) -> MixedSources:
        """Some of them."""
        spectra = None if self.spectra is None else self.spectra[rows]
        return MixedSources(weights=self.weights[rows], separations=self.separations[rows], spectra=spectra)

    def log_likelihood(self, observation: ObservationMixture, places: Array, rows: NDArray[np.intp] | None = None) -> Array:
        """ln L_k with the first source at `places` of shape (g, j, 2), shape (g, j); `rows` are the hypotheses of the g."""
        if rows is None:
            rows = np.arange(len(self))
        found = np.empty(places.shape[:2])
        most = len(rows) if self.spectra is None else max(1, _MEMORY // (8 * self.spectra[0].size))
        for i in range(0, len(rows), max(most, 1)):
            some = rows[i : i + most]
            positions = places[i : i + most, :, None] + self.separations[some, None]
            spectra = None if self.spectra is None else self.spectra[some]
            found[i : i + most] = observation.log_likelihood(positions, self.weights[some], spectra)
        return found
