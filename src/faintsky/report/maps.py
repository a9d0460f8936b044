"""Pictures of maps and masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.map import Map
from faintsky.core.units import ARCSEC

__all__ = ["draw_maps", "shrunk"]

_LARGEST = 400


def shrunk(values: NDArray[Any], weight: NDArray[Any], largest: int = _LARGEST) -> NDArray[np.float64]:
    """Weighted block means of an image that is larger than `largest` pixels; NaN where nothing is kept."""
    step = max(1, int(np.ceil(max(values.shape) / largest)))
    ny, nx = (n - n % step for n in values.shape)
    blocks = (ny // step, step, nx // step, step)
    w = weight[:ny, :nx].reshape(blocks).sum(axis=(1, 3), dtype=float)
    total = (values * weight)[:ny, :nx].reshape(blocks).sum(axis=(1, 3), dtype=float)
    return np.where(w > 0, total / np.where(w > 0, w, 1), np.nan)


def draw_maps(figure: Any, maps: Mapping[str, Map], keep: NDArray[np.bool_]) -> None:
    """The maps side by side, masked pixels grey.

    Parameters
    ----------
    figure : matplotlib Figure or SubFigure
    maps : mapping of name to Map
    keep : ndarray of bool, shape (ny, nx)
        What the masks of the study leave.
    """
    from matplotlib import colormaps

    figure.set_size_inches(min(4.0 * len(maps), 12), 3.6)
    axes = figure.subplots(1, len(maps), squeeze=False)[0]
    colours = colormaps["magma"].with_extremes(bad="#9aa0a6")
    for ax, (name, data) in zip(axes, maps.items(), strict=True):
        image = shrunk(data.values, data.weight * keep)
        low, high = np.nanpercentile(image, [1, 99])
        ny, nx = data.geometry.shape
        dy, dx = (s / ARCSEC / 60 for s in data.geometry.scale)
        shown = ax.imshow(
            image, origin="lower", cmap=colours, vmin=low, vmax=high, extent=(0, nx * dx, 0, ny * dy), interpolation="nearest"
        )
        ax.grid(False)
        ax.set(title=name, xlabel="arcmin", ylabel="arcmin" if ax is axes[0] else "")
        figure.colorbar(shown, ax=ax, shrink=0.75, label=_label(data.unit))


def _label(unit: str) -> str:
    from astropy import units as u

    return u.Unit(unit).to_string("latex_inline", fraction=False) if unit else ""
