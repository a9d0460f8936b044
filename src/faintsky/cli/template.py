"""A commented study file to start from, made of what the registry knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import attrs

from faintsky.core.component import Option, options, summary
from faintsky.core.errors import PluginError
from faintsky.core.executor import RunOptions
from faintsky.core.registry import registry

__all__ = ["template"]


def template(study: type, kind: str, name: str) -> str:
    """The text of a valid study file: every slot with its choices, every option at its default in a comment.

    Where the study needs maps, two simulated ones stand there to be replaced.
    """
    lines = [f"# {summary(study)}", f"# What each option means:  faintsky plugins show studies {kind}", ""]
    lines += [f'study = "{kind}"', f'name = "{name}"', "seed = 1          # a list repeats everything with each seed", ""]
    fields = attrs.fields(attrs.resolve_types(study))
    lines += [_comment(o) for o in options(study) if _is_plain(o, fields)]
    for attribute in fields:
        lines += _table(attribute)
    lines += ["# How it is run; no number depends on it.", "[run]"]
    lines += [_comment(o) for o in options(attrs.resolve_types(RunOptions)) if not o.slot]
    lines += [f'# executor = "loky"          # one of {_names("executors")}', ""]
    return "\n".join(lines)


def _is_plain(option: Option, fields: Any) -> bool:
    annotation = next(a.type for a in fields if a.name == option.name)
    return not option.slot and not (isinstance(annotation, type) and attrs.has(annotation))


def _table(attribute: attrs.Attribute[Any]) -> Iterator[str]:
    """The lines of a slot, of named parts, or of a table of options."""
    annotation: Any = attribute.type
    if registry.is_slot(annotation):
        yield from _slot(attribute)
    elif parts := [arg for arg in get_args(annotation) if registry.is_slot(arg)]:
        yield from _parts(attribute, registry.kind_of(parts[0]))
    elif isinstance(annotation, type) and attrs.has(annotation):
        yield f"# {_sentence(attribute)}"
        yield f"[{attribute.alias}]"
        yield from map(_comment, options(attrs.resolve_types(annotation)))
        yield ""


def _sentence(attribute: attrs.Attribute[Any]) -> str:
    text = str(attribute.metadata.get("help") or attribute.alias)
    return f"{text[0].upper()}{text[1:]}."


def _names(kind: str) -> str:
    return ", ".join(dict.fromkeys(entry.name for entry in registry.entries(kind)))


def _slot(attribute: attrs.Attribute[Any]) -> Iterator[str]:
    kind = registry.kind_of(attribute.type)
    default = str(attribute.metadata.get("slot_default") or registry.entries(kind)[0].name)
    yield f"# {_sentence(attribute)} One of {_names(kind)};"
    yield f"# one more [[{attribute.alias}]] table compares: each combination is done and stands in the report."
    yield f"[[{attribute.alias}]]"
    yield f'use = "{default}"'
    yield from _options_of(kind, default)
    yield ""


def _options_of(kind: str, name: str) -> Iterator[str]:
    try:
        cls = registry.load(registry.find(kind, name))
    except PluginError:
        return
    for option in options(attrs.resolve_types(cls)):
        if not option.parameter:
            yield _comment(option)


def _parts(attribute: attrs.Attribute[Any], kind: str) -> Iterator[str]:
    yield f"# {_sentence(attribute)} Each is one of {_names(kind)}  ->  faintsky plugins show {kind} NAME"
    if kind != "maps":
        yield f"# [{attribute.alias}.name]"
        yield '# use = "..."'
        yield ""
        return
    yield "# Replace the simulated ones by your own, such as"
    yield f'#   [{attribute.alias}.xray]\n#   use = "events"\n#   path = "acis_evt2.fits"\n#   band = "0.5-2 keV"'
    for name in ("a", "b"):
        yield f"[{attribute.alias}.{name}]"
        yield 'use = "simulated"\nsky = "shared"\nclustering = 1e-10\nwhite = 1e-11\npixel = "2.4 arcsec"\nsize = [256, 256]\n'


def _comment(option: Option) -> str:
    unit = f" [{option.unit}]" if option.unit and option.default is None else ""
    choices = f"; one of {', '.join(option.choices)}" if option.choices else ""
    said = f"{option.help}{unit}{choices}"
    return f"# {option.name} = {_toml(option.default, option.unit)}" + (f"          # {said}" if said else "")


def _toml(value: Any, unit: str = "") -> str:
    """A value as a study file writes it; dots where there is no default."""
    if value is None:
        return "..."
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item, unit) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, int | float):
        return f'"{value!r} {unit}"' if unit else repr(value)
    return f'"{value}"'
