"""Mode-decoupled bandpowers by NaMaster, the community's reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
import threadpoolctl
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.annuli import Annuli
from faintsky.core.bins import Bins
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.grid import Grid
from faintsky.core.knox import knox_of_maps
from faintsky.core.lags import lag_correlation, radial_cells
from faintsky.core.map import Map
from faintsky.core.measured_spectrum import measured_spectrum
from faintsky.core.modes import fourier_rings, mode_counts
from faintsky.core.outer_rings import with_outer_rings
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator, Window
from faintsky.core.pseudo_power import same_field

__all__ = ["Namaster"]

Array = NDArray[np.float64]


@component(references=["Alonso2019"], extra="namaster", science_version=2)
@frozen(kw_only=True)
class Namaster(PowerSpectrumEstimator):
    """Mode-decoupled bandpowers by NaMaster's flat-sky code; for comparison on small maps.

    The same quantity as `decoupled`, to rounding. Its coupling matrix loops over all pairs of modes: the time goes as the square
    of the number of pixels, 8 seconds at 256 x 256 and days at 4500 x 4500; larger maps than `max_pixels` are refused. It runs
    on one thread, since its sums over threads differ from run to run. Errors are Knox's with the effective share of modes.
    NaMaster needs system libraries; conda-forge has it built.
    """

    max_pixels: int = option(512 * 512, ge=1, help="refuse larger maps, whose coupling would take hours")

    def estimate(self, a: Map, b: Map, bins: Bins, ctx: Context) -> PowerSpectrum:
        """The power spectrum of `a` x `b`.

        Raises
        ------
        DataError
            Where the maps lie on different grids, are larger than `max_pixels`, a bin holds no mode, the two masks share no
            pixel, or the bins are so narrow that the mask cannot be undone.
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
        if not np.any((a.weight > 0) & (b.weight > 0)):
            raise DataError("the masks of the two maps share no pixel: there is no cross-power to measure")
        rings, kept = with_outer_rings(grid, bins)
        edges = _edges(grid, rings)
        # Now that its OpenMP is loaded: the order of a sum over threads is not the same twice.
        with threadpoolctl.threadpool_limits(limits=1):
            binning = nmt.NmtBinFlat(edges[:-1], edges[1:])
            fields = [_field(nmt, m) for m in ((a,) if auto else (a, b))]
            workspace = nmt.NmtWorkspaceFlat()
            workspace.compute_coupling_matrix(fields[0], fields[-1], binning)
            pseudo = np.asarray(nmt.compute_coupled_cell_flat(fields[0], fields[-1], binning), dtype=float)
            # NaMaster shows its matrix nowhere, but what it makes of each ring alone is the inverse.
            undo = np.array([workspace.decouple_cell(ring[None])[0] for ring in np.eye(len(rings))]).T
            power = np.asarray(workspace.decouple_cell(pseudo)[0], dtype=float)[kept]
        condition = float(np.linalg.cond(undo)) if np.all(np.isfinite(undo)) else np.inf
        if not condition <= 1e6:
            raise DataError(
                f"the mode coupling cannot be undone (condition number {condition:.2g}): the bins are too narrow for this mask. "
                "Use fewer bins per decade"
            )
        of_map, covariance = knox_of_maps(a, b, bins, power)
        return measured_spectrum(
            self,
            "namaster",
            a,
            b,
            bins,
            power=power,
            covariance=covariance,
            pseudo=pseudo[0][kept],
            window=_window(undo[kept], a, b, bins),
            auto=of_map,
        )


def _edges(grid: Grid, rings: Bins) -> Array:
    """The edges for NaMaster, which compares rounded wavenumbers, and counts q = 0 where a ring reaches down to it.

    An edge that lies on a mode is lowered by more than rounding, so that the mode belongs to the ring above, as in `modes`.
    """
    return np.maximum(rings.edges * (1 - 1e-12), 0.5 * grid.fundamental)


def _field(nmt: Any, field: Map) -> Any:
    (ny, nx), (dy, dx) = field.grid_.shape, field.grid_.scale
    values = (field.values.astype(float) - field.mean) * (field.weight > 0)
    return nmt.NmtFieldFlat(nx * dx, ny * dy, field.weight.astype(float), [values])


def _window(undo: Array, a: Map, b: Map, bins: Bins) -> Window:
    r"""The window of the pseudo spectrum, decoupled by NaMaster's matrix `undo`, shape (nbin, nring).

    NaMaster's own `couple_cell` is periodic, has no ring for the corner of the plane, and lets power at q = 0 through, which the
    subtraction of the mean takes out. The window of ring b is therefore that of `decoupled`, from the lags d that are not wrapped
    around, :math:`w_b(q) = \frac{\Omega}{N N_b} \sum_d C(d) R_b(d) J_0(q |d|)`, with C the correlation of the weights and R_b the
    transform of the indicator of the ring.
    """
    grid = a.grid_
    (ny, nx), cells = grid.shape, radial_cells(grid)
    rings, _ = with_outer_rings(grid, bins)
    correlation = lag_correlation(a.weight.astype(float), b.weight.astype(float))
    index = fourier_rings(grid, rings).index(slice(0, ny))
    transforms = (scipy.fft.irfft2((index == ring).astype(complex), s=(ny, nx)) for ring in range(len(rings)))
    kernel = np.array([cells.sums(correlation * transform) for transform in transforms]) / mode_counts(grid, rings)[:, None]
    pairs = cells.sums(correlation)
    kernel -= kernel.sum(axis=1, keepdims=True) / pairs.sum() * pairs
    annuli = Annuli.of(grid, bins)
    coupled = annuli.closed(grid.pixel_area * kernel @ annuli.correlation(cells.r).T, kernel[:, 0], rings)
    return Window(q=annuli.q, matrix=undo @ coupled)
