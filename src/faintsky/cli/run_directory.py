"""The argument RUN of commands: a directory that ``faintsky run`` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from faintsky.core.run import Run

__all__ = ["RunDirectory"]


class RunDirectory(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.2 or so
    """Opens a run directory; anything else is a usage error, with what stands nearby."""

    name = "directory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Run:
        """The opened run."""
        from faintsky.core.errors import DataError, nearest
        from faintsky.core.run import Run, open_run

        if isinstance(value, Run):
            return value
        try:
            return open_run(value)
        except DataError as error:
            path = Path(value)
            near = [p.parent.name for p in path.parent.glob("*/cells.h5")] if path.parent.is_dir() else []
            self.fail(f"{error}. {nearest(path.name, near)}".rstrip(), param, ctx)
