"""Classes of column density, and the classes of sources by hardness ratio and redshift."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from faintsky.core.context import Context
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA
from faintsky.core.owned_array import owned_floats

__all__ = ["AbsorptionClasses", "ClassifiedSources", "HardnessTracks"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class AbsorptionClasses:
    """Classes by log10 N_H [cm^-2], from unabsorbed to the most absorbed.

    Attributes
    ----------
    edges : tuple of float, length k - 1
        Between the classes.
    names : tuple of str, length k
    representative : tuple of float, length k
        The column density that stands for each class where a spectrum is needed.

    Examples
    --------
    >>> AbsorptionClasses().names
    ('unabsorbed', 'absorbed', 'compton-thick')
    """

    edges: tuple[float, ...] = (23.0, 24.0)
    names: tuple[str, ...] = ("unabsorbed", "absorbed", "compton-thick")
    representative: tuple[float, ...] = (22.5, 23.5, 24.5)

    def __attrs_post_init__(self) -> None:
        k = len(self.names)
        if len(self.edges) != k - 1 or len(self.representative) != k or len(set(self.names)) != k:
            raise DataError(
                f"k classes have k different names, k representatives and k - 1 edges; got {k}, {len(self.representative)} and "
                f"{len(self.edges)}"
            )
        bounds = (-np.inf, *self.edges, np.inf)
        if not np.all(np.diff(self.edges) > 0) or not all(
            bounds[i] <= nh <= bounds[i + 1] for i, nh in enumerate(self.representative)
        ):
            raise DataError(
                f"edges {self.edges} must increase, with one of the representatives {self.representative} in each class"
            )

    def __len__(self) -> int:
        return len(self.names)


@frozen(kw_only=True, eq=False)
class ClassifiedSources:
    """Which class each source belongs to, or with what probability.

    Attributes
    ----------
    classes : AbsorptionClasses
        k classes.
    z : ndarray, shape (n,)
    share : ndarray, shape (n, k)
        Rows add up to 1, or are 0 for a source that could not be classified.
    """

    classes: AbsorptionClasses
    z: Array = field(converter=owned_floats, repr=False)
    share: Array = field(converter=owned_floats, repr=False)

    @property
    def unclassified(self) -> NDArray[np.bool_]:
        """Sources without hardness ratio or redshift, or beyond the tracks; shape (n,)."""
        return np.asarray(self.share.sum(axis=1) == 0)

    @property
    def index(self) -> NDArray[np.int64]:
        """The most probable class of each source, -1 where it has none; shape (n,)."""
        return np.where(self.unclassified, -1, np.argmax(self.share, axis=1))

    def counts(self, z_edges: ArrayLike) -> Array:
        """Number of sources in redshift bins and classes, shape (nz, k); lower edges belong to a bin, and the last upper one."""
        edges = np.asarray(z_edges, dtype=float)
        known = np.isfinite(self.z)
        columns = [np.histogram(self.z[known], edges, weights=share[known])[0] for share in self.share.T]
        return np.stack(columns, axis=1)

    @property
    def digest(self) -> str:
        """Identity of the numbers."""
        said = [list(self.classes.edges), list(self.classes.names), list(self.classes.representative)]
        return json_digest([said, array_digest(self.z), array_digest(self.share)])

    def to_table(self) -> Any:
        """One row per source, as an astropy QTable."""
        from astropy.table import QTable

        names = np.array([*self.classes.names, "unclassified"])
        return QTable({"z": self.z, "class": names[self.index], **dict(zip(self.classes.names, self.share.T, strict=True))})


@frozen(kw_only=True, eq=False)
class HardnessTracks:
    """Expected hardness ratios against redshift of AGN whose column densities lie at the edges of classes.

    The class of a source is the number of tracks at or below its hardness ratio, at its redshift. So the tracks must rise with
    column density there. Where they cross (scattered light softens Compton-thick spectra at low redshift) a hardness ratio does
    not tell the class, and a source there is an error, unless ``crossing = "count"``, which counts the tracks all the same.

    Attributes
    ----------
    classes : AbsorptionClasses
        k classes.
    z : ndarray, shape (m,)
        Increasing; tracks are linear between.
    hardness : ndarray, shape (k - 1, m)
        (H - S) / (H + S), one row for each edge, in the same sense (rates or counts) as the measured ones.
    crossing : str
        ``raise`` or ``count``.

    Raises
    ------
    DataError
        Where shapes do not fit, or a hardness ratio leaves -1 to 1.
    """

    classes: AbsorptionClasses = field(factory=AbsorptionClasses)
    z: Array = field(converter=owned_floats, repr=False)
    hardness: Array = field(converter=owned_floats, repr=False)
    crossing: str = "raise"

    def __attrs_post_init__(self) -> None:
        if self.crossing not in ("raise", "count"):
            raise DataError(f"crossing is 'raise' or 'count', got {self.crossing!r}")
        if self.z.ndim != 1 or self.z.size < 2 or not np.all(np.diff(self.z) > 0):
            raise DataError("tracks need at least two increasing redshifts")
        if self.hardness.shape != (len(self.classes.edges), self.z.size):
            raise DataError(
                f"{len(self.classes.edges)} edges at {self.z.size} redshifts need hardness ratios of shape "
                f"{(len(self.classes.edges), self.z.size)}, got {self.hardness.shape}"
            )
        if not np.all(np.abs(self.hardness) <= 1):
            raise DataError("a hardness ratio of a track is NaN or leaves -1 to 1")

    def classify(self, hardness: ArrayLike, z: ArrayLike, ctx: Context | None = None) -> ClassifiedSources:
        """The class of each source by its hardness ratio, shape (n,); NaN or a redshift beyond the tracks: unclassified.

        Raises
        ------
        DataError
            Where a source lies at a redshift at which tracks cross.
        """
        return self.of_draws(np.asarray(hardness, dtype=float)[:, None], z, ctx)

    def of_draws(self, draws: ArrayLike, z: ArrayLike, ctx: Context | None = None) -> ClassifiedSources:
        """Probability of each class from draws of the posterior of the hardness ratio, shape (n, draws).

        Raises
        ------
        DataError
            Where a source lies at a redshift at which tracks cross.
        """
        values, at = np.asarray(draws, dtype=float), np.asarray(z, dtype=float)
        edges, known = self._edges(at, np.isfinite(values).all(axis=1), ctx)
        number = np.sum(values[:, None, :] >= edges[:, :, None], axis=1)
        share = np.stack([np.mean(number == c, axis=1) for c in range(len(self.classes))], axis=1)
        return ClassifiedSources(classes=self.classes, z=at, share=np.where(known[:, None], share, 0.0))

    def of_interval(
        self,
        value: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        z: ArrayLike,
        level: float = ONE_SIGMA,
        ctx: Context | None = None,
    ) -> ClassifiedSources:
        """Probability of each class from medians and equal-tailed intervals, shape (n,): split normals between -1 and 1.

        Raises
        ------
        DataError
            Where a source lies at a redshift at which tracks cross, or a value outside of its interval.
        """
        middle, down, up, at = (np.asarray(a, dtype=float) for a in (value, low, high, z))
        if np.any((middle < down) | (middle > up)):
            raise DataError("a hardness ratio lies outside of its own interval; low and high are its ends, not distances")
        finite = np.isfinite(middle) & np.isfinite(down) & np.isfinite(up)
        edges, known = self._edges(at, finite, ctx)
        if np.any(np.diff(edges[known], axis=1) < 0):
            raise DataError("tracks cross at the redshift of a source: classify draws with crossing = 'count' instead")
        sigma = np.maximum(np.stack([middle - down, up - middle]) / ndtri(0.5 * (1 + level)), 1e-12)

        def below(x: Array) -> Array:
            distance = x - middle[:, None]
            return np.asarray(ndtr(distance / np.where(distance < 0, sigma[0][:, None], sigma[1][:, None])))

        ends = np.ones((at.size, 1))
        cdf = below(np.concatenate([-ends, edges, ends], axis=1))
        share = np.diff(cdf, axis=1) / (cdf[:, -1:] - cdf[:, :1])
        return ClassifiedSources(classes=self.classes, z=at, share=np.where(known[:, None], share, 0.0))

    def _edges(self, z: Array, finite: NDArray[np.bool_], ctx: Context | None) -> tuple[Array, NDArray[np.bool_]]:
        """Hardness ratios of the edges at each source, (n, k - 1), and which sources can be classified."""
        known = finite & (z >= self.z[0]) & (z <= self.z[-1])
        at = np.where(known, z, self.z[0])
        edges = np.stack([np.interp(at, self.z, track) for track in self.hardness], axis=1)
        crossed = known & np.any(np.diff(edges, axis=1) <= 0, axis=1)
        if np.any(crossed) and self.crossing == "raise":
            apart = self.z[np.all(np.diff(self.hardness, axis=0) > 0, axis=0)]
            where = f"from z = {apart.min():g} to {apart.max():g} at most" if apart.size else "nowhere"
            raise DataError(
                f"the tracks cross at z = {z[crossed][0]:g}, where {int(crossed.sum())} sources lie: they rise with N_H "
                f"{where}. Leave such sources out, choose other bands or edges, or count tracks with crossing = 'count'"
            )
        lost = int(np.sum(~known))
        if lost and ctx is not None:
            ctx.warn(
                f"{lost} of {z.size} sources stay without a class of N_H: no hardness ratio, no redshift, or one beyond "
                f"the tracks ({self.z[0]:g} < z < {self.z[-1]:g})"
            )
        return edges, known
