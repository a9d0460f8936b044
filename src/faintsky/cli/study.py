"""``faintsky study``: start, check and show study files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from faintsky.cli.run_directory import RunDirectory
from faintsky.core.errors import StudyError

if TYPE_CHECKING:
    from faintsky.core.run import Run

__all__ = ["study"]


@click.group()
def study() -> None:
    """Start, check and show study files."""


@study.command()
@click.argument("name")
@click.option("--study", "kind", default="coherence", show_default=True, help="The study.")
def init(name: str, kind: str) -> None:
    """Write NAME.toml, commented: every slot with its choices, every option with unit and help."""
    from faintsky.cli.template import template
    from faintsky.core.registry import registry

    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    text = template(registry.load(registry.find("studies", kind)), kind, path.stem)
    try:
        with open(path, "x", encoding="utf-8") as handle:
            handle.write(text)
    except FileExistsError:
        raise StudyError(f"{path} exists and is not overwritten: choose another name") from None
    click.echo(f"{path}: fill in the maps, then  faintsky study check {path}")


@study.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key.")
@click.option("--cost", is_flag=True, help="Cells, tasks, files, memory, and CPU hours as far as they were measured.")
@click.option("--like", type=RunDirectory(), help="A run whose finished tasks tell the CPU time of a step.")
def check(file: Path, overrides: tuple[str, ...], cost: bool, like: Run | None) -> None:
    """Say all that is wrong with FILE, at once; nothing runs."""
    from faintsky.core.study_file import load_study

    plan = load_study(file, overrides)
    axes = "; ".join(f"{axis.name}: {', '.join(axis.labels)}" for axis in plan.axes if len(axis.labels) > 1)
    count = "1 cell" if len(plan.cells) == 1 else f"{len(plan.cells)} cells"
    click.echo(f"{file} is valid: study {plan.kind}, {count}" + (f" ({axes})" if axes else ""))
    if cost:
        from faintsky.cli.cost import cost_lines

        for line in cost_lines(plan, like):
            click.echo(line)


@study.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key.")
def show(file: Path, overrides: tuple[str, ...]) -> None:
    """FILE with every default written out, and every prior with where it comes from."""
    import tomli_w

    from faintsky.core.study_file import load_study

    plan = load_study(file, overrides)
    click.echo(tomli_w.dumps(plan.expanded()))
    rows = list(dict.fromkeys(row for cell in plan.cells for row in _priors(cell.study)))
    if rows:
        click.echo("# Priors")
    for name, prior, unit, source in rows:
        click.echo(f"#   {name:24s} {prior}{f' [{unit}]' if unit else ''}: {source}")


def _priors(value: Any, key: str = "") -> list[tuple[str, str, str, str]]:
    """Every free parameter of the components of a study: name, prior, unit, source."""
    import attrs

    from faintsky.core.parameter import Parametric, free_parameters

    if isinstance(value, dict):
        return [row for k, item in value.items() for row in _priors(item, f"{key}.{k}".lstrip("."))]
    if isinstance(value, Parametric):
        return [(f"{key}.{p.name}", repr(p.prior), p.unit, p.source) for p in free_parameters(value)]
    if not attrs.has(type(value)):
        return []
    fields = attrs.fields(type(value))
    return [row for a in fields for row in _priors(getattr(value, a.name), f"{key}.{a.name}".lstrip("."))]
