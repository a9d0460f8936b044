"""The surveys that one luminosity function describes: samples whose areas add up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.cosmology import Cosmology
from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.source_sample import SourceSample

__all__ = ["SurveySet"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SurveySet:
    """Samples of one or more fields, analysed together.

    Attributes
    ----------
    samples : mapping of str to SourceSample
        By the name of the field.

    Raises
    ------
    DataError
        Where there is none, or cosmologies or rest-frame bands differ.
    """

    samples: Mapping[str, SourceSample]

    def __attrs_post_init__(self) -> None:
        if not self.samples:
            raise DataError("a luminosity function needs at least one sample")
        bands = {str(s.conversion.rest_band) for s in self.samples.values()}
        if len(bands) > 1:
            raise DataError(f"luminosities of different rest-frame bands cannot be put together: {', '.join(sorted(bands))}")
        if len({json_digest(identity(s.cosmology)) for s in self.samples.values()}) > 1:
            raise DataError("the samples assume different cosmologies")

    @classmethod
    def of(cls, sample: SourceSample) -> SurveySet:
        """One field."""
        return cls(samples={sample.name or "field": sample})

    def __len__(self) -> int:
        return sum(len(s) for s in self.samples.values())

    @property
    def cosmology(self) -> Cosmology:
        """The one of all samples."""
        return next(iter(self.samples.values())).cosmology

    @property
    def rest_band(self) -> Band:
        """Rest-frame band of the luminosities."""
        return next(iter(self.samples.values())).conversion.rest_band

    @property
    def z(self) -> Array:
        """Best redshifts of all sources, shape (n,)."""
        return np.concatenate([s.z for s in self.samples.values()])

    @property
    def log_l(self) -> Array:
        """log10 luminosities at the best redshifts, shape (n,)."""
        return np.concatenate([s.log_l() for s in self.samples.values()])

    def area_at(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """Area [deg^2] in which sources of these luminosities and redshifts are detected: the sum over fields."""
        return np.asarray(sum(s.area_at(log_l, z) for s in self.samples.values()))

    def check(self, model: LuminosityFunction) -> None:
        """Refuse a model of other luminosities or of another universe.

        Raises
        ------
        DataError
            The message says what differs, and how to mend it.
        """
        if model.band != self.rest_band:
            raise DataError(
                f"{model.name} is a function of {model.band} luminosities, those of the sample are {self.rest_band}: convert the "
                "sample to that rest-frame band, or name a luminosity function of this one"
            )
        model.cosmology.check(self.cosmology, model.name)

    @property
    def digest(self) -> str:
        """Identity of all samples."""
        return json_digest([[name, sample.digest] for name, sample in sorted(self.samples.items())])
