"""A sum of luminosity functions: classes of absorption, or of anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import pairwise

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.component import component, option, slot
from faintsky.core.errors import DataError, nearest
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.parameter import Parametric
from faintsky.core.validity import OUTSIDE, Validity
from faintsky.models.luminosity_functions.breaks import spread_log_l_breaks, spread_z_breaks

__all__ = ["SumOfClasses"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class SumOfClasses(Parametric, LuminosityFunction):
    """Sum of luminosity functions whose densities add: classes of absorption, each tagged with its range of log N_H.

    Parameters of a part are called ``PART.NAME``.

    Raises
    ------
    DataError
        For no parts, parts of different bands or cosmologies, or ranges of N_H that overlap or belong to no part.
    """

    parts: dict[str, LuminosityFunction] = slot(parts=True, axis="data", help="[NAME.parts.CLASS]: the classes by name")
    log_nh: Mapping[str, tuple[float, float]] = option(
        factory=dict, help="range of log10 N_H [cm^-2] of each class, such as { absorbed = [22, 24] }"
    )
    outside: str = option("warn", choices=OUTSIDE, help="what evaluate does where it was never measured")

    def __attrs_post_init__(self) -> None:
        if not self.parts:
            raise DataError("a sum needs parts: [NAME.parts.CLASS] tables, or parts = { unabsorbed = ..., absorbed = ... }")
        for what in ("band", "cosmology"):
            told = {name: getattr(part, what) for name, part in self.parts.items()}
            (first, one), *rest = told.items()
            for name, other in rest:
                if other != one:
                    raise DataError(f"parts of a sum need one {what}: {first!r} has {one}, {name!r} has {other}")
        self._check_ranges()
        super().__attrs_post_init__()

    def _check_ranges(self) -> None:
        for name, (low, high) in self.log_nh.items():
            if name not in self.parts:
                raise DataError(
                    f"log_nh: there is no class {name!r}. {nearest(name, self.parts)} Classes: {', '.join(self.parts)}"
                )
            if not low < high:
                raise DataError(f"log_nh: the range of {name!r} must increase, got {low:g} to {high:g}")
        ordered = sorted(self.log_nh.items(), key=lambda item: item[1])
        for (first, (_, high)), (second, (low, _)) in pairwise(ordered):
            if low < high:
                raise DataError(
                    f"log_nh: {first!r} and {second!r} overlap between {low:g} and {high:g}: sources would count twice"
                )

    @property
    def band(self) -> Band:
        """That of all parts."""
        return next(iter(self.parts.values())).band

    @property
    def cosmology(self) -> AssumedCosmology:
        """That of all parts."""
        return next(iter(self.parts.values())).cosmology

    @property
    def validity(self) -> Validity:
        """Where all parts hold."""
        every = [part.validity for part in self.parts.values()]
        log_l = max(v.log_l[0] for v in every), min(v.log_l[1] for v in every)
        return Validity(log_l=log_l, z=(max(v.z[0] for v in every), min(v.z[1] for v in every)))

    @property
    def provenance(self) -> Provenance:
        """The sources of all parts; verified where each of them is."""
        every = {name: part.provenance for name, part in self.parts.items()}
        source = " + ".join(f"{name}: {known.source or 'own parameters'}" for name, known in every.items())
        verified = "; ".join(f"{name}: {known.verified}" for name, known in every.items())
        return Provenance(source=source, verified=verified if all(known.is_verified for known in every.values()) else "")

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln of the summed density."""
        return self._log_sum(self.parts, log_l, z)

    def log_l_breaks(self) -> Array:
        """Those of all parts, shape (k,) or (n, k)."""
        every = [part.log_l_breaks() for part in self.parts.values()]
        lead = np.broadcast_shapes(*(np.shape(one)[:-1] for one in every))
        return np.concatenate([spread_log_l_breaks(one, lead) for one in every], axis=-1)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """Those of all parts, shape (k, m) or (k, n, m)."""
        every = [part.z_breaks(log_l) for part in self.parts.values()]
        shape = np.broadcast_shapes(*(np.shape(one)[1:] for one in every))
        return np.concatenate([spread_z_breaks(one, shape) for one in every])

    def fraction(self, low: float, high: float, log_l: ArrayLike, z: ArrayLike) -> Array:
        """Share of the sources whose log N_H lies between two ends.

        Parameters
        ----------
        low, high : float
            log10 N_H [cm^-2]; ends of classes, which cannot be cut.
        log_l, z : array_like

        Returns
        -------
        ndarray
            Broadcast shape of `log_l` and `z`.

        Raises
        ------
        DataError
            Where a class has no range, or an end lies inside of one.
        """
        if untagged := [name for name in self.parts if name not in self.log_nh]:
            raise DataError(f"a fraction needs the range of log N_H of each class; log_nh has none of {', '.join(untagged)}")
        for name, (first, last) in self.log_nh.items():
            if first < low < last or first < high < last:
                raise DataError(
                    f"the class {name!r} reaches from log N_H = {first:g} to {last:g}; {low:g} to {high:g} would cut it"
                )
        chosen = [name for name, (first, last) in self.log_nh.items() if low <= first and last <= high]
        total = self.log_density(log_l, z)
        return np.exp(self._log_sum(chosen, log_l, z) - total) if chosen else np.zeros_like(total)

    def _log_sum(self, names: Iterable[str], log_l: ArrayLike, z: ArrayLike) -> Array:
        return np.asarray(reduce(np.logaddexp, [self.parts[name].log_density(log_l, z) for name in names]))
