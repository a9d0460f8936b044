"""Where a run's numbers come from: versions, inputs, machine, and the command that made it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import attrs

from faintsky.core.component import info
from faintsky.core.digest import path_digest
from faintsky.core.executor import available_cpus
from faintsky.core.registry import registry

__all__ = ["components_of", "input_files", "input_paths", "provenance"]


def _walk(value: Any, key: str = "") -> list[tuple[str, Any]]:
    found = [(key, value)]
    if isinstance(value, Mapping):
        return found + [hit for k, item in value.items() for hit in _walk(item, f"{key}.{k}".lstrip("."))]
    if isinstance(value, tuple | list):
        return found + [hit for i, item in enumerate(value) for hit in _walk(item, f"{key}.{i}".lstrip("."))]
    if attrs.has(type(value)):
        fields = ((a.name, getattr(value, a.name)) for a in attrs.fields(type(value)) if a.init)
        return found + [hit for name, item in fields for hit in _walk(item, f"{key}.{name}".lstrip("."))]
    return found


def input_files(study: Any) -> dict[str, str]:
    """Dotted key of every option of a study that names a file or a folder to the digest of its content."""
    return {key: path_digest(item) for key, item in _walk(study) if isinstance(item, Path) and item.exists()}


def input_paths(study: Any) -> list[Path]:
    """Every file that an option of a study names."""
    return [item for _, item in _walk(study) if isinstance(item, Path) and item.is_file()]


def components_of(study: Any) -> dict[str, dict[str, Any]]:
    """Every component of a study by canonical name: class, science version, references, whether it is a recipe."""
    found: dict[str, dict[str, Any]] = {}
    for _, item in _walk(study):
        cls = type(item)
        if "__component__" not in cls.__dict__:
            continue
        said = info(cls)
        found[registry.name_of(cls)] = {
            "class": f"{cls.__module__}:{cls.__qualname__}",
            "science_version": said.science_version,
            "references": list(said.references),
            "recipe": said.recipe,
        }
    return found


def provenance(studies: list[Any]) -> dict[str, Any]:
    """What a referee asks: versions of everything installed, components, inputs, machine, command, time."""
    parts: dict[str, dict[str, Any]] = {}
    files: dict[str, str] = {}
    for study in studies:
        parts |= components_of(study)
        files |= input_files(study)
    installed = {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"]}
    return {
        "faintsky": metadata.version("faintsky"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": available_cpus(),
        "threads": {k: v for k, v in os.environ.items() if k.endswith("_NUM_THREADS")},
        "components": parts,
        "inputs": files,
        "packages": dict(sorted(installed.items(), key=lambda item: item[0].lower())),
    }
