"""Sources projected on one grid of luminosity and redshift: what a spread-out source costs is paid when the data are bound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.estimators.populations.source_nodes import SourceNodes

__all__ = ["ProjectedSources"]

Array = NDArray[np.float64]

#: ln of the largest ratio of two densities that is told apart.
_REACH = 600.0


@frozen(kw_only=True, eq=False)
class ProjectedSources:
    """The term of source i is ln sum_g W_ig phi(g) / phi_0(g) + a constant, with a sparse W.

    Between the nodes of the grid, which is uniform in log10 L and ln(1 + z), the ratio of phi to that of a reference model phi_0
    is bilinear. It bends much less than phi itself: at the parameters of the reference the terms are exact.

    Attributes
    ----------
    log_l : ndarray, shape (nl, 1)
    z : ndarray, shape (nz,)
    reference : ndarray, shape (nl, nz)
        ln phi_0.
    matrix : scipy.sparse.csr_array, shape (n, nl * nz)
        Rows add up to 1.
    constant : float
        Sum over the projected sources of ln sum_k w_k phi_0.
    points : SourceNodes
        Sources of one node, which cost next to nothing and stay as they are.
    """

    log_l: Array = field(repr=False)
    z: Array = field(repr=False)
    reference: Array = field(repr=False)
    matrix: Any = field(repr=False)
    constant: float
    points: SourceNodes

    @classmethod
    def of(
        cls,
        parts: Iterable[SourceNodes],
        model: LuminosityFunction,
        log_l: tuple[float, float],
        z: tuple[float, float],
        shape: tuple[int, int],
    ) -> ProjectedSources:
        """Project sources, part by part, with the model as it is as the reference."""
        from scipy import sparse

        rows, u = np.linspace(*log_l, shape[0]), np.linspace(np.log1p(z[0]), np.log1p(z[1]), shape[1])
        size = shape[0] * shape[1]
        blocks, constant, points = [sparse.csr_array((0, size))], 0.0, []
        for every in parts:
            points.append(every.select(every.single))
            part = every.select(~every.single)
            if not len(part):
                continue
            terms = part.per_source(model)
            if not np.all(np.isfinite(terms)):
                raise DataError(
                    f"{model.name} makes {int((~np.isfinite(terms)).sum())} sources impossible at its present parameters, which "
                    "the grid takes as its reference: give it parameters that allow all sources, or take mode = 'exact'"
                )
            constant += float(terms.sum())
            share = np.exp(part.log_terms(model) - terms[part.owner])
            places = [_cell(rows, part.log_l), _cell(u, np.log1p(part.z))]
            (i, a), (j, b) = places
            four = [(i, j, (1 - a) * (1 - b)), (i + 1, j, a * (1 - b)), (i, j + 1, (1 - a) * b), (i + 1, j + 1, a * b)]
            entries = np.concatenate([share * w for _, _, w in four])
            columns = np.concatenate([p * shape[1] + q for p, q, _ in four])
            block = sparse.coo_array((entries, (np.tile(part.owner, 4), columns)), shape=(len(part), size))
            blocks.append(block.tocsr())
        z_nodes = np.expm1(u)
        reference = np.broadcast_to(model.log_density(rows[:, None], z_nodes), shape)
        matrix = sparse.vstack(blocks, format="csr")
        return cls(
            log_l=rows[:, None],
            z=z_nodes,
            reference=np.array(reference),
            matrix=matrix,
            constant=constant,
            points=SourceNodes.joined(points),
        )

    def total(self, model: LuminosityFunction) -> float:
        """Sum over sources, for a model whose parameters are numbers."""
        found = self.points.total(model)
        if not self.matrix.shape[0]:
            return found
        ratio = np.asarray(model.log_density(self.log_l, self.z)) - self.reference
        mean = self.matrix @ np.exp(np.clip(ratio, -_REACH, _REACH)).ravel()
        with np.errstate(divide="ignore"):
            return found + float(np.log(mean).sum()) + self.constant


def _cell(grid: Array, x: Array) -> tuple[NDArray[np.intp], Array]:
    """Cell of a uniform grid, and the place in it between 0 and 1."""
    place = np.clip((x - grid[0]) / (grid[1] - grid[0]), 0, grid.size - 1)
    cell = np.minimum(place.astype(np.intp), grid.size - 2)
    return cell, place - cell
