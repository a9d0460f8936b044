"""How far photometric redshifts scatter about spectroscopic ones, by magnitude, and what their distributions lack of it."""

from __future__ import annotations

from typing import Self

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.redshift import Redshifts
from faintsky.estimators.photo_z.spec_comparison import SpecComparison

__all__ = ["RedshiftScatter", "sigma_phot"]

Array = NDArray[np.float64]


def sigma_phot(redshifts: Redshifts) -> Array:
    """Half the width of the central 68 % of each distribution in ln(1 + z), that is in dz / (1 + z); shape (n,)."""
    low, high = (np.log1p(redshifts.quantile(q)) for q in (QUANTILES[0], QUANTILES[2]))
    return np.asarray(0.5 * (high - low))


@frozen(kw_only=True)
class RedshiftScatter:
    """Scatter of photometric redshifts about spectroscopic ones in dz / (1 + z), by magnitude.

    The defaults are those of Li et al. (2025, figure 3 and section 3.4) for five bands: 0.07 for hosts brighter than 22.5 in
    F814W, and 0.11 for fainter ones.
    """

    edges: tuple[float, ...] = option((22.5,), help="magnitudes between the bins, increasing")
    scatter: tuple[float, ...] = option(
        (0.07, 0.11), ge=0, help="dz / (1 + z) of the bins, bright ones first; one more than edges"
    )

    def __attrs_post_init__(self) -> None:
        if len(self.scatter) != len(self.edges) + 1:
            raise DataError(f"{len(self.edges)} edges make {len(self.edges) + 1} bins; scatter has {len(self.scatter)}")
        if list(self.edges) != sorted(set(self.edges)):
            raise DataError(f"the edges of bins of magnitude must increase, got {self.edges}")

    @classmethod
    def measured(cls, comparison: SpecComparison) -> Self:
        """The scatter of a comparison with spectroscopic redshifts, which holds outside of its magnitudes too.

        Raises
        ------
        DataError
            Where a bin has no scatter, for it holds too few sources.
        """
        if not np.all(np.isfinite(comparison.sigma_nmad)):
            empty = int(np.flatnonzero(~np.isfinite(comparison.sigma_nmad))[0])
            raise DataError(
                f"no scatter between the magnitudes {comparison.low[empty]:g} and {comparison.high[empty]:g}: "
                f"{int(comparison.number[empty])} sources. Use wider bins"
            )
        return cls(edges=tuple(comparison.high[:-1].tolist()), scatter=tuple(comparison.sigma_nmad.tolist()))

    def bin_of(self, magnitude: ArrayLike) -> NDArray[np.int64]:
        """The bin of each magnitude, shape (n,); the faintest one where there is no magnitude."""
        values = np.asarray(magnitude, dtype=float)
        return np.asarray(np.digitize(np.where(np.isnan(values), np.inf, values), np.asarray(self.edges, dtype=float)))

    def widths(self, magnitude: ArrayLike, redshifts: Redshifts) -> Array:
        """Widths of the kernels that bring distributions to the scatter: sqrt(max(0, scatter^2 - median(sigma_phot)^2)).

        The median is that of the photometric distributions in the same bin of magnitude. A spectroscopic redshift has no width
        of its own, and takes all of the scatter.

        Parameters
        ----------
        magnitude : array_like, shape (n,)
        redshifts : Redshifts
            n distributions.

        Returns
        -------
        ndarray, shape (n,)
            In dz / (1 + z).

        Raises
        ------
        DataError
            Where the magnitudes do not fit.
        """
        place = self.bin_of(magnitude)
        if place.shape != (len(redshifts),):
            raise DataError(f"{len(redshifts)} distributions need as many magnitudes; got the shape {place.shape}")
        own, full = sigma_phot(redshifts), np.asarray(self.scatter)[place]
        photometric = ~redshifts.spectroscopic & np.isfinite(own)
        found = np.array(full)
        for each in range(len(self.scatter)):
            members = photometric & (place == each)
            if members.any():
                found[members] = np.sqrt(max(0.0, self.scatter[each] ** 2 - float(np.median(own[members])) ** 2))
        return found
