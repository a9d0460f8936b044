"""Commands as a user calls them, small studies, and distributions that are installed for one test."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import attrs
import pytest
from command_process import start, write_small


@attrs.frozen
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """The command line in this process, with its exit code."""
    from faintsky.cli.main import main

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        return Outcome(int(stopped.value.code or 0), said.out, said.err)

    return call


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Outcome]:
    """The command line in a process of its own, with folders of distributions in front of its import path."""

    def call(*arguments: str | Path, path: tuple[Path, ...] = (), cwd: Path = tmp_path) -> Outcome:
        running = start(*arguments, cwd=cwd, path=os.pathsep.join(map(str, path)))
        out, err = running.communicate(timeout=120)
        return Outcome(running.returncode, out, err)

    return call


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A study file of the small study, with two cells."""
    return write_small(tmp_path)


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Puts a distribution into a folder as pip would: metadata, entry points, modules."""

    def put(
        name: str,
        entry_points: Mapping[str, Mapping[str, str]],
        modules: Mapping[str, str],
        requires: tuple[str, ...] = ("faintsky",),
        version: str = "1.2",
    ) -> Path:
        folder = tmp_path / "site" / name
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        head += [f"Requires-Dist: {r}" for r in requires]
        head += [f"Project-URL: Issues, https://example.org/{name}/issues"]
        (info / "METADATA").write_text("\n".join(head) + "\n")
        text = "\n".join(f"[{g}]\n" + "\n".join(f"{k} = {v}" for k, v in points.items()) for g, points in entry_points.items())
        (info / "entry_points.txt").write_text(text + "\n")
        for module, source in modules.items():
            (folder / module).parent.mkdir(parents=True, exist_ok=True)
            (folder / module).write_text(dedent(source))
        return folder

    return put
