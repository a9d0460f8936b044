"""The Gaussian likelihood of bandpowers with a given covariance: data, window and model bound together."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.estimators.likelihoods.bound_bandpowers import BoundBandpowers

__all__ = ["GaussianBandpowers"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class GaussianBandpowers(BoundBandpowers):
    """ln L = -(d - W m)^T C^-1 (d - W m) / 2 - ln det(2 pi C) / 2, with the window W applied once.

    Attributes
    ----------
    covariance : ndarray, shape (nbin, nbin)
    """

    covariance: Array
    _whiten: Array = field(init=False)
    _norm: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        try:
            lower = np.linalg.cholesky(self.covariance)
        except np.linalg.LinAlgError:
            raise DataError("the covariance of the bandpowers is not positive definite: use fewer bins per decade") from None
        object.__setattr__(self, "_whiten", np.linalg.inv(lower))
        norm = -np.log(np.diag(lower)).sum() - 0.5 * len(self.data) * np.log(2 * np.pi)
        object.__setattr__(self, "_norm", float(norm))

    def residuals(self, theta: Array) -> Array:
        """Residuals of unit variance, shape (n, nbin)."""
        return np.asarray((self.data - self.expected(theta)) @ self._whiten.T)

    def log_likelihood(self, theta: Array) -> Array:
        """ln L, shape (n,)."""
        r = self.residuals(theta)
        return np.asarray(self._norm - 0.5 * np.einsum("ij,ij->i", r, r))

    @property
    def _errors(self) -> Array:
        return self.covariance
