"""Photons of known sources seen through a PSF, for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.box import Box
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF, Place
from faintsky.core.units import ARCSEC

__all__ = ["photon_box", "photon_set"]

Array = NDArray[np.float64]


def photon_box(
    psf: PSF,
    sources: Sequence[tuple[float, float, int]] = ((0.0, 0.0, 90),),
    *,
    background: int = 10,
    seed: int = 1,
    box: Box | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
    energy: ArrayLike | None = None,
    name: str = "one",
    exposure: float = 1e5,
    off_axis: float = 0.0,
    background_area: float = 2100.0,
) -> PhotonBox:
    """One observation with exactly so many photons of each source and of a flat background inside the box.

    Parameters
    ----------
    sources : sequence of (x, y, photons)
        Positions [arcsec], to which `shift` is added.
    energy : array_like, optional
        [keV]; by default drawn evenly from 0.5 to 8 keV.
    off_axis : float
        [rad]
    background_area : float
        Where the background was measured, without error; 0: not at all.
    """
    box = box or Box.square(20.0)
    rng = np.random.default_rng(seed)
    place = Place(observation=name, off_axis=off_axis)
    columns = [_inside(psf.placed(place), x + shift[0], y + shift[1], number, box, rng) for x, y, number in sources]
    columns.append(np.stack([rng.uniform(box.x_low, box.x_high, background), rng.uniform(box.y_low, box.y_high, background)]))
    x, y = np.concatenate(columns, axis=1)
    return PhotonBox(
        x=x,
        y=y,
        energy=rng.uniform(0.5, 8.0, len(x)) if energy is None else energy,
        box=box,
        place=place,
        exposure=exposure,
        background_counts=background * background_area / box.area,
        background_area=background_area,
    )


def photon_set(
    psf: PSF,
    sources: Sequence[tuple[float, float, int]] = ((0.0, 0.0, 90),),
    *,
    shifts: Sequence[tuple[float, float]] = ((0.0, 0.0),),
    background: int = 10,
    seed: int = 1,
) -> PhotonSet:
    """One source in as many observations as there are shifts, each with all these photons, named ``o0``, ``o1``, ..."""
    boxes = [
        photon_box(psf, sources, background=background, seed=1000 * seed + k, shift=shift, name=f"o{k}", exposure=1e5 - k)
        for k, shift in enumerate(shifts)
    ]
    return PhotonSet(name="source", observations=tuple(boxes))


def _inside(psf: PSF, x: float, y: float, number: int, box: Box, rng: np.random.Generator) -> Array:
    found = np.empty((2, 0))
    while found.shape[1] < number:
        drawn = np.array([x, y])[:, None] + np.stack(psf.drawn(2 * number, rng)) / ARCSEC
        found = np.concatenate([found, drawn[:, box.holds(*drawn)]], axis=1)
    return found[:, :number]
