"""The dual fraction from the Bayes factors of all sources together, without a cut."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid

from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, Interval
from faintsky.core.owned_array import owned_floats

__all__ = ["FractionPosterior", "fraction_posterior"]

Array = NDArray[np.float64]

#: What the posterior assumes.
CAVEAT = (
    "Every Bayes factor is taken at its word: the PSF and the background are right, and the priors of separation and flux ratio "
    "are the distributions of the population. The fraction is that of duals drawn from those priors, most of which may be too "
    "close or too faint to be seen. Where the PSF is not right, simulated single sources have Bayes factors above c more often "
    "than once in c, and the fraction is biased high. The errors of the Bayes factors are not in it."
)


@frozen(kw_only=True, eq=False)
class FractionPosterior:
    """Posterior of the share F of dual sources, with a flat prior between 0 and 1.

    Attributes
    ----------
    fraction, density : ndarray, shape (g,)
        Grid of F, and the posterior density, which is linear in between.
    ln_bayes_factor : float
        Of a free F over F = 0.
    dual : ndarray, shape (n,)
        Probability of each source to be dual, given all the others.
    caveat : str
    """

    fraction: Array = field(converter=owned_floats, repr=False)
    density: Array = field(converter=owned_floats, repr=False)
    ln_bayes_factor: float
    dual: Array = field(converter=owned_floats, repr=False)
    caveat: str = CAVEAT

    @property
    def mode(self) -> float:
        """The likeliest F."""
        return float(self.fraction[np.argmax(self.density)])

    @property
    def median(self) -> float:
        """F that is as likely too low as too high."""
        return self.upper(0.5)

    def upper(self, level: float = 0.95) -> float:
        """F below which this probability lies."""
        return float(self._at(level))

    def interval(self, level: float = ONE_SIGMA) -> Interval:
        """Credible interval with equal tails."""
        tail = 0.5 * (1 - level)
        return Interval(low=self._at(tail), high=self._at(1 - tail), level=level, method="posterior, flat prior, equal tails")

    def _at(self, probability: float) -> Array:
        if not 0 < probability < 1:
            raise DataError(f"a probability lies between 0 and 1, got {probability:g}")
        steps = 0.5 * (self.density[1:] + self.density[:-1]) * np.diff(self.fraction)
        return np.asarray(np.interp(probability, np.append(0.0, np.cumsum(steps)) / steps.sum(), self.fraction))


def fraction_posterior(ln_bayes_factor: ArrayLike, nodes: int = 2001) -> FractionPosterior:
    """Posterior of the dual fraction: P(F | data) = prod_i [(1 - F) + F BF_i], times a flat prior.

    BF_i is the ratio of the evidences of a dual and a single source, so each bracket is the evidence of a source that is dual
    with probability F, over that of a single one.

    Parameters
    ----------
    ln_bayes_factor : array_like, shape (n,)
        Natural logarithms, dual over single.
    nodes : int
        Nodes of the grid, half of them spread evenly, the others in the logarithm of F down to 1e-6.

    Raises
    ------
    DataError
        Where there is none, one is not finite, or nodes are fewer than 100.

    Examples
    --------
    No Bayes factor says anything: the posterior is the prior.

    >>> round(fraction_posterior([0.0, 0.0]).upper(0.95), 6)
    0.95
    """
    ln = np.asarray(ln_bayes_factor, dtype=float)
    if ln.ndim != 1 or ln.size == 0 or not np.all(np.isfinite(ln)):
        raise DataError(f"finite ln Bayes factors of the sources, shape (n,): got the shape {ln.shape}")
    if nodes < 100:
        raise DataError(f"nodes = {nodes}: at least 100 are needed")
    f = np.union1d(np.linspace(0, 1, nodes - nodes // 2), np.geomspace(1e-6, 1, nodes // 2))
    log_l = np.zeros(f.size)
    with np.errstate(divide="ignore"):
        of_single, of_dual = np.log1p(-f), np.log(f)
    for one in ln:
        log_l += np.logaddexp(of_single, of_dual + one)
    density = np.exp(log_l - log_l.max())
    area = float(trapezoid(density, f))
    density /= area
    shares = np.empty(ln.size)
    for i, one in enumerate(ln):
        shares[i] = trapezoid(density * np.exp(of_dual + one - np.logaddexp(of_single, of_dual + one)), f)
    return FractionPosterior(fraction=f, density=density, ln_bayes_factor=float(np.log(area) + log_l.max()), dual=shares)
