"""Photometric against spectroscopic redshifts, in bins of magnitude."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, binomial_interval
from faintsky.core.owned_array import owned_floats

__all__ = ["NMAD", "OUTLIER", "SpecComparison", "sigma_nmad"]

Array = NDArray[np.float64]

#: Standard deviation of a Gaussian over the median of its absolute deviations.
NMAD = 1.482602218505602
#: |dz| / (1 + z) above which a redshift is an outlier (Ilbert et al. 2009).
OUTLIER = 0.15
#: Resamplings for the errors, and the fewest sources of a bin that has a scatter.
_DRAWS, _FEWEST = 1000, 3
_COLUMNS = (
    "low", "high", "number", "sigma_nmad", "sigma_nmad_error", "bias", "bias_error", "outliers", "outlier_fraction",
    "outlier_low", "outlier_high",
)  # fmt: skip


def sigma_nmad(offset: Array, axis: int = -1) -> Array:
    """1.4826 median |x - median(x)|: the standard deviation of a Gaussian, whatever its outliers."""
    middle = np.median(offset, axis=axis, keepdims=True)
    return np.asarray(NMAD * np.median(np.abs(offset - middle), axis=axis))


@frozen(kw_only=True, eq=False)
class SpecComparison:
    """dz = (z_phot - z_spec) / (1 + z_spec) in k bins of magnitude.

    Attributes
    ----------
    low, high : ndarray, shape (k,)
        Magnitudes; infinite at the ends.
    number : ndarray, shape (k,)
        Sources with both redshifts.
    sigma_nmad, sigma_nmad_error : ndarray, shape (k,)
        1.4826 median |dz - median(dz)| (Brammer et al. 2008, without their noise term), and its standard deviation over
        resampled sources; NaN below three sources.
    bias, bias_error : ndarray, shape (k,)
        Median of dz, outliers included.
    outliers : ndarray, shape (k,)
        Sources with |dz| > 0.15.
    outlier_fraction, outlier_low, outlier_high : ndarray, shape (k,)
        Of all in the bin, with exact 68 % intervals (Clopper & Pearson 1934).
    """

    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    number: Array = field(converter=owned_floats)
    sigma_nmad: Array = field(converter=owned_floats)
    sigma_nmad_error: Array = field(converter=owned_floats)
    bias: Array = field(converter=owned_floats)
    bias_error: Array = field(converter=owned_floats)
    outliers: Array = field(converter=owned_floats)
    outlier_fraction: Array = field(converter=owned_floats)
    outlier_low: Array = field(converter=owned_floats)
    outlier_high: Array = field(converter=owned_floats)

    @classmethod
    def of(
        cls,
        z_phot: ArrayLike,
        z_spec: ArrayLike,
        magnitude: ArrayLike | None = None,
        edges: Sequence[float] = (),
        rng: np.random.Generator | None = None,
    ) -> SpecComparison:
        """Compare sources that have both redshifts; the others are left out.

        Parameters
        ----------
        z_phot, z_spec : array_like, shape (n,)
            NaN where there is none.
        magnitude : array_like, shape (n,), optional
            Needed for more than one bin; sources without one are counted in the faintest.
        edges : sequence of float
            Magnitudes between the bins.
        rng : Generator, optional
            For the errors; default: a fixed one.

        Raises
        ------
        DataError
            Where shapes do not fit, no source has both redshifts, or edges come without magnitudes.
        """
        phot, spec = np.asarray(z_phot, dtype=float), np.asarray(z_spec, dtype=float)
        bright = np.zeros(phot.shape) if magnitude is None else np.asarray(magnitude, dtype=float)
        if phot.ndim != 1 or phot.shape != spec.shape or bright.shape != phot.shape:
            raise DataError(f"redshifts of shape {phot.shape} and {spec.shape} with magnitudes of {bright.shape} do not fit")
        if len(edges) and magnitude is None:
            raise DataError("bins of magnitude need the magnitudes of the sources")
        if list(edges) != sorted(set(edges)):
            raise DataError(f"the edges of bins of magnitude must increase, got {tuple(edges)}")
        both = np.isfinite(phot) & np.isfinite(spec)
        if not both.any():
            raise DataError("no source has a photometric and a spectroscopic redshift: nothing to compare")
        rng = np.random.default_rng(0) if rng is None else rng
        offset = (phot[both] - spec[both]) / (1 + spec[both])
        place = np.digitize(np.where(np.isnan(bright[both]), np.inf, bright[both]), np.asarray(edges, dtype=float))
        rows = [_row(offset[place == each], rng) for each in range(len(edges) + 1)]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        return cls(low=[-np.inf, *edges], high=[*edges, np.inf], **columns)

    def to_table(self) -> Any:
        """An astropy Table, a row for each bin."""
        from astropy.table import Table

        table = Table({name: np.array(getattr(self, name)) for name in _COLUMNS})
        table.meta["outlier"], table.meta["level"] = OUTLIER, ONE_SIGMA
        return table

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        return json_digest([array_digest(getattr(self, name)) for name in _COLUMNS])


def _row(offset: Array, rng: np.random.Generator) -> dict[str, float]:
    wrong = float(np.sum(np.abs(offset) > OUTLIER))
    row = dict.fromkeys(_COLUMNS[2:], float("nan")) | {"number": float(offset.size), "outliers": wrong}
    if offset.size:
        interval = binomial_interval(wrong, offset.size)
        row |= {"outlier_fraction": wrong / offset.size, "outlier_low": float(interval.low), "outlier_high": float(interval.high)}
        row["bias"] = float(np.median(offset))
    if offset.size >= _FEWEST:
        again = offset[rng.integers(offset.size, size=(_DRAWS, offset.size))]
        row |= {"sigma_nmad": float(sigma_nmad(offset)), "sigma_nmad_error": float(np.std(sigma_nmad(again)))}
        row["bias_error"] = float(np.std(np.median(again, axis=1)))
    return row
