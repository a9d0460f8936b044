"""``study init``, ``check``, ``show``, ``plugins show``: against the study ``coherence``."""

import re
import tomllib

import pytest

from faintsky.core.registry import registry
from faintsky.core.study_file import load_study


@pytest.fixture
def mine(command, tmp_path):
    file = tmp_path / "mine.toml"
    assert command("study", "init", file).code == 0
    return file


def test_init_writes_a_valid_commented_study_and_never_overwrites(command, mine):
    text = mine.read_text()
    plan = load_study(mine)
    assert len(plan.cells) == 1
    for kind in ("maps", "masks", "power_spectra", "power_models", "likelihoods", "samplers"):
        for entry in registry.entries(kind):
            assert re.search(rf"^#.*\b{re.escape(entry.name)}\b", text, re.M), entry.name
    for option in ("per_decade", "walkers", "taper", "theta0", "rounds", "workers", "pixel"):
        assert re.search(rf"^# {option} = .+# ", text, re.M), option
    mine.write_text(text + "# my notes\n")
    done = command("study", "init", mine)
    assert done.code == 2
    assert "not overwritten" in done.err
    assert mine.read_text().endswith("# my notes\n")


def test_every_default_in_the_template_is_valid_when_it_is_uncommented(mine):
    """What has no default stands as dots and stays a comment; an empty text or list cannot be told from a choice."""
    lines = [
        re.sub(r"^# (?=\w+ = )", "", line) if re.match(r"# \w+ = (?!\.\.\.)", line) and "path" not in line else line
        for line in mine.read_text().splitlines()
    ]
    lines = ["# " + line if line == 'use = "..."' else line for line in lines]
    assert len(tomllib.loads("\n".join(lines))["samplers"][0]) > 5
    assert load_study("\n".join(lines)).cells[0].study == load_study(mine).cells[0].study


def test_three_mistakes_are_three_messages_with_file_and_line(command, tmp_path):
    file = tmp_path / "wrong.toml"
    file.write_text(
        """study = "coherence"

[bins]
per_decade = "ten"

[[samplers]]
use = "dynesty"
nlvie = 800

[maps.ir]
use = "simulatd"
"""
    )
    done = command("study", "check", file)
    assert done.code == 2
    blocks = re.split(rf"^(?={re.escape(str(file))}:)", done.err, flags=re.M)[1:]
    assert len(blocks) == 3
    for block, (line, *parts) in zip(
        blocks,
        [
            (4, "bins.per_decade", "must be a number, got 'ten'"),
            (8, "samplers.dynesty.nlvie", "Did you mean 'nlive'?", "dlogz", "faintsky plugins show samplers dynesty"),
            (10, "maps.ir", "Did you mean 'simulated'?", "faintsky plugins list maps"),
        ],
        strict=True,
    ):
        assert block.startswith(f"{file}:{line} ")
        for part in parts:
            assert part in block, part
    assert not (tmp_path / "runs").exists()
    assert command("run", file, "--out", tmp_path / "r").code == 2
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ("[bins]\nper_decade = -1", ["bins.per_decade", "must be > 0"]),
        ('[bins]\ntheta = ["3 keV", "1 deg"]', ["'keV' cannot be turned into 'rad'"]),
        ("[bins]\ntheta = [3, 10]", ["needs a unit", "'3 rad'"]),
        ('[bins]\ntheta = ["10 arcsec", "2 arcsec"]', ["theta must be [smallest, largest]"]),
        ('[grid]\nlike = "maps.xry"', ["grid.like", "Did you mean 'xray'?"]),
        ("[grid]\nsize = [3.5, 4]", ["grid.size.0", "must be an integer"]),
        ('[fit]\nspectra = ["ir x xary"]', ["fit.spectra", "Did you mean 'ir x xray'?"]),
        ('samplers = ["emcee", "emcee"]', ["two alternatives are called 'emcee'", "label"]),
        ("samplers = []", ["leaves nothing to use"]),
        ("samplers = 3", ["must name a component of kind 'samplers'"]),
        ("[[samplers]]\nsteps = 3", ["needs use"]),
        ("[run]\nwrokers = 2", ["run.wrokers", "Did you mean 'workers'?"]),
        ("name = 3", ["must be a text that can name a folder"]),
        ("seed = -1", ["must be an integer >= 0"]),
        ("smaplers = 3", ["unknown option 'smaplers'", "Did you mean 'samplers'?"]),
        ('[masks.m]\nuse = "regions"\npath = "no.reg"', ["there is no file", "no.reg"]),
        ("[bins\n", ["not valid TOML", "line 1"]),
    ],
)
def test_each_defect_has_its_sentence(command, tmp_path, more, parts):
    file = tmp_path / "s.toml"
    head, maps = 'study = "coherence"\n', '\n[maps.ir]\nuse = "simulated"\n[maps.xray]\nuse = "simulated"\n'
    file.write_text((more + "\n" if more.startswith("[bins\n") else head + more) + maps)
    done = command("study", "check", file)
    assert done.code == 2
    assert "Traceback" not in done.err
    for part in parts:
        assert part in done.err, done.err


