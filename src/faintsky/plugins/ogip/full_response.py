"""Full responses: an RMF with the area of an ARF, or a matrix that holds the area itself."""

from __future__ import annotations

import numpy as np
from attrs import evolve

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.response import Response
from faintsky.plugins.ogip.arf import Arf

__all__ = ["ResponseMismatchError", "joined", "largest_row", "without_arf"]

#: Rows of a matrix of probabilities sum to 1 within the calibration (1.009 in one of the CSC); those of a full response to cm^2.
_PROBABLE = 2.0


class ResponseMismatchError(DataError):
    """An ARF and an RMF have other energies."""


def largest_row(matrix: Response) -> float:
    """The largest sum of a row of a matrix: near 1 where it holds probabilities alone, in cm^2 where it holds the area too."""
    sums = np.bincount(np.repeat(np.arange(len(matrix.area)), np.diff(matrix.starts)), weights=matrix.data)
    return float(sums.max()) if sums.size else 0.0


def joined(rmf: Response, arf: Arf, name: str, rebin: bool = False) -> Response:
    """An RMF with the area of an ARF.

    Parameters
    ----------
    rmf : Response
    arf : Arf
    name : str
        Of the response.
    rebin : bool
        Average the area over the bins of the RMF where the two have other energies; what the ARF does not reach has no area.

    Raises
    ------
    DataError
        Where the matrix holds an area already.
    ResponseMismatchError
        Where the energies differ by more than 1e-4 and `rebin` is not asked for; the message holds both ranges.
    """
    sum_of_row = largest_row(rmf)
    if sum_of_row > _PROBABLE:
        raise DataError(
            f"{name}: rows of the matrix sum up to {sum_of_row:.4g}, so it holds the effective area already: leave out the ARF"
        )
    same = len(arf.edges) == len(rmf.edges) and np.allclose(arf.edges, rmf.edges, rtol=1e-4, atol=0)
    if same:
        return evolve(rmf, area=arf.area * rmf.area, name=name)
    if not rebin:
        ranges = [f"{len(e) - 1} bins, {e[0]:.4g}-{e[-1]:.4g} keV" for e in (arf.edges, rmf.edges)]
        raise ResponseMismatchError(
            f"{name}: the ARF ({ranges[0]}) and the RMF ({ranges[1]}) have other energies: they belong to other epochs or were "
            "made on other grids. Make them on one grid, or ask for rebin = true"
        )
    inside = np.clip(rmf.edges, arf.edges[0], arf.edges[-1])
    total = np.concatenate([[0.0], np.cumsum(arf.area * np.diff(arf.edges))])
    area = np.diff(np.interp(inside, arf.edges, total)) / np.diff(rmf.edges)
    return evolve(rmf, area=area * rmf.area, name=name)


def without_arf(matrix: Response, name: str, ctx: Context) -> Response:
    """A matrix as a full response; warns where it holds probabilities alone, so that rates would be those of 1 cm^2."""
    sum_of_row = largest_row(matrix)
    if sum_of_row <= _PROBABLE:
        ctx.warn(
            f"{name}: no ARF is given, and rows of the matrix sum up to {sum_of_row:.4g} only: it seems to hold no effective "
            "area; rates are those of a detector of 1 cm^2"
        )
    return evolve(matrix, name=name)
