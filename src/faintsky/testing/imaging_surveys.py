"""The conformance suite of the kind ``imaging_surveys``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest

from faintsky.core.context import Context
from faintsky.core.imaging_survey import ImagingSurvey
from faintsky.testing.subject import ComponentConformance

__all__ = ["ImagingSurveyConformance"]


class ImagingSurveyConformance(ComponentConformance):
    """Images of one grid and footprint with exposures in cm^2 s, one survey for all tasks of a seed, catalogues on the sky.

    Attributes
    ----------
    simulated : bool
        Whether another seed draws another survey.

    Examples
    --------
    >>> class TestMine(ImagingSurveyConformance):
    ...     component = "simulated"
    ...     simulated = True
    """

    kind: ClassVar[str] = "imaging_surveys"
    simulated: ClassVar[bool] = False
    _once: ClassVar[ImagingSurvey]

    @pytest.fixture
    def survey(self) -> Any:
        cls = type(self)
        if "_once" not in cls.__dict__:
            cls._once = self.made().load(Context(seed=1, task="one"))
        return cls._once

    def test_it_holds_images_of_one_footprint(self, survey: Any) -> None:
        assert isinstance(survey, ImagingSurvey)
        first = next(iter(survey.images.values()))
        for name, image in survey.images.items():
            assert image.name == name
            assert image.counts.dtype == np.int32
            assert image.area > 0
            np.testing.assert_array_equal(image.footprint, first.footprint)
            # An exposure in seconds would lie below a year; with hundreds of cm^2 a survey lies above a day times 1 cm^2.
            assert image.exposure.max() > 86400

    def test_photons_come_from_where_it_looked(self, survey: Any) -> None:
        for image in survey.images.values():
            assert image.counts[image.footprint].sum() > 0
            assert np.all(image.exposure[image.footprint] > 0)

    def test_psf_radii_grow_with_the_enclosed_fraction(self, survey: Any) -> None:
        for image in survey.images.values():
            radii = list(image.psf.radii.values())
            assert all(np.all(inner < outer) for inner, outer in pairwise(radii))

    def test_every_task_of_a_seed_sees_the_same_survey(self, survey: Any) -> None:
        assert self.made().load(Context(seed=1, task="another")).digest == survey.digest

    def test_another_seed_draws_another_survey(self, survey: Any) -> None:
        if not self.simulated:
            pytest.skip("it reads files")
        assert self.made().load(Context(seed=2, task="one")).digest != survey.digest

    def test_catalogues_have_positions_and_no_codes_for_missing_values(self, survey: Any) -> None:
        for catalogue in (survey.galaxies, survey.truth):
            if catalogue is None:
                continue
            assert np.all((catalogue["ra"] >= 0) & (catalogue["ra"] <= 360))
            assert np.all(np.abs(catalogue["dec"]) <= 90)
            for name, column in catalogue.columns.items():
                if column.dtype.kind == "f":
                    assert not np.isin(column, [-99.0, -999.0, -9999.0]).any(), name

    def test_it_leaves_no_trace(self, survey: Any, capfd: Any) -> None:
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        self.made().load(Context(seed=1))
        said = capfd.readouterr()
        assert (said.out, said.err) == ("", "")
        np.testing.assert_equal(np.random.get_state(legacy=False), before)  # noqa: NPY002
