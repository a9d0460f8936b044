"""The steps of the study: grid, maps, mask, spectra, fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.catalogue import CatalogueSource, loaded
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.goodness import with_goodness
from faintsky.core.grid import Grid
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.map import Map, MapSource
from faintsky.core.mask import MaskRule
from faintsky.core.painted_source import PaintedSource
from faintsky.core.parameter import with_wider_priors
from faintsky.core.power_model import PowerModel
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.sampler import Posterior, Sampler
from faintsky.core.step import step
from faintsky.estimators.bandpowers.stack import stacked
from faintsky.studies.coherence.choices import BinChoice, GridChoice
from faintsky.studies.coherence.spectra import Spectra

__all__ = ["Mask", "common_mask", "fit", "load_map", "paint_map", "stack", "study_grid"]


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


@step(title="paint")
def paint_map(*, source: PaintedSource, catalogue: CatalogueSource, grid: Grid, title: str, ctx: Context) -> Map:
    """One map of a catalogue that several maps share, read once in a process."""
    return source.paint(loaded(catalogue, ctx), grid, ctx)


@step(title="stack")
def stack(*, fields: Mapping[str, Spectra], bins: BinChoice, weights: str, title: str, ctx: Context) -> Spectra:
    """The mean of the spectra of several fields, bin by bin."""
    first = next(iter(fields.values()))
    found: dict[str, dict[str, PowerSpectrum]] = {}
    for what in ("auto", "cross", "signal", "noise", "null"):
        found[what] = {}
        for name in getattr(first, what):
            parts = {field: getattr(s, what)[name] for field, s in fields.items() if name in getattr(s, what)}
            missing = [field for field in fields if field not in parts]
            if missing:
                ctx.warn(f"{name} is not measured in {', '.join(missing)}: the stack is that of the other fields")
            found[what][name] = stacked(parts, bins.common, weights)
    return Spectra(shot={}, jackknife={}, **found)


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


@step(title="fit")
def fit(
    *,
    spectra: Spectra,
    pair: str,
    model: PowerModel,
    likelihood: LikelihoodRule[Any, Any],
    sampler: Sampler,
    widened: float,
    title: str,
    ctx: Context,
) -> Posterior:
    """The posterior of a model of one spectrum; with flat priors `widened` times as wide, to see whether they matter."""
    named = spectra.named()
    if pair not in named:
        raise DataError(f"there is no spectrum {pair!r}. {nearest(pair, named)} Spectra: {', '.join(named)}")
    bound = likelihood.bind(named[pair], model, ctx)
    if widened != 1:
        free = {p.name: p.prior for p in bound.parameters}
        bound = likelihood.bind(named[pair], with_wider_priors(model, free, widened), ctx)
    return with_goodness(sampler.run(bound, ctx), bound, ctx)
