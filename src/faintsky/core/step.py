"""Steps: the pure functions that a study is made of. A task is one step with its inputs, addressed by their hash."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from attrs import frozen

from faintsky.core.registry import object_path

__all__ = ["Pending", "Step", "Workflow", "step"]

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", covariant=True)


@frozen
class Pending(Generic[R]):
    """The result of a task that may not have run yet; an input of further steps.

    Attributes
    ----------
    task_id : str
        The hash of the task's inputs.
    """

    task_id: str


@frozen
class Step(Generic[T]):
    """A function that a run can do anywhere: it gets its inputs by name, and a `Context` as `ctx`.

    Attributes
    ----------
    function : callable
    version : int
        Its science version: raised only when the numbers change.
    title : str
        What the progress line says.
    """

    function: Callable[..., T]
    version: int
    title: str

    @property
    def name(self) -> str:
        """Where a worker finds it."""
        return object_path(self.function)

    def __call__(self, *args: Any, **inputs: Any) -> T:
        return self.function(*args, **inputs)


def step(version: int = 1, title: str = "") -> Callable[[Callable[P, T]], Step[T]]:
    """Make a step of a module-level function with a keyword argument ``ctx``."""

    def wrap(function: Callable[P, T]) -> Step[T]:
        said = title or getattr(function, "__name__", "step").replace("_", " ")
        return Step(function, version, said)

    return wrap


class Workflow(Protocol):
    """What a study is given: it asks for steps, and may look at a value to decide on the next."""

    @abstractmethod
    def do(self, step: Step[T], /, **inputs: Any) -> Pending[T]:
        """Ask for a step; equal inputs are one task, whoever asks. Nothing runs yet."""

    @abstractmethod
    def value(self, pending: Pending[T]) -> T:
        """Run what is needed now, and return the result (for loops that decide when to stop)."""
