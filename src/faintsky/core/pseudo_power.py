"""Pseudo spectra: the power of masked maps, binned; the path that all Fourier estimators share."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.map import Map
from faintsky.core.modes import mode_counts, mode_sums, row_blocks

__all__ = ["power_unit", "pseudo_power", "same_field"]


def same_field(a: Map, b: Map) -> bool:
    """Whether the two are one map, given twice."""
    return a is b or (
        a.unit == b.unit
        and a.grid_.shape == b.grid_.shape
        and np.array_equal(a.values, b.values)
        and np.array_equal(a.weight, b.weight)
    )


@lru_cache(maxsize=64)
def power_unit(a: str, b: str) -> str:
    """Product of two map units times sr.

    Examples
    --------
    >>> power_unit("s", "s") in ("s2 sr", "sr s2")
    True
    """
    from astropy import units as u

    return str((u.Unit(a) * u.Unit(b) * u.sr).to_string())


def pseudo_power(a: Map, b: Map, bins: Bins) -> NDArray[np.float64]:
    """Mean power of the masked maps in each bin, uncorrected for the mask.

    P = Re(F_a F_b*) Omega_pix / N_pix with F the transform of weight x (value - weighted mean): |FT|^2 / A over the whole
    grid. Each map is transformed once (`Map.fourier`).

    Parameters
    ----------
    a, b : Map
        On one grid.
    bins : Bins

    Returns
    -------
    ndarray, shape (nbin,)
        [unit of a x unit of b x sr]; 0 in a bin without modes.

    Raises
    ------
    DataError
        Where the maps lie on different grids.
    """
    a.grid_.check_same(b.grid_)
    grid = a.grid_
    fa, fb = a.fourier, b.fourier
    total = np.zeros(len(bins))
    for rows in row_blocks(fa.shape[0], fa.shape[1]):
        x, y = fa[rows], fb[rows]
        if a is b:
            power = np.square(x.real)
            power += np.square(x.imag)
        else:
            power = x.real * y.real
            power += x.imag * y.imag
        total += mode_sums(power, grid, bins, rows)
    counts = mode_counts(grid, bins)
    return total / np.maximum(counts, 1) * (grid.pixel_area / grid.size)
