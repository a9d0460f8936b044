"""Quadrature in brightness with the area of a survey as its weight: steps and bends of an area curve cost no accuracy."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.area_curve import AreaCurve
from faintsky.core.gauss_panels import gauss_panels

__all__ = ["AreaNodes"]

Array = NDArray[np.float64]

#: Number counts fall about as 10^(-1.3 log x): what is left to be interpolated is nearly constant.
_SLOPE = 1.3
#: Panels of equal shares of the sources.
_MAIN = 16
#: Where panels end: shares of the sources, finer towards the bright end, which is long and nearly empty.
_ENDS = np.concatenate([np.arange(1, _MAIN) / _MAIN, 1 - 1 / (_MAIN * 4.0 ** np.arange(1, 5))])
#: Steps of the curve between its points that the weight is summed over: A is linear in them, the slope is resolved [dex].
_STEP = 0.02


@frozen(kw_only=True, eq=False)
class AreaNodes:
    """Nodes x = log10 of the brightness and weights w for integrals of A(x) H(x) dx.

    Gauss's rule of each panel belongs to the weight A(x) 10^(-1.3 x), which is known exactly, not to that of a smooth curve. H,
    the number of sources per area and dex, is smooth.
    """

    x: Array
    weight: Array

    @classmethod
    def of(cls, area: AreaCurve, low: float, high: float, number: int, edges: tuple[float, ...] = ()) -> AreaNodes:
        """`number` nodes between two brightnesses and some at the bright end, with further edges of panels; none without area."""
        first = int(np.flatnonzero(area.area > 0)[0])
        begin = max(low, float(area.log_x[max(first - 1, 0)]))
        if not begin < high:
            return cls(x=np.empty(0), weight=np.empty(0))
        x, weight = _support(area, begin, high)
        upto = np.cumsum(weight)
        quantiles = np.interp(_ENDS, upto / upto[-1], x)
        ends = np.unique([begin, high, *quantiles, *(e for e in edges if begin < e < high)])
        panel = np.searchsorted(ends, x)
        rules = [_gauss(x[panel == i], weight[panel == i], max(4, -(-number // _MAIN))) for i in range(1, ends.size)]
        nodes = np.concatenate([rule[0] for rule in rules])
        share = np.concatenate([rule[1] for rule in rules])
        return cls(x=nodes, weight=share * 10 ** (_SLOPE * (nodes - begin)))


def _support(area: AreaCurve, low: float, high: float) -> tuple[Array, Array]:
    """Points and weights that stand for A(x) 10^(-1.3 (x - low)) dx: Gauss and Legendre between all points of the curve."""
    points = np.concatenate([area.log_x, np.arange(low, high, _STEP), [low, high]])
    edges = np.unique(points[(points >= low) & (points <= high)])
    x, share = gauss_panels(edges, 3)
    return x, share * area.at(x) * 10 ** (-_SLOPE * (x - low))


def _gauss(x: Array, weight: Array, number: int) -> tuple[Array, Array]:
    """Gauss's rule of a discrete measure, by the recursion of Lanczos and the eigenvalues of its matrix (Golub & Welsch 1969)."""
    total = float(weight.sum())
    if not total > 0:
        return np.empty(0), np.empty(0)
    centre = float((x * weight).sum() / total)
    scale = max(float(np.abs(x - centre).max()), 1e-12)
    y = (x - centre) / scale
    vector, before, beta = np.sqrt(weight / total), np.zeros_like(x), 0.0
    diagonal: list[float] = []
    beside: list[float] = []
    for _ in range(min(number, int(np.count_nonzero(weight)))):
        alpha = float((y * vector * vector).sum())
        diagonal.append(alpha)
        after = (y - alpha) * vector - beta * before
        beta = float(np.sqrt((after * after).sum()))
        beside.append(beta)
        if beta < 1e-10:
            break
        vector, before = after / beta, vector
    inner = beside[: len(diagonal) - 1]
    places, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(inner, 1) + np.diag(inner, -1))
    return centre + scale * places, total * vectors[0] ** 2
