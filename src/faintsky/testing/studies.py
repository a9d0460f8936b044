"""The conformance suite of the kind ``studies``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import pytest

from faintsky.core.run import Run, open_run, run
from faintsky.core.scheduler import Event
from faintsky.core.study import Headline
from faintsky.core.study_file import load_study

__all__ = ["StudyConformance"]


class StudyConformance:
    """A study that does its work once, shows it in tables and figures, and gives the same numbers again.

    Attributes
    ----------
    text : str
        A small study file of it that needs no data, with one axis of two alternatives, done in some seconds.

    Examples
    --------
    >>> from faintsky.testing.executors import STUDY
    >>> class TestMine(StudyConformance):
    ...     text = STUDY
    """

    text: ClassVar[str] = ""

    def run(self, folder: Path, **more: Any) -> Run:
        """The study in a folder, in this process."""
        return run(self.text, out=folder, executor="serial", **more)

    @pytest.fixture(scope="class")
    @classmethod
    def done(cls, tmp_path_factory: pytest.TempPathFactory) -> Run:
        """The finished run."""
        return cls().run(tmp_path_factory.mktemp("study") / "run")

    def test_its_file_is_valid_and_makes_cells(self) -> None:
        plan = load_study(self.text)
        assert len(plan.cells) == 2
        assert list(plan.cells[0].study.check()) == []

    def test_it_ends_without_a_failure_and_with_a_headline(self, done: Run) -> None:
        assert done.failures == {}
        for cell in done.cells:
            headline = done.study.headline(cell)
            assert isinstance(headline, Headline)
            assert headline.quantity
            assert all(math.isfinite(number) for number in (headline.value, headline.low, headline.high))
            assert headline.low > 0
            assert headline.high > 0

    def test_no_headline_is_invented_for_what_is_not_done(self, done: Run) -> None:
        from attrs import evolve

        assert done.study.headline(evolve(done.cells[0], results={})) is None
        assert list(done.study.tables([evolve(cell, results={}) for cell in done.cells])) == []

    def test_its_tables_are_written_with_the_labels_of_the_cells(self, done: Run) -> None:
        from astropy.table import Table

        assert set(done.tables) > {"headline"}
        axis = done.axes[0]
        for name, table in done.tables.items():
            assert len(table) > 0, name
            stored = Table.read(done.folder / "tables" / f"{name}.ecsv")
            assert stored.colnames == table.colnames
            assert (done.folder / "tables" / f"{name}.tex").exists()
        assert any(axis.name in table.colnames for name, table in done.tables.items() if name != "headline")

    def test_its_figures_draw_and_have_words_for_who_cannot_see_them(self, done: Run) -> None:
        for name, figure in done.study.figures().items():
            assert figure.title
            assert len(figure.alt) > 20
            if figure.table and figure.table not in done.tables:
                with pytest.raises(LookupError, match=" "):  # it says why there is nothing to show
                    done.figure(name)
            else:
                assert done.figure(name).axes

    def test_again_nothing_is_done_and_nothing_changes(self, done: Run) -> None:
        events: list[Event] = []
        before = {path: path.read_bytes() for path in (done.folder / "tables").iterdir()}
        again = self.run(done.folder, listen=events.append)
        assert {event.kind for event in events} == {"kept"}
        assert {path: path.read_bytes() for path in (again.folder / "tables").iterdir()} == before

    def test_the_same_seed_is_the_same_answer_and_another_is_not(self, done: Run, tmp_path: Path) -> None:
        other = self.run(tmp_path / "same")
        reseeded = self.run(tmp_path / "other", overrides=["seed=2"])
        first, second, third = (r.table("headline")["value"] for r in (done, other, reseeded))
        assert list(first) == list(second)
        assert list(first) != list(third)

    def test_the_run_is_read_without_what_it_was_made_of(self, done: Run) -> None:
        found = open_run(done.folder)
        assert found.kind == done.kind
        assert set(found.tables) == set(done.tables)
        assert (found.folder / "report.html").exists()
