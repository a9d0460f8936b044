"""Parameter sets drawn from published errors: the Monte-Carlo bands of a published luminosity function."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.parameter import with_values
from faintsky.core.parameter_tree import leaves_of
from faintsky.models.luminosity_functions.published_form import PublishedForm
from faintsky.models.luminosity_functions.published_set import PublishedSet

__all__ = ["drawn_from_errors", "two_piece_normal"]

Array = NDArray[np.float64]
L = TypeVar("L", bound=LuminosityFunction)


def two_piece_normal(value: float, low: float, high: float, rng: np.random.Generator, number: int) -> Array:
    """Draws from two halves of Gaussians, of width `low` below the value and `high` above, that meet at the same height there.

    The value is the mode, so a share low / (low + high) of the draws lies below it.

    Parameters
    ----------
    value : float
    low, high : float
        1-sigma distances down and up.
    rng : Generator
    number : int

    Returns
    -------
    ndarray, shape (number,)
    """
    size = np.abs(rng.standard_normal(number))
    below = rng.random(number) * (low + high) < low
    return np.asarray(value + size * np.where(below, -low, high))


def drawn_from_errors(luminosity_function: L, number: int, rng: np.random.Generator) -> L:
    """The luminosity function with parameters drawn from their published errors, in columns of shape (number, 1).

    Each parameter is drawn alone, from a two-piece normal distribution cut to what is possible: papers do not print covariances,
    and bands from errors without them are too wide. What the authors held stays, and so does a parameter that was given another
    value than the published one. Parts of a sum and what is scaled are drawn as well, each part by itself.

    Parameters
    ----------
    luminosity_function : LuminosityFunction
        With a published set, or with parts that have one.
    number : int
        At least 1.
    rng : Generator

    Returns
    -------
    LuminosityFunction
        It evaluates rows of m luminosities and redshifts to the shape (number, m).

    Raises
    ------
    DataError
        Where a published set has no errors, or no published set is involved.
    """
    drawn: dict[str, Array] = {}
    leaves = leaves_of(luminosity_function)
    for name, (owner, declared) in leaves.items():
        known = owner.published_set if isinstance(owner, PublishedForm) else None
        if known is None or declared.name not in known.values:
            continue
        low, high = _error(known, declared.name)
        value = known.values[declared.name]
        if np.array_equal(getattr(owner, declared.name), value) and low + high > 0:
            drawn[name] = _possible(value, low, high, declared.possible, rng, number)[:, None]
    if not drawn:
        raise DataError(f"{luminosity_function.name} has no parameter of a published set with an error: nothing can be drawn")
    return with_values(luminosity_function, drawn)


def _error(known: PublishedSet, name: str) -> tuple[float, float]:
    if name not in known.errors:
        raise DataError(
            f"the published set {known.name!r} ({known.provenance.source}) has no error of {name}: none were found. Draw "
            "from a posterior of your own, or from a copy of the set with errors, named by its path"
        )
    return known.errors[name]


def _possible(value: float, low: float, high: float, ends: tuple[float, float], rng: np.random.Generator, number: int) -> Array:
    """Draws inside what is possible: the others are drawn again."""
    found = two_piece_normal(value, low, high, rng, number)
    while len(outside := np.flatnonzero((found < ends[0]) | (found > ends[1]))):
        found[outside] = two_piece_normal(value, low, high, rng, len(outside))
    return found
