"""Where the sources of surveys lie on the plane of luminosity and redshift: at a point each, or along a track."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.luminosity_bins import LuminosityBins
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet

__all__ = ["PlacedSources", "placed", "warn_of_point_redshifts"]

Array = NDArray[np.float64]

#: Widest step of a track, in ln(1 + z); the luminosity moves by about 0.005 dex in it.
_STEP = 0.005
#: A redshift is an outlier beyond this times (1 + z); more than this part of outliers matters at any redshift.
_OUTLIER, _MATTERS = 0.15, 0.05


@frozen(kw_only=True, eq=False)
class PlacedSources:
    """Sources, or pieces of them, with the part of a source that each stands for.

    Attributes
    ----------
    log_l, z, share : ndarray, shape (k,)
        k pieces; the shares of one source add up to its probability inside the redshift grid.
    unknown : int
        Sources without redshift or brightness, which are in no bin.
    outside : float
        Sources' worth of probability outside of their redshift grids.
    """

    log_l: Array = field(repr=False)
    z: Array = field(repr=False)
    share: Array = field(repr=False)
    unknown: int
    outside: float

    def counts(self, bins: LuminosityBins) -> Array:
        """Number of sources in each bin, shape (nz, nl)."""
        return bins.counts(self.log_l, self.z, self.share)


def placed(surveys: SurveySet, bins: LuminosityBins, redshifts: str, model: LuminosityFunction | None = None) -> PlacedSources:
    """Sources at their best redshifts (``point``), or shared out along their tracks of constant brightness.

    ``pdf`` shares a source out by its p(z). ``posterior`` shares it out by p(z) phi(L(z), z) dV/dz, normalised: where p(z) is the
    likelihood of a redshift, this is its posterior for a population `model` without detection probability (Loredo 2004), and the
    expectation of the shared counts is that of the true ones where the model is true. Sources with spectroscopic redshifts stay
    at theirs.

    Parameters
    ----------
    surveys : SurveySet
    bins : LuminosityBins
        Its redshift edges divide the steps of a track.
    redshifts : str
        ``point``, ``pdf`` or ``posterior``.
    model : LuminosityFunction, optional
        For ``posterior``.

    Raises
    ------
    DataError
        Where a sample with photometric redshifts holds no p(z).
    """
    log_l, z, share = [np.empty(0)], [np.empty(0)], [np.empty(0)]
    unknown, outside = 0, 0.0
    for name, sample in surveys.samples.items():
        point = np.ones(len(sample), dtype=bool) if redshifts == "point" else sample.spectroscopic
        known = np.isfinite(sample.log_x) & (np.isfinite(sample.z) | ~point)
        unknown += int(np.sum(~known))
        at = known & point
        log_l.append(sample.log_l()[at])
        z.append(sample.z[at])
        share.append(np.ones(int(at.sum())))
        rows = np.flatnonzero(known & ~point)
        if rows.size:
            if sample.redshifts is None:
                raise DataError(
                    f"redshifts = {redshifts!r} needs the redshift densities of {name}, which holds none for {rows.size} sources "
                    "without spectroscopic redshift: give them, or take redshifts = 'point'"
                )
            weight = _population(sample, model) if redshifts == "posterior" and model is not None else None
            found = _tracks(sample, rows, bins, weight)
            for part, pieces in zip((log_l, z, share), found[:3], strict=True):
                part.append(pieces)
            outside += found[3]
    return PlacedSources(
        log_l=np.concatenate(log_l), z=np.concatenate(z), share=np.concatenate(share), unknown=unknown, outside=outside
    )


def warn_of_point_redshifts(surveys: SurveySet, bins: LuminosityBins, ctx: Context) -> None:
    """Say once what points made of photometric redshifts do to rare sources: a few per cent of outliers can outnumber them."""
    photometric = sum(int(np.sum(~s.spectroscopic & np.isfinite(s.z))) for s in surveys.samples.values())
    if not photometric:
        return
    wild = _outliers(surveys)
    if bins.z[-1] > 4 or wild > _MATTERS:
        said = f" ({100 * wild:.0f} % of their probability lies farther than 0.15 (1 + z) from the point)" if wild > 0 else ""
        ctx.warn(
            f"point photo-z: {photometric} of {len(surveys)} sources have photometric redshifts{said}, taken as exact. Outliers "
            "can dominate rare bins (by a factor of 3-16 at the bright end above z = 4 in simulations with 8 % outliers): take a "
            "likelihood that knows p(z), redshifts = 'posterior' where every source has a p(z), or compare the photo-z variants"
        )


def _population(sample: SourceSample, model: LuminosityFunction) -> Callable[[Array, Array], Array]:
    def weight(log_l: Array, z: Array) -> Array:
        return np.asarray(np.exp(model.log_density(log_l, z)) * comoving_volume(sample.cosmology, z))

    return weight


def _tracks(
    sample: SourceSample, rows: NDArray[np.int64], bins: LuminosityBins, weight: Callable[[Array, Array], Array] | None
) -> tuple[Array, Array, Array, float]:
    """Luminosity, redshift and share of the steps of each track, and the probability outside of the redshift grid."""
    assert sample.redshifts is not None
    grid = sample.redshifts.z.astype(float)
    reach = (max(grid[0], sample.conversion.z[0]), min(grid[-1], sample.conversion.z[-1]))
    y = np.log1p(np.array(reach))
    even = np.expm1(np.linspace(y[0], y[1], int(np.ceil((y[1] - y[0]) / _STEP)) + 1))
    edges = np.unique(np.clip(np.concatenate([grid, even, bins.z]), *reach))
    z = 0.5 * (edges[1:] + edges[:-1])
    factor = sample.conversion.at(z)
    found: list[tuple[Array, Array, Array]] = []
    outside = 0.0
    for row in rows:
        mass = np.diff(np.interp(edges, grid, sample.redshifts.cdf[row].astype(float)))
        log_l = sample.log_x[row] + factor
        inside = float(mass.sum())
        outside += max(1 - inside, 0.0)
        if weight is not None:
            mass = mass * weight(log_l, z)
            mass = mass * (inside / mass.sum()) if mass.sum() > 0 else mass
        kept = (mass > 0) & (z >= bins.z[0]) & (z <= bins.z[-1])
        found.append((log_l[kept], z[kept], mass[kept]))
    log_l, at, share = (np.concatenate([f[i] for f in found]) for i in range(3))
    return log_l, at, share, outside


def _outliers(surveys: SurveySet) -> float:
    """Mean probability of photometric redshifts far from their points; 0 where no densities are known."""
    far = []
    for sample in surveys.samples.values():
        if sample.redshifts is None:
            continue
        for row in np.flatnonzero(~sample.spectroscopic & np.isfinite(sample.z)):
            reach = sample.z[row] + _OUTLIER * (1 + sample.z[row]) * np.array([-1.0, 1.0])
            cdf = sample.redshifts.cdf[row].astype(float)
            far.append(float(cdf[-1]) - float(np.diff(np.interp(reach, sample.redshifts.z, cdf))[0]))
    return float(np.mean(far)) if far else 0.0
