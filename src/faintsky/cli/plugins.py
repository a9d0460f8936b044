"""``faintsky plugins``: list, show and check components."""

from __future__ import annotations

from collections import Counter

import click

from faintsky.core.errors import PluginError, nearest
from faintsky.core.registry import HOST, Entry, registry

__all__ = ["plugins"]


@click.group()
def plugins() -> None:
    """List, show and check components."""


@plugins.command("list")
@click.argument("kind", required=False)
@click.option("--all", "everything", is_flag=True, help="Commands, kinds and hook plugins too.")
def list_(kind: str | None, everything: bool) -> None:
    """Components by kind, with the distribution that brings each; nothing is imported."""
    for k in [kind] if kind else list(registry.kinds()):
        _tell(k, registry.entries(k))
    if everything and not kind:
        for k in ("commands", "kinds", "hooks"):
            _tell(k, registry.declared(k))


def _tell(kind: str, entries: tuple[Entry, ...]) -> None:
    click.echo(kind)
    names = Counter(entry.name for entry in entries)
    for entry in entries:
        name = entry.canonical if names[entry.name] > 1 and entry.dist != HOST else entry.name
        click.echo(f"  {name:32s} {entry.dist} {entry.version}".rstrip())


@plugins.command()
@click.argument("kind")
@click.argument("name")
def show(kind: str, name: str) -> None:
    """What the component NAME of KIND is: summary, options with units and defaults, parameters, references."""
    from faintsky.cli.component_page import show_component

    entry = registry.find(kind, name)
    show_component(entry, registry.load(entry))


@plugins.command()
@click.argument("dist", required=False)
def check(dist: str | None) -> None:
    """Load every component (of DIST) and say which are broken; exit code 3 if any is.

    A component whose extra is not installed is told, and is not broken.
    """
    kinds = [*registry.kinds(), "commands", "kinds"]
    entries = [e for kind in kinds for e in registry.declared(kind)]
    hooks = registry.declared("hooks")
    known = {e.dist for e in (*entries, *hooks)}
    if dist and dist not in known:
        raise PluginError(f"no distribution {dist!r} brings components. {nearest(dist, known)} {', '.join(sorted(known))}")
    mine = [e for e in entries if dist in (None, e.dist)]
    broken = sum(not _loads(entry) for entry in mine)
    broken += sum(not _hooks_in(entry) for entry in hooks if dist in (None, entry.dist))
    click.echo(f"{len(mine)} components checked, {broken} broken")
    if broken:
        raise click.exceptions.Exit(PluginError.exit_code)


def _loads(entry: Entry) -> bool:
    from faintsky.cli.extras import missing_extra
    from faintsky.core.component import info

    try:
        extra = info(registry.load(entry)).extra
    except PluginError as error:
        _tell_broken(entry, str(error))
        return False
    if extra and (package := missing_extra(extra)):
        click.echo(f"missing  {entry.kind} {entry.name} needs {package}:  pip install '{HOST}[{extra}]'")
    return True


def _hooks_in(entry: Entry) -> bool:
    """Whether a hook plugin can be imported and implements only hooks that exist."""
    from faintsky.core.hooks import check_hooks

    trouble = check_hooks(entry)
    if trouble:
        _tell_broken(entry, trouble)
    return not trouble


def _tell_broken(entry: Entry, error: str) -> None:
    click.echo(f"BROKEN  {entry.kind} {entry.canonical} {entry.version} ({_file_of(entry)})")
    for line in error.splitlines():
        click.echo(f"        {line}")


def _file_of(entry: Entry) -> str:
    """The file of an entry's module, found without importing the module itself."""
    from importlib.util import find_spec

    module = entry.value.rpartition(":")[0] or entry.value
    while module:
        try:
            spec = find_spec(module)
        except Exception:
            spec = None
        if spec is not None and spec.origin:
            return (
                spec.origin if module == (entry.value.rpartition(":")[0] or entry.value) else f"no {entry.value}; {spec.origin}"
            )
        module = module.rpartition(".")[0]
    return f"no module {entry.value}"
