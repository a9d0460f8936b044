"""The command ``faintsky``: sub-commands by name, imported when they are called."""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import click

from faintsky import __version__
from faintsky.core.errors import FaintskyError, FaintskyWarning, InterruptedRun
from faintsky.core.registry import HOST, registry

__all__ = ["cli", "main"]

#: One line each, so that ``--help`` imports no command.
_SUMMARIES = {
    "cite": "BibTeX of what a run or a study used.",
    "compare": "What differs between two runs, and which numbers moved.",
    "demo": "Simulate two maps, compare methods on them, write a report.",
    "doctor": "What is installed, what is missing, what is broken.",
    "plugins": "List, show and check components.",
    "report": "Write the report of a run again.",
    "run": "Run a study file, or go on with it.",
    "run-task": "Do one task of a run (for batch systems).",
    "status": "How far a run is.",
    "study": "Start, check and show study files.",
}


class LazyGroup(click.Group):
    """Commands of the entry-point group ``faintsky.commands``; listing them imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands; one that two strangers bring stands with its distribution."""
        entries = registry.entries("commands")
        names = Counter(entry.name for entry in entries)
        return sorted(e.name if names[e.name] == 1 or e.dist == HOST else e.canonical for e in entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None where there is no such name."""
        known = {name for entry in registry.entries("commands") for name in (entry.name, entry.canonical)}
        if cmd_name not in known:
            return None
        command: Any = registry.load(registry.find("commands", cmd_name))
        return command  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and one line each."""
        rows = []
        for name in self.list_commands(ctx):
            known = name in _SUMMARIES
            dist = HOST if known else registry.find("commands", name).dist
            rows.append((name, _SUMMARIES[name] if known else f"From the distribution {dist}."))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command names the nearest one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from faintsky.core.errors import nearest

            hint = nearest(args[0], self.list_commands(ctx))
            raise click.UsageError(f"{error.message.rstrip('.')}. {hint}".rstrip(), ctx) from None


def _one_line(others: Callable[..., None]) -> Callable[..., None]:
    """Our warnings as one line without the place in the code, which says nothing to a user; those of `others` as they are."""

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, FaintskyWarning):
            click.echo(f"warning: {message}", err=True)
        else:
            others(message, category, *place, **more)

    return show


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="faintsky")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """A method is a plugin, a study is a file, and comparing methods means writing a list where a name stood."""
    ctx.obj = {"debug": debug}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and exit: 0 done, 1 a task failed, 2 the study or usage is wrong, 3 a plugin, 130 stopped."""
    debug = "--debug" in (sys.argv if arguments is None else arguments)
    warnings.showwarning = _one_line(warnings.showwarning)
    try:
        code = cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = InterruptedRun.exit_code
    except FaintskyError as error:
        if debug:
            raise
        click.echo(f"{error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        if debug:
            raise
        click.echo(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)
