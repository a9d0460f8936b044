"""The response of an ARF and an RMF file."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.paths import as_path
from faintsky.core.response import Response, ResponseSource
from faintsky.plugins.ogip.arf import read_arf
from faintsky.plugins.ogip.rmf import joined, read_rmf, without_arf

__all__ = ["Ogip"]


@component(references=["George1992"])
@frozen(kw_only=True)
class Ogip(ResponseSource):
    """Response of an ARF and an RMF file (OGIP CAL/GEN/92-002)."""

    rmf: Path = option(help="redistribution matrix, MATRIX or SPECRESP MATRIX with EBOUNDS", converter=as_path)
    arf: Path | None = option(None, help="effective area; not needed where the matrix holds it", converter=as_path)
    epoch: str = option(
        help="when the telescope was so, such as 'Cycle 18': the soft area of Chandra has fallen by half since launch"
    )
    rebin: bool = option(False, help="average the ARF over the bins of the RMF where they have other energies")

    def load(self, ctx: Context) -> Response:
        """Read and join the two files.

        Raises
        ------
        ResponseMismatchError
            Where they have other energies.
        DataError
            Where one is not what it is said to be.
        """
        rmf = read_rmf(self.rmf)
        if self.arf is None:
            return without_arf(rmf, f"{self.rmf.name}, {self.epoch}", ctx)
        return joined(rmf, read_arf(self.arf), f"{self.arf.name} + {self.rmf.name}, {self.epoch}", self.rebin)
