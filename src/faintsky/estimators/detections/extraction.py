"""X-ray counts at the positions of known galaxies."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.detection import SourceList
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.owned_array import owned_floats
from faintsky.core.xray_image import XrayImage
from faintsky.estimators.detections.apertures import radius_at
from faintsky.estimators.detections.photometry import photometry, stacked

__all__ = ["Extraction", "clear_of", "extract", "joined"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class Extraction:
    """Photometry in every band at n given positions.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        [pixel], NaN for what lies nowhere on the grid.
    ra, dec : ndarray, shape (n,)
        [deg]
    clear : ndarray of bool, shape (n,)
        Whether no blind source is so near that its light would be taken for that of the galaxy.
    photometry : mapping of str to AperturePhotometry
        By band; exposure 0 where a position is not on the footprint or not clear.
    overlapping : float
        Separation [pixel] below which two apertures share counts: the median radius of the apertures.
    """

    x: Array = field(converter=owned_floats, repr=False)
    y: Array = field(converter=owned_floats, repr=False)
    ra: Array = field(converter=owned_floats, repr=False)
    dec: Array = field(converter=owned_floats, repr=False)
    clear: NDArray[np.bool_] = field(repr=False)
    photometry: Mapping[str, AperturePhotometry] = field(repr=False)
    overlapping: float = 0.0

    def __len__(self) -> int:
        return int(self.x.size)

    def tested(self, band: str) -> NDArray[np.bool_]:
        """Galaxies that could have been detected: clear of blind sources, and observed; these are N_gal of a false fraction."""
        return np.asarray(self.clear & self.photometry[band].observed)

    def most_significant(self, band: str, threshold: float) -> NDArray[np.bool_]:
        """Galaxies below the threshold that are the most significant of all those within an aperture's radius, shape (n,).

        Of the galaxies around one faint X-ray source several may pass, by its light: this leaves one of them.
        """
        from scipy.spatial import cKDTree

        probability = self.photometry[band].false_probability
        rows = np.flatnonzero(self.tested(band) & (probability < threshold))
        rows = rows[np.argsort(probability[rows], kind="stable")]
        left = np.ones(rows.size, dtype=bool)
        if rows.size:
            near = cKDTree(np.stack([self.x[rows], self.y[rows]], axis=1)).query_ball_tree(
                cKDTree(np.stack([self.x[rows], self.y[rows]], axis=1)), self.overlapping
            )
            for i, others in enumerate(near):
                if left[i]:
                    left[[j for j in others if j > i]] = False
        found = np.zeros(len(self), dtype=bool)
        found[rows[left]] = True
        return found

    def sources(
        self, thresholds: Mapping[str, float], keep: NDArray[np.bool_] | None = None, position_error: float = 0.0
    ) -> tuple[SourceList, NDArray[np.int64]]:
        """Detected galaxies as a source list, and their rows.

        A warning counts pairs of detections whose apertures overlap: they share counts, and may be one X-ray source.

        Parameters
        ----------
        thresholds : mapping of str to float
            Largest false probability, by band; a band without one detects nothing.
        keep : ndarray of bool, shape (n,), optional
            Which galaxies may be detected.
        position_error : float
            1 sigma of the galaxies' positions in each coordinate [arcsec].

        Raises
        ------
        DataError
            Where a threshold is of a band that was not extracted.
        """
        if unknown := set(thresholds) - set(self.photometry):
            raise DataError(f"thresholds of {', '.join(sorted(unknown))}, but the bands are {', '.join(self.photometry)}")
        allowed = self.clear if keep is None else self.clear & keep
        detected = {
            band: allowed & (part.false_probability < thresholds.get(band, 0.0)) for band, part in self.photometry.items()
        }
        rows = np.flatnonzero(np.logical_or.reduce(list(detected.values())))
        self._warn_of_pairs(rows)
        found = SourceList(
            x=self.x[rows], y=self.y[rows], ra=self.ra[rows], dec=self.dec[rows],
            position_error=np.full(rows.size, position_error),
            photometry={band: part.select(rows) for band, part in self.photometry.items()},
            detected={band: flags[rows] for band, flags in detected.items()},
            origin=np.full(rows.size, "extracted"),
            threshold=max(thresholds.values(), default=0.0),
        )  # fmt: skip
        return found, rows

    def _warn_of_pairs(self, rows: NDArray[np.int64]) -> None:
        from scipy.spatial import cKDTree

        if rows.size < 2:
            return
        pairs = cKDTree(np.stack([self.x[rows], self.y[rows]], axis=1)).query_pairs(self.overlapping, output_type="ndarray")
        if len(pairs):
            warnings.warn(
                f"{len(pairs)} pairs of the {rows.size} detected galaxies lie within {self.overlapping:.2g} pixels, the radius "
                "of an aperture: they share X-ray counts, so that one X-ray source may stand twice in the list",
                FaintskyWarning,
                stacklevel=3,
            )

    @property
    def digest(self) -> str:
        """Identity of positions, zones and photometry."""
        rows = [array_digest(v) for v in (self.x, self.y, self.ra, self.dec, np.asarray(self.clear))]
        return json_digest([rows, [[band, part.digest] for band, part in sorted(self.photometry.items())]])


def clear_of(
    sources: SourceList, image: XrayImage, x: ArrayLike, y: ArrayLike, *, eef: float = 0.9, factor: float = 2.0
) -> NDArray[np.bool_]:
    """Whether positions [pixel] lie farther than `factor` radii of `eef` enclosed light from every source, shape (n,).

    The radius is that at the source (Barlow-Hall & Aird, section 2.4 and footnote 5).
    """
    from scipy.spatial import cKDTree

    sy, sx = image.grid.scale
    places = np.stack([np.asarray(x, dtype=float) * sx, np.asarray(y, dtype=float) * sy], axis=1)
    clear = np.ones(len(places), dtype=bool)
    on = np.flatnonzero(np.isfinite(places).all(axis=1))
    if len(sources) and on.size:
        zones = factor * radius_at(image, sources.x, sources.y, eef)
        near = cKDTree(places[on]).query_ball_point(np.stack([sources.x * sx, sources.y * sy], axis=1), zones)
        clear[on[np.concatenate([np.asarray(rows, dtype=np.int64) for rows in near])]] = False
    return clear


def extract(
    images: Mapping[str, XrayImage],
    ra: ArrayLike,
    dec: ArrayLike,
    sources: SourceList | None = None,
    *,
    eef: float = 0.7,
    zone_eef: float = 0.9,
    zone_factor: float = 2.0,
) -> Extraction:
    """Aperture photometry at the positions of galaxies, in every band.

    Galaxies within `zone_factor` radii of `zone_eef` enclosed light of a blind source, in the band where that is largest, are not
    clear and not measured; those off a footprint are not observed. Both have exposure 0 and false probability 1.

    Parameters
    ----------
    images : mapping of str to XrayImage
        With background maps, on one grid that lies on the sky.
    ra, dec : array_like, shape (n,)
        [deg]
    sources : SourceList, optional
        The blind sources.

    Raises
    ------
    DataError
        Where the grid lies nowhere on the sky, an image has no background map, or an aperture is larger than the image or its
        PSF map.
    """
    if not images:
        raise DataError("there is no image to extract counts from")
    first = next(iter(images.values()))
    for name, image in images.items():
        image.grid.check_same(first.grid, (f"image {name}", "the first image"))
    lon, lat = (np.atleast_1d(np.asarray(v, dtype=float)) for v in (ra, dec))
    x, y = _pixels(first, lon, lat)
    clear = np.ones(x.size, dtype=bool)
    for image in images.values() if sources is not None and len(sources) else ():
        clear &= clear_of(sources, image, x, y, eef=zone_eef, factor=zone_factor)  # type: ignore[arg-type]
    shown_x, shown_y = np.where(clear, x, np.nan), np.where(clear, y, np.nan)
    radius = max(float(np.median(image.psf.radius(eef))) for image in images.values())
    return Extraction(
        x=x, y=y, ra=lon, dec=lat,
        clear=clear,
        photometry={name: photometry(image, shown_x, shown_y, eef) for name, image in images.items()},
        overlapping=radius / float(np.sqrt(first.grid.pixel_area)),
    )  # fmt: skip


def _pixels(image: XrayImage, ra: Array, dec: Array) -> tuple[Array, Array]:
    wcs = image.grid.wcs
    if wcs is None:
        raise DataError(
            f"image {image.name or image.band} lies nowhere on the sky: galaxies cannot be found on it; give it a WCS"
        )
    x, y = wcs.wcs_world2pix(ra, dec, 0)
    # The far side of the sky projects onto the same plane.
    back_ra, back_dec = wcs.wcs_pix2world(x, y, 0)
    here = (np.abs((back_ra - ra + 180) % 360 - 180) < 1e-6) & (np.abs(back_dec - dec) < 1e-6)
    return np.where(here, x, np.nan), np.where(here, y, np.nan)


def joined(blind: SourceList, extracted: SourceList) -> SourceList:
    """Blind and extracted sources in one list, blind ones first; its threshold is the larger one.

    Raises
    ------
    DataError
        Where their bands differ.
    """
    if set(blind.photometry) != set(extracted.photometry):
        raise DataError(f"the lists have the bands {', '.join(blind.photometry)} and {', '.join(extracted.photometry)}")
    columns = ("x", "y", "ra", "dec", "position_error", "origin")
    return SourceList(
        **{name: np.concatenate([getattr(blind, name), getattr(extracted, name)]) for name in columns},
        photometry={band: stacked(blind.photometry[band], extracted.photometry[band]) for band in blind.photometry},
        detected={band: np.concatenate([blind.detected[band], extracted.detected[band]]) for band in blind.detected},
        threshold=max(blind.threshold, extracted.threshold),
    )
