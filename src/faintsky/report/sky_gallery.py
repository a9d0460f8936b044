"""Colour pictures of places of the sky side by side, with circles about sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.report.style import verbatim

__all__ = ["Circle", "SkyPicture", "draw_gallery"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Circle:
    """A circle about a source: its place and radius [pixel], and whether it is dashed."""

    x: float
    y: float
    radius: float
    dashed: bool = False


@frozen(kw_only=True, eq=False)
class SkyPicture:
    """A picture of the sky.

    Attributes
    ----------
    title, caption : str
        Above and inside.
    red, green, blue : ndarray, shape (ny, nx)
        Images in one unit; the same array three times gives a grey picture.
    pixel : float
        Side of a pixel [arcsec].
    circles : tuple of Circle
    """

    title: str
    caption: str
    red: Array
    green: Array
    blue: Array
    pixel: float
    circles: tuple[Circle, ...] = ()


def draw_gallery(figure: Any, pictures: Sequence[SkyPicture], *, columns: int = 6) -> None:
    """Pictures in rows, each with a bar of 1 arcsec.

    Colours as of Lupton et al. (2004), each band over its own noise, so that a band that is shallow does not colour the sky.

    Raises
    ------
    LookupError
        Where there is no picture.
    """
    from astropy.visualization import make_lupton_rgb

    if not pictures:
        raise LookupError("there is no pair to show yet")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    figure.set_size_inches(max(1.65 * columns, 4.5), 1.95 * rows)
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, picture in zip(axes.flat, pictures, strict=False):
        scaled = [_over_noise(band) for band in (picture.red, picture.green, picture.blue)]
        bright = np.array([max(float(np.quantile(band, 0.995)), 3.0) for band in scaled])
        # Galaxies are red in flux per frequency: two thirds of the ratio of the bands is taken out, so that colours differ.
        even = (np.median(bright) / bright) ** (2 / 3)
        stretch = max(0.3 * float((bright * even).max()), 5.0)
        shown = make_lupton_rgb(
            *(band * factor for band, factor in zip(scaled, even, strict=True)), minimum=-2, stretch=stretch, Q=6
        )
        ax.imshow(shown, origin="lower", interpolation="nearest")
        ny, nx = picture.red.shape
        for circle in picture.circles:
            style = "--" if circle.dashed else "-"
            t = np.linspace(0, 2 * np.pi, 60)
            ax.plot(circle.x + circle.radius * np.cos(t), circle.y + circle.radius * np.sin(t), style, color="white", lw=0.9)
        bar = 1 / picture.pixel
        ax.plot([0.06 * nx, 0.06 * nx + bar], [0.07 * ny] * 2, "-", color="white", lw=1.5)
        ax.text(0.05, 0.95, verbatim(picture.caption), color="white", fontsize=6.5, va="top", transform=ax.transAxes)
        ax.set_title(verbatim(picture.title), fontsize=7, pad=2)
        ax.set_xlim(-0.5, nx - 0.5)
        ax.set_ylim(-0.5, ny - 0.5)


def _over_noise(band: Array) -> Array:
    """In units of the noise, from the scatter about the median of the darker half."""
    known = band[np.isfinite(band)]
    middle = np.median(known) if known.size else 0.0
    below = middle - known[known < middle]
    noise = 1.4826 * np.median(below) if below.size else 1.0
    return np.nan_to_num((band - middle) / (noise or 1.0))
