"""What ``faintsky plugins show`` says of one component, made of its class."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import attrs

from faintsky.core.component import Option, info, options, shown_default
from faintsky.core.registry import HOST, Entry

__all__ = ["show_component"]

#: Options that every component with parameters has; they are told once, below the parameters.
_PARAMETRIC = ("priors", "fixed", "tied")


def show_component(entry: Entry, cls: type) -> None:
    """Print summary, docstring, options, parameters, references and origin of a component."""
    from rich.table import Table

    from faintsky.cli.console import console

    said, out = info(cls), console()
    out.print(f"{entry.canonical}  ({entry.kind}, {entry.dist} {entry.version})".replace(" )", ")"), style="bold")
    if said.recipe:
        out.print("A published recipe that is known to be biased: never part of a method systematic.", style="yellow")
    out.print(inspect.getdoc(cls) or "")
    own = list(_rows(cls))
    parameters = [a for a in attrs.fields(cls) if "prior" in a.metadata]
    if parameters:
        own = [row for row in own if row[0] not in _PARAMETRIC]
    if own:
        table = Table("option", "type", "unit", "default", "help", title="Options", title_justify="left")
        for row in own:
            table.add_row(*row)
        out.print()
        out.print(table)
    if parameters:
        table = Table("parameter", "unit", "default", "default prior", "help", title="Parameters", title_justify="left")
        for a in parameters:
            unit, prior = a.metadata.get("parameter_unit", ""), a.metadata["prior"]
            table.add_row(a.name, unit, shown_default(a), _prior(prior), a.metadata.get("help", ""))
        out.print()
        out.print(table)
        out.print("Each is free; the tables priors, fixed (to a value) and tied (to another one) change that.")
    out.print()
    out.print(f"science version {said.science_version}; {entry.value}", soft_wrap=True)
    if said.references:
        out.print(f"references: {', '.join(said.references)}", soft_wrap=True)
    if said.extra:
        out.print(f"needs:  pip install '{HOST}[{said.extra}]'", soft_wrap=True)


def _prior(prior: Any) -> str:
    from faintsky.core.registry import registry

    given = ", ".join(f"{a.name} = {getattr(prior, a.name)!r}" for a in attrs.fields(type(prior)) if a.init)
    return f"{registry.short_name(type(prior))} ({given})"


def _rows(cls: type, prefix: str = "") -> Iterator[tuple[str, str, str, str, str]]:
    """Name, type, unit, default and help of every option; those of a table of options under its dotted name."""
    types = {a.name: a.type for a in attrs.fields(attrs.resolve_types(cls))}
    for option in options(cls):
        annotation = types[option.name]
        if option.parameter:
            continue
        if isinstance(annotation, type) and attrs.has(annotation) and attrs.has(type(option.default)):
            yield from _rows(annotation, f"{prefix}{option.name}.")
        else:
            yield prefix + option.name, _type(option, annotation), option.unit, _default(option), _help(option)


def _type(option: Option, annotation: Any) -> str:
    """The type in the words of a study file."""
    from faintsky.core.registry import registry

    kinds = [registry.kind_of(part) for part in (annotation, *get_args(annotation)) if registry.is_slot(part)]
    if kinds:
        return f"{'named ' if get_args(annotation) and not registry.is_slot(annotation) else 'one of '}{kinds[0]}"
    if not option.unit:
        return option.type
    return "list of texts with unit" if get_origin(annotation) is tuple else "text with unit"


def _default(option: Option) -> str:
    if option.required and option.default is None:
        return "required"
    if option.default is None:
        return "none"
    if option.unit and isinstance(option.default, float | int):
        return f"{option.default!r} {option.unit}"
    if isinstance(option.default, tuple):
        return "[" + ", ".join(map(str, option.default)) + "]"
    return str(option.default) if isinstance(option.default, str) else repr(option.default)


def _help(option: Option) -> str:
    choices = f"one of {', '.join(option.choices)}" if option.choices else ""
    return "; ".join(part for part in (option.help, choices) if part)
