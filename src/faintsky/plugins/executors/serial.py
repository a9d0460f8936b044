"""Tasks one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from attrs import frozen

from faintsky.core.component import component
from faintsky.core.executor import Executor

__all__ = ["Serial"]

P = ParamSpec("P")
T = TypeVar("T")


class _SerialPool(Pool):
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@component()
@frozen(kw_only=True)
class Serial(Executor):
    """Tasks one after the other, in this process: for debugging, and for classes of a notebook."""

    @contextmanager
    def open(self, workers: int) -> Iterator[Any]:
        yield _SerialPool()
