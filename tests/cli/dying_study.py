"""A study one of whose tasks ends its process the first time, as the kernel does where memory is short."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.step import Pending, Workflow, step
from faintsky.core.study import CellResult, Headline, Study


@step(title="part")
def part(*, number: int, title: str, ctx: Context) -> float:
    """A random number; the second part dies once."""
    if number == 1 and not Path("died").exists():
        Path("died").touch()
        os._exit(9)
    return float(ctx.rng().normal())


@component()
@frozen(kw_only=True)
class Dying(Study):
    """Six parts that need nothing of each other."""

    parts: int = option(6, ge=2, help="how many parts")

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """The parts."""
        return {f"part {i}": run.do(part, number=i, title=str(i)) for i in range(self.parts)}

    def headline(self, cell: CellResult) -> Headline | None:
        """The sum, where all parts are done."""
        if len(cell.results) < self.parts:
            return None
        return Headline(quantity="sum", value=sum(cell.results.values()), low=1.0, high=1.0, unit="1")

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """None beside the headline."""
        return {}
