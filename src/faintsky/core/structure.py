"""TOML values become components and studies, strictly, with every defect found at once.

cattrs dispatches on the types; its defaults coerce silently (3.7 to 3, "no" to True), so each plain type has a strict
hook here, and each field's own validator runs inside the structuring so that one bad field does not hide the next.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs
from attrs import frozen
from cattrs import Converter, IterableValidationError, transform_error
from cattrs.errors import BaseValidationError

from faintsky.core.band import Band
from faintsky.core.component import Option, options
from faintsky.core.errors import DataError, FaintskyError, PluginError, nearest
from faintsky.core.registry import Entry, registry
from faintsky.core.units import canonical

__all__ = ["Defect", "Defects", "structure", "unstructure"]


@frozen
class Defect:
    """One thing wrong with a value: where (keys from the root), what, and whether a plugin is to blame."""

    path: tuple[str | int, ...]
    message: str
    plugin: bool = False


class Defects(Exception):  # noqa: N818  (a collection of them)
    """All defects of one value."""

    def __init__(self, found: list[Defect]) -> None:
        self.found = found
        super().__init__("; ".join(d.message for d in found))


def structure(data: Any, cls: type, base: Path | None = None, title: str = "") -> Any:
    """Build `cls` from TOML values.

    Parameters
    ----------
    data : dict
    cls : type
        A component, a study, or another attrs class.
    base : Path
        The folder that relative paths start from.
    title : str
        How messages call the thing.

    Raises
    ------
    Defects
        All that is wrong, at once.
    """
    converter = _converter(base or Path())
    try:
        return _attrs_hook(converter, cls, title or cls.__name__)(data, cls)
    except Defects:
        raise
    except Exception as error:
        raise Defects(_walk(error, ())) from error


def _walk(error: BaseException, path: tuple[str | int, ...]) -> list[Defect]:
    if isinstance(error, Defects):
        return [attrs.evolve(d, path=(*path, *d.path)) for d in error.found]
    if isinstance(error, IterableValidationError):
        with_notes, without = error.group_exceptions()
        found = [d for sub, note in with_notes for d in _walk(sub, (*path, note.index))]
        return found + [d for sub in without for d in _walk(sub, path)]
    if isinstance(error, BaseValidationError):
        return [Defect(path, text) for text in transform_error(error)]
    if isinstance(error, KeyError):
        return [Defect(path, f"missing key {error}")]
    return [Defect(path, str(error), plugin=isinstance(error, PluginError))]


def _plain(kind: type, also: tuple[type, ...] = ()) -> Callable[[Any, Any], Any]:
    names = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}

    def check(value: Any, _: Any) -> Any:
        if isinstance(value, bool) is not (kind is bool) or not isinstance(value, (kind, *also)):
            raise TypeError(f"must be {names[kind]}, got {value!r}")
        return kind(value)

    return check


@lru_cache(maxsize=8)
def _converter(base: Path) -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    for kind, also in ((bool, ()), (int, ()), (float, (int,)), (str, ())):
        converter.register_structure_hook(kind, _plain(kind, also))
    converter.register_structure_hook(Path, lambda value, _: _path(value, base))
    converter.register_structure_hook(Band, lambda value, _: Band.parse(_plain(str)(value, str)))
    converter.register_structure_hook_factory(lambda t: _origin(t) in (tuple, list), lambda t: _sequence_hook(converter, t))
    converter.register_structure_hook_factory(
        lambda t: attrs.has(_origin(t)) and _origin(t) is not Band,
        lambda t: _attrs_hook(converter, t, _origin(t).__name__),
    )
    converter.register_structure_hook_factory(registry.is_slot, lambda t: _slot_hook(converter, t))
    return converter


def _origin(annotation: Any) -> Any:
    return get_origin(annotation) or annotation


def _path(value: Any, base: Path) -> Path:
    path = Path(_plain(str)(value, str)).expanduser()
    path = path if path.is_absolute() else base / path
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) if siblings else f"the folder {path.parent} does not exist"
        raise DataError(f"there is no file {path}. {hint}".rstrip())
    return path.resolve()


def _sequence_hook(converter: Converter, sequence: Any) -> Callable[[Any, Any], Any]:
    args = get_args(sequence)
    uniform = len(args) == 2 and args[1] is Ellipsis
    item_type = args[0] if args else Any

    def hook(value: Any, _: Any) -> Any:
        if uniform and item_type is Path and isinstance(value, str):
            value = [value]
        if not isinstance(value, list | tuple):
            raise TypeError(f"must be a list, got {value!r}")
        if not uniform and args and len(value) != len(args):
            raise TypeError(f"must be a list of {len(args)} values, got {len(value)}")
        types = [item_type] * len(value) if uniform or not args else list(args)
        built, found = [], []
        for i, (item, kind) in enumerate(zip(value, types, strict=True)):
            try:
                built.append(converter.structure(item, kind))
            except Exception as error:
                found += _walk(error, (i,))
        if found:
            raise Defects(found)
        return tuple(built)

    return hook


def _attrs_hook(converter: Converter, cls: Any, title: str) -> Callable[[Any, Any], Any]:
    plain = attrs.resolve_types(get_origin(cls) or cls)
    fields = {a.alias: a for a in attrs.fields(plain) if a.init}

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise TypeError(f"must be a table of options of {title}, got {value!r}")
        found = [
            Defect(
                (key,),
                f"unknown option {key!r} of {title}. {nearest(key, fields)}\n{_listing(plain)}".replace(". \n", "\n"),
            )
            for key in value
            if key not in fields
        ]
        built: dict[str, Any] = {}
        for alias, attribute in fields.items():
            if alias not in value:
                if attribute.default is attrs.NOTHING:
                    found.append(Defect((), f"{title} needs the option {alias!r}{_why(attribute)}"))
                continue
            try:
                built[alias] = _field(converter, attribute, value[alias])
            except Exception as error:
                found += _walk(error, (alias,))
        if found:
            raise Defects(found)
        try:
            return plain(**built)
        except (ValueError, TypeError, FaintskyError) as error:
            raise Defects(_walk(error, ())) from error

    return hook


def _why(attribute: attrs.Attribute[Any]) -> str:
    said = attribute.metadata.get("help", "")
    return f": {said}" if said else ""


def _listing(cls: type) -> str:
    return "Options: " + ", ".join(_shown(option) for option in options(cls))


def _shown(option: Option) -> str:
    return option.name + (f" [{option.unit}]" if option.unit else "")


def _field(converter: Converter, attribute: attrs.Attribute[Any], value: Any) -> Any:
    unit = attribute.metadata.get("unit", "")
    built = _with_unit(value, unit, attribute) if unit else converter.structure(value, attribute.type)  # type: ignore[arg-type]
    if attribute.validator is not None:
        attribute.validator(None, attribute, built)
    return built


def _with_unit(value: Any, unit: str, attribute: attrs.Attribute[Any]) -> Any:
    annotation = next((a for a in get_args(attribute.type) if get_origin(a) is tuple), attribute.type)  # of an optional tuple
    wants_many = get_origin(annotation) is tuple
    if wants_many is not isinstance(value, list):
        raise TypeError(f"must be {'a list of lengths' if wants_many else 'one value'} with unit, got {value!r}")
    for item in value if wants_many else [value]:
        if isinstance(item, bool) or not isinstance(item, str):
            raise TypeError(f"needs a unit: write '{item} {unit}' (or any unit of its kind), got the bare {item!r}")
    if wants_many:
        count = len(get_args(annotation))
        if Ellipsis not in get_args(annotation) and len(value) != count:
            raise TypeError(f"must be a list of {count} values, got {len(value)}")
    return canonical(value, unit)


def _slot_hook(converter: Converter, interface: Any) -> Callable[[Any, Any], Any]:
    kind = registry.kind_of(interface)

    def hook(value: Any, _: Any) -> Any:
        if attrs.has(type(value)):
            return value  # a component or data object given in Python
        if isinstance(value, str):
            value = {"use": value}
        if not isinstance(value, Mapping):
            raise TypeError(f"must name a component of kind {kind!r} or be a table with 'use', got {value!r}")
        if "use" not in value:
            raise DataError(f'needs use = "...": one of {", ".join(e.name for e in registry.entries(kind))}')
        entry = registry.find(kind, _anchored(_plain(str)(value["use"], str), converter))
        cls = registry.load(entry)
        check_generic(interface, cls, entry)
        table = {key: item for key, item in value.items() if key not in ("use", "label")}
        title = f"{kind} {entry.name!r} ({entry.dist} {entry.version})".replace(" )", ")")
        try:
            return _attrs_hook(converter, cls, title)(table, cls)
        except Defects as error:
            hint = f"  ->  faintsky plugins show {kind} {entry.name}"
            raise Defects(
                [attrs.evolve(d, message=d.message + hint) if "Options:" in d.message else d for d in error.found]
            ) from error

    return hook


def _anchored(name: str, converter: Converter) -> str:
    """``path.py:Class`` with its path made absolute."""
    path, _, cls = name.rpartition(":")
    return f"{converter.structure(path, Path)}:{cls}" if path.endswith(".py") else name


def check_generic(interface: Any, cls: type, entry: Entry) -> None:
    """Refuse a component that works on data of another type than the slot's.

    Raises
    ------
    DataError
        The message names both types.
    """
    wanted = [arg for arg in get_args(interface) if not isinstance(arg, typing.TypeVar)]
    bases = [base for parent in cls.__mro__ for base in getattr(parent, "__orig_bases__", ())]
    offered = next((get_args(b) for b in bases if get_origin(b) is get_origin(interface)), ())
    for want, offer in zip(wanted, offered, strict=False):
        if isinstance(want, type) and isinstance(offer, type) and offer not in want.__mro__:
            raise DataError(f"{entry.kind} {entry.name!r} works on {offer.__name__}, but this slot gives it {want.__name__}")


def unstructure(value: Any) -> Any:
    """The TOML form of a component or study: canonical names, every option written out, units on dimensional ones.

    `structure` gives back an equal object.
    """
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path | Band):
        return str(value)
    if isinstance(value, tuple | list):
        return [unstructure(item) for item in value]
    if isinstance(value, Mapping):
        return {key: unstructure(item) for key, item in value.items() if item is not None}
    cls = type(value)
    if hasattr(value, "digest"):
        return f"in memory: {value.digest[:16]}"
    table: dict[str, Any] = {"use": registry.name_of(cls)} if "__component__" in cls.__dict__ else {}
    for attribute in attrs.fields(cls):
        item = getattr(value, attribute.name)
        if not attribute.init or item is None or (isinstance(item, Mapping) and not item):
            continue
        unit = attribute.metadata.get("unit", "")
        table[attribute.alias] = _quantity(item, unit) if unit else unstructure(item)
    return table


def _quantity(value: Any, unit: str) -> Any:
    if isinstance(value, tuple):
        return [_quantity(item, unit) for item in value]
    return f"{value!r} {unit}"
