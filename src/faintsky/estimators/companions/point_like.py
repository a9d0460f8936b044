"""Which sources look like points: stars, and quasars that outshine their galaxies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.light_window import LightWindow
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene_image import point_image
from faintsky.estimators.companions.detection_settings import DetectionSettings

__all__ = ["point_like"]


def point_like(sources: Catalogue, psf: PixelPsf, settings: DetectionSettings) -> NDArray[np.bool_]:
    """Which of n sources have the size of the PSF, are round, and bright enough to tell.

    A source is called a point where its half-light radius is at most `star_size` times that of the PSF, which is measured in the
    same Kron ellipse about the same place in a pixel; where its ellipticity 1 - b / a is at most `star_ellipticity`; and where
    its Kron flux is at least `star_signal` times its error. What cannot be told is not called a point.

    Parameters
    ----------
    sources : Catalogue
        Columns of `core.segments.Segments`.
    psf : PixelPsf
        Of the band that they were measured in.
    settings : DetectionSettings

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    round_ = sources["b"] >= (1 - settings.star_ellipticity) * sources["a"]
    bright = sources["auto_flux"] >= settings.star_signal * sources["auto_error"]
    found = np.zeros(len(sources), dtype=bool)
    for row in np.flatnonzero(round_ & bright & np.isfinite(sources["half_radius"])):
        found[row] = sources["half_radius"][row] <= settings.star_size * _half_light_radius(psf, sources, int(row))
    return found


def _half_light_radius(psf: PixelPsf, sources: Catalogue, row: int) -> float:
    """Of a point where the source stands, in its Kron ellipse [pixel]."""
    x, y, a, b, theta, scale = (float(sources[name][row]) for name in ("x", "y", "a", "b", "theta", "kron_radius"))
    size = 2 * int(np.ceil(max(psf.values.shape) / psf.oversampling / 2)) + 3
    x, y = size // 2 + x - round(x), size // 2 + y - round(y)
    window = LightWindow.about(x, y, scale * a + 1)
    light = window.taken(point_image(psf, x, y, (size, size)), 0.0)
    flux = float((window.ellipse(a, b, theta, scale) * light).sum())
    return window.half_light_radius(light, flux, scale * a)
