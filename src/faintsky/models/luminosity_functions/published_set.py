"""Published sets of parameters: one TOML file each, shipped in the folder `published` or a reader's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from attrs import field, frozen

from faintsky.core.band import Band
from faintsky.core.errors import DataError, MissingFileError, nearest
from faintsky.core.luminosity_function import AssumedCosmology, Provenance
from faintsky.core.validity import Validity

__all__ = ["FIXED", "PublishedSet", "absolute", "published_names", "published_set"]

#: What stands in place of an error where the authors held a parameter.
FIXED = "fixed"
_KEYS = ("name", "form", "band", "cosmology", "validity", "source", "table", "verified", "doubt", "options", "values", "errors")
_NEEDED = ("name", "form", "band", "validity", "source", "verified", "values")


@frozen(kw_only=True, eq=False)
class PublishedSet:
    """The parameters of one luminosity function as published.

    Attributes
    ----------
    name : str
    form : str
        The component that they belong to, such as ``ldde1``.
    band : Band
        Rest frame.
    cosmology : AssumedCosmology
    validity : Validity
        Where the authors measured it.
    provenance : Provenance
    doubt : str
        What a reader of the set is warned of, beside that nobody verified it.
    values : mapping of str to float
    errors : mapping of str to tuple of float
        1-sigma distances (down, up); (0, 0) for what the authors held.
    options : mapping of str to object
        Options that the component must have for these values to mean what they say.
    """

    name: str
    form: str
    band: Band
    cosmology: AssumedCosmology
    validity: Validity
    provenance: Provenance
    values: Mapping[str, float]
    errors: Mapping[str, tuple[float, float]] = field(factory=dict)
    doubt: str = ""
    options: Mapping[str, Any] = field(factory=dict)

    @property
    def warning(self) -> str:
        """What its user must know, or nothing."""
        said = [] if self.provenance.is_verified else ["nobody checked its values against the paper: look them up yourself"]
        said += [self.doubt] if self.doubt else []
        return f"the published set {self.name!r} ({self.provenance.source}): {'; '.join(said)}" if said else ""

    @property
    def fixed(self) -> dict[str, float]:
        """What the authors did not fit, with its value: as the table `fixed` of a refit."""
        return {name: self.values[name] for name, (low, high) in self.errors.items() if low == high == 0}


def published_names() -> tuple[str, ...]:
    """Names of the sets that come with faintsky."""
    return tuple(sorted(f.name.removesuffix(".toml") for f in _shipped().iterdir() if f.name.endswith(".toml")))


def absolute(name: str) -> str:
    """The path of a set absolute, so that a task finds it wherever it runs; a name as it is."""
    return str(Path(name).expanduser().resolve()) if name.endswith(".toml") else name


def published_set(name: str) -> PublishedSet:
    """A set by its name, or from a file of the same format.

    Parameters
    ----------
    name : str
        One of `published_names`, or a path that ends in ``.toml``.

    Raises
    ------
    DataError
        For a name that is none, or a file that does not say what it must.
    """
    if name.endswith(".toml"):
        path = Path(absolute(name))
        if not path.is_file():
            raise MissingFileError(f"there is no file {path} with a published set of parameters")
        return _of_file(path, path.stat().st_mtime_ns)
    if name not in published_names():
        known = published_names()
        raise DataError(
            f"there is no published set {name!r}. {nearest(name, known)} Shipped: {', '.join(known)}. "
            "A file of your own is named by its path, which ends in '.toml'"
        )
    return _of_name(name)


def _shipped() -> Any:
    return files("faintsky.models.luminosity_functions") / "published"


@lru_cache(maxsize=128)
def _of_name(name: str) -> PublishedSet:
    return _read((_shipped() / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


@lru_cache(maxsize=32)
def _of_file(path: Path, _: int) -> PublishedSet:
    return _read(path.read_text(encoding="utf-8"), str(path))


def _read(text: str, where: str) -> PublishedSet:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{where}: {error}") from error
    for key in table:
        if key not in _KEYS:
            raise DataError(f"{where}: unknown key {key!r}. {nearest(key, _KEYS)} Keys: {', '.join(_KEYS)}")
    for key in _NEEDED:
        if key not in table:
            raise DataError(f"{where}: the key {key!r} is missing; needed are {', '.join(_NEEDED)}")
    try:
        return _structured(table)
    except (TypeError, ValueError, KeyError, ZeroDivisionError) as error:
        raise DataError(f"{where}: {error}") from error


def _structured(table: Mapping[str, Any]) -> PublishedSet:
    errors = {name: (0.0, 0.0) if found == FIXED else _pair(found) for name, found in table.get("errors", {}).items()}
    values = {name: float(value) for name, value in table["values"].items()}
    if unknown := sorted(set(errors) - set(values)):
        raise DataError(f"errors of {', '.join(unknown)}, which no value has. {nearest(unknown[0], values)}")
    if unknown := [name for name, value in values.items() if np.isnan(value)]:
        raise DataError(f"the value of {', '.join(unknown)} is not a number")
    if wrong := [name for name, ends in errors.items() if not all(0 <= end < np.inf for end in ends)]:
        raise DataError(f"the errors of {', '.join(wrong)} must be two distances of at least 0: [down, up]")
    if "norm" in values:
        values, errors = _with_log_norm(values, errors)
    return PublishedSet(
        name=str(table["name"]),
        form=str(table["form"]),
        band=Band.parse(table["band"]),
        cosmology=AssumedCosmology(**table.get("cosmology", {})),
        validity=Validity(**{axis: _pair(ends) for axis, ends in table["validity"].items()}),
        provenance=Provenance(source=_source(table), verified=str(table["verified"])),
        values=values,
        errors=errors,
        doubt=str(table.get("doubt", "")),
        options=table.get("options", {}),
    )


def _source(table: Mapping[str, Any]) -> str:
    return f"{table['source']}, {table['table']}" if table.get("table") else str(table["source"])


def _pair(found: Any) -> tuple[float, float]:
    low, high = found
    return float(low), float(high)


def _with_log_norm(
    values: Mapping[str, float], errors: Mapping[str, tuple[float, float]]
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Papers print the density A; the parameter is its log10, so errors become distances in the logarithm."""
    norm = values["norm"]
    moved = {"log_norm": float(np.log10(norm))} | {name: value for name, value in values.items() if name != "norm"}
    kept = {name: error for name, error in errors.items() if name != "norm"}
    if "norm" in errors:
        low, high = errors["norm"]
        if not 0 <= low < norm:
            raise DataError(f"norm = {norm:g} has an error of -{low:g}: its logarithm would have none")
        kept["log_norm"] = float(-np.log10(1 - low / norm)), float(np.log10(1 + high / norm))
    return moved, kept
