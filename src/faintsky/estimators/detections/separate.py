"""Which candidates are sources of their own, and which belong to a brighter one nearby."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.aperture_photometry import AperturePhotometry, false_probability
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import radius_at
from faintsky.estimators.detections.wings import Wings

__all__ = ["separate"]

Array = NDArray[np.float64]

#: Radii of most light within which a source's wings are followed.
_REACH = 5.0


def separate(
    image: XrayImage, found: AperturePhotometry, x: Array, y: Array, *, threshold: float, eef: float, merge: float
) -> NDArray[np.int64]:
    """Rows of the sources, the brightest first.

    Candidates are taken in the order of their counts. One that is not significant falls out; so does one within `merge` pixels,
    or within the aperture, of a source taken before; and so does one that is not significant over the background and the light
    that the wings of the brighter ones spill into its aperture, of which a bright source would otherwise wear a ring.
    """
    from scipy.spatial import cKDTree

    rows = np.flatnonzero(found.false_probability < threshold)
    if not rows.size:
        return rows
    # Equal counts: the less background, then the place; so the order is always the same.
    rows = rows[np.lexsort((x[rows], y[rows], found.background[rows], -found.counts[rows]))]
    sy, sx = image.grid.scale
    places = np.stack([x[rows] * sx, y[rows] * sy], axis=1)
    radius = radius_at(image, x[rows], y[rows], eef)
    wings = Wings.of(image, x[rows], y[rows])
    reach = _REACH * np.exp(wings.log_radius[-1])
    tree = cKDTree(places)
    close = np.maximum(merge * np.sqrt(sx * sy), radius)
    net = np.maximum(found.counts - found.background, 0.0)[rows] / eef
    spilt, gone, kept = np.zeros(rows.size), np.zeros(rows.size, dtype=bool), []
    for i, row in enumerate(rows):
        mean = found.background[row] + spilt[i]
        if gone[i] or false_probability(found.counts[row], mean) >= threshold:
            continue
        kept.append(row)
        near = np.array(tree.query_ball_point(places[i], reach[i]))
        near = near[near > i]
        distance = np.hypot(*(places[near] - places[i]).T)
        same = distance < close[i]
        gone[near[same]] = True
        near, distance = near[~same], distance[~same]
        spilt[near] += net[i] * wings.within(i, distance, radius[near])
    return np.array(kept, dtype=np.int64)
