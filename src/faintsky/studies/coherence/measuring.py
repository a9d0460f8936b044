"""The step that measures: every auto, cross, signal, noise and null spectrum of one field with one estimator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.flux_production import FluxProduction
from faintsky.core.map import Map
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator
from faintsky.core.step import step
from faintsky.estimators.bandpowers.beam import beam_in_window, deconvolved
from faintsky.estimators.bandpowers.jackknife import jackknife
from faintsky.estimators.bandpowers.nulls import shuffled, turned
from faintsky.estimators.bandpowers.splits import split_power
from faintsky.studies.coherence.choices import BinChoice
from faintsky.studies.coherence.measurement import BeamChoice, MeasureChoice, NullChoice
from faintsky.studies.coherence.spectra import Spectra, cross_name
from faintsky.studies.coherence.steps import Mask

__all__ = ["measure"]


@step(title="spectra of", version=2)
def measure(
    *,
    maps: Mapping[str, Map],
    mask: Mask,
    estimator: PowerSpectrumEstimator,
    bins: BinChoice,
    choice: MeasureChoice,
    beams: BeamChoice,
    nulls: NullChoice,
    checked: tuple[str, ...],
    title: str,
    ctx: Context,
) -> Spectra:
    """Spectra of the maps of one field behind their common mask; those named in `checked` also by jackknife.

    Raises
    ------
    DataError
        Where a map is constant, or a background is no map of the field.
    """
    known = {name: FluxProduction.read(path, maps[name].unit) for name, path in choice.productions.items() if name in maps}
    kept = {name: _kept(name, m, mask, known.get(name)) for name, m in maps.items()}
    chosen, said = bins.bins(next(iter(kept.values())).geometry)
    for sentence in said:
        ctx.warn(sentence)
    found: dict[str, dict[str, PowerSpectrum]] = {key: {} for key in ("auto", "cross", "signal", "noise", "null")}
    for i, (what, name, spectrum) in enumerate(_measured(kept, estimator, chosen, choice, nulls, ctx)):
        ctx.progress(i + 1, 0, name)
        found[what][name] = spectrum
    _without_backgrounds(found, choice.backgrounds)
    for what in ("auto", "cross", "signal"):
        found[what] = {name: _with_beams(s, kept, beams) for name, s in found[what].items()}
    regions = {}
    for name in checked if choice.jackknife else ():
        a, _, b = name.partition(" x ")
        if a in kept and (b or a) in kept:
            regions[name] = jackknife(kept[a], kept[b or a], estimator, chosen, ctx, regions=choice.jackknife)
    shot = {name: m.shot_noise() for name, m in kept.items() if m.variance is not None}
    return Spectra(shot=shot, jackknife=regions, **found)


def _kept(name: str, m: Map, mask: Mask, production: FluxProduction | None) -> Map:
    """The map behind the common mask. dF/dz of a catalogue is scaled to the mean that is left; a given one is taken as it is."""
    kept = m.masked(mask.keep)
    if not _varies(kept):
        raise DataError(f"the map {name!r} is constant where the masks keep it: no fluctuation is left to measure")
    if production is not None:
        return attrs.evolve(kept, production=production)
    if kept.production is not None and kept.production.total > 0 and kept.mean > 0:
        kept = attrs.evolve(kept, production=kept.production.normalised_to(kept.mean))
    return kept


def _varies(m: Map) -> bool:
    values = m.values[m.weight > 0]
    return bool(values.min() < values.max())


def _measured(
    maps: Mapping[str, Map],
    estimator: PowerSpectrumEstimator,
    bins: Bins,
    choice: MeasureChoice,
    nulls: NullChoice,
    ctx: Context,
) -> Iterator[tuple[str, str, PowerSpectrum]]:
    """Kind, name and spectrum, one after the other."""

    def estimate(a: Map, b: Map, names: tuple[str, str]) -> PowerSpectrum:
        return attrs.evolve(estimator.estimate(a, b, bins, ctx), names=names)

    pairs = choice.pairs(list(maps))
    for name, m in maps.items():
        yield "auto", name, _known(estimate(m, m, (name, name)), m, m)
    for a, b in pairs:
        # Off-band maps share no sky with the others: what is measured with them must vanish.
        what = "null" if {a, b} & set(nulls.maps) else "cross"
        yield what, cross_name(a, b), _known(estimate(maps[a], maps[b], (a, b)), maps[a], maps[b])
    for name, m in maps.items():
        if m.n_splits < 2:
            continue
        signal = attrs.evolve(split_power(m, estimator, bins, ctx), names=(name, name))
        difference, label = m.half_difference(), f"{name} (A - B)/2"
        yield "signal", name, _known(signal, m, m)
        yield "noise", name, estimate(difference, difference, (name, name))
        for other in maps:
            if other != name and ((other, name) in pairs or (name, other) in pairs):
                yield "null", cross_name(other, label), estimate(maps[other], difference, (other, label))
    for a in dict.fromkeys(a for a, _ in pairs):
        with_a = [b for first, b in pairs if first == a and not {a, b} & {*nulls.maps, *choice.backgrounds.values()}]
        others: dict[str, Map] = {}
        if with_a and nulls.rotated:
            others[f"{a} rotated"] = turned(maps[a])
        if with_a and nulls.shuffled and maps[a].sources is not None:
            others[f"{a} shuffled"] = shuffled(maps[a], ctx.rng(f"shuffled {a}"))
        for label, moved in others.items():
            for b in with_a:
                yield "null", cross_name(label, b), estimate(moved, maps[b], (label, b))


def _known(s: PowerSpectrum, a: Map, b: Map) -> PowerSpectrum:
    """The spectrum with what its maps know: the white level of their common sources, dF/dz."""
    shot = a.shared_shot(b) if a.sources is not None and b.sources is not None else None
    both = (a,) if a is b else (a, b)
    known = tuple(m.production for m in both if m.production is not None)
    return attrs.evolve(s, shot=shot, productions=known if len(known) == len(both) else ())


def _without_backgrounds(found: Mapping[str, dict[str, PowerSpectrum]], backgrounds: Mapping[str, str]) -> None:
    """Subtract matched spectra: with the map of the background where the map stood."""
    for name, background in backgrounds.items():
        if background not in found["auto"]:
            raise DataError(f"the background {background!r} of the map {name!r} is no map of this field")
        for cross, s in list(found["cross"].items()):
            a, b = s.names
            if name not in (a, b) or background in (a, b):
                continue
            other = a if b == name else b
            matched = found["cross"].get(cross_name(other, background)) or found["cross"].get(cross_name(background, other))
            if matched is not None:
                found["cross"][cross] = s.subtract(matched)
        for what in ("auto", "signal"):
            if name in found[what]:
                taken = found[what].get(background, found["auto"][background])
                found[what][name] = found[what][name].subtract(taken)
    for background in set(backgrounds.values()):
        for cross in [c for c, s in found["cross"].items() if background in s.names]:
            found["null"][cross] = found["cross"].pop(cross)


def _with_beams(s: PowerSpectrum, maps: Mapping[str, Map], choice: BeamChoice) -> PowerSpectrum:
    beams = tuple(maps[name].beam for name in s.names)
    if choice.correct == "none" or all(m.beam is None for m in maps.values()):
        return s
    return deconvolved(s, beams, choice.threshold) if choice.correct == "deconvolve" else beam_in_window(s, beams)
