"""Obscured and Compton-thick fractions of AGN from the scales of their classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.owned_array import owned_floats
from faintsky.estimators.obscuration.gamma import ClassScales

__all__ = ["RECIPES", "ClassFractions", "class_fractions"]

Array = NDArray[np.float64]

RECIPES = ("two_piece", "gamma_posterior")


@frozen(kw_only=True, eq=False)
class ClassFractions:
    """Fractions of AGN at or above each class of column density.

    Attributes
    ----------
    ranges : tuple of str, length r
        Redshift bins such as ``4-5``, then ``4-10 sum`` (of the scales of all bins) and ``4-10 pooled`` (counts over
        expectations of all bins).
    names : tuple of str, length k - 1
        The class from which a fraction counts: of the default classes ``absorbed`` (f_obsc, eq 15) and ``compton-thick`` (f_ctk,
        eq 16).
    point : ndarray, shape (r, k - 1)
        From the scales themselves, limits as their values.
    median, low, high : ndarray, shape (r, k - 1)
        50, 16 and 84 per cent of the draws.
    recipe : str
    """

    ranges: tuple[str, ...]
    names: tuple[str, ...]
    point: Array = field(converter=owned_floats)
    median: Array = field(converter=owned_floats)
    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    recipe: str

    def row(self, name: str) -> int:
        """The place of a range.

        Raises
        ------
        DataError
            For an unknown one.
        """
        if name not in self.ranges:
            raise DataError(f"no range {name!r}. {nearest(name, self.ranges)} Ranges: {', '.join(self.ranges)}")
        return self.ranges.index(name)

    def to_table(self) -> Any:
        """One row per range and fraction, as an astropy QTable."""
        from astropy.table import QTable

        r, k = self.point.shape
        columns = {name: getattr(self, name).ravel() for name in ("point", "median", "low", "high")}
        table = QTable({"range": np.repeat(self.ranges, k), "from_class": np.tile(self.names, r), **columns})
        table.meta |= {"recipe": self.recipe}
        return table


def class_fractions(
    scales: ClassScales, ctx: Context, *, recipe: str = "gamma_posterior", draws: int = 200_000
) -> ClassFractions:
    """f = sum of the scales of a class and those above it, over the sum of all (eqs 15 and 16).

    ``gamma_posterior`` draws each scale from its posterior for a flat prior, Gamma(n_obs + 1) / n_mdl: a class without source has
    its whole range down to 0. ``two_piece`` draws from a normal distribution of one width below and another one above the
    measured scale (each side as probable as it is wide, cut at 0), and holds a limit at its value: it reproduces the paper's
    numbers for the whole range, and is its recipe rather than a posterior.

    Parameters
    ----------
    scales : ClassScales
    ctx : Context
        Gives the random stream.
    recipe : str
        One of `RECIPES`.
    draws : int
        Of each scale; 200 000 make quantiles good to 0.001.

    Raises
    ------
    DataError
        For an unknown recipe, or where a scale is NaN.

    References
    ----------
    Barlow-Hall & Aird, section 4.3.
    """
    if recipe not in RECIPES:
        raise DataError(f"no recipe {recipe!r}. {nearest(recipe, RECIPES)} Recipes: {', '.join(RECIPES)}")
    if not np.all(np.isfinite(scales.gamma)):
        raise DataError("a class of which nothing is expected has no scale: leave its redshift bin out")
    rng, pooled = ctx.rng("class_fractions"), scales.pooled
    drawn, whole = (_draws(each, recipe, draws, rng) for each in (scales, pooled))
    label = f"{scales.z[0]:g}-{scales.z[-1]:g}"
    bins = [f"{a:g}-{b:g}" for a, b in zip(scales.z[:-1], scales.z[1:], strict=True)]
    of_draws = _fractions(np.concatenate([drawn, drawn.sum(axis=0, keepdims=True), whole]))
    point = _fractions(np.concatenate([scales.gamma, scales.gamma.sum(axis=0, keepdims=True), pooled.gamma]))
    low, median, high = np.quantile(of_draws, ndtr([-1.0, 0.0, 1.0]), axis=-1)
    return ClassFractions(
        ranges=(*bins, f"{label} sum", f"{label} pooled"), names=scales.classes.names[1:], point=point, median=median,
        low=low, high=high, recipe=recipe,
    )  # fmt: skip


def _fractions(gamma: Array) -> Array:
    """Of scales (r, k, ...) the parts at or above each class but the first, (r, k - 1, ...)."""
    above = np.cumsum(gamma[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(above[:, 1:] / above[:, :1])


def _draws(scales: ClassScales, recipe: str, number: int, rng: np.random.Generator) -> Array:
    """Draws of each scale, shape (nz, k, number)."""
    shape = (*scales.gamma.shape, number)
    if recipe == "gamma_posterior":
        return np.asarray(rng.gamma((scales.n_obs + 1)[..., None], size=shape) / scales.n_mdl[..., None])
    value = scales.gamma[..., None]
    down, up = value - scales.low[..., None], scales.high[..., None] - value
    limit = scales.is_limit[..., None]
    down, up = np.where(limit, 1.0, down), np.where(limit, 1.0, up)
    kept = 2 * ndtr(value / down) - 1  # part of the lower side that is above 0
    below = rng.random(shape) < down * kept / (down * kept + up)
    distance = ndtri(0.5 + 0.5 * rng.random(shape) * np.where(below, kept, 1.0))
    return np.asarray(np.where(limit, value, value + distance * np.where(below, -down, up)))
