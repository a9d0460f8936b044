"""The conformance suite of the kind ``masks``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.testing.subject import ComponentConformance

__all__ = ["MaskConformance", "sky_grid"]


def sky_grid(shape: tuple[int, int] = (64, 80), pixel: float = 1.0) -> Grid:
    """A tangential grid around (150, 2.2) deg with north up; pixels in arcsec."""
    from astropy.wcs import WCS

    ny, nx = shape
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.0, 2.2]
    wcs.wcs.crpix = [(nx + 1) / 2, (ny + 1) / 2]
    wcs.wcs.cdelt = [-pixel / 3600, pixel / 3600]
    return Grid.from_wcs(wcs, shape)


class MaskConformance(ComponentConformance):
    """A boolean image of the maps' shape, the same for the same seed, that changes no map and leaves some pixels.

    Examples
    --------
    >>> class TestMine(MaskConformance):
    ...     component = "random-discs"
    ...     options = {"radius": "3 arcsec", "fraction": 0.2}
    """

    kind: ClassVar[str] = "masks"

    @pytest.fixture
    def maps(self) -> Mapping[str, Map]:
        """Noise with a source of 100 sigma at pixel (20, 30), on `sky_grid`."""
        grid = sky_grid()
        values = np.random.default_rng(5).normal(size=grid.shape)
        values[20, 30] = 100.0
        return {"ir": Map.from_array(values, grid=grid, unit="nW / (m2 sr)", variance=np.ones(grid.shape))}

    @pytest.fixture
    def rule(self) -> Any:
        return self.made()

    def test_it_is_a_boolean_image_of_the_maps_shape(self, rule: Any, maps: Mapping[str, Map]) -> None:
        out = rule.masked(maps, Context())
        assert out.dtype == np.bool_
        assert out.shape == maps["ir"].values.shape
        assert out.any()
        assert not out.all()

    def test_the_same_seed_gives_the_same_mask(self, rule: Any, maps: Mapping[str, Map]) -> None:
        a, b = (rule.masked(maps, Context(seed=4, task="x")) for _ in range(2))
        np.testing.assert_array_equal(a, b)

    def test_it_changes_no_map(self, rule: Any, maps: Mapping[str, Map]) -> None:
        before = maps["ir"].digest
        rule.masked(maps, Context())
        fresh = Map.from_array(maps["ir"].values, grid=maps["ir"].geometry, unit="nW / (m2 sr)")
        assert maps["ir"].digest == before
        np.testing.assert_array_equal(fresh.values, maps["ir"].values)

    def test_the_content_of_masked_pixels_is_irrelevant(self, rule: Any, maps: Mapping[str, Map]) -> None:
        data = maps["ir"]
        weight = np.array(data.weight)
        weight[:5] = 0
        results = []
        for content in (0.0, np.nan, 1e30):
            values = np.array(data.values)
            values[:5] = content
            spoiled = Map.from_array(values, weight=weight, grid=data.geometry, unit=data.unit, variance=data.variance)
            results.append(rule.masked({"ir": spoiled}, Context()))
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[0], results[2])
