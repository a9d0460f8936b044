"""How figures look: colour-blind safe, readable on white and on black paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["COLOURS", "MARKERS", "styled"]

#: Okabe & Ito's palette without yellow, which vanishes on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@contextmanager
def styled() -> Iterator[None]:
    """The style of all figures, for as long as they are drawn."""
    import matplotlib

    settings: dict[Any, Any] = {
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "lines.markersize": 4,
        "savefig.dpi": 150,
        "figure.facecolor": "white",
        "svg.hashsalt": "faintsky",
    }
    with matplotlib.rc_context(settings):
        yield
