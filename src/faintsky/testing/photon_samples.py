"""The conformance suite of the kind ``photon_samples``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.photon_sample import PhotonSample
from faintsky.core.source_cuts import SourceCuts
from faintsky.testing.subject import ComponentConformance

__all__ = ["PhotonSampleConformance"]

_COLUMNS = {"name", "ra", "dec", "redshift", "counts", "observations", "exposure", "off_axis", "kept", "reason"}
_TRUTH = {"name", "number", "separation", "ratio", "position_angle"}


class PhotonSampleConformance(ComponentConformance):
    """Sources with photons inside their boxes, a row of the selection for each candidate, one sample for all tasks of a seed.

    Attributes
    ----------
    simulated : bool
        Whether another seed draws another sample, with its truth.
    cuts : SourceCuts
        That keep at least one source.

    Examples
    --------
    >>> class TestMine(PhotonSampleConformance):
    ...     component = "simulated"
    ...     simulated = True
    """

    kind: ClassVar[str] = "photon_samples"
    simulated: ClassVar[bool] = False
    cuts: ClassVar[SourceCuts] = SourceCuts()
    _once: ClassVar[PhotonSample]

    @pytest.fixture
    def sample(self) -> Any:
        cls = type(self)
        if "_once" not in cls.__dict__:
            cls._once = self.made().load(self.cuts, Context(seed=1, task="one"))
        return cls._once

    def test_it_holds_sources_of_different_names(self, sample: Any) -> None:
        assert isinstance(sample, PhotonSample)
        assert sample.sources
        assert len({source.name for source in sample.sources}) == len(sample.sources)

    def test_photons_lie_in_the_box_and_the_band(self, sample: Any) -> None:
        for source in sample.sources:
            assert len(source) == sum(box.x.size for box in source.observations) > 0
            for box in source.observations:
                assert box.box.holds(box.x, box.y).all()
                assert np.all((box.energy >= self.cuts.band.low) & (box.energy <= self.cuts.band.high))

    def test_backgrounds_are_counts_in_an_area(self, sample: Any) -> None:
        for box in (box for source in sample.sources for box in source.observations):
            assert box.background_counts >= 0
            if box.background_energy is not None and box.background_area > 0:
                assert box.background_energy.size == box.background_counts

    def test_observations_know_where_they_were_taken(self, sample: Any) -> None:
        for source in sample.sources:
            times = [box.exposure for box in source.observations]
            assert times == sorted(times, reverse=True)
            for box in source.observations:
                assert 0 <= box.place.off_axis < np.deg2rad(1)
                assert box.name

    def test_the_selection_has_a_row_for_every_candidate(self, sample: Any) -> None:
        selection = sample.selection
        assert set(selection.columns) >= _COLUMNS
        kept = selection["kept"] == 1
        assert list(selection["name"][kept]) == [source.name for source in sample.sources]
        assert np.array_equal(selection["reason"] == "", kept)
        rows = zip(selection["observations"][kept], selection["exposure"][kept], sample.sources, strict=True)
        for number, exposure, source in rows:
            assert number == len(source.observations)
            assert exposure == pytest.approx(source.exposure / 1000)
        np.testing.assert_allclose(
            selection["off_axis"][kept], np.rad2deg([source.off_axis for source in sample.sources]) * 60, rtol=1e-9, atol=1e-12
        )

    def test_the_cuts_hold(self, sample: Any) -> None:
        for source in sample.sources:
            assert len(source) >= self.cuts.min_counts
            assert len(source.observations) <= self.cuts.max_observations
            assert all(box.place.off_axis <= self.cuts.max_off_axis for box in source.observations)
            if self.cuts.redshift is not None:
                assert self.cuts.redshift[0] < source.redshift < self.cuts.redshift[1]

    def test_every_task_of_a_seed_sees_the_same_sample(self, sample: Any) -> None:
        assert self.made().load(self.cuts, Context(seed=1, task="another")).digest == sample.digest

    def test_another_seed_draws_another_sample(self, sample: Any) -> None:
        if not self.simulated:
            pytest.skip("it reads files")
        assert self.made().load(self.cuts, Context(seed=2, task="one")).digest != sample.digest

    def test_a_simulated_sample_knows_its_truth(self, sample: Any) -> None:
        if not self.simulated:
            pytest.skip("it reads files")
        truth = sample.truth
        assert set(truth.columns) >= _TRUTH
        assert list(truth["name"]) == [source.name for source in sample.sources]
        single = truth["number"] == 1
        assert np.array_equal(np.isnan(truth["separation"]), single)
        assert np.array_equal(np.isnan(truth["ratio"]), single)

    def test_it_leaves_no_trace(self, sample: Any, capfd: Any) -> None:
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        self.made().load(self.cuts, Context(seed=1))
        said = capfd.readouterr()
        assert (said.out, said.err) == ("", "")
        np.testing.assert_equal(np.random.get_state(legacy=False), before)  # noqa: NPY002
