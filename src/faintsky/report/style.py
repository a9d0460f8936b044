"""How figures look: colour-blind safe, readable on white and on black paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["COLOURS", "GUIDE", "MARKERS", "RECIPE", "legend_above", "styled", "unit_label", "verbatim"]

#: Okabe & Ito's palette without yellow, which vanishes on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
#: Of lines that are no data: zero, truth, model.
GUIDE = "#7a7f87"
#: Of cells with a recipe.
RECIPE = "#666666"


def verbatim(text: str) -> str:
    """A name from outside as matplotlib draws it letter by letter; a dollar would begin a formula.

    Examples
    --------
    >>> print(verbatim("a$b"))
    a\\$b
    """
    return text.replace("$", r"\$")


def unit_label(unit: str, power: int = 0) -> str:
    """``[10^power unit]`` for an axis, empty where there is neither; raised powers."""
    from faintsky.report.numbers import unit_text

    shown = " ".join(part for part in (f"$10^{{{power}}}$" if power else "", verbatim(unit_text(unit))) if part)
    return f" [{shown}]" if shown else ""


#: A legend with more entries would leave no room for the data.
_MOST = 12


def legend_above(figure: Any, axes: Any, title: str = "") -> None:
    """The legend of `axes` above everything, where it hides no point, in as many columns as its labels leave room for."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels and not title:
        return
    if len(labels) > _MOST:
        from matplotlib.lines import Line2D

        more = f"and {len(labels) - _MOST + 1} more, in the table"
        handles, labels = [*handles[: _MOST - 1], Line2D([], [], linestyle="none")], [*labels[: _MOST - 1], more]
    room = 13 * (figure.bbox.width / figure.dpi)  # letters in a line
    columns = max(1, min(len(labels), int(room / (max(map(len, labels), default=0) + 6))))
    figure.legend(
        handles, labels, loc="outside upper left", ncols=columns, title=title or None, alignment="left",
        columnspacing=1.4, handletextpad=0.5, borderaxespad=0.1, borderpad=0.2,
    )  # fmt: skip


@contextmanager
def styled() -> Iterator[None]:
    """The style of all figures, for as long as they are drawn."""
    import matplotlib

    settings: dict[Any, Any] = {
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.edgecolor": "#4a4f57",
        "axes.labelcolor": "#22262c",
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "grid.alpha": 0.25,
        "grid.linewidth": 0.6,
        "xtick.color": "#4a4f57",
        "ytick.color": "#4a4f57",
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "lines.markersize": 4,
        "savefig.dpi": 150,
        "figure.facecolor": "white",
        "svg.hashsalt": "faintsky",
    }
    with matplotlib.rc_context(settings):
        yield
