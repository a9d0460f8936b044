"""Images taken apart: data, model, galaxies alone, residuals and radial profiles, a row for each band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.report.style import COLOURS, GUIDE, verbatim

__all__ = ["DecomposedBand", "draw_decomposition", "radial_profile"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class DecomposedBand:
    """One band of a decomposition.

    Attributes
    ----------
    name : str
    values, sigma : ndarray, shape (ny, nx)
        [uJy per pixel]; infinite errors where masked.
    components : mapping of str to ndarray, shape (ny, nx)
        By the name of the component; those whose name ends with ``point`` are what is subtracted in the third picture.
    centres : mapping of str to (float, float)
        Centres (x, y) of the profiles [pixel], by the name of the source.
    pixel : float
        Side of a pixel [arcsec].
    """

    name: str
    values: Array
    sigma: Array
    components: Mapping[str, Array]
    centres: Mapping[str, tuple[float, float]]
    pixel: float


def radial_profile(image: Array, x: float, y: float, keep: NDArray[np.bool_], edges: Array) -> Array:
    """Mean of an image in rings about (x, y), edges [pixel]; NaN in rings without pixels that are kept.

    Examples
    --------
    >>> import numpy as np
    >>> radial_profile(np.ones((5, 5)), 2, 2, np.ones((5, 5), dtype=bool), np.array([0, 1.5, 2.5]))
    array([1., 1.])
    """
    rows, columns = np.indices(image.shape)
    radius = np.hypot(rows - y, columns - x)[keep]
    number, _ = np.histogram(radius, edges)
    total, _ = np.histogram(radius, edges, weights=image[keep])
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))


def draw_decomposition(figure: Any, bands: Sequence[DecomposedBand]) -> None:
    """A row for each band; brightness in units of the noise on an asinh scale, residuals from -5 to 5 sigma.

    Raises
    ------
    LookupError
        Where there is no band.
    """
    if not bands:
        raise LookupError("nothing is decomposed yet")
    profiles = list(bands[0].centres)
    figure.set_size_inches(6.4 + 2.1 * len(profiles), 1.75 * len(bands) + 0.5)
    axes = figure.subplots(len(bands), 4 + len(profiles), squeeze=False, width_ratios=[1, 1, 1, 1, *(1.35 for _ in profiles)])
    for i, (row, band) in enumerate(zip(axes, bands, strict=True)):
        model = np.sum(list(band.components.values()), axis=0)
        points = np.sum([image for name, image in band.components.items() if name.endswith("point")] or [0 * model], axis=0)
        keep = np.isfinite(band.sigma)
        noise = np.where(keep, band.sigma, np.median(band.sigma[keep]))
        residual = np.where(keep, (band.values - model) / noise, np.nan)
        highest = float(np.nanmax(np.arcsinh(model / noise)))
        for ax, image in zip(
            row[:3], (np.where(keep, band.values, np.nan), model, np.where(keep, band.values - points, np.nan)), strict=True
        ):
            ax.imshow(np.arcsinh(image / noise), origin="lower", cmap="Greys", vmin=-1, vmax=highest, interpolation="nearest")
        row[3].imshow(residual, origin="lower", cmap="RdBu_r", vmin=-5, vmax=5, interpolation="nearest")
        for ax in row[:4]:
            ax.set_xticks([])
            ax.set_yticks([])
            ax.grid(visible=False)
        row[0].set_ylabel(verbatim(band.name), fontsize=8)
        for ax, name in zip(row[4:], profiles, strict=True):
            _profile(ax, band, band.centres[name], model, keep)
            ax.tick_params(labelbottom=i == len(bands) - 1)
        row[4].set_ylabel("mag arcsec$^{-2}$", fontsize=7)
    for ax, title in zip(axes[0], ("data", "model", "less points", "residual / sigma", *profiles), strict=True):
        ax.set_title(verbatim(title), fontsize=8)
    for ax in axes[-1, 4:]:
        ax.set_xlabel("radius [arcsec]", fontsize=8)
    handles, labels = axes[0, 4].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=5, fontsize=7)


def _profile(ax: Any, band: DecomposedBand, centre: tuple[float, float], model: Array, keep: NDArray[np.bool_]) -> None:
    """Surface brightness [mag arcsec^-2] in rings that widen outwards."""
    ny, nx = band.values.shape
    x, y = centre
    reach = min(x, y, nx - 1 - x, ny - 1 - y)
    edges = np.concatenate([[0.0], np.geomspace(1.0, max(reach, 3.0), 14)])
    # The mean radius of a ring's area.
    radius = band.pixel * np.sqrt(0.5 * (edges[1:] ** 2 + edges[:-1] ** 2))

    def brightness(image: Array) -> Array:
        return ab_magnitude(radial_profile(image, x, y, keep, edges) / band.pixel**2)

    ax.plot(radius, brightness(band.values), "o", ms=2.5, color="#22262c", label="data")
    ax.plot(radius, brightness(model), "-", lw=1.2, color=GUIDE, label="model")
    for i, (name, image) in enumerate(band.components.items()):
        ax.plot(radius, brightness(image), "--", lw=0.9, color=COLOURS[i % len(COLOURS)], label=verbatim(name))
    known = brightness(band.values)
    if np.isfinite(known).any():
        ax.set_ylim(np.nanmax(known) + 1, np.nanmin(known) - 0.5)
    ax.set_xscale("log")
    ticks = [tick for tick in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0) if radius[0] <= tick <= radius[-1]]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.tick_params(labelsize=6.5)
