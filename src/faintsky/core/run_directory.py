"""The run directory: what identifies the run it holds, and how a changed study forks a new one."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

from faintsky.core.errors import StudyError
from faintsky.core.provenance import provenance
from faintsky.core.storage import write_text
from faintsky.core.study_file import StudyPlan

__all__ = ["flat", "prepare"]


def prepare(plan: StudyPlan, folder: Path, force_new: bool) -> Path:
    """Write what identifies the run, or check that the directory holds the same one.

    Parameters
    ----------
    plan : StudyPlan
    folder : Path
        May exist, and hold this run.
    force_new : bool
        Where it holds another run: fork into a new directory beside it, which starts with the finished tasks.

    Returns
    -------
    Path
        The directory of the run: `folder`, or the fork.

    Raises
    ------
    StudyError
        Where `folder` holds another run; the message names the fields that differ.
    """
    import tomli_w

    said = provenance([cell.study for cell in plan.cells])
    expanded = plan.expanded()
    if (folder / "study.toml").exists():
        changed = _differences(folder, expanded, said)
        if not changed:
            return folder
        if not force_new:
            raise StudyError(
                f"{folder} holds another run; what differs: {', '.join(changed)}.\n"
                "Give another --out, or --force-new to fork a new run that keeps what is done"
            )
        old, folder = folder, _free(folder)
        _link_finished(old, folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "provenance.json", json.dumps(said, indent=1))
    write_text(folder / "study.toml", tomli_w.dumps(expanded))
    return folder


def flat(tree: Any, key: str = "") -> dict[str, Any]:
    """A nested table as dotted keys to values."""
    if isinstance(tree, dict):
        return {k: v for name, item in tree.items() for k, v in flat(item, f"{key}.{name}".lstrip(".")).items()}
    if isinstance(tree, list):
        return {k: v for i, item in enumerate(tree) for k, v in flat(item, f"{key}[{i}]").items()}
    return {key: tree}


def _differences(folder: Path, expanded: dict[str, Any], said: dict[str, Any]) -> list[str]:
    import tomli_w

    before = flat(tomllib.loads((folder / "study.toml").read_text()))
    now = flat(tomllib.loads(tomli_w.dumps(expanded)))
    known = json.loads((folder / "provenance.json").read_text())
    files_now, files_before = said["inputs"], known["inputs"]
    moved = {key for key in now if any(key.endswith(f) or f.startswith(key) for f in files_now)}
    changed = [k for k in {**before, **now} if before.get(k) != now.get(k) and k not in moved]
    changed += [f"the content of {key}" for key, d in files_now.items() if files_before.get(key) != d]
    science = {name: part["science_version"] for name, part in said["components"].items()}
    for name, part in known["components"].items():
        if science.get(name, part["science_version"]) != part["science_version"]:
            changed.append(f"the science version of {name}")
    return changed


def _free(folder: Path) -> Path:
    number = 2
    while (new := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return new


def _link_finished(old: Path, new: Path) -> None:
    """Give the fork the finished tasks as hard links: content under a hash never changes."""
    for status in (old / "tasks").glob("*/status.json"):
        if json.loads(status.read_text())["state"] == "done":
            shutil.copytree(status.parent, new / "tasks" / status.parent.name, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
