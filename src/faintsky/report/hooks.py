"""The report is written when a run is done: a hook like any other."""

from __future__ import annotations

from faintsky.core.hooks import hookimpl
from faintsky.core.run import Run

__all__ = ["after_run"]


@hookimpl
def after_run(run: Run) -> None:
    """Write ``report.html`` and the figures."""
    from faintsky.report.page import write_report

    write_report(run)
