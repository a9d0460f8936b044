"""Flux densities of sources in several bands, with their covariance."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.core.bandpass import Bandpass
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, nearest
from faintsky.core.owned_array import owned_floats

__all__ = ["Photometry"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Photometry:
    """Flux densities of n sources in b bands.

    Attributes
    ----------
    names : tuple of str
    bands : tuple of Bandpass
    flux : ndarray, shape (n, b)
        [uJy]; NaN where it was not measured.
    error : ndarray, shape (n, b)
        1 sigma [uJy]; NaN or infinite where it was not measured.
    """

    names: tuple[str, ...]
    bands: tuple[Bandpass, ...]
    flux: Array = field(converter=owned_floats, repr=False)
    error: Array = field(converter=owned_floats, repr=False)

    def __attrs_post_init__(self) -> None:
        shape = (len(self.names), len(self.bands))
        if self.flux.shape != shape or self.error.shape != shape:
            raise DataError(f"fluxes of shape {self.flux.shape} with errors of shape {self.error.shape} do not fit {shape}")
        if np.any(self.error <= 0):
            raise DataError("an error is not positive; give NaN where a flux was not measured")
        if len({band.name for band in self.bands}) < len(self.bands):
            raise DataError(f"two bands have one name: {', '.join(band.name for band in self.bands)}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Where there is a flux with an error, shape (n, b)."""
        return np.isfinite(self.flux) & np.isfinite(self.error)

    def magnitude(self, band: str) -> Array:
        """AB magnitudes in one band, shape (n,); NaN where the flux is not positive.

        Raises
        ------
        DataError
            Where there is no such band.
        """
        names = [each.name for each in self.bands]
        if band not in names:
            raise DataError(f"no band {band!r} in the photometry. {nearest(band, names)} Bands: {', '.join(names)}")
        return ab_magnitude(self.flux[:, names.index(band)])

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Photometry:
        """The chosen sources."""
        rows = np.arange(len(self))[keep]
        return attrs.evolve(self, names=tuple(self.names[i] for i in rows), flux=self.flux[rows], error=self.error[rows])

    def with_floor(self, magnitude: ArrayLike) -> Photometry:
        """An error [mag], a number or one for each source, in quadrature; of the flux it is f dm ln 10 / 2.5 to first order."""
        floor = np.abs(self.flux) * np.log(10) / 2.5 * np.reshape(np.asarray(magnitude, dtype=float), (-1, 1))
        return attrs.evolve(self, error=np.hypot(self.error, floor))

    @property
    def digest(self) -> str:
        """Identity of the table."""
        return json_digest([self.names, [band.digest for band in self.bands], array_digest(self.flux), array_digest(self.error)])
