"""A counts spectrum of a PHA file, with its background and response."""

from __future__ import annotations

from pathlib import Path

import attrs
from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError, nearest
from faintsky.core.observed_spectrum import ObservedSpectrum, SpectrumSource
from faintsky.core.paths import as_path
from faintsky.core.response import Response
from faintsky.plugins.ogip.arf import read_arf
from faintsky.plugins.ogip.pha import Pha, read_pha
from faintsky.plugins.ogip.rmf import joined, read_rmf, without_arf

__all__ = ["PhaFile"]


@component(references=["Arnaud1992", "George1992"])
@frozen(kw_only=True)
class PhaFile(SpectrumSource):
    """Counts spectrum of a PHA file (OGIP/92-007), with background, ARF and RMF as its header names them or as given.

    The background counts with EXPOSURE x BACKSCAL x AREASCAL: some files keep the whole ratio of areas in AREASCAL alone.
    """

    path: Path = option(help="PHA file of type I", converter=as_path)
    background: Path | None = option(
        None, help="its PHA file; default: BACKFILE, or the second SPECTRUM of the file", converter=as_path
    )
    arf: Path | None = option(None, help="effective area; default: ANCRFILE of the header", converter=as_path)
    rmf: Path | None = option(None, help="redistribution; default: RESPFILE of the header", converter=as_path)
    band: Band = option("0.5-7 keV", converter=Band.of, help="channels that take part")
    epoch: str = option("", help="when it was observed; default: DATE-OBS or OBS_ID of the header")

    def load(self, ctx: Context) -> ObservedSpectrum:
        """Read everything.

        Raises
        ------
        DataError
            Where a file is missing or wrong, they do not fit, or nothing says when it was observed.
        """
        pha = read_pha(self.path)
        counts = attrs.evolve(pha.counts, name=self.path.name)
        background = self._beside(self.background, pha.background, "background")
        if background is not None:
            # A file of the CSC holds the source beside its background: then the background is meant.
            found = read_pha(background).counts
            counts = attrs.evolve(counts, background=found if found.background is None else found.background)
        if counts.background is None:
            ctx.warn(f"{self.path.name}: there is no background, neither given nor in BACKFILE")
        return ObservedSpectrum(counts=counts, response=self._response(pha, ctx), band=self.band)

    def _response(self, pha: Pha, ctx: Context) -> Response:
        epoch = self.epoch or pha.epoch
        if not epoch:
            raise DataError(
                f"{self.path.name}: neither DATE-OBS nor OBS_ID says when it was observed: give epoch = '...', so that its "
                "rates can be compared with others"
            )
        rmf = self._beside(self.rmf, pha.rmf, "RMF")
        if rmf is None:
            raise DataError(f"{self.path.name}: no RMF is given, and RESPFILE names none: give rmf = '...'")
        arf = self._beside(self.arf, pha.arf, "ARF")
        matrix = read_rmf(rmf)
        if arf is None:
            return without_arf(matrix, f"{rmf.name}, {epoch}", ctx)
        return joined(matrix, read_arf(arf), f"{arf.name} + {rmf.name}, {epoch}")

    def _beside(self, given: Path | None, named: str, what: str) -> Path | None:
        """The given file, or the one that the header names, in the folder of the spectrum; packed or not."""
        if given is not None:
            return given
        if not named or named == self.path.name.removesuffix(".gz"):
            return None
        folder = self.path.parent
        for name in (named, f"{named}.gz", Path(named).name, f"{Path(named).name}.gz"):
            if (folder / name).exists():
                return folder / name
        hint = nearest(Path(named).name, [p.name for p in folder.iterdir()])
        raise DataError(f"{self.path.name}: its header names the {what} {named}, which is not in {folder}. {hint}".rstrip())
