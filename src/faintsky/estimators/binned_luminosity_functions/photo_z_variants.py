"""Samples of high redshift under each reading of two photometric redshifts: of galaxy and of AGN templates."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError, nearest
from faintsky.core.source_sample import SourceSample

__all__ = ["VARIANTS", "photo_z_variant"]

Array = NDArray[np.float64]

#: ``with``: either redshift is high enough, ``without``: both are; ``low`` and ``high``: which of those that are is taken.
VARIANTS = ("best", "with-low", "with-high", "without-low", "without-high")


def photo_z_variant(sample: SourceSample, variant: str, z_min: float = 4.0, z_max: float = np.inf) -> SourceSample:
    """The sources above a redshift under one reading of their two photometric redshifts.

    ``best`` takes the redshift of the lower chi^2, and keeps it where it qualifies. ``with`` keeps a source if either redshift
    qualifies, and ``without`` only if both do; of those that qualify, ``low`` takes the smaller and ``high`` the larger one. So
    without is part of with, and a source of one qualifying redshift has the same place in with-low and with-high.

    A missing redshift never qualifies. ``best`` takes the other one then; of two redshifts, one with a missing chi^2 loses, and
    of equal chi^2 that of galaxy templates wins. A source with a spectroscopic redshift has that one in every variant.

    Parameters
    ----------
    sample : SourceSample
        With the columns ``z_gal``, ``z_qso`` and, for ``best``, ``chi2_gal``, ``chi2_qso`` in its table.
    variant : str
        One of `VARIANTS`.
    z_min, z_max : float
        A redshift qualifies from `z_min` to `z_max`, ends included.

    Returns
    -------
    SourceSample
        Fewer sources, at the redshifts of the variant; without redshift densities, which speak of another question.

    Raises
    ------
    DataError
        For an unknown variant, or where columns are missing.

    References
    ----------
    Barlow-Hall & Aird, section 3.4 and fig. 7.
    """
    if variant not in VARIANTS:
        raise DataError(f"no variant {variant!r}. {nearest(variant, VARIANTS)} Variants: {', '.join(VARIANTS)}")
    galaxy, agn = _column(sample, "z_gal"), _column(sample, "z_qso")
    with np.errstate(invalid="ignore"):
        fits = [(z >= z_min) & (z <= z_max) for z in (galaxy, agn)]
    if variant == "best":
        chi2 = [np.where(np.isnan(c), np.inf, c) for c in (_column(sample, "chi2_gal"), _column(sample, "chi2_qso"))]
        second = np.isnan(galaxy) | (np.isfinite(agn) & (chi2[1] < chi2[0]))
        z, kept = np.where(second, agn, galaxy), np.where(second, fits[1], fits[0])
    else:
        low = variant.endswith("low")
        of_those = [np.where(ok, z, np.inf if low else -np.inf) for z, ok in zip((galaxy, agn), fits, strict=True)]
        z = np.minimum(*of_those) if low else np.maximum(*of_those)
        kept = fits[0] & fits[1] if variant.startswith("without") else fits[0] | fits[1]
    fixed = sample.spectroscopic & np.isfinite(sample.z)
    z = np.where(fixed, sample.z, z)
    kept = np.where(fixed, (sample.z >= z_min) & (sample.z <= z_max), kept)
    return attrs.evolve(sample.select(kept), z=z[kept], redshifts=None)


def _column(sample: SourceSample, name: str) -> Array:
    if sample.table is None or name not in sample.table.columns:
        there = "no table" if sample.table is None else f"the columns {', '.join(sample.table.columns)}"
        raise DataError(
            f"photo-z variants need the columns z_gal, z_qso, chi2_gal and chi2_qso; the sample {sample.name} has {there}, and "
            f"{name} is missing: name it among the columns that are read"
        )
    return np.asarray(sample.table[name], dtype=float)
