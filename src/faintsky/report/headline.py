"""What stands on top of the page: the number, its two errors, and what they mean in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from faintsky.core.comparison import Comparison
from faintsky.core.goodness import POOR
from faintsky.core.run import Run
from faintsky.core.sampler import Posterior
from faintsky.core.study import Headline
from faintsky.report.numbers import compared, number, plain, unit_text, with_error

__all__ = ["Statement", "statement"]

_MOST_RECIPES = 6


@frozen(kw_only=True)
class Statement:
    """The question, the quantity, its value with both errors, the unit, sentences that explain it, and cautions."""

    question: str = ""
    quantity: str = ""
    value: str = ""
    unit: str = ""
    sentences: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


def statement(run: Run) -> Statement:
    """The headline of a run as a person would say it."""
    found = run.comparison
    reference = found.reference
    cautions = tuple(_cautions(run))
    if reference is None:
        return Statement(cautions=("There is no headline: the reference cell failed or is not done yet.", *cautions))
    several = len(compared(found)) > 1
    systematic = found.systematic if several else None
    sentences = [_errors(run, reference) if several else _single(run, found)]
    sentences += _truth(reference) + _recipes(found)
    return Statement(
        question=plain(reference.question),
        quantity=plain(reference.quantity),
        value=_together(with_error(reference.value, reference.low, reference.high, systematic)),
        unit=unit_text(reference.unit),
        sentences=tuple(map(_together, sentences)),
        cautions=cautions,
    )


def _together(text: str) -> str:
    """The text with numbers that no line breaks inside."""
    for sign in "±×":
        text = text.replace(f" {sign} ", f"\u00a0{sign}\u00a0")
    return text


def _errors(run: Run, reference: Headline) -> str:
    """Which error is which, and which axis makes the systematic."""
    found = run.comparison
    cells = compared(found)
    sigma = 0.5 * (reference.low + reference.high)
    text = (
        f"The first error is the statistical one of the reference cell, {run.cells[0].name}. The second is the method "
        f"systematic, half the range of the value over {len(cells)} cells of sound methods: {_share(found.systematic, sigma)}"
    )
    shares = sorted(found.by_axis.items(), key=lambda item: -item[1])
    shares = [(axis, value) for axis, value in shares if any(len(a.labels) > 1 for a in run.axes if a.name == axis)]
    if len(shares) == 1:
        return f"{text}, all of it with the choice of {_spoken(shares[0][0])}."
    alone = ", ".join(f"{_spoken(axis)} {_share(value, sigma)}" for axis, value in shares)
    return f"{text}, most of it with the choice of {_spoken(shares[0][0])} (each axis alone: {alone})."


def _single(run: Run, found: Comparison) -> str:
    text = f"The error is the statistical one of the reference cell, {run.cells[0].name}."
    if any(len(axis.labels) > 1 for axis in run.axes if axis.kind == "method"):
        return f"{text} No other sound method has a result, so there is no method systematic yet."
    return f"{text} One method was used, so nothing is known of how the answer depends on it."


def _share(value: float, sigma: float) -> str:
    return f"{number(value / sigma, 2)} sigma" if sigma > 0 else number(value)


def _spoken(axis: str) -> str:
    return axis.replace("_", " ").replace(".", " ")


def _truth(reference: Headline) -> list[str]:
    if reference.truth is None:
        return []
    side = reference.low if reference.truth < reference.value else reference.high
    away = f", {number(abs(reference.value - reference.truth) / side, 2)} sigma away" if side > 0 else ""
    return [f"The data are simulated: the input is {with_error(reference.truth, 0, 0)}{away}."]


def _recipes(found: Comparison) -> list[str]:
    """Recipes stand beside the headline by name, and are not counted."""
    given = [(name, h) for name, _, recipe, h in found.headlines if recipe and h is not None]
    if not given:
        return []
    shown = "; ".join(f"{name} gives {with_error(h.value, h.low, h.high)}" for name, h in given[:_MOST_RECIPES])
    more = f"; {len(given) - _MOST_RECIPES} more in the table" if len(given) > _MOST_RECIPES else ""
    return [f"Published recipes that are known to be biased are not counted: {shown}{more}."]


def _cautions(run: Run) -> Iterator[str]:
    """What a reader must know before believing the number."""
    if run.cells and run.cells[0].recipe:
        yield "The reference cell uses a published recipe that is known to be biased."
    failed = [cell.name for cell in run.cells if cell.failed]
    if failed:
        yield f"{len(failed)} of {len(run.cells)} cells failed, wholly or in part: {_few(failed)}."
    if not run.done:
        yield "The run is not done; what is missing appears when the same command is run again."
    wrong = [
        f"{cell.name} ({result.status.replace('_', ' ')})"
        for cell in run.cells
        for _, result in cell.of_type(Posterior)
        if result.status != "converged"
    ]
    if wrong:
        yield f"Fits that did not converge: {_few(wrong)}."
    bad = [
        f"{cell.name} (chi² = {number(result.diagnostics['chi2'])} for {result.diagnostics['dof']:.0f} degrees of freedom)"
        for cell in run.cells
        for _, result in cell.of_type(Posterior)
        if result.diagnostics.get("pte", 1.0) < POOR
    ]
    if bad:
        yield f"The model does not describe the data, and its errors mean little: {_few(bad)}."


def _few(named: Sequence[str]) -> str:
    names = list(dict.fromkeys(named))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
