"""ln prod_i m(x_i, y_i, E_i) of a mixture of point sources and background: in numpy, or compiled where numba is installed.

Both give the same numbers to rounding. A compiled loop needs no arrays between photons and result, and no call per row.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.estimators.photons.mixture_loops import compiled

__all__ = ["MixtureKernel"]

Array = NDArray[np.float64]

#: Densities of photons times positions that numpy works on at a time: they stay in the cache of a core.
_BLOCK = 100_000
#: Where there is no spectral term.
_NONE = np.empty((0, 0, 0))
#: So often numpy halves a row by products before it takes logarithms (of 16 to 31 densities), where all are within these bounds.
_HALVINGS, _TINY, _HUGE = 4, 1e-9, 1e9


@frozen(kw_only=True, eq=False, slots=False)
class MixtureKernel:
    """The photons of one observation, and all that depends on them alone.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        [arcsec]
    background : ndarray, shape (n,)
        Density of background photons at each of them, normalised over the box [arcsec^-2].
    psf : TabulatedPsf
    index, share : ndarray, shape (n,)
        Where each photon's energy lies between those of the PSF (`TabulatedPsf.blend`).
    """

    x: Array
    y: Array
    background: Array
    psf: TabulatedPsf
    index: NDArray[np.intp]
    share: Array

    def densities(self, positions: Array, contained: Array) -> Array:
        """Density of each photon of sources at `positions` [arcsec^-2].

        Parameters
        ----------
        positions : ndarray, shape (..., 2)
        contained : ndarray, shape (..., e)
            Share of the light inside the box, at each energy of the PSF.

        Returns
        -------
        ndarray, shape (..., n)
        """
        dx = self.x - positions[..., 0, None]
        dy = self.y - positions[..., 1, None]
        light = np.asarray(self.psf.density(dx, dy, self.index, self.share))
        if contained.shape[-1] == 1:
            return np.asarray(light / contained)
        after = np.minimum(self.index + 1, contained.shape[-1] - 1)
        return np.asarray(light / ((1 - self.share) * contained[..., self.index] + self.share * contained[..., after]))

    def log_likelihood(self, positions: Array, weights: Array, contained: Array, spectra: Array | None = None) -> Array:
        """Sum of the ln of the densities of all photons.

        Parameters
        ----------
        positions : ndarray, shape (g, j, s, 2)
        weights : ndarray, shape (g, s + 1)
            Background first.
        contained : ndarray, shape (g, j, s, e)
        spectra : ndarray, shape (g, s + 1, n), optional
            Density of each photon's energy in background and sources [keV^-1].

        Returns
        -------
        ndarray, shape (g, j)
        """
        loops = compiled()
        if loops is None:
            return self._with_numpy(positions, weights, contained, spectra)
        found = np.empty(positions.shape[:2])
        radial = self.psf.radial is not None
        (loops.radial if radial else loops.image)(
            self.x,
            self.y,
            self.background,
            self.index,
            self.share,
            np.ascontiguousarray(positions, dtype=float),
            np.ascontiguousarray(weights, dtype=float),
            np.ascontiguousarray(contained, dtype=float),
            _NONE if spectra is None else np.ascontiguousarray(spectra, dtype=float),
            *(self.radial if radial else self.image),
            found,
        )
        return found

    @cached_property
    def radial(self) -> tuple[Array, Array, Array, bool]:
        """Table over rho (energies beside each other), its fall beyond, axes in knots, and whether these are the same."""
        psf = self.psf
        assert psf.radial is not None
        same = bool(np.all(psf.axes == psf.axes[0]))
        return np.array(psf.radial.T, order="C"), self._fall, np.array(psf.axes / psf.step, order="C"), same

    @cached_property
    def image(self) -> tuple[Array, float, float, float]:
        """Lattice, its first place and its step."""
        assert self.psf.image is not None
        origin = self.psf.origin
        return np.array(self.psf.image, order="C"), float(origin[0]), float(origin[1]), float(self.psf.pixel)

    @cached_property
    def _fall(self) -> Array:
        """The power with which the density falls beyond the end of the radial table, at each energy."""
        assert self.psf.radial is not None
        last = self.psf.step * (self.psf.radial.shape[1] - 1)
        along = np.linalg.solve(self.psf.axes, np.array([[1.0], [0.0]]))[..., 0] * last
        each, none = np.arange(len(along)), np.zeros(len(along))
        near, far = (self.psf.density(scale * along[:, 0], scale * along[:, 1], each, none) for scale in (2.0, 4.0))
        falls = far > 0
        return np.where(falls, np.log2(np.where(falls, near, 4.0) / np.where(falls, far, 1.0)), 2.0)

    def _with_numpy(self, positions: Array, weights: Array, contained: Array, spectra: Array | None) -> Array:
        groups, rows, sources, _ = positions.shape
        found = np.empty((groups, rows))
        row_block = max(1, _BLOCK // max(1, sources * len(self.x)))
        group_block = max(1, row_block // rows)
        for i in range(0, groups, group_block):
            some = slice(i, i + group_block)
            parts = weights[some, None, 1:, None] if spectra is None else (weights[some, 1:, None] * spectra[some, 1:])[:, None]
            low = weights[some, :1] * self.background * (1.0 if spectra is None else spectra[some, 0])
            for k in range(0, rows, row_block):
                these = (some, slice(k, k + row_block))
                light = self.densities(positions[these], contained[these])
                light *= parts
                found[these] = _summed_log(light.sum(axis=2) + low[:, None])
        return found


def _summed_log(density: Array) -> Array:
    """Sum of ln over the last axis; of products of 16, where they cannot under- or overflow."""
    if density.size and density.min() > _TINY and density.max() < _HUGE:
        for _ in range(_HALVINGS):
            half = density.shape[-1] // 2
            if half == 0:
                break
            product = density[..., :half] * density[..., half : 2 * half]
            if density.shape[-1] % 2:
                product[..., 0] *= density[..., -1]
            density = product
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(density).sum(axis=-1))
