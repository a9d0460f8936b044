"""A spectrum without what lies in front of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faintsky.core.errors import DataError
from faintsky.core.parameter import values_of, with_values
from faintsky.core.spectrum import Spectrum

__all__ = ["named", "unabsorbed"]


def named(model: Spectrum, name: str) -> list[str]:
    """The parameters of a model with this name, of any part: ``zwabs.redshift`` and ``zpowerlaw.redshift``."""
    return [key for key in values_of(model) if key.rpartition(".")[2] == name]


def unabsorbed(model: Spectrum, others: Mapping[str, Any] | None = None) -> Spectrum:
    """The model with every column density at zero.

    A table model holds its absorption inside: name its intrinsic spectrum instead.

    Parameters
    ----------
    model : Spectrum
    others : mapping of dotted name to value, optional
        Further parameters to set.

    Raises
    ------
    DataError
        For a name that is no parameter.
    """
    if not model.additive:
        raise DataError(f"{model} gives no photons")
    return with_values(model, {**dict.fromkeys(named(model, "nh"), 0.0), **(others or {})})
