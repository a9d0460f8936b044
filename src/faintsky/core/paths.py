"""Paths at the edges: a text, a path, or several of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["as_path", "as_paths"]


def as_path(value: Any) -> Any:
    """A text as a `Path`; anything else as it is."""
    return Path(value).expanduser() if isinstance(value, str | os.PathLike) else value


def as_paths(value: Any) -> Any:
    """One text or path, or several, as a tuple of `Path`.

    Examples
    --------
    >>> [p.name for p in as_paths("events.fits")]
    ['events.fits']
    """
    if isinstance(value, str | os.PathLike):
        return (as_path(value),)
    return tuple(as_path(item) for item in value) if isinstance(value, list | tuple) else value
