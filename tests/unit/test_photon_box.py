"""Boxes, photons of one observation, of one source."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from faintsky.core.box import Box
from faintsky.core.errors import DataError
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import Place


def photons(name: str = "1", exposure: float = 1e4, number: int = 5, **more: object) -> PhotonBox:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-9, 9, (2, number))
    given: dict[str, object] = {"box": Box.square(20), "place": Place(observation=name, off_axis=1e-4), "exposure": exposure}
    return PhotonBox(x=x, y=y, energy=np.full(number, 1.5), **{**given, **more})  # type: ignore[arg-type]


def test_a_square_box_has_its_area_and_its_distances() -> None:
    box = Box.square(20)
    assert box.area == 400
    assert box.diagonal == pytest.approx(20 * np.sqrt(2))
    assert box.holds([0, 10, 10.1], [0, -10, 0]).tolist() == [True, True, False]
    assert box.edge_distance([0, 9, 11], [0, 3, 0]).tolist() == [10, 1, -1]


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(DataError, match="is empty"):
        Box(x_low=1, x_high=1, y_low=0, y_high=1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exposure": 0.0}, "must be known and above 0"),
        ({"exposure": float("nan")}, "must be known and above 0"),
        ({"energy": [1.0, 2.0]}, "columns of one length"),
        ({"x": [0.0, 0.0, 0.0, 0.0, 11.0]}, "1 of 5 photons lie outside the box"),
        ({"y": [0.0, 0.0, 0.0, 0.0, np.nan]}, "is no number"),
        ({"energy": [1.0, 1.0, 1.0, 1.0, 0.0]}, "above 0"),
        ({"background_shape": np.zeros((3, 3))}, "some light"),
    ],
)
def test_photons_that_cannot_be_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        attrs.evolve(photons(), **change)


def test_the_background_is_scaled_to_the_box() -> None:
    assert photons(background_counts=30, background_area=1200).background == pytest.approx(10)  # 30 * 400 / 1200
    assert np.isnan(photons().background)


def test_photons_per_frame() -> None:
    assert photons(frame_time=3.1, exposure=1e4).per_frame == pytest.approx(5 * 3.1 / 1e4)
    assert np.isnan(photons().per_frame)


def test_the_digest_knows_every_photon_and_place() -> None:
    first = photons()
    assert photons().digest == first.digest
    for change in ({"energy": np.full(5, 1.6)}, {"exposure": 2e4}, {"place": Place(observation="1", off_axis=2e-4)}):
        assert attrs.evolve(first, **change).digest != first.digest


def test_a_source_begins_with_its_longest_observation() -> None:
    source = PhotonSet(name="a", observations=(photons("1", 1e4), photons("2", 3e4), photons("3", 2e4)))
    assert [box.name for box in source.observations] == ["2", "3", "1"]
    assert len(source) == 15
    assert source.exposure == 6e4


def test_the_off_axis_angle_is_weighted_by_exposure() -> None:
    first = photons("1", 1e4, place=Place(observation="1", off_axis=4e-4))
    second = photons("2", 3e4, place=Place(observation="2", off_axis=0.0))
    assert PhotonSet(name="a", observations=(first, second)).off_axis == pytest.approx(1e-4)


def test_observations_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(DataError, match="no observation"):
        PhotonSet(name="a", observations=())
    with pytest.raises(DataError, match="one name"):
        PhotonSet(name="a", observations=(photons("1"), photons("1")))
    with pytest.raises(DataError, match="different boxes"):
        PhotonSet(name="a", observations=(photons("1"), photons("2", box=Box.square(24))))
