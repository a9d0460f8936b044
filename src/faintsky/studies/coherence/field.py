"""One field of a study of several: its maps, masks and grid."""

from __future__ import annotations

from attrs import frozen

from faintsky.core.component import option, slot
from faintsky.core.map import MapSource
from faintsky.core.mask import MaskRule
from faintsky.studies.coherence.choices import GridChoice

__all__ = ["FieldChoice"]


@frozen(kw_only=True)
class FieldChoice:
    """``[fields.NAME]``: every field has maps of the same names, over the same bins, so that spectra can be stacked."""

    maps: dict[str, MapSource] = slot(parts=True, axis="data", help="the maps of the field")
    masks: dict[str, MaskRule] = slot(parts=True, axis="data", help="its masks; their union is left out")
    grid: GridChoice = option(factory=GridChoice, help="where its maps are made")
