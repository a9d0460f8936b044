"""Where tables for people go: the terminal as wide as it is, a pipe or a file without folding."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console"]


def console() -> Console:
    """A console on standard output."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140, markup=False, highlight=False, soft_wrap=False)
