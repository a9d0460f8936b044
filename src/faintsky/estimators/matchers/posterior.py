"""Posterior probabilities of counterparts: what each candidate weighs against all others and against none."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from scipy.special import expit

from faintsky.core.matcher import SkyPositions
from faintsky.core.units import ARCSEC, DEG2_PER_SR
from faintsky.estimators.matchers.pairs import Pairs

__all__ = ["Posterior", "log_bayes_factor", "log_prior"]

Array = NDArray[np.float64]


def log_bayes_factor(separation: Array, source_error: Array, other_error: Array) -> Array:
    """ln B of one object at two measured positions against two objects, on a flat sky of small angles.

    B = 2 / (s1^2 + s2^2) exp(-psi^2 / (2 (s1^2 + s2^2))), all in radians; the arguments are in arcsec. Errors are 1 sigma in each
    coordinate.

    References
    ----------
    Budavari & Szalay 2008, ApJ 679, 301, eq 16.
    """
    variance = source_error**2 + other_error**2
    return np.asarray(np.log(2 / (variance * ARCSEC**2)) - separation**2 / (2 * variance))


def log_prior(others: SkyPositions, completeness: float) -> float:
    """ln of the prior probability that a source and one of the others are the same object: c / (sources on the whole sky).

    The density counts one more source than there are, for the one that may be absent (Salvato et al. 2018).
    """
    whole_sky = (len(others) + 1) / others.area * 4 * np.pi * DEG2_PER_SR
    return float(np.log(completeness / whole_sky))


@frozen(kw_only=True, eq=False)
class Posterior:
    """Sums over the candidates of each source.

    With weights P_i of the candidates and 1 of "none of them": p_any = sum P_i / (1 + sum P_i), p_i = P_i / sum P_i.

    Attributes
    ----------
    sources : ndarray of int, shape (k,)
        Rows of the sources that have a candidate.
    best : ndarray of int, shape (k,)
        The pair of the largest weight of each; the nearer one of equal weights.
    number : ndarray of int, shape (k,)
        Candidates of each.
    log_sum : ndarray, shape (k,)
        ln sum P_i.
    log_weight : ndarray, shape (m,)
        ln P_i of all pairs.
    """

    sources: NDArray[np.int64] = field(repr=False)
    best: NDArray[np.int64] = field(repr=False)
    number: NDArray[np.int64] = field(repr=False)
    log_sum: Array = field(repr=False)
    log_weight: Array = field(repr=False)

    @classmethod
    def of(cls, pairs: Pairs, log_weight: Array) -> Posterior:
        """The posterior of pairs that are ordered by source."""
        owners, first, number = np.unique(pairs.source, return_index=True, return_counts=True)
        if not len(pairs):
            return cls(sources=owners, best=first, number=number, log_sum=np.zeros(0), log_weight=log_weight)
        top = np.maximum.reduceat(log_weight, first)
        log_sum = top + np.log(np.add.reduceat(np.exp(log_weight - np.repeat(top, number)), first))
        best = np.lexsort((pairs.separation, -log_weight, pairs.source))[first]
        return cls(sources=owners, best=best, number=number, log_sum=log_sum, log_weight=log_weight)

    @property
    def p_any(self) -> Array:
        """Probability that one of the candidates is the counterpart, shape (k,)."""
        return np.asarray(expit(self.log_sum))

    @property
    def p_i(self) -> Array:
        """Probability of the best candidate, given that one is the counterpart, shape (k,)."""
        return np.asarray(np.exp(self.log_weight[self.best] - self.log_sum))

    @property
    def p_pair(self) -> Array:
        """Probability that a pair is the same object, shape (m,): p_any p_i of each candidate."""
        return np.asarray(np.exp(self.log_weight - np.repeat(np.logaddexp(0, self.log_sum), self.number)))
