"""The unit of an image as microjansky in a pixel."""

from __future__ import annotations

from typing import Any

from faintsky.core.ab_magnitude import from_ab_magnitude
from faintsky.core.errors import DataError
from faintsky.core.units import same_dimension, unit_factor

__all__ = ["microjansky"]

#: BUNIT of images whose values are rates, which only a zero point turns into fluxes.
_RATES = ("electrons/s", "electron/s", "electron / s", "e/s", "e-/s", "counts/s", "count/s", "cps", "dn/s", "adu/s")


def microjansky(header: Any, pixel_area: float, called: str, unit: str = "", zero_point: float | None = None) -> float:
    """What 1 of an image is worth in a pixel [uJy].

    Parameters
    ----------
    header : astropy Header
        BUNIT is used where `unit` is empty; PHOTFLAM and PHOTPLAM for rates.
    pixel_area : float
        [sr]
    called : str
        The image, for messages.
    unit : str
        Such as ``"MJy/sr"``, ``"uJy"``, ``"10 nJy"``, ``"electrons/s"``.
    zero_point : float, optional
        AB magnitude of 1; it wins.

    Raises
    ------
    DataError
        Where nothing tells the flux; the message names what would.
    """
    if zero_point is not None:
        return float(from_ab_magnitude(zero_point))
    said = (unit or str(header.get("BUNIT", ""))).strip()
    plain = said.replace("*", " ").replace("/pixel", "").replace("/pix", "").strip()
    try:
        if plain and same_dimension(plain, "uJy"):
            return unit_factor(plain, "uJy")
        if plain and same_dimension(plain, "uJy/sr"):
            return unit_factor(plain, "uJy/sr") * pixel_area
    except DataError:  # such as DN/s: no unit of astropy
        pass
    if said.lower() in _RATES and "PHOTFLAM" in header and "PHOTPLAM" in header:
        # f_nu = f_lambda lambda^2 / c at the pivot wavelength: erg/s/cm2/A, A.
        return float(header["PHOTFLAM"]) * float(header["PHOTPLAM"]) ** 2 / 2.99792458e18 * 1e29
    found = f"its unit is {said!r}" if said else "it has no BUNIT"
    if said.lower() in _RATES:
        found += " without PHOTFLAM and PHOTPLAM"
    raise DataError(
        f"the flux scale of {called} is not known: {found}. Give zero_point (the AB magnitude of 1), or unit as a flux density "
        '(unit = "uJy", "10 nJy") or a surface brightness (unit = "MJy/sr")'
    )
