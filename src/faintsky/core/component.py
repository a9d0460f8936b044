"""The one pattern for everything that can be swapped: a frozen attrs class whose fields are its options.

Constructing a component validates it; a study file is structured straight into it; its documentation page and
``faintsky plugins show`` are generated from it. There is no second config class beside it::

    @component(references=["Hivon2002"])
    @frozen(kw_only=True)
    class Decoupled(PowerSpectrumEstimator):
        \"""Mode-decoupled bandpowers.\"""

        taper: float = option(0.0, unit="rad", help="cosine taper of the outer edge; never of the holes")
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import attrs
import numpy as np
from attrs import Attribute, field, frozen

from faintsky.core.errors import nearest
from faintsky.core.units import converter as unit_converter

__all__ = ["ComponentInfo", "Option", "component", "info", "option", "options", "shown_default", "slot", "summary"]

T = TypeVar("T")


@frozen(kw_only=True)
class ComponentInfo:
    """What a component says of itself beside its options.

    Attributes
    ----------
    references : tuple of str
        Keys into the ``references.bib`` of the component's own distribution.
    recipe : bool
        A published recipe that is known to be biased: selectable, shown, never part of a method systematic.
    science_version : int
        Raised only when the numbers change; it enters the hash of every task that uses the component.
    extra : str
        The extra of faintsky whose packages the component imports when it is used.
    """

    references: tuple[str, ...] = ()
    recipe: bool = False
    science_version: int = 1
    extra: str = ""


def component(
    *,
    references: Sequence[str] = (),
    recipe: bool = False,
    science_version: int = 1,
    extra: str = "",
) -> Callable[[type[T]], type[T]]:
    """Mark a frozen attrs class as a component; it changes nothing else, so type checkers see plain attrs.

    Raises
    ------
    TypeError
        Where the class is no frozen attrs class, or has no docstring (its first line is the summary).
    """
    said = ComponentInfo(references=tuple(references), recipe=recipe, science_version=science_version, extra=extra)

    def mark(cls: type[T]) -> type[T]:
        if not hasattr(cls, "__attrs_attrs__"):
            raise TypeError(f"{cls.__qualname__}: write @frozen(kw_only=True) of attrs below @component")
        if not cls.__doc__:
            raise TypeError(f"{cls.__qualname__}: a component needs a docstring; its first line is its summary")
        cls.__component__ = said  # type: ignore[attr-defined]
        return cls

    return mark


def info(cls: type) -> ComponentInfo:
    """What `cls` said of itself with `component`; plain defaults where it said nothing."""
    found = cls.__dict__.get("__component__")
    return found if isinstance(found, ComponentInfo) else ComponentInfo()


def summary(cls: type) -> str:
    """The first line of the docstring."""
    lines = (inspect.getdoc(cls) or "").strip().splitlines()
    return lines[0] if lines else ""


def _bounds(ge: float | None, gt: float | None, le: float | None, lt: float | None) -> list[Callable[..., None]]:
    rules: list[tuple[float | None, str, Callable[[float, float], bool]]] = [
        (ge, ">=", lambda value, bound: value >= bound),
        (gt, ">", lambda value, bound: value > bound),
        (le, "<=", lambda value, bound: value <= bound),
        (lt, "<", lambda value, bound: value < bound),
    ]

    def rule(bound: float, sign: str, holds: Callable[[float, float], bool]) -> Callable[..., None]:
        def check(_: Any, attribute: Attribute[Any], value: Any) -> None:
            if value is None:
                return
            unit = attribute.metadata.get("unit", "")
            for item in value if isinstance(value, tuple) else (value,):
                if not np.all(holds(item, bound)):
                    raise ValueError(f"{attribute.name} must be {sign} {bound:g} {unit}".rstrip() + f", got {item!r}")

        return check

    return [rule(bound, sign, holds) for bound, sign, holds in rules if bound is not None]


def _one_of(choices: Sequence[str]) -> Callable[..., None]:
    def check(_: Any, attribute: Attribute[Any], value: Any) -> None:
        if value not in choices:
            hint = nearest(str(value), choices)
            raise ValueError(f"{attribute.name} must be one of {', '.join(choices)}; got {value!r}. {hint}".strip())

    return check


def option(
    default: Any = attrs.NOTHING,
    *,
    help: str = "",
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: Sequence[str] = (),
    validator: Callable[..., None] | Sequence[Callable[..., None]] = (),
    converter: Callable[[Any], Any] | None = None,
    factory: Callable[[], Any] | None = None,
    **metadata: Any,
) -> Any:
    """An option of a component: an attrs field with help, unit and bounds.

    Parameters
    ----------
    default
        The default; without one the option is required.
    help : str
        One line for the documentation and ``faintsky plugins show``.
    unit : str
        The canonical unit. In a study file the value must then carry a unit (``"2 arcsec"``); in Python a bare
        float is canonical, and strings and Quantities are converted.
    ge, gt, le, lt : float
        Bounds, in the canonical unit.
    choices : sequence of str
        The only valid values.
    converter : callable
        For an option without unit: what a value given in Python may be written as, such as a text for a path.
    """
    checks = [*_bounds(ge, gt, le, lt)]
    if choices:
        checks.append(_one_of(choices))
    checks += [validator] if callable(validator) else list(validator)
    if factory is not None:
        default = attrs.Factory(factory)
    return field(
        default=default,
        converter=unit_converter(unit) if unit else converter,
        validator=checks or None,
        metadata={"help": help, "unit": unit, "choices": tuple(choices), **metadata},
        kw_only=True,
    )


def slot(
    default: str | None = None,
    *,
    help: str = "",
    axis: str = "method",
    parts: bool = False,
) -> Any:
    """A field that holds another component; its annotation is the interface, which tells the kind.

    Parameters
    ----------
    default : str, optional
        The name of the component to use where the study file names none.
    axis : {"method", "data", "repeat"}
        What a list in this slot varies.
    parts : bool
        The field is a mapping of names to components that are analysed together (``[maps.ir]``).
    """
    metadata = {"help": help, "unit": "", "choices": (), "slot": True, "axis": axis, "slot_default": default}
    if parts:
        return field(factory=dict, metadata=metadata, kw_only=True)
    if default is None:
        return field(metadata=metadata, kw_only=True)

    def make(self: Any) -> Any:
        from faintsky.core.registry import registry

        cls = attrs.resolve_types(type(self))
        mine = next(a for a in attrs.fields(cls) if getattr(a.default, "factory", None) is make)
        return registry.make(registry.kind_of(mine.type), default)

    return field(default=attrs.Factory(make, takes_self=True), metadata=metadata, kw_only=True)


@frozen(kw_only=True)
class Option:
    """One option of a component, for documentation: name, type, default, unit, help, choices."""

    name: str
    type: str
    default: Any
    required: bool
    unit: str
    help: str
    choices: tuple[str, ...]
    slot: bool
    parameter: bool


def options(cls: type) -> tuple[Option, ...]:
    """The options of a component in the order of their definition."""
    return tuple(
        Option(
            name=attribute.name,
            type=_type_name(attribute.type),
            default=attribute.metadata.get("slot_default", _plain_default(attribute)),
            required=attribute.default is attrs.NOTHING,
            unit=attribute.metadata.get("unit", ""),
            help=attribute.metadata.get("help", ""),
            choices=attribute.metadata.get("choices", ()),
            slot=bool(attribute.metadata.get("slot")),
            parameter="prior" in attribute.metadata,
        )
        for attribute in attrs.fields(cls)
        if attribute.init
    )


def _plain_default(attribute: Attribute[Any]) -> Any:
    default: Any = attribute.default
    if default is attrs.NOTHING:
        return None
    if hasattr(default, "takes_self"):
        return None if default.takes_self else default.factory()
    return default


def shown_default(attribute: Attribute[Any]) -> str:
    """The default of a parameter as a page shows it; one that comes with another option is said to."""
    default: Any = attribute.default
    return "as published" if hasattr(default, "takes_self") else f"{default:g}"


def _type_name(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")
