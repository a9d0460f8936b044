"""The analytic fit of one amplitude: what a sampled bias is compared with."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["Amplitude", "solve_amplitude"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Amplitude:
    """Best amplitude A of data = A x template, and the bias whose square it is.

    Attributes
    ----------
    value, error : float
        A = t^T C^-1 d / t^T C^-1 t and (t^T C^-1 t)^-1/2.
    chi2 : float
    dof : int
    """

    value: float
    error: float
    chi2: float
    dof: int

    @property
    def bias(self) -> float:
        """sqrt(A); NaN where A is negative, as noise can make it."""
        return float(np.sqrt(self.value)) if self.value >= 0 else float("nan")

    @property
    def bias_error(self) -> float:
        """sigma_A / 2b, to first order."""
        return self.error / (2 * self.bias) if self.value > 0 else float("nan")


def solve_amplitude(data: Array, covariance: Array, template: Array) -> Amplitude:
    """Fit one amplitude to bandpowers from which the shot noise is taken.

    Parameters
    ----------
    data : ndarray, shape (nbin,)
    covariance : ndarray, shape (nbin, nbin)
    template : ndarray, shape (nbin,)
        Expected bandpowers for an amplitude of 1, through the window.
    """
    weighted = np.linalg.solve(covariance, template)
    information = float(template @ weighted)
    value = float(data @ weighted) / information
    left = data - value * template
    return Amplitude(
        value=value,
        error=information**-0.5,
        chi2=float(left @ np.linalg.solve(covariance, left)),
        dof=len(data) - 1,
    )
