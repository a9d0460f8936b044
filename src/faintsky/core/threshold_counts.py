"""How many counts make a detection."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv

from faintsky.core.errors import DataError

__all__ = ["threshold_counts"]


def threshold_counts(background: ArrayLike, threshold: float) -> NDArray[np.int64]:
    """Smallest whole number L with P(>= L | b) <= threshold, for backgrounds of any shape.

    P(>= L | b) = gammainc(L, b) grows with b, so that each L serves up to the b at which it equals the threshold: those are
    computed once for every L, and each background is looked up among them.

    Parameters
    ----------
    background : array_like
        Expected background counts, above 0.
    threshold : float
        Largest false probability.

    Raises
    ------
    DataError
        Where a background is not positive and finite, or the threshold lies outside of 0 to 1.

    References
    ----------
    Georgakakis et al. 2008, section 4.1; Barlow-Hall & Aird, eq. 2.

    Examples
    --------
    >>> threshold_counts([0.1, 1.0, 10.0], 4e-6).tolist()
    [4, 9, 28]
    """
    mean = np.asarray(background, dtype=float)
    if not 0 < threshold < 1:
        raise DataError(f"a false probability lies between 0 and 1, got {threshold:g}")
    wrong = ~(np.isfinite(mean) & (mean > 0))
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} expected backgrounds are not above 0, the first is {mean[wrong][0]:g}: without a background any "
            "count would be a detection; give the footprint a background map that is positive everywhere"
        )
    if not mean.size:
        return np.zeros(mean.shape, dtype=np.int64)
    top = float(mean.max())
    most = int(top + 10 * np.sqrt(top) + 10)
    while (edges := gammaincinv(np.arange(1.0, most + 1), threshold))[-1] < top:
        most *= 2
    return np.asarray(np.searchsorted(edges, mean) + 1)
