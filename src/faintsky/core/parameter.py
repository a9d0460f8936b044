"""Parameters are fields of a model: declared by `parameter`, freed, fixed or tied in a study, replaced by `at`.

One rule serves spectra, luminosity functions, PSFs and bias models: `at(model, theta)` puts (n, 1) columns where
numbers stood, and broadcasting does the rest. The parameters of a component inside another one have dotted names, and
the tables of the outer one speak last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from faintsky.core.component import option
from faintsky.core.errors import DataError, nearest
from faintsky.core.parameter_tree import Declared, Leaf, Rules, leaves_of, resolved, rules_of, value_of, without_rules
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
        leaves = leaves_of(self)
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


def declared_parameters(model: Any) -> dict[str, Declared]:
    """Every parameter of a model and of the components in it, free or not, by dotted name, as it is declared."""
    return {name: declared for name, (_, declared) in leaves_of(model).items()}


def free_parameters(model: Any) -> tuple[Parameter, ...]:
    """The free parameters of a model and of the components in it, in the order of `at`'s columns."""
    rules, leaves = rules_of(model), leaves_of(model)
    found: list[Parameter] = []
    for name in _free(leaves, rules):
        owner, declared = leaves[name]
        rule = rules.get(name)
        source = f"default of {declared.source or type(owner).__name__}" if rule is None else "study"
        prior = cast(Prior, declared.prior if rule is None else rule)
        found.append(Parameter(name=name, prior=prior, unit=declared.unit, source=source, latex=declared.latex))
    return tuple(found)


def _free(leaves: Mapping[str, Leaf], rules: Rules) -> list[str]:
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
    rules, leaves = rules_of(model), leaves_of(model)
    names = _free(leaves, rules)
    if values.shape[-1] != len(names):
        raise DataError(f"theta holds {values.shape[-1]} columns, the free parameters are {', '.join(names)}")
    columns = {n: values[:, i, None] if values.ndim == 2 else float(values[i]) for i, n in enumerate(names)}
    return resolved(model, columns, rules, leaves)


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
    names = list(leaves_of(model))
    for name in values:
        if name not in names:
            raise DataError(f"there is no parameter {name!r}. {nearest(name, names)} Parameters: {', '.join(names)}")
    bare = without_rules(model, set(values))
    return resolved(bare, values, rules_of(bare), leaves_of(bare))


def values_of(model: Any) -> dict[str, Any]:
    """The values of all parameters by dotted name, as an evaluation would use them now."""
    now = resolved(model, {}, rules_of(model), leaves_of(model))
    return {name: value_of(owner, declared) for name, (owner, declared) in leaves_of(now).items()}


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
    leaves = leaves_of(model)
    for name, prior in priors.items():
        if not isinstance(prior, Uniform):
            continue
        middle, half = 0.5 * (prior.low + prior.high), 0.5 * (prior.high - prior.low)
        low = prior.low if prior.low == 0 else middle - factor * half
        least, most = leaves[name][1].possible
        wider[name] = Uniform(low=max(low, least), high=min(low + 2 * factor * half, most))
    return attrs.evolve(model, priors={**model.priors, **wider})  # type: ignore[attr-defined, misc]
