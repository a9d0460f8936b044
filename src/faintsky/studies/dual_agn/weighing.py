"""One source, weighed: the evidence of one, two or three point sources in its photons."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from attrs import field, frozen

from faintsky.core.context import Context
from faintsky.core.description import described
from faintsky.core.evidence import BayesFactor, Evidence, bayes_factor
from faintsky.core.likelihood import Likelihood, LikelihoodRule
from faintsky.core.photon_cautions import cautions
from faintsky.core.photon_set import PhotonSet
from faintsky.core.point_sources import NAMES, PointSources
from faintsky.core.psf import PSF
from faintsky.core.registry import registry
from faintsky.core.resampled_psf import ResampledPsf, is_noisy
from faintsky.core.sampler import Posterior, Sampler
from faintsky.core.step import step
from faintsky.estimators.samplers.reweighted import checked
from faintsky.studies.dual_agn.second_source import SecondSource

__all__ = ["Analysis", "Weighed", "bayes_factors", "weigh"]

#: Samples of a posterior that are kept; realisations of a noisy PSF.
_KEPT, _PSFS = 1000, 4


@frozen(kw_only=True)
class Analysis:
    """How photons are weighed: the same for data and for simulations.

    Attributes
    ----------
    numbers : tuple of int
        Point sources of the hypotheses; the first is 1.
    psf, likelihood, sampler
        The components.
    """

    numbers: tuple[int, ...]
    psf: PSF
    likelihood: LikelihoodRule[PhotonSet, PointSources]
    sampler: Sampler

    def results(self, photons: PhotonSet, ctx: Context) -> Iterator[tuple[Evidence, Posterior]]:
        """Evidence and posterior of each hypothesis, checked."""
        for number in self.numbers:
            model = PointSources(number=number, psf=self.psf)
            bound = self.likelihood.bind(photons, model, ctx)
            posterior = self.sampler.run(bound, ctx)
            if not self.sampler.checks_itself:
                posterior = checked(posterior, bound, ctx)
            yield self._evidence(model.name, photons, bound, posterior), posterior

    def _evidence(self, name: str, photons: PhotonSet, bound: Likelihood, posterior: Posterior) -> Evidence:
        known = posterior.log_z is not None and posterior.log_z_error is not None
        status = "converged" if known else "unreliable"
        return Evidence(
            model=name,
            log_z=float("nan") if posterior.log_z is None else posterior.log_z,
            error=float("nan") if posterior.log_z_error is None else posterior.log_z_error,
            status=status if posterior.status == "converged" else posterior.status,
            data=photons.digest,
            priors=tuple(f"{p.name} [{p.unit}]: {p.prior} ({p.source})" for p in bound.parameters),
            psf=described(self.psf),
            sampler=registry.short_name(type(self.sampler)),
            checks=posterior.diagnostics,
            notes=posterior.notes,
            cpu_seconds=posterior.cpu_seconds,
            calls=posterior.calls,
        )


@frozen(kw_only=True, eq=False)
class Weighed:
    """What the photons of one source say.

    Attributes
    ----------
    name : str
    counts, observations : int
    off_axis : float
        Mean over the observations, weighted by exposure [rad].
    background : float
        Counts expected in all boxes.
    evidences : tuple of Evidence
        In the order of the hypotheses.
    factors : tuple of BayesFactor
        Each hypothesis of more than one source over the single one.
    posteriors : tuple of Posterior
        In the order of the hypotheses; the first thousand samples of equal weight.
    psf_noise : float
        1-sigma scatter of ln BF over realisations of a noisy PSF, which the errors hold already; 0 for one that is exact.
    cautions : tuple of str
        Where data and PSF may not belong together, and where the second source may be a feature of the PSF.
    """

    name: str
    counts: int
    observations: int
    off_axis: float
    background: float
    evidences: tuple[Evidence, ...]
    factors: tuple[BayesFactor, ...]
    posteriors: tuple[Posterior, ...] = field(repr=False)
    psf_noise: float = 0.0
    cautions: tuple[str, ...] = ()

    @property
    def factor(self) -> BayesFactor:
        """Of the first hypothesis with more than one source."""
        return self.factors[0]

    def posterior(self, number: int) -> Posterior | None:
        """Of the hypothesis of so many sources, where it was weighed."""
        found = {e.model: p for p, e in zip(self.posteriors, self.evidences, strict=True)}
        return found.get(NAMES[number])


def bayes_factors(photons: PhotonSet, analysis: Analysis, ctx: Context) -> tuple[BayesFactor, ...]:
    """Each hypothesis of more than one source over the single one."""
    single, *others = (evidence for evidence, _ in analysis.results(photons, ctx))
    return tuple(bayes_factor(other, single) for other in others)


@step(title="weigh")
def weigh(*, photons: PhotonSet, analysis: Analysis, title: str, ctx: Context) -> Weighed:
    """Evidences, Bayes factors and posteriors of one source; what a referee would ask about is warned of."""
    found = list(analysis.results(photons, ctx))
    evidences = tuple(evidence for evidence, _ in found)
    factors = tuple(bayes_factor(other, evidences[0]) for other in evidences[1:])
    noise = _psf_noise(photons, analysis, ctx)
    rng = ctx.rng("thin")
    weighed = Weighed(
        name=photons.name,
        counts=len(photons),
        observations=len(photons.observations),
        off_axis=photons.off_axis,
        background=photons.background,
        evidences=evidences,
        factors=tuple(attrs.evolve(f, error=float(np.hypot(f.error, noise))) for f in factors),
        posteriors=tuple(_thinned(posterior, rng) for _, posterior in found),
        psf_noise=noise,
    )
    said = (*cautions(photons, analysis.psf), *_of_the_pair(weighed, photons))
    for text in said:
        ctx.warn(text)
    return attrs.evolve(weighed, cautions=said)


def _of_the_pair(weighed: Weighed, photons: PhotonSet) -> Iterator[str]:
    """What is to be said of a second source, where the photons are for one."""
    posterior = weighed.posterior(2)
    if posterior is not None and weighed.factor.ln > 0:
        yield from SecondSource.of(posterior).cautions(photons)


def _psf_noise(photons: PhotonSet, analysis: Analysis, ctx: Context) -> float:
    """Scatter of ln BF over realisations of the PSF, where it is made of counted rays.

    Each realisation adds the noise of the rays once more to an image that holds it already, so that their scatter is that of the
    image about the true PSF.
    """
    if not is_noisy(analysis.psf, [box.place for box in photons.observations]):
        return 0.0
    values = []
    for i in range(_PSFS):
        again = attrs.evolve(ctx, task=f"{ctx.task}:psf {i}")
        other = attrs.evolve(analysis, psf=ResampledPsf(psf=analysis.psf, realisation=i + 1))
        values.append(bayes_factors(photons, other, again)[0].ln)
        ctx.progress(i + 1, _PSFS, "realisations of the PSF")
    return float(np.std(values, ddof=1))


def _thinned(posterior: Posterior, rng: np.random.Generator) -> Posterior:
    rows = posterior.equal_weight(min(_KEPT, len(posterior.samples)), rng.random())
    return attrs.evolve(
        posterior,
        samples=posterior.samples[rows],
        log_likelihood=posterior.log_likelihood[rows],
        weights=np.full(len(rows), 1 / len(rows)),
        diagnostics={**posterior.diagnostics, "ess": posterior.ess},
    )
