"""What additive and multiplicative table models share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.energy_bins import checked_edges
from faintsky.core.errors import DataError, nearest
from faintsky.core.parameter import Declared, Parametric
from faintsky.core.paths import as_path
from faintsky.core.spectrum import Spectrum
from faintsky.plugins.spectra.table_file import read_table
from faintsky.plugins.spectra.table_grid import TableGrid

__all__ = ["TableModel"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class TableModel(Parametric, Spectrum):
    """A grid of spectra in a file (OGIP 92-009); its parameters are those of the file, by the file's names.

    Blanks and dots in names become underscores. A parameter is free with a flat prior between its hard limits, or a logarithmic
    one where its interpolation is; one whose DELTA is negative is held. `redshift` and `escale` are there where the file says so.
    """

    path: Path = option(help="the table model's file", converter=as_path)
    values: Mapping[str, float] = option(factory=dict, help="parameters that do not stand at the file's initial values, by name")
    outside: str = option(
        "error",
        choices=("error", "xspec"),
        help="energies that the table lacks and its header says nothing of: an error, or no photons and the factor 1",
    )

    def __attrs_post_init__(self) -> None:
        grid = self.grid
        if grid.additive is not self.additive:
            right = "an additive table: use atable" if grid.additive else "a multiplicative table: use mtable"
            raise DataError(f"{grid.name} is {right}")
        names = [d.name for d in grid.declared]
        for name, value in self.values.items():
            if name not in names:
                raise DataError(
                    f"{grid.name} has no parameter {name!r}. {nearest(name, names)} Its parameters: {', '.join(names)}"
                )
            grid.check(name, value)
        super().__attrs_post_init__()

    @property
    def grid(self) -> TableGrid:
        """The content of the file."""
        return read_table(self.path)

    def parameters_of_file(self) -> tuple[Declared, ...]:
        """The parameters of the file."""
        return self.grid.declared

    def binned(self, edges_kev: Array) -> Array:
        """The model's bins as the file has them, at its redshift, shape (..., nbin)."""
        grid, edges = self.grid, checked_edges(edges_kev)
        values = {d.name: np.asarray(self.values.get(d.name, d.default), dtype=float) for d in grid.declared}
        shape = np.broadcast_shapes((1,), *(value.shape for value in values.values()))
        rows = {name: np.broadcast_to(value, shape).ravel() for name, value in values.items()}
        return grid.binned(rows, edges, self.outside == "xspec").reshape(*shape[:-1], len(edges) - 1)
