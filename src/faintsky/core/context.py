"""What a component is given at run time: its random stream, its progress line, its checkpoint folder, its budget."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
from attrs import frozen

from faintsky.core.errors import FaintskyWarning

__all__ = ["Context", "Progress"]


@frozen
class Progress:
    """One event of a task's progress: `done` of `total` (0 where unknown), and a short message."""

    done: float
    total: float
    message: str = ""


def _words(text: str) -> tuple[int, ...]:
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))


@frozen
class Context:
    """Frozen and stateless; outside a run the quiet default serves.

    Attributes
    ----------
    seed : int
        The seed of the study (or of the repeat).
    task : str
        The task's hash, which makes its random stream its own.
    folder : Path, optional
        Where an engine may keep checkpoints and its chatter; kept until the task is done.
    report : callable, optional
        Receives `Progress` events.
    """

    seed: int = 0
    task: str = ""
    folder: Path | None = None
    report: Callable[[Progress], None] | None = None

    def rng(self, key: str = "") -> np.random.Generator:
        """The task's own stream; `key` names independent sub-streams of it."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, *_words(f"task:{self.task}:{key}")]))

    def shared_rng(self, key: str) -> np.random.Generator:
        """A stream that every task of the study with this seed sees alike, such as that of a shared sky."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, *_words(f"shared:{key}")]))

    def progress(self, done: float, total: float = 0, message: str = "") -> None:
        """Tell how far the work is; components never print."""
        if self.report is not None:
            self.report(Progress(done, total, message))

    def warn(self, message: str) -> None:
        """Say what a referee would ask about; a run keeps it in the log and in the report."""
        warnings.warn(message, FaintskyWarning, stacklevel=3)

    @contextmanager
    def captured(self, name: str = "engine.log") -> Iterator[None]:
        """Send what an engine prints to a file of the task's folder (nowhere, outside a run)."""
        target = os.devnull if self.folder is None else str(self.folder / name)
        with open(target, "a", encoding="utf-8") as handle, redirect_stdout(handle), redirect_stderr(handle):
            yield
