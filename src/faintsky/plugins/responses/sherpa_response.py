"""Responses read and folded by sherpa, the peer that `ogip` is compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.paths import as_path
from faintsky.core.response import Response, ResponseSource

__all__ = ["FoldedBySherpa", "SherpaFiles"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False, slots=False)
class FoldedBySherpa(Response):
    """A response whose `fold` is sherpa's apply_rmf(apply_arf(photons)); it keeps nothing but the arrays of a `Response`."""

    def fold(self, photons: Array, chosen: NDArray[np.bool_] | None = None) -> Array:
        """Counts per second in each channel, by sherpa, one spectrum after the other; see `Response.fold`."""
        values = np.asarray(photons, dtype=float)
        if values.shape[-1:] != self.area.shape:
            raise DataError(f"{self.name}: photons of shape {values.shape}, but the response has {len(self.area)} bins of energy")
        arf, rmf = self._pair()
        flat = values.reshape(-1, len(self.area))
        found = np.array([rmf.apply_rmf(arf.apply_arf(row)) for row in flat]).reshape(*values.shape[:-1], self.nchan)
        return found if chosen is None else found[..., chosen]

    def _pair(self) -> tuple[Any, Any]:
        """Sherpa's objects: the rows in groups of neighbouring channels."""
        require("sherpa", "sherpa")
        data = require("sherpa.astro.data", "sherpa")
        low, high = self.edges[:-1].copy(), self.edges[1:].copy()
        begins = np.ones(len(self.channels), dtype=bool)
        begins[1:] = np.diff(self.channels) != 1
        begins[self.starts[:-1][np.diff(self.starts) > 0]] = True
        at = np.flatnonzero(begins)
        groups = np.diff(np.concatenate([[0], np.cumsum(begins)])[self.starts])
        rmf = data.DataRMF(
            "matrix", self.nchan, low, high, groups.astype(np.uint64), (self.channels[at] + self.first_channel).astype(np.uint64),
            np.diff(np.append(at, len(self.channels))).astype(np.uint64), self.data.copy(), offset=self.first_channel,
            e_min=self.channel_edges[:, 0].copy(), e_max=self.channel_edges[:, 1].copy(),
        )  # fmt: skip
        return data.DataARF("area", low, high, self.area.copy()), rmf


@component(references=["Freeman2001"], extra="sherpa")
@frozen(kw_only=True)
class SherpaFiles(ResponseSource):
    """Response of an ARF and an RMF file, read and folded by sherpa; for comparison with `ogip`.

    The same counts to rounding, one spectrum at a time. Both files must have the same energies. Sherpa is GPL-3.
    """

    rmf: Path = option(help="redistribution matrix", converter=as_path)
    arf: Path = option(help="effective area", converter=as_path)
    epoch: str = option(help="when the telescope was so, such as 'Cycle 18'")

    def load(self, ctx: Context) -> Response:
        """Read the two files.

        Raises
        ------
        DataError
            Where sherpa cannot read them, or they have other energies.
        PluginError
            Where sherpa is not installed; the message is the line that installs it.
        """
        require("sherpa", "sherpa")
        io = require("sherpa.astro.io", "sherpa")
        try:
            arf, rmf = io.read_arf(str(self.arf)), io.read_rmf(str(self.rmf))
        except Exception as error:  # sherpa raises many kinds
            raise DataError(f"sherpa cannot read {self.arf.name} and {self.rmf.name}: {error}") from error
        edges = np.append(rmf.energ_lo, rmf.energ_hi[-1])
        if len(arf.energ_lo) != len(rmf.energ_lo) or not np.allclose(arf.energ_lo, rmf.energ_lo, rtol=1e-4, atol=0):
            raise DataError(f"{self.arf.name} and {self.rmf.name} have other energies, and sherpa does not rebin: use 'ogip'")
        width = rmf.n_chan.astype(np.int64)
        begin = rmf.f_chan.astype(np.int64) - rmf.offset
        owner = np.repeat(np.arange(len(rmf.n_grp)), rmf.n_grp.astype(np.int64))
        per_row = np.bincount(owner, weights=width, minlength=len(rmf.n_grp)).astype(np.int64)
        return FoldedBySherpa(
            edges=edges,
            area=arf.specresp,
            channel_edges=np.stack([rmf.e_min, rmf.e_max], axis=1),
            data=rmf.matrix,
            channels=np.repeat(begin - (np.cumsum(width) - width), width) + np.arange(width.sum()),
            starts=np.concatenate([[0], np.cumsum(per_row)]),
            first_channel=int(rmf.offset),
            name=f"{self.arf.name} + {self.rmf.name}, {self.epoch}, by sherpa",
        )
