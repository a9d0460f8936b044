"""How often a single source would look as dual as a measured one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.evidence import BayesFactor
from faintsky.core.intervals import Interval, binomial_interval
from faintsky.core.owned_array import owned_flags, owned_floats

__all__ = ["FalsePositives", "false_positives"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class FalsePositives:
    """The measured ln Bayes factor of a source, and those of simulations of it as a single source.

    A simulation counts as a false positive where its value is at least the measured one. One whose evidence is unreliable counts
    by its value as well, and as a false positive where it has none; `rate_range` says how far such simulations could move it.

    Attributes
    ----------
    measured : float
        Natural logarithm of the Bayes factor, dual over single.
    simulated : ndarray, shape (n,)
        In the order in which they were made; NaN where there is no value.
    reliable : ndarray of bool, shape (n,)
        Whether both evidences of a simulation converged.
    name : str
        Of the source.
    """

    measured: float
    simulated: Array = field(converter=owned_floats, repr=False)
    reliable: NDArray[np.bool_] = field(converter=owned_flags, repr=False)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        whose = f" of {self.name}" if self.name else ""
        if not np.isfinite(self.measured):
            raise DataError(f"the measured ln Bayes factor{whose} is {self.measured}: there is nothing to compare")
        if self.simulated.ndim != 1 or self.simulated.size == 0 or self.simulated.shape != self.reliable.shape:
            raise DataError(
                f"simulated ln Bayes factors{whose}, and a status of each: got {self.simulated.size} and {self.reliable.size}"
            )
        if np.any(self.reliable & ~np.isfinite(self.simulated)):
            i = int(np.flatnonzero(self.reliable & ~np.isfinite(self.simulated))[0])
            raise DataError(f"simulation {i}{whose}, counted from 0, is said to have converged to {self.simulated[i]}")

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        return json_digest([self.name, self.measured, array_digest(self.simulated), array_digest(self.reliable)])

    @property
    def n(self) -> int:
        """Number of simulations."""
        return int(self.simulated.size)

    @property
    def unreliable(self) -> int:
        """Number of simulations whose evidences are not to be trusted."""
        return int(np.sum(~self.reliable))

    @property
    def k(self) -> int:
        """Number of false positives."""
        return int(np.sum(~(self.simulated < self.measured)))

    @property
    def k_range(self) -> tuple[int, int]:
        """Number of false positives if no unreliable simulation was one, and if all were."""
        sure = int(np.sum(self.reliable & (self.simulated >= self.measured)))
        return sure, sure + self.unreliable

    @property
    def rate(self) -> float:
        """(k + 1) / (n + 1): a valid p-value of the hypothesis that the source is single."""
        return (self.k + 1) / (self.n + 1)

    @property
    def rate_range(self) -> tuple[float, float]:
        """The rate if no unreliable simulation was a false positive, and if all were."""
        low, high = self.k_range
        return (low + 1) / (self.n + 1), (high + 1) / (self.n + 1)

    @property
    def paper_rate(self) -> float:
        """k / n of the simulations above the measured value, as the paper defines it; it can be 0."""
        return float(np.mean(~(self.simulated <= self.measured)))

    def interval(self, level: float = 0.95) -> Interval:
        """Clopper-Pearson interval of the rate; for a number of simulations that was settled before (see `decision`)."""
        return binomial_interval(self.k, self.n, level)

    def percentile(self, percent: float = 90.0) -> float:
        """Percentile of the simulated ln Bayes factors; those without value count as the highest. Infinite where it is one."""
        if not 0 <= percent <= 100:
            raise DataError(f"a percentile lies between 0 and 100, got {percent:g}")
        ordered = np.sort(np.where(np.isnan(self.simulated), np.inf, self.simulated))
        place = percent / 100 * (self.n - 1)
        below, above = ordered[int(np.floor(place))], ordered[int(np.ceil(place))]
        return float(below if below == above else below + (above - below) * (place % 1))

    def decision(self, threshold: float = 0.1, error: float = 0.05) -> str:
        """``below`` or ``above`` the threshold, or ``undecided``: valid however often one looks, so simulations may stop by it.

        The likelihood of the rate, averaged over rates on one side of the threshold (with the density of Jeffreys' prior), over
        that of the threshold itself stays at 1 on average, or falls, as simulations are added while the rate lies on the other
        side. So it ever exceeds 1/error with a probability of no more than `error` (Ville's inequality). The first time that it
        does decides. The simulations must come in the order in which they were made; unreliable ones count against either
        decision.

        Parameters
        ----------
        threshold : float
            False-positive rate in question.
        error : float
            Probability of a wrong decision.

        Raises
        ------
        DataError
            Where threshold or error do not lie between 0 and 1.

        References
        ----------
        Robbins 1970, Ann. Math. Stat. 41, 1397.
        """
        return self._decided(threshold, error)[0]

    def decided(self, threshold: float = 0.1, error: float = 0.05) -> bool:
        """Whether enough was simulated to tell on which side of the threshold the rate lies; see `decision`."""
        return self._decided(threshold, error)[1] is not None

    def decided_after(self, threshold: float = 0.1, error: float = 0.05) -> int | None:
        """Number of simulations that made the `decision`; None while it is open."""
        return self._decided(threshold, error)[1]

    def _decided(self, threshold: float, error: float) -> tuple[str, int | None]:
        if not 0 < threshold < 1 or not 0 < error < 1:
            raise DataError(f"threshold and error lie between 0 and 1, got {threshold:g} and {error:g}")
        n = np.arange(1, self.n + 1)
        few: NDArray[np.int_] = np.cumsum(self.reliable & (self.simulated >= self.measured), dtype=np.int_)
        many: NDArray[np.int_] = few + np.cumsum(~self.reliable, dtype=np.int_)
        first: tuple[str, int | None] = ("undecided", None)
        for side, k in (("below", many), ("above", few)):
            crossed = np.flatnonzero(_ln_evidence(side, k, n, threshold) >= -np.log(error))
            if crossed.size and (first[1] is None or int(n[crossed[0]]) < first[1]):
                first = side, int(n[crossed[0]])
        return first

    def candidate(self, bayes_factor: BayesFactor, threshold: float = 0.1, sigma: float = 3.0) -> bool:
        """Whether the source is a candidate dual: ln BF above 0 by `sigma` errors, and a false-positive rate up to `threshold`.

        The rate is the highest of `rate_range`.

        Raises
        ------
        DataError
            Where the Bayes factor is not the measured one.
        """
        if not np.isclose(bayes_factor.ln, self.measured, rtol=1e-9, atol=1e-12):
            raise DataError(
                f"the Bayes factor (ln {bayes_factor.ln:g}) is not that of {self.name or 'these simulations'} (ln "
                f"{self.measured:g}): give the one that the simulations were compared to"
            )
        return bayes_factor.above(sigma) and self.rate_range[1] <= threshold

    def row(self, level: float = 0.95, threshold: float = 0.1) -> dict[str, str | float | int]:
        """A line of a table."""
        found = self.interval(level)
        return {
            "name": self.name, "ln_bf": self.measured, "n": self.n, "k": self.k, "unreliable": self.unreliable, "rate": self.rate,
            "rate_low": float(found.low), "rate_high": float(found.high), "level": level, "paper_rate": self.paper_rate,
            "percentile_90": self.percentile(90), "decision": self.decision(threshold),
        }  # fmt: skip


def _ln_evidence(side: str, k: NDArray[np.int_], n: NDArray[np.int_], threshold: float) -> Array:
    """ln of the likelihood averaged over rates on one side of the threshold, over that of the threshold."""
    part, prior = betainc(k + 0.5, n - k + 0.5, threshold), betainc(0.5, 0.5, threshold)
    if side == "above":
        part, prior = betainc(n - k + 0.5, k + 0.5, 1 - threshold), 1 - prior
    with np.errstate(divide="ignore"):
        averaged = np.log(part) + betaln(k + 0.5, n - k + 0.5) - np.log(prior) - betaln(0.5, 0.5)
    return np.asarray(averaged - k * np.log(threshold) - (n - k) * np.log1p(-threshold))


def false_positives(
    measured: float | BayesFactor,
    simulated: ArrayLike | Sequence[BayesFactor],
    statuses: Sequence[str] | None = None,
    name: str = "",
) -> FalsePositives:
    """Compare a measured Bayes factor to simulations of the source as a single one.

    Parameters
    ----------
    measured : float or BayesFactor
        Its natural logarithm.
    simulated : array_like, shape (n,), or sequence of BayesFactor
        Natural logarithms, in the order of the simulations; NaN where there is none.
    statuses : sequence of str, optional
        Of numbers; those other than ``converged`` are unreliable. Without it all with a value are reliable.
    name : str
        Of the source.

    Raises
    ------
    DataError
        Where the measured value is not finite, there is no simulation, numbers differ, or a converged one has no value.

    Examples
    --------
    >>> found = false_positives(1.0, [-0.5, 0.2, 1.3, -1.1])
    >>> found.k, found.n, found.rate, found.paper_rate
    (1, 4, 0.4, 0.25)
    """
    ln = float(measured.ln if isinstance(measured, BayesFactor) else measured)
    items = list(simulated) if isinstance(simulated, Sequence) else []
    if items and all(isinstance(one, BayesFactor) for one in items):
        factors = [one for one in items if isinstance(one, BayesFactor)]
        values = np.array([one.ln for one in factors])
        states: Sequence[str] | None = [one.status for one in factors]
    else:
        values, states = np.asarray(simulated, dtype=float), statuses
    reliable = np.isfinite(values) if states is None else np.array([one == "converged" for one in states], dtype=bool)
    return FalsePositives(measured=ln, simulated=values, reliable=reliable, name=name)
