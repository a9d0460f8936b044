"""Quadrature over luminosity and redshift whose panels follow the kinks of a luminosity function.

The evolution of a luminosity-dependent density model has kinks that move with its parameters. Nodes of a fixed grid jump over
them, which makes an integral a noisy function of the parameters: with ten thousand nodes the expected number of a survey of ten
thousand sources is wrong by 2, and so is ln L. Panels that end at the kinks see smooth functions only.
"""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.gauss_panels import gauss_panels
from faintsky.core.luminosity_function import LuminosityFunction

__all__ = ["LuminosityNodes", "LuminosityQuadrature", "checked_range"]

Array = NDArray[np.float64]

#: Nodes of Gauss and Legendre in a panel, at least: fewer would waste the panel.
_LEAST = 4


def checked_range(name: str, given: ArrayLike) -> tuple[float, float]:
    """A range of two finite numbers, the first the smaller one.

    Raises
    ------
    DataError
        Where it is none.
    """
    ends = np.asarray(given, dtype=float)
    if ends.shape != (2,) or not np.all(np.isfinite(ends)) or not ends[0] < ends[1]:
        raise DataError(f"{name} is a range of two finite numbers, the smaller one first; got {ends.tolist()}")
    return float(ends[0]), float(ends[1])


@frozen(kw_only=True, eq=False)
class LuminosityNodes:
    """Nodes and weights for integrals over log10 L and z.

    The arrays have the shapes (nl, 1), (nl, nz) and (nl, nz): a luminosity function works out once what depends on luminosity
    alone. Where kinks came in columns, (n, 1) for n sets of parameters, all three have the shape (n, m).

    Attributes
    ----------
    log_l, z : ndarray
    weight : ndarray
        dlogL dz.
    """

    log_l: Array = field(repr=False)
    z: Array = field(repr=False)
    weight: Array = field(repr=False)

    @property
    def flat(self) -> LuminosityNodes:
        """Rows of shape (m,): for parameters in columns where the kinks are the same for all."""
        log_l, z, weight = np.broadcast_arrays(self.log_l, self.z, self.weight)
        return LuminosityNodes(log_l=log_l.ravel(), z=z.ravel(), weight=weight.ravel())


@frozen(kw_only=True)
class LuminosityQuadrature:
    """Composite rule of Gauss and Legendre in log10 L and ln(1 + z), with panels that end at the kinks.

    Attributes
    ----------
    log_l, z : tuple of float
        Ranges.
    nodes : int
        In luminosity, and in redshift at each luminosity; panels share them out evenly, at least four each.
    """

    log_l: tuple[float, float]
    z: tuple[float, float]
    nodes: int = 96

    def __attrs_post_init__(self) -> None:
        checked_range("log_l", self.log_l)
        checked_range("z", self.z)
        if self.z[0] < 0:
            raise DataError(f"redshifts begin at 0, got {self.z[0]:g}")
        if self.nodes < _LEAST:
            raise DataError(f"a quadrature needs at least {_LEAST} nodes, got {self.nodes}")

    def at(self, model: LuminosityFunction) -> LuminosityNodes:
        """Nodes and weights for a luminosity function with its parameters as they are: numbers, or columns of shape (n, 1)."""
        breaks = np.asarray(model.log_l_breaks(), dtype=float)
        ends = np.broadcast_to(self.log_l, (*breaks.shape[:-1], 2))
        edges = np.sort(np.clip(np.concatenate([ends, breaks], axis=-1), *self.log_l), axis=-1)
        log_l, dlog_l = gauss_panels(edges, self._each(edges.shape[-1] - 1))
        edges = self._z_edges(model, log_l)
        u, du = gauss_panels(np.log1p(edges), self._each(edges.shape[-1] - 1))
        found = np.broadcast_arrays(log_l[..., None], np.expm1(u), dlog_l[..., None] * du * np.exp(u))
        if edges.ndim > 2:
            log_l, z, weight = (a.reshape(len(a), -1) for a in found)
            return LuminosityNodes(log_l=log_l, z=z, weight=weight)
        return LuminosityNodes(log_l=log_l[:, None], z=found[1], weight=found[2])

    def _each(self, panels: int) -> int:
        return max(_LEAST, -(-self.nodes // panels))

    def _z_edges(self, model: LuminosityFunction, log_l: Array) -> Array:
        """Edges of the panels in redshift at each luminosity, in order, shape (..., k + 1)."""
        breaks = np.clip(np.asarray(model.z_breaks(log_l), dtype=float), *self.z)
        ends = np.empty((2, *breaks.shape[1:]))
        ends[0], ends[1] = self.z
        return np.moveaxis(np.sort(np.concatenate([ends, breaks]), axis=0), 0, -1)
