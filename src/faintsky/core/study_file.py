"""Study files: TOML text becomes typed single studies, one per cell, or all its defects at once with file and line."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from faintsky.core.axes import Axis, alternatives, find_axes, label_of
from faintsky.core.errors import FaintskyError, PluginError, Problem, StudyError, nearest
from faintsky.core.executor import RunOptions
from faintsky.core.registry import registry
from faintsky.core.structure import Defects, structure, unstructure
from faintsky.core.toml_lines import key_lines

__all__ = ["Cell", "StudyPlan", "load_study"]

_OWN_KEYS = ("study", "name", "seed", "run")


@frozen(kw_only=True, eq=False)
class Cell:
    """One combination of the alternatives: its labels, its seed, its typed study, whether a recipe is in it."""

    labels: Mapping[str, str]
    seed: int
    study: Any
    recipe: bool = False


@frozen(kw_only=True, eq=False)
class StudyPlan:
    """A valid study file.

    Attributes
    ----------
    name : str
    kind : str
        The study's component name.
    axes : tuple of Axis
    cells : tuple of Cell
        The first is the reference cell.
    document : dict
        As written, ``--set`` applied.
    options : RunOptions
        How it is run; never part of a hash.
    source : str
        File name, or how the study was given.
    """

    name: str
    kind: str
    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    document: Mapping[str, Any] = field(repr=False)
    options: RunOptions
    source: str

    def expanded(self) -> dict[str, Any]:
        """The document with every default written out, canonical names and absolute paths."""
        first = self.cells[0]
        table: dict[str, Any] = {
            "study": registry.name_of(type(first.study)),
            "name": self.name,
            "seed": first.seed,
        }
        table |= {k: v for k, v in unstructure(first.study).items() if k != "use"}
        for axis in self.axes:
            chosen: list[Any] = []
            for label in axis.labels:
                cell = next(c for c in self.cells if c.labels[axis.name] == label)
                value: Any = cell.seed if axis.path == ("seed",) else _dig(unstructure(cell.study), axis.path)
                if isinstance(value, dict) and len(axis.labels) > 1:
                    value = {"use": value["use"], "label": label} | value
                chosen.append(value)
            parent = _dig(table, axis.path[:-1])
            parent[axis.path[-1]] = chosen
        return table


def _dig(node: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        node = node[key]
    return node


def load_study(source: Path | str | Mapping[str, Any], overrides: Sequence[str] = ()) -> StudyPlan:
    """Read and validate a study.

    Parameters
    ----------
    source : path, TOML text, or mapping
        A text with a line break or an ``=`` is TOML; any other text is a path.
    overrides : sequence of str
        ``dotted.key=value``; alternatives are addressed by their label (``samplers.fast.nlive=800``).

    Raises
    ------
    StudyError
        All defects at once, each with file:line, key, constraint and nearest valid name.
    """
    text, where, base = _read(source)
    if text is None:
        document: dict[str, Any] = deepcopy(dict(source))  # type: ignore[arg-type]
        lines: dict[tuple[str | int, ...], int] = {}
    else:
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StudyError([Problem("", f"not valid TOML: {error}", where)]) from None
        lines = key_lines(text)
    for override in overrides:
        _set(document, override)
    given = [override.partition("=")[0].strip() for override in overrides]
    return _Reader(document, lines, where, base, given).plan()


def _read(source: Path | str | Mapping[str, Any]) -> tuple[str | None, str, Path]:
    if isinstance(source, Mapping):
        return None, "the given study", Path.cwd()
    if isinstance(source, str) and ("\n" in source or "=" in source):
        return source, "the given text", Path.cwd()
    path = Path(source)
    if not path.is_file():
        siblings = [p.name for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) or "faintsky study init NAME writes one"
        raise StudyError(f"there is no study file {path}. {hint}")
    try:
        return path.read_text(encoding="utf-8"), str(source), path.resolve().parent
    except UnicodeDecodeError as error:
        raise StudyError([Problem("", f"not a text in UTF-8: {error.reason}", str(source))]) from None


def _set(document: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    if not sign or not key:
        raise StudyError([Problem(override, "write it as dotted.key=value", "--set")])
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    node: Any = document
    *tables, last = key.strip().split(".")
    for part in tables:
        if isinstance(node, list):
            if len(node) != 1 or label_of(node[0]) == part:
                node = _alternative(node, part, override)
                continue
            node = _alternative(node, label_of(node[0]), override)  # the only one needs no label
        node = _table(node, key)
        if isinstance(node.get(part), str):
            node[part] = {"use": node[part]}
        node = node.setdefault(part, {})
    if isinstance(node, list):
        if len(node) != 1:
            raise StudyError([Problem(key, f"name the alternative: {', '.join(map(label_of, node))}", "--set")])
        node = _alternative(node, label_of(node[0]), override)
    _table(node, key)[last] = value


def _table(node: Any, key: str) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise StudyError([Problem(key, "there is no table at this key", "--set")])
    return node


def _alternative(items: list[Any], label: str, override: str) -> Any:
    labels = [label_of(item) for item in items]
    if label not in labels:
        raise StudyError([Problem(override, f"there is no alternative {label!r}. {nearest(label, labels)} {labels}", "--set")])
    i = labels.index(label)
    if isinstance(items[i], str):
        items[i] = {"use": items[i]}
    return items[i]


def _line_of(problem: Problem) -> int:
    """The line of a problem; what stands nowhere in the file comes first."""
    number = problem.where.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


class _Reader:
    """Turns one document into a plan; collects the problems on the way."""

    def __init__(self, document: dict[str, Any], lines: Mapping[Any, int], where: str, base: Path, given: Sequence[str]) -> None:
        self.document, self.lines, self.where, self.base, self.given = document, lines, where, base, given
        self.problems: dict[tuple[Any, str], Problem] = {}
        self.plugin_only = True

    def plan(self) -> StudyPlan:
        cls = self._study_class()
        name = self._text("name", Path(self.where).stem if self.where.endswith(".toml") else cls.__name__.lower())
        options = self._run_options()
        body = {k: v for k, v in self.document.items() if k not in _OWN_KEYS}
        whole = body | ({"seed": self.document["seed"]} if "seed" in self.document else {})
        axes, wrong = find_axes(whole, cls)
        for path, message in wrong:
            self._add(path, message)
        cells: list[Cell] = []
        if not wrong:
            with _once():
                cells = [c for made in alternatives(whole, axes) if (c := self._cell(cls, axes, *made)) is not None]
        if self.problems:
            ordered = sorted(self.problems.values(), key=_line_of)
            error = StudyError(ordered)
            error.exit_code = PluginError.exit_code if self.plugin_only else StudyError.exit_code
            raise error
        kind = registry.short_name(cls)
        return StudyPlan(
            name=name,
            kind=kind,
            axes=axes,
            cells=tuple(cells),
            document=self.document,
            options=options,
            source=self.where,
        )

    def _study_class(self) -> type:
        if "study" not in self.document:
            names = ", ".join(e.name for e in registry.entries("studies"))
            raise StudyError([Problem("study", f'the key study = "..." is missing. Studies: {names}', self.where)])
        try:
            name = self.document["study"]
            path, _, attribute = str(name).rpartition(":")
            if path.endswith(".py"):
                name = f"{(self.base / path).resolve()}:{attribute}"
            return registry.load(registry.find("studies", str(name)))
        except PluginError as error:
            self._add(("study",), str(error), plugin=True)
            failure = StudyError(list(self.problems.values()))
            failure.exit_code = PluginError.exit_code
            raise failure from None

    def _text(self, key: str, default: str) -> str:
        value = self.document.get(key, default)
        if not isinstance(value, str) or not value.strip() or "/" in value:
            self._add((key,), f"must be a text that can name a folder, got {value!r}")
            return default
        return value

    def _run_options(self) -> RunOptions:
        try:
            options: RunOptions = structure(self.document.get("run", {}), RunOptions, self.base, "[run]")
        except Defects as error:
            for defect in error.found:
                self._add(("run", *defect.path), defect.message, defect.plugin)
            return RunOptions()
        return options

    def _cell(
        self,
        cls: type,
        axes: tuple[Axis, ...],
        labels: dict[str, str],
        choice: dict[Any, int],
        body: dict[str, Any],
    ) -> Cell | None:
        seed = body.pop("seed", 1)
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            self._add(("seed",), f"must be an integer >= 0 (or a list of them: repeats), got {seed!r}")
            seed = 1
        try:
            study = structure(body, cls, self.base, f"study {registry.short_name(cls)!r}")
        except Defects as error:
            for defect in error.found:
                self._add(_indexed(defect.path, choice), defect.message, defect.plugin, labels, axes)
            return None
        try:
            for key, message in study.check():
                self._add(_indexed(tuple(key.split(".")), choice), message, False, labels, axes)
        except FaintskyError as error:
            self._add((), str(error), isinstance(error, PluginError))
        recipe = any(axis.recipes[axis.labels.index(labels[axis.name])] for axis in axes) or _uses_recipe(study)
        return Cell(labels=labels, seed=seed, study=study, recipe=recipe)

    def _add(
        self,
        path: tuple[str | int, ...],
        message: str,
        plugin: bool = False,
        labels: Mapping[str, str] | None = None,
        axes: Sequence[Axis] = (),
    ) -> None:
        self.plugin_only = self.plugin_only and plugin
        place = path
        while place and place not in self.lines:
            place = place[:-1]
        line = self.lines.get(place)
        where = f"{self.where}:{line}" if line else self.where
        shown: list[str] = []
        by_path = {axis.path: axis for axis in axes}
        for i, part in enumerate(path):
            axis = by_path.get(tuple(p for p in path[:i] if isinstance(p, str)))
            shown.append(axis.labels[part] if axis is not None and isinstance(part, int) else str(part))
        names = (".".join(shown), ".".join(p for p in path if isinstance(p, str)))
        if any(name == key or name.startswith(f"{key}.") for key in self.given for name in names):
            where = "--set"
        self.problems.setdefault((path, message), Problem(".".join(shown), message, where))


@contextmanager
def _once() -> Iterator[None]:
    """Each warning once, at the end: components are made anew for every cell."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for message, category in dict.fromkeys((str(w.message), w.category) for w in caught):
        warnings.warn(message, category, stacklevel=2)


def _indexed(path: tuple[str | int, ...], choice: Mapping[tuple[str, ...], int]) -> tuple[str | int, ...]:
    """The path in the file: the index of the chosen alternative put behind its axis."""
    found: tuple[str | int, ...] = ()
    names: tuple[str, ...] = ()
    for part in path:
        found = (*found, part)
        if isinstance(part, str):
            names = (*names, part)
            if names in choice:
                found = (*found, choice[names])
    return found


def _uses_recipe(value: Any) -> bool:
    """Whether a component of the study, at any depth, is a recipe."""
    from faintsky.core.component import info

    if isinstance(value, Mapping):
        return any(_uses_recipe(item) for item in value.values())
    if not attrs.has(type(value)):
        return False
    return info(type(value)).recipe or any(_uses_recipe(getattr(value, a.name)) for a in attrs.fields(type(value)))
