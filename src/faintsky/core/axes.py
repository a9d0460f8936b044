"""Comparison axes: a list where a component stands is a set of alternatives; the run is the product of the axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import product
from typing import Any, get_args, get_origin

import attrs
from attrs import frozen

from faintsky.core.component import info
from faintsky.core.errors import PluginError
from faintsky.core.registry import registry

__all__ = ["Axis", "alternatives", "find_axes"]

Keys = tuple[str, ...]


@frozen(kw_only=True)
class Axis:
    """One axis of a study.

    Attributes
    ----------
    path : tuple of str
        Keys of the slot from the root.
    kind : str
        ``method``, ``data`` or ``repeat``.
    labels : tuple of str
        The alternatives; the first is the reference.
    recipes : tuple of bool
        Whether each alternative is a published recipe known to be biased.
    """

    path: Keys
    kind: str
    labels: tuple[str, ...]
    recipes: tuple[bool, ...]

    @property
    def name(self) -> str:
        """The dotted key."""
        return ".".join(self.path)


def label_of(alternative: Any) -> str:
    """The label of an alternative: its own, or the name it uses."""
    if isinstance(alternative, Mapping):
        return str(alternative.get("label", alternative.get("use", "?")))
    return str(alternative)


def find_axes(document: Mapping[str, Any], study: type) -> tuple[tuple[Axis, ...], list[tuple[Keys, str]]]:
    """The axes of a study's document, and what is wrong with them (key, message)."""
    axes: list[Axis] = []
    wrong: list[tuple[Keys, str]] = []
    seeds = document.get("seed")
    if isinstance(seeds, list):
        axes.append(Axis(path=("seed",), kind="repeat", labels=tuple(map(str, seeds)), recipes=(False,) * len(seeds)))
    for path, interface, how, value in _slots(document, study, ()):
        labels = tuple(label_of(item) for item in value)
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if not labels:
            wrong.append((path, "an empty list leaves nothing to use"))
        for label in twice:
            wrong.append((path, f'two alternatives are called {label!r}: give each a label = "..."'))
        recipes = tuple(_is_recipe(interface, item) for item in value)
        axes.append(Axis(path=path, kind=how, labels=labels, recipes=recipes))
    return tuple(axes), wrong


def _is_recipe(interface: Any, alternative: Any) -> bool:
    cls = _class_of(interface, alternative)
    return cls is not None and info(cls).recipe


def _class_of(interface: Any, alternative: Any) -> type | None:
    name = alternative.get("use") if isinstance(alternative, Mapping) else alternative
    if not isinstance(name, str):
        return None
    try:
        return registry.load(registry.find(registry.kind_of(interface), name))
    except PluginError:
        return None  # structuring the cell says so, with file and line


def _slots(table: Any, cls: type, path: Keys) -> Iterator[tuple[Keys, Any, str, list[Any]]]:
    """Every slot of `cls` whose value in `table` is a list: path, interface, axis kind, alternatives."""
    if not isinstance(table, Mapping):
        return
    for attribute in attrs.fields(attrs.resolve_types(cls)):
        if attribute.alias not in table:
            continue
        interface, here = _interface(attribute.type), (*path, attribute.alias)
        if interface is None:
            continue
        how = attribute.metadata.get("axis", "method")
        parts = get_origin(attribute.type) in (dict, Mapping)
        value = table[attribute.alias]
        named = [((*here, k), v) for k, v in value.items()] if parts and isinstance(value, Mapping) else [(here, value)]
        for place, item in named:
            if isinstance(item, list):
                yield place, interface, how, item
            elif (inner := _class_of(interface, item)) is not None:
                yield from _slots(item, inner, place)


def _interface(annotation: Any) -> Any | None:
    """The interface of a slot, of the values of a mapping of slots, or of an optional slot."""
    if registry.is_slot(annotation):
        return annotation
    found = [arg for arg in get_args(annotation) if registry.is_slot(arg)]
    return found[0] if found else None


def alternatives(
    document: Mapping[str, Any], axes: tuple[Axis, ...]
) -> Iterator[tuple[dict[str, str], dict[Keys, int], dict[str, Any]]]:
    """For every cell: its labels by axis, the index of the choice by path, and the document with choices in place."""
    for choice in product(*(range(len(axis.labels)) for axis in axes)):
        cell = deepcopy(dict(document))
        for axis, i in zip(axes, choice, strict=True):
            node: Any = cell
            for key in axis.path[:-1]:
                node = node[key]
            node[axis.path[-1]] = node[axis.path[-1]][i]
        labels = {axis.name: axis.labels[i] for axis, i in zip(axes, choice, strict=True)}
        yield labels, {axis.path: i for axis, i in zip(axes, choice, strict=True)}, cell
