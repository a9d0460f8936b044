"""Cuts of a catalogue, each with the number of sources that it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError

__all__ = ["CatalogueCut"]


@frozen(kw_only=True, eq=False)
class CatalogueCut:
    """Which sources are kept, and how many each cut took from those that the cuts before had left.

    Attributes
    ----------
    kept : ndarray of bool, shape (n,)
    removed : mapping of str to int
    """

    kept: NDArray[np.bool_] = field(repr=False)
    removed: Mapping[str, int]

    @classmethod
    def of(cls, conditions: Mapping[str, NDArray[np.bool_]]) -> Self:
        """Apply conditions in their order; True keeps a source.

        Raises
        ------
        DataError
            Without conditions, or where their lengths differ.

        Examples
        --------
        >>> z = np.array([4.2, np.nan, 5.0])
        >>> cut = CatalogueCut.of({"footprint": np.array([True, True, False]), "photo-z": np.isfinite(z)})
        >>> cut.kept.tolist(), dict(cut.removed)
        ([True, False, False], {'footprint': 1, 'photo-z': 1})
        """
        lengths = {name: np.shape(condition) for name, condition in conditions.items()}
        if len(set(lengths.values())) != 1:
            raise DataError(f"a cut needs conditions of one length, got {lengths}")
        kept, removed = np.ones(next(iter(lengths.values())), dtype=bool), {}
        for name, condition in conditions.items():
            removed[name] = int(np.sum(kept & ~np.asarray(condition, dtype=bool)))
            kept = kept & np.asarray(condition, dtype=bool)
        return cls(kept=kept, removed=removed)
