"""The second source that a fit finds, and whether it may be the hook of Chandra's PSF."""

import numpy as np
import pytest

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.errors import FaintskyWarning
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import Place
from faintsky.core.registry import make
from faintsky.core.sampler import Posterior
from faintsky.studies.dual_agn.second_source import SecondSource
from faintsky.studies.dual_agn.weighing import Analysis, weigh

#: At roll 100 deg the hook lies at a position angle of 195 - 100 = 95 deg, 0.6 to 1 arcsec out.
ROLL, HOOK = np.deg2rad(100), np.deg2rad(95)


def second(separation, angle, scatter=0.05, size=20000):
    """A second source at `separation` [arcsec] and position angle `angle` [rad]; the first at the origin."""
    rng = np.random.default_rng(3)
    samples = np.zeros((size, 5))
    samples[:, 2:4] = rng.normal(separation * np.array([-np.sin(angle), np.cos(angle)]), scatter, (size, 2))
    samples[:, 4] = rng.normal(-0.5, 0.1, size)
    return SecondSource.of(
        Posterior(
            names=("x_1", "y_1", "x_2", "y_2", "log_f_2"),
            samples=samples,
            weights=np.full(size, 1 / size),
            log_likelihood=np.zeros(size),
            calls=1,
            cpu_seconds=0.0,
            status="converged",
        )
    )


def observation(name, roll=ROLL, telescope="CHANDRA", x=(), y=()):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return PhotonBox(
        x=x,
        y=y,
        energy=np.full(x.size, 1.5),
        box=Box.square(20),
        place=Place(roll=roll, observation=name),
        exposure=5e4,
        background_counts=13.0,
        background_area=2100.0,
        frame_time=0.0,
        subpixel="edser",
        facts={"telescope": telescope},
    )


def photons(*boxes):
    return PhotonSet(name="S", ra=150.0, dec=2.0, observations=boxes)


def test_the_row_is_where_the_source_stands():
    row = second(0.8, np.deg2rad(350)).row()
    # A radius scattered by 0.05 across as well as along: 0.8 + 0.05^2 / (2 x 0.8) in the mean; 20,000 draws.
    assert row["separation_arcsec"] == pytest.approx(0.8016, abs=2e-3)
    assert row["separation_arcsec_low"] == pytest.approx(0.05, rel=0.05)
    assert row["position_angle_deg"] == pytest.approx(350, abs=0.1)
    assert row["log10_ratio"] == pytest.approx(-0.5, abs=0.003)


def test_a_second_source_on_the_hook_is_told_with_the_observations():
    boxes = observation("1"), observation("2", roll=ROLL + np.pi), observation("3", roll=ROLL + 0.1)
    (said,) = second(0.8, HOOK).cautions(photons(*boxes))
    assert "source S: the second source, 0.8 arcsec from the first at a position angle of 95 deg" in said
    assert "in 2 of 3 observations (1, 3)" in said


@pytest.mark.parametrize(("separation", "angle"), [(0.8, HOOK + np.pi), (2.0, HOOK)])
def test_elsewhere_nothing_is_said(separation, angle):
    assert not list(second(separation, angle).cautions(photons(observation("1"))))


@pytest.mark.parametrize("telescope", ["", "AXIS"])
def test_other_telescopes_have_no_such_hook(telescope):
    assert not list(second(0.8, HOOK).cautions(photons(observation("1", telescope=telescope))))


def test_the_study_warns_of_a_source_that_it_finds_on_the_hook():
    rng = np.random.default_rng(5)
    width = 0.3
    psf = make("psfs", "gaussian", sigma=f"{width} arcsec")
    first = rng.normal(0, width, (150, 2))
    other = rng.normal(0.8 * np.array([-np.sin(HOOK), np.cos(HOOK)]), width, (60, 2))
    analysis = Analysis(
        numbers=(1, 2), psf=psf, likelihood=make("likelihoods", "photon-mixture"), sampler=make("samplers", "factorised")
    )

    def weighed(places):
        data = photons(observation("1", x=places[:, 0], y=places[:, 1]))
        return weigh(photons=data, analysis=analysis, title="S", ctx=Context(seed=1))

    pair = np.concatenate([first, other])
    with pytest.warns(FaintskyWarning, match="stands on the hook"):
        found = weighed(pair)
    assert found.factor.ln > 3
    assert any("hook" in text for text in found.cautions)
    assert weighed(first).cautions == ()
