"""The photons of one observation under a mixture of point sources and background."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from faintsky.core.errors import DataError
from faintsky.core.photon_box import PhotonBox
from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.estimators.photons.contained_light import ContainedLight
from faintsky.estimators.photons.mixture_kernel import MixtureKernel

__all__ = ["ObservationMixture", "mixture_weights"]

Array = NDArray[np.float64]

_LN10 = float(np.log(10.0))


def mixture_weights(log_f_bkg: ArrayLike, log_f: ArrayLike) -> Array:
    """Shares of the photons that are of the background and of each source.

    w_b = f_b / (1 + f_b), and w_j = f_j / sum(f) / (1 + f_b) with f_1 = 1.

    Parameters
    ----------
    log_f_bkg : array_like, shape (n,)
        log10 of the background counts over those of all sources.
    log_f : array_like, shape (n, s - 1)
        log10 of the counts of each other source over those of the first.

    Returns
    -------
    ndarray, shape (n, s + 1)
        Background first; each row adds up to 1.
    """
    background = _LN10 * np.asarray(log_f_bkg, dtype=float)
    ratios = np.asarray(log_f, dtype=float).reshape(len(background), -1)
    found = np.zeros((len(background), ratios.shape[1] + 2))
    found[:, 2:] = _LN10 * ratios
    found[:, 1:] = np.exp(found[:, 1:] - found[:, 1:].max(axis=1, keepdims=True))  # no overflow, however large a ratio is
    found[:, 1:] *= (expit(-background) / found[:, 1:].sum(axis=1))[:, None]
    found[:, 0] = expit(background)
    return found


@frozen(kw_only=True, eq=False, slots=False)
class ObservationMixture:
    """m(x, y, E) = w_b b(x, y) g_b(E) + sum_j w_j p(x - x_j, y - y_j | E) / C_j(E) g_j(E) of each photon of one observation.

    Attributes
    ----------
    photons : PhotonBox
    psf : TabulatedPsf
        p [arcsec^-2].
    truncate : bool
        C is the share of a source's light inside the box, so that weights are shares of the counts in it; else 1.
    margin : float
        How far outside the box positions may lie [arcsec].

    Raises
    ------
    DataError
        Where a photon lies where the background's shape is 0.
    """

    photons: PhotonBox
    psf: TabulatedPsf
    truncate: bool = True
    margin: float = 0.0
    kernel: MixtureKernel = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        index, share = self.psf.blend(self.photons.energy)
        kernel = MixtureKernel(
            x=np.array(self.photons.x),
            y=np.array(self.photons.y),
            background=_background(self.photons),
            psf=self.psf,
            index=np.ascontiguousarray(index, dtype=np.intp),
            share=np.ascontiguousarray(share, dtype=float),
        )
        object.__setattr__(self, "kernel", kernel)

    def __len__(self) -> int:
        return len(self.photons)

    @cached_property
    def light(self) -> ContainedLight:
        return ContainedLight.of(self.psf, self.photons.box, self.margin)

    def contained(self, positions: Array) -> Array:
        """Share of the light inside the box of sources at positions of shape (..., 2), shape (..., e); 1 without truncation."""
        return self.light.at(positions) if self.truncate else np.ones((*positions.shape[:-1], len(self.psf.energies)))

    def densities(self, positions: Array) -> Array:
        """Density p / C of each photon of sources at positions of shape (..., 2), shape (..., n) [arcsec^-2]."""
        return self.kernel.densities(positions, self.contained(positions))

    @property
    def background(self) -> Array:
        """Density b of background photons at each photon, shape (n,) [arcsec^-2]."""
        return self.kernel.background

    def log_likelihood(self, positions: Array, weights: Array, spectra: Array | None = None) -> Array:
        """ln prod_i m(x_i, y_i, E_i).

        Parameters
        ----------
        positions : ndarray, shape (g, j, s, 2)
            Of the sources in this observation [arcsec]: j sets of positions for each of g sets of weights.
        weights : ndarray, shape (g, s + 1)
            Shares of the photons of background and sources (`mixture_weights`).
        spectra : ndarray, shape (g, s + 1, n), optional
            Density of each photon's energy in background and sources [keV^-1]; without, energies only choose the PSF.

        Returns
        -------
        ndarray, shape (g, j)
        """
        if not len(self):
            return np.zeros(positions.shape[:2])
        return self.kernel.log_likelihood(positions, weights, self.contained(positions), spectra)


def _background(photons: PhotonBox) -> Array:
    box, shape = photons.box, photons.background_shape
    if shape is None:
        return np.full(len(photons), 1.0 / box.area)
    if not np.all(np.isfinite(shape) & (shape >= 0)):
        raise DataError(f"observation {photons.name}: the shape of the background holds values that are negative or no numbers")
    ny, nx = shape.shape
    column = np.clip((photons.x - box.x_low) / (box.x_high - box.x_low) * nx, 0, nx - 1).astype(int)
    line = np.clip((photons.y - box.y_low) / (box.y_high - box.y_low) * ny, 0, ny - 1).astype(int)
    density = shape[line, column] / (shape.sum() * box.area / shape.size)
    if not np.all(density > 0):
        raise DataError(
            f"observation {photons.name}: {int(np.sum(density == 0))} of {len(photons)} photons lie where the background's shape "
            "is 0. It is of another observation, or shifted: give one that is above 0 wherever photons are, or none (uniform)"
        )
    return np.asarray(density)
