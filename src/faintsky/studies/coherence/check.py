"""What is wrong between the tables of a study file, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from faintsky.core.errors import nearest
from faintsky.core.painted_source import PaintedSource
from faintsky.studies.coherence.spectra import cross_name

if TYPE_CHECKING:
    from faintsky.studies.coherence.field import FieldChoice
    from faintsky.studies.coherence.study import Coherence

__all__ = ["wrong_names"]


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    found = list(known)
    return f"there is no {what} {name!r}. {nearest(name, found)} Known: {', '.join(found)}"


def wrong_names(study: Coherence) -> Iterator[tuple[str, str]]:
    """(dotted key, message) for every name that the tables use for each other and that does not exist."""
    if not study.maps and not study.fields:
        yield "maps", "name at least one map, such as [maps.ir]"
        return
    if study.maps and study.fields:
        yield "fields", "a study has [maps.NAME] of one field, or [fields.NAME.maps.MAP] of several, not both"
        return
    names = study.names
    yield from _fields(study, names)
    like = study.grid.like.removeprefix("maps.")
    if like and like not in study.maps:
        yield "grid.like", f"there is no map {like!r}. {nearest(like, study.maps)} Maps: {', '.join(study.maps)}"
    for name in study.spectra.with_maps:
        if name not in names:
            yield "spectra.with_maps", _unknown("map", name, names)
    for name in study.spectra.productions:
        if name not in names:
            yield "spectra.productions", _unknown("map", name, names)
    for name, background in study.spectra.backgrounds.items():
        for wanted in (name, background):
            if wanted not in names:
                yield "spectra.backgrounds", _unknown("map", wanted, names)
    for name in study.nulls.maps:
        if name not in names:
            yield "nulls.maps", _unknown("map", name, names)
    measured = [*names, *(cross_name(a, b) for a, b in study.spectra.pairs(names))]
    known = [*measured, *(f"{name} signal (A x B)" for name in names)]
    for name in study.fit.spectra:
        if name not in known:
            yield "fit.spectra", f"there is no spectrum {name!r}. {nearest(name, known)} Spectra: {', '.join(known)}"
    for key, panel in study.panels.items():
        for name in panel.spectra:
            if name not in known:
                yield f"panels.{key}.spectra", _unknown("spectrum", name, known)
    for key, mean in study.broadband.items():
        for name in mean.spectra:
            if name not in known:
                yield f"broadband.{key}.spectra", _unknown("spectrum", name, known)
    if study.hardness is not None:
        for name in (*study.hardness.bands, *study.hardness.infrared):
            if name not in names:
                yield "hardness", _unknown("map", name, names)
        if study.hardness.broadband not in study.broadband:
            yield "hardness.broadband", _unknown("mean", study.hardness.broadband, study.broadband)
    for key, published in study.published.items():
        if published.spectrum not in known:
            yield f"published.{key}.spectrum", _unknown("spectrum", published.spectrum, known)
    yield from _xray(study, names)


def _fields(study: Coherence, names: list[str]) -> Iterator[tuple[str, str]]:
    for key, field in study.fields.items():
        if list(field.maps) != names:
            yield (
                f"fields.{key}.maps",
                f"fields are stacked map by map: this one has {', '.join(field.maps) or 'none'}, the first {', '.join(names)}",
            )
        yield from _catalogues(study, field, f"fields.{key}.")
    if not study.fields:
        yield from _catalogues(study, study, "")


def _catalogues(study: Coherence, field: FieldChoice | Coherence, prefix: str) -> Iterator[tuple[str, str]]:
    for name, source in field.maps.items():
        if isinstance(source, PaintedSource) and source.catalogue and source.catalogue not in study.catalogues:
            message = _unknown("catalogue", source.catalogue, study.catalogues)
            yield f"{prefix}maps.{name}.catalogue", f"{message}; give [catalogues.{source.catalogue}]"


def _xray(study: Coherence, names: list[str]) -> Iterator[tuple[str, str]]:
    if study.xray is None:
        return
    for key, wanted in (("xray", (study.xray.xray,)), ("infrared", study.xray.infrared)):
        for name in wanted:
            if name not in names:
                yield f"xray.{key}", _unknown("map", name, names)
    for key in ("mass", "counts"):
        part = getattr(study.xray, key)
        if part is not None and part.infrared not in study.xray.infrared:
            yield f"xray.{key}.infrared", _unknown("redshift bin", part.infrared, study.xray.infrared)
    first = next(iter(study.fields.values()), study)
    bins = {name: getattr(first.maps.get(name), "z", None) for name in study.xray.infrared}
    ranges = sorted((z, name) for name, z in bins.items() if z is not None)
    for (one, a), (other, b) in pairwise(ranges):
        if other[0] < one[1] - 1e-9:
            yield (
                "xray.infrared",
                f"the redshift bins of {a!r} ({one[0]:g} to {one[1]:g}) and {b!r} ({other[0]:g} to {other[1]:g}) overlap: their "
                "fluxes would be added twice",
            )
