"""The check of any sampler's ln Z: importance sampling from its own samples."""

from __future__ import annotations

from attrs import evolve, frozen

from faintsky.core.context import Context
from faintsky.core.likelihood import Likelihood
from faintsky.core.sampler import Posterior
from faintsky.estimators.samplers.importance import CountedLikelihood, adapted, importance_sample, joined
from faintsky.estimators.samplers.mixture_proposal import PriorDensity, fitted
