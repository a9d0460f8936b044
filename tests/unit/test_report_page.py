"""The report of runs whose numbers are known: whole, failed in part, not finished, with strange names and plugins."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from faintsky.core.hooks import hookimpl, hooks
from faintsky.core.run import Run, plan_tasks, run
from faintsky.core.study_file import load_study
from faintsky.report.page import write_report
from faintsky.report.section import Section

STUDY = Path(__file__).with_name("report_study.py")
NORMAL = {"use": "normal", "mean": 0.0, "sigma": 1.0}
WIDE = {"use": "normal", "mean": 0.0, "sigma": 4.8, "label": "wide"}
FAILS = {"use": "normal", "mean": -9.0, "sigma": 1.0, "label": "fails"}
STUCK = {"use": "normal", "mean": 3.0, "sigma": 1.0, "label": "stuck"}

Make = Callable[..., Run]


def _made(folder: Path, **options: Any) -> Run:
    """A run of the known study in this process."""
    document: dict[str, Any] = {"study": f"{STUDY}:Known", "name": "known", "method": NORMAL} | options
    document["run"] = {"executor": "serial"}
    return run(document, out=folder)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Runs the known study."""
    return partial(_made, tmp_path / "run")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two methods that is only read."""
    return _made(tmp_path_factory.mktemp("two"), method=[NORMAL, WIDE])


class Page(HTMLParser):
    """What a browser would make of the page: tags with attributes, the text of each id's section, tables."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.source = (run.folder / "report.html").read_text(encoding="utf-8")
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.words: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] | None = None
        self._open = False
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags.append((tag, said))
        label = said.get("aria-label") or ""
        if tag == "div" and label.startswith("table "):
            self._rows = self.tables.setdefault(label.removeprefix("table "), [])
        if tag == "tr" and self._rows is not None:
            self._rows.append([])
        if tag in ("td", "th") and self._rows:
            self._rows[-1].append("")
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._rows = None if tag == "table" else self._rows
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open and self._rows:
            self._rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def every(self, tag: str) -> list[Mapping[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_page_loads_nothing_and_describes_every_figure(two: Run) -> None:
    """R-REP-1: no network, alt texts, < 5 MB; anchors and files that are linked exist."""
    page = Page(two)
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    assert "@import" not in page.source
    assert not re.search(r"url\s*\(", page.source[: page.source.index("</style>")])
    images = page.every("img")
    assert len(images) == 3  # agreement, spectrum, posterior
    for image in images:
        assert (image["src"] or "").startswith("data:image/")
        assert image["alt"]
    for _, attrs in page.tags:
        assert not any(
            (attrs.get(key) or "").startswith(("http:", "https:", "//")) for key in ("src", "srcset", "data", "poster")
        )
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] or "" for attrs in page.every("a")]
    assert {link[1:] for link in links if link.startswith("#")} == set(ids)
    files = [link for link in links if not link.startswith("#")]
    assert len(files) >= 12
    assert all((two.folder / file).is_file() for file in files)
    assert (two.folder / "report.html").stat().st_size < 5e6


def test_images_of_the_page_load_nothing_either(two: Run) -> None:
    """An SVG inside an image may not name another file; its only addresses are names of formats."""
    page = Page(two)
    drawn = [base64.b64decode((i["src"] or "").partition("base64,")[2]) for i in page.every("img")]
    vectors = [d.decode() for d in drawn if d.lstrip().startswith(b"<?xml")]
    assert vectors
    for text in vectors:
        assert not re.search(r'(?:href|src)\s*=\s*"(?!#)', text)
        assert "<script" not in text


