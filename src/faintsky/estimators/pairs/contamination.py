"""How many pairs of a selection without redshifts are none."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, binomial_interval
from faintsky.core.pair_sample import PairSample

__all__ = ["Contamination", "contamination"]


@frozen(kw_only=True)
class Contamination:
    """Pairs that are not real.

    Attributes
    ----------
    pairs, interlopers, stars : int
        All pairs; galaxies at other redshifts, and stars among them.
    share, low, high : float
        Part of the pairs that is not real, with its Clopper-Pearson interval; NaN without pairs.
    level : float
        Of the interval.
    """

    pairs: int
    interlopers: int
    stars: int
    share: float
    low: float
    high: float
    level: float


def contamination(pairs: PairSample, level: float = ONE_SIGMA) -> Contamination:
    """What a selection by one image, without redshifts and star flags, would take for pairs, from a sample of known truth.

    All companions of the sample count, whatever their flags and redshifts: cut by separation and magnitude before.

    Parameters
    ----------
    pairs : PairSample
        With the column ``real``, and ``is_star`` or ``star``.
    level : float

    Raises
    ------
    DataError
        Where the truth is not known.

    References
    ----------
    Li, Zhuang et al., section 3.5: at least 10 of 22 pairs of a single-band selection (45 %) are none, 5 of them stars.
    """
    n = len(pairs)
    if not n:
        return Contamination(pairs=0, interlopers=0, stars=0, share=np.nan, low=np.nan, high=np.nan, level=level)
    if "real" not in pairs.companions.columns:
        raise DataError("contamination needs the truth, a column 'real' of the companions, as simulated samples have it")
    real = np.asarray(pairs.companions["real"]) == 1
    star = np.asarray(pairs.companions["is_star" if "is_star" in pairs.companions.columns else "star"]) == 1
    wrong = int(np.sum(~real))
    interval = binomial_interval(wrong, n, level)
    return Contamination(
        pairs=n, interlopers=int(np.sum(~real & ~star)), stars=int(np.sum(~real & star)), share=wrong / n,
        low=float(interval.low), high=float(interval.high), level=level,
    )  # fmt: skip
