"""Parameters are fields of a model: declared by `parameter`, freed, fixed or tied in a study, replaced by `at`.

One rule serves spectra, luminosity functions, PSFs and bias models: `at(model, theta)` puts (n, 1) columns where
numbers stood, and broadcasting does the rest.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from faintsky.core.component import option
from faintsky.core.errors import DataError, nearest
from faintsky.core.prior import Prior, Uniform

__all__ = ["Parameter", "Parametric", "at", "free_parameters", "parameter", "with_wider_priors"]

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
) -> Any:
    """A field that a fit may free: its default value, its default prior, its unit."""
    return option(default, unit="", help=help, prior=prior, parameter_unit=unit, latex=latex)


@frozen(kw_only=True)
class Parametric:
    """A component with parameters: what a study frees, fixes and ties.

    Parameters that are neither fixed nor tied are free, with their default prior unless `priors` names one.
    """

    priors: Mapping[str, Prior] = option(factory=dict, help="priors that replace the default ones, by parameter")
    fixed: Mapping[str, float] = option(factory=dict, help="parameters held at a value")
    tied: Mapping[str, str] = option(factory=dict, help="parameters that follow another one, by name")

    def __attrs_post_init__(self) -> None:
        names = [name for name, _ in _declared(self)]
        for table in ("priors", "fixed", "tied"):
            for name in getattr(self, table):
                if name not in names:
                    raise DataError(
                        f"{table}: {type(self).__name__} has no parameter {name!r}. {nearest(name, names)} "
                        f"Its parameters: {', '.join(names)}"
                    )
        for name, leader in self.tied.items():
            if leader not in names or leader in self.tied or name in self.fixed or leader == name:
                raise DataError(f"tied: {name!r} must follow a parameter that is itself not tied; got {leader!r}")


def _declared(model: Any) -> list[tuple[str, attrs.Attribute[Any]]]:
    return [(a.name, a) for a in attrs.fields(type(model)) if "prior" in a.metadata]


def _nested(model: Any) -> Iterator[tuple[str, Any]]:
    for attribute in attrs.fields(type(model)):
        value = getattr(model, attribute.name)
        if isinstance(value, Parametric):
            yield attribute.name, value


def free_parameters(model: Any) -> tuple[Parameter, ...]:
    """The free parameters of a model and of the components in its slots, in the order of `at`'s columns."""
    found: list[Parameter] = []
    for name, attribute in _declared(model):
        if name in model.fixed or name in model.tied:
            continue
        given = name in model.priors
        found.append(
            Parameter(
                name=name,
                prior=model.priors[name] if given else attribute.metadata["prior"],
                unit=attribute.metadata.get("parameter_unit", ""),
                source="study" if given else f"default of {type(model).__name__}",
                latex=attribute.metadata.get("latex", ""),
            )
        )
    for slot, part in _nested(model):
        found += [attrs.evolve(p, name=f"{slot}.{p.name}") for p in free_parameters(part)]
    return tuple(found)


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
    names = [p.name for p in free_parameters(model)]
    if values.shape[-1] != len(names):
        raise DataError(f"theta holds {values.shape[-1]} columns, the free parameters are {', '.join(names)}")
    columns: dict[str, Any] = {name: values[:, i, None] if values.ndim == 2 else float(values[i]) for i, name in enumerate(names)}
    return _placed(model, columns)


def _placed(model: M, columns: Mapping[str, Any]) -> M:
    moved = copy.copy(model)
    own: dict[str, Any] = {name: columns[name] for name, _ in _declared(model) if name in columns}
    own.update(model.fixed)  # type: ignore[attr-defined]
    for name, leader in model.tied.items():  # type: ignore[attr-defined]
        own[name] = own.get(leader, getattr(model, leader))
    for slot, part in _nested(model):
        inner = {key.removeprefix(f"{slot}."): c for key, c in columns.items() if key.startswith(f"{slot}.")}
        own[slot] = _placed(part, inner)
    for name, value in own.items():
        # The columns stand where validated numbers stood: validators are for what a person writes.
        object.__setattr__(moved, name, value)
    return moved


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
    own: dict[str, Prior] = {}
    for name, prior in priors.items():
        if "." in name or not isinstance(prior, Uniform):
            continue
        middle, half = 0.5 * (prior.low + prior.high), 0.5 * (prior.high - prior.low)
        low = prior.low if prior.low == 0 else middle - factor * half
        own[name] = Uniform(low=low, high=low + 2 * factor * half)
    changes: dict[str, Any] = {"priors": {**model.priors, **own}} if own else {}  # type: ignore[attr-defined]
    for slot, part in _nested(model):
        inner = {key.removeprefix(f"{slot}."): p for key, p in priors.items() if key.startswith(f"{slot}.")}
        if inner:
            changes[slot] = with_wider_priors(part, inner, factor)
    return attrs.evolve(model, **changes)  # type: ignore[misc]
