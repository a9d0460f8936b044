"""A section of the report."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Picture", "Section", "Table"]


@frozen(kw_only=True)
class Picture:
    """A figure in the page.

    Attributes
    ----------
    name : str
        Of the files beside the page, ``figures/NAME.pdf`` and ``.png``.
    title : str
    alt : str
        What a reader who cannot see it is told.
    uri : str
        The image itself as a data URI.
    table : str
        Of the numbers behind it, ``figures/NAME.ecsv``; empty where there is none.
    width, height : int
        Natural size in CSS pixels, so that the page does not jump while it loads; 0 for unknown.
    """

    name: str
    title: str
    alt: str
    uri: str
    table: str = ""
    width: int = 0
    height: int = 0


@frozen(kw_only=True)
class Table:
    """A table in the page: its name, column heads, rows of texts, rows to mute (recipes, failed cells), its files."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    muted: tuple[bool, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Per column: every entry is a plain number or a dash, so it is set to the right."""
        return tuple(bool(self.rows) and all(_is_number(row[i]) for row in self.rows) for i in range(len(self.heads)))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("-", "")
    return True


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
        Its tables are shown only when asked for.
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
