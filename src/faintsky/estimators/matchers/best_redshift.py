"""The better of two template fits: galaxy or quasar, by the lower chi2; and how many sources have neither."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["BestRedshift", "best_redshift"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BestRedshift:
    """The redshift of the better fit.

    Attributes
    ----------
    z : ndarray, shape (n,)
        NaN where both fits failed.
    chi2 : ndarray, shape (n,)
        Of that fit; NaN where it has none.
    quasar : ndarray of bool, shape (n,)
        The quasar templates fit better.
    """

    z: Array = field(repr=False)
    chi2: Array = field(repr=False)
    quasar: NDArray[np.bool_] = field(repr=False)

    @property
    def failed(self) -> int:
        """Number of sources without redshift: a part of the sample that a luminosity function does not see."""
        return int(np.sum(~np.isfinite(self.z)))


def best_redshift(z_gal: ArrayLike, chi2_gal: ArrayLike, z_qso: ArrayLike, chi2_qso: ArrayLike) -> BestRedshift:
    """The redshift of the fit with the lower chi2; the galaxy's where they are equal.

    NaN and negative numbers (the codes -99 and their like) are missing. A redshift without chi2 is taken only where the other
    fit has none; where both have a redshift and neither a chi2 there is nothing to choose by, and the source counts as failed.

    Parameters
    ----------
    z_gal, chi2_gal, z_qso, chi2_qso : array_like, shape (n,)

    Raises
    ------
    DataError
        Where the lengths differ.

    Examples
    --------
    >>> best = best_redshift([0.7, 4.5, -99.0], [30.0, 22.0, -99.0], [3.1, 0.4, np.nan], [12.0, 50.0, np.nan])
    >>> best.z.tolist(), best.failed
    ([3.1, 4.5, nan], 1)
    """
    given = [np.atleast_1d(np.asarray(column, dtype=float)) for column in (z_gal, chi2_gal, z_qso, chi2_qso)]
    if len({column.shape for column in given}) > 1:
        raise DataError(f"redshifts and chi2 of galaxy and quasar fits differ in length: {[c.size for c in given]}")
    galaxy_z, galaxy_chi2, quasar_z, quasar_chi2 = (np.where(np.isfinite(c) & (c >= 0), c, np.nan) for c in given)
    galaxy, quasar = np.isfinite(galaxy_z), np.isfinite(quasar_z)
    galaxy_rank, quasar_rank = (np.nan_to_num(chi2, nan=np.inf) for chi2 in (galaxy_chi2, quasar_chi2))
    undecided = galaxy & quasar & np.isinf(galaxy_rank) & np.isinf(quasar_rank)
    chosen = quasar & ~undecided & (~galaxy | (quasar_rank < galaxy_rank))
    z = np.where(undecided, np.nan, np.where(chosen, quasar_z, galaxy_z))
    chi2 = np.where(np.isfinite(z), np.where(chosen, quasar_chi2, galaxy_chi2), np.nan)
    return BestRedshift(z=z, chi2=chi2, quasar=chosen)
