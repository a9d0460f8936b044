"""The binned luminosity function as a sum over sources of one over the volume in which each is seen."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction, BinnedLuminosityFunctionEstimator
from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.gauss_panels import gauss_panels
from faintsky.core.intervals import poisson_interval
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.binned_luminosity_functions.binned_options import NO_VOLUME, BinnedOptions
from faintsky.estimators.binned_luminosity_functions.expected_counts import ExpectedCounts

__all__ = ["Vmax", "accessible_volume"]

Array = NDArray[np.float64]

#: Panels in ln(1 + z), and nodes in each.
_PANELS, _NODES = 32, 4
#: Most luminosities of a redshift bin whose volumes are integrated one by one; more are read from a table, in 0.001 dex.
_EXACT = 4000


@component(references=["Schmidt1968", "AvniBahcall1980", "Gehrels1986"])
@frozen(kw_only=True)
class Vmax(BinnedOptions, BinnedLuminosityFunctionEstimator):
    """Sum over sources of one over the volume in which each could be seen.

    phi = sum_i 1 / (V_i dlogL), with V_i = int A(L_i, z) dV/dz dz over the redshift bin and A the summed area of all surveys
    (coherent, as Avni & Bahcall). It weighs sources by their own luminosities only, and is biased where the area changes across
    a bin near the limit of the survey.

    Intervals are those of a sum of weighted Poisson counts by its effective number n = (sum w)^2 / sum w^2: the Poisson interval
    of n, times phi / n. An empty bin has the upper limit of no counts over the whole volume of the bin, as `page-carrera`. The
    result's `n_mdl` is the expectation of phi = 1 [Mpc^3 dex].

    References
    ----------
    Schmidt 1968, ApJ 151, 393; Avni & Bahcall 1980, ApJ 235, 694.
    """

    def estimate(
        self, surveys: SurveySet, bins: LuminosityBins, model: LuminosityFunction, ctx: Context
    ) -> BinnedLuminosityFunction:
        """Densities of bins; NaN, with the reason, without volume. Only ``redshifts = "posterior"`` looks at `model`.

        Raises
        ------
        DataError
            Where the model is of other luminosities or another universe.
        """
        surveys.check(model)
        observable = ExpectedCounts.of(surveys, bins).observable
        sources = self.placed(surveys, bins, model, ctx)
        n_obs = sources.counts(bins)
        weight = np.zeros(sources.z.size)
        for i in range(bins.shape[0]):
            last = i == bins.shape[0] - 1
            rows = (sources.z >= bins.z[i]) & ((sources.z <= bins.z[i + 1]) if last else (sources.z < bins.z[i + 1]))
            rows &= (sources.log_l >= bins.log_l[0]) & (sources.log_l <= bins.log_l[-1])
            volume = _volumes(surveys, sources.log_l[rows], float(bins.z[i]), float(bins.z[i + 1]))
            weight[rows] = np.divide(1.0, volume, out=np.zeros_like(volume), where=volume > 0)
        unseen = bins.counts(sources.log_l, sources.z, sources.share * (weight == 0))
        empty = ~(observable > 0)
        if np.any(unseen[~empty] > 0):
            ctx.warn(f"vmax: {unseen[~empty].sum():g} sources are too faint to be detected in their bin; they count 0")
        width = np.diff(bins.log_l)
        phi = bins.counts(sources.log_l, sources.z, sources.share * weight) / width
        squares = bins.counts(sources.log_l, sources.z, sources.share * weight**2) / width**2
        none = ~(squares > 0)
        effective = np.where(none, 0.0, phi**2 / np.where(none, 1.0, squares))
        per_count = np.where(none, 1 / np.where(empty, np.inf, observable), phi / np.where(none, 1.0, effective))
        found = poisson_interval(effective, self.level, self.interval)
        return self.result(
            bins, surveys, sources, ctx, n_obs=n_obs, n_mdl=observable, phi=phi, low=found.low * per_count,
            high=found.high * per_count, estimator="vmax", reasons={NO_VOLUME: empty},
            meta={"errors": "interval of the effective number (sum w)^2 / sum w^2", "effective": effective},
        )  # fmt: skip


def accessible_volume(surveys: SurveySet, log_l: ArrayLike, z_low: float, z_high: float) -> Array:
    """V(L) = int A(L, z) dV/dz dz between two redshifts [Mpc^3], for luminosities of shape (n,)."""
    edges = np.linspace(np.log1p(z_low), np.log1p(z_high), _PANELS + 1)
    nodes, share = gauss_panels(edges, _NODES)
    z = np.expm1(nodes)
    step = share * (1 + z) * comoving_volume(surveys.cosmology, z)
    return np.asarray(surveys.area_at(np.asarray(log_l, dtype=float)[:, None], z) @ step)


def _volumes(surveys: SurveySet, log_l: Array, z_low: float, z_high: float) -> Array:
    if log_l.size <= _EXACT:
        return accessible_volume(surveys, log_l, z_low, z_high)
    grid = np.linspace(log_l.min(), log_l.max(), int(np.ptp(log_l) / 0.001) + 2)
    return np.asarray(np.interp(log_l, grid, accessible_volume(surveys, grid, z_low, z_high)))
