"""The number of sources that a luminosity function expects in surveys, exact enough to be part of ln L."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.area_curve import AreaCurve
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.gauss_panels import gauss_panels
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.populations.area_nodes import AreaNodes

__all__ = ["ExpectedNumber"]

Array = NDArray[np.float64]

#: Redshifts of the tables of distance and volume, uniform in ln z: their linear interpolation is good to 1e-6.
_TABLE = 4000
#: Luminosities at which the breaks in redshift of a model are followed.
_GRID = 1000
#: Nodes in redshift for each one in brightness, and the fewest in a panel.
_RATIO, _LEAST = 0.375, 8


@frozen(kw_only=True, eq=False)
class _Tracks:
    """Lines of constant brightness through luminosity and redshift: log L = x + factor(z)."""

    x: Array
    weight: Array
    z: Array
    factor: Array
    log_volume: Array
    log_l: tuple[float, float]

    def ends(self) -> tuple[Array, Array]:
        """Where each track enters and leaves the range of luminosity, in ln(1 + z), shape (nx,)."""
        u = np.log1p(self.z)
        rising = np.minimum.accumulate(self.factor[::-1])[::-1]
        falling = np.maximum.accumulate(self.factor)
        return np.interp(self.log_l[0] - self.x, falling, u), np.interp(self.log_l[1] - self.x, rising, u)

    def edges(self, model: LuminosityFunction) -> Array:
        """Panels in ln(1 + z) that end where a track meets a kink of the model, shape (nx, k + 1)."""
        u = np.log1p(self.z)
        low, high = self.ends()
        found = [low[None], high[None]]
        for break_l in np.ravel(np.asarray(model.log_l_breaks(), dtype=float)):
            found.append(self._meets(break_l - self.factor, u))
        grid = np.linspace(*self.log_l, _GRID)
        for row in np.asarray(model.z_breaks(grid), dtype=float):
            bend = np.log1p(np.clip(row, self.z[0], self.z[-1]))
            found.append(self._meets(grid - np.interp(bend, u, self.factor), bend))
        edges = np.concatenate([np.where(np.isnan(f), low, f) for f in found])
        return np.sort(np.clip(edges, low, high), axis=0).T

    def _meets(self, brightness: Array, u: Array) -> Array:
        """Values of u at which a line of brightnesses, given at points of u, passes each x: shape (k, nx), padded with NaN."""
        if np.all(np.diff(brightness) > 0):
            return np.interp(self.x, brightness, u)[None]
        if np.all(np.diff(brightness) < 0):
            return np.interp(self.x, brightness[::-1], u[::-1])[None]
        above = brightness[:, None] > self.x
        cell, node = np.nonzero(above[1:] != above[:-1])
        order = np.argsort(node, kind="stable")
        cell, node = cell[order], node[order]
        share = (self.x[node] - brightness[cell]) / (brightness[cell + 1] - brightness[cell])
        rank = np.arange(node.size) - np.searchsorted(node, node)
        found = np.full((int(rank.max(initial=-1)) + 1, self.x.size), np.nan)
        found[rank, node] = u[cell] + share * (u[cell + 1] - u[cell])
        return found

    def nodes(self, model: LuminosityFunction, number: int) -> tuple[Array, Array, Array]:
        """log10 L, z, and weights that hold area and volume, each of shape (nx, nz)."""
        edges = self.edges(model)
        each = max(_LEAST, int(np.ceil(number * _RATIO / (edges.shape[1] - 1))))
        u, step = gauss_panels(edges, each)
        table = np.log1p(self.z)
        log_l = self.x[:, None] + np.interp(u, table, self.factor)
        weight = step * np.exp(np.interp(u, table, self.log_volume)) * self.weight[:, None]
        inside = (log_l >= self.log_l[0] - 1e-6) & (log_l <= self.log_l[1] + 1e-6)
        return log_l, np.expm1(u), np.where(inside, weight, 0.0)


@frozen(kw_only=True, eq=False)
class ExpectedNumber:
    """N = int phi(L, z) A(L, z) dV/dz dlogL dz for a set of surveys.

    The integral runs over brightness, with the area curve as the weight of Gauss's rule, and along tracks of constant brightness
    over ln(1 + z), in panels that end where the track meets a kink of the model. So neither moving kinks nor the steps of a
    tabulated area make it noisy.

    Attributes
    ----------
    surveys : SurveySet
    log_l, z : tuple of float
        Ranges of log10 L and redshift.
    nodes : int
        In brightness; there are three eighths as many in redshift.
    """

    surveys: SurveySet
    log_l: tuple[float, float]
    z: tuple[float, float]
    nodes: int = 128
    _tracks: tuple[_Tracks, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        if self.nodes < 16:
            raise DataError(f"the expected number needs at least 16 nodes, got {self.nodes}")
        groups: dict[str, list[AreaCurve]] = {}
        conversions: dict[str, BrightnessConversion] = {}
        for sample in self.surveys.samples.values():
            key = sample.conversion.digest
            groups.setdefault(key, []).append(sample.area)
            conversions[key] = sample.conversion
        made = [self._track(AreaCurve.summed(areas), conversions[key]) for key, areas in groups.items()]
        object.__setattr__(self, "_tracks", tuple(t for t in made if t.x.size))

    def _track(self, area: AreaCurve, conversion: BrightnessConversion) -> _Tracks:
        z, factor, log_volume = _tables(self.surveys.cosmology, conversion, self.z)
        corners = [end - f for end in self.log_l for f in (factor[0], factor[-1])]
        low, high = self.log_l[0] - factor.max(), self.log_l[1] - factor.min()
        found = AreaNodes.of(area, low, high, self.nodes, tuple(corners))
        return _Tracks(x=found.x, weight=found.weight, z=z, factor=factor, log_volume=log_volume, log_l=self.log_l)

    def of(self, model: LuminosityFunction) -> float:
        """The expected number, for a model whose parameters are numbers; infinite where the density overflows."""
        total = 0.0
        with np.errstate(over="ignore"):
            for tracks in self._tracks:
                log_l, z, weight = tracks.nodes(model, self.nodes)
                total += float(np.vdot(np.exp(model.log_density(log_l, z)), weight))
        return total

    def fixed(self, model: LuminosityFunction) -> tuple[Array, Array, Array] | None:
        """Nodes log10 L, z and weights, shape (m,), that serve all parameters of a model without kinks; None with kinks."""
        somewhere = np.asarray(self.log_l)
        if np.size(model.log_l_breaks()) or np.size(model.z_breaks(somewhere)):
            return None
        return self.nodes_of(model)

    def nodes_of(self, model: LuminosityFunction) -> tuple[Array, Array, Array]:
        """Nodes log10 L, z, and weights that hold area and volume, each of shape (m,), for the breaks of a model."""
        parts = [tracks.nodes(model, self.nodes) for tracks in self._tracks]
        log_l, z, weight = (np.concatenate([p[i].ravel() for p in parts]) if parts else np.empty(0) for i in range(3))
        return log_l[weight > 0], z[weight > 0], weight[weight > 0]

    def error(self, model: LuminosityFunction) -> float:
        """Absolute error of the expected number, by the rule with twice as many nodes."""
        twice = ExpectedNumber(surveys=self.surveys, log_l=self.log_l, z=self.z, nodes=2 * self.nodes)
        return abs(twice.of(model) - self.of(model))


def _tables(cosmology: Cosmology, conversion: BrightnessConversion, z: tuple[float, float]) -> tuple[Array, Array, Array]:
    """Redshifts, log10 factors, and ln of dV / dln(1 + z) [Mpc^3 deg^-2]."""
    at = np.geomspace(*z, _TABLE)
    at[0], at[-1] = z
    return at, conversion.at(at), np.log(comoving_volume(cosmology, at)) + np.log1p(at)
