"""What every estimator of bandpowers says of its result beside the numbers."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from faintsky.core.bins import Bins
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.modes import mean_wavenumbers, mode_counts
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.pseudo_power import power_unit

__all__ = ["flags", "measured_spectrum"]

Array = NDArray[np.float64]


def flags(grid: Grid, bins: Bins) -> dict[str, tuple[bool, ...]]:
    """Per bin: does it reach beyond the axis Nyquist wavenumber, or below the fundamental one."""
    beyond = bins.edges[1:] > grid.nyquist * (1 + 1e-9)
    wide = bins.edges[:-1] < grid.fundamental * (1 - 1e-9)
    return {"beyond_nyquist": tuple(beyond.tolist()), "wider_than_field": tuple(wide.tolist())}


def measured_spectrum(
    estimator: Any,
    name: str,
    a: Map,
    b: Map,
    bins: Bins,
    *,
    power: Array,
    covariance: Array,
    pseudo: Array,
    window: Window,
    auto: tuple[Array, ...],
) -> PowerSpectrum:
    """The result, with modes, unit, names, options, flags and the analytic noise level put in.

    The noise of an auto-spectrum is the white level of the map's variance as it appears in `power`: through the window.
    """
    grid = a.grid_
    noise = None
    if a is b and a.variance is not None:
        noise = a.shot_noise() * window.matrix.sum(axis=1)
    peak = float(a.weight.max()) * float(b.weight.max())
    return PowerSpectrum(
        edges=np.array(bins.edges),
        q=mean_wavenumbers(grid, bins),
        modes=mode_counts(grid, bins),
        power=power,
        covariance=covariance,
        pseudo=pseudo,
        window=window,
        unit=power_unit(a.unit, b.unit),
        f_sky=float(np.vdot(a.weight, b.weight)) / (grid.size * peak),
        noise=noise,
        names=(str(a.meta.get("name", "")), str(b.meta.get("name", ""))),
        estimator=name,
        options=attrs.asdict(estimator, recurse=False),
        auto=auto,
        flags=flags(grid, bins),
    )
