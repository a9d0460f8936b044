"""Sources of single bands, and the list that they make together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.detection import SourceList
from faintsky.core.units import ARCSEC
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.photometry import photometry, stacked
from faintsky.estimators.detections.positions import sky

__all__ = ["BandSources", "merged"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


@frozen(kw_only=True, eq=False)
class BandSources:
    """Sources of one band.

    Attributes
    ----------
    image : XrayImage
        With its background map.
    x, y : ndarray, shape (n,)
        [pixel]
    found : AperturePhotometry
    error : ndarray, shape (n,)
        1 sigma of the position in each coordinate [rad].
    """

    image: XrayImage
    x: Array
    y: Array
    found: AperturePhotometry
    error: Array


def merged(bands: Mapping[str, BandSources], *, merge: float, eef: float, threshold: float) -> SourceList:
    """One list of the sources of all bands, those of most counts first.

    Sources within `merge` pixels of one of more counts are that source, whose place is kept. A band's own detection keeps its
    photometry; the other bands are filled with the photometry at the kept place.
    """
    every = list(bands.values())
    x, y, error = (np.concatenate([getattr(band, name) for band in every]) for name in ("x", "y", "error"))
    counts = np.concatenate([band.found.counts for band in every])
    starts = np.cumsum([0, *(band.x.size for band in every)])
    order = np.lexsort((x, y, -counts))
    owner = _owners(x, y, order, merge)
    kept = order[owner[order] == order]
    place = np.zeros(x.size, dtype=np.int64)
    place[kept] = np.arange(kept.size)
    photometries, detected = {}, {}
    for (name, band), start in zip(bands.items(), starts, strict=False):
        # Of a band's own sources within one source the brightest, which comes last here, is its detection.
        mine = np.argsort(band.found.counts, kind="stable")
        own = np.full(kept.size, -1)
        own[place[owner[start + mine]]] = mine
        seen = own >= 0
        filled = photometry(band.image, x[kept], y[kept], eef)
        rows = np.where(seen, own, band.x.size + np.arange(kept.size))
        photometries[name], detected[name] = stacked(band.found, filled).select(rows), seen
    ra, dec = sky(every[0].image, x[kept], y[kept])
    return SourceList(
        x=x[kept], y=y[kept], ra=ra, dec=dec,
        position_error=error[kept] / ARCSEC,
        photometry=photometries,
        detected=detected,
        origin=np.full(kept.size, "blind"),
        threshold=threshold,
    )  # fmt: skip


def _owners(x: Array, y: Array, order: Indices, distance: float) -> Indices:
    """For each source the first one in `order` within a distance of it, itself where there is none before it, shape (n,)."""
    from scipy.spatial import cKDTree

    owner = np.full(x.size, -1)
    if x.size:
        places = np.stack([x, y], axis=1)
        tree = cKDTree(places)
        for row in order:
            if owner[row] < 0:
                near = np.array([row, *tree.query_ball_point(places[row], distance)])
                owner[near[owner[near] < 0]] = row
    return owner