def test_figures_stand_beside_the_page(two: Run) -> None:
    """Every figure as PDF and PNG, with the table behind it where it has one."""
    from astropy.table import QTable

    for name in ("agreement", "spectrum-a-x-b", "posterior"):
        assert (two.folder / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (two.folder / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    behind = QTable.read(two.folder / "figures" / "agreement.ecsv")
    assert list(behind["value"]) == [h.value for *_, h in two.comparison.headlines if h is not None]
    assert (two.folder / "figures" / "spectrum-a-x-b.ecsv").exists()
    assert not (two.folder / "figures" / "posterior.ecsv").exists()  # it names no table
    assert not [p for p in (two.folder / "figures").iterdir() if p.name.startswith(".")]  # no half-written file


def test_headline_says_both_errors_and_what_makes_them(two: Run) -> None:
    """The posterior is 2 - 0.02 and 2 - 0.096 with sigma 0.2: half the range is 0.038, 0.19 of the error."""
    page = Page(two)
    assert "How high is a & b?" in page.text
    assert "1.98 ± 0.20 (stat) ± 0.04 (method)" in page.text
    assert "over 2 cells of sound methods: 0.19 sigma" in page.text
    assert "all of it with the choice of method" in page.text
    assert "The data are simulated: the input is 2.000, 0.10 sigma away" in page.text


def test_one_method_has_no_systematic(make: Make) -> None:
    """Zero would claim that the method does not matter."""
    page = Page(make())
    assert "(method)" not in page.text
    assert "nothing is known of how the answer depends on it" in page.text


def test_repeats_are_no_systematic(make: Make) -> None:
    """Half the range over seeds is not the method systematic, and its cells are not counted as compared."""
    made = make(seed=[1, 2, 3], method=[NORMAL, WIDE])
    assert len(made.cells) == 6
    assert "over 2 cells of sound methods" in Page(made).text
    study = {"study": f"{STUDY}:Known", "name": "s", "run": {"executor": "serial"}, "seed": [1, 2], "method": NORMAL}
    only_seeds = run(study, out=made.folder / "s")
    assert "(method)" not in Page(only_seeds).text


def test_failed_cell_keeps_its_row_and_says_why(make: Make) -> None:
    """A failed method is a cell with its cause, escaped; the others are shown as usual."""
    made = make(method=[NORMAL, FAILS, WIDE])
    page = Page(made)
    rows = {row[0]: row for row in page.tables["headline"][1:]}
    assert rows["fails"][1] == "failed: fit: this method always fails, <em>always</em>"
    assert rows["wide"][1].startswith("1.90")
    assert "1 of 3 cells failed, wholly or in part: fails." in page.text
    assert page.tables["failed"][1] == ["fit: this method always fails, <em>always</em>", "fails: fit level"]
    assert not page.every("em")
    assert "over 2 cells of sound methods" in page.text


def test_everything_failed(make: Make) -> None:
    """The page says so, and holds no figure."""
    page = Page(make(level=13.0))
    assert "There is no headline: the reference cell failed or is not done yet." in page.text
    assert "failed: measure: 13 <script>is</script> no level" in page.tables["headline"][1][1]
    assert not page.every("img")
    assert not page.every("script")
    assert "the result 'spectrum' is missing" in page.text or "no cell has what it shows" in page.text


def test_unfinished_run_says_what_is_missing(tmp_path: Path) -> None:
    """A run that is planned but not done has a page; files that do not exist are not linked."""
    plan = load_study({"study": f"{STUDY}:Known", "name": "known", "method": [NORMAL, WIDE], "run": {"executor": "serial"}})
    folder = tmp_path / "run"
    finished = run(plan, out=folder)
    fit_task = finished._stored.cells[1].tasks["fit level"]
    for file in (folder / "tasks" / fit_task).iterdir():
        if file.name in ("status.json", "result.h5"):
            file.unlink()
    for file in [*(folder / "tables").iterdir(), *(folder / "figures").iterdir(), folder / "report.html"]:
        file.unlink()
    opened = Run(folder)
    assert not opened.done
    write_report(opened)
    page = Page(opened)
    assert "The run is not done" in page.text
    assert "Tasks: 2 done, 1 waiting." in page.text
    assert [row[1] for row in page.tables["headline"][1:]][1] == "not done yet"
    assert "No other sound method has a result, so there is no method systematic yet" in page.text
    files = [a["href"] or "" for a in page.every("a") if not (a["href"] or "").startswith("#")]
    assert files
    assert all((folder / file).is_file() for file in files)
    plan_tasks(plan, folder).complete([fit_task])
    write_report(opened.refresh())
    assert "The run is not done" not in Page(opened).text


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a $ b $ c_d^e", "{{ 7 * 7 }}", "q\"uo'te & <b>"])
def test_names_from_outside_are_only_text(make: Make, name: str) -> None:
    """Names of runs, quantities and labels reach the page as text, and never break a figure."""
    page = Page(make(name=name, called=name, method=[NORMAL, WIDE | {"label": name}]))
    assert name in " ".join(page.words)
    assert {row[0] for row in page.tables["headline"][1:]} >= {name}
    assert len(page.every("img")) == 3
    assert not page.every("b")
    assert not [i for i in page.every("img") if "onerror" in i]
    assert "Figure not drawn" not in page.text


