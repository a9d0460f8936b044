"""Which share of an unresolved background is coherent, and how much of the total that leaves resolved."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA

__all__ = ["ResolvedFraction", "resolved_fraction", "split_normal"]

Array = NDArray[np.float64]
#: A value with its 1-sigma distances down and up.
Measured = tuple[float, float, float]

#: Of a Gaussian at -1, 0 and 1 sigma.
_PERCENTILES = (50 * (1 - ONE_SIGMA), 50.0, 50 * (1 + ONE_SIGMA))


def split_normal(median: float, low: float, high: float, rng: np.random.Generator, size: int) -> Array:
    """Draws from a Gaussian of width `low` below its median and of width `high` above.

    Each half holds half of the draws, so that the 15.87 and 84.13 percentiles are median - low and median + high: what a quoted
    value with two errors means, and what redshift distributions from percentiles use. Medians do not add: the median of a sum
    of such numbers is not the sum of theirs.

    Parameters
    ----------
    median : float
    low, high : float
        1-sigma distances down and up, at least 0 [unit of `median`].
    rng : Generator
    size : int

    Returns
    -------
    ndarray, shape (size,)

    Raises
    ------
    DataError
        Where a distance is negative or not finite.

    Examples
    --------
    >>> drawn = split_normal(5.0, 1.0, 3.0, np.random.default_rng(2), 200_000)
    >>> np.percentile(drawn, [15.87, 50, 84.13]).round(1).tolist()
    [4.0, 5.0, 8.0]
    """
    if not (0 <= low < np.inf and 0 <= high < np.inf and np.isfinite(median)):
        raise DataError(
            f"a split normal of median {median:g} has distances -{low:g} and +{high:g}; give both as finite numbers of at least 0"
        )
    unit = rng.standard_normal(size)
    return np.asarray(median + unit * np.where(unit < 0, low, high))


@frozen(kw_only=True)
class ResolvedFraction:
    """Shares of a background, each as (value, low, high), a value with its 1-sigma distances down and up.

    The value is the one of the given values; the distances reach from it to the 15.87 and 84.13 percentiles of the draws, so that
    one of them is negative where asymmetric errors move the draws off the value by more than their spread.

    Attributes
    ----------
    share : tuple of float
        Coherent over unresolved.
    share_median : float
        Median of the draws.
    before : tuple of float
        1 - unresolved / total.
    resolved : tuple of float
        1 - (unresolved - coherent) / total.
    resolved_median : float
        Median of the draws.
    total : tuple of float
        The total background that was used [unit of the inputs].
    total_reference : str
        Where the total is from.
    draws : int
    """

    share: Measured
    share_median: float
    before: Measured
    resolved: Measured
    resolved_median: float
    total: Measured
    total_reference: str
    draws: int


def _measured(value: float, drawn: Array) -> tuple[Measured, float]:
    low, median, high = (float(x) for x in np.percentile(drawn, _PERCENTILES))
    return (value, value - low, high - value), median


def resolved_fraction(
    *,
    coherent: Measured,
    unresolved: Measured,
    total: Measured,
    total_reference: str,
    rng: np.random.Generator,
    draws: int = 100_000,
) -> ResolvedFraction:
    """The share of an unresolved background that is coherent, and the resolved share of the total with it.

    Parameters
    ----------
    coherent, unresolved, total : tuple of float
        Fluxes of one band in one unit, each (value, low, high) with 1-sigma distances; drawn independently as split normals.
    total_reference : str
        The measurement of the total, which the resolved share hangs on: 27 % of the unresolved makes 90.7 % resolved with one
        published total, 94 % with another.
    rng : Generator
    draws : int

    Raises
    ------
    DataError
        Where the unresolved or the total is not positive, the reference is empty, or a distance is negative.

    References
    ----------
    Kaminsky et al. 2025, section 4.2.

    Examples
    --------
    >>> found = resolved_fraction(coherent=(2.0, 0, 0), unresolved=(8.0, 0, 0), total=(100.0, 0, 0), total_reference="a survey",
    ...                           rng=np.random.default_rng(1))
    >>> round(found.share[0], 3), round(found.resolved[0], 3)
    (0.25, 0.94)
    """
    if not total_reference.strip():
        raise DataError("the total background has no reference; totals differ by half between surveys, so name the one used")
    for name, measured in (("unresolved", unresolved), ("total", total)):
        if not measured[0] > 0:
            raise DataError(f"the {name} background is {measured[0]:g}; a share of it needs it above 0")
    c, u, t = (split_normal(*measured, rng, draws) for measured in (coherent, unresolved, total))
    share, share_median = _measured(coherent[0] / unresolved[0], c / u)
    before, _ = _measured(1 - unresolved[0] / total[0], 1 - u / t)
    resolved, resolved_median = _measured(1 - (unresolved[0] - coherent[0]) / total[0], 1 - (u - c) / t)
    return ResolvedFraction(
        share=share,
        share_median=share_median,
        before=before,
        resolved=resolved,
        resolved_median=resolved_median,
        total=total,
        total_reference=total_reference,
        draws=draws,
    )
