"""Evidences by importance sampling: exact on analytic problems, and the judge of nested samplers in many dimensions.

The problems, and their exact ln Z, are those of Feroz et al. 2009 and issue 2; tolerance of the mean of five seeds:
2 quoted sigma / sqrt(5) + 0.02, which a tenth of what nested sampling is allowed there.
"""

import numpy as np
import pytest
from attrs import frozen

from faintsky.core.context import Context
from faintsky.core.reduced_likelihood import ReducedLikelihood
from faintsky.core.registry import make
from faintsky.core.sampler import Posterior
from faintsky.estimators.samplers.reweighted import checked, reweighted_log_z
from faintsky.testing.local_blocks import LocalBlocks
from faintsky.testing.problems import (
    BoxedGaussian,
    ConjugateGaussian,
    CorrelatedGaussian,
    EggBox,
    KingBlocks,
    PeakOnPlateau,
    Shells,
)

PROBLEMS = {
    "gaussian-2": CorrelatedGaussian(dimensions=2),
    "gaussian-5": CorrelatedGaussian(dimensions=5),
    "gaussian-10": CorrelatedGaussian(dimensions=10),
    "gaussian-24": CorrelatedGaussian(dimensions=24),
    "egg-box": EggBox(),
    "shells-2": Shells(dimensions=2),
    "shells-5": Shells(dimensions=5),
    "shells-10": Shells(dimensions=10),
    "boxed": BoxedGaussian(),
    "conjugate": ConjugateGaussian(),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_laplace_is_over_five_seeds(name, record_property):
    problem = PROBLEMS[name]
    found = [make("samplers", "laplace-is").run(problem, Context(seed=s)) for s in range(1, 6)]
    off, quoted = np.array([p.log_z - problem.log_z for p in found]), np.array([p.log_z_error for p in found])
    record_property("ln Z - truth", off.round(4).tolist())
    assert quoted.max() < 0.1
    good = np.array([p.status == "converged" for p in found])
    # A run may say that it is not to be trusted; those that do not must be right.
    assert good.sum() >= 4
    assert abs(off[good].mean()) < 2 * quoted[good].mean() / np.sqrt(5) + 0.02


def test_laplace_is_in_five_dimensions():
    problem = CorrelatedGaussian(dimensions=5)
    found = make("samplers", "laplace-is", draws=4000, round_draws=1000).run(problem, Context(seed=1))
    assert found.status == "converged"
    assert found.log_z_error < 0.03
    assert abs(found.log_z + 11.5129) < 4 * found.log_z_error


@frozen(kw_only=True, eq=False)
class PilotedPeak(ReducedLikelihood):
    """The peak on a plateau, with a pilot that knows twenty candidate places, one of them right to 0.3."""

    inner: LocalBlocks
    _width: float = 0.4

    @property
    def parameters(self):
        return self.inner.outer.parameters

    def log_likelihood(self, theta):
        return self.inner.reduced().log_likelihood(theta)

    def fingerprint(self):
        return self.inner.fingerprint()

    def completed(self, theta, rng):
        return self.inner.reduced().completed(theta, rng)

    @property
    def places(self):
        return np.concatenate([[[0.2, -0.2]], np.random.default_rng(7).uniform(-18, 18, (19, 2))])

    def pilot(self, number, rng):
        theta = self.prior_transform(rng.random((number, self.ndim)))
        theta[:, :2] = self.places[rng.integers(0, 20, number)] + self._width * rng.standard_normal((number, 2))
        return theta

    def pilot_log_density(self, theta):
        away = np.sum((theta[:, None, :2] - self.places) ** 2, axis=2) / self._width**2
        local = np.log(np.exp(-0.5 * away).mean(axis=1) / (2 * np.pi * self._width**2) + 1e-300)
        return self.log_prior(theta) + 2 * np.log(40.0) + local


class Piloted(LocalBlocks):
    def reduced(self):
        return PilotedPeak(inner=LocalBlocks(outer=self.outer, blocks=self.blocks))


def peak_on_plateau(peak, seed):
    """The run, and by how much its ln Z is off."""
    problem = PeakOnPlateau(peak=peak, plateau=1 - peak)
    whole = Piloted(outer=problem, blocks=3)
    found = make("samplers", "factorised").run(whole, Context(seed=seed))
    return found, found.log_z - (problem.log_z - whole.log_area)


def test_a_narrow_peak_that_the_pilot_hardly_knows():
    # The peak fills 1e-5 of the prior; of 1000 pilot points some three see it. Target of ln Z: 0.05.
    found, off = peak_on_plateau(0.95, 1)
    assert found.status == "converged"
    assert abs(off) < 4 * found.log_z_error
    assert found.log_z_error < 0.1
    assert found.calls < 12000
    near = np.hypot(*found.samples[:, :2].T) < 0.3
    assert found.weights[near].sum() == pytest.approx(0.95, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("peak", [0.05, 0.5, 0.95])
def test_a_narrow_peak_on_a_plateau_that_carries_the_rest(peak, record_property):
    runs = [peak_on_plateau(peak, s) for s in range(1, 11)]
    off, quoted = np.array([o for _, o in runs]), np.array([p.log_z_error for p, _ in runs])
    record_property("ln Z - truth, quoted, calls", (off.round(3).tolist(), quoted.round(3).tolist(), [p.calls for p, _ in runs]))
    good = np.array([p.status == "converged" for p, _ in runs])
    assert np.all(np.abs(off[good]) < 4 * quoted[good])
    # A repeat may meet the peak too late; the other one then tells.
    assert good.sum() >= 5


def test_good_evidences_pass_the_check():
    problem = CorrelatedGaussian(dimensions=4)
    rng = np.random.default_rng(1)
    samples = rng.multivariate_normal(problem.mean, problem.covariance, 1000)
    posterior = Posterior(
        names=problem.names,
        samples=samples,
        weights=np.full(1000, 1e-3),
        log_likelihood=problem.log_likelihood(samples),
        calls=1000,
        cpu_seconds=0.1,
        status="converged",
        log_z=problem.log_z + 0.1,
        log_z_error=0.1,
    )
    found = checked(posterior, problem, Context(seed=1))
    assert found.status == "converged"
    assert found.diagnostics["reweighted_log_z"] == pytest.approx(problem.log_z, abs=0.08)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:nestle in")
def test_nestle_in_twelve_dimensions_is_found_out():
    # dual_agn_and_pairs 2.2: nestle multi is 2 to 4 too high from 11 dimensions on. Here six narrow King profiles in the plane,
    # as six positions of one source, with ln Z = -12 ln 6; a run with 100 live points gave +3.3 with a quoted error of 0.5.
    problem = KingBlocks(dimensions=12)
    posterior = make("samplers", "nestle", nlive=100).run(problem, Context(seed=1))
    assert posterior.status == "converged"
    assert posterior.log_z - problem.log_z > 3 * posterior.log_z_error
    found = checked(posterior, problem, Context(seed=1))
    assert found.status == "unreliable"
    assert abs(found.diagnostics["reweighted_log_z"] - problem.log_z) < max(0.2, 4 * found.diagnostics["reweighted_error"])


@pytest.mark.slow
@pytest.mark.parametrize("problem", [CorrelatedGaussian(dimensions=5), Shells(), KingBlocks(dimensions=4), ConjugateGaussian()])
def test_good_runs_of_nestle_are_not_flagged(problem):
    posterior = make("samplers", "nestle").run(problem, Context(seed=1))
    assert checked(posterior, problem, Context(seed=1)).status == "converged"
    assert reweighted_log_z(posterior, problem, Context(seed=2)).log_z == pytest.approx(problem.log_z, abs=0.08)
