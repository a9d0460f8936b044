"""Evidences of single and dual sources against references by independent code.

The photons and their references are those of ``benchmarks/photon_problems.json``: two methods, lattice quadrature and importance
sampling in all parameters, which agree within 3 sigma (`benchmarks/photon_references.py` says how). Tolerances:
dual_agn_and_pairs 2.6, |d ln Z| <= max(0.15, 3 sigma); the issue, sigma(ln BF) <= 0.1.
"""

import json
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from faintsky.core.box import Box
from faintsky.core.context import Context
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import PointSources
from faintsky.core.psf import Place
from faintsky.core.registry import make
from faintsky.core.units import ARCSEC

STORE = Path(__file__).resolve().parents[2] / "benchmarks" / "photon_problems.json"
PROBLEMS = json.loads(STORE.read_text())["problems"]
NUMBERS = {"single": 1, "dual": 2}
#: A few CPU seconds each.
FAST = ("close-1", "wide-5")
NAMES = [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in PROBLEMS]


def likelihood(name, model):
    boxes = tuple(
        PhotonBox(
            x=each["x"],
            y=each["y"],
            energy=each["energy"],
            box=Box.square(20),
            place=Place(off_axis=each["off_axis"] * 60 * ARCSEC, azimuth=each["azimuth"], observation=each["name"]),
            exposure=each["exposure"],
        )
        for each in PROBLEMS[name]["observations"]
    )
    # The prior of the references: log10 of background over source counts about -1.
    rule = make("likelihoods", "photon-mixture", background_mean=-1.0)
    return rule.bind(
        PhotonSet(name=name, observations=boxes),
        PointSources(number=NUMBERS[model], psf=make("psfs", "two-king")),
        Context(),
    )


def reference(name, model):
    """ln Z and its error: the better one of both methods, which agree."""
    return min(PROBLEMS[name]["references"][model].values(), key=lambda found: max(found[1], 1e-3))


@cache
def sampled(sampler, name, model):
    return make("samplers", sampler).run(likelihood(name, model), Context(seed=1))


def assert_right(found, name, model):
    truth, error = reference(name, model)
    assert found.status == "converged", found.notes
    assert abs(found.log_z - truth) <= max(0.15, 3 * np.hypot(found.log_z_error, error)), (found.log_z, truth)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("model", NUMBERS)
def test_two_independent_methods_agree(name, model):
    (a, error_a), (b, error_b) = PROBLEMS[name]["references"][model].values()
    assert abs(a - b) <= 3 * np.hypot(error_a, error_b)
    assert error_a <= 0.02
    assert error_b <= 0.03


@pytest.mark.parametrize("name", NAMES)
def test_factorised_finds_the_bayes_factor(name, record_property):
    found = {model: sampled("factorised", name, model) for model in NUMBERS}
    for model, posterior in found.items():
        record_property(model, [posterior.log_z - reference(name, model)[0], posterior.log_z_error, posterior.cpu_seconds])
        assert_right(posterior, name, model)
    assert np.hypot(*(posterior.log_z_error for posterior in found.values())) <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("model", NUMBERS)
def test_all_parameters_by_importance_sampling(name, model, record_property):
    found = sampled("laplace-is", name, model)
    record_property("found", [found.log_z - reference(name, model)[0], found.log_z_error, found.cpu_seconds])
    assert_right(found, name, model)


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "options"), [("nestle", {"nlive": 100}), ("dynesty", {"nlive": 200})])
@pytest.mark.parametrize("model", NUMBERS)
def test_a_biased_nested_run_is_flagged(sampler, options, model, record_property):
    # dual_agn_and_pairs 2.2: at 11 and 14 parameters nestle is 2 to 4 too high, dynesty 3 at 14. A run that happens to be right
    # may pass; a wrong one must not.
    from faintsky.estimators.samplers.reweighted import checked

    bound = likelihood("single-5", model)
    truth, error = reference("single-5", model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = make("samplers", sampler, max_calls=800_000, **options).run(bound, Context(seed=1))
        judged = checked(found, bound, Context(seed=1))
    record_property("found", [found.log_z - truth, found.log_z_error, judged.status, *judged.notes])
    if abs(found.log_z - truth) > max(0.5, 4 * np.hypot(found.log_z_error, error)):
        assert judged.status == "unreliable"
    if sampler == "nestle":
        assert judged.status != "converged"
