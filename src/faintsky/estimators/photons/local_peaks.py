"""Where the likelihood of one observation peaks as a function of the position of the first source."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.estimators.photons.mixed_sources import MixedSources
from faintsky.estimators.photons.observation_mixture import ObservationMixture

__all__ = ["LONGEST", "STEPS", "SinglePeaks", "climbed", "seeds"]

#: Least width of a peak in half-light radii over the root of the number of photons: for smooth PSFs, and for images, whose
#: curvature may be that of their noise.
_LEAST, _LEAST_OF_IMAGE = 0.2, 0.7

Array = NDArray[np.float64]

#: Offsets of the nodes from which the slope and the curvature at a place are found.
_NINE = np.array([(i, j) for j in (-1.0, 0.0, 1.0) for i in (-1.0, 0.0, 1.0)])
#: Newton steps, and the longest one in units of the spacing of the nodes.
STEPS, LONGEST = 8, 6.0
#: Peaks of a single source that are kept: so many, and so far below the highest one in ln L.
_PEAKS, _LOW = 6, 40.0
#: Peaks within this of the highest one in ln L can be what matters.
_NEARLY = 10.0
#: Below so many photons each of them is a place where a source may stand.
_FEW = 6


@frozen(kw_only=True, eq=False)
class SinglePeaks:
    """Local maxima of the likelihood of one observation if there were one source.

    Attributes
    ----------
    places : ndarray, shape (m, 2)
        The highest one first [arcsec].
    log_likelihood : ndarray, shape (m,)
    width : float
        Standard deviation of the position at the sharpest of them, along its narrow axis [arcsec]; not more than half the core.
    """

    places: Array
    log_likelihood: Array
    width: float

    @property
    def lone(self) -> bool:
        """Whether one of them stands out."""
        return bool(np.sum(self.log_likelihood > self.log_likelihood[0] - _NEARLY) == 1)

    @classmethod
    def of(cls, observation: ObservationMixture, alone: MixedSources, core: float) -> SinglePeaks:
        """For one source with given weights, through a PSF that has half of its light within `core` [arcsec]."""
        photons = np.stack([observation.photons.x, observation.photons.y], axis=-1)
        heights = alone.log_likelihood(observation, photons[None])[0]
        kept: list[int] = []
        for i in np.argsort(-heights):
            if heights[i] < heights.max() - _LOW or len(kept) == _PEAKS:
                break
            if all(np.hypot(*(photons[i] - photons[j])) > 1.5 * core for j in kept):
                kept.append(int(i))
        rows = np.zeros(len(kept), dtype=np.intp)
        guess = core / np.sqrt(len(photons))
        places, heights, _ = climbed(observation, alone, rows, photons[kept], guess)
        places, heights, sharpest = climbed(observation, alone, rows, places, 0.5 * guess)
        order = np.argsort(-heights)
        # Several photons may have led to one peak.
        again = [any(np.abs(places[i] - places[j]).max() < 0.1 * core for j in order[:n]) for n, i in enumerate(order)]
        order = order[~np.array(again)]
        near = heights > heights.max() - _NEARLY
        width = float(np.min(1 / np.sqrt(np.maximum(sharpest[near], 1e-12))))
        # A clump sharper than photons of one source can be would be an error of the curvature, or the noise of a PSF image.
        least = _LEAST if observation.psf.radial is not None else _LEAST_OF_IMAGE
        return cls(places=places[order], log_likelihood=heights[order], width=float(np.clip(width, least * guess, 0.5 * core)))


def climbed(
    observation: ObservationMixture, sources: MixedSources, rows: NDArray[np.intp], places: Array, spacing: float
) -> tuple[Array, Array, Array]:
    """The local maxima of ln L(mu) that Newton steps from `places` of shape (m, 2) lead to.

    Slope and curvature are of a quadratic through nine nodes of this spacing [arcsec]; where it has no maximum, or a far one, the
    step is a short one.

    Returns
    -------
    places : ndarray, shape (m, 2)
    log_likelihood : ndarray, shape (m,)
    curvature : ndarray, shape (m,)
        Of -ln L along the sharper axis [arcsec^-2].
    """
    best = places.copy()
    heights, curvature = np.full(len(places), -np.inf), np.zeros(len(places))
    active = np.arange(len(places))
    here = places.copy()
    for _ in range(STEPS):
        nodes = here[active][:, None] + spacing * _NINE
        found = sources.log_likelihood(observation, nodes, rows[active])
        middle = found[:, 4]
        better = middle > heights[active]
        best[active[better]], heights[active[better]] = here[active[better]], middle[better]
        step, sharp = _newton(found)
        curvature[active[better]] = sharp[better] / spacing**2
        # Where the last step led down, go back to the best place and take the best node around it as the next one.
        here[active] = np.where(better[:, None], here[active] + spacing * step, 0.5 * (here[active] + best[active]))
        active = active[np.where(better, np.abs(step).max(axis=1) > 0.3, True)]
        if not len(active):
            break
    return best, heights, curvature


def _newton(found: Array) -> tuple[Array, Array]:
    """The step to the maximum [spacings], shape (m, 2), and the larger curvature of -ln L, of quadratics through (m, 9)."""
    v = found.reshape(-1, 3, 3)
    gx, gy = (v[:, 1, 2] - v[:, 1, 0]) / 2, (v[:, 2, 1] - v[:, 0, 1]) / 2
    hxx, hyy = v[:, 1, 2] - 2 * v[:, 1, 1] + v[:, 1, 0], v[:, 2, 1] - 2 * v[:, 1, 1] + v[:, 0, 1]
    hxy = (v[:, 2, 2] - v[:, 2, 0] - v[:, 0, 2] + v[:, 0, 0]) / 4
    mean, spread = (hxx + hyy) / 2, np.hypot((hxx - hyy) / 2, hxy)
    # The curvature is made that of a maximum by a shift: then the step follows the slope at worst.
    shift = np.maximum(mean + spread + 0.05 * np.maximum(np.abs(mean - spread), 1e-9), 0.0)
    a, b = hxx - shift, hyy - shift
    determinant = a * b - hxy**2
    step = np.stack([-(b * gx - hxy * gy) / determinant, -(a * gy - hxy * gx) / determinant], axis=-1)
    length = np.hypot(*step.T)
    step *= (np.minimum(length, LONGEST) / np.maximum(length, 1e-12))[:, None]
    return step, -(mean - spread)


def seeds(observation: ObservationMixture, sources: MixedSources, peaks: SinglePeaks) -> Array:
    """Places of the first source from which a local maximum of the likelihood can be reached, shape (n, m, 2).

    A peak of the photons may be the first source, another one, or their common centre of light: mu_1 = c - sum_j a_j s_j. Of a
    few photons, each one may be any of the sources.
    """
    separations, shares = sources.separations, sources.weights[:, 1:]
    lone = [separations[:, j] for j in range(separations.shape[1])]
    common = [(shares[..., None] * separations).sum(axis=1) / shares.sum(axis=1, keepdims=True)] if len(lone) > 1 else []
    if len(lone) == 3:
        for i, j in ((0, 1), (0, 2), (1, 2)):
            pair = shares[:, [i, j], None]
            common.append((pair * separations[:, [i, j]]).sum(axis=1) / pair.sum(axis=1))
    found = [c - offset for c in peaks.places for offset in (*lone, *common)]
    if len(observation) <= _FEW:
        photons = np.stack([observation.photons.x, observation.photons.y], axis=-1)
        found += [photon - offset for photon in photons for offset in lone]
    return np.stack(found, axis=1)
