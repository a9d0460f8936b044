"""The conformance suite of the kind ``maps``."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.storage import load, save
from faintsky.core.units import ARCSEC
from faintsky.testing.subject import ComponentConformance

__all__ = ["MapSourceConformance"]


class MapSourceConformance(ComponentConformance):
    """The same seed gives the same map, on the grid that was asked for, with a unit and sane splits and variance.

    Examples
    --------
    >>> class TestMine(MapSourceConformance):
    ...     component = "simulated"
    ...     options = {"pixel": "1 arcsec", "size": (32, 32), "white": 1.0}
    """

    kind: ClassVar[str] = "maps"
    #: Whether it can be painted on a grid that lies nowhere on the sky.
    paints_anywhere: ClassVar[bool] = False
    #: Where a source without a native grid is painted.
    where: ClassVar[Grid | None] = None

    @pytest.fixture
    def source(self) -> Any:
        return self.made()

    def loaded(self, source: Any, seed: int = 3) -> Map:
        """The map of one seed on the native grid, or on that of the test; its warnings are not the subject here."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FaintskyWarning)
            made = source.load(source.grid() or self.where, Context(seed=seed, task="conformance"))
        assert isinstance(made, Map)
        return made

    def test_the_map_lies_on_the_grid(self, source: Any) -> None:
        made = self.loaded(source)
        native = source.grid()
        assert made.values.shape == made.geometry.shape
        if native is not None:
            native.check_same(made.geometry)

    def test_the_same_seed_gives_the_same_map(self, source: Any) -> None:
        assert self.loaded(source).digest == self.loaded(source).digest

    def test_the_unit_is_one(self, source: Any) -> None:
        from astropy.units import Unit

        made = self.loaded(source)
        assert made.unit
        Unit(made.unit)

    def test_weight_variance_splits_and_counts_are_sane(self, source: Any) -> None:
        made = self.loaded(source)
        kept = made.weight > 0
        assert np.all(made.footprint[kept]), "a kept pixel lies inside the footprint"
        if made.variance is not None:
            assert np.all(made.variance >= 0)
            assert made.shot_noise() >= 0
        for split in made.splits:
            assert np.all(np.isfinite(split[kept]))
        if made.splits:
            assert len(made.splits) >= 2
            assert not np.array_equal(made.splits[0], made.splits[1])
        if made.counts is not None:
            assert np.all(made.counts >= 0)
            np.testing.assert_array_equal(made.counts, np.rint(made.counts))

    def test_it_survives_storage(self, source: Any, tmp_path: Path) -> None:
        made = self.loaded(source)
        save(made, tmp_path / "map.h5")
        again = load(tmp_path / "map.h5")
        assert again.digest == made.digest
        assert set(again.meta) == set(made.meta)

    def test_it_touches_neither_the_global_random_state_nor_the_screen(self, source: Any, capsys: Any) -> None:
        before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
        self.loaded(source)
        assert np.array_equal(before, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002
        assert capsys.readouterr().out == ""

    def test_a_grid_that_it_cannot_be_made_on_is_refused(self, source: Any) -> None:
        grid = Grid((7, 9), 11.3 * ARCSEC)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FaintskyWarning)
            if self.paints_anywhere:
                assert source.load(grid, Context()).values.shape == (7, 9)
                return
            with pytest.raises(DataError):
                source.load(grid, Context())
