"""The documentation says what is true: examples run, commands and options exist, generated pages hold every component."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import attrs
import click
import numpy as np
import pytest

import faintsky
from faintsky.core.bins import Bins
from faintsky.core.component import options
from faintsky.core.context import Context
from faintsky.core.errors import StudyError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.registry import registry
from faintsky.core.study_file import load_study
from faintsky.core.units import ARCSEC
from faintsky.testing.power_spectra import PowerSpectrumConformance

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", EXAMPLES / "README.md"]
PAGES += sorted(p for p in (ROOT / "docs").rglob("*.md") if not {"_build", "generated", "changes"} & set(p.parts))
MINE = f"{EXAMPLES / 'my_estimator.py'}:ScriptFft"


def blocks(language: str) -> list:
    """Every fenced block of a language in the pages, with the place it stands at."""
    found = []
    for page in PAGES:
        for i, match in enumerate(re.finditer(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)):
            found.append(pytest.param(match[1], id=f"{page.relative_to(ROOT)}-{i}"))
    return found


@pytest.fixture
def own_files(tmp_path: Path) -> Path:
    """What the example of own event files names, simulated small: an image, two pointings, their exposures, masks."""
    from astropy.io import fits
    from astropy.table import Table

    from faintsky.testing.event_files import write_events, write_exposure
    from faintsky.testing.masks import sky_grid

    rng = np.random.default_rng(5)
    grid = sky_grid((128, 128), 4.0)
    header = fits.Header.fromstring(grid.header)
    fits.writeto(tmp_path / "ir.fits", rng.normal(0, 1, grid.shape).astype(np.float32), header)
    for i, n in ((1, 60_000), (2, 40_000)):
        x, y = rng.uniform(4096.5 - 500, 4096.5 + 500, (2, n))
        energy, time = rng.uniform(500, 7000, n), np.sort(rng.uniform(0, 1000, n))
        write_events(tmp_path / f"acis_{i}_evt2.fits", x=x, y=y, energy_ev=energy, time=time, centre=(150.0, 2.2))
        write_exposure(tmp_path / f"acis_{i}_expmap.fits", np.full(grid.shape, 4e5 / i), grid, unit=None)
    (tmp_path / "sources.reg").write_text('fk5\ncircle(150.0, 2.2, 20")\n', encoding="utf-8")
    Table({"ra": [150.01, 149.99], "dec": [2.21, 2.19], "mag": [18.0, 20.0]}).write(tmp_path / "galaxies.ecsv")
    shutil.copy(EXAMPLES / "coherence_events.toml", tmp_path)
    return tmp_path / "coherence_events.toml"


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("*.toml")))
def test_an_example_is_valid_but_for_files_that_are_not_there(name):
    try:
        found, problems = len(load_study(EXAMPLES / name).cells), ()
    except StudyError as error:
        found, problems = 0, error.problems
    assert found or problems
    assert [p.message for p in problems if not p.message.startswith("there is no file")] == []


def test_the_example_of_own_event_files_runs_on_files_of_that_kind(own_files, tmp_path):
    run = faintsky.run(
        own_files,
        out=tmp_path / "run",
        overrides=["samplers.emcee.steps=100", 'fit.spectra=["ir x xray"]', 'bins.theta=["16 arcsec", "400 arcsec"]'],
        executor="serial",
    )
    assert run.failures == {}
    assert {"map ir", "map xray", "map hard"} <= set(run.cells[0].results)
    # Both pointings: uniform photons of 0.5-7 keV, 1.5/6.5 of them in the soft band, all inside the grid.
    photons = run.cells[0].results["map xray"].meta["photons"]
    assert photons == pytest.approx(100_000 * 1.5 / 6.5, abs=5 * np.sqrt(100_000 * 1.5 / 6.5))
    assert set(run.cells[0].results["mask"].shares) == {"sources", "galaxies", "bright"}


@pytest.fixture
def masked_map() -> Map:
    rng = np.random.default_rng(11)
    grid = Grid((96, 120), 2 * ARCSEC)
    return Map.from_array(rng.normal(3.0, 1.0, grid.shape), grid=grid, weight=rng.random(grid.shape) > 0.3, unit="nW / (m2 sr)")


def test_the_estimator_of_the_how_to_measures_what_the_built_in_recipe_measures(masked_map):
    # The script's estimator is the papers' recipe written with numpy.fft.fft2; `fft` does it with half-plane transforms.
    # No edge lies on a mode: the script's arithmetic would put modes there to either side.
    bins = Bins.log("6.1 arcsec", "151.7 arcsec", per_decade=6)
    mine = registry.make("power_spectra", MINE).estimate(masked_map, masked_map, bins, Context())
    theirs = registry.make("power_spectra", "fft").estimate(masked_map, masked_map, bins, Context())
    np.testing.assert_allclose(mine.power, theirs.power, rtol=1e-10)
    np.testing.assert_allclose(mine.error, theirs.error, rtol=1e-10)
    assert mine.unit == theirs.unit


class TestTheEstimatorOfTheHowTo(PowerSpectrumConformance):
    component = MINE


def test_the_study_of_the_how_to_uses_the_class_by_its_path(tmp_path):
    for name in ("my_estimator.py", "my_estimator.toml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    overrides = ["grid.size=[96, 96]", "samplers.emcee.steps=60", 'bins.theta=["6 arcsec", "200 arcsec"]', "bins.per_decade=4"]
    run = faintsky.run(tmp_path / "my_estimator.toml", out=tmp_path / "run", overrides=overrides, executor="serial")
    assert run.failures == {}
    assert [cell.recipe for cell in run.cells] == [False, True]
    assert any(name.endswith("my_estimator.py:ScriptFft") for name in run.provenance["components"])


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_block_of_toml_is_toml(text):
    # Parts of a pyproject.toml and of study files; a study file with all its keys is checked further.
    assert tomllib.loads(text)
    if "use" in text and "study =" in text:
        wrong = []
        try:
            load_study(text)
        except StudyError as error:
            wrong = [problem for problem in error.problems if not problem.message.startswith("there is no file")]
        assert wrong == []


def commands() -> list:
    lines = [line.strip() for block in blocks("bash") for line in block.values[0].splitlines()]
    parts = [part.strip() for line in lines for part in line.partition("#")[0].split("&&")]
    return sorted({part for part in parts if part.startswith("faintsky ")})


@pytest.mark.parametrize("text", commands())
def test_a_command_that_a_page_shows_exists_with_its_options(text):
    from faintsky.cli.main import cli

    arguments = shlex.split(text)[1:]
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        found = command.get_command(context, arguments.pop(0))
        assert found is not None, text
        command = found
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert [a for a in arguments if a.startswith("-") and a not in known] == []
    takes = sum(isinstance(parameter, click.Argument) for parameter in command.params)
    valued = sum(a.startswith("--") and not _is_flag(command, a) for a in arguments)
    assert len([a for a in arguments if not a.startswith("-")]) - valued <= takes


def _is_flag(command: click.Command, name: str) -> bool:
    return any(name in (*p.opts, *p.secondary_opts) and getattr(p, "is_flag", False) for p in command.params)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_of_a_page_lead_to_files(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    targets = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text)]
    files = [t for t in targets if t and not t.startswith("http") and ("/" in t or "." in t)]
    assert [t for t in files if not (page.parent / t).exists()] == []


def test_the_first_screen_of_the_readme_is_a_sentence_a_figure_and_two_lines():
    text = (ROOT / "README.md").read_text("utf-8")
    first, second = re.search(r"```bash\n(.*)\n(.*)\n```", text).groups()
    assert first == "pip install . && faintsky demo"
    assert second == "pip install '.[test]' && pytest"
    picture = ROOT / re.search(r"!\[[^\]]{40,}\]\(([^)]+)\)", text)[1]
    assert picture.stat().st_size < 300_000
    assert text.index("](docs/images") < text.index("```bash") < text.index("## ")
    assert "README.md | grep -m 1 pytest" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_ci_runs_at_the_lower_bounds_that_the_project_states():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    bounds = dict(re.match(r"([\w.-]+)>=([\d.]+)", text).groups() for text in stated)
    lines = (ROOT / ".ci" / "lower-bounds.txt").read_text("utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert set(pinned) == set(bounds)
    padded = {name: (version + ".0.0").split(".")[:3] for name, version in bounds.items()}
    assert {name: (version + ".0.0").split(".")[:3] for name, version in pinned.items()} == padded


def test_the_page_of_words_and_its_drawing_hold_all_eight():
    words = {"component", "kind", "slot", "axis", "cell", "task", "study", "run"}
    page = (ROOT / "docs" / "words.md").read_text("utf-8")
    assert set(re.findall(r"^(\w+)\n: ", page, re.MULTILINE)) == words
    drawing = (ROOT / "docs" / "images" / "eight-words.svg").read_text("utf-8")
    assert set(re.findall(r'class="ew-word"[^>]*>(\w+)<', drawing)) == words


def test_the_python_interface_holds_the_public_face():
    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    missing = [n for n in faintsky.__all__ if not re.search(rf"faintsky\.(core\.\w+\.)?{n}\b", page) and n != "__version__"]
    assert missing == []


@pytest.fixture
def pages():
    pytest.importorskip("sphinx", reason="the extension of the documentation needs Sphinx (extra docs)")
    path = ROOT / "docs" / "_ext" / "registry.py"
    spec = importlib.util.spec_from_file_location("docs_registry", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_registry"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", list(registry.kinds()))
def test_the_page_of_a_kind_holds_every_component_and_option(pages, kind):
    text = pages.kind_page(kind)
    for entry in registry.entries(kind):
        assert f"\n{entry.name}\n{'-' * len(entry.name)}\n" in text
        cls = registry.load(entry)
        names = [o.name for o in options(cls)]
        shown = [n for n in names if f"``{n}``" in text or f"``{n}." in text]
        parametric = {"priors", "fixed", "tied"} if any(o.parameter for o in options(cls)) else set()
        assert set(names) - set(shown) <= parametric


def test_a_component_of_a_stranger_has_its_place_on_the_page(pages, monkeypatch):
    from faintsky.core.registry import Entry

    entry = Entry(kind="power_spectra", name="script-fft", dist="strange", version="1.0", value=MINE)
    before = registry.entries("power_spectra")
    monkeypatch.setattr(registry, "entries", lambda kind: (*before, entry))
    monkeypatch.setattr(registry, "_check_requirement", lambda *_: None)
    text = pages.kind_page("power_spectra")
    assert ":ref:`script-fft <component-power_spectra-strange-script-fft>`\n     - strange" in text
    assert "``inflate``" in text
    assert "known to be biased" in text.partition("\nscript-fft\n")[2]


def test_a_reference_is_one_readable_line(pages):
    assert pages.reference("Hivon2002", "faintsky").startswith("Hivon et al. 2002. MASTER of the cosmic microwave background")
    assert "Górski" not in pages.reference("Hivon2002", "faintsky")
    assert pages.reference("Knox1995", "faintsky").startswith("Knox 1995. ")


def test_bars_of_formulas_are_no_substitutions(pages):
    assert pages.plain_bars("P = <|F|^2> of ``a|b``") == r"P = <\|F\|^2> of ``a|b``"
    assert pages.plain_bars("in `unit`^2") == r"in `unit`\ ^2"


def test_blocks_of_output_in_pages_are_known_to_the_refresher():
    text = (ROOT / "docs" / "refresh.py").read_text("utf-8")
    known = set(re.findall(r'^    "(\w+)": ', text, re.MULTILINE))
    used = {name for page in PAGES for name in re.findall(r"^% output: (\w+)$", page.read_text("utf-8"), re.MULTILINE)}
    assert used == known


def test_news_fragments_have_a_known_type():
    types = {t["directory"] for t in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]["type"]}
    fragments = [p for p in (ROOT / "docs" / "changes").glob("*.md") if p.name != "README.md"]
    assert {p.name.split(".")[-2] for p in fragments} <= types
    assert any(p.name.endswith(".science.md") for p in fragments)


def test_the_interfaces_that_pages_link_to_are_attrs_or_protocols():
    # The generated pages say ":class:`Interface`"; each must be in the Python interface, or the link leads nowhere.
    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    missing = [v for k, v in registry.kinds().items() if v.replace(":", ".") not in page]
    assert missing == []
    assert attrs.has(registry.load(registry.find("power_spectra", MINE)))
