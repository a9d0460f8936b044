"""The conformance suite of the kind ``executors``."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from faintsky.core.run import run
from faintsky.core.study_file import load_study
from faintsky.testing.subject import ComponentConformance

__all__ = ["ExecutorConformance"]

STUDY = """
study = "coherence"
name = "small"
power_spectra = ["decoupled", "fft"]

[[samplers]]
use = "emcee"
steps = 40

[maps.ir]
use = "simulated"
clustering = 1e-10
white = 1e-11
splits = 2

[grid]
pixel = "2.4 arcsec"
size = [48, 48]

[bins]
theta = ["6 arcsec", "80 arcsec"]
per_decade = 5
"""


def _square(number: int) -> int:
    return number * number


def _fail(text: str) -> None:
    raise ArithmeticError(text)


def _blas_threads() -> int:
    import numpy as np
    import threadpoolctl

    _ = np.linalg.inv(np.eye(2))  # loads BLAS, so that it can be asked
    return max((int(pool["num_threads"]) for pool in threadpoolctl.threadpool_info()), default=1)


class ExecutorConformance(ComponentConformance):
    """A pool of the futures interface that does every task once, tells what went wrong, and changes no number.

    Examples
    --------
    >>> class TestMine(ExecutorConformance):
    ...     component = "serial"
    """

    kind: ClassVar[str] = "executors"
    #: Whether tasks are done in processes of their own, with one thread of linear algebra each.
    processes: ClassVar[bool] = True

    def test_every_task_is_done(self) -> None:
        with self.made().open(2) as pool:
            futures = [pool.submit(_square, i) for i in range(20)]
            assert [f.result(timeout=60) for f in futures] == [i * i for i in range(20)]

    def test_what_a_task_raises_reaches_the_caller_and_the_pool_goes_on(self) -> None:
        with self.made().open(1) as pool:
            failed = pool.submit(_fail, "no root of -1")
            with pytest.raises(ArithmeticError, match="no root of -1"):
                failed.result(timeout=60)
            assert pool.submit(_square, 3).result(timeout=60) == 9

    def test_workers_have_one_thread(self) -> None:
        if not self.processes:
            pytest.skip("tasks are done in the process of the caller")
        with self.made().open(1) as pool:
            assert pool.submit(_blas_threads).result(timeout=60) == 1

    def test_no_number_depends_on_it(self, tmp_path: Path) -> None:
        kept = {}
        for name in ("serial", "this"):
            plan = load_study(STUDY, ['run.executor="serial"', "run.workers=2"])
            if name == "this":
                object.__setattr__(plan.options, "executor", self.made())
            done = run(plan, out=tmp_path / name)
            assert done.failures == {}
            kept[name] = {f.name: f.read_bytes() for f in (done.folder / "tables").glob("*.ecsv")}
        assert set(kept["serial"]) >= {"fits.ecsv", "headline.ecsv", "maps.ecsv", "spectra.ecsv"}
        assert kept["this"] == kept["serial"]
