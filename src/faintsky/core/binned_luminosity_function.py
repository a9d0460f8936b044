"""The kind ``binned_luminosity_functions``, and its result."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.owned_array import owned_floats
from faintsky.core.survey_set import SurveySet

__all__ = ["BinnedLuminosityFunction", "BinnedLuminosityFunctionEstimator"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BinnedLuminosityFunction:
    """A luminosity function in bins of redshift (rows) and luminosity (columns).

    Attributes
    ----------
    bins : LuminosityBins
        (nz, nl)
    n_obs : ndarray, shape (nz, nl)
        Observed number; not whole where redshift densities are shared out.
    n_mdl : ndarray, shape (nz, nl)
        Number that the estimator's model expects (for ``page-carrera`` the expectation of phi = 1).
    phi : ndarray, shape (nz, nl)
        [Mpc^-3 dex^-1]; 0 for a bin without source, NaN where it cannot be had (see `reasons`).
    low, high : ndarray, shape (nz, nl)
        Ends of the 1 sigma interval of phi; for a bin without source 0 and the upper limit.
    interval : str
        Method of the intervals, such as ``garwood``.
    reasons : tuple of tuple of str
        Why a bin is NaN, else empty; nz rows of nl.
    band : Band
        Rest frame.
    estimator, model : str
        What made it, and which luminosity function it rested on.
    meta : mapping of str to object
        Whatever else a referee asks for.
    """

    bins: LuminosityBins
    n_obs: Array = field(converter=owned_floats)
    n_mdl: Array = field(converter=owned_floats)
    phi: Array = field(converter=owned_floats)
    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    interval: str
    reasons: tuple[tuple[str, ...], ...]
    band: Band
    estimator: str
    model: str = ""
    meta: Mapping[str, Any] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        for name in ("n_obs", "n_mdl", "phi", "low", "high"):
            array = getattr(self, name)
            if array.shape != self.bins.shape:
                raise DataError(f"{name} has the shape {array.shape}, the bins {self.bins.shape}")
            if np.any(np.isinf(array)):
                raise DataError(f"{name} is infinite in a bin; a bin without volume is NaN with its reason")

    @property
    def is_limit(self) -> NDArray[np.bool_]:
        """Bins without a source: `high` is an upper limit. Shape (nz, nl)."""
        return np.asarray((self.n_obs == 0) & np.isfinite(self.high))

    def to_table(self) -> Any:
        """One row per bin, as an astropy QTable."""
        from astropy import units as u
        from astropy.table import QTable

        nz, nl = self.bins.shape
        density = 1 / u.Mpc**3 / u.dex
        rows = [
            {
                "z_low": self.bins.z[i],
                "z_high": self.bins.z[i + 1],
                "log_l_low": self.bins.log_l[j],
                "log_l_high": self.bins.log_l[j + 1],
                "n_obs": self.n_obs[i, j],
                "n_mdl": self.n_mdl[i, j],
                "phi": self.phi[i, j] * density,
                "phi_low": self.low[i, j] * density,
                "phi_high": self.high[i, j] * density,
                "limit": bool(self.is_limit[i, j]),
                "reason": self.reasons[i][j],
            }
            for i in range(nz)
            for j in range(nl)
        ]
        table = QTable(rows)
        table.meta |= {"estimator": self.estimator, "model": self.model, "interval": self.interval, "band": str(self.band)}
        return table


@runtime_checkable
class BinnedLuminosityFunctionEstimator(Protocol):
    """A component of kind ``binned_luminosity_functions``: binned densities of a set of surveys."""

    @abstractmethod
    def estimate(
        self, surveys: SurveySet, bins: LuminosityBins, model: LuminosityFunction, ctx: Context
    ) -> BinnedLuminosityFunction:
        """Densities in bins.

        Parameters
        ----------
        surveys : SurveySet
        bins : LuminosityBins
        model : LuminosityFunction
            What the density looks like within a bin; an estimator without model does not use it.

        Raises
        ------
        DataError
            Where the model is of other luminosities or of another universe.
        """
