"""Parameters are fields of a model: declared by `parameter`, freed, fixed or tied in a study, replaced by `at`.

One rule serves spectra, luminosity functions, PSFs and bias models: `at(model, theta)` puts (n, 1) columns where
numbers stood, and broadcasting does the rest. The parameters of a component inside another one have dotted names, and
the tables of the outer one speak last.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from faintsky.core.component import option
from faintsky.core.errors import DataError, nearest
from faintsky.core.prior import Prior, Uniform
from faintsky.core.units import canonical

__all__ = [
    "Declared",
    "Parameter",
    "Parametric",
    "at",
    "declared_parameters",
    "free_parameters",
    "parameter",
    "values_of",
    "with_values",
    "with_wider_priors",
]

M = TypeVar("M")


@frozen(kw_only=True)
class Parameter:
    """A free parameter.

    Attributes
    ----------
    name : str
        Dotted where it belongs to a nested component.
    prior : Prior
        In the parameter's unit.
    unit : str
    source : str
        Where the prior comes from: the model's default, or the study.
    latex : str
        Label of figures.
    """

    name: str
    prior: Prior
    unit: str = ""
    source: str = "given"
    latex: str = ""

    @property
    def label(self) -> str:
        """The label of figures."""
        text = self.latex or self.name.replace("_", " ")
        return f"{text} [{self.unit}]" if self.unit else text


def parameter(
    default: float,
    *,
    prior: Prior,
    unit: str = "",
    help: str = "",
    latex: str = "",
    frozen: bool = False,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    xspec: str = "",
) -> Any:
    """A field that a fit may free: its default value, its default prior, its unit.

    Parameters
    ----------
    frozen : bool
        Held at its value unless a study gives it a prior, as a redshift is.
    ge, gt, le : float
        What is possible at all; priors must keep to it.
    xspec : str
        The name that XSPEC has for it, where it has one.
    """
    low = gt if ge is None else ge
    return option(
        default,
        converter=lambda value: canonical(value, unit) if isinstance(value, str) or hasattr(value, "unit") else value,
        help=help,
        ge=ge,
        gt=gt,
        le=le,
        prior=prior,
        parameter_unit=unit,
        latex=latex,
        frozen=frozen,
        possible=(-np.inf if low is None else low, np.inf if le is None else le),
        xspec=xspec,
    )


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


@frozen(kw_only=True)
class Parametric:
    """A component with parameters: what a study frees, fixes and ties.

    Parameters that are neither fixed, tied nor frozen by default are free, with their default prior unless `priors` names one.
    The parameters of a component in a slot are called ``SLOT.NAME``.

    A component whose parameters are known only from its file returns them from `parameters_of_file`, and has a field
    ``values: Mapping[str, float]`` for those that do not stand at their default.
    """

    priors: Mapping[str, Prior] = option(factory=dict, help="priors that replace the default ones, by parameter")
    fixed: Mapping[str, float] = option(factory=dict, help="parameters held at a value")
    tied: Mapping[str, str] = option(factory=dict, help="parameters that follow another one, by name")

    def parameters_of_file(self) -> tuple[Declared, ...]:
        """The parameters that are no fields; none, but for table models and their like."""
        return ()

    def __attrs_post_init__(self) -> None:
        leaves = _leaves(self)
        names = list(leaves)
        for table in ("priors", "fixed", "tied"):
            for name in getattr(self, table):
                if name not in leaves:
                    raise DataError(
                        f"{table}: {type(self).__name__} has no parameter {name!r}. {nearest(name, names)} "
                        f"Its parameters: {', '.join(names)}"
                    )
        for name, leader in self.tied.items():
            if leader not in leaves or leader in self.tied or name in self.fixed or leader == name:
                raise DataError(f"tied: {name!r} must follow a parameter that is itself not tied; got {leader!r}")
        for name, prior in self.priors.items():
            _check_possible(name, leaves[name][1], *prior.support)
        for name, value in self.fixed.items():
            _check_possible(name, leaves[name][1], value, value)


def _check_possible(name: str, declared: Declared, low: float, high: float) -> None:
    least, most = declared.possible
    if low < least or high > most:
        said = f"from {low:g} to {high:g}" if low < high else f"{low:g}"
        of = f" of {declared.source}" if declared.source else ""
        raise DataError(f"{name}{of} can only lie between {least:g} and {most:g}, and was given {said}")


#: A parameter with the object that it belongs to; and what the tables say of each, by name.
_Leaf = tuple[Any, Declared]
_Rules = Mapping[str, Prior | float | str]


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


def _value(owner: Any, declared: Declared) -> Any:
    return owner.values.get(declared.name, declared.default) if declared.source else getattr(owner, declared.name)


def _nested(model: Any) -> Iterator[tuple[str, Any]]:
    for name in _fields(model)[1]:
        value = getattr(model, name)
        if isinstance(value, Parametric):
            yield name, value
        elif type(value) is dict:
            yield from ((key, part) for key, part in value.items() if isinstance(part, Parametric))


def _leaves(model: Any, prefix: str = "") -> dict[str, _Leaf]:
    """Every parameter of a model and of the components in it, by dotted name."""
    found = {f"{prefix}{d.name}": (model, d) for d in (*_fields(model)[0], *model.parameters_of_file())}
    for name, part in _nested(model):
        found |= _leaves(part, f"{prefix}{name}.")
    return found


def _rules(model: Any, prefix: str = "") -> dict[str, Prior | float | str]:
    """What the tables say of each parameter: a prior, a value, or the name of a leader; outer tables replace inner ones."""
    found: dict[str, Prior | float | str] = {}
    for name, part in _nested(model):
        found |= _rules(part, f"{prefix}{name}.")
    found |= {f"{prefix}{name}": prior for name, prior in model.priors.items()}
    found |= {f"{prefix}{name}": float(value) for name, value in model.fixed.items()}
    found |= {f"{prefix}{name}": f"{prefix}{leader}" for name, leader in model.tied.items()}
    return found


def declared_parameters(model: Any) -> dict[str, Declared]:
    """Every parameter of a model and of the components in it, free or not, by dotted name, as it is declared."""
    return {name: declared for name, (_, declared) in _leaves(model).items()}


def free_parameters(model: Any) -> tuple[Parameter, ...]:
    """The free parameters of a model and of the components in it, in the order of `at`'s columns."""
    rules, leaves = _rules(model), _leaves(model)
    found: list[Parameter] = []
    for name in _free(leaves, rules):
        owner, declared = leaves[name]
        rule = rules.get(name)
        source = f"default of {declared.source or type(owner).__name__}" if rule is None else "study"
        prior = cast(Prior, declared.prior if rule is None else rule)
        found.append(Parameter(name=name, prior=prior, unit=declared.unit, source=source, latex=declared.latex))
    return tuple(found)


