"""Starts the command line in a process of its own, and writes the study file that tests of runs use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

__all__ = ["SMALL", "start", "write_small"]

SMALL = Path(__file__).with_name("small_study.py")


def start(*arguments: str | Path, cwd: Path, path: str = "") -> subprocess.Popen[str]:
    """The command line in a process of its own; `path` stands in front of the import path."""
    environment = dict(os.environ, PYTHONPATH=path, OMP_NUM_THREADS="1", COLUMNS="140")
    # A shell starts what runs in its background with SIGINT ignored, and so would be all that is started from there.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}; from faintsky.cli.main import main; main()"
    call = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(call, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def write_small(folder: Path, more: str = "") -> Path:
    """A study file of the small study, with two cells of four draws and a sum each."""
    file = folder / "small.toml"
    file.write_text(
        dedent(f"""
        study = "{SMALL}:Small"
        name = "small"
        number = 50
        {more}

        [[prior]]
        use = "normal"
        mean = 0.0
        sigma = 1.0

        [[prior]]
        use = "uniform"
        low = -1.0
        high = 1.0
        """)
    )
    return file
