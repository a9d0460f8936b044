"""The kind ``counts_spectra``: counts with the response they were detected through, and the channels that are used."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.counts_spectrum import CountsSpectrum
from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.response import Response
from faintsky.core.spectrum import Spectrum

__all__ = ["ObservedSpectrum", "SpectrumSource"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class ObservedSpectrum:
    """A counts spectrum that can be compared with a model.

    Attributes
    ----------
    counts : CountsSpectrum
    response : Response
    band : Band
        Channels whose middle lies in it take part.

    Raises
    ------
    DataError
        Where the channels of the two differ, or none is left.
    """

    counts: CountsSpectrum
    response: Response
    band: Band

    def __attrs_post_init__(self) -> None:
        if self.counts.counts.size != self.response.nchan:
            raise DataError(
                f"{self.counts.name or 'the spectrum'} has {self.counts.counts.size} channels, its response {self.response.name} "
                f"{self.response.nchan}: another grouping of channels, or the RMF of another detector"
            )
        if not self.noticed.any():
            raise DataError(f"{self.counts.name or 'the spectrum'} has no channel of good quality in {self.band}")

    @cached_property
    def noticed(self) -> NDArray[np.bool_]:
        """Channels of good quality in the band, shape (nchan,)."""
        return self.response.channels_of(self.band) & self.counts.good

    @property
    def source(self) -> Array:
        """Counts in the noticed channels, shape (m,)."""
        return self.counts.counts[self.noticed]

    @property
    def background(self) -> Array | None:
        """Background counts in the noticed channels, shape (m,), or None."""
        return None if self.counts.background is None else self.counts.background.counts[self.noticed]

    @property
    def ratio(self) -> Array:
        """Source over background in EXPOSURE x BACKSCAL x AREASCAL, shape (m,)."""
        return self.counts.background_ratio[self.noticed]

    @property
    def energy(self) -> Array:
        """Nominal edges of the noticed channels [keV], shape (m, 2)."""
        return self.response.channel_edges[self.noticed]

    def expected(self, model: Spectrum) -> Array:
        """Source counts that a model gives in the noticed channels, shape (m,), or (n, m) for parameters in columns."""
        seconds = self.counts.exposure * np.broadcast_to(self.counts.areascal, self.counts.counts.shape)[self.noticed]
        return np.asarray(self.response.fold(model.photon_flux(self.response.edges), self.noticed) * seconds)

    @property
    def digest(self) -> str:
        """Identity of counts, response and channels."""
        return json_digest([self.counts.digest, self.response.digest, str(self.band)])


@runtime_checkable
class SpectrumSource(Protocol):
    """A component of kind ``counts_spectra``: where a counts spectrum and its response come from."""

    @abstractmethod
    def load(self, ctx: Context) -> ObservedSpectrum:
        """The spectrum.

        Raises
        ------
        DataError
            Where a file is no spectrum, or does not fit its response.
        """
