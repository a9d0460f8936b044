"""Which duals would have been found: the share of simulated ones, by separation, flux ratio, counts and off-axis angle."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from attrs.converters import optional
from numpy.typing import ArrayLike, NDArray

from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA, Interval, binomial_interval
from faintsky.core.owned_array import owned_floats
from faintsky.core.units import ARCMIN
from faintsky.estimators.dual_fraction.dual_population import DualPopulation
from faintsky.estimators.dual_fraction.roc import Roc, detection_threshold, roc

__all__ = ["Completeness", "Sensitivity"]

Array = NDArray[np.float64]
AXES = ("separation", "ratio", "counts", "off_axis")


@frozen(kw_only=True, eq=False)
class Completeness:
    """Share of the duals of a population that would be found around each source.

    Attributes
    ----------
    value, error : ndarray, shape (n,)
        The error is that of the number of simulated duals, 1 sigma.
    population : str
        What is assumed of separations and flux ratios.
    """

    value: Array = field(converter=owned_floats)
    error: Array = field(converter=owned_floats)
    population: str = ""


@frozen(kw_only=True, eq=False)
class Sensitivity:
    """Simulated duals, and which of them were found, on a grid.

    A dual is found where its ln Bayes factor lies above the threshold of its counts and off-axis angle, and, where `sigma` is
    given, above so many of its errors.

    Attributes
    ----------
    separation : ndarray, shape (s,)
        [arcsec], rising.
    ratio : ndarray, shape (r,)
        Counts of the fainter source over those of the brighter one, rising, up to 1.
    counts : ndarray, shape (c,)
        Of the two together, rising.
    off_axis : ndarray, shape (o,)
        [rad], rising.
    duals : ndarray, shape (s, r, c, o, m)
        ln Bayes factors; NaN where nothing was simulated, -inf where an evidence failed.
    singles : ndarray, shape (c, o, l)
        Those of single sources.
    errors : ndarray, shape (s, r, c, o, m), optional
        1-sigma errors of `duals`.
    false_positive_rate : float
        That sets the thresholds.
    sigma : float, optional

    Raises
    ------
    DataError
        Where axes do not rise, shapes do not fit, or the single sources are too few for the false-positive rate.

    Examples
    --------
    >>> found = Sensitivity(
    ...     separation=[0.5, 1.0], ratio=[1.0], counts=[100], off_axis=[0.0],
    ...     duals=[[[[[0.0, 0.8]]]], [[[[2.0, 3.0]]]]], singles=[[np.linspace(-2, 1, 99)]],
    ... )
    >>> found.fraction.ravel().tolist()
    [0.5, 1.0]
    """

    separation: Array = field(converter=owned_floats)
    ratio: Array = field(converter=owned_floats)
    counts: Array = field(converter=owned_floats)
    off_axis: Array = field(converter=owned_floats)
    duals: Array = field(converter=owned_floats, repr=False)
    singles: Array = field(converter=owned_floats, repr=False)
    errors: Array | None = field(default=None, converter=optional(owned_floats), repr=False)
    false_positive_rate: float = 0.1
    sigma: float | None = None

    def __attrs_post_init__(self) -> None:
        for name in AXES:
            axis = getattr(self, name)
            if axis.ndim != 1 or axis.size == 0 or not np.all(np.diff(axis) > 0) or axis[0] < 0:
                raise DataError(f"the axis {name!r} of the grid is not a rising list of numbers that are not negative: {axis}")
        if self.separation[0] == 0 or self.ratio[0] == 0 or self.counts[0] == 0 or self.ratio[-1] > 1:
            raise DataError("separations, ratios and counts of the grid are above 0, and ratios up to 1")
        shape = tuple(getattr(self, name).size for name in AXES)
        if self.duals.shape[:-1] != shape or self.singles.shape[:-1] != shape[2:]:
            raise DataError(
                f"a grid of {shape} separations, ratios, counts and angles needs duals of the shape {(*shape, 'm')} and singles "
                f"of {(*shape[2:], 'l')}; got {self.duals.shape} and {self.singles.shape}"
            )
        for cell in np.argwhere(np.isinf(self.threshold)):
            n = int(np.sum(~np.isnan(self.singles[tuple(cell)])))
            raise DataError(
                f"{n} single sources of {self.counts[cell[0]]:g} counts, {self.off_axis[cell[1]] / ARCMIN:g} arcmin off axis, "
                f"cannot show a false-positive rate of {self.false_positive_rate:g}: simulate more"
            )
        if (self.errors is None) is not (self.sigma is None) or (
            self.errors is not None and self.errors.shape != self.duals.shape
        ):
            raise DataError("the errors of the ln Bayes factors, of the shape of the duals, go with `sigma`, and only with it")

    @property
    def digest(self) -> str:
        """Identity of grid, simulations and criteria."""
        arrays = [*(getattr(self, name) for name in AXES), self.duals, self.singles]
        errors = None if self.errors is None else array_digest(self.errors)
        return json_digest([[array_digest(a) for a in arrays], errors, self.false_positive_rate, self.sigma])

    @property
    def threshold(self) -> Array:
        """ln Bayes factor above which a dual counts as found, shape (c, o); NaN where there are no singles."""
        found = np.full(self.singles.shape[:-1], np.nan)
        for cell in np.ndindex(found.shape):
            if not np.all(np.isnan(self.singles[cell])):
                found[cell] = detection_threshold(self.singles[cell], self.false_positive_rate)
        return found

    @property
    def tried(self) -> Array:
        """Number of simulated duals that could be judged, shape (s, r, c, o)."""
        return np.where(np.isnan(self.threshold), 0, np.sum(~np.isnan(self.duals), axis=-1)).astype(float)

    @property
    def found(self) -> Array:
        """Number of duals found, shape (s, r, c, o)."""
        seen = self.duals > self.threshold[..., None]
        if self.errors is not None and self.sigma is not None:
            seen &= self.duals > self.sigma * self.errors
        return np.asarray(np.sum(seen, axis=-1), dtype=float)

    @property
    def fraction(self) -> Array:
        """Share of the duals that is found, shape (s, r, c, o); NaN where none was simulated."""
        tried = self.tried
        return np.asarray(np.divide(self.found, tried, out=np.full(tried.shape, np.nan), where=tried > 0))

    def interval(self, level: float = ONE_SIGMA) -> Interval:
        """Clopper-Pearson interval of `fraction`; NaN where no dual was simulated."""
        tried = self.tried
        some = tried > 0
        both = binomial_interval(np.where(some, self.found, 0), np.where(some, tried, 1), level)
        low, high = (np.where(some, end, np.nan) for end in (both.low, both.high))
        return Interval(low=low, high=high, level=level, method=both.method)

    def roc(self, separation: int, ratio: int, counts: int, off_axis: int) -> Roc:
        """The curve of one cell, by its indices.

        Raises
        ------
        DataError
            Where nothing was simulated there.
        """
        return roc(self.singles[counts, off_axis], self.duals[separation, ratio, counts, off_axis])

    @property
    def area(self) -> Array:
        """Area under the curve of each cell, shape (s, r, c, o); NaN where nothing was simulated."""
        found = np.full(self.duals.shape[:-1], np.nan)
        for cell in np.argwhere(self.tried > 0):
            found[tuple(cell)] = self.roc(*(int(i) for i in cell)).area
        return found

    def completeness(self, counts: ArrayLike, off_axis: ArrayLike, population: DualPopulation) -> Completeness:
        """Share of a population of duals that would be found around sources.

        The found share is interpolated linearly in the logarithms of separation, ratio and counts, and in the off-axis angle.
        What lies outside of the grid counts as not found if it is closer or of a lower ratio, and as the end of the grid if it is
        wider. Likewise more counts than those of the grid, or a smaller angle, are taken to be those of its end.

        Parameters
        ----------
        counts : array_like, shape (n,)
        off_axis : array_like, shape (n,)
            [rad]
        population : DualPopulation

        Raises
        ------
        DataError
            Where a source has less counts or a greater angle than the grid, or nothing was simulated in a cell that it needs.
        """
        many, theta = np.broadcast_arrays(np.atleast_1d(np.asarray(counts, float)), np.atleast_1d(np.asarray(off_axis, float)))
        on_grid = self._on_grid(population)
        value, variance, fraction, tried, found = (
            np.empty(many.shape),
            np.empty(many.shape),
            self.fraction,
            self.tried,
            self.found,
        )
        # Of a share that is estimated to be 0 or 1 the variance is not 0: one more of each kind.
        spread = (found + 1) * (tried - found + 1) / (tried + 2) ** 2 / np.maximum(tried, 1)
        for i, (n, angle) in enumerate(zip(many, theta, strict=True)):
            weight = on_grid[:, :, None, None] * self._of_source(float(n), float(angle))
            used = weight > 0
            if np.any(np.isnan(fraction[used])):
                cell = np.argwhere(used & np.isnan(fraction))[0]
                raise DataError(f"nothing was simulated at {self._cell(cell)}, which a source of {n:g} counts needs: simulate it")
            value[i] = np.sum(weight[used] * fraction[used])
            variance[i] = np.sum(weight[used] ** 2 * spread[used])
        return Completeness(value=value, error=np.sqrt(variance), population=population.name)

    def separation_at(self, counts: float, off_axis: float, share: float = 0.5) -> Array:
        """Separation [arcsec] from which on at least this share is found, for each ratio: shape (r,).

        Interpolated in the logarithm of the separation; the least separation of the grid where the share is reached all over it,
        NaN where it is not reached at the greatest one, or cells are missing.

        Raises
        ------
        DataError
            Where counts or angle lie outside of the grid, as for `completeness`.
        """
        weight = self._of_source(counts, off_axis)
        shares = np.sum(np.where(weight > 0, weight * self.fraction, 0.0), axis=(2, 3))
        found, log_s = np.full(self.ratio.size, np.nan), np.log(self.separation)
        for j, column in enumerate(shares.T):
            below = np.flatnonzero(~(column >= share))
            if below.size == 0:
                found[j] = self.separation[0]
            elif (i := int(below[-1])) < column.size - 1 and np.isfinite(column[i]):
                step = (share - column[i]) / (column[i + 1] - column[i])
                found[j] = np.exp(log_s[i] + step * (log_s[i + 1] - log_s[i]))
        return found

    def to_table(self, level: float = ONE_SIGMA) -> Any:
        """One row per cell with simulations, as an astropy QTable."""
        from astropy.table import QTable
        from astropy.units import arcmin, arcsec

        cells = np.argwhere(self.tried > 0)
        at = tuple(cells.T)
        both, c, o = self.interval(level), cells[:, 2], cells[:, 3]
        columns = {
            "separation": self.separation[cells[:, 0]] * arcsec,
            "ratio": self.ratio[cells[:, 1]],
            "counts": self.counts[c],
            "off_axis": self.off_axis[o] / ARCMIN * arcmin,
            "simulated": self.tried[at].astype(int),
            "found": self.found[at].astype(int),
            "fraction": self.fraction[at],
            "low": both.low[at],
            "high": both.high[at],
            "threshold": self.threshold[c, o],
            "area": self.area[at],
        }
        meta = {"interval": both.method, "level": level, "false_positive_rate": self.false_positive_rate, "sigma": self.sigma}
        return QTable(columns, meta=meta)

    def _cell(self, index: NDArray[np.intp]) -> str:
        s, r, c, o = (getattr(self, name)[i] for name, i in zip(AXES, index, strict=True))
        return f"{s:g} arcsec, ratio {r:g}, {c:g} counts, {o / ARCMIN:g} arcmin off axis"

    def _of_source(self, counts: float, off_axis: float) -> Array:
        """Weights of the counts and angles of the grid for a source, shape (c, o)."""
        if not self.counts[0] <= counts:
            raise DataError(
                f"a source of {counts:g} counts: the grid begins at {self.counts[0]:g}, and less counts show less. Simulate fewer"
            )
        if not 0 <= off_axis <= self.off_axis[-1] * (1 + 1e-12):
            raise DataError(
                f"a source {off_axis / ARCMIN:g} arcmin off axis: the grid ends at {self.off_axis[-1] / ARCMIN:g}, and the PSF "
                "gets wider. Simulate farther out"
            )
        return np.outer(_shares(np.log(self.counts), np.log([counts]))[0], _shares(self.off_axis, np.array([off_axis]))[0])

    def _on_grid(self, population: DualPopulation) -> Array:
        """Weights of the separations and ratios of the grid, shape (s, r); their sum is the share that the grid reaches."""
        reached = (population.separation >= self.separation[0] * (1 - 1e-12)) & (population.ratio >= self.ratio[0] * (1 - 1e-12))
        in_s = _shares(np.log(self.separation), np.log(population.separation[reached]))
        in_r = _shares(np.log(self.ratio), np.log(population.ratio[reached]))
        return np.asarray((in_s * population.weight[reached, None]).T @ in_r)


def _shares(nodes: Array, x: Array) -> Array:
    """Weights of the nodes in a linear interpolation at x, clipped at both ends. Shape (x, nodes)."""
    shares = np.zeros((x.size, nodes.size))
    if nodes.size == 1:
        return shares + 1
    at = np.clip(x, nodes[0], nodes[-1])
    i = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, nodes.size - 2)
    upper = (at - nodes[i]) / (nodes[i + 1] - nodes[i])
    rows = np.arange(x.size)
    shares[rows, i], shares[rows, i + 1] = 1 - upper, upper
    return shares
