"""Decompositions of single bands, put together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from faintsky.core.decomposition import Decomposition

__all__ = ["joined"]


def joined(fits: Mapping[str, Decomposition], best: int) -> Decomposition:
    """One decomposition of bands that were fitted on their own.

    Parameters
    ----------
    fits : mapping of str to Decomposition
        Each of one band, of one scene, in the order of wavelength.
    best : int
        The band whose ellipticities and angles stand for all; those of each are in ``single``.
    """
    each = list(fits.values())
    shape = each[best]

    def beside(name: str, axis: int = 1) -> np.ndarray:
        return np.concatenate([getattr(fit, name) for fit in each], axis=axis)

    return Decomposition(
        sources=shape.sources,
        components=shape.components,
        bands=tuple(fits),
        flux=beside("flux"),
        flux_covariance=beside("flux_covariance", 0),
        x=beside("x"),
        y=beside("y"),
        radius=beside("radius"),
        index=beside("index"),
        ellipticity=shape.ellipticity,
        angle=shape.angle,
        x_error=beside("x_error"),
        y_error=beside("y_error"),
        radius_error=beside("radius_error"),
        index_error=beside("index_error"),
        ellipticity_error=shape.ellipticity_error,
        angle_error=shape.angle_error,
        chi2=beside("chi2", 0),
        pixels=beside("pixels", 0),
        parameters=sum(fit.parameters for fit in each),
        bic=sum(fit.bic for fit in each),
        psf_error=beside("psf_error", 0),
        at_bound=tuple(text for fit in each for text in fit.at_bound),
        converged=all(fit.converged for fit in each),
        notes=tuple(f"{name}: {text}" for name, fit in fits.items() for text in fit.notes),
        cpu_seconds=sum(fit.cpu_seconds for fit in each),
        sky=beside("sky", 0),
        single=dict(fits),
    )
