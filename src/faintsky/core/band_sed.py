"""A spectrum known in a few broad bands, with the response that it was measured through."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.response import BandResponse
from faintsky.core.spectrum import Spectrum

__all__ = ["BandSed"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BandSed:
    """Signed measurements in bands, such as the mean cross-powers of infrared and X-ray maps.

    Attributes
    ----------
    bands : tuple of Band, length b
        From soft to hard.
    value, error : ndarray, shape (b,)
        Per band, not per keV; signed, because noise may be larger than the signal.
    response : BandResponse
        Of the X-ray maps.
    area : ndarray, shape (b,)
        What the maps were divided by to be photons cm^-2 s^-1 [cm^2]; ones for maps of counts.
    label, unit : str
    """

    bands: tuple[Band, ...]
    value: Array = field(converter=owned_floats)
    error: Array = field(converter=owned_floats)
    response: BandResponse
    area: Array = field(converter=owned_floats)
    label: str = ""
    unit: str = ""

    def __attrs_post_init__(self) -> None:
        sizes = {len(self.bands), self.value.size, self.error.size, self.area.size}
        if len(sizes) > 1 or self.response.bands != self.bands:
            raise DataError(f"{self.label}: bands, values, errors, areas and response must be of the same bands")
        if not np.all(self.error > 0) or not np.all(np.isfinite(self.value)):
            raise DataError(f"{self.label}: every band needs a finite value and an error above zero")

    def expected(self, model: Spectrum) -> Array:
        """What a model of norm 1 gives in the bands, shape (b,), or (n, b) for parameters in columns; any normalisation."""
        return np.asarray(self.response.rates(model) / self.area)

    @property
    def digest(self) -> str:
        """Identity of values and response."""
        arrays = (self.value, self.error, self.area, self.response.edges, self.response.weights)
        return json_digest([[array_digest(a) for a in arrays], [str(band) for band in self.bands]])
