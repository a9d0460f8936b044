"""ln prod_i m(x_i, y_i, E_i) of a mixture of point sources and background: in numpy, or compiled where numba is installed.

Both give the same numbers to rounding. A compiled loop needs no arrays between photons and result, and no call per row.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property, lru_cache
from importlib.util import find_spec
from math import log, sqrt
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import FaintskyWarning
from faintsky.core.tabulated_psf import TabulatedPsf

__all__ = ["MixtureKernel", "compiled"]

Array = NDArray[np.float64]

#: Densities of photons times positions that numpy works on at a time: they stay in the cache of a core.
_BLOCK = 100_000
#: Where there is no spectral term.
_NONE = np.empty((0, 0, 0))
#: A product of densities becomes a logarithm where it leaves this range: the next factor cannot under- or overflow it.
_SMALL, _LARGE = 1e-50, 1e50
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
        loops[0 if radial else 1](
            self.x,
            self.y,
            self.background,
            self.index,
            self.share,
            np.ascontiguousarray(positions, dtype=float),
            np.ascontiguousarray(weights, dtype=float),
            np.ascontiguousarray(contained, dtype=float),
            _NONE if spectra is None else np.ascontiguousarray(spectra, dtype=float),
            *(self._radial if radial else self._image),
            found,
        )
        return found

    @cached_property
    def _radial(self) -> tuple[Array, Array, Array, bool]:
        """Table over rho (energies beside each other, as they are needed), its fall beyond, axes in knots, and whether these agree."""
        psf = self.psf
        assert psf.radial is not None
        same = bool(np.all(psf.axes == psf.axes[0]))
        return np.array(psf.radial.T, order="C"), self._fall, np.array(psf.axes / psf.step, order="C"), same

    @cached_property
    def _image(self) -> tuple[Array, float, float, float]:
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


@lru_cache(maxsize=1)
def compiled() -> tuple[Callable[..., None], Callable[..., None]] | None:
    """The compiled loops for radial tables and for images; None where numba is not installed."""
    if find_spec("numba") is None:
        return None
    try:
        import numba
    except ImportError as error:
        warnings.warn(f"numba is installed but of no use here: {error}. numpy serves, slower", FaintskyWarning, stacklevel=2)
        return None

    def build(loop: Callable[..., None]) -> Any:
        try:
            return numba.njit(cache=True, nogil=True, error_model="numpy")(loop)
        except RuntimeError:  # No folder can be written to that numba could keep its machine code in.
            return numba.njit(nogil=True, error_model="numpy")(loop)

    return build(_radial_loop), build(_image_loop)


def _radial_loop(  # pragma: no cover (compiled)
    x: Array,
    y: Array,
    background: Array,
    index: NDArray[np.intp],
    share: Array,
    positions: Array,
    weights: Array,
    contained: Array,
    spectra: Array,
    table: Array,
    fall: Array,
    axes: Array,
    same_axes: bool,
    found: Array,
) -> None:
    groups, rows, sources, _ = positions.shape
    last, energies = table.shape[0] - 1, table.shape[1]
    with_spectra = spectra.size > 0
    for g in range(groups):
        for row in range(rows):
            total, product = 0.0, 1.0
            for i in range(x.size):
                e, t = index[i], share[i]
                density = weights[g, 0] * background[i]
                if with_spectra:
                    density *= spectra[g, 0, i]
                for s in range(sources):
                    dx, dy = x[i] - positions[g, row, s, 0], y[i] - positions[g, row, s, 1]
                    u, v = axes[e, 0, 0] * dx + axes[e, 0, 1] * dy, axes[e, 1, 0] * dx + axes[e, 1, 1] * dy
                    place = sqrt(u * u + v * v)
                    if place < last:
                        k = int(place)
                        light = table[k, e] + (place - k) * (table[k + 1, e] - table[k, e])
                    else:
                        light = table[last, e] * (place / last) ** -fall[e]
                    inside = contained[g, row, s, e]
                    if t > 0.0 and e + 1 < energies:
                        if not same_axes:
                            u = axes[e + 1, 0, 0] * dx + axes[e + 1, 0, 1] * dy
                            v = axes[e + 1, 1, 0] * dx + axes[e + 1, 1, 1] * dy
                            place = sqrt(u * u + v * v)
                        if place < last:
                            k = int(place)
                            after = table[k, e + 1] + (place - k) * (table[k + 1, e + 1] - table[k, e + 1])
                        else:
                            after = table[last, e + 1] * (place / last) ** -fall[e + 1]
                        light = (1 - t) * light + t * after
                        inside = (1 - t) * inside + t * contained[g, row, s, e + 1]
                    light *= weights[g, s + 1] / inside
                    if with_spectra:
                        light *= spectra[g, s + 1, i]
                    density += light
                product *= density
                if not _SMALL < product < _LARGE:
                    total += log(product) if product > 0 else -np.inf
                    product = 1.0
            found[g, row] = total + log(product)


def _image_loop(  # pragma: no cover (compiled)
    x: Array,
    y: Array,
    background: Array,
    index: NDArray[np.intp],
    share: Array,
    positions: Array,
    weights: Array,
    contained: Array,
    spectra: Array,
    image: Array,
    x_first: float,
    y_first: float,
    pixel: float,
    found: Array,
) -> None:
    groups, rows, sources, _ = positions.shape
    energies, ny, nx = image.shape
    with_spectra = spectra.size > 0
    for g in range(groups):
        for row in range(rows):
            total, product = 0.0, 1.0
            for i in range(x.size):
                e, t = index[i], share[i]
                density = weights[g, 0] * background[i]
                if with_spectra:
                    density *= spectra[g, 0, i]
                for s in range(sources):
                    column = (x[i] - positions[g, row, s, 0] - x_first) / pixel
                    line = (y[i] - positions[g, row, s, 1] - y_first) / pixel
                    light, after = 0.0, 0.0
                    if 0 <= column <= nx - 1 and 0 <= line <= ny - 1:
                        k, m = min(int(column), nx - 2), min(int(line), ny - 2)
                        a, b = column - k, line - m
                        for f in range(e, min(e + 2, energies)):
                            low = image[f, m, k] + a * (image[f, m, k + 1] - image[f, m, k])
                            high = image[f, m + 1, k] + a * (image[f, m + 1, k + 1] - image[f, m + 1, k])
                            if f == e:
                                light = low + b * (high - low)
                            else:
                                after = low + b * (high - low)
                    inside = contained[g, row, s, e]
                    if t > 0.0 and e + 1 < energies:
                        light = (1 - t) * light + t * after
                        inside = (1 - t) * inside + t * contained[g, row, s, e + 1]
                    light *= weights[g, s + 1] / inside
                    if with_spectra:
                        light *= spectra[g, s + 1, i]
                    density += light
                product *= density
                if not _SMALL < product < _LARGE:
                    total += log(product) if product > 0 else -np.inf
                    product = 1.0
            found[g, row] = total + log(product)
