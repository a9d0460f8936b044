"""A study of a few steps that take their time and draw random numbers, for tests of runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen

from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.prior import Prior
from faintsky.core.step import Pending, Workflow, step
from faintsky.core.study import CellResult, Headline, Study


@frozen(kw_only=True, eq=False)
class Draws:
    """Numbers drawn from a prior."""

    values: np.ndarray = field(repr=False)


@step(title="draw")
def draw(*, prior: Prior, number: int, wait: float, title: str, ctx: Context) -> Draws:
    """Draw numbers from a prior, slowly."""
    for i in range(4):
        time.sleep(wait / 4)
        ctx.progress(i + 1, 4, "drawing")
    if number == 17:
        ctx.warn("seventeen draws are few")
    if number == 13:
        raise DataError("13 draws bring bad luck")
    return Draws(values=prior.ppf(ctx.rng("draws").uniform(size=number)))


@step(title="add")
def add(*, draws: Sequence[Draws], wait: float, ctx: Context) -> Draws:
    """The sum of draws, with noise of its own."""
    time.sleep(wait)
    return Draws(values=sum(d.values for d in draws) + ctx.rng().normal(size=len(draws[0].values)))


@component(references=["Someone2000"])
@frozen(kw_only=True)
class Small(Study):
    """Draws numbers and adds them."""

    prior: Prior = slot("normal", help="what is drawn from")
    number: int = option(100, ge=1, help="how many numbers")
    parts: int = option(4, ge=1, help="how many draws are added")
    wait: float = option(0.0, ge=0, help="how long a step takes, in seconds")

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Parts, and their sum."""
        parts = [run.do(draw, prior=self.prior, number=self.number, wait=self.wait, title=f"part {i}") for i in range(self.parts)]
        return {"first": parts[0], "sum": run.do(add, draws=parts, wait=self.wait)}

    def headline(self, cell: CellResult) -> Headline | None:
        """The mean of the sum."""
        if "sum" not in cell.results:
            return None
        values = cell.results["sum"].values
        error = float(values.std() / np.sqrt(len(values)))
        return Headline(quantity="mean", value=float(values.mean()), low=error, high=error, unit="1")

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """Every number of every sum."""
        from astropy.table import QTable

        rows = [
            dict(cell.labels) | {"number": i, "value": v, "value_error": 1.0}
            for cell in cells
            if "sum" in cell.results
            for i, v in enumerate(cell.results["sum"].values)
        ]
        return {"sums": QTable(rows)} if rows else {}

    def check(self) -> Iterator[tuple[str, str]]:
        """More parts than numbers would be odd."""
        if self.parts > self.number:
            yield "parts", f"must not exceed number ({self.number}), got {self.parts}"
