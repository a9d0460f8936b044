"""The conformance suite of the kind ``cutouts``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.core.cutout import Cutout
from faintsky.core.errors import DataError
from faintsky.testing.subject import ComponentConformance

__all__ = ["CutoutsConformance"]


class CutoutsConformance(ComponentConformance):
    """Targets with names, places and redshifts; images of one grid about each, with errors and PSFs; the same for every task.

    Attributes
    ----------
    simulated : bool
        Whether another seed draws other images.

    Examples
    --------
    >>> class TestMine(CutoutsConformance):
    ...     component = "simulated"
    ...     simulated = True
    """

    kind: ClassVar[str] = "cutouts"
    simulated: ClassVar[bool] = False
    _found: ClassVar[tuple[Catalogue, Cutout]]

    @pytest.fixture
    def found(self) -> Any:
        """The targets, and the cutout of the first."""
        cls = type(self)
        if "_found" not in cls.__dict__:
            made, ctx = self.made(), Context(seed=1, task="one")
            targets = made.targets(ctx)
            cls._found = targets, made.cutout(str(targets["name"][0]), ctx)
        return cls._found

    def test_targets_have_names_of_their_own_places_and_redshifts(self, found: Any) -> None:
        targets, _ = found
        assert len(targets) > 0
        names = [str(name) for name in targets["name"]]
        assert "" not in names
        assert len(set(names)) == len(names)
        for column in ("ra", "dec", "z_spec"):
            assert targets[column].dtype == np.float64, column
        assert np.all(np.isfinite(targets["ra"]) & (np.abs(targets["dec"]) <= 90))
        assert not np.any(targets["z_spec"] <= 0), "a missing redshift is NaN"

    def test_bands_lie_on_one_grid_with_errors_and_psfs(self, found: Any) -> None:
        targets, cutout = found
        assert isinstance(cutout, Cutout)
        assert cutout.name == str(targets["name"][0])
        grid = cutout.images.grid
        assert max(grid.scale) < 1e-4, "pixels in rad, and of an image in which galaxies are resolved"
        for name, image in cutout.images.bands.items():
            assert image.bandpass.name == name
            assert image.psf is not None, name
            assert image.values.shape == grid.shape
            # NaN times a mask of 0 is NaN: what has no error has a value that does no harm.
            assert np.all(np.isfinite(image.values)), name
        waves = [image.wavelength for image in cutout.images.bands.values()]
        assert waves == sorted(waves)
        assert waves[0] > 0.05, "wavelengths are in um"
        assert any(np.isfinite(image.sigma).any() for image in cutout.images.bands.values())

    def test_the_target_stands_where_it_is_said_to(self, found: Any) -> None:
        targets, cutout = found
        ny, nx = cutout.images.grid.shape
        assert -0.5 < cutout.x < nx - 0.5
        assert -0.5 < cutout.y < ny - 0.5
        if cutout.images.grid.wcs is not None:
            x, y = cutout.images.grid.wcs.wcs_world2pix(targets["ra"][0], targets["dec"][0], 0)
            assert np.hypot(x - cutout.x, y - cutout.y) < 0.1

    def test_every_target_has_images(self, found: Any) -> None:
        targets, first = found
        made, last = self.made(), str(targets["name"][-1])
        other = made.cutout(last, Context(seed=1))
        assert other.name == last
        assert list(other.images.bands) == list(first.images.bands)

    def test_every_task_of_a_seed_sees_the_same(self, found: Any) -> None:
        targets, cutout = found
        made, ctx = self.made(), Context(seed=1, task="another")
        assert made.targets(ctx).digest == targets.digest
        assert made.cutout(cutout.name, ctx).digest == cutout.digest

    def test_another_seed_draws_other_images(self, found: Any) -> None:
        if not self.simulated:
            pytest.skip("it reads files")
        made, ctx = self.made(), Context(seed=2)
        other = made.cutout(str(made.targets(ctx)["name"][0]), ctx)
        assert other.images.digest != found[1].images.digest

    def test_the_truth_has_the_columns_of_its_kind(self, found: Any) -> None:
        truth = found[1].truth
        assert (truth is not None) is self.simulated
        if truth is None:
            return
        columns = ["x", "y", "redshift", "kind", "active", "log_mass", "ellipticity", "angle"]
        columns += [f"{what}_{band}" for band in found[1].images.bands for what in ("galaxy", "point", "radius", "index")]
        assert [name for name in columns if name not in truth.columns] == []
        assert set(truth["kind"]) <= {"agn", "companion", "interloper", "star", "clump"}

    def test_an_unknown_target_is_refused(self) -> None:
        with pytest.raises(DataError):
            self.made().cutout("no target has this name", Context(seed=1))
