"""The built-in executors pass the suite of their kind."""

import importlib.util

import pytest

from faintsky.testing.executors import ExecutorConformance


class TestSerial(ExecutorConformance):
    component = "serial"
    processes = False


class TestLoky(ExecutorConformance):
    component = "loky"


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="dask is not installed (extra dask)")
class TestDask(ExecutorConformance):
    component = "dask"
