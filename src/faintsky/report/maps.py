"""Pictures of maps and masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.map import Map
from faintsky.core.units import ARCSEC
from faintsky.report.style import unit_label, verbatim

__all__ = ["draw_maps", "scale_bar", "shrunk"]

_LARGEST = 400
_MASKED = "#8fb8d8"  # no colour of the map's own scale
_COLUMNS = 3


def shrunk(values: NDArray[Any], weight: NDArray[Any], largest: int = _LARGEST) -> NDArray[np.float64]:
    """Weighted block means of an image that is larger than `largest` pixels; NaN where nothing is kept.

    Parameters
    ----------
    values, weight : ndarray, shape (ny, nx)
    largest : int
        Pixels of the longer side of what comes back.

    Returns
    -------
    ndarray, shape (ceil(ny / step), ceil(nx / step))
        The outermost blocks may be narrower; no pixel is lost.
    """
    step = max(1, -(-max(values.shape) // largest))
    starts = [np.arange(0, n, step) for n in values.shape]

    def summed(image: NDArray[Any]) -> NDArray[np.float64]:
        rows = np.add.reduceat(image, starts[0], axis=0, dtype=float)
        return np.asarray(np.add.reduceat(rows, starts[1], axis=1))

    w = summed(weight)
    return np.where(w > 0, summed(values * weight) / np.where(w > 0, w, 1), np.nan)


def scale_bar(width: float) -> tuple[float, str]:
    """Length of a scale bar for a field of this width, and what stands beside it.

    Parameters
    ----------
    width : float
        [rad]

    Returns
    -------
    length : float
        1, 2 or 5 times a power of ten of arcsec, arcmin or degrees: between a tenth and a third of the width [rad].
    text : str

    Examples
    --------
    >>> scale_bar(0.006)[1]
    '5 arcmin'
    """
    units = ((3600 * ARCSEC, "deg"), (60 * ARCSEC, "arcmin"), (ARCSEC, "arcsec"))
    unit, name = next(((u, n) for u, n in units if width / 3 >= u), units[-1])
    most = width / 3 / unit
    power = 10.0 ** np.floor(np.log10(most))
    number = next(float(n * power) for n in (5, 2, 1) if n * power <= most)
    return number * unit, f"{number:g} {name}"


def draw_maps(figure: Any, maps: Mapping[str, Map], keep: NDArray[np.bool_]) -> None:
    """The maps side by side as the masks leave them, then the mask itself.

    Masked pixels are light blue; the colours span 98 % of the kept pixels. Maps of more than 400 pixels a side are
    shown as block means.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    maps : mapping of name to Map
    keep : ndarray of bool, shape (ny, nx)
        What the masks of the study leave.
    """
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    columns = min(len(maps) + 1, _COLUMNS)
    rows = -(-(len(maps) + 1) // columns)
    any_map = next(iter(maps.values()))
    ny, nx = any_map.geometry.shape
    dy, dx = any_map.geometry.scale
    ratio = float(np.clip(ny * dy / (nx * dx), 0.35, 2.0))
    figure.set_size_inches(3.2 * columns, rows * (2.6 * ratio + 0.75))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    colours = colormaps["magma"].with_extremes(bad=_MASKED)
    extent = (0, nx * dx, 0, ny * dy)
    look = {"origin": "lower", "extent": extent, "interpolation": "nearest"}
    for ax, (name, data) in zip(axes, maps.items(), strict=False):
        image = shrunk(data.values, data.weight * keep)
        low, high = np.nanpercentile(image, [1, 99])
        shown = ax.imshow(image, cmap=colours, vmin=low, vmax=high if high > low else low + 1, **look)
        ax.set_title(verbatim(name))
        bar = figure.colorbar(shown, ax=ax, shrink=0.8, location="bottom", pad=0.02, extend="both")
        bar.set_label(unit_label(data.unit).strip(" []"), fontsize=8.5)
        bar.ax.tick_params(labelsize=8)
    mask = axes[len(maps)]
    kept = shrunk(keep.astype(float), np.ones(keep.shape))
    shades = ListedColormap(np.linspace([0.561, 0.722, 0.847], [0.93, 0.93, 0.92], 64))
    shown = mask.imshow(kept, cmap=shades, vmin=0, vmax=1, **look)
    mask.set_title(f"mask: {100 * float(keep.mean()):.1f} % of the grid kept")
    bar = figure.colorbar(shown, ax=mask, shrink=0.8, location="bottom", pad=0.02)
    bar.set_ticks([0, 1], labels=["masked", "kept"], fontsize=8)
    for ax in axes[: len(maps) + 1]:
        ax.grid(False)
        ax.set(xticks=[], yticks=[])
    _draw_scale_bar(axes[0], nx * dx, ny * dy)
    for ax in axes[len(maps) + 1 :]:
        ax.set_visible(False)


def _draw_scale_bar(ax: Any, width: float, height: float) -> None:
    length, text = scale_bar(width)
    x, y = 0.05 * width, 0.06 * height
    ax.plot([x, x + length], [y, y], color="white", lw=2.4, solid_capstyle="butt")
    ax.text(
        x + 0.5 * length, y + 0.02 * height, text, color="white", ha="center", va="bottom", fontsize=8.5,
        bbox={"facecolor": "black", "alpha": 0.45, "lw": 0, "pad": 1.5},
    )  # fmt: skip
    ax.set(xlim=(0, width), ylim=(0, height))
