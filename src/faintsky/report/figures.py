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

#: A drawing that is larger than this as SVG (pictures of the sky) goes into the page as PNG.
_LARGEST_SVG = 400_000


def picture(run: Run, name: str, title: str, alt: str, table: str, draw: Callable[[Any], None]) -> Picture:
    """Draw a figure and keep it.

    Parameters
    ----------
    run : Run
    name : str
        Of the files ``figures/NAME.pdf``, ``.png`` and ``.ecsv``.
    title, alt : str
    table : str
        Name of the run's table with the numbers behind it; empty where there is none.
    draw : callable
        Draws into an empty matplotlib Figure.
    """
    from matplotlib.figure import Figure

    place = run.folder / "figures"
    with styled():
        figure = Figure(figsize=(7.2, 4.8), layout="constrained")
        draw(figure)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the layout stands; making it is half the time of every file
        # Without a date the files of two equal runs are equal.
        write_atomically(place / f"{name}.pdf", partial(_save, figure, "pdf", {"CreationDate": None}))
        write_atomically(place / f"{name}.png", partial(_save, figure, "png", {}))
        uri = _uri(figure)
        width, height = (round(96 * inch) for inch in figure.get_size_inches())
    behind = table if table in run.tables else ""
    if behind:
        write_atomically(place / f"{name}.ecsv", partial(_write_ecsv, run.tables[behind]))
    return Picture(name=name, title=title, alt=alt, uri=uri, table=behind, width=width, height=height)


def _uri(figure: Any) -> str:
    """The figure without a background as a data URI: SVG, sharp at any size; PNG where it holds images or would be large."""
    drawn = io.BytesIO()
    if not any(ax.images for ax in figure.axes):
        figure.savefig(drawn, format="svg", metadata={"Date": None}, transparent=True)
        if len(drawn.getvalue()) <= _LARGEST_SVG:
            return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
        drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=150, transparent=True)
    return "data:image/png;base64," + base64.b64encode(drawn.getvalue()).decode()


def _save(figure: Any, kind: str, metadata: dict[str, Any], path: Path) -> None:
    figure.savefig(path, format=kind, metadata=metadata)


def _write_ecsv(table: Any, path: Path) -> None:
    table.write(path, format="ascii.ecsv", overwrite=True)


def study_pictures(run: Run) -> tuple[list[Picture], list[str]]:
    """The figures of the study, and a sentence for each that cannot be drawn yet or at all."""
    made: list[Picture] = []
    missing: list[str] = []
    for name, figure in run.study.figures().items():
        try:
            made.append(picture(run, name, figure.title, figure.alt, figure.table, partial(figure.draw, run.cells)))
        except Exception as error:  # one figure must not cost the report
            missing.append(f"Figure “{figure.title}”: {_why(error)}")
    return made, missing


def _why(error: Exception) -> str:
    if isinstance(error, StopIteration):
        return "no cell has what it shows"
    if isinstance(error, KeyError):
        return f"the result {error} is missing"
    if type(error) is LookupError:
        return str(error)
    return f"{type(error).__name__}: {error}"
