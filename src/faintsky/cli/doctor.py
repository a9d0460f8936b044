"""``faintsky doctor``."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import metadata

import click

__all__ = ["doctor"]

_PACKAGES = ("numpy", "scipy", "astropy", "emcee", "dynesty", "nestle", "h5py", "matplotlib", "regions", "loky", "click")


@click.command()
def doctor() -> None:
    """What is installed, what is missing and what it would enable, what is broken."""
    from faintsky.core.executor import available_cpus

    click.echo(f"faintsky {metadata.version('faintsky')}, Python {platform.python_version()}, {platform.platform()}")
    click.echo(f"CPUs that this process may use: {available_cpus()} of {os.cpu_count()}")
    click.echo("Packages")
    for name in _PACKAGES:
        try:
            click.echo(f"  {name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            click.echo(f"  {name} MISSING: faintsky needs it")
    click.echo("Linear algebra (a worker of a run has one thread, whatever stands here)")
    for line in _threads():
        click.echo(f"  {line}")
    click.echo("Extras")
    for line in _extras():
        click.echo(f"  {line}")
    broken = list(_broken())
    click.echo("Broken plugins" + ("" if broken else ": none"))
    for sentence in broken:
        click.echo("  " + sentence.replace("\n", "\n    "))


def _threads() -> Iterator[str]:
    import numpy as np
    import threadpoolctl

    _ = np.linalg.inv(np.eye(2))  # loads BLAS, so that it can be asked
    for pool in threadpoolctl.threadpool_info():
        yield f"{pool.get('internal_api', '?')} {pool.get('version') or ''}: {pool['num_threads']} threads"
    for name in sorted(n for n in os.environ if n.endswith("_NUM_THREADS")):
        yield f"{name}={os.environ[name]}"


def _extras() -> Iterator[str]:
    from faintsky.cli.extras import EXTRAS, missing_extra

    for extra, (_, enables) in EXTRAS.items():
        package = missing_extra(extra)
        yield f"{enables}: " + (f"{package} is missing;  pip install 'faintsky[{extra}]'" if package else "available")


def _broken() -> Iterator[str]:
    from faintsky.core.errors import PluginError
    from faintsky.core.hooks import check_hooks
    from faintsky.core.registry import registry

    for kind in [*registry.kinds(), "commands", "kinds"]:
        for entry in registry.declared(kind):
            try:
                registry.load(entry)
            except PluginError as error:
                yield str(error)
    for entry in registry.declared("hooks"):
        if trouble := check_hooks(entry):
            yield f"hook plugin {entry.canonical} (version {entry.version}): {trouble}"
