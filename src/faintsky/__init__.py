"""faintsky: a method is a plugin, a study is a file, a result is a table that knows where it came from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faintsky.core.bins import Bins as Bins
    from faintsky.core.likelihood import Likelihood as Likelihood
    from faintsky.core.luminosity_function import LuminosityFunction as LuminosityFunction
    from faintsky.core.map import Map as Map
    from faintsky.core.parameter import Parameter as Parameter
    from faintsky.core.registry import components as components
    from faintsky.core.registry import make as make
    from faintsky.core.run import Run as Run
    from faintsky.core.run import open_run as open_run
    from faintsky.core.run import run as run
    from faintsky.core.spectrum import Spectrum as Spectrum
    from faintsky.core.study_file import load_study as load_study

__version__ = "0.1.0"

_FACE = {
    "Bins": "bins",
    "Likelihood": "likelihood",
    "LuminosityFunction": "luminosity_function",
    "Map": "map",
    "Parameter": "parameter",
    "Run": "run",
    "Spectrum": "spectrum",
    "components": "registry",
    "load_study": "study_file",
    "make": "registry",
    "open_run": "run",
    "run": "run",
}

__all__ = ["__version__", *_FACE]


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(import_module(f"faintsky.core.{_FACE[name]}"), name)
    raise AttributeError(f"module 'faintsky' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
