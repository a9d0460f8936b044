"""Model expressions of XSPEC by PyXspec, where HEASoft is installed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.energy_bins import checked_edges
from faintsky.core.errors import DataError, PluginError, nearest
from faintsky.core.extras import require
from faintsky.core.parameter import Declared, Parametric
from faintsky.core.spectrum import Spectrum
from faintsky.plugins.spectra.one_by_one import one_by_one

__all__ = ["XspecModel"]

Array = NDArray[np.float64]


@component(references=["Arnaud1996"])
@frozen(kw_only=True)
class XspecModel(Parametric, Spectrum):
    """A model expression of XSPEC, evaluated by PyXspec; for comparison, and for models that faintsky lacks.

    PyXspec comes with HEASoft alone, in whose Python faintsky must then be installed. This component has been tested against a
    stand-in for PyXspec only, which shows what is asked of it, not what XSPEC answers. XSPEC holds one set of energies and models
    per process: what is loaded there otherwise is cleared. It runs on one thread and says nothing. Parameters are called
    COMPONENT.NAME, such as ``powerlaw.PhoIndex``, and are held unless the study gives them a prior.

    Raises
    ------
    PluginError
        Where PyXspec cannot be imported.
    DataError
        Where XSPEC does not know the expression or a parameter.
    """

    model: str = option(help="expression, such as 'wabs*powerlaw'; it must give photons")
    values: Mapping[str, float] = option(factory=dict, help="parameters by COMPONENT.NAME; those not named keep XSPEC's defaults")

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        names = [declared.name for declared in self.parameters_of_file()]
        for name in self.values:
            if name not in names:
                raise DataError(f"{self.model} has no parameter {name!r}. {nearest(name, names)} It has {', '.join(names)}")

    def parameters_of_file(self) -> tuple[Declared, ...]:
        """What XSPEC declares, with its hard limits."""
        _xspec()
        return _declared(self.model)

    @property
    def additive(self) -> bool:
        """True: XSPEC takes no expression that gives no photons."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin, by XSPEC; the edges go to it in a file with 17 digits."""
        edges = checked_edges(edges_kev)
        xspec = _xspec()
        with tempfile.TemporaryDirectory(prefix="faintsky-") as folder, _model(xspec, self.model) as made:
            path = Path(folder) / "energies.txt"
            np.savetxt(path, edges, fmt="%.17g")
            xspec.AllModels.setEnergies(str(path))

            def evaluate(values: dict[str, float]) -> Array:
                for name, value in values.items():
                    part, _, parameter = name.partition(".")
                    getattr(getattr(made, part), parameter).values = value
                found = np.asarray(made.values(0), dtype=float)
                if found.shape != (len(edges) - 1,):
                    raise DataError(f"XSPEC gave {self.model} in {found.size} bins, for {len(edges) - 1} were asked")
                return found

            return one_by_one(evaluate, self.values)


def _xspec() -> Any:
    """PyXspec, which no package index has."""
    try:
        return require("xspec", "xspec")
    except PluginError:
        raise PluginError(
            "PyXspec (the module 'xspec') cannot be imported. It comes with HEASoft: initialise HEASoft in this shell, and "
            "install faintsky in the Python that HEASoft was built with"
        ) from None


@contextmanager
def _model(xspec: Any, expression: str) -> Iterator[Any]:
    """The model in XSPEC, alone and in silence; nothing is left behind."""
    xspec.Xset.chatter, xspec.Xset.logChatter, xspec.Xset.allowPrompting = 0, 0, False
    xspec.Xset.parallel.leven = 1
    xspec.AllModels.clear()
    try:
        try:
            made = xspec.Model(expression)
        except Exception as error:  # PyXspec raises bare exceptions
            raise DataError(f"XSPEC does not know the expression {expression!r}: {error}") from None
        yield made
    finally:
        xspec.AllModels.clear()
        xspec.AllModels.setEnergies("reset")


@lru_cache(maxsize=64)
def _declared(expression: str) -> tuple[Declared, ...]:
    """The parameters of an expression; XSPEC gives value, step, hard and soft minimum, soft and hard maximum of each."""
    found: list[Declared] = []
    with _model(_xspec(), expression) as made:
        for part in made.componentNames:
            for name in getattr(made, part).parameterNames:
                said = [float(value) for value in getattr(getattr(made, part), name).values]
                limits = (said[2], said[5]) if len(said) == 6 else (-np.inf, np.inf)
                found.append(
                    Declared(name=f"{part}.{name}", prior=None, default=said[0], possible=limits, source=f"XSPEC's {expression}")
                )
    return tuple(found)
