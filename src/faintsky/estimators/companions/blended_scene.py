"""Which sources are fitted together: an AGN, its possible companions, and what touches them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from faintsky.core.catalogue import Catalogue
from faintsky.core.errors import DataError
from faintsky.core.image_set import ImageSet
from faintsky.core.scene import Scene, SceneSource

__all__ = ["BlendedScene", "blended_scene"]

#: Pixels by which segments grow before they count as touching or are masked: the light of a source goes on below its isophote.
_GROWN = 3
#: Pixels about the segments that are fitted, for the wings and the sky.
_MARGIN = 20


@frozen(kw_only=True, eq=False)
class BlendedScene:
    """A scene, and the part of the images that it is fitted to.

    Attributes
    ----------
    images : ImageSet
        The part; sources that are no part of the scene have infinite errors.
    scene : Scene
        Places in pixels of the part.
    x0, y0 : int
        First column and row of the part in the cutout.
    """

    images: ImageSet
    scene: Scene
    x0: int
    y0: int


def blended_scene(
    images: ImageSet, labels: NDArray[np.int32], sources: Catalogue, primary: int, wanted: Sequence[int], largest: float = 400
) -> BlendedScene:
    """The AGN (galaxy and point), wanted sources and all that touch them (galaxies; points where they look like stars).

    Parameters
    ----------
    images : ImageSet
    labels : ndarray, shape (ny, nx)
        Segments: row + 1.
    sources : Catalogue
        Columns of `core.segments.Segments`, ``name`` and ``point_like``.
    primary : int
        Row of the AGN.
    wanted : sequence of int
        Rows of its possible companions.
    largest : float
        Longest side of the part [pixel].

    Raises
    ------
    DataError
        Where a row does not exist.
    """
    rows = sorted({primary, *wanted})
    if rows[0] < 0 or rows[-1] >= len(sources):
        raise DataError(f"the rows {rows} are not all among {len(sources)} sources")
    grown = {row: binary_dilation(labels == row + 1, iterations=_GROWN) for row in rows}
    together = np.any(list(grown.values()), axis=0)
    touching = set(np.unique(labels[together])) - {0} - {row + 1 for row in rows}
    rows += sorted(int(label) - 1 for label in touching)
    fitted = np.isin(labels, [row + 1 for row in rows]) | together
    others = binary_dilation((labels > 0) & ~np.isin(labels, [row + 1 for row in rows]), iterations=_GROWN)
    y, x = (
        _span(np.flatnonzero(fitted.any(axis=axis)), size, largest) for axis, size in ((1, labels.shape[0]), (0, labels.shape[1]))
    )
    part = images.section(y, x).masked((others & ~fitted)[y, x])
    return BlendedScene(
        images=part,
        scene=Scene(sources=tuple(_start(sources, row, row == primary, x.start, y.start) for row in rows)),
        x0=x.start,
        y0=y.start,
    )


def _span(used: NDArray[np.intp], size: int, largest: float) -> slice:
    """Rows or columns of the part."""
    low, high = int(used[0]) - _MARGIN, int(used[-1]) + _MARGIN + 1
    if high - low > largest:
        middle = (low + high) // 2
        low, high = middle - int(largest) // 2, middle + int(largest) // 2
    return slice(max(low, 0), min(high, size))


def _start(sources: Catalogue, row: int, primary: bool, x0: int, y0: int) -> SceneSource:
    """Where the fit of one source starts: its peak (blends pull barycentres), its moments, its flux."""
    star = bool(sources["point_like"][row]) and not primary
    a, b = float(sources["a"][row]), float(sources["b"][row])
    radius = float(sources["half_radius"][row])
    return SceneSource(
        name=str(sources["name"][row]),
        x=float(sources["x_peak" if primary else "x"][row]) - x0,
        y=float(sources["y_peak" if primary else "y"][row]) - y0,
        flux=max(float(sources["auto_flux"][row]), 1e-6) if np.isfinite(sources["auto_flux"][row]) else 1e-6,
        galaxy=not star,
        point=primary or star,
        radius=float(np.clip(radius if np.isfinite(radius) else a, 1.0, 50.0)),
        ellipticity=float(np.clip(1 - b / a, 0.02, 0.8)) if a > 0 else 0.2,
        angle=float(sources["theta"][row]),
    )
