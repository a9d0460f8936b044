"""The image of a scene in one band: its residual, and what its parameters do to it, as inner products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from faintsky.core.convolved_galaxy import convolved_galaxy
from faintsky.core.image_set import BandImage
from faintsky.core.psf_transform import PsfTransform
from faintsky.core.scene import Scene
from faintsky.estimators.decompositions.free_shapes import Look
from faintsky.estimators.decompositions.linear_fluxes import solve_fluxes

__all__ = ["BandModel", "Products"]

Array = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


@frozen(kw_only=True, eq=False)
class Products:
    """Inner products of vectors of pixels over their errors.

    Attributes
    ----------
    gram : ndarray, shape (l + q + 1, l + q + 1)
        Of the l linear components (sky last), the q derivatives by places and shapes, and the residual.
    flux : ndarray, shape (l,)
        Best amplitudes, the sky's last.
    columns : ndarray, shape (l + q, n)
        The vectors but for the residual.
    """

    gram: Array
    flux: Array
    columns: Array

    @property
    def chi2(self) -> float:
        """Sum of the squared residuals."""
        return float(self.gram[-1, -1])


@frozen(kw_only=True, eq=False)
class BandModel:
    """One band of the images that a scene is fitted to.

    Attributes
    ----------
    image : BandImage
    transform : PsfTransform
    scene : Scene
    used : ndarray of bool, shape (ny, nx)
        Pixels of the fit.
    variance : ndarray, shape (ny, nx)
        Of the pixels, with that of the PSF's error.
    sky : bool
        Fit a constant.
    positive : bool
        Fluxes of galaxies and points are 0 or more.
    """

    image: BandImage
    transform: PsfTransform
    scene: Scene
    used: NDArray[np.bool_]
    variance: Array
    sky: bool
    positive: bool

    def light(self, looks: Sequence[Look], *, slopes: bool) -> list[dict[str, Spectrum]]:
        """Transforms of the parts of each source (unit fluxes), each with its derivatives."""
        found = []
        for source, look in zip(self.scene.sources, looks, strict=True):
            parts = {}
            if source.galaxy:
                shape = look.radius, look.index, look.matrix
                parts["galaxy"] = convolved_galaxy(self.transform, look.x, look.y, *shape, look.turns if slopes else ())
            if source.point:
                parts["point"] = self.transform.point(look.x, look.y)
            found.append(parts)
        return found

    def products(self, looks: Sequence[Look], *, slopes: bool) -> Products:
        """At one set of places and shapes, with or without derivatives by them."""
        weight = 1 / np.sqrt(self.variance[self.used])
        light = self.light(looks, slopes=slopes)
        parts = [spectra for each in light for spectra in each.values()]
        linear = self._pixels(np.array([spectra[0] for spectra in parts]), weight)
        if self.sky:
            linear = np.concatenate([linear, weight[None]])
        data = self.image.values[self.used] * weight
        positive = np.full(len(linear), self.positive)
        positive[len(parts) :] = False
        flux = solve_fluxes(linear @ linear.T, linear @ data, positive)
        residual = data - flux @ linear
        columns = [linear]
        if slopes:
            columns.append(self._slopes(light, flux, weight))
        everything = np.concatenate([*columns, residual[None]])
        return Products(gram=everything @ everything.T, flux=flux, columns=everything[:-1])

    def model(self, looks: Sequence[Look]) -> Array:
        """The image of the scene with its best fluxes, and the sky, in all pixels, shape (ny, nx)."""
        flux = self.products(looks, slopes=False).flux
        spectra = [part[0] for each in self.light(looks, slopes=False) for part in each.values()]
        total = self.transform.image(np.einsum("c,cyx->yx", flux[: len(spectra)], np.array(spectra)))
        return np.asarray(total + (flux[-1] if self.sky else 0.0))

    def _slopes(self, light: Sequence[dict[str, Spectrum]], flux: Array, weight: Array) -> Array:
        """Derivatives of the model by x, y (ln R_e, ln n, elongations) of the sources in order."""
        left = iter(flux)
        found: list[Spectrum] = []
        for parts in light:
            move: Spectrum = np.zeros((2, *self.transform.response.shape), dtype=complex)
            shape: list[Spectrum] = []
            for part, spectra in parts.items():
                times = next(left)
                if part == "galaxy":
                    move = move + times * spectra[3:5]
                    shape = [times * spectra[which] for which in (1, 2, 5, 6)]
                else:
                    move = move + times * spectra[1:]
            found += [*move, *shape]
        return self._pixels(np.array(found), weight)

    def _pixels(self, spectra: Spectrum, weight: Array) -> Array:
        return np.asarray(self.transform.image(spectra)[:, self.used] * weight)

    def correlated(self, columns: Array) -> Array:
        """Inner products of columns through the correlation of the noise, X^T C X; plain ones where pixels are independent."""
        if self.image.correlation is None:
            return np.asarray(columns @ columns.T)
        maps = np.zeros((len(columns), *self.used.shape))
        maps[:, self.used] = columns
        # The error of the PSF, which is part of the variance, is taken as independent between pixels.
        noise = np.zeros(self.used.shape)
        noise[self.used] = self.image.sigma[self.used] / np.sqrt(self.variance[self.used])
        spread = fftconvolve(maps * noise, self.image.correlation[None], mode="same", axes=(1, 2)) * noise
        rest = columns * (1 - noise[self.used] ** 2)
        return np.asarray(spread[:, self.used] @ columns.T + rest @ columns.T)
