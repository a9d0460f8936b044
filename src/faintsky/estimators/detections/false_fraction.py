"""How many detections at known positions are false, and the threshold for a wanted share of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["false_fraction", "false_fraction_threshold"]

Array = NDArray[np.float64]


def _sorted(probabilities: ArrayLike, n_galaxies: int | None, keep: ArrayLike | None) -> tuple[Array, int]:
    found = np.asarray(probabilities, dtype=float)
    if keep is not None:
        found = found[np.asarray(keep)]
    if not np.all((found >= 0) & (found <= 1)):
        raise DataError("false probabilities lie between 0 and 1; those of positions that were not observed are 1")
    number = found.size if n_galaxies is None else int(n_galaxies)
    if number < found.size or number < 1:
        raise DataError(
            f"{found.size} probabilities were given for {number} galaxies: every position that was tested is a galaxy"
        )
    return np.sort(found, axis=None), number


def false_fraction(
    probabilities: ArrayLike, n_galaxies: int | None, thresholds: ArrayLike, keep: ArrayLike | None = None
) -> Array:
    """Expected share of false detections among those below each threshold, N_gal x threshold / N(P < threshold).

    Parameters
    ----------
    probabilities : array_like, shape (n,)
        False probabilities of the sample: of all its galaxies, or of those that matter, blind detections among them.
    n_galaxies : int or None
        How many positions were tested, of the chosen ones; None: as many as there are probabilities.
    thresholds : array_like, shape (m,)
    keep : array_like of bool or int, optional
        Rows of a subset, such as a range of redshift; `n_galaxies` is then that of the subset.

    Returns
    -------
    ndarray, shape (m,)
        Above 1 where fewer are found than expected by chance; NaN where nothing is below the threshold.

    References
    ----------
    Barlow-Hall & Aird, eqs 5 and 6.

    Examples
    --------
    >>> false_fraction([1e-8] * 21, 31065, [3.38e-5]).round(3).tolist()
    [0.05]
    """
    found, number = _sorted(probabilities, n_galaxies, keep)
    limits = np.asarray(thresholds, dtype=float)
    below = np.searchsorted(found, limits, side="left")
    return np.asarray(np.where(below > 0, number * limits / np.maximum(below, 1), np.nan))


def false_fraction_threshold(
    probabilities: ArrayLike, n_galaxies: int | None = None, fraction: float = 0.05, keep: ArrayLike | None = None
) -> float:
    """The largest threshold at which the false fraction is not above `fraction`; 0 where there is none.

    Between two sources the false fraction rises in proportion to the threshold, and at each it drops: with few sources it crosses
    the wanted value more than once. Of these crossings the largest counts: with the sorted probabilities p_i it is
    i x fraction / N_gal for the largest i with p_i < i x fraction / N_gal, the step-up rule of Benjamini & Hochberg (1995), for
    which the expected share of false detections is at most `fraction`.

    Parameters
    ----------
    probabilities, n_galaxies, keep
        As of `false_fraction`.
    fraction : float
        Wanted share.

    References
    ----------
    Barlow-Hall & Aird, section 2.4; Benjamini & Hochberg 1995.
    """
    if not 0 < fraction < 1:
        raise DataError(f"a false fraction lies between 0 and 1, got {fraction:g}")
    found, number = _sorted(probabilities, n_galaxies, keep)
    limits = fraction * np.arange(1, found.size + 1) / number
    passed = np.flatnonzero(found < limits)
    return float(limits[passed[-1]]) if passed.size else 0.0
