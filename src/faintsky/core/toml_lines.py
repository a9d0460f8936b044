"""Where each key of a TOML text stands: the text is cut into statements by growing each until tomllib parses it."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from typing import Any

__all__ = ["key_lines"]

Path = tuple[str | int, ...]


def key_lines(text: str) -> dict[Path, int]:
    """Line numbers (from 1) of every table and key; elements of arrays of tables carry their index.

    Parameters
    ----------
    text : str
        Valid TOML.

    Examples
    --------
    >>> key_lines('seed = 1\\n[[samplers]]\\nuse = "emcee"')[("samplers", 0, "use")]
    3
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = defaultdict(int)
    table: Path = ()
    pending: list[str] = []
    start = 1
    for number, line in enumerate(text.splitlines(), start=1):
        if not pending:
            start = number
        pending.append(line)
        try:
            parsed = tomllib.loads("\n".join(pending))
        except tomllib.TOMLDecodeError:
            continue
        head = pending[0].lstrip()
        pending = []
        if head.startswith("["):
            table = _header(parsed, head.startswith("[["), counts)
            lines.setdefault(table, start)
        else:
            for path in _leaves(parsed, ()):
                lines.setdefault((*table, *path), start)
    return lines


def _header(parsed: dict[str, Any], array: bool, counts: dict[Path, int]) -> Path:
    """The path of a ``[table]`` or ``[[array]]`` header, indices of the enclosing arrays included."""
    names: list[str] = []
    node: Any = parsed
    while isinstance(node, dict) and node:
        name = next(iter(node))
        names.append(name)
        node = node[name]
        if isinstance(node, list):
            break
    path: Path = ()
    for i, name in enumerate(names):
        path = (*path, name)
        if array and i == len(names) - 1:
            counts[path] += 1
        if counts.get(path):
            path = (*path, counts[path] - 1)
    return path


def _leaves(node: Any, path: Path) -> list[Path]:
    found: list[Path] = []
    if path:
        found.append(path)
    if isinstance(node, dict):
        for key, item in node.items():
            found += _leaves(item, (*path, key))
    elif isinstance(node, list):
        for i, item in enumerate(node):
            found += _leaves(item, (*path, i))
    return found
