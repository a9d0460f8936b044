"""Spectral models of sherpa, and those of XSPEC in a sherpa that was built with it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.energy_bins import checked_edges
from faintsky.core.errors import DataError, nearest
from faintsky.core.extras import require
from faintsky.core.parameter import Declared, Parametric
from faintsky.core.spectrum import Spectrum
from faintsky.plugins.spectra.one_by_one import one_by_one

__all__ = ["SherpaModel"]

Array = NDArray[np.float64]

#: Where sherpa keeps its models; the last one is there only where it was built with XSPEC.
_MODULES = ("sherpa.models.basic", "sherpa.astro.models", "sherpa.astro.optical", "sherpa.astro.xspec")
#: Classes of one energy that need more than values, such as a table, or that others are made from.
_NO_MODELS = {
    "Integrate1D", "Integrator1D", "InterpolatedTableModel1D", "JDPileup",
    "XSModel", "XSAdditiveModel", "XSMultiplicativeModel", "XSConvolutionKernel", "XSConvolutionModel", "XSTableModel",
}  # fmt: skip


@component(references=["Freeman2001"], extra="sherpa")
@frozen(kw_only=True)
class SherpaModel(Parametric, Spectrum):
    """A one-dimensional model of sherpa by its name; for comparison, and for models that faintsky lacks.

    Any of its functions of one energy, such as ``powlaw1d``, and ``xs*`` where sherpa was built with XSPEC. Parameters have
    sherpa's names and units, and are held unless the study gives them a prior. XSPEC's multiplicative models and those that
    sherpa does not integrate over bins are factors; all others give photons. It is evaluated once for each set of values.
    Sherpa is GPL-3 and comes as source only.

    Raises
    ------
    PluginError
        Where sherpa is not installed; the message is the line that installs it.
    DataError
        Where sherpa has no such model or parameter.
    """

    model: str = option(help="name of the model, such as 'powlaw1d'")
    values: Mapping[str, float] = option(factory=dict, help="parameters by sherpa's names; those not named keep its defaults")

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        names = [declared.name for declared in self.parameters_of_file()]
        for name in self.values:
            if name not in names:
                raise DataError(f"{self.model} has no parameter {name!r}. {nearest(name, names)} It has {', '.join(names)}")

    def parameters_of_file(self) -> tuple[Declared, ...]:
        """What sherpa declares, with its hard limits."""
        return tuple(
            Declared(
                name=found.name,
                prior=None,
                default=float(found.val),
                unit=found.units,
                possible=(float(found.hard_min), float(found.hard_max)),
                source=f"sherpa's {self.model}",
            )
            for found in self._made().pars
        )

    @property
    def additive(self) -> bool:
        """Whether the model gives photons."""
        made = self._made()
        return bool(made.integrate) and not _of_class(made, "XSMultiplicativeModel")

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons (or the factor) in each bin, as sherpa integrates them.

        Raises
        ------
        DataError
            Where sherpa refuses a value.
        """
        edges = checked_edges(edges_kev)
        made = self._made()
        low, high = edges[:-1].copy(), edges[1:].copy()
        # A factor that sherpa does not integrate would be taken at the lower ends of the bins.
        where = (low, high) if made.integrate or _of_class(made, "XSModel") else (0.5 * (low + high),)
        parameters = {found.name: found for found in made.pars}

        def evaluate(values: dict[str, float]) -> Array:
            for name, value in values.items():
                try:
                    parameters[name].val = value
                except Exception as error:  # sherpa's own kinds, known only when it is loaded
                    raise DataError(f"{self.model}.{name} = {value:g}: {error}") from None
            return np.asarray(made(*where), dtype=float)

        return one_by_one(evaluate, self.values)

    def _made(self) -> Any:
        """The model of sherpa at its defaults."""
        require("sherpa", "sherpa")
        known, name = _models(), self.model.lower()
        if name not in known:
            absent = name.startswith("xs") and "xsphabs" not in known
            xspec = " This sherpa was built without XSPEC." if absent else ""
            raise DataError(f"sherpa has no model {self.model!r} of one energy. {nearest(name, known)}{xspec}".rstrip())
        return known[name](self.model)


@lru_cache(maxsize=1)
def _models() -> dict[str, Any]:
    """The classes of sherpa's models of one energy by their names in small letters."""
    base = require("sherpa.models.model", "sherpa").ArithmeticModel
    found: dict[str, Any] = {}
    for name in _MODULES:
        try:
            members = vars(require(name, "sherpa"))
        except ImportError:
            continue
        for key, value in list(members.items()):
            own: Any = value
            if (
                inspect.isclass(own)
                and issubclass(own, base)
                and own.__module__ == name
                and getattr(own, "ndim", 0) == 1
                and key not in _NO_MODELS
            ):
                found[key.lower()] = own
    return found


def _of_class(made: Any, name: str) -> bool:
    return any(cls.__name__ == name for cls in type(made).__mro__)
