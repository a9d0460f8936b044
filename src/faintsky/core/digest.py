"""Digests: the identity of arrays, files and attrs trees."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["array_digest", "file_digest", "folder_digest", "json_digest", "path_digest"]


def array_digest(array: NDArray[Any]) -> str:
    """sha256 of type, shape and bytes, independent of byte order and memory layout."""
    plain = np.ascontiguousarray(array)
    plain = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode())
    digest.update(plain.data if plain.size else b"")
    return digest.hexdigest()


def json_digest(tree: Any) -> str:
    """sha256 of the canonical JSON text (sorted keys, shortest round-trip floats)."""
    return hashlib.sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file's content; read once per process while the file stays as it is."""
    stat = path.stat()
    return _file_digest(str(path), stat.st_size, stat.st_mtime_ns)


def path_digest(path: Path) -> str:
    """That of a file or of a folder."""
    return folder_digest(path) if path.is_dir() else file_digest(path)


def folder_digest(path: Path) -> str:
    """sha256 of the names and contents of all files below a folder; hidden ones do not count."""
    files = {file.relative_to(path): file for file in path.rglob("*") if file.is_file()}
    told = {name.as_posix(): file for name, file in files.items() if not any(part.startswith(".") for part in name.parts)}
    return json_digest({name: file_digest(file) for name, file in told.items()})


@lru_cache(maxsize=4096)
def _file_digest(path: str, size: int, mtime_ns: int) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
