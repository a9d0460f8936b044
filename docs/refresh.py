"""Runs what the pages show, and writes the outputs and the figure into them:  python docs/refresh.py

An output stands in a page as a block after a comment, ``% output: NAME``; NAME is a key of ``OUTPUTS`` below. So no number in
them is typed by hand. Outputs that need real data stay as they are where the data are absent.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parent
M82 = DOCS.parents[1] / "shared" / "data" / "chandra_events" / "M82_10027_evt2_subset.fits"


def command(text: str, folder: Path) -> str:
    """What a command prints, without the folder it ran in."""
    found = subprocess.run(text, shell=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if found.returncode not in (0, 2):
        raise SystemExit(f"{text}\n{found.stdout}")
    return found.stdout.replace(f"{folder}/", "").rstrip()


def _demo(folder: Path) -> str:
    shutil.rmtree(folder / "faintsky-demo", ignore_errors=True)
    text = command("faintsky demo --no-open", folder)
    draw(folder / "faintsky-demo")
    return text


def _headline(folder: Path, run: str) -> str:
    """The table of the headline, as a person would print it."""
    import faintsky

    table = faintsky.open_run(folder / run).table("headline")
    for name in ("value", "error_low", "error_high"):
        table[name].info.format = ".3g"
    table["sigma_from_reference"].info.format = ".2f"
    table.rename_column("sigma_from_reference", "sigma")  # a page is narrow
    return "\n".join(table.pformat(max_lines=-1, max_width=-1))


def _m82(folder: Path) -> str | None:
    if not M82.exists():
        return None
    import warnings

    from faintsky.core.context import Context
    from faintsky.core.errors import FaintskyWarning
    from faintsky.plugins.maps.event_file import read_events

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FaintskyWarning)
        read_events(M82, Context())
    said = " ".join(str(w.message) for w in caught if issubclass(w.category, FaintskyWarning))
    return textwrap.fill(said, 100)


def _mine(folder: Path) -> str:
    command("faintsky run my_estimator.toml --quiet", folder)
    return _headline(folder, "runs/my-estimator")


def _compare(folder: Path) -> str:
    command("faintsky run compare_methods.toml --quiet", folder)
    return _headline(folder, "runs/compare-methods")


OUTPUTS: dict[str, Callable[[Path], str | None]] = {
    "demo": _demo,
    "check": lambda folder: command("faintsky study check compare_methods.toml --cost | grep -v memory", folder),
    "compare": _compare,
    "missing": lambda folder: command("faintsky study check coherence_events.toml", folder),
    "m82": _m82,
    "mine": _mine,
}


def draw(folder: Path) -> None:
    """The figure of the first screen, from the run of the demo: the spectra, and the answers of all cells."""
    from matplotlib.figure import Figure

    import faintsky
    from faintsky.report.posteriors import draw_agreement
    from faintsky.report.style import styled

    run = faintsky.open_run(folder)
    with styled():
        figure = Figure(figsize=(11.4, 4.5), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=(1.1, 1))
        for part in (left, right):  # the report's drawings choose the size of a whole figure
            part.set_size_inches = lambda *_: None
        run.figure("spectrum-ir-x-xray", left)
        draw_agreement(right, run.comparison)
        figure.savefig(DOCS / "images" / "demo.png", dpi=120)


def main() -> None:
    """Do every output once, and write it wherever a page names it."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    pages = sorted(p for p in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"] if "_build" not in p.parts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for example in (DOCS.parent / "examples").iterdir():
            shutil.copy(example, folder)
        found = {key: make(folder) for key, make in OUTPUTS.items()}
    block = re.compile(r"^(?:% output: (\w+)|<!-- output: (\w+) -->)\n\n?```text\n.*?```$", re.MULTILINE | re.DOTALL)

    def write(match: re.Match[str]) -> str:
        text = found[match[1] or match[2]]
        head = match[0].partition("```text\n")[0]
        return match[0] if text is None else f"{head}```text\n{text}\n```"

    for page in pages:
        old = page.read_text(encoding="utf-8")
        new = block.sub(write, old)
        if new != old:
            page.write_text(new, encoding="utf-8")
            print(f"{page.relative_to(DOCS.parent)} written anew")


if __name__ == "__main__":
    main()
