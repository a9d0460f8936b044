"""What is imported, and how fast: R-PLUG-1."""

import json
import subprocess
import sys

import pytest

HEAVY = {"emcee", "dynesty", "nestle", "matplotlib", "h5py", "scipy.stats", "astropy.cosmology"}


def imported_by(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after `code`."""
    tail = "\nimport json, sys; print('MODULES' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.rpartition("MODULES")[2]))


def calling(arguments: list[str]) -> str:
    return (
        f"from faintsky.cli.main import main\ntry:\n    main({arguments})\nexcept SystemExit as stop:\n    assert not stop.code"
    )


def test_import_faintsky_imports_no_numpy():
    found = imported_by("import faintsky; dir(faintsky); faintsky.__version__")
    assert "faintsky" in found
    assert not found & {"numpy", "scipy", "astropy", "attrs", *HEAVY}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["plugins", "list"],
        ["plugins", "list", "--all"],
        ["run", "-h"],
    ],
)
def test_help_and_list_import_no_engine(arguments):
    found = imported_by(calling(arguments))
    assert "faintsky.core.registry" in found
    assert not found & HEAVY
    assert not any(name.startswith(("faintsky.models", "faintsky.estimators", "faintsky.plugins")) for name in found)


def test_help_imports_no_command():
    found = imported_by(calling(["--help"]))
    assert not {name for name in found if name.startswith("faintsky.cli.")} - {"faintsky.cli.main"}
    assert "numpy" not in found
