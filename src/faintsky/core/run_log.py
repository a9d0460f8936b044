"""The log of a run: ``log.jsonl``, one event a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from faintsky.core.scheduler import Event, event_line

__all__ = ["RunLog"]


class RunLog:
    """Every event as one JSON line, and on to whoever listens."""

    def __init__(self, path: Path, listen: Callable[[Event], None]) -> None:
        self.path, self.listen = path, listen

    def __call__(self, event: Event) -> None:
        if event.kind not in ("advanced", "planned"):
            self.write(json.loads(event_line(event)))
        self.listen(event)

    def write(self, said: Mapping[str, Any]) -> None:
        with open(self.path, "a", encoding="utf-8") as handle:
            handle.write(json.dumps(said) + "\n")
