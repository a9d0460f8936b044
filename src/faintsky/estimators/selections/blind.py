"""The sample of blind detections in one band."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.selection import MatchedField, Selected, Selection

__all__ = ["BlindSelection", "check_band", "counts_of"]


@component(references=["BarlowHall2025"])
@frozen(kw_only=True)
class BlindSelection(Selection):
    """Blind sources that are significant in one band and have a secure counterpart.

    References
    ----------
    Barlow-Hall & Aird, sections 2.3 and 3.2.
    """

    band: str = option("full", help="name of the image that sources must be significant in")

    def select(self, matched: MatchedField, ctx: Context) -> Selected:
        """The sample.

        Raises
        ------
        DataError
            Where there is no image of the band, or no source is left.
        """
        check_band(matched, self.band)
        found = matched.sources.detected[self.band]
        kept = np.flatnonzero(found & matched.secure)
        if not kept.size:
            raise DataError(f"none of {int(found.sum())} blind sources in the {self.band} band has a secure counterpart")
        galaxy = matched.matches.counterpart[kept]
        return Selected(
            sources=matched.sources.select(kept),
            galaxy=galaxy,
            band=self.band,
            threshold=matched.sources.threshold,
            meta=counts_of(matched, blind=kept.size, insecure=int(np.sum(found & ~matched.secure)), extracted=0),
        )


def check_band(matched: MatchedField, band: str) -> None:
    """Refuse a band that there is no image of.

    Raises
    ------
    DataError
        The message holds the nearest one.
    """
    if band not in matched.images:
        raise DataError(f"there is no image {band!r}. {nearest(band, matched.images)} Images: {', '.join(matched.images)}")


def counts_of(matched: MatchedField, *, blind: int, insecure: int, extracted: int) -> dict[str, int]:
    """What a sample is made of, and what it lost."""
    return {"sources": len(matched.sources), "blind": int(blind), "extracted": int(extracted), "insecure": int(insecure)}
