"""The photons of one source in all its observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import field, frozen

from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.photon_box import PhotonBox

__all__ = ["PhotonSet"]


def _longest_first(boxes: Sequence[PhotonBox]) -> tuple[PhotonBox, ...]:
    return tuple(sorted(boxes, key=lambda box: (-box.exposure, box.name)))


@frozen(kw_only=True, eq=False, slots=False)
class PhotonSet:
    """One X-ray source: its photons in K >= 1 observations, the longest exposure first.

    Attributes
    ----------
    name : str
    ra, dec : float
        Nominal position, the origin of the photons' offsets [deg].
    observations : tuple of PhotonBox
        The first one defines the positions; the others may be shifted against it.
    redshift : float
        NaN where unknown.
    facts : mapping
        What a table of sources shows beside.

    Raises
    ------
    DataError
        Without observations, where two have one name, or their boxes differ.
    """

    name: str
    ra: float = float("nan")
    dec: float = float("nan")
    observations: tuple[PhotonBox, ...] = field(converter=_longest_first)
    redshift: float = float("nan")
    facts: Mapping[str, Any] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        names = [box.name for box in self.observations]
        if not names:
            raise DataError(f"source {self.name} has no observation")
        if len(set(names)) < len(names):
            raise DataError(f"source {self.name}: two observations have one name ({', '.join(names)})")
        if len({box.box for box in self.observations}) > 1:
            raise DataError(f"source {self.name}: its observations have different boxes; positions are allowed in one")

    def __len__(self) -> int:
        return sum(len(box) for box in self.observations)

    @property
    def box(self) -> Any:
        """The Box of all observations."""
        return self.observations[0].box

    @property
    def exposure(self) -> float:
        """Sum of the live times [s]."""
        return float(sum(box.exposure for box in self.observations))

    @property
    def off_axis(self) -> float:
        """Mean off-axis angle, weighted by exposure [rad]."""
        return float(np.average([b.place.off_axis for b in self.observations], weights=[b.exposure for b in self.observations]))

    @property
    def background(self) -> float:
        """Background counts expected in all boxes; NaN where one is not measured."""
        return float(sum(box.background for box in self.observations))

    @cached_property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        return json_digest([self.name, self.ra, self.dec, self.redshift, [box.digest for box in self.observations]])
