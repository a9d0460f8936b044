"""The kind ``executors``: who does the tasks of a run; and the ``[run]`` table of a study file."""

from __future__ import annotations

import os
from abc import abstractmethod
from concurrent.futures import Executor as Pool
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from attrs import frozen

from faintsky.core.component import option, slot

__all__ = ["Executor", "RunOptions", "available_cpus"]


@runtime_checkable
class Executor(Protocol):
    """Opens a pool of the standard library's futures interface. A task gets a run directory and its id, no more."""

    @abstractmethod
    def open(self, workers: int) -> AbstractContextManager[Pool]:
        """A pool of `workers`; leaving it without `cancel` waits for what runs."""


def available_cpus() -> int:
    """The CPUs this process may use (not those of the machine)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@frozen(kw_only=True)
class RunOptions:
    """How a study is run. None of it can change a number, so none of it enters a hash."""

    executor: Executor = slot("loky", help="who does the tasks")
    workers: int = option(0, ge=0, help="tasks at a time; 0 = the CPUs that this process may use")

    @property
    def count(self) -> int:
        """Number of workers."""
        return self.workers or available_cpus()
