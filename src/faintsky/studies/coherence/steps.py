"""The steps of the study: grid, maps, mask, spectra, fit."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.goodness import with_goodness
from faintsky.core.grid import Grid
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.map import Map, MapSource
from faintsky.core.mask import MaskRule
from faintsky.core.power_model import PowerModel
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator
from faintsky.core.sampler import Posterior, Sampler
from faintsky.core.step import step
from faintsky.studies.coherence.choices import BinChoice, GridChoice
from faintsky.studies.coherence.spectra import Spectra, cross_name

__all__ = ["Mask", "common_mask", "fit", "load_map", "measure", "study_grid"]


@frozen(kw_only=True, eq=False)
class Mask:
    """The mask of a study.

    Attributes
    ----------
    keep : ndarray of bool, shape (ny, nx)
        What is kept, in every map.
    footprint : ndarray of bool, shape (ny, nx)
        Where all maps were observed at all.
    shares : mapping of str to float
        Per named mask, the fraction of the footprint that it takes out (they overlap).
    """

    keep: NDArray[np.bool_]
    footprint: NDArray[np.bool_]
    shares: Mapping[str, float]

    @property
    def masked_fraction(self) -> float:
        """Fraction of the footprint that is masked."""
        inside = np.count_nonzero(self.footprint)
        return float(1 - np.count_nonzero(self.keep & self.footprint) / inside) if inside else 1.0


@step(title="choose the grid")
def study_grid(*, sources: Mapping[str, MapSource], choice: GridChoice, ctx: Context) -> Grid:
    """The one grid of all maps."""
    explicit = choice.explicit()
    if explicit is not None:
        return explicit
    if choice.like:
        name = choice.like.removeprefix("maps.")
        native = sources[name].grid()
        if native is None:
            raise DataError(f"grid.like: the map {name!r} has no native grid; give [grid] pixel and size")
        return native
    natives = (source.grid() for source in sources.values())
    found = next((grid for grid in natives if grid is not None), None)
    if found is None:
        raise DataError('none of the maps has a native grid: give [grid] pixel = "1.2 arcsec" and size = [512, 512]')
    return found


@step(title="load")
def load_map(*, source: MapSource, grid: Grid, title: str, ctx: Context) -> Map:
    """One map on the grid of the study; `title`, its name, makes its random stream its own."""
    return source.load(grid, ctx)


@step(title="mask")
def common_mask(*, maps: Mapping[str, Map], rules: Mapping[str, MaskRule], ctx: Context) -> Mask:
    """The union of the named masks, and of what any map did not observe."""
    names = list(maps)
    for name in names[1:]:
        maps[names[0]].geometry.check_same(maps[name].geometry, (f"map {names[0]!r}", f"map {name!r}"))
    footprint = np.logical_and.reduce([m.footprint for m in maps.values()])
    keep = np.logical_and.reduce([m.weight > 0 for m in maps.values()])
    shares: dict[str, float] = {}
    for name, rule in rules.items():
        out = rule.masked(maps, ctx)
        shares[name] = float(np.mean(out[footprint])) if footprint.any() else 1.0
        keep &= ~out
    if not keep.any():
        taken = ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
        raise DataError(f"the masks leave no pixel: {taken or 'the maps do not overlap'}")
    return Mask(keep=keep, footprint=footprint, shares=shares)


@step(title="spectra of")
def measure(
    *, maps: Mapping[str, Map], mask: Mask, estimator: PowerSpectrumEstimator, bins: BinChoice, title: str, ctx: Context
) -> Spectra:
    """Every auto and cross of the maps, and the noise and null spectra of those with splits."""
    kept = {name: m.masked(mask.keep) for name, m in maps.items()}
    for name, m in kept.items():
        if not np.ptp(m.values[m.weight > 0]) > 0:
            raise DataError(f"the map {name!r} is constant where the masks keep it: no fluctuation is left to measure")
    chosen, said = bins.bins(next(iter(kept.values())).geometry)
    for sentence in said:
        ctx.warn(sentence)
    pairs: list[tuple[str, str, str, Map, Map]] = [("auto", name, "", m, m) for name, m in kept.items()]
    pairs += [("cross", a, b, kept[a], kept[b]) for a, b in combinations(kept, 2)]
    for name, m in kept.items():
        if m.n_splits < 2:
            continue
        difference = m.half_difference()
        pairs += [("signal", name, "", m.split(0), m.split(1)), ("noise", name, "", difference, difference)]
        pairs += [("null", other, f"{name} (A - B)/2", kept[other], difference) for other in kept if other != name]
    found: dict[str, dict[str, PowerSpectrum]] = {key: {} for key in ("auto", "cross", "signal", "noise", "null")}
    for i, (what, a, b, first, second) in enumerate(pairs):
        ctx.progress(i, len(pairs), cross_name(a, b) if b else a)
        spectrum = estimator.estimate(first, second, chosen, ctx)
        found[what][cross_name(a, b) if b else a] = attrs.evolve(spectrum, names=(a, b or a))
    shot = {name: m.shot_noise() for name, m in kept.items() if m.variance is not None}
    return Spectra(shot=shot, **found)


@step(title="fit")
def fit(
    *,
    spectra: Spectra,
    pair: str,
    model: PowerModel,
    likelihood: LikelihoodRule[Any, Any],
    sampler: Sampler,
    title: str,
    ctx: Context,
) -> Posterior:
    """The posterior of a model of one spectrum."""
    named = spectra.named()
    if pair not in named:
        raise DataError(f"there is no spectrum {pair!r}. {nearest(pair, named)} Spectra: {', '.join(named)}")
    bound = likelihood.bind(named[pair], model, ctx)
    return with_goodness(sampler.run(bound, ctx), bound, ctx)
