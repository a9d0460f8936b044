"""Bandpowers from a correlation function that TreeCorr counted."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.annuli import Annuli
from faintsky.core.bins import Bins
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.correlation import Correlation, Transform
from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.knox import knox_of_maps
from faintsky.core.lags import lag_correlation, radial_cells
from faintsky.core.map import Map
from faintsky.core.measured_spectrum import measured_spectrum
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator, Window
from faintsky.core.pseudo_power import pseudo_power, same_field
from faintsky.core.units import canonical

__all__ = ["TreeCorr"]

Array = NDArray[np.float64]


@component(references=["Jarvis2004"], extra="treecorr")
@frozen(kw_only=True)
class TreeCorr(PowerSpectrumEstimator):
    """Correlation function counted by TreeCorr (KK), transformed to bandpowers like that of `two-point`.

    Every kept pixel is a point with its fluctuation and weight; lags stand in logarithmic rings, and the lag 0, which a pair
    count leaves out, is added. For maps `two-point` is exact and faster; TreeCorr is the independent check of it. Errors are
    Knox's with the effective share of modes <w^2>^2 / <w^4>, since TreeCorr's own variance holds the shot noise alone.
    """

    bin_slop: float | None = option(
        None, ge=0, help="how far pairs may fall outside their ring, in rings; 0 = exact rings; default: TreeCorr's own"
    )
    rings_per_decade: float = option(40.0, gt=0, help="rings of lag per decade")
    pair_cut: float = option(0.25, ge=0, lt=1, help="leave out long lags with fewer pairs than this share of the unmasked number")
    threads: int = option(1, ge=1, help="threads that TreeCorr may use")

    def correlation(self, a: Map, b: Map, theta_min: Any, theta_max: Any, rings: int) -> Correlation:
        """xi(theta) in logarithmic rings of lag.

        Parameters
        ----------
        a, b : Map
            On one grid; one map given twice for its autocorrelation.
        theta_min, theta_max : float, str or Quantity
            [rad]
        rings : int

        Raises
        ------
        DataError
            Where the maps lie on different grids, or the lags are reversed.
        PluginError
            Where TreeCorr is not installed; the message is the line that installs it.
        """
        a.grid_.check_same(b.grid_)
        low, high = canonical(theta_min, "rad"), canonical(theta_max, "rad")
        if not 0 < low < high:
            raise DataError(f"the lags must satisfy 0 < theta_min < theta_max, got {low:.4g} and {high:.4g} rad")
        treecorr = require("treecorr", "treecorr")
        # In pixels: TreeCorr's cells are then of the order of 1.
        unit = min(a.grid_.scale)
        asked: dict[str, Any] = {"min_sep": low / unit, "max_sep": high / unit, "nbins": rings, "num_threads": self.threads}
        if self.bin_slop is not None:
            asked["bin_slop"] = self.bin_slop
        counted = treecorr.KKCorrelation(**asked, verbose=0)
        catalogues = [_points(treecorr, m, unit) for m in ((a,) if same_field(a, b) else (a, b))]
        counted.process(*catalogues)
        found = counted.npairs > 0
        return Correlation(
            edges=np.geomspace(low, high, rings + 1),
            theta=np.where(found, counted.meanr, counted.rnom) * unit,
            xi=np.where(found, counted.xi, np.nan),
            npairs=np.array(counted.npairs),
        )

    def estimate(self, a: Map, b: Map, bins: Bins, ctx: Context) -> PowerSpectrum:
        """The power spectrum of `a` x `b`.

        Raises
        ------
        DataError
            Where the maps lie on different grids, a bin holds no mode, or the two masks share no pixel.
        PluginError
            Where TreeCorr is not installed.
        """
        require("treecorr", "treecorr")
        a.grid_.check_same(b.grid_)
        bins.check(a.grid_)
        auto = same_field(a, b)
        b = a if auto else b
        grid, cells = a.grid_, radial_cells(a.grid_)
        overlap = float(np.vdot(a.weight, b.weight))
        if overlap <= 0:
            raise DataError("the masks of the two maps share no pixel: there is no cross-power to measure")
        first = a.weight.astype(float)
        pairs = np.maximum(cells.sums(lag_correlation(first, first if auto else b.weight.astype(float))), 0.0)
        dense = (pairs > self.pair_cut * overlap * cells.lags) & (cells.lags > 0)
        low, high = 0.5 * min(grid.scale), float(cells.r[dense].max()) + cells.step
        number = max(1, round(self.rings_per_decade * np.log10(high / low)))
        measured = self.correlation(a, b, low, high, number)
        # Ring 0 is the lag 0; a ring that no lag of the lattice falls into takes no part.
        rings = np.searchsorted(measured.edges, cells.r, side="right")
        rings[0] = 0
        used = (rings <= number) & (cells.lags > 0) & ((rings > 0) | (cells.r == 0))
        values = np.concatenate([[_lag_zero(a, b) / overlap], np.nan_to_num(measured.xi)])
        transform = Transform(bins=bins, r=cells.r, area=np.where(used, cells.lags * grid.pixel_area, 0.0), pairs=pairs)
        power = transform.matrix @ np.where(used, values[np.minimum(rings, number)], 0.0)
        annuli = Annuli.of(grid, bins)
        window = transform.window(annuli, grid.pixel_area, np.where(used, rings, -1))
        of_map, covariance = knox_of_maps(a, b, bins, power)
        return measured_spectrum(
            self,
            "treecorr",
            a,
            b,
            bins,
            power=power,
            covariance=covariance,
            pseudo=pseudo_power(a, b, bins),
            window=Window(q=annuli.q, matrix=window),
            auto=of_map,
        )


def _points(treecorr: Any, field: Map, unit: float) -> Any:
    """A catalogue of the kept pixels; lengths in `unit` [rad]."""
    y, x = np.nonzero(field.weight)
    dy, dx = (s / unit for s in field.grid_.scale)
    k = field.values[y, x].astype(float) - field.mean
    return treecorr.Catalog(x=x * dx, y=y * dy, k=k, w=field.weight[y, x].astype(float))


def _lag_zero(a: Map, b: Map) -> float:
    """Weighted sum of the products of the fluctuations in the same pixels."""
    one, two = (m.weight * (m.values.astype(float) - m.mean) for m in (a, b))
    return float(np.vdot(one, two))
