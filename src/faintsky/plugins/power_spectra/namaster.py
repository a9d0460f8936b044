"""Mode-decoupled bandpowers by NaMaster, the community's reference."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.annuli import Annuli
from faintsky.core.bins import Bins
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.knox import knox_of_maps
from faintsky.core.map import Map
from faintsky.core.measured_spectrum import measured_spectrum
from faintsky.core.outer_rings import with_outer_rings
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator, Window
from faintsky.core.pseudo_power import pseudo_power, same_field

__all__ = ["Namaster"]

Array = NDArray[np.float64]


@component(references=["Alonso2019"], extra="namaster")
@frozen(kw_only=True)
class Namaster(PowerSpectrumEstimator):
    """Mode-decoupled bandpowers by NaMaster's flat-sky code; for comparison on small maps.

    The same quantity as `decoupled`, to rounding. Its coupling matrix loops over all pairs of modes: the time goes as the square
    of the number of pixels, 8 seconds at 256 x 256 and days at 4500 x 4500; larger maps than `max_pixels` are refused. Errors are
    Knox's with the effective share of modes. NaMaster needs system libraries; conda-forge has it built.
    """

    max_pixels: int = option(512 * 512, ge=1, help="refuse larger maps, whose coupling would take hours")

    def estimate(self, a: Map, b: Map, bins: Bins, ctx: Context) -> PowerSpectrum:
        """The power spectrum of `a` x `b`.

        Raises
        ------
        DataError
            Where the maps lie on different grids, are larger than `max_pixels`, or a bin holds no mode.
        PluginError
            Where NaMaster is not installed; the message is the line that installs it.
        """
        nmt = require("pymaster", "namaster")
        a.grid_.check_same(b.grid_)
        bins.check(a.grid_)
        grid = a.grid_
        if grid.size > self.max_pixels:
            raise DataError(
                f"the map has {grid.size} pixels, more than max_pixels = {self.max_pixels}: NaMaster's coupling would take "
                f"about {8 * (grid.size / 65536) ** 2 / 3600:.2g} CPU hours. Use 'decoupled', which gives the same"
            )
        auto = same_field(a, b)
        b = a if auto else b
        rings, kept = with_outer_rings(grid, bins)
        binning = nmt.NmtBinFlat(rings.edges[:-1], rings.edges[1:])
        fields = [_field(nmt, m) for m in ((a,) if auto else (a, b))]
        workspace = nmt.NmtWorkspaceFlat()
        workspace.compute_coupling_matrix(fields[0], fields[-1], binning)
        coupled = nmt.compute_coupled_cell_flat(fields[0], fields[-1], binning)
        power = np.asarray(workspace.decouple_cell(coupled)[0], dtype=float)[kept]
        of_map, covariance = knox_of_maps(a, b, bins, power)
        return measured_spectrum(
            self,
            "namaster",
            a,
            b,
            bins,
            power=power,
            covariance=covariance,
            pseudo=pseudo_power(a, b, bins),
            window=_window(workspace, Annuli.of(grid, bins).q, kept),
            auto=of_map,
        )


def _field(nmt: Any, field: Map) -> Any:
    (ny, nx), (dy, dx) = field.grid_.shape, field.grid_.scale
    values = (field.values.astype(float) - field.mean) * (field.weight > 0)
    return nmt.NmtFieldFlat(nx * dx, ny * dy, field.weight.astype(float), [values])


def _window(workspace: Any, q: Array, kept: slice) -> Window:
    """The response to unit power at each `q`: NaMaster interpolates linearly, so the columns are tents that add up to 1."""
    tents = np.eye(len(q))
    columns = [workspace.decouple_cell(workspace.couple_cell(q, tent[None]))[0] for tent in tents]
    return Window(q=q, matrix=np.asarray(columns, dtype=float).T[kept])
