"""A pool of processes on this machine."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from faintsky.core.component import component
from faintsky.core.executor import Executor

__all__ = ["Loky"]


@component()
@frozen(kw_only=True)
class Loky(Executor):
    """A pool of fresh processes on this machine; a script needs no main guard, a worker that dies is noticed.

    Each worker runs with one BLAS thread: the tasks own the parallelism.
    """

    @contextmanager
    def open(self, workers: int) -> Iterator[Any]:
        from loky import ProcessPoolExecutor

        # Workers grow with the maps they hold; loky then replaces them between tasks, which costs nothing and needs no word.
        warnings.filterwarnings("ignore", message="A worker was restarted while some jobs", category=UserWarning)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        pool = ProcessPoolExecutor(max_workers=workers, timeout=60, env=threads)
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, kill_workers=True)
            raise
        pool.shutdown(wait=True)
