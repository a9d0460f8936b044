"""Where a telescope pointed: the optical axis on the sky and the roll, from a header or from the aspect solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.units import ARCSEC
from faintsky.plugins.maps.event_file import quiet_fits
from faintsky.plugins.photons.tangent_plane import offsets, separation, unit_vectors

__all__ = ["Pointing"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class Pointing:
    """The optical axis of one observation.

    Attributes
    ----------
    ra, dec, roll : float
        [rad]; the roll as the header counts it.
    warnings : tuple of str
        What a referee would ask about.
    """

    ra: float
    dec: float
    roll: float = 0.0
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_header(cls, header: Mapping[str, Any], called: str) -> Self:
        """RA_PNT, DEC_PNT and ROLL_PNT; RA_NOM and its like with a warning.

        Raises
        ------
        DataError
            Where the header says no pointing, or one that is no place on the sky.
        """
        said: list[str] = []
        keys = next((k for k in (("RA_PNT", "DEC_PNT"), ("RA_NOM", "DEC_NOM")) if all(key in header for key in k)), None)
        if keys is None:
            raise DataError(
                f"{called} does not say where the telescope pointed (RA_PNT and DEC_PNT, or RA_NOM and DEC_NOM), so off-axis "
                "angles are not known: copy the cards from the original event file, or give its aspect solution (aspect)"
            )
        try:
            ra, dec = (float(header[key]) for key in keys)
        except (TypeError, ValueError):
            ra = dec = np.nan
        if not (np.isfinite(ra) and -360 <= ra <= 360 and -90 <= dec <= 90):
            raise DataError(f"{called}: {keys[0]} = {header[keys[0]]!r}, {keys[1]} = {header[keys[1]]!r} is no place on the sky")
        if keys[0] == "RA_NOM":
            said.append(
                "no RA_PNT: the off-axis angles count from RA_NOM, DEC_NOM, from which the mean optical axis may differ by "
                "some arcsec; an aspect solution (aspect) is exact"
            )
        roll = next((header[key] for key in ("ROLL_PNT", "ROLL_NOM", "PA_PNT") if key in header), None)
        if roll is None:
            said.append("no roll (ROLL_PNT): taken as 0, so a PSF that turns with the telescope will be misaligned")
        return cls(
            ra=float(np.deg2rad(ra)),
            dec=float(np.deg2rad(dec)),
            roll=float(np.deg2rad(float(roll or 0.0))),
            warnings=tuple(said),
        )

    @classmethod
    def from_aspect(cls, paths: Sequence[Path], good: NDArray[np.float64] | None = None) -> Self:
        """The mean of an aspect solution, each row weighted by the time until the next.

        Parameters
        ----------
        paths : sequence of Path
            Tables with columns time, ra, dec and roll [deg]; all those of one observation.
        good : ndarray, shape (m, 2), optional
            Good time intervals; other times do not count.

        Raises
        ------
        DataError
            Where a file holds no such table, or no row within the good times.
        """
        columns = [_aspect_columns(path) for path in paths]
        time, ra, dec, roll = (np.concatenate([c[i] for c in columns]) for i in range(4))
        order = np.argsort(time, kind="stable")
        time, ra, dec, roll = time[order], ra[order], dec[order], roll[order]
        step = np.diff(time, append=np.nan)
        usual = float(np.nanmedian(step)) if time.size > 1 else 1.0
        # Between two files, or at the end, a row stands for no longer than any other does.
        weight = np.where(np.isfinite(step), np.minimum(step, 2 * usual), usual)
        if good is not None and len(good):
            weight = weight * np.any([(time >= start) & (time <= stop) for start, stop in good], axis=0)
        if not weight.sum() > 0:
            names = ", ".join(path.name for path in paths)
            raise DataError(f"no row of the aspect solution {names} lies within the good time: is it of this observation?")
        x, y, z = np.average(unit_vectors(ra, dec), axis=0, weights=weight)
        turn = np.average(np.stack([np.cos(roll), np.sin(roll)]), axis=1, weights=weight)
        return cls(
            ra=float(np.arctan2(y, x) % (2 * np.pi)),
            dec=float(np.arctan2(z, np.hypot(x, y))),
            roll=float(np.arctan2(turn[1], turn[0]) % (2 * np.pi)),
        )

    def off_axis(self, ra: ArrayLike, dec: ArrayLike) -> Array:
        """Off-axis angles [rad] of positions [rad]."""
        return separation(ra, dec, self.ra, self.dec)

    def azimuth(self, ra: float, dec: float) -> float:
        """Direction from the optical axis to a source, in the tangent plane of the source, from west towards north [rad]."""
        x, y = offsets(self.ra, self.dec, ra, dec)
        return 0.0 if np.hypot(x, y) * ARCSEC < 1e-12 else float(np.arctan2(-y, -x))


def _aspect_columns(path: Path) -> tuple[Array, Array, Array, Array]:
    """Time [s], right ascension, declination and roll [rad]."""
    from astropy.io import fits

    if not path.exists():
        raise DataError(f"there is no aspect solution {path}")
    with quiet_fits(), fits.open(path) as hdus:
        for hdu in hdus:
            names = {name.lower(): name for name in hdu.columns.names} if hasattr(hdu, "columns") else {}
            if {"time", "ra", "dec", "roll"} <= set(names):
                found = [np.asarray(hdu.data[names[n]], dtype=np.float64) for n in ("time", "ra", "dec", "roll")]
                if not found[0].size:
                    raise DataError(f"the aspect solution {path.name} holds no row")
                return found[0], *(np.deg2rad(c) for c in found[1:])  # type: ignore[return-value]
    raise DataError(f"{path.name} is no aspect solution: no table of it has the columns time, ra, dec and roll")
