"""Which projected pairs count: separation, magnitude, mass ratio, stars."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.pair_sample import PairSample

__all__ = ["PairCuts", "Passed"]

Flags = NDArray[np.bool_]


@frozen(kw_only=True, eq=False)
class Passed:
    """What is left of a sample.

    Attributes
    ----------
    keep : ndarray of bool, shape (n,)
        Of the pairs of the sample: selects its `PairProbabilities` as well.
    counts : mapping of str to (int, int)
        Pairs, and AGN with pairs, after each cut, in their order.
    """

    keep: Flags = field(repr=False)
    counts: dict[str, tuple[int, int]]


@frozen(kw_only=True)
class PairCuts:
    """The cuts of a pair sample, one after the other; None leaves one out. The same go for a simulated table.

    Attributes
    ----------
    separation : float, optional
        Largest projected one [kpc].
    magnitude : float, optional
        By which a companion is at most fainter than the host of the AGN.
    mass_ratio : float, optional
        Smallest stellar mass of the companion over that of the AGN's host, or the other way round where it is the more massive
        one; a companion or a host without a mass does not pass.
    stars : bool
        Whether stars pass.

    References
    ----------
    Li, Zhuang et al., sections 3.1 and 4.
    """

    separation: float | None = 15.0
    magnitude: float | None = 3.0
    mass_ratio: float | None = 1 / 6
    stars: bool = False

    def __attrs_post_init__(self) -> None:
        if self.mass_ratio is not None and not 0 < self.mass_ratio <= 1:
            raise DataError(f"mass_ratio lies between 0 and 1, got {self.mass_ratio:g}; a ratio of 1:6 is 0.1667")
        if self.separation is not None and not self.separation > 0:
            raise DataError(f"separation must be above 0 kpc, got {self.separation:g}")

    def passed(self, pairs: PairSample) -> Passed:
        """Apply them.

        Raises
        ------
        DataError
            Where a column that a cut needs is missing.
        """
        keep = np.ones(len(pairs), dtype=bool)
        counts = {"all": _counts(pairs, keep)}
        for name, flags in self._flags(pairs):
            keep &= flags
            counts[name] = _counts(pairs, keep)
        return Passed(keep=keep, counts=counts)

    def _flags(self, pairs: PairSample) -> list[tuple[str, Flags]]:
        if not len(pairs):
            return []
        found, companions, agn, owner = [], pairs.companions, pairs.agn, pairs.owner
        if self.separation is not None:
            found.append((f"separation <= {self.separation:g} kpc", companions["separation"] <= self.separation))
        if self.magnitude is not None:
            fainter = companions["magnitude"] - agn["magnitude"][owner]
            found.append((f"at most {self.magnitude:g} mag fainter than the host", fainter <= self.magnitude))
        if self.mass_ratio is not None:
            apart = np.abs(companions["log_mass"] - agn["log_mass"][owner])
            found.append((f"mass ratio >= 1:{1 / self.mass_ratio:.3g}", apart <= -np.log10(self.mass_ratio)))
        if not self.stars:
            found.append(("not a star", companions["star"] != 1))
        return found


def _counts(pairs: PairSample, keep: Flags) -> tuple[int, int]:
    return int(keep.sum()), int(np.unique(pairs.owner[keep]).size)
