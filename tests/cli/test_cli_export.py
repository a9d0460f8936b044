"""``faintsky export`` writes the spectra of a run for other codes."""

import pytest

from faintsky.core.run import run

STUDY = """
study = "coherence"
samplers = "quadrature"

[power_models]
use = "shot-plus-power-law"
fixed = { slope = 1.5 }

[maps.ir]
use = "simulated"
sky = "one"
clustering = 1e-10
white = 1e-11

[maps.xray]
use = "simulated"
sky = "one"
clustering = 1e-10
white = 1e-11

[grid]
pixel = "10 arcsec"
size = [48, 48]

[bins]
theta = ["25 arcsec", "400 arcsec"]
per_decade = 4

[run]
executor = "serial"
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return run(STUDY, out=tmp_path_factory.mktemp("export") / "run").folder


def test_spectra_of_a_run_become_a_sacc_file(command, done, tmp_path):
    pytest.importorskip("sacc", reason="needs the extra sacc")
    from faintsky.plugins.sacc_file import read_covariance, read_sacc

    said = command("export", done, "--to", tmp_path / "s.sacc")
    assert said.code == 0, said.err
    assert "3 spectra of single" in said.out
    found = read_sacc(tmp_path / "s.sacc")
    assert list(found) == ["ir", "xray", "ir x xray"]
    n = sum(len(s.power) for s in found.values())
    assert read_covariance(tmp_path / "s.sacc").shape == (n, n)
    again = command("export", done, "--to", tmp_path / "s.sacc")
    assert again.code == 2
    assert "--force writes over it" in again.err
    assert command("export", done, "--to", tmp_path / "s.sacc", "--force").code == 0


def test_a_cell_that_is_not_there_is_told(command, done, tmp_path):
    said = command("export", done, "--to", tmp_path / "s.sacc", "--cell", "singles")
    assert said.code != 0
    assert "Did you mean 'single'" in said.err
