"""The sample of blind detections and of galaxies with significant X-ray counts."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.selection import MatchedField, Selected, Selection
from faintsky.estimators.detections.extraction import extract, joined
from faintsky.estimators.detections.false_fraction import false_fraction, false_fraction_threshold
from faintsky.estimators.selections.blind import check_band, counts_of

__all__ = ["ExtractedSelection"]

#: Thresholds of the curves of the false fraction.
_THRESHOLDS = np.geomspace(1e-8, 1e-2, 121)


@component(references=["BarlowHall2025", "BenjaminiHochberg1995"])
@frozen(kw_only=True)
class ExtractedSelection(Selection):
    """Blind sources, and galaxies whose X-ray counts are significant at a threshold that fewer chances allow.

    Counts are extracted at every galaxy that lies clear of the blind sources. The threshold is solved for a share of false
    detections among those of the galaxies above `z_min`, blind counterparts among them: of N galaxies, N times the threshold are
    false. Where no threshold reaches that share, that of the blind search serves, and a warning says so.

    In a dense field several galaxies lie within the aperture of one faint X-ray source, and each passes by its light. The paper
    says nothing of it; here one of them is taken, so that a source counts once, and `sharing` tells.

    References
    ----------
    Barlow-Hall & Aird, section 2.4, eqs 5 and 6.
    """

    band: str = option("full", help="name of the image that sources must be significant in")
    false_fraction: float = option(0.05, gt=0, lt=1, help="share of false detections that the threshold is solved for")
    z_min: float = option(4.0, ge=0, help="galaxies from this redshift on must keep to it")
    threshold: float | None = option(None, gt=0, lt=1, help="a false probability instead")
    eef: float = option(0.7, gt=0, lt=1, help="enclosed light of the aperture")
    zone_eef: float = option(0.9, gt=0, lt=1, help="enclosed light of the radius that zones around blind sources scale with")
    zone_factor: float = option(2.0, ge=0, help="radius of these zones, in that radius")
    sharing: str = option(
        "one",
        choices=("one", "all"),
        help="galaxies within an aperture share X-ray counts: the most significant one is taken, or all, as in the paper",
    )

    def select(self, matched: MatchedField, ctx: Context) -> Selected:
        """The sample, with the curves of the false fraction of all galaxies and of those above `z_min`.

        Raises
        ------
        DataError
            Where there is no image of the band, or no source is left.
        """
        check_band(matched, self.band)
        galaxies, blind = matched.galaxies, matched.sources
        found = extract(
            matched.images,
            galaxies["ra"],
            galaxies["dec"],
            blind,
            eef=self.eef,
            zone_eef=self.zone_eef,
            zone_factor=self.zone_factor,
        )
        tested = found.tested(self.band)
        secure = np.flatnonzero(matched.secure)
        hosts = matched.matches.counterpart[secure]
        own = blind.photometry[self.band].false_probability
        probability = np.concatenate([found.photometry[self.band].false_probability[tested], own[secure]])
        redshift = np.concatenate([galaxies["z_best"][tested], galaxies["z_best"][hosts]])
        high = redshift >= self.z_min
        threshold = self._threshold(probability[high], blind.threshold, ctx)
        kept = secure[own[secure] < threshold]
        alone = found.most_significant(self.band, threshold) if self.sharing == "one" else None
        more, rows = found.sources({self.band: threshold}, keep=alone, position_error=0.1)
        if not kept.size + rows.size:
            raise DataError(f"no source has a false probability below {threshold:.3g} in the {self.band} band")
        curves = {"threshold": _THRESHOLDS, "all": false_fraction(probability, None, _THRESHOLDS)}
        if high.any():
            curves[f"z >= {self.z_min:g}"] = false_fraction(probability[high], None, _THRESHOLDS)
        insecure = ~matched.secure & (own < threshold)
        return Selected(
            sources=joined(blind.select(kept), more),
            galaxy=np.concatenate([matched.matches.counterpart[kept], rows]),
            band=self.band,
            threshold=threshold,
            false_fraction=curves,
            meta=counts_of(matched, blind=kept.size, insecure=int(insecure.sum()), extracted=rows.size)
            | {"galaxies": len(galaxies), "tested": int(tested.sum()), "tested_high": int(high.sum())}
            | {"passing": int(np.sum(tested & (found.photometry[self.band].false_probability < threshold)))},
        )

    def _threshold(self, high: NDArray[np.float64], blind: float, ctx: Context) -> float:
        if self.threshold is not None:
            return self.threshold
        solved = false_fraction_threshold(high, fraction=self.false_fraction) if high.size else 0.0
        if solved > 0:
            return solved
        ctx.warn(
            f"no threshold keeps the false fraction of {high.size} galaxies at z >= {self.z_min:g} below "
            f"{self.false_fraction:g}: the threshold of the blind search, {blind:g}, serves"
        )
        return blind
