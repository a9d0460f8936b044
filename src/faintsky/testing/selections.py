"""The conformance suite of the kind ``selections``."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np
import pytest
from numpy.typing import NDArray

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.band import Band
from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.detection import SourceList
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.matcher import Matches
from faintsky.core.selection import MatchedField, Selected
from faintsky.core.xray_image import EefMap, XrayImage
from faintsky.testing.subject import ComponentConformance

__all__ = ["SelectionConformance", "matched_field"]

Array = NDArray[np.float64]

#: Pixels of a side, background per pixel, exposure [cm^2 s], counts of a source, and the radius [pixel] that they fall within.
_SIDE, _SKY, _EXPOSURE, _COUNTS = 240, 0.05, 1e7, 40


def matched_field(seed: int = 1) -> MatchedField:
    """A field of 20 sources in two bands, whose counterparts are the first galaxies of 600; every fifth match is not secure."""
    rng = np.random.default_rng(seed)
    grid = Grid.tangential((150.0, 2.0), (_SIDE, _SIDE), np.deg2rad(1 / 3600))
    side = np.arange(20) % 5, np.arange(20) // 5
    x, y = (30.0 + 45 * place.astype(float) for place in side)
    psf = EefMap(radii={0.7: np.deg2rad(2 / 3600), 0.9: np.deg2rad(3 / 3600), 0.95: np.deg2rad(4 / 3600)})
    images = {}
    photometry = {}
    for band, share in (("full", 1.0), ("hard", 0.5)):
        counts = rng.poisson(share * _SKY, grid.shape)
        for i, j in zip(x.astype(int), y.astype(int), strict=True):
            counts[j, i] += int(share * _COUNTS)
        images[band] = XrayImage(
            counts=counts.astype(np.int32),
            exposure=np.full(grid.shape, _EXPOSURE),
            grid=grid,
            band=Band(0.5, 7.0) if band == "full" else Band(2.0, 7.0),
            psf=psf,
            background=np.full(grid.shape, share * _SKY),
            name=band,
        )
        photometry[band] = AperturePhotometry(
            counts=np.full(20, float(int(share * _COUNTS))),
            background=np.full(20, share * _SKY * 13),
            exposure=np.full(20, _EXPOSURE),
            eef=np.full(20, 0.7),
        )
    ra, dec = grid.wcs.wcs_pix2world(x, y, 0)
    more = rng.uniform(10, _SIDE - 10, (2, 580))
    far = grid.wcs.wcs_pix2world(more[0], more[1], 0)
    sources = SourceList(
        x=x, y=y, ra=ra, dec=dec,
        position_error=np.full(20, 0.5),
        photometry=photometry,
        detected={"full": np.ones(20, dtype=bool), "hard": np.arange(20) % 2 == 0},
        origin=np.full(20, "blind"),
        threshold=4e-6,
    )  # fmt: skip
    matches = Matches(
        counterpart=np.arange(20), p_any=np.full(20, 0.9), p_i=np.full(20, 0.9), log_bayes=np.full(20, 5.0),
        separation=np.full(20, 0.3), candidates=np.ones(20, dtype=np.int64), matcher="made",
    )  # fmt: skip
    columns = {"ra": np.concatenate([ra, far[0]]), "dec": np.concatenate([dec, far[1]]), "z_best": rng.uniform(0, 8, 600)}
    return MatchedField(
        images=images, sources=sources, matches=matches, secure=np.arange(20) % 5 != 0, galaxies=Catalogue(columns=columns)
    )


class SelectionConformance(ComponentConformance):
    """Sources that are secure and significant, each with a galaxy; the threshold holds for all; the same every time.

    Examples
    --------
    >>> class TestMine(SelectionConformance):
    ...     component = "blind"
    """

    kind: ClassVar[str] = "selections"

    def select(self, component: Any, field: MatchedField | None = None) -> Selected:
        """The sample of the field of the suite."""
        found = component.select(matched_field() if field is None else field, Context())
        assert isinstance(found, Selected)
        return found

    def test_every_source_has_a_galaxy_and_passes_the_threshold(self) -> None:
        made = self.made()
        found = self.select(made)
        assert len(found) == len(found.sources) == len(found.galaxy) > 0
        assert found.band == made.band
        assert np.all((found.galaxy >= 0) & (found.galaxy < 600))
        assert np.all(found.sources.photometry[found.band].false_probability <= found.threshold)
        assert 0 < found.threshold < 1

    def test_what_is_not_secure_is_no_blind_source_of_it(self) -> None:
        field = matched_field()
        found = self.select(self.made(), field)
        blind = found.sources.origin == "blind"
        assert set(found.galaxy[blind]) <= set(np.flatnonzero(field.secure))

    def test_again_it_is_the_same(self) -> None:
        assert self.select(self.made()).digest == self.select(self.made()).digest

    def test_a_band_without_an_image_is_refused(self) -> None:
        made = attrs.evolve(self.made(), band="fool")
        with pytest.raises(DataError, match="fool"):
            self.select(made)
