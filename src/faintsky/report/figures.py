"""Figures of a run: drawn once, kept as PDF and PNG beside the table behind them, and as an image in the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from faintsky.core.run import Run
from faintsky.core.storage import write_atomically
from faintsky.report.section import Picture
from faintsky.report.style import styled

__all__ = ["picture", "study_pictures"]


def picture(run: Run, name: str, title: str, alt: str, table: str, draw: Callable[[Any], None]) -> Picture:
    """Draw a figure and keep it.

    Parameters
    ----------
    run : Run
    name : str
        Of the files ``figures/NAME.pdf``, ``.png`` and ``.ecsv``.
    draw : callable
        Draws into an empty matplotlib Figure.
    """
    from matplotlib.figure import Figure

    with styled():
        figure = Figure(figsize=(7.2, 4.8), layout="constrained")
        draw(figure)
        place = run.folder / "figures"
        # Without a date the files of two equal runs are equal.
        write_atomically(place / f"{name}.pdf", partial(_save, figure, "pdf", {"CreationDate": None}))
        write_atomically(place / f"{name}.png", partial(_save, figure, "png", {}))
        shown = io.BytesIO()
        figure.savefig(shown, format="png", dpi=130)
    if table:
        source = run.folder / "tables" / f"{table}.ecsv"
        if source.exists():
            write_atomically(place / f"{name}.ecsv", partial(_copy, source))
    uri = "data:image/png;base64," + base64.b64encode(shown.getvalue()).decode()
    return Picture(name=name, title=title, alt=alt, uri=uri, table=table)


def _save(figure: Any, kind: str, metadata: dict[str, Any], path: Path) -> None:
    figure.savefig(path, format=kind, metadata=metadata)


def _copy(source: Path, path: Path) -> None:
    path.write_bytes(source.read_bytes())


def study_pictures(run: Run) -> tuple[list[Picture], list[str]]:
    """The figures of the study, and a sentence for each that cannot be drawn yet or at all."""
    made: list[Picture] = []
    missing: list[str] = []
    for name, figure in run.study.figures().items():
        try:
            made.append(picture(run, name, figure.title, figure.alt, figure.table, partial(figure.draw, run.cells)))
        except Exception as error:
            missing.append(f"{figure.title}: {type(error).__name__}: {error}")
    return made, missing