def test_a_study_without_maps_or_name_of_the_study(command, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('study = "coherence"\nname = "n"\n')
    done = command("study", "check", file)
    assert done.code == 2
    assert "name at least one map, such as [maps.ir]" in done.err
    file.write_text('name = "n"\n')
    done = command("study", "check", file)
    assert done.code == 2
    assert "coherence" in done.err
    file.write_text('study = "coherense"\n')
    done = command("study", "check", file)
    assert done.code == 3
    assert "Did you mean 'coherence'?" in done.err


@pytest.mark.parametrize(
    ("override", "code", "message"),
    [
        ("samplers.steps=77", 0, ""),  # the only alternative needs no label
        ("samplers.emcee.steps=77", 0, ""),
        ("power_models.priors.slope={use='uniform', low=0.0, high=2.0}", 0, ""),
        ("seed=[1, 2]", 0, "2 cells"),
        ("samplers=['emcee', 'nestle']", 0, "2 cells"),
        ("bins.theta=['4 arcsec', '9 arcmin']", 0, ""),
        ("samplers.emce.steps=77", 2, "unknown option 'emce'"),
        ("seed.x=1", 2, "there is no table at this key"),
        ("bins.per_decade=ten", 2, "--set  bins.per_decade"),
        ("bins.per_dcade=10", 2, "Did you mean 'per_decade'?"),
    ],
)
def test_overrides(command, mine, override, code, message):
    done = command("study", "check", mine, "--set", override)
    assert done.code == code, done.err
    assert message in done.out + done.err


def test_cost_counts_and_does_not_invent(command, mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wide = ("--set", "samplers=['emcee', 'dynesty']", "--set", "power_spectra=['decoupled', 'fft']")
    out = command("study", "check", mine, "--cost", *wide).out
    assert "4 cells (power_spectra: decoupled, fft; samplers: emcee, dynesty)" in out
    # One grid, two maps, one mask, spectra and coherence per estimator, a fit per cell: maps and spectra are shared.
    assert "tasks: 12 (1 study_grid, 2 load_map, 1 common_mask, 2 measure, 2 coherences, 4 fit)" in out
    assert "no finished task of these steps is known" in out
    assert not (tmp_path / "unused").exists()
    assert command("run", mine, "--out", "r", "--executor", "serial", "--set", "samplers.steps=60", "--quiet").code == 0
    out = command("study", "check", mine, "--cost", *wide, "--like", "r").out
    assert "measure: 2 x " in out
    assert "CPU hours: " in out
    assert "not measured yet" not in out


def test_show_is_a_study_file_with_every_default_and_every_prior(command, mine, tmp_path):
    shown = command("study", "show", mine, "--set", "power_models.priors.slope={use='uniform', low=0.5, high=2.0}").out
    table = tomllib.loads(shown)
    assert table["study"] == "faintsky:coherence"
    assert table["samplers"][0]["use"] == "faintsky:emcee"
    assert table["samplers"][0]["steps"] == 2000
    assert table["bins"]["per_decade"] == 10.0
    (tmp_path / "again.toml").write_text(shown)
    again = load_study(tmp_path / "again.toml")
    assert again.expanded() == table
    priors = {line.split()[1]: line for line in shown.splitlines() if line.startswith("#   ")}
    assert priors["power_models.slope"].endswith("Uniform(low=0.5, high=2.0): study")
    assert priors["power_models.shot"].endswith("default of ShotPlusPowerLaw")


@pytest.mark.parametrize("kind", sorted(registry.kinds()))
def test_every_built_in_has_a_page(command, kind):
    for entry in registry.entries(kind):
        done = command("plugins", "show", kind, entry.name)
        assert done.code == 0, done.err
        assert done.out.startswith(entry.canonical)
        assert "science version" in done.out


def test_the_page_of_a_component(command):
    out = command("plugins", "show", "samplers", "dynesty").out
    for part in ("Nested sampling with dynesty.", "nlive", "400", "live points", "one of none, single, multi", "Speagle2020"):
        assert part in out, part
    out = command("plugins", "show", "power_models", "shot-plus-power-law").out
    assert "uniform (low = 0.2, high = 4.0)" in out
    assert "known to be biased" in command("plugins", "show", "power_spectra", "fft").out
    out = command("plugins", "show", "studies", "coherence").out
    assert "bins.per_decade" in out
    assert "[ny, nx] pixels" in out  # no markup of rich
    assert "named maps" in out


def test_every_built_in_is_sound(command):
    done = command("plugins", "check", "faintsky")
    assert done.code == 0, done.out
    assert " 0 broken" in done.out


def test_doctor(command):
    out = command("doctor").out
    for part in ("faintsky 0.1.0", "CPUs that this process may use", "numpy", "threads", "the estimator namaster"):
        assert part in out, part
