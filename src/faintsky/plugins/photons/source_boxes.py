"""Boxes of single sources as a study file writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faintsky.core.box import Box
from faintsky.core.errors import DataError, nearest
from faintsky.core.units import canonical

__all__ = ["source_boxes", "written_sides"]


def written_sides(value: Any) -> Any:
    """Sides of boxes by source name as texts with a unit (an attrs converter); a bare number of Python is in arcsec."""
    if not isinstance(value, Mapping):
        return value
    listed = {name: sides if isinstance(sides, list | tuple) else [sides] for name, sides in value.items()}
    return {name: tuple(s if isinstance(s, str) else f"{float(s)!r} arcsec" for s in sides) for name, sides in listed.items()}


def source_boxes(written: Mapping[str, Sequence[str]], known: Sequence[str] | None = None) -> dict[str, Box]:
    """The boxes by source name; `known` are the names that there are.

    Raises
    ------
    DataError
        Where a source is unknown (with the nearest name), or a box is none or does not hold its source.
    """
    if known is not None:
        names = set(known)
        unknown = next((name for name in written if name not in names), None)
        if unknown is not None:
            raise DataError(
                f"boxes: there is no source {unknown!r} among the {len(names)} candidates. {nearest(unknown, names)}".rstrip()
            )
    return {name: _box(name, sides) for name, sides in written.items()}


def _box(name: str, sides: Sequence[str]) -> Box:
    numbers = [float(canonical(side, "arcsec")) for side in sides]
    if len(numbers) == 1:
        return Box.square(numbers[0])
    if len(numbers) != 4:
        raise DataError(
            f"boxes.{name}: give [side], or the four ends [west low, west high, north low, north high], got {list(sides)}"
        )
    box = Box(x_low=numbers[0], x_high=numbers[1], y_low=numbers[2], y_high=numbers[3])
    if not box.holds(0.0, 0.0):
        raise DataError(f"boxes.{name}: the box {box} does not hold the source at (0, 0)")
    return box
