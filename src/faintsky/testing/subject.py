"""The component under test, and what every component of every kind must do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from faintsky.core.component import options, summary
from faintsky.core.registry import registry
from faintsky.core.structure import structure, unstructure

__all__ = ["ComponentConformance"]


class ComponentConformance:
    """What the suites of all kinds share; a kind's own suite subclasses it.

    Attributes
    ----------
    kind : str
    component : str or type
        A registered name, or the class itself.
    options : mapping
        Its options, as in Python.
    """

    kind: ClassVar[str] = ""
    component: ClassVar[str | type] = ""
    options: ClassVar[Mapping[str, Any]] = {}

    def made(self) -> Any:
        """The component with its options; override it where they need files of the test."""
        if isinstance(self.component, str):
            return registry.make(self.kind, self.component, **self.options)
        return self.component(**self.options)

    def test_it_is_documented(self) -> None:
        cls = type(self.made())
        assert summary(cls).endswith("."), "the first line of the docstring is the summary, a sentence"
        assert [o.name for o in options(cls) if not o.help] == [], "options without help"

    def test_it_is_frozen(self) -> None:
        made = self.made()
        fields = attrs.fields(type(made))
        try:
            setattr(made, fields[0].name if fields else "anything", None)
        except attrs.exceptions.FrozenInstanceError:
            return
        raise AssertionError("a component is a frozen attrs class")

    def test_it_survives_a_study_file(self) -> None:
        made = self.made()
        table = {key: value for key, value in unstructure(made).items() if key != "use"}
        assert structure(table, type(made)) == made
