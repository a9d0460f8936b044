"""A map source that paints a named catalogue of the study."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.grid import Grid
from faintsky.core.map import Map, MapSource

__all__ = ["PaintedSource"]


@runtime_checkable
class PaintedSource(MapSource, Protocol):
    """A `MapSource` whose sources come from a catalogue that several maps of a study share."""

    @property
    @abstractmethod
    def catalogue(self) -> str:
        """Name of the catalogue in the study; empty where the source has a table of its own."""

    @abstractmethod
    def paint(self, catalogue: Catalogue, grid: Grid, ctx: Context) -> Map:
        """The map of a catalogue.

        Raises
        ------
        DataError
            Where the catalogue lacks a column, or none of its sources lies on the grid.
        """
