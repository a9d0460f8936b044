"""Photon sets with the geometry, exposure, spectrum and background of an observed one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF
from faintsky.models.photons.simulation import simulated_like
from faintsky.models.photons.sky_sources import SkySources

__all__ = ["pair_like", "single_like"]

Array = NDArray[np.float64]


def single_like(photons: PhotonSet, names: Sequence[str], row: Array, psf: PSF, rng: np.random.Generator) -> PhotonSet:
    """A single source where parameters of the single-source hypothesis put it.

    Parameters
    ----------
    names : sequence of str
        Of the parameters.
    row : ndarray, shape (d,)
        Their values.
    psf : PSF
        That photons are scattered by.
    """
    values = dict(zip(names, row.tolist(), strict=True))
    source = SkySources.single(values["x_1"], values["y_1"], background_fraction=10 ** values["log_f_bkg"])
    return simulated_like(photons, source, psf, rng, shifts=_shifts(photons, values))


def pair_like(
    photons: PhotonSet,
    names: Sequence[str],
    row: Array,
    pair: tuple[float, float],
    psf: PSF,
    rng: np.random.Generator,
) -> PhotonSet:
    """Two sources that give the photons of the one, their centre of light in its place, at a random position angle.

    Parameters
    ----------
    pair : tuple of float
        Separation [arcsec], and counts of the second source over those of the first.
    names, row, psf
        As of `single_like`.
    """
    values = dict(zip(names, row.tolist(), strict=True))
    separation, ratio = pair
    turned = float(rng.uniform(0, 2 * np.pi))
    share = ratio / (1 + ratio)
    # The second source lies at (-sin, cos) of its position angle; x runs to the west.
    x = values["x_1"] + share * separation * np.sin(turned)
    y = values["y_1"] - share * separation * np.cos(turned)
    sources = SkySources.dual(separation, turned, ratio, x, y, background_fraction=10 ** values["log_f_bkg"])
    return simulated_like(photons, sources, psf, rng, shifts=_shifts(photons, values))


def _shifts(photons: PhotonSet, values: dict[str, float]) -> Array:
    names = [box.name for box in photons.observations]
    return np.array([[values.get(f"dx_{name}", 0.0), values.get(f"dy_{name}", 0.0)] for name in names])