def _free(leaves: Mapping[str, _Leaf], rules: _Rules) -> list[str]:
    """The names of the free parameters: those with a prior, and of those that no table speaks of the ones that are not frozen."""
    found = []
    for name, (_, declared) in leaves.items():
        rule = rules.get(name)
        held = declared.frozen or declared.prior is None if rule is None else isinstance(rule, float | str)
        if not held:
            found.append(name)
    return found


def at(model: M, theta: ArrayLike) -> M:
    """The model with its free parameters replaced by columns.

    Parameters
    ----------
    model
        A component with parameters.
    theta : array_like, shape (n, d) or (d,)
        Values of the `d` free parameters in the order of `free_parameters`, in their units.

    Returns
    -------
    model
        Each free parameter is an array of shape (n, 1) (a float for a `theta` of shape (d,)), so that evaluation
        on a grid of m points gives (n, m).

    Raises
    ------
    DataError
        Where the number of columns is not that of the free parameters.
    """
    values = np.asarray(theta, dtype=float)
    rules, leaves = _rules(model), _leaves(model)
    names = _free(leaves, rules)
    if values.shape[-1] != len(names):
        raise DataError(f"theta holds {values.shape[-1]} columns, the free parameters are {', '.join(names)}")
    columns = {n: values[:, i, None] if values.ndim == 2 else float(values[i]) for i, n in enumerate(names)}
    return _resolved(model, columns, rules, leaves)


def with_values(model: M, values: Mapping[str, Any]) -> M:
    """The model with some parameters at other values; what is fixed elsewhere or tied to them follows.

    Parameters
    ----------
    model
        A component with parameters.
    values : mapping of dotted name to float or ndarray
        Arrays broadcast against the grid that the model is evaluated on: (n, 1) columns, or (n, 1, 1) and (m, 1) for all pairs.

    Raises
    ------
    DataError
        For a name that is no parameter; the message holds the nearest.
    """
    names = list(_leaves(model))
    for name in values:
        if name not in names:
            raise DataError(f"there is no parameter {name!r}. {nearest(name, names)} Parameters: {', '.join(names)}")
    bare = _unruled(model, set(values))
    return _resolved(bare, values, _rules(bare), _leaves(bare))


def _unruled(model: M, names: set[str], prefix: str = "") -> M:
    """A copy whose tables say nothing of these parameters any more, so that their new values stay."""
    moved = copy.copy(model)
    for name, part in _nested(model):
        _put(moved, name, _unruled(part, names, f"{prefix}{name}."))
    for table in ("priors", "fixed", "tied"):
        kept = {key: rule for key, rule in getattr(model, table).items() if f"{prefix}{key}" not in names}
        object.__setattr__(moved, table, kept)
    return moved


def values_of(model: Any) -> dict[str, Any]:
    """The values of all parameters by dotted name, as an evaluation would use them now."""
    now = _resolved(model, {}, _rules(model), _leaves(model))
    return {name: _value(owner, declared) for name, (owner, declared) in _leaves(now).items()}


def _resolved(model: M, values: Mapping[str, Any], rules: _Rules, leaves: Mapping[str, _Leaf]) -> M:
    """A copy with these values, those that the tables fix, and what is tied to either."""
    found: dict[str, Any] = {name: rule for name, rule in rules.items() if isinstance(rule, float)} | dict(values)
    for name, rule in rules.items():
        if isinstance(rule, str):
            found[name] = found.get(rule, _value(*leaves[rule]))
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
        if slot == name and isinstance(old, Parametric):
            object.__setattr__(model, name, part)
        elif type(old) is dict and isinstance(old.get(name), Parametric):
            object.__setattr__(model, slot, {**old, name: part})


def _below(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key.removeprefix(f"{name}."): value for key, value in values.items() if key.startswith(f"{name}.")}


def with_wider_priors(model: M, priors: Mapping[str, Prior], factor: float) -> M:
    """The model with flat priors `factor` times as wide: away from 0 where they begin at 0, to both sides elsewhere.

    Parameters
    ----------
    model
        A component with parameters.
    priors : mapping of dotted name to Prior
        What they are now; others than flat ones stay.
    factor : float
    """
    wider: dict[str, Prior] = {}
    leaves = _leaves(model)
    for name, prior in priors.items():
        if not isinstance(prior, Uniform):
            continue
        middle, half = 0.5 * (prior.low + prior.high), 0.5 * (prior.high - prior.low)
        low = prior.low if prior.low == 0 else middle - factor * half
        least, most = leaves[name][1].possible
        wider[name] = Uniform(low=max(low, least), high=min(low + 2 * factor * half, most))
    return attrs.evolve(model, priors={**model.priors, **wider})  # type: ignore[attr-defined, misc]
