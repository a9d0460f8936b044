"""Counterparts: the galaxies that X-ray sources are, with the calibration of how sure that is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.matcher import Matcher, SkyPositions
from faintsky.core.step import step
from faintsky.estimators.matchers.calibration import MatchCalibration, calibrate
from faintsky.estimators.matchers.catalogue_cut import CatalogueCut
from faintsky.estimators.matchers.star_mask import clear_of_mask
from faintsky.estimators.matchers.systematic import with_systematic
from faintsky.studies.xlf.choices import CounterpartChoice
from faintsky.studies.xlf.field import DetectedField

__all__ = ["Counterparts", "match"]


@frozen(kw_only=True, eq=False)
class Counterparts:
    """Matches of the sources on the footprint.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Rows of the source list that lie on the footprint, farther from its edge than their position error.
    removed : mapping of str to int
        Sources that each cut took.
    calibration : MatchCalibration
    cut : float
        On p_any.
    """

    rows: NDArray[np.int64] = field(repr=False)
    removed: Mapping[str, int]
    calibration: MatchCalibration
    cut: float

    @property
    def secure(self) -> NDArray[np.bool_]:
        """Sources whose counterpart is taken, shape (n,)."""
        matches = self.calibration.matches
        return np.asarray((matches.p_any > self.cut) & (matches.counterpart >= 0))

    @property
    def digest(self) -> str:
        """Identity of the matches."""
        return json_digest([array_digest(self.rows), self.calibration.digest, self.cut])


@step(title="match")
def match(
    *, detected: DetectedField, galaxies: Catalogue, matcher: Matcher, choice: CounterpartChoice, title: str, ctx: Context
) -> Counterparts:
    """Match sources and galaxies, and solve the cut on p_any."""
    sources, footprint = detected.sources, detected.footprint
    grid = next(iter(detected.images.values())).grid
    area = next(iter(detected.images.values())).area
    every = with_systematic(
        SkyPositions(ra=sources.ra, dec=sources.dec, error=sources.position_error, area=area, name="X-ray sources"),
        systematic=choice.systematic,
    )
    cut = CatalogueCut.of({"footprint or star mask": clear_of_mask(every, grid, ~footprint)})
    rows = np.flatnonzero(cut.kept)
    if not rows.size:
        raise DataError("no X-ray source lies on the footprint, clear of its masks")
    others = SkyPositions(
        ra=galaxies["ra"],
        dec=galaxies["dec"],
        error=np.full(len(galaxies), choice.galaxy_error),
        area=area,
        columns={name: c for name, c in galaxies.columns.items() if c.dtype.kind == "f" and name not in ("ra", "dec")},
        name=galaxies.name,
    )
    with np.errstate(invalid="ignore"):
        subsets = {f"z >= {z:g}": galaxies["z_best"] >= z for z in choice.subsets}
    calibration = calibrate(
        matcher,
        every.select(rows),
        others,
        ctx,
        unmasked=every,
        inside=lambda positions: clear_of_mask(positions, grid, ~footprint),
        copies=choice.copies,
        subsets=subsets,
    )
    p_any = calibration.cut(choice.false_positives) if choice.p_any is None else choice.p_any
    return Counterparts(rows=rows, removed=cut.removed, calibration=calibration, cut=p_any)
