"""A cosine taper of the outer edge of a map."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import attrs
import numpy as np

from faintsky.core.errors import DataError
from faintsky.core.map import Map

__all__ = ["tapered"]

_made: WeakKeyDictionary[Map, dict[float, Map]] = WeakKeyDictionary()


def tapered(field: Map, width: float) -> Map:
    """The map with its weight brought smoothly to 0 over `width` [rad] inside the outer edge of its footprint.

    The holes of the mask keep their sharp edges: tapering them only costs modes. The result is kept as long as `field` lives,
    so that its transform is shared by all pairs.

    Raises
    ------
    DataError
        Where the taper leaves no pixel.
    """
    if width <= 0:
        return field
    of_map = _made.setdefault(field, {})
    if width not in of_map:
        from scipy.ndimage import binary_fill_holes, distance_transform_edt

        dy, dx = field.grid_.scale
        inside = np.pad(binary_fill_holes(field.footprint), 1)
        distance = distance_transform_edt(inside, sampling=(dy, dx))[1:-1, 1:-1] - 0.5 * min(dy, dx)
        profile = 0.5 - 0.5 * np.cos(np.pi * np.clip(distance / width, 0, 1))
        weight = (field.weight * profile).astype(field.weight.dtype)
        if not weight.any():
            raise DataError(f"a taper of {width:.4g} rad leaves nothing of the field")
        of_map[width] = attrs.evolve(field, weight=weight)
    return of_map[width]
