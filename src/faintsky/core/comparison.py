"""Comparison of cells: the headline of each, and how much it depends on the method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from faintsky.core.axes import Axis
from faintsky.core.study import CellResult, Headline

__all__ = ["Comparison", "compare_cells"]


@frozen(kw_only=True)
class Comparison:
    """The headline of a run.

    Attributes
    ----------
    reference : Headline or None
        That of the reference cell: the first alternative of each axis; None where it failed or is not done.
    headlines : tuple of (cell name, labels, recipe, Headline or None)
        Of every cell.
    systematic : float
        Half the range of the values over the method axes, recipes left out, data and repeats at their reference.
    by_axis : mapping of str to float
        The same, varying one method axis and holding the others at their reference: which axis makes it.
    """

    reference: Headline | None
    headlines: tuple[tuple[str, Mapping[str, str], bool, Headline | None], ...]
    systematic: float
    by_axis: Mapping[str, float]

    def to_table(self) -> Any:
        """One row a cell: labels, value, errors, distance to the reference in combined sigma."""
        from astropy.table import QTable

        table = QTable()
        axes = list(self.headlines[0][1]) if self.headlines else []
        for axis in axes:
            table[axis] = [labels[axis] for _, labels, _, _ in self.headlines]
        for name, pick in (("value", "value"), ("error_low", "low"), ("error_high", "high")):
            table[name] = [np.nan if h is None else getattr(h, pick) for *_, h in self.headlines]
        table["sigma_from_reference"] = [self._distance(h) for *_, h in self.headlines]
        table["recipe"] = [recipe for _, _, recipe, _ in self.headlines]
        known = next((h for *_, h in self.headlines if h is not None), None)
        table.meta["quantity"] = known.quantity if known else ""
        table.meta["unit"] = known.unit if known else ""
        table.meta["method_systematic"] = self.systematic
        return table

    def _distance(self, headline: Headline | None) -> float:
        if headline is None or self.reference is None:
            return float("nan")
        error = np.hypot(0.5 * (headline.low + headline.high), 0.5 * (self.reference.low + self.reference.high))
        return float((headline.value - self.reference.value) / error) if error > 0 else float("nan")


def compare_cells(axes: Sequence[Axis], cells: Sequence[CellResult], headlines: Sequence[Headline | None]) -> Comparison:
    """Compare the headlines of all cells; the first cell is the reference."""
    reference = {axis.name: axis.labels[0] for axis in axes}
    methods = [axis.name for axis in axes if axis.kind == "method"]
    rows = list(zip(cells, headlines, strict=True))

    def half_range(free: Sequence[str]) -> float:
        held = [name for name in reference if name not in free]
        values = [
            h.value for cell, h in rows if h is not None and not cell.recipe and all(cell.labels[k] == reference[k] for k in held)
        ]
        return 0.5 * (max(values) - min(values)) if len(values) > 1 else 0.0

    return Comparison(
        reference=headlines[0] if headlines else None,
        headlines=tuple((cell.name, cell.labels, cell.recipe, h) for cell, h in rows),
        systematic=half_range(methods),
        by_axis={name: half_range([name]) for name in methods},
    )
