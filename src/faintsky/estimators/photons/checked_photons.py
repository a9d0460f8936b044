"""Whether the photons of a source can tell its position at all, before anything is computed from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.photon_set import PhotonSet

__all__ = ["check_photons"]

Array = NDArray[np.float64]

#: Distance of the brightest place from the edge of the box [arcsec] below which part of the source may lie outside; surely does.
_NEAR, _CUT = 1.0, 0.5
#: Half-width of the square whose photons tell the brightest place [arcsec], and the photons that at least stand in it.
_SQUARE, _LEAST = 1.0, 5
#: Photons among which the brightest place is looked for: more say no more.
_MOST = 2000


def check_photons(data: PhotonSet, ctx: Context) -> None:
    """Refuse photons that cannot tell where sources are; warn of those that hardly can.

    Raises
    ------
    DataError
        Without photons, with all of them at one place, and where the source is cut by the edge of the box.
    """
    if len(data) == 0:
        raise DataError(f"source {data.name} has no photons in the box {data.box}: nothing tells one source from two")
    x, y = np.concatenate([one.x for one in data.observations]), np.concatenate([one.y for one in data.observations])
    places = np.unique([x, y], axis=1).T
    if len(places) < 2:
        raise DataError(
            f"source {data.name}: its {len(data)} photons stand at one place ({places[0, 0]:g}, {places[0, 1]:g} arcsec): a "
            "position needs two places at least. Look at the columns that were read as positions"
        )
    empty = [one.name for one in data.observations if len(one) == 0]
    if empty:
        ctx.warn(f"source {data.name}: observation(s) {', '.join(empty)} have no photons in the box and say nothing of it")
    peak = _brightest(x, y, data)
    if peak is None:
        return
    distance = float(data.box.edge_distance(*peak))
    shown = f"source {data.name}: the brightest place ({peak[0]:.2f}, {peak[1]:.2f}) arcsec lies {max(distance, 0.0):.2f} arcsec"
    cure = "enlarge the box, or shift it onto the source"
    if distance < _CUT:
        raise DataError(f"{shown} from the edge of the box {data.box}: the source may be cut, its position is unknown; {cure}")
    if distance < _NEAR:
        ctx.warn(f"{shown} from the edge of the box {data.box}: the light beyond is taken from the PSF alone; better {cure}")


def _brightest(x: Array, y: Array, data: PhotonSet) -> tuple[float, float] | None:
    """Mean of the photons that have the highest density about them; None where none stands out of a flat field."""
    box = data.box
    step = max(1, len(x) // _MOST)
    px, py = x[::step], y[::step]
    near = (np.abs(px[:, None] - px) < _SQUARE) & (np.abs(py[:, None] - py) < _SQUARE)
    width = np.minimum(px + _SQUARE, box.x_high) - np.maximum(px - _SQUARE, box.x_low)
    height = np.minimum(py + _SQUARE, box.y_high) - np.maximum(py - _SQUARE, box.y_low)
    count, area = near.sum(axis=1), width * height
    expected = len(px) * area / box.area
    density = np.where((count >= _LEAST) & (count > expected + 5 * np.sqrt(expected)), count / area, 0.0)
    best = int(np.argmax(density))
    if density[best] == 0:
        return None
    alike = near[best] & (density >= 0.9 * density[best])
    return float(px[alike].mean()), float(py[alike].mean())
