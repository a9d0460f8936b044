"""The conformance suite of the kind ``catalogues``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.catalogue import Catalogue
from faintsky.core.context import Context
from faintsky.testing.subject import ComponentConformance

__all__ = ["CatalogueConformance"]


class CatalogueConformance(ComponentConformance):
    """Sources with positions in degrees, missing values as NaN, one catalogue for all tasks of a seed.

    Examples
    --------
    >>> class TestMine(CatalogueConformance):
    ...     component = "simulated"
    """

    kind: ClassVar[str] = "catalogues"
    _once: ClassVar[Catalogue]

    @pytest.fixture
    def catalogue(self) -> Any:
        cls = type(self)
        if "_once" not in cls.__dict__:
            cls._once = self.made().load(Context(seed=1, task="one"))
        return cls._once

    def test_it_holds_sources_with_positions(self, catalogue: Any) -> None:
        assert isinstance(catalogue, Catalogue)
        assert len(catalogue) > 0
        ra, dec = catalogue["ra"], catalogue["dec"]
        known = np.isfinite(ra) & np.isfinite(dec)
        assert known.any()
        assert np.all((ra[known] >= 0) & (ra[known] <= 360))
        assert np.all(np.abs(dec[known]) <= 90)

    def test_missing_values_are_nan(self, catalogue: Any) -> None:
        for name, column in catalogue.columns.items():
            if column.dtype.kind == "f":
                assert not np.isin(column, [-99.0, -999.0, -9999.0]).any(), name

    def test_every_task_of_a_seed_sees_the_same_sources(self, catalogue: Any) -> None:
        again = self.made().load(Context(seed=1, task="another"))
        assert again.digest == catalogue.digest

    def test_redshifts_are_distributions(self, catalogue: Any) -> None:
        if catalogue.redshifts is None:
            pytest.skip("the catalogue has no redshifts")
        z = catalogue.redshifts
        assert len(z) == len(catalogue)
        assert np.all(np.diff(z.cdf, axis=1) >= -1e-6)
        middle = float(z.z[z.z.size // 2])
        parts = z.probability(float(z.z[0]), middle) + z.probability(middle, float(z.z[-1]))
        np.testing.assert_allclose(parts, z.mass, atol=1e-5)

    def test_it_leaves_no_trace(self, catalogue: Any, capfd: Any) -> None:
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        self.made().load(Context(seed=1))
        said = capfd.readouterr()
        assert (said.out, said.err) == ("", "")
        np.testing.assert_equal(np.random.get_state(legacy=False), before)  # noqa: NPY002
