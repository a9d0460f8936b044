"""The kind ``responses``: effective area and redistribution of an X-ray telescope, and the folding of spectra through them."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.energy_bins import checked_edges
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats, owned_indices
from faintsky.core.redistribution import ChannelBlock, channel_blocks, folded, redistribution
from faintsky.core.spectrum import Spectrum, photon_flux

__all__ = ["BandResponse", "Response", "ResponseSource", "redistribution"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class Response:
    """Effective area times redistribution: photons per energy bin become counts per channel.

    Attributes
    ----------
    edges : ndarray, shape (nbin + 1,)
        Energies of the photons [keV].
    area : ndarray, shape (nbin,)
        Effective area [cm^2].
    channel_edges : ndarray, shape (nchan, 2)
        Nominal energies of the channels [keV] (EBOUNDS), in the order of the channels: they fall where those of a grating do.
    data, channels, starts : ndarray
        The redistribution matrix, by photon energy: `data[starts[i]:starts[i + 1]]` are the probabilities of bin `i` for the
        channels of the same places (compressed sparse rows). Its rows are not normalised: what they lack was not detected.
    first_channel : int
        Number of the first channel.
    name : str
        What it was made from, with the epoch: a rate in one epoch is another luminosity than the same rate in another.
    """

    edges: Array = field(converter=owned_floats, repr=False)
    area: Array = field(converter=owned_floats, repr=False)
    channel_edges: Array = field(converter=owned_floats, repr=False)
    data: Array = field(converter=owned_floats, repr=False)
    channels: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    starts: NDArray[np.int32] = field(converter=owned_indices, repr=False)
    first_channel: int = 1
    name: str = ""

    def __attrs_post_init__(self) -> None:
        checked_edges(self.edges)
        if not np.all(np.isfinite(self.area)) or not np.all(np.isfinite(self.data)):
            raise DataError(f"{self.name}: the effective area or the matrix holds values that are not finite")
        if self.area.shape != (len(self.edges) - 1,) or not np.all(self.area >= 0):
            raise DataError(f"{self.name}: the effective area needs {len(self.edges) - 1} values that are not negative [cm^2]")
        if self.channel_edges.shape != (self.nchan, 2) or len(self.starts) != len(self.edges):
            raise DataError(f"{self.name}: channel_edges must be [nchan, 2] and starts one longer than the energies")
        if self.starts[0] != 0 or np.any(np.diff(self.starts) < 0) or not self.starts[-1] == len(self.data) == len(self.channels):
            raise DataError(f"{self.name}: starts must rise from 0 to the number of elements, {len(self.data)}")
        if len(self.channels) and not 0 <= self.channels.min() <= self.channels.max() < self.nchan:
            raise DataError(f"{self.name}: the matrix names channels outside 0..{self.nchan - 1}: TLMIN of F_CHAN is wrong")

    @property
    def nchan(self) -> int:
        """Number of channels."""
        return len(self.channel_edges)

    @cached_property
    def digest(self) -> str:
        """Identity of the arrays."""
        arrays = (self.edges, self.area, self.channel_edges, self.data, self.channels, self.starts)
        return json_digest([[array_digest(a) for a in arrays], self.first_channel])

    @cached_property
    def _bins(self) -> NDArray[np.int32]:
        """The photon bin of each element of the matrix."""
        return np.repeat(np.arange(len(self.area), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def _blocks(self) -> dict[bytes, tuple[ChannelBlock, ...]]:
        """The matrix as it is multiplied, by the channels that are chosen."""
        return {}

    def fold(self, photons: Array, chosen: NDArray[np.bool_] | None = None) -> Array:
        """Counts per second in each channel.

        Parameters
        ----------
        photons : ndarray, shape (nbin,) or (n, nbin)
            [photons cm^-2 s^-1] in the bins of `edges`.
        chosen : ndarray of bool, shape (nchan,), optional
            Only these channels.

        Returns
        -------
        ndarray, shape (nchan,) or (n, nchan)
            [counts s^-1]

        Raises
        ------
        DataError
            Where the photons are not in the bins of this response.
        """
        values = np.asarray(photons, dtype=float)
        if values.shape[-1:] != self.area.shape:
            raise DataError(f"{self.name}: photons of shape {values.shape}, but the response has {len(self.area)} bins of energy")
        mask = np.ones(self.nchan, dtype=bool) if chosen is None else np.asarray(chosen, dtype=bool)
        key = mask.tobytes()
        if key not in self._blocks:
            self._blocks[key] = channel_blocks(self._bins, self.channels, self.data * self.area[self._bins], mask)
        if values.ndim == 1:
            return folded(values, self._blocks[key])
        found = folded(values.reshape(-1, len(self.area)), self._blocks[key])
        return found.reshape(*values.shape[:-1], found.shape[-1])

    def channels_of(self, band: Band) -> NDArray[np.bool_]:
        """The channels whose middle lies in a band, shape (nchan,): neighbouring bands share none.

        Raises
        ------
        DataError
            Where the band reaches beyond the channels, or holds none.
        """
        low, high = float(self.channel_edges.min()), float(self.channel_edges.max())
        if band.low < low or band.high > high:
            raise DataError(f"the band {band} reaches beyond the channels of {self.name}, {low:.4g}-{high:.4g} keV (EBOUNDS)")
        middle = self.channel_edges.mean(axis=1)
        found = (middle >= band.low) & (middle < band.high)
        if not found.any():
            width = float(np.median(np.diff(self.channel_edges, axis=1)))
            raise DataError(f"the band {band} holds no channel of {self.name}; channels are {width:.3g} keV wide")
        return np.asarray(found)

    def collapse(self, bands: tuple[Band, ...]) -> BandResponse:
        """The response summed over the channels of each band: what rates of bands need, exact and much smaller."""
        inside = [self.data * self.channels_of(band)[self.channels] for band in bands]
        weights = np.stack([self.area * np.bincount(self._bins, weights=each, minlength=len(self.area)) for each in inside])
        return BandResponse(edges=self.edges, weights=weights, bands=bands, name=self.name)

    def rate(self, spectrum: Spectrum, band: Band) -> Array:
        """Counts per second of a model in a band; (n, 1) for parameters in columns."""
        return self.collapse((band,)).rates(spectrum)

    def effective_area(self, band: Band, spectrum: Spectrum) -> float:
        """Counts in the channels of a band over photons in its energies [cm^2], for a model without free parameters.

        What turns an exposure map made with this spectrum, and so an effective-area-corrected rate, back into counts.
        """
        return float(np.squeeze(self.rate(spectrum, band) / photon_flux(spectrum, band.low, band.high)))


@frozen(kw_only=True, eq=False)
class BandResponse:
    """A response summed over bands.

    Attributes
    ----------
    edges : ndarray, shape (nbin + 1,)
        Energies of the photons [keV].
    weights : ndarray, shape (nband, nbin)
        Counts in the band per photon cm^-2 [cm^2].
    bands : tuple of Band
    name : str
    """

    edges: Array = field(converter=owned_floats, repr=False)
    weights: Array = field(converter=owned_floats, repr=False)
    bands: tuple[Band, ...]
    name: str = ""

    def rates(self, spectrum: Spectrum, at_once: int = 0) -> Array:
        """Counts per second in each band.

        Parameters
        ----------
        spectrum : Spectrum
        at_once : int
            Evaluate it in so many bins of energy at a time (0: in all). 64 keep what a grid of thousands of spectra needs in
            between in the processor's cache; a model that works long before its first bin is then asked many times.

        Returns
        -------
        ndarray, shape (nband,), or (..., nband) for parameters in columns of shape (..., 1)
        """
        number = self.weights.shape[1]
        step = at_once or number
        parts = [
            spectrum.photon_flux(self.edges[i : i + step + 1]) @ self.weights[:, i : i + step].T for i in range(0, number, step)
        ]
        return np.asarray(parts[0] if len(parts) == 1 else np.sum(parts, axis=0))


@runtime_checkable
class ResponseSource(Protocol):
    """A component of kind ``responses``: where a response comes from."""

    @abstractmethod
    def load(self, ctx: Context) -> Response:
        """The response.

        Raises
        ------
        DataError
            Where the files are no response, or do not fit each other.
        """
