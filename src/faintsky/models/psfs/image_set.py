"""PSF images for each source, observation and band."""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import NoReturn

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.component import component, option
from faintsky.core.errors import DataError, nearest
from faintsky.core.paths import as_path
from faintsky.core.psf import PSF, Place
from faintsky.models.psfs.image import SUBPIXEL, ImagePSF

__all__ = ["ImageSetPSF"]

Array = NDArray[np.float64]

#: What a file name may be made of.
_FIELDS = ("source", "observation", "band")
#: Files that a message lists.
_LISTED = 8


@component()
@frozen(kw_only=True)
class ImageSetPSF(PSF):
    """PSF images, one for each source, observation and energy band, found by their file names.

    The images stand in one folder, of whose files all count for the identity of a result: keep nothing else in it. Between the
    centres of the bands the PSF is interpolated linearly in energy. An image is read as by `image`, with the same options.

    Raises
    ------
    DataError
        Where the pattern holds an unknown field, or bands without a ``{band}`` (or the reverse); when placed: where a file is
        missing; when asked without a place.
    """

    folder: Path = option(help="folder of the images", converter=as_path)
    pattern: str = option(help="file name, such as '{source}/{observation}_{band}.fits'; a band of 0.5-2 keV is written 0.5-2")
    bands: tuple[Band, ...] = option(
        (), converter=Band.several, help="bands, such as '0.5-2 keV'; default: one image for all energies"
    )
    hdu: str = option("", help="name or number of the HDU; default: the first image")
    pixel: float | None = option(None, unit="rad", gt=0, help="pixel size, where the files have no WCS")
    centre: str = option("moment", choices=("moment", "peak", "middle"), help="what counts as the source's position")
    max_offset: float = option(
        1.0, gt=0, help="largest distance of the light's moment from its peak or the middle, in half-light radii"
    )
    rays: int | None = option(None, gt=0, help="photons that were ray-traced; default: from the images, where they tell")
    subpixel: str = option("edser", choices=SUBPIXEL, help="how positions were treated below a pixel, such as in MARX")

    def __attrs_post_init__(self) -> None:
        try:
            found = {name for _, name, _, _ in Formatter().parse(self.pattern) if name is not None}
        except ValueError as error:
            raise DataError(f"the pattern {self.pattern!r} of PSF images cannot be read: {error}") from None
        for name in sorted(found - set(_FIELDS)):
            raise DataError(
                f"a file name is made of {{source}}, {{observation}} and {{band}}, not {{{name}}}. {nearest(name, _FIELDS)}"
            )
        if ("band" in found) is not bool(self.bands):
            raise DataError(
                f"the pattern {self.pattern!r} has {'a' if 'band' in found else 'no'} {{band}}, but bands are "
                f"{'given' if self.bands else 'not given'}: the two belong together"
            )

    @property
    def energies(self) -> tuple[float, ...]:
        """Centres of the bands [keV]."""
        return tuple(sorted({band.centre for band in self.bands}))

    def placed(self, place: Place) -> ImagePSF:
        """The image of the source, observation and band (the one that holds the energy; of several, the one centred nearest).

        Raises
        ------
        DataError
            Where there is no such file; the message lists what the folder holds.
        """
        path = self.folder / self.pattern.format(
            source=place.source, observation=place.observation, band=self._band(place.energy)
        )
        if not path.is_file():
            self._missing(path, place)
        return ImagePSF(
            path=path,
            hdu=self.hdu,
            pixel=self.pixel,
            centre=self.centre,
            max_offset=self.max_offset,
            rays=self.rays,
            subpixel=self.subpixel,
        )

    def _band(self, energy: float) -> str:
        if not self.bands:
            return ""
        best = min(self.bands, key=lambda band: (not band.low <= energy < band.high, abs(band.centre - energy)))
        return f"{best.low:g}-{best.high:g}"

    def _missing(self, path: Path, place: Place) -> NoReturn:
        if not self.folder.is_dir():
            raise DataError(f"there is no folder of PSF images {self.folder}")
        there = sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*") if p.is_file() and p.name[0] != ".")
        wanted = path.relative_to(self.folder).as_posix()
        more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
        hint = nearest(wanted, there)
        raise DataError(
            f"there is no PSF image {wanted} (source {place.source!r}, observation {place.observation!r}, {place.energy:.4g} "
            f"keV) in {self.folder}, which holds {', '.join(there[:_LISTED]) or 'no file'}{more}. {hint}".rstrip()
        )

    def _unplaced(self) -> NoReturn:
        raise DataError(
            "a set of PSF images is no PSF before a source and an observation are named: ask placed(Place(...)) of it"
        )

    def density(self, dx: ArrayLike, dy: ArrayLike) -> Array:
        """Of no place: an error."""
        self._unplaced()

    def encircled(self, radius: ArrayLike) -> Array:
        """Of no place: an error."""
        self._unplaced()

    def transfer(self, q: ArrayLike) -> Array:
        """Of no place: an error."""
        self._unplaced()
