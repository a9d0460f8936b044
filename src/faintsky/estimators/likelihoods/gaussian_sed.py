"""The likelihood of a spectrum in bands."""

from __future__ import annotations

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from faintsky.core.band_sed import BandSed
from faintsky.core.component import component
from faintsky.core.context import Context
from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.likelihood import Likelihood, LikelihoodRule
from faintsky.core.parameter import Parameter, at, free_parameters, values_of
from faintsky.core.spectrum import Spectrum
from faintsky.estimators.cross_sed.amplitude import best_amplitude

__all__ = ["GaussianSed", "ShapeLikelihood"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class GaussianSed(LikelihoodRule[BandSed, Spectrum]):
    """Gaussian, independent bands, with the amplitude of the model at its best value.

    The amplitude of a cross-power says nothing of the spectrum, so it is profiled, never below zero. Of a model whose norms are
    all free the first is held, because it would only repeat the amplitude; the others are relative to it.
    """

    def bind(self, data: BandSed, model: Spectrum, ctx: Context) -> ShapeLikelihood:
        """The likelihood of the free parameters of `model`, which is about its shape alone.

        Raises
        ------
        DataError
            Where the model gives no photons.
        """
        if not model.additive:
            raise DataError(f"{model} is a factor and gives no photons: multiply it with a model such as powerlaw")
        values = values_of(model)
        norms = [name for name in values if name.rpartition(".")[2] == "norm"]
        free = [p.name for p in free_parameters(model)]
        if norms and all(name in free for name in norms):
            held = {**getattr(model, "fixed", {}), norms[0]: float(values[norms[0]])}
            model = evolve(model, fixed=held)  # type: ignore[misc]
        return ShapeLikelihood(data=data, model=model)


@frozen(kw_only=True, eq=False)
class ShapeLikelihood(Likelihood):
    """ln L = -chi^2 / 2 at the best amplitude.

    Attributes
    ----------
    data : BandSed
    model : Spectrum
    """

    data: BandSed
    model: Spectrum
    _free: tuple[Parameter, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_free", free_parameters(self.model))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters of the model."""
        return self._free

    def residuals(self, theta: Array) -> Array:
        """(model - measured) / error at `theta` of shape (n, d), shape (n, b)."""
        shape = self.data.expected(at(self.model, theta))
        both = np.broadcast_to(shape, (len(theta), shape.shape[-1]))
        return best_amplitude(both, self.data.value, self.data.error).deviation

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,)."""
        return np.asarray(-0.5 * (self.residuals(theta) ** 2).sum(axis=1))

    def fingerprint(self) -> str:
        """Digest of data, response, model and priors."""
        priors = [[p.name, identity(p.prior)] for p in self.parameters]
        return json_digest([self.data.digest, identity(self.model), priors])
