"""Hardness ratios of models: tracks against redshift, and grids on planes of two colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.parameter import with_values
from faintsky.core.response import Response
from faintsky.core.spectrum import Spectrum

__all__ = ["band_rates", "colours", "hardness_track"]

Array = NDArray[np.float64]


def band_rates(
    spectrum: Spectrum,
    response: Response,
    bands: Sequence[Band],
    vary: Mapping[str, ArrayLike],
    weight: Spectrum | None = None,
) -> Array:
    """Rates in bands over the product of one or more parameters.

    Parameters
    ----------
    spectrum : Spectrum
    response : Response
    bands : sequence of Band, length b
    vary : mapping of dotted name to array_like
        Values of parameters; what is tied to them follows.
    weight : Spectrum, optional
        Divide by the effective area for this spectrum, as an exposure map made with it does; default: counts s^-1.

    Returns
    -------
    ndarray, shape (n1, n2, ..., b)
        [counts s^-1], or [photons cm^-2 s^-1] with `weight`.
    """
    values = [np.asarray(v, dtype=float) for v in vary.values()]
    shape = tuple(v.size for v in values)
    meshes = np.meshgrid(*values, indexing="ij") if values else []
    columns = {name: mesh.reshape(-1, 1) for name, mesh in zip(vary, meshes, strict=True)}
    rates = response.collapse(tuple(bands)).rates(with_values(spectrum, columns))
    if weight is not None:
        rates = rates / np.array([response.effective_area(band, weight) for band in bands])
    return np.asarray(np.broadcast_to(rates, (int(np.prod(shape, dtype=int)), len(bands))).reshape(*shape, len(bands)))


def colours(rates: ArrayLike) -> Array:
    """(hard - soft) / (hard + soft) of neighbouring bands, (..., b) to (..., b - 1)."""
    values = np.asarray(rates, dtype=float)
    soft, hard = values[..., :-1], values[..., 1:]
    return np.asarray((hard - soft) / (hard + soft))


def hardness_track(
    spectrum: Spectrum,
    response: Response,
    soft: Band,
    hard: Band,
    vary: Mapping[str, ArrayLike],
    weight: Spectrum | None = None,
) -> Array:
    """Hardness ratio of a model over the product of parameters, such as redshift and column density; shape (n1, n2, ...).

    Raw counts unless `weight`: with raw counts a track holds for one epoch of the telescope only.
    """
    return np.asarray(colours(band_rates(spectrum, response, (soft, hard), vary, weight))[..., 0])
