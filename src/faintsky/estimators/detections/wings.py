"""Light of sources outside of their apertures."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import radius_at

__all__ = ["Wings"]

Array = NDArray[np.float64]

#: Directions of a half-circle.
_AROUND = 24


@frozen(kw_only=True, eq=False)
class Wings:
    """Light of n sources around them, from a few radii of enclosed light.

    Within the smallest radius ln(1 - share) goes as r^2, and between the radii as a power of r, both exact for a Gaussian; beyond
    the largest 1 - share falls as a power of r, as in the wings of a King profile, which is more light than a Gaussian has there.

    Attributes
    ----------
    log_radius : ndarray, shape (k, n)
        Of the enclosed shares of each source, rising along the first axis.
    log_outside : ndarray, shape (k,)
        log(1 - share).
    """

    log_radius: Array
    log_outside: Array

    @classmethod
    def of(cls, image: XrayImage, x: Array, y: Array) -> Wings:
        """The wings of sources at positions [pixel]."""
        shares = list(image.psf.radii)
        radius = np.array([radius_at(image, x, y, eef) for eef in shares])
        return cls(log_radius=np.log(radius), log_outside=np.log1p(-np.array(shares)))

    def enclosed(self, source: int, radius: Array) -> Array:
        """Share of the light of one source within radii [rad] around it."""
        log_r, depth = self.log_radius[:, source], np.log(-self.log_outside)
        log_radius = np.log(np.maximum(radius, 1e-6 * np.exp(log_r[0])))
        inner = depth[0] + 2 * np.minimum(log_radius - log_r[0], 0)
        log_out = -np.exp(np.where(log_radius < log_r[0], inner, np.interp(log_radius, log_r, depth)))
        if log_r.size == 1:  # one radius knows no slope: a Gaussian's
            log_out = -np.exp(depth[0] + 2 * (log_radius - log_r[0]))
        else:
            slope = (self.log_outside[-1] - self.log_outside[-2]) / (log_r[-1] - log_r[-2])
            log_out += slope * np.maximum(log_radius - log_r[-1], 0)
        return np.asarray(-np.expm1(log_out))

    def within(self, source: int, distance: Array, radius: Array) -> Array:
        """Share of the light of one source in apertures of `radius` [rad] at distances [rad] from it, shape (m,).

        In the direction phi from the source an aperture covers d cos(phi) -+ sqrt(r^2 - d^2 sin^2(phi)); the share is the mean
        over phi of the light enclosed between.
        """
        phi = (np.arange(_AROUND) + 0.5) * np.pi / _AROUND
        d, r = distance[:, None], radius[:, None]
        # Of an aperture that does not hold the source only the directions towards it count.
        widest = np.where(d > r, np.arcsin(np.minimum(r / np.maximum(d, 1e-300), 1.0)), np.pi)
        angle = phi * widest / np.pi
        root = np.sqrt(np.maximum(r**2 - (d * np.sin(angle)) ** 2, 0))
        far, near = (self.enclosed(source, np.maximum(d * np.cos(angle) + side * root, 0)) for side in (1, -1))
        return np.asarray((far - near).mean(axis=1) * widest[:, 0] / np.pi)