def test_fits_that_did_not_converge_are_named_on_top(make: Make) -> None:
    """Status, ESS, tau, R-hat, ln Z, calls stand in the diagnostics; a wrong one above the contents."""
    page = Page(make(method=[NORMAL, STUCK]))
    assert "Fits that did not converge: stuck (max calls)." in page.text
    assert page.text.index("did not converge") < page.text.index("Agreement of the methods")
    bad = "The model does not describe the data, and its errors mean little: stuck (chi² = 99.0 for 9 degrees of freedom)."
    assert bad in page.text
    head, first, second = page.tables["diagnostics"]
    found = dict(zip(head, first, strict=True))
    assert found["status"] == "converged"
    assert dict(zip(head, second, strict=True))["status"] == "max calls"
    assert (found["ESS"], found["tau"], found["R-hat"], found["calls"]) == ("1234", "5.50", "1.001", "4321")
    assert found["ln Z"] == "-12.50 ± 0.25"
    assert "a note <b>of the engine</b> (normal, stuck)" in page.text
    assert page.tables["headline"][1][3] == "-12.50 ± 0.25"


def test_table_of_a_figure_holds_its_rows_only(make: Make) -> None:
    """A spectrum `a x b` is not also `b`; errors stand with their value, edges of bins by themselves."""
    page = Page(make())
    head, *rows = page.tables["spectra"]
    assert head == ["spectrum", "q low", "q", "q high", "power"]
    assert [row[0] for row in rows] == ["a x b", "a x b"]
    assert [row[-1] for row in rows] == ["1.50 ± 0.12", "-2.50 ± 0.12"]
    assert page.tables["extra"][1] == ["a & b", "yes"]


def test_cost_warnings_provenance_and_bibliography(two: Run) -> None:
    """What a referee asks for."""
    page = Page(two)
    assert [row[:2] for row in page.tables["cost"][1:]] == [["measure", "done"], ["fit", "done"], ["fit", "done"]]
    assert "8642 calls of likelihoods" in page.text
    assert "fit: this method is <i>slow</i>" in page.text
    assert not page.every("i")
    names = {row[0] for row in page.tables["components"][1:]}
    assert any(name.endswith(":normal") for name in names)
    assert (two.folder / "study.toml").read_text() in "".join(page.words)
    assert two.provenance["python"] in page.text


def test_a_figure_that_cannot_be_drawn_costs_only_itself(make: Make) -> None:
    """Its cause is said, escaped."""
    page = Page(make(draws="broken"))
    assert "Figure “Broken”: ValueError: no <ink>" in page.text
    assert len(page.every("img")) == 3


class Sections:
    """A plugin with two sections of one title, and one that is none."""

    @hookimpl
    def report_sections(self, run: Run) -> list[Any]:
        """Sections."""
        return [Section(title="Mine", html="<p>mine &amp; yours</p>"), Section(title="Mine"), "not a section"]


class Raises:
    """A plugin that is broken."""

    @hookimpl
    def report_sections(self, run: Run) -> list[Any]:
        """Nothing."""
        raise ValueError("plugin <broken>")


def test_sections_of_plugins(make: Make) -> None:
    """They stand in the page with addresses of their own; a broken plugin costs no other and not the page."""
    made = make()
    manager, _ = hooks()
    for plugin in (Sections(), Raises()):
        manager.register(plugin, name=type(plugin).__name__)
    try:
        write_report(made)
    finally:
        for name in ("Sections", "Raises"):
            manager.unregister(name=name)
    page = Page(made)
    ids = [attrs["id"] for attrs in page.every("section")]
    assert [i for i in ids if (i or "").startswith("mine")] == ["mine", "mine-2"]
    assert "mine & yours" in page.text
    assert "hook report_sections gave a str, not a Section" in page.text
    assert "plugin <broken>" in page.text


def test_equal_runs_have_equal_figures(make: Make) -> None:
    """Drawing again changes no byte of the figures, so runs can be compared by their files."""
    made = make()
    before = {p.name: p.read_bytes() for p in (made.folder / "figures").iterdir()}
    write_report(made.refresh())
    assert {p.name: p.read_bytes() for p in (made.folder / "figures").iterdir()} == before
    assert len(before) == 8
