"""The conformance suite of the kind ``source_samples``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.source_sample import SourceSample
from faintsky.testing.subject import ComponentConformance

__all__ = ["SourceSampleConformance"]


class SourceSampleConformance(ComponentConformance):
    """Sources with brightness and redshift, an area that grows with luminosity, one sample for all tasks of a seed.

    Attributes
    ----------
    simulated : bool
        Whether another seed draws another sample.

    Examples
    --------
    >>> class TestMine(SourceSampleConformance):
    ...     component = "simulated"
    ...     simulated = True
    """

    kind: ClassVar[str] = "source_samples"
    simulated: ClassVar[bool] = False
    _once: ClassVar[SourceSample]

    @pytest.fixture
    def sample(self) -> Any:
        cls = type(self)
        if "_once" not in cls.__dict__:
            cls._once = self.made().load(Context(seed=1, task="one"))
        return cls._once

    def test_it_holds_sources(self, sample: Any) -> None:
        assert isinstance(sample, SourceSample)
        assert len(sample) > 0
        assert sample.name
        assert np.isfinite(sample.log_x).any()
        known = sample.z[np.isfinite(sample.z)]
        assert known.size
        assert np.all(known >= 0)

    def test_missing_values_are_nan(self, sample: Any) -> None:
        columns = {"log_x": sample.log_x, "z": sample.z, **(sample.table.columns if sample.table is not None else {})}
        for name, column in columns.items():
            if column.dtype.kind == "f":
                assert not np.isin(column, [-99.0, -999.0, -9999.0]).any(), name

    def test_luminosities_are_those_of_the_conversion(self, sample: Any) -> None:
        known = np.isfinite(sample.z) & np.isfinite(sample.log_x)
        log_l = sample.log_l()
        assert np.array_equal(np.isfinite(log_l), known)
        # Active galaxies and galaxies: anything else is a slip of units.
        assert np.all((log_l[known] > 36) & (log_l[known] < 50))

    def test_the_area_grows_with_luminosity_and_falls_with_redshift(self, sample: Any) -> None:
        z = np.geomspace(sample.conversion.z[0], sample.conversion.z[-1], 7)
        area = sample.area_at(np.linspace(38, 50, 61)[:, None], z)
        assert np.all(np.diff(area, axis=0) >= 0)
        assert area.max() == pytest.approx(sample.area.total)
        fixed = sample.area_at(44.0, z)
        assert fixed[0] >= fixed[-1]

    def test_spectroscopic_sources_have_a_redshift(self, sample: Any) -> None:
        assert np.all(np.isfinite(sample.z[sample.spectroscopic]))

    def test_redshifts_are_distributions(self, sample: Any) -> None:
        if sample.redshifts is None:
            pytest.skip("the sample has no redshift densities")
        assert np.all(np.diff(sample.redshifts.cdf, axis=1) >= -1e-6)
        np.testing.assert_array_equal(sample.redshifts.spectroscopic, sample.spectroscopic)
        assert np.all(sample.redshifts.mass <= 1 + 1e-5)

    def test_every_task_of_a_seed_sees_the_same_sample(self, sample: Any) -> None:
        assert self.made().load(Context(seed=1, task="another")).digest == sample.digest

    def test_another_seed_draws_another_sample(self, sample: Any) -> None:
        if not self.simulated:
            pytest.skip("it reads files")
        assert self.made().load(Context(seed=2, task="one")).digest != sample.digest

    def test_it_leaves_no_trace(self, sample: Any, capfd: Any) -> None:
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        self.made().load(Context(seed=1))
        said = capfd.readouterr()
        assert (said.out, said.err) == ("", "")
        np.testing.assert_equal(np.random.get_state(legacy=False), before)  # noqa: NPY002
