"""A section of the report."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Picture", "Section", "Table"]


@frozen(kw_only=True)
class Picture:
    """A figure in the page: its name (of the files beside), title, text for who cannot see it, the image as data URI."""

    name: str
    title: str
    alt: str
    uri: str
    table: str = ""


@frozen(kw_only=True)
class Table:
    """A table in the page: its name, column heads, rows of texts, rows to mute (recipes, failed cells)."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    muted: tuple[bool, ...] = ()
    files: tuple[str, ...] = ()


@frozen(kw_only=True)
class Section:
    """A section: title, safe HTML, figures and tables. A plugin's hook `report_sections` returns some.

    Attributes
    ----------
    title : str
    html : str
        Put into the page as it is: escape what came from outside.
    pictures : tuple of Picture
    tables : tuple of Table
    folded : bool
        Shown only when asked for.
    """

    title: str
    html: str = ""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: bool = False

    @property
    def anchor(self) -> str:
        """The name in the address."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())
