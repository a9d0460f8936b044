"""The sample of one survey field: sources with brightnesses and redshifts, and the area in which they could be detected."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.area_curve import AreaCurve
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.owned_array import owned_flags, owned_floats
from faintsky.core.redshift import Redshifts

__all__ = ["SourceSample", "SourceSampleSource"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class SourceSample:
    """Detected sources of one field and band, with all that their luminosity function needs.

    Attributes
    ----------
    log_x : ndarray, shape (n,)
        log10 of the measured brightness, of the quantity and band of `area`; NaN where the net rate is not positive.
    z : ndarray, shape (n,)
        Best redshift; NaN where there is none.
    area : AreaCurve
        The same selection as that of the sources.
    conversion : BrightnessConversion
        Of the same quantity and band.
    cosmology : Cosmology
        That of `conversion`.
    redshifts : Redshifts, optional
        Redshift densities of the n sources.
    photometry : AperturePhotometry, optional
        Counts of the n sources in the band of the sample.
    others : mapping of str to AperturePhotometry
        Counts in other bands, such as ``soft`` and ``hard``.
    spectroscopic : ndarray of bool, shape (n,)
    table : Catalogue, optional
        Further columns of the n sources: ``z_gal``, ``z_qso``, ``chi2_gal``, ``chi2_qso``, identifiers, true values.
    name : str

    Raises
    ------
    DataError
        Where lengths differ, a redshift is negative (missing-value codes must be NaN), or area curve and conversion differ in
        brightness.
    """

    log_x: Array = field(converter=owned_floats, repr=False)
    z: Array = field(converter=owned_floats, repr=False)
    area: AreaCurve
    conversion: BrightnessConversion
    cosmology: Cosmology
    redshifts: Redshifts | None = field(default=None, repr=False)
    photometry: AperturePhotometry | None = field(default=None, repr=False)
    others: Mapping[str, AperturePhotometry] = field(factory=dict, repr=False)
    spectroscopic: NDArray[np.bool_] = field(converter=owned_flags, repr=False)
    table: Catalogue | None = field(default=None, repr=False)
    name: str = ""

    @spectroscopic.default
    def _photometric(self) -> NDArray[np.bool_]:
        return np.zeros(np.shape(self.z), dtype=bool)

    def __attrs_post_init__(self) -> None:
        lengths = {"log_x": self.log_x.shape, "z": self.z.shape, "spectroscopic": np.shape(self.spectroscopic)}
        columns = {"redshifts": self.redshifts, "photometry": self.photometry, "table": self.table, **self.others}
        lengths |= {key: (len(part),) for key, part in columns.items() if part is not None}
        if len(set(lengths.values())) > 1 or self.log_x.ndim != 1:
            raise DataError(f"the columns of a sample are rows of one length, a source each; got {lengths}")
        negative = np.flatnonzero(self.z < 0)
        if negative.size:
            raise DataError(
                f"the redshift of source {negative[0]} is {self.z[negative[0]]:g}: mark a missing one as NaN (-99 and -9999 of "
                "tables become it), or leave the source out"
            )
        if (self.area.quantity, self.area.band) != (self.conversion.quantity, self.conversion.band):
            raise DataError(
                f"the area curve is against {self.area.quantity} at {self.area.band}, the conversion takes "
                f"{self.conversion.quantity} at {self.conversion.band}"
            )

    def __len__(self) -> int:
        return int(self.z.size)

    def log_l(self, z: ArrayLike | None = None) -> Array:
        """log10 luminosities [erg/s] at the best redshifts, or at others of shape (n,) or (n, m); NaN where unknown."""
        at = self.z if z is None else np.asarray(z, dtype=float)
        log_x = self.log_x if at.ndim <= 1 else self.log_x[:, None]
        known = np.isfinite(at)
        factor = self.conversion.at(np.where(known, at, self.conversion.z[0]))
        return np.where(known, log_x + factor, np.nan)

    def area_at(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """Area [deg^2] in which sources of these luminosities and redshifts are detected; broadcasts."""
        return self.area.at(self.conversion.log_x(log_l, z))

    def select(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> SourceSample:
        """The chosen sources; the area stays."""
        rows = np.arange(len(self))[keep]
        return attrs.evolve(
            self,
            log_x=self.log_x[rows],
            z=self.z[rows],
            redshifts=None if self.redshifts is None else self.redshifts.select(rows),
            photometry=None if self.photometry is None else self.photometry.select(rows),
            others={name: part.select(rows) for name, part in self.others.items()},
            spectroscopic=self.spectroscopic[rows],
            table=None if self.table is None else self.table.select(rows),
        )

    @property
    def digest(self) -> str:
        """Identity of everything a result can depend on."""
        arrays = [array_digest(self.log_x), array_digest(self.z), array_digest(self.spectroscopic)]
        parts = [part and part.digest for part in (self.redshifts, self.photometry, self.table)]
        others = [[name, part.digest] for name, part in sorted(self.others.items())]
        return json_digest([self.name, arrays, parts, others, self.area.digest, self.conversion.digest, identity(self.cosmology)])


@runtime_checkable
class SourceSampleSource(Protocol):
    """A component of kind ``source_samples``: reads or draws the sample of one field."""

    @abstractmethod
    def load(self, ctx: Context) -> SourceSample:
        """The sample; the same one for every task of a study with one seed.

        Raises
        ------
        DataError
            Where files are not what they are said to be.
        """
