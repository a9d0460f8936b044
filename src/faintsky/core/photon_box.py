"""The photons of one observation in a box around one source."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from attrs import asdict, field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.box import Box
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.psf import Place

__all__ = ["PhotonBox"]

Array = NDArray[np.float64]


def _optional(values: ArrayLike | None) -> Array | None:
    return None if values is None else owned_floats(values)


@frozen(kw_only=True, eq=False, slots=False)
class PhotonBox:
    """Positions and energies of single photons, and what is known of the observation there.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Offsets from the nominal position of the source [arcsec]: x to the west, y to the north.
    energy : ndarray, shape (n,)
        [keV]
    box : Box
        Where the photons were taken.
    place : Place
        Off-axis angle, azimuth and roll of the source in this observation, and its name; `energy` there means nothing.
    exposure : float
        Live time [s].
    background_counts, background_area : float
        Photons of the same band in a part of the neighbourhood without sources, and its area [arcsec^2]; 0 area: not measured.
    background_energy : ndarray, shape (m,)
        Their energies [keV], where known.
    background_shape : ndarray, shape (ny, nx), optional
        Relative density of the background over the box (an exposure map, a chip gap), rows from low y; None: uniform.
    frame_time : float
        Seconds of one frame; 0: unknown.
    subpixel : str
        How the positions were treated below a pixel: ``edser``, ``randomize``, ``centroid``, ``none``, or empty where unknown.
    facts : mapping
        Facts of the file that messages and a report show.

    Raises
    ------
    DataError
        Where columns differ in length, a photon lies outside the box or is no number, or the exposure is none.
    """

    x: Array = field(converter=owned_floats, repr=False)
    y: Array = field(converter=owned_floats, repr=False)
    energy: Array = field(converter=owned_floats, repr=False)
    box: Box
    place: Place
    exposure: float
    background_counts: float = 0.0
    background_area: float = 0.0
    background_energy: Array | None = field(default=None, converter=_optional, repr=False)
    background_shape: Array | None = field(default=None, converter=_optional, repr=False)
    frame_time: float = 0.0
    subpixel: str = ""
    facts: Mapping[str, Any] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        called = f"observation {self.name}"
        if not self.x.shape == self.y.shape == self.energy.shape or self.x.ndim != 1:
            raise DataError(f"{called}: x, y and energy are columns of one length, got {self.x.shape}, {self.y.shape}, ...")
        if not all(np.isfinite(column).all() for column in (self.x, self.y, self.energy)):
            raise DataError(f"{called}: a position or energy of a photon is no number")
        outside = ~self.box.holds(self.x, self.y)
        if outside.any():
            raise DataError(f"{called}: {int(outside.sum())} of {self.x.size} photons lie outside the box {self.box}")
        if not (np.isfinite(self.exposure) and self.exposure > 0):
            raise DataError(f"{called} has the exposure {self.exposure:g} s: it must be known and above 0 (EXPOSURE, LIVETIME)")
        if not np.all(self.energy > 0):
            raise DataError(f"{called}: photon energies [keV] are above 0")
        if self.background_shape is not None and not (self.background_shape.ndim == 2 and self.background_shape.sum() > 0):
            raise DataError(f"{called}: the shape of the background is an image of the box with some light in it")

    def __len__(self) -> int:
        return int(self.x.size)

    @property
    def name(self) -> str:
        """Of the observation."""
        return self.place.observation

    @property
    def background(self) -> float:
        """Background counts expected in the box; NaN where it was not measured."""
        return self.background_counts * self.box.area / self.background_area if self.background_area > 0 else float("nan")

    @property
    def per_frame(self) -> float:
        """Photons in the box per frame; NaN where the frame time is unknown."""
        return len(self) * self.frame_time / self.exposure if self.frame_time > 0 else float("nan")

    @cached_property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        arrays = [self.x, self.y, self.energy, self.background_energy, self.background_shape]
        numbers = [self.exposure, self.background_counts, self.background_area, self.frame_time, self.subpixel]
        return json_digest([[a is not None and array_digest(a) for a in arrays], asdict(self.box), asdict(self.place), numbers])
