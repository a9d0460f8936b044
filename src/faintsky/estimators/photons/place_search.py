"""The compiled search for places where the likelihood of one observation is not negligible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.estimators.photons.mixed_sources import MixedSources
from faintsky.estimators.photons.mixture_loops import compiled
from faintsky.estimators.photons.observation_mixture import ObservationMixture

__all__ = ["PlaceSearch"]

Array = NDArray[np.float64]

#: Stands for what a PSF does not have.
_NO_TABLE, _NO_CUBE, _NO_LINE, _NO_SPECTRA = np.empty((0, 0)), np.empty((0, 0, 0)), np.empty(0), np.empty((1, 0, 0))


@frozen(kw_only=True, eq=False)
class PlaceSearch:
    """What depends on the photons and the PSF alone, in the arrays that the loop takes.

    Attributes
    ----------
    loops : tuple of callable
        `place_loops.flood` and `place_loops.climb`.
    photons, box, radial, image : tuple
    """

    loops: tuple[Callable[..., None], Callable[..., None]]
    photons: tuple[Any, ...]
    box: tuple[Any, ...]
    radial: tuple[Any, ...]
    image: tuple[Any, ...]

    @classmethod
    def of(cls, observation: ObservationMixture) -> PlaceSearch | None:
        """None where numba is not installed."""
        if compiled() is None:
            return None
        from faintsky.estimators.photons.place_loops import climb, flood

        kernel = observation.kernel
        index = kernel.index.astype(np.uint64)
        after = np.minimum(kernel.index + 1, len(kernel.psf.energies) - 1).astype(np.uint64)
        extent = np.array([kernel.x.min(), kernel.x.max(), kernel.y.min(), kernel.y.max()])
        light = observation.light if observation.truncate else None
        radial: tuple[Any, ...] = (_NO_TABLE, _NO_LINE, _NO_CUBE, False, 0.0)
        image: tuple[Any, ...] = (_NO_CUBE, 0.0, 0.0, 1.0)
        if kernel.psf.radial is not None:
            # No place is further out in knots than this times its distance in arcsec.
            norm = float(np.linalg.norm(kernel.radial[2], ord=2, axis=(1, 2)).max())
            radial = (*kernel.radial, norm)
        else:
            image = kernel.image
        return cls(
            loops=(flood, climb),
            photons=(kernel.x, kernel.y, kernel.background, index, after, kernel.share, extent),
            box=(False, *[_NO_LINE] * 5, _NO_CUBE)
            if light is None
            else (True, light.low, light.high, light.scale, light.first, light.per_knot, np.ascontiguousarray(light.table)),
            radial=radial,
            image=image,
        )

    def climbed(self, sources: MixedSources, places: Array, spacing: float, steps: int, longest: float) -> tuple[Array, Array]:
        """As `local_peaks.climbed` of one place of each hypothesis, without curvatures."""
        peaks, log_peak = np.array(places, order="C"), np.empty(len(places))
        self.loops[1](
            *(peaks, spacing, steps, longest, *self._hypotheses(sources)),
            *(self.photons, self.box, self.radial, self.image, log_peak),
        )
        return peaks, log_peak

    def _hypotheses(self, sources: MixedSources) -> tuple[Array, Array, Array]:
        spectra = _NO_SPECTRA if sources.spectra is None else sources.spectra
        return np.ascontiguousarray(sources.weights), np.ascontiguousarray(sources.separations), np.ascontiguousarray(spectra)

    def flooded(
        self,
        sources: MixedSources,
        middle: Array,
        half: int,
        lattice: tuple[float, float, float, bool],
        ends: tuple[Array, Array],
        starts: tuple[Array, NDArray[np.bool_], NDArray[np.intp]],
    ) -> tuple[Array, Array, NDArray[np.bool_], Array]:
        """L / exp(log_peak) on patches, shape (r, m, m), log_peak (r,), whether a patch is too small (r,), and reach (2, r, 2).

        Parameters
        ----------
        sources : MixedSources
            r hypotheses.
        middle : ndarray, shape (r, 2)
            Of the patches [arcsec].
        half : int
            Nodes from there to a side.
        lattice : tuple
            Step [arcsec], depth in ln L, how far nodes may lie outside of the ends [arcsec], and whether to take all at once.
        ends : tuple of ndarray, shape (r, 2)
            Between which the first source may stand.
        starts : tuple of ndarray
            Peaks, shape (r, n, 2), which of them count, and the disc of nodes around each, shape (d, 2).
        """
        size = 2 * half + 1
        found, log_peak = np.empty((len(middle), size, size)), np.empty(len(middle))
        full, reach = np.empty(len(middle), dtype=bool), np.empty((2, len(middle), 2))
        step, depth, margin, everywhere = lattice
        self.loops[0](
            *(np.ascontiguousarray(middle), half, step, depth, margin, everywhere),
            *(np.ascontiguousarray(one) for one in (*ends, *starts)),
            *self._hypotheses(sources),
            *(self.photons, self.box, self.radial, self.image),
            *(found, log_peak, full, reach),
        )
        return found, log_peak, full, reach
