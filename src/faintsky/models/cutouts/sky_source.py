"""A source of a simulated image as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.models.cutouts.sersic_shape import SersicShape

__all__ = ["SkySource", "truth_catalogue"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SkySource:
    """A galaxy, a point, or both at one place.

    Attributes
    ----------
    kind : {"agn", "companion", "interloper", "star", "clump"}
    x, y : float
        Without the astrometric offsets of bands [pixel].
    redshift : float
    galaxy, point : ndarray, shape (b,)
        [uJy]
    shape : SersicShape, optional
        None for a star.
    log_mass : float
        Of the stars [Msun]; NaN for a star.
    log_lbol, log_nh : float
        Of its AGN [erg/s], [cm^-2]; NaN where there is none.
    """

    kind: str
    x: float
    y: float
    redshift: float
    galaxy: Array = field(repr=False)
    point: Array = field(repr=False)
    shape: SersicShape | None = field(default=None, repr=False)
    log_mass: float = np.nan
    log_lbol: float = np.nan
    log_nh: float = np.nan


def truth_catalogue(sources: Sequence[SkySource], bands: Sequence[str], offsets: Array, name: str) -> Catalogue:
    """The sources, a row each, with the columns of `Cutout.truth` and where each band shows them.

    Parameters
    ----------
    offsets : ndarray, shape (b, 2)
        Astrometric offsets (x, y) of the bands [pixel], for ``x_BAND`` and ``y_BAND``.
    """
    numbers = ("x", "y", "redshift", "log_mass", "log_lbol", "log_nh")
    columns: dict[str, NDArray[np.str_] | Array] = {"kind": np.array([source.kind for source in sources])}
    columns |= {key: np.array([getattr(source, key) for source in sources]) for key in numbers}
    columns["active"] = np.isfinite(np.asarray(columns["log_lbol"], dtype=float)).astype(float)
    shapes = [source.shape for source in sources]
    for b, band in enumerate(bands):
        columns[f"galaxy_{band}"] = np.array([source.galaxy[b] for source in sources])
        columns[f"point_{band}"] = np.array([source.point[b] for source in sources])
        columns[f"radius_{band}"] = np.array([np.nan if shape is None else shape.radius[b] for shape in shapes])
        columns[f"index_{band}"] = np.array([np.nan if shape is None else shape.index[b] for shape in shapes])
        columns[f"x_{band}"] = np.array([source.x + offsets[b, 0] for source in sources])
        columns[f"y_{band}"] = np.array([source.y + offsets[b, 1] for source in sources])
    columns["ellipticity"] = np.array([np.nan if shape is None else shape.ellipticity for shape in shapes])
    columns["angle"] = np.array([np.nan if shape is None else shape.angle for shape in shapes])
    units = {f"{part}_{band}": "uJy" for part in ("galaxy", "point") for band in bands}
    return Catalogue(columns=columns, units={**units, "log_lbol": "dex(erg / s)", "log_nh": "dex(cm-2)"}, name=name)
