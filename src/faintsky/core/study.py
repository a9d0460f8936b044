"""The Study interface (kind ``studies``): written as if for one cell, it calls steps and says what is shown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from attrs import field, frozen

from faintsky.core.step import Pending, Workflow

__all__ = ["CellResult", "Figure", "Headline", "Study"]

R = TypeVar("R")


@frozen(kw_only=True, eq=False)
class CellResult:
    """What one cell gave: one combination of the alternatives of a study.

    Attributes
    ----------
    labels : mapping of str to str
        Axis to the label of the alternative; empty for a study without axes.
    study : Study
        The typed single study of this cell.
    results : mapping of str to object
        What `Study.analyse` named, as far as it is done.
    failed : mapping of str to str
        Name of the result to the cause, for what failed.
    recipe : bool
        A component of the cell is a published recipe known to be biased.
    """

    labels: Mapping[str, str]
    study: Any
    results: Mapping[str, Any] = field(factory=dict)
    failed: Mapping[str, str] = field(factory=dict)
    recipe: bool = False

    def named(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """Results whose name begins with a word, by the rest of the name; only these are read."""
        for name in self.results:
            if name.startswith(f"{prefix} "):
                yield name.removeprefix(f"{prefix} "), self.results[name]

    def of_type(self, cls: type[R]) -> Iterator[tuple[str, R]]:
        """Results of a class, by name; only these are read."""
        told = getattr(self.results, "is_a", None)
        for name in self.results:
            if told is None or told(name, cls):
                result = self.results[name]
                if isinstance(result, cls):
                    yield name, result

    def identity(self, name: str) -> str:
        """What tells one result from another without reading it: the task that made it."""
        tasks: Mapping[str, str] = getattr(self.results, "tasks", {})
        return tasks[name] if name in tasks else str(id(self.results[name]))

    @property
    def name(self) -> str:
        """The labels in one text."""
        return " / ".join(self.labels.values()) or "single"


@frozen(kw_only=True)
class Headline:
    """The quantity a study is about: value, lower and upper 1-sigma errors, unit, and the question it answers.

    `truth` is the input of a simulation, where the data are one.
    """

    quantity: str
    value: float
    low: float
    high: float
    unit: str = ""
    question: str = ""
    truth: float | None = None


@frozen(kw_only=True)
class Figure:
    """A figure of the report: how it is drawn, what a reader who cannot see it is told, the table behind it."""

    title: str
    alt: str
    draw: Callable[[Sequence[CellResult], Any], None]
    table: str = ""


@runtime_checkable
class Study(Protocol):
    """A component of kind ``studies``; its fields are its slots and options."""

    @abstractmethod
    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """Ask for the steps of one cell, and name the results that are shown."""

    @abstractmethod
    def headline(self, cell: CellResult) -> Headline | None:
        """The quantity of this cell, or None where it is not done or failed."""

    @abstractmethod
    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """Name to QTable, from what is done; rows in the order of the cells."""

    def figures(self) -> Mapping[str, Figure]:
        """Name to figure, in the order of the report."""
        return {}

    def check(self) -> Iterable[tuple[str, str]]:
        """What is wrong between fields: (dotted key, message), found before anything runs."""
        return ()
