"""Workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.executor import Executor
from faintsky.core.extras import require

__all__ = ["Dask"]


@component(extra="dask")
@frozen(kw_only=True)
class Dask(Executor):
    """Workers of a dask cluster: a running one by its address, a batch system's by dask-jobqueue, or a local one.

    The run directory must lie on a file system that the workers share.
    """

    scheduler: str = option("", help="address of a running scheduler, such as tcp://host:8786")
    jobqueue: str = option("", help="class of dask-jobqueue that asks a batch system for workers, such as SLURMCluster")
    jobqueue_options: dict[str, Any] = option(factory=dict, help="its arguments: queue, cores, memory, walltime, ...")

    @contextmanager
    def open(self, workers: int) -> Iterator[Any]:
        distributed = require("distributed", extra="dask")
        if self.scheduler:
            with distributed.Client(self.scheduler) as client:
                yield client.get_executor()
            return
        with self._cluster(distributed, workers) as cluster, distributed.Client(cluster) as client:
            yield client.get_executor()

    def _cluster(self, distributed: Any, workers: int) -> Any:
        if not self.jobqueue:
            return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        cluster = getattr(require("dask_jobqueue", extra="dask"), self.jobqueue)(**self.jobqueue_options)
        cluster.scale(jobs=workers)
        return cluster
