"""Maps whose cross-power with a real one must vanish: turned by half a circle, or with its sources shuffled."""

from __future__ import annotations

import attrs
import numpy as np

from faintsky.core.errors import DataError
from faintsky.core.map import Map
from faintsky.core.sources import Sources

__all__ = ["shuffled", "turned"]


def turned(m: Map) -> Map:
    """The map and its mask turned by 180 degrees: the same spectrum, another sky."""

    def turn(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array[::-1, ::-1])

    return attrs.evolve(
        m,
        values=turn(m.values),
        weight=turn(m.weight),
        footprint=turn(m.footprint),
        variance=None if m.variance is None else turn(m.variance),
        splits=(),
        split_variances=(),
        counts=None,
        sources=None,
    )


def shuffled(m: Map, rng: np.random.Generator) -> Map:
    """The sources of a map at random places of what the mask keeps: the same shot noise, no clustering.

    Raises
    ------
    DataError
        Where the map does not know its sources.
    """
    if m.sources is None:
        raise DataError("only the sources of a map that is painted from a catalogue can be shuffled")
    kept = np.flatnonzero(m.weight.ravel() > 0)
    inside = m.weight.ravel()[m.sources.pixel] > 0
    flux = m.sources.flux[inside]
    pixel = rng.choice(kept, flux.size)
    placed = Sources(catalogue="shuffled", row=np.arange(flux.size), pixel=pixel, flux=flux)
    area = m.geometry.pixel_area
    return attrs.evolve(
        m,
        values=(placed.painted(m.geometry.shape) / area).astype(m.values.dtype),
        variance=(placed.painted(m.geometry.shape, 2) / area**2).astype(m.values.dtype),
        sources=placed,
    )
