"""The duals that a completeness is about: how their separations and flux ratios are distributed."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats

__all__ = ["DualPopulation"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class DualPopulation:
    """Pairs of separation and flux ratio with their weights: a sample of duals, or the nodes of a density.

    Attributes
    ----------
    separation : ndarray, shape (m,)
        [arcsec]
    ratio : ndarray, shape (m,)
        Counts of the fainter source over those of the brighter one, 0 to 1.
    weight : ndarray, shape (m,)
        Their sum is 1.
    name : str
        What is assumed.
    """

    separation: Array = field(converter=owned_floats, repr=False)
    ratio: Array = field(converter=owned_floats, repr=False)
    weight: Array = field(converter=owned_floats, repr=False)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        shape = self.separation.shape
        if len(shape) != 1 or shape != self.ratio.shape or shape != self.weight.shape or shape == (0,):
            raise DataError(
                f"separations, ratios and weights of the same m duals: got the shapes {shape}, {self.ratio.shape}, "
                f"{self.weight.shape}"
            )
        if not np.all(self.separation > 0) or not np.all((self.ratio > 0) & (self.ratio <= 1)):
            raise DataError("separations are positive, and ratios lie between 0 and 1: the fainter source over the brighter one")
        if not np.all(self.weight >= 0) or not np.isclose(self.weight.sum(), 1, rtol=1e-9):
            raise DataError(f"weights are not negative and their sum is 1, got {self.weight.sum():g}")

    @property
    def digest(self) -> str:
        """Identity of the duals."""
        return json_digest([array_digest(a) for a in (self.separation, self.ratio, self.weight)])

    @classmethod
    def of(cls, separation: ArrayLike, ratio: ArrayLike, weight: ArrayLike | None = None, name: str = "") -> DualPopulation:
        """From duals, such as those of a cosmological simulation; weights are scaled to a sum of 1.

        Raises
        ------
        DataError
            Where numbers differ or are out of their ranges, or all weights are 0.
        """
        s, r = np.asarray(separation, dtype=float), np.asarray(ratio, dtype=float)
        w = np.ones(s.shape) if weight is None else np.asarray(weight, dtype=float)
        total = float(w.sum())
        if not total > 0:
            raise DataError("the duals have no weight")
        return cls(separation=s, ratio=r, weight=w / total, name=name)

    @classmethod
    def log_uniform(cls, separation: tuple[float, float], ratio: tuple[float, float], nodes: int = 60) -> DualPopulation:
        """Separations [arcsec] and flux ratios spread evenly in their logarithms.

        Raises
        ------
        DataError
            Where a range is none.
        """
        axes = []
        for what, (low, high) in (("separation", separation), ("ratio", ratio)):
            if not 0 < low <= high:
                raise DataError(f"the range of the {what} is no range of positive numbers: {low:g} to {high:g}")
            # Centres of equal steps.
            axes.append(low * (high / low) ** ((np.arange(nodes) + 0.5) / nodes))
        s, r = np.meshgrid(*axes, indexing="ij")
        text = f"log-uniform: separation {separation[0]:g} to {separation[1]:g} arcsec, ratio {ratio[0]:g} to {ratio[1]:g}"
        return cls.of(s.ravel(), r.ravel(), name=text)

    def seen_with(self, width_ratio: float) -> DualPopulation:
        """As it looks in units of a PSF that is wider by this factor: separations over it."""
        if not width_ratio > 0:
            raise DataError(f"a ratio of PSF widths is positive, got {width_ratio:g}")
        return attrs.evolve(self, separation=self.separation / width_ratio)
