"""By how much a luminosity function must be scaled to expect the observed AGN of each column density and redshift."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, poisson_interval
from faintsky.core.owned_array import owned_floats
from faintsky.estimators.obscuration.classes import AbsorptionClasses

__all__ = ["ClassScales", "class_scales"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class ClassScales:
    """gamma = n_obs / n_mdl of classes of column density in redshift bins.

    The corrected luminosity function of a class is gamma phi (`scaled`), that of all AGN their sum (`sum`).

    Attributes
    ----------
    classes : AbsorptionClasses
        k classes.
    z : ndarray, shape (nz + 1,)
        Edges of the redshift bins.
    n_obs, n_mdl : ndarray, shape (nz, k)
        Observed number, and that expected if all AGN were of the class.
    gamma : ndarray, shape (nz, k)
        For a class without source the upper limit of no counts stands in place of the number; see `is_limit`. NaN where nothing
        is expected.
    low, high : ndarray, shape (nz, k)
        Ends of the interval; of a limit 0 and the limit.
    interval : str
    level : float
    """

    classes: AbsorptionClasses
    z: Array = field(converter=owned_floats)
    n_obs: Array = field(converter=owned_floats)
    n_mdl: Array = field(converter=owned_floats)
    gamma: Array = field(converter=owned_floats)
    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    interval: str
    level: float

    @property
    def is_limit(self) -> NDArray[np.bool_]:
        """Classes without a source, whose gamma is an upper limit. Shape (nz, k)."""
        return np.asarray((self.n_obs == 0) & np.isfinite(self.gamma))

    @property
    def total(self) -> Array:
        """Sum over classes, shape (nz,): the scale of the corrected luminosity function of all AGN."""
        return np.asarray(self.gamma.sum(axis=1))

    @property
    def pooled(self) -> ClassScales:
        """The same in one bin of all redshifts: pooled counts over pooled expectations."""
        return class_scales(
            self.n_obs.sum(axis=0, keepdims=True), self.n_mdl.sum(axis=0, keepdims=True), self.z[[0, -1]], self.classes,
            level=self.level, interval=self.interval,
        )  # fmt: skip

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        arrays = (self.z, self.n_obs, self.n_mdl, self.gamma, self.low, self.high)
        return json_digest([list(self.classes.names), list(self.classes.edges), *(array_digest(a) for a in arrays)])

    def to_table(self) -> Any:
        """One row per redshift bin and class, as an astropy QTable."""
        from astropy.table import QTable

        nz, k = self.gamma.shape
        columns = {name: getattr(self, name).ravel() for name in ("n_obs", "n_mdl", "gamma", "low", "high")}
        table = QTable(
            {
                "z_low": np.repeat(self.z[:-1], k),
                "z_high": np.repeat(self.z[1:], k),
                "class": np.tile(np.array(self.classes.names), nz),
                **columns,
                "limit": self.is_limit.ravel(),
            }
        )
        table.meta |= {"interval": self.interval, "level": self.level}
        return table


def class_scales(
    n_obs: ArrayLike,
    n_mdl: ArrayLike,
    z: ArrayLike,
    classes: AbsorptionClasses | None = None,
    *,
    level: float = ONE_SIGMA,
    interval: str = "garwood",
) -> ClassScales:
    """gamma(N_H, z) = n_obs / n_mdl with the Poisson interval of n_obs (eq 13).

    Parameters
    ----------
    n_obs : array_like, shape (nz, k)
        Not whole where sources are classified by probability.
    n_mdl : array_like, shape (nz, k)
        Expectations if all AGN were of the class (`class_totals`).
    z : array_like, shape (nz + 1,)
        Edges of the redshift bins.
    classes : AbsorptionClasses, optional
        Default: unabsorbed, absorbed, Compton-thick.
    level, interval : float, str
        Of `poisson_interval`.

    Raises
    ------
    DataError
        Where shapes do not fit, or a number is negative.

    References
    ----------
    Barlow-Hall & Aird, eqs 11 to 13 and table 1; Gehrels 1986, ApJ 303, 336.

    Examples
    --------
    >>> found = class_scales([[0, 8, 2]], [[0.389, 21.0, 2.2]], [4, 5])
    >>> found.is_limit.tolist(), round(found.gamma[0, 0].item(), 2)
    ([[True, False, False]], 4.73)
    """
    of = AbsorptionClasses() if classes is None else classes
    observed, expected, edges = (np.asarray(a, dtype=float) for a in (n_obs, n_mdl, z))
    shape = (edges.size - 1, len(of))
    if observed.shape != shape or expected.shape != shape:
        raise DataError(f"numbers of {shape[0]} redshift bins and {shape[1]} classes, got {observed.shape} and {expected.shape}")
    if not np.all(observed >= 0) or not np.all(expected >= 0):
        raise DataError("numbers of sources are neither negative nor NaN")
    found = poisson_interval(observed, level, interval)
    none = expected == 0
    per_count = np.where(none, np.nan, 1 / np.where(none, 1.0, expected))
    return ClassScales(
        classes=of, z=edges, n_obs=observed, n_mdl=expected, gamma=np.where(observed > 0, observed, found.high) * per_count,
        low=found.low * per_count, high=found.high * per_count, interval=interval, level=level,
    )  # fmt: skip
