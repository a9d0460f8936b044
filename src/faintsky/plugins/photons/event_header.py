"""What the header of an event file says of its observation beside the photons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from attrs import frozen

from faintsky.core.errors import DataError
from faintsky.plugins.maps.event_file import quiet_fits

__all__ = ["EventHeader", "observation_of"]

#: A frame of ACIS lasts its exposure and 41.04 ms of transfer (Chandra Proposers' Observatory Guide, section 6.12).
_TRANSFER = 0.04104


def observation_of(path: Path) -> str:
    """OBS_ID of a file, wherever it stands; empty where it says none."""
    from astropy.io import fits

    if not path.exists():
        raise DataError(f"there is no file {path}")
    with quiet_fits(), fits.open(path) as hdus:
        return next((str(hdu.header["OBS_ID"]).strip() for hdu in hdus if "OBS_ID" in hdu.header), "")


@frozen(kw_only=True, eq=False)
class EventHeader:
    """The cards of the table of events.

    Attributes
    ----------
    file : str
        Name of the file.
    cards : mapping
    """

    file: str
    cards: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Of an event file; its photons stay unread.

        Raises
        ------
        DataError
            Where there is no such file or table, photons of several observations were merged, or they have no two
            dimensions.
        """
        from astropy.io import fits

        if not path.exists():
            raise DataError(f"there is no event file {path}")
        with quiet_fits(), fits.open(path) as hdus:
            tables = [hdu for hdu in hdus if hdu.name.upper().startswith("EVENTS")]
            if not tables:
                raise DataError(f"{path.name} has no table EVENTS: it is no event file")
            table = next((hdu for hdu in tables if hdu.name.upper() == "EVENTS"), tables[0])
            cards = {key: value for key, value in [*hdus[0].header.items(), *table.header.items()] if key}
        if "merged" in str(cards.get("OBS_ID", "")).lower():
            raise DataError(
                f"{path.name} holds the photons of several observations (OBS_ID = {cards['OBS_ID']!r}): each has an optical axis "
                "and a PSF of its own. Give the event files of the observations, one by one"
            )
        if "CONTINUOUS" in str(cards.get("READMODE", "")).upper():
            raise DataError(f"{path.name} was read out continuously (READMODE): its photons have one dimension, not two")
        return cls(file=path.name, cards=cards)

    @property
    def name(self) -> str:
        """OBS_ID; the first part of the file's name where there is none."""
        return str(self.cards.get("OBS_ID", "")).strip() or self.file.split(".")[0]

    @property
    def telescope(self) -> str:
        """TELESCOP, such as CHANDRA; empty where unknown."""
        return str(self.cards.get("TELESCOP", "")).strip()

    @property
    def frame_time(self) -> float:
        """Seconds between two frames: TIMEDEL, or of ACIS EXPTIME and the transfer; 0 where unknown."""
        step = float(self.cards.get("TIMEDEL") or 0.0)
        if step > 0:
            return step
        exposed = float(self.cards.get("EXPTIME") or 0.0)
        return exposed + _TRANSFER if exposed > 0 and "ACIS" in str(self.cards.get("INSTRUME", "")).upper() else 0.0

    @property
    def subpixel(self) -> str:
        """``edser``, ``centroid``, ``randomize`` or ``none`` by PIX_ADJ, or by RAND_SKY in older files; empty where unknown."""
        said = str(self.cards.get("PIX_ADJ", "")).strip().lower()
        if said:
            return said
        width = self.cards.get("RAND_SKY")
        if width is None:
            return ""
        return "randomize" if float(width) > 0 else "none"
