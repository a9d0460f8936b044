"""Which HDU of a FITS file holds the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from faintsky.core.errors import DataError

__all__ = ["image_hdu"]


def image_hdu(hdus: Any, path: Path, hdu: str = "") -> Any:
    """The HDU of that name or number, or the first that holds an image of two or more dimensions.

    Parameters
    ----------
    hdus : astropy HDUList
    path : Path
        For the message.
    hdu : str

    Raises
    ------
    DataError
        Where there is none; the message lists what there is.
    """
    if hdu:
        try:
            return hdus[int(hdu)] if hdu.isdigit() else hdus[hdu]
        except (KeyError, IndexError):
            names = ", ".join(f"{i}: {h.name or '(unnamed)'}" for i, h in enumerate(hdus))
            raise DataError(f"{path.name} has no HDU {hdu!r}; it has {names}") from None
    found = next((h for h in hdus if h.is_image and h.header.get("NAXIS", 0) >= 2), None)
    if found is None:
        raise DataError(f"{path.name} holds no image")
    return found
