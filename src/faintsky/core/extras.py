"""Optional packages: imported when used, and missed with the line that installs them."""

from __future__ import annotations

import importlib
from types import ModuleType

from faintsky.core.errors import PluginError

__all__ = ["require"]


def require(module: str, extra: str) -> ModuleType:
    """Import an optional package.

    Parameters
    ----------
    module : str
        Import name, such as ``"treecorr"``.
    extra : str
        The extra of faintsky that brings it.

    Raises
    ------
    PluginError
        Where the package is not installed; the message is the line that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise PluginError(f"the package {module!r} is not installed. Install it with:  pip install 'faintsky[{extra}]'") from None
