"""The registry: components by name, through the entry points of whatever is installed.

Nothing is imported until it is used, so a broken plugin breaks only the run that names it. The standard library reads
the entry points: pluggy's loader imports all plugins at once and silently skips the second of two equal names, and the
PyPI package ``entrypoints`` is in maintenance mode and hides clashes too.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, get_origin

import attrs
from attrs import frozen

from faintsky.core.errors import PluginError, nearest

__all__ = ["HOST", "Entry", "Registry", "components", "import_object", "make", "object_path", "registry"]

GROUP = "faintsky."
HOST = "faintsky"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@frozen(kw_only=True)
class Entry:
    """One component as its distribution declares it; reading this imports nothing.

    Attributes
    ----------
    kind, name : str
    dist, version : str
        The distribution that brings it; ``local`` for a class given in Python or by ``path.py:Class``.
    value : str
        ``module:Class``.
    """

    kind: str
    name: str
    dist: str
    version: str
    value: str

    @property
    def canonical(self) -> str:
        """``dist:name``, which stays unambiguous whatever else is installed; a path for a local class."""
        return self.value if self.dist == "local" else f"{self.dist}:{self.name}"


@lru_cache(maxsize=64)
def _module_of_file(path: str) -> Any:
    name = f"faintsky_local_{abs(hash(path)):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise PluginError(f"{path} could not be imported: {type(error).__name__}: {error}") from error
    module.__faintsky_file__ = path  # type: ignore[attr-defined]
    return module


def import_object(where: str) -> Any:
    """The object at ``module:Name`` or ``path.py:Name``."""
    module_name, _, qualname = where.rpartition(":")
    module = _module_of_file(module_name) if module_name.endswith(".py") else import_module(module_name)
    found: Any = module
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def object_path(thing: Any) -> str:
    """``module:Name`` of a class or function, ``path.py:Name`` where its module cannot be imported by name.

    Raises
    ------
    PluginError
        Where it was made where no worker can find it: in a notebook, or inside a function.
    """
    module = sys.modules[thing.__module__]
    name = thing.__module__
    file = getattr(module, "__faintsky_file__", None)
    if file is None and name == "__main__":
        file = getattr(module, "__file__", None)
        if file is None:
            raise PluginError(
                f"{thing.__qualname__} lives in an interactive session, where no worker can find it: write it to a file"
            )
    if "<locals>" in thing.__qualname__:
        raise PluginError(f"{thing.__qualname__} is defined inside a function: move it to the top of its file")
    return f"{Path(file).resolve() if file else name}:{thing.__qualname__}"


class Registry:
    """All components that the installed distributions declare, and those that a caller adds for a while."""

    def __init__(self) -> None:
        self._local: list[Entry] = []
        self._classes: dict[str, type] = {}

    @cached_property
    def _installed(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = defaultdict(list)
        seen: set[tuple[str, str, str]] = set()
        for dist in metadata.distributions():
            for point in dist.entry_points:
                if not point.group.startswith(GROUP) and point.group != HOST:
                    continue
                kind = "hooks" if point.group == HOST else point.group.removeprefix(GROUP)
                owner = _normal(dist.metadata["Name"] or "unnamed")
                if (kind, owner, point.name) in seen:  # the same distribution twice on the path: the first counts
                    continue
                seen.add((kind, owner, point.name))
                found[kind].append(Entry(kind=kind, name=point.name, dist=owner, version=dist.version, value=point.value))
        for entries in found.values():
            entries.sort(key=lambda e: (e.dist != HOST, e.dist, e.name))
        return dict(found)

    def kinds(self) -> dict[str, str]:
        """The kinds and the interface each stands for (``module:Class``)."""
        return {e.name: e.value for e in sorted(self._installed.get("kinds", []), key=lambda e: e.name)}

    def kind_of(self, interface: Any) -> str:
        """The kind of an interface.

        Raises
        ------
        PluginError
            Where no installed distribution declares a kind for it.
        """
        found = self._kind_of(interface)
        if found is None:
            raise PluginError(f"{interface} is not the interface of a kind (entry-point group faintsky.kinds)")
        return found

    def is_slot(self, annotation: Any) -> bool:
        """Whether a field of this type holds a component."""
        return self._kind_of(annotation) is not None

    def _kind_of(self, annotation: Any) -> str | None:
        cls = get_origin(annotation) or annotation
        if not isinstance(cls, type):
            return None
        value = f"{cls.__module__}:{cls.__qualname__}"
        return next((kind for kind, interface in self.kinds().items() if interface == value), None)

    def entries(self, kind: str) -> tuple[Entry, ...]:
        """The components of a kind; nothing is imported.

        Raises
        ------
        PluginError
            Where there is no such kind.
        """
        if kind not in self.kinds() and kind != "commands":
            raise PluginError(f"there is no kind {kind!r}. {nearest(kind, self.kinds())} Kinds: {', '.join(self.kinds())}")
        return (*[e for e in self._local if e.kind == kind], *self._installed.get(kind, []))

    def declared(self, kind: str) -> tuple[Entry, ...]:
        """What the installed distributions declare for a kind, for ``commands``, ``kinds``, or ``hooks``."""
        return tuple(self._installed.get(kind, []))

    def find(self, kind: str, name: str) -> Entry:
        """The component called `name`: a bare name, ``dist:name``, ``path.py:Class``, or ``module:Class``.

        Raises
        ------
        PluginError
            Unknown (with the nearest name), or ambiguous between two distributions (with both canonical names).
        """
        if re.search(r"\.py:\w+$", name):
            return Entry(kind=kind, name=name.rpartition(":")[2], dist="local", version="", value=name)
        entries = self.entries(kind)
        dist, _, bare = name.rpartition(":")
        matches = [e for e in entries if e.name == bare and (not dist or e.dist == _normal(dist))]
        first = [e for e in matches if e.dist == "local"] or [e for e in matches if e.dist == HOST]
        if not dist and first:
            return first[0]
        if not matches and dist and dist not in {e.dist for e in entries} and _importable(dist):
            return Entry(kind=kind, name=bare, dist="local", version="", value=name)
        if not matches:
            names = sorted({e.name for e in entries} | {e.canonical for e in entries})
            raise PluginError(
                f"there is no component {name!r} of kind {kind!r}. {nearest(name, names)}\n"
                f"Installed: {', '.join(sorted({e.name for e in entries})) or 'none'}  ->  faintsky plugins list {kind}"
            )
        if len(matches) > 1:
            names = [e.canonical for e in matches]
            raise PluginError(
                f"{name!r} of kind {kind!r} is provided by {len(matches)} distributions: write "
                + " or ".join(repr(n) for n in sorted(names))
            )
        return matches[0]

    def load(self, entry: Entry) -> type:
        """Import a component and check that it keeps the contract of its kind.

        Raises
        ------
        PluginError
            Where the import fails, the distribution asks for another faintsky, or the contract is broken; the message
            names distribution, version and cause.
        """
        if entry.value in self._classes:
            return self._classes[entry.value]
        who = f"{entry.kind} {entry.canonical!r}" + (f" (version {entry.version})" if entry.version else "")
        self._check_requirement(entry, who)
        try:
            cls = import_object(entry.value)
        except PluginError:
            raise
        except Exception as error:
            raise PluginError(
                f"{who} could not be imported: {type(error).__name__}: {error}\n"
                f"It is declared as {entry.value}; {_contact(entry.dist)}"
            ) from error
        self._check_contract(entry, cls, who)
        self._classes[entry.value] = cls
        return cls  # type: ignore[no-any-return]

    def _check_requirement(self, entry: Entry, who: str) -> None:
        if entry.dist in (HOST, "local"):
            return
        from packaging.requirements import InvalidRequirement, Requirement

        host = metadata.version(HOST)
        for text in metadata.requires(entry.dist) or []:
            try:
                need = Requirement(text)
            except InvalidRequirement as error:
                raise PluginError(f"{who}: its distribution asks for {text!r}, which nobody can read: {error}") from None
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            if _normal(need.name) == HOST and not need.specifier.contains(host, prereleases=True):
                raise PluginError(
                    f"{who} is built for faintsky {need.specifier}, this is {host}: upgrade or downgrade one of them"
                )

    def _check_contract(self, entry: Entry, cls: Any, who: str) -> None:
        if entry.kind in ("commands", "kinds"):
            return
        try:
            interface = import_object(self.kinds()[entry.kind])
        except Exception as error:
            raise PluginError(f"the interface of kind {entry.kind!r} could not be imported: {error}") from error
        if not isinstance(cls, type) or not attrs.has(cls):
            raise PluginError(f"{who}: {entry.value} is not an attrs class; write @frozen(kw_only=True) below @component")
        missing = [n for n in sorted(getattr(interface, "__abstractmethods__", ())) if not hasattr(cls, n)]
        still = sorted(getattr(cls, "__abstractmethods__", ()))
        if missing or still:
            raise PluginError(f"{who} does not keep the contract of {interface.__name__}: it lacks {', '.join(missing or still)}")

    def make(self, kind: str, name: str, /, **options: Any) -> Any:
        """A component by name, with options as in Python (bare numbers are canonical units)."""
        cls = self.load(self.find(kind, name))
        known = [a.alias for a in attrs.fields(cls) if a.init]
        for key in options:
            if key not in known:
                said = f"unknown option {key!r} of {kind} {name!r}.", nearest(key, known), f"Options: {', '.join(known)}"
                raise PluginError(" ".join(filter(None, said)))
        return cls(**options)

    def name_of(self, cls: type) -> str:
        """The canonical name of a component's class; its path where no distribution declares it."""
        where = f"{cls.__module__}:{cls.__qualname__}"
        for entries in self._installed.values():
            for entry in entries:
                if entry.value == where and entry.kind != "kinds":
                    return entry.canonical
        return object_path(cls)

    def short_name(self, cls: type) -> str:
        """The name for people: without the distribution."""
        return self.name_of(cls).rpartition(":")[2]

    @contextmanager
    def also(self, classes: Iterable[type]) -> Iterator[None]:
        """Add classes for a while; their names are their own names in kebab-case.

        Raises
        ------
        PluginError
            Where a class implements no interface of a kind.
        """
        before = list(self._local)
        try:
            for cls in classes:
                kinds = {interface: kind for kind, interface in self.kinds().items()}
                mine = [kinds[v] for b in cls.__mro__ if (v := f"{b.__module__}:{b.__qualname__}") in kinds]
                if not mine:
                    raise PluginError(f"{cls.__qualname__} subclasses no interface of a kind: {', '.join(self.kinds())}")
                name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
                where = object_path(cls)
                self._classes[where] = cls
                self._local.insert(0, Entry(kind=mine[0], name=name, dist="local", version="", value=where))
            yield
        finally:
            self._local = before

    def refresh(self) -> None:
        """Forget what was read from the entry points (after an installation in the same process)."""
        self.__dict__.pop("_installed", None)
        self._classes.clear()


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _contact(dist: str) -> str:
    try:
        said = metadata.metadata(dist)
    except metadata.PackageNotFoundError:
        return "it belongs to no installed distribution"
    urls = said.get_all("Project-URL") or []
    return f"report it to the authors of {dist}" + (f" ({urls[0].partition(', ')[2]})" if urls else "")


#: The registry of this process.
registry = Registry()


def components(kind: str | None = None) -> dict[str, tuple[str, ...]]:
    """Names of the installed components, by kind.

    Examples
    --------
    >>> "dynesty" in components("samplers")["samplers"]
    True
    """
    kinds = [kind] if kind else list(registry.kinds())
    return {k: tuple(e.name for e in registry.entries(k)) for k in kinds}


def make(kind: str, name: str, /, **options: Any) -> Any:
    """A component by name.

    Parameters
    ----------
    kind : str
        Such as ``"samplers"``.
    name : str
        Bare, ``dist:name`` or ``path.py:Class``.
    **options
        Its options.

    Examples
    --------
    >>> make("priors", "uniform", low=0.0, high=2.0).ppf(0.5).item()
    1.0
    """
    return registry.make(kind, name, **options)
