"""Draws of auto-bandpowers that stay positive."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["gamma_bandpower"]

#: With fewer modes the distribution is a spike at zero; its draws underflow.
_FEWEST = 0.1


def gamma_bandpower(power: ArrayLike, modes: ArrayLike, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Auto-bandpowers drawn from the distribution of a mean over Gaussian modes.

    The mean of the squares of N real modes follows P chi^2_N / N: a gamma distribution of shape N / 2 and scale 2 P / N, with
    mean P and variance 2 P^2 / N. A Gaussian of that width is negative in 7.9 % of the draws at N = 4; this one never is.

    Parameters
    ----------
    power : array_like, shape (..., nbin)
        Mean auto-power, noise included, above 0 [any unit].
    modes : array_like, shape (nbin,)
        Real degrees of freedom of each bin: all modes of the full plane, of which half are independent complex numbers, times
        the share that a mask leaves.
    rng : Generator
    size : int
        Number of draws.

    Returns
    -------
    ndarray, shape (size, ..., nbin)
        [unit of `power`]

    Raises
    ------
    DataError
        Where a power is not positive, or a bin holds less than a tenth of a mode.

    Examples
    --------
    >>> drawn = gamma_bandpower([2.0], [8.0], np.random.default_rng(1), 200_000)
    >>> round(float(drawn.mean()), 1), round(float(drawn.var()), 1)
    (2.0, 1.0)
    """
    mean, number = np.broadcast_arrays(np.asarray(power, dtype=float), np.asarray(modes, dtype=float))
    if not np.all((mean > 0) & np.isfinite(mean)):
        raise DataError("an auto-power that is not positive and finite has no gamma distribution; leave its bin out")
    if not np.all(number >= _FEWEST):
        raise DataError(
            f"a bin of {number.min():g} modes has no distribution to draw its power from; "
            f"leave out bins of fewer than {_FEWEST:g}, or make them wider"
        )
    return np.asarray(rng.gamma(0.5 * number, 2 * mean / number, size=(size, *mean.shape)), dtype=float)
