"""How well the shape of a model fits a spectrum in bands, with its amplitude at the best value, or tied to one band."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import gammaincc, ndtri

__all__ = ["ShapeFit", "best_amplitude", "gaussian_sigma", "scaled_at"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class ShapeFit:
    """Shapes against a spectrum in bands.

    Attributes
    ----------
    amplitude : ndarray, shape (n,)
        What the shape is multiplied with; never negative.
    deviation : ndarray, shape (n, b)
        (amplitude model - measured) / error.
    chi2 : ndarray, shape (n,)
        Sum of the squares of `deviation`, of the bands that count.
    dof : int
    """

    amplitude: Array
    deviation: Array
    chi2: Array
    dof: int

    @property
    def sigma(self) -> Array:
        """At how many sigma of a Gaussian each shape is excluded, shape (n,)."""
        return gaussian_sigma(self.chi2, self.dof)


def gaussian_sigma(chi2: Array, dof: int) -> Array:
    """The two-sided Gaussian significance of chi^2 of `dof` degrees of freedom.

    Examples
    --------
    >>> gaussian_sigma(np.array([4.0]), 1).round(6)
    array([2.])
    """
    tail = gammaincc(0.5 * dof, 0.5 * np.asarray(chi2, dtype=float))
    return np.asarray(-ndtri(np.maximum(0.5 * tail, 1e-300)))


def best_amplitude(shape: Array, value: Array, error: Array) -> ShapeFit:
    """Shapes (n, b) at the amplitude of least chi^2, sum(m d / s^2) / sum(m^2 / s^2), but not below zero; dof = b - 1."""
    weight = 1 / error**2
    amplitude = np.maximum((shape * value * weight).sum(axis=1) / (shape**2 * weight).sum(axis=1), 0.0)
    deviation = (amplitude[:, None] * shape - value) / error
    return ShapeFit(amplitude=amplitude, deviation=deviation, chi2=(deviation**2).sum(axis=1), dof=len(value) - 1)


def scaled_at(shape: Array, value: Array, error: Array, reference: int) -> ShapeFit:
    """Shapes (n, b) scaled to the measurement in one band, as papers show them; chi^2 of the other bands.

    The error of that band is left out, so models are excluded too easily: a recipe, kept beside `best_amplitude`.
    """
    amplitude = value[reference] / shape[:, reference]
    deviation = (amplitude[:, None] * shape - value) / error
    deviation[:, reference] = 0.0
    return ShapeFit(amplitude=amplitude, deviation=deviation, chi2=(deviation**2).sum(axis=1), dof=len(value) - 1)
