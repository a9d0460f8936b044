"""Hooks: what cuts across runs. They observe and add; they never own a method, and never lose a finished result.

A plugin is a module (or object) with functions marked ``@hookimpl``, declared in the entry-point group ``faintsky``::

    [project.entry-points.faintsky]
    notify = "my_package.notify"
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

import pluggy

from faintsky.core.errors import PluginError, nearest
from faintsky.core.registry import Entry, import_object

if TYPE_CHECKING:
    from faintsky.core.run import Run
    from faintsky.core.task import Task

__all__ = ["call_hook", "check_hooks", "hookimpl", "hooks"]

hookspec = pluggy.HookspecMarker("faintsky")
hookimpl = pluggy.HookimplMarker("faintsky")


class _Specification:
    """Every hook. An implementation may take fewer arguments than stand here, so new ones never break old plugins."""

    @hookspec
    def before_task(self, task: Task) -> None:
        """Called in the worker before a task runs."""

    @hookspec
    def after_task(self, task: Task, result: Any) -> None:
        """Called in the worker when the result of a task is stored."""

    @hookspec
    def on_error(self, task: Task, error: BaseException) -> None:
        """Called in the worker when a task failed."""

    @hookspec
    def after_run(self, run: Run) -> None:
        """Called once when the tables of a run are written; the report is written here."""

    @hookspec
    def report_sections(self, run: Run) -> Sequence[Any]:  # type: ignore[empty-body]
        """Sections (`faintsky.report.section.Section`) that are added at the end of the report."""


@lru_cache(maxsize=1)
def hooks() -> tuple[pluggy.PluginManager, tuple[str, ...]]:
    """The hook plugins, loaded one by one, and one sentence for each that could not be.

    Raises
    ------
    PluginError
        Where a plugin implements a hook that does not exist; the message names the nearest one.
    """
    manager = pluggy.PluginManager("faintsky")
    manager.add_hookspecs(_Specification)
    broken: list[str] = []
    seen: set[tuple[str, str]] = set()
    for point in metadata.entry_points(group="faintsky"):
        dist = point.dist.name if point.dist else "?"
        if (dist, point.name) in seen:
            continue
        seen.add((dist, point.name))
        try:
            manager.register(point.load(), name=f"{dist}:{point.name}")
        except Exception as error:
            broken.append(f"hook plugin {dist}:{point.name} is left out: {type(error).__name__}: {error}")
    _refuse_unknown(manager)
    return manager, tuple(broken)


def _refuse_unknown(manager: pluggy.PluginManager) -> None:
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        known = [name for name in vars(_Specification) if not name.startswith("_")]
        hook = str(error).split("'")[1] if "'" in str(error) else ""
        raise PluginError(f"{error}. {nearest(hook, known)} Hooks: {', '.join(known)}") from None


def check_hooks(entry: Entry) -> str:
    """What is wrong with one hook plugin, or an empty text."""
    manager = pluggy.PluginManager("faintsky")
    manager.add_hookspecs(_Specification)
    try:
        manager.register(import_object(entry.value) if ":" in entry.value else import_module(entry.value))
        _refuse_unknown(manager)
    except PluginError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def call_hook(name: str, **arguments: Any) -> tuple[list[Any], str]:
    """Call a hook of every plugin, each for itself; what one raises is returned as a sentence, and stops no other."""
    manager, _ = hooks()
    plugins = [plugin for _, plugin in manager.list_name_plugin() if plugin is not None]
    results: list[Any] = []
    troubles: list[str] = []
    for plugin in plugins:
        caller = manager.subset_hook_caller(name, [other for other in plugins if other is not plugin])
        try:
            results += caller(**arguments)
        except Exception as error:
            troubles.append(f"hook {name} of {manager.get_name(plugin)}: {type(error).__name__}: {error}")
    return results, "\n".join(troubles)
