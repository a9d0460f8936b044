"""Bibliography: each distribution keeps the entries of its components in a ``references.bib``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from faintsky.core.errors import DataError, nearest
from faintsky.core.registry import registry

__all__ = ["bibliography", "entries"]

#: What every result rests on.
_ALWAYS = ("faintsky", "Harris2020", "Virtanen2020", "Astropy2022")


@lru_cache(maxsize=32)
def entries(package: str = "faintsky") -> dict[str, str]:
    """The BibTeX entries of a package, by key; empty where it has no ``references.bib``."""
    file = resources.files(package) / "references.bib"
    if not file.is_file():
        return {}
    found = {}
    for text in re.split(r"\n(?=@)", file.read_text(encoding="utf-8")):
        key = re.match(r"\s*@\w+\{([^,\s]+),", text)
        if key:
            found[key.group(1)] = text.strip()
    return found


def bibliography(keys: Iterable[str]) -> str:
    """BibTeX of faintsky, the libraries that every result rests on, and the given keys, each once.

    Raises
    ------
    DataError
        Where no installed distribution of components knows a key.
    """
    known: dict[str, str] = {}
    packages = {e.value.partition(".")[0].partition(":")[0] for kind in registry.kinds() for e in registry.entries(kind)}
    for package in ("faintsky", *sorted(p for p in packages if p.isidentifier() and p != "faintsky")):
        try:
            known = {**entries(package), **known}
        except ModuleNotFoundError:
            continue  # a broken plugin takes its bibliography with it
    wanted = list(dict.fromkeys([*_ALWAYS, *keys]))
    for key in wanted:
        if key not in known:
            raise DataError(f"no references.bib holds {key!r}. {nearest(key, known)}")
    return "\n\n".join(known[key] for key in wanted)
