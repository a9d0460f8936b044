"""Leave-one-region-out bandpowers: a check of the errors, and of whether one region makes the result."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.map import Map
from faintsky.core.power_spectrum import PowerSpectrumEstimator

__all__ = ["Jackknife", "blocks", "jackknife"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Jackknife:
    """Bandpowers with one region left out at a time.

    Attributes
    ----------
    vectors : ndarray, shape (n, nbin)
    regions : ndarray of int, shape (ny, nx)
        Which region each pixel belongs to.
    """

    vectors: Array
    regions: NDArray[np.int16]

    @property
    def covariance(self) -> Array:
        """(n - 1) / n times the scatter of the vectors about their mean, shape (nbin, nbin).

        It over-covers where a mode is as large as a region (by 1.06 to 1.31), and is right below: a check, not the default error.
        """
        d = self.vectors - self.vectors.mean(axis=0)
        n = len(self.vectors)
        return np.asarray(d.T @ d * (n - 1) / n)

    @property
    def error(self) -> Array:
        """Roots of the diagonal, shape (nbin,)."""
        return np.sqrt(np.diag(self.covariance))


def blocks(keep: NDArray[np.bool_], number: int) -> NDArray[np.int16]:
    """Rectangular regions of about equal kept area, numbered from 0, shape (ny, nx).

    Rows are cut at equal shares of the kept pixels, then each strip of rows into columns.
    """
    strips = max(1, round(float(np.sqrt(number))))
    result = np.zeros(keep.shape, dtype=np.int16)
    done = 0
    rows = _cuts(keep.sum(axis=1), strips)
    for i in range(strips):
        columns = (number - done) // (strips - i)
        strip = slice(rows[i], rows[i + 1])
        cuts = _cuts(keep[strip].sum(axis=0), columns)
        for j in range(columns):
            result[strip, cuts[j] : cuts[j + 1]] = done + j
        done += columns
    return result


def _cuts(counts: NDArray[np.int64], number: int) -> list[int]:
    cumulative = np.cumsum(counts)
    inner = np.searchsorted(cumulative, np.arange(1, number) * cumulative[-1] / number)
    return [0, *(int(i) for i in inner), len(counts)]


def jackknife(a: Map, b: Map, estimator: PowerSpectrumEstimator, bins: Bins, ctx: Context, *, regions: int = 25) -> Jackknife:
    """Measure a spectrum with one of `regions` regions left out at a time.

    Raises
    ------
    DataError
        With fewer than 4 regions.
    """
    if regions < 4:
        raise DataError(f"a jackknife needs at least 4 regions, got {regions}")
    auto = a is b
    numbered = blocks((a.weight > 0) & (b.weight > 0), regions)
    vectors = []
    for i in range(regions):
        ctx.progress(i, regions, "leaving out one region")
        keep = numbered != i
        one = a.masked(keep)
        vectors.append(estimator.estimate(one, one if auto else b.masked(keep), bins, ctx).power)
    return Jackknife(vectors=np.array(vectors), regions=numbered)
