"""The parameters of a model and of the components in it, as a tree that can be read and written by dotted name."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

import attrs
import numpy as np
from attrs import frozen

from faintsky.core.prior import Prior

__all__ = ["Declared", "Leaf", "Rules", "leaves_of", "resolved", "rules_of", "value_of", "without_rules"]

M = TypeVar("M")


@frozen(kw_only=True)
class Declared:
    """A parameter as its component declares it: a field, or what only the component's file tells.

    Attributes
    ----------
    name : str
    prior : Prior or None
        The default one; None for what is held unless a study brings a prior.
    default : float
        The value of what is no field, unless `values` of its component holds another one.
    unit, latex : str
    frozen : bool
        Held at its value unless a study gives it a prior.
    possible : tuple of float
        Smallest and largest possible value.
    source : str
        The file that declares it; nothing for a field.
    xspec : str
        The name that XSPEC has for it, where it has one.
    """

    name: str
    prior: Prior | None
    default: float = np.nan
    unit: str = ""
    latex: str = ""
    frozen: bool = False
    possible: tuple[float, float] = (-np.inf, np.inf)
    source: str = ""
    xspec: str = ""


#: A parameter with the object that it belongs to; and what the tables say of each, by name.
Leaf = tuple[Any, Declared]
Rules = Mapping[str, Prior | float | str]


def _fields(model: Any) -> tuple[tuple[Declared, ...], tuple[str, ...]]:
    """The parameters among the fields of a model, and the names of its other fields, where parts may stand."""
    return _fields_of_class(cast(Hashable, type(model)))


@lru_cache(maxsize=256)
def _fields_of_class(cls: Any) -> tuple[tuple[Declared, ...], tuple[str, ...]]:
    every = attrs.fields(cls)
    found = tuple(_declared(a) for a in every if "prior" in a.metadata)
    return found, tuple(a.name for a in every if "prior" not in a.metadata)


def _declared(attribute: attrs.Attribute[Any]) -> Declared:
    said = attribute.metadata
    return Declared(
        name=attribute.name,
        prior=said["prior"],
        unit=said.get("parameter_unit", ""),
        latex=said.get("latex", ""),
        frozen=said.get("frozen", False),
        possible=said.get("possible", (-np.inf, np.inf)),
        xspec=said.get("xspec", ""),
    )


def value_of(owner: Any, declared: Declared) -> Any:
    """The value of a parameter now: its field's, or that under `values`."""
    return owner.values.get(declared.name, declared.default) if declared.source else getattr(owner, declared.name)


def _has_parameters(thing: Any) -> bool:
    """Whether it is a component with parameters (a `faintsky.core.parameter.Parametric`)."""
    return hasattr(type(thing), "parameters_of_file")


def _nested(model: Any) -> Iterator[tuple[str, Any]]:
    for name in _fields(model)[1]:
        value = getattr(model, name)
        if _has_parameters(value):
            yield name, value
        elif type(value) is dict:
            yield from ((key, part) for key, part in value.items() if _has_parameters(part))


def leaves_of(model: Any, prefix: str = "") -> dict[str, Leaf]:
    """Every parameter of a model and of the components in it, by dotted name."""
    found = {f"{prefix}{d.name}": (model, d) for d in (*_fields(model)[0], *model.parameters_of_file())}
    for name, part in _nested(model):
        found |= leaves_of(part, f"{prefix}{name}.")
    return found


def rules_of(model: Any, prefix: str = "") -> dict[str, Prior | float | str]:
    """What the tables say of each parameter: a prior, a value, or the name of a leader; outer tables replace inner ones."""
    found: dict[str, Prior | float | str] = {}
    for name, part in _nested(model):
        found |= rules_of(part, f"{prefix}{name}.")
    found |= {f"{prefix}{name}": prior for name, prior in model.priors.items()}
    found |= {f"{prefix}{name}": float(value) for name, value in model.fixed.items()}
    found |= {f"{prefix}{name}": f"{prefix}{leader}" for name, leader in model.tied.items()}
    return found


def without_rules(model: M, names: set[str], prefix: str = "") -> M:
    """A copy whose tables say nothing of these parameters any more, so that their new values stay."""
    moved = copy.copy(model)
    for name, part in _nested(model):
        _put(moved, name, without_rules(part, names, f"{prefix}{name}."))
    for table in ("priors", "fixed", "tied"):
        kept = {key: rule for key, rule in getattr(model, table).items() if f"{prefix}{key}" not in names}
        object.__setattr__(moved, table, kept)
    return moved


def resolved(model: M, values: Mapping[str, Any], rules: Rules, leaves: Mapping[str, Leaf]) -> M:
    """A copy with these values, those that the tables fix, and what is tied to either."""
    found: dict[str, Any] = {name: rule for name, rule in rules.items() if isinstance(rule, float)} | dict(values)
    for name, rule in rules.items():
        if isinstance(rule, str):
            found[name] = found.get(rule, value_of(*leaves[rule]))
    return _written(model, found)


def _written(model: M, values: Mapping[str, Any]) -> M:
    """A copy with values in place of fields; no validator runs: those are for what a person writes."""
    if not values:
        return model
    moved = copy.copy(model)
    for name, part in _nested(model):
        if inner := _below(values, name):
            _put(moved, name, _written(part, inner))
    for declared in _fields(model)[0]:
        if declared.name in values:
            object.__setattr__(moved, declared.name, values[declared.name])
    of_file = {d.name: values[d.name] for d in model.parameters_of_file() if d.name in values}  # type: ignore[attr-defined]
    if of_file:
        object.__setattr__(moved, "values", {**model.values, **of_file})  # type: ignore[attr-defined]
    return moved


def _put(model: Any, name: str, part: Any) -> None:
    """Put a part where the one of this name stands: in a slot, or in a mapping of parts."""
    for slot in _fields(model)[1]:
        old = getattr(model, slot)
        if slot == name and _has_parameters(old):
            object.__setattr__(model, name, part)
        elif type(old) is dict and _has_parameters(old.get(name)):
            object.__setattr__(model, slot, {**old, name: part})


def _below(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key.removeprefix(f"{name}."): value for key, value in values.items() if key.startswith(f"{name}.")}
