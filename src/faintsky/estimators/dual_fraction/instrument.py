"""What a forecast needs to know of a telescope: how wide its PSF is, and how much light it collects."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.units import ARCMIN

__all__ = ["ACIS", "AXIS", "Instrument"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Instrument:
    """PSF widths and effective areas.

    Attributes
    ----------
    name : str
    off_axis : ndarray, shape (m,)
        [rad], rising from 0.
    half_energy_width : ndarray, shape (m,)
        Diameter of half of the light [arcsec].
    energy : ndarray, shape (e,)
        [keV]
    area : ndarray, shape (e,)
        Effective areas on axis [cm2].
    """

    name: str
    off_axis: Array = field(converter=owned_floats)
    half_energy_width: Array = field(converter=owned_floats)
    energy: Array = field(converter=owned_floats)
    area: Array = field(converter=owned_floats)

    def width(self, off_axis: ArrayLike) -> Array:
        """Half-energy width [arcsec] at off-axis angles [rad].

        Raises
        ------
        DataError
            Beyond the angles of the table.
        """
        theta = np.asarray(off_axis, dtype=float)
        if not np.all((theta >= 0) & (theta <= self.off_axis[-1] * (1 + 1e-12))):
            raise DataError(f"the PSF of {self.name} is known up to {self.off_axis[-1] / ARCMIN:g} arcmin off axis only")
        return np.asarray(np.interp(theta, self.off_axis, self.half_energy_width))

    def counts_ratio(self, reference: Instrument, share: ArrayLike, exposure_ratio: float = 1.0) -> float:
        """How many counts a source has per count with another instrument.

        Parameters
        ----------
        reference : Instrument
            With areas at the same energies.
        share : array_like, shape (e,)
            How the counts with the reference are shared out to the energies; the sum is 1.
        exposure_ratio : float
            Exposure over that with the reference.

        Raises
        ------
        DataError
            Where energies differ, or the shares are none.
        """
        part = np.asarray(share, dtype=float)
        if not np.array_equal(self.energy, reference.energy):
            raise DataError(
                f"{self.name} and {reference.name} give their areas at other energies: {self.energy}, {reference.energy}"
            )
        if part.shape != self.energy.shape or not np.all(part >= 0) or not np.isclose(part.sum(), 1, rtol=1e-6):
            raise DataError(f"shares of the counts at {self.energy} keV, with a sum of 1; got {part}")
        if not exposure_ratio > 0:
            raise DataError(f"an exposure ratio is positive, got {exposure_ratio:g}")
        return float(exposure_ratio * np.sum(part * self.area / reference.area))


#: Numbers of Sandoval et al., sections 5.2 and 5.4: the planned AXIS, and ACIS-I at launch.
AXIS = Instrument(
    name="AXIS",
    off_axis=np.array([0, 7.5]) * ARCMIN,
    half_energy_width=np.array([1.5, 1.6]),
    energy=np.array([1.0, 6.0]),
    area=np.array([4200.0, 830.0]),
)
ACIS = Instrument(
    name="Chandra ACIS-I at launch",
    off_axis=np.array([0, 3, 5]) * ARCMIN,
    half_energy_width=np.array([0.8, 1.0, 2.5]),
    energy=np.array([1.0, 6.0]),
    area=np.array([500.0, 200.0]),
)
