"""Bibliography: each distribution keeps the entries of its components in a ``references.bib``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from faintsky.core.errors import DataError, nearest
from faintsky.core.registry import registry

__all__ = ["bibliography", "entries", "keys_of"]

#: What every result rests on.
_ALWAYS = ("faintsky", "Harris2020", "Virtanen2020", "Astropy2022")


@lru_cache(maxsize=64)
def entries(package: str = "faintsky") -> dict[str, str]:
    """The BibTeX entries of a package, by key; nothing is imported.

    Parameters
    ----------
    package : str
        A top-level package, or a Python file (its folder holds the ``references.bib``).

    Returns
    -------
    dict
        Empty where the package is not found or has no ``references.bib``.
    """
    file = _file(package)
    if file is None or not file.is_file():
        return {}
    found = {}
    for text in re.split(r"\n(?=@)", file.read_text(encoding="utf-8")):
        key = re.match(r"\s*@\w+\{([^,\s]+),", text)
        if key:
            found[key.group(1)] = text.strip()
    return found


def _file(package: str) -> Path | None:
    if package.endswith(".py"):
        return Path(package).parent / "references.bib"
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    folders = (spec.submodule_search_locations or []) if spec else []
    return next((Path(folder) / "references.bib" for folder in folders), None)


def keys_of(components: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The references of components, as `bibliography` takes them: each key is looked up in its own package first.

    Parameters
    ----------
    components : mapping
        As in ``provenance.json``: name to ``class`` and ``references``.
    """
    found: list[str] = []
    for name, part in components.items():
        module = (name if ".py:" in name else str(part["class"])).rpartition(":")[0]
        package = module if module.endswith(".py") else module.partition(".")[0]
        found += [f"{package}:{key}" for key in part["references"]]
    return found


def bibliography(keys: Iterable[str]) -> str:
    """BibTeX of faintsky, the libraries that every result rests on, and the given keys, each once.

    Parameters
    ----------
    keys : iterable of str
        Plain, or ``package:key``.

    Raises
    ------
    DataError
        Where no installed distribution of components knows a key; the message holds the nearest one.
    """
    values = {e.value for kind in registry.kinds() for e in registry.entries(kind)}
    others = sorted({v.partition(".")[0].partition(":")[0] for v in values} - {"faintsky"})
    known: dict[str, str] = {}
    for package in ("faintsky", *others):
        known = {**entries(package), **known}
    texts: list[str] = []
    for qualified in [*_ALWAYS, *keys]:
        package, _, key = qualified.rpartition(":")
        own = entries(package) if package else {}
        if key not in own and key not in known:
            raise DataError(f"no references.bib holds {key!r}. {nearest(key, {**known, **own})}".rstrip())
        texts.append(own.get(key) or known[key])
    return "\n\n".join(dict.fromkeys(texts))
