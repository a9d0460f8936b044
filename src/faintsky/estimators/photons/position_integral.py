"""Integrals of the photon likelihood over the position of the first source and over all shifts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from faintsky.core.eef_radius import EefRadius
from faintsky.core.errors import DataError
from faintsky.core.prior import Prior, Uniform
from faintsky.estimators.photons.local_integral import LocalIntegral, Patch, Starts
from faintsky.estimators.photons.mixed_sources import MixedSources
from faintsky.estimators.photons.node_weights import node_weights
from faintsky.estimators.photons.photon_likelihood import PhotonLikelihood

__all__ = ["PositionIntegral", "PositionTerms"]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_ARCSEC = np.pi / 648000
#: What is less likely than a single source by this in ln, at the best positions, gets an estimate of its integral only: a single
#: source is the limit of several at one place, whose share of the prior is not below exp(-20), so that nothing of it is left.
_HOPELESS = 35.0


@frozen(kw_only=True, eq=False)
class PositionTerms:
    """The integrand over the position of the first source, at the nodes of a patch.

    Attributes
    ----------
    rows : ndarray of int, shape (r,)
        Which of the hypotheses.
    patch : Patch
        L_0.
    density : ndarray, shape (r, m, m)
        Prior of all positions.
    product : ndarray, shape (r, m, m)
        L_0 times the prior times B_k of all observations, over exp(`log_scale`).
    log_scale : ndarray, shape (r,)
    """

    rows: Rows
    patch: Patch
    density: Array
    product: Array
    log_scale: Array


@frozen(kw_only=True, eq=False, slots=False)
class PositionIntegral:
    """int dmu p(mu) prod_j p(mu + s_j) L_0(mu) prod_(k > 0) int dnu p_k(nu - mu) L_k(nu), for separations s_j and fractions.

    Attributes
    ----------
    likelihood : PhotonLikelihood
        Hypotheses are given as rows of its parameters, with the first source at 0 and no shifts.
    fineness : float
        How much finer than usual the lattices are, which then reach further out, too.

    Raises
    ------
    DataError
        Where the first observation has no photon.
    """

    likelihood: PhotonLikelihood
    fineness: float = 1.0

    def __attrs_post_init__(self) -> None:
        first = self.likelihood.observations[0]
        if not len(first):
            raise DataError(
                f"the longest observation {first.photons.name} has no photon in the box: positions cannot be integrated in its "
                "frame. Leave it out, or sample all parameters with laplace-is"
            )

    def finer(self, factor: float) -> PositionIntegral:
        """The same on finer lattices that reach further out."""
        return evolve(self, fineness=self.fineness * factor)

    @property
    def number(self) -> int:
        """Of sources."""
        return self.likelihood.number

    @cached_property
    def prior(self) -> dict[str, Prior]:
        """Of all parameters of the full likelihood, by name."""
        return {p.name: p.prior for p in self.likelihood.parameters}

    @cached_property
    def kept(self) -> int:
        """Columns of the full likelihood before the shifts."""
        return len(self.likelihood.parameters) - 2 * (len(self.likelihood.observations) - 1)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Observations with photons, but the first: integrals of the others are 1."""
        return tuple(k for k, one in enumerate(self.likelihood.observations) if k > 0 and len(one))

    @cached_property
    def typical(self) -> Array:
        """Shares of background and a single source, shape (1, 2), where the background is on the low side of its prior."""
        f = 10.0 ** float(self.prior["log_f_bkg"].ppf(0.25))
        return np.array([[f / (1 + f), 1 / (1 + f)]])

    @cached_property
    def cores(self) -> tuple[float, ...]:
        """Radius of half of the light in each observation [arcsec]."""
        psf = self.likelihood.model.psf
        places = [one.place for one in self.likelihood.data.observations]
        return tuple(float(EefRadius(psf=psf.placed(place)).at(0.5)) / _ARCSEC for place in places)

    def shift_names(self, observation: int) -> tuple[str, str]:
        """Names of the two shifts of an observation."""
        names = self.likelihood.names[self.kept + 2 * (observation - 1) :][:2]
        return names[0], names[1]

    def shift_priors(self, observation: int) -> tuple[Prior, Prior]:
        """Their priors."""
        x, y = self.shift_names(observation)
        return self.prior[x], self.prior[y]

    def position_priors(self, axis: int) -> list[Prior]:
        """Of the positions of all sources along an axis."""
        return [self.prior[f"{'xy'[axis]}_{j}"] for j in range(1, self.number + 1)]

    def alone(self, observation: int) -> MixedSources:
        """A single source with typical weights."""
        middle = np.array([[float(p.prior.ppf(0.5)) for p in self.likelihood.parameters]])
        spectra = self.likelihood.spectra(middle, observation)
        return MixedSources(
            weights=self.typical, separations=np.zeros((1, 1, 2)), spectra=None if spectra is None else spectra[:, :2]
        )

    def sources(self, full: Array, observation: int) -> MixedSources:
        """The hypotheses in `full` of shape (n, D)."""
        return MixedSources(
            weights=self.likelihood.weights(full),
            separations=self.likelihood.positions(full, 0),
            spectra=self.likelihood.spectra(full, observation),
        )

    @cached_property
    def locals(self) -> dict[int, LocalIntegral]:
        """The lattice of each observation with photons."""
        found: dict[int, LocalIntegral] = {}
        for k in (0, *self.used):
            priors = [self.prior["x_1"], self.prior["y_1"]] if k == 0 else self.shift_priors(k)
            quartiles = [float(prior.ppf(0.75) - prior.ppf(0.25)) for prior in priors]
            # Half the distance of quartiles is 2/3 sigma of a Gaussian: a lattice finer than that samples the prior too.
            one = LocalIntegral.of(self.likelihood.observations[k], self.alone(k), self.cores[k], widest=0.5 * min(quartiles))
            found[k] = one if self.fineness == 1 else one.finer(self.fineness)
        return found

    def log_integral(self, full: Array) -> Array:
        """ln of the integral at `full` of shape (n, D), shape (n,); -inf where the box has no place for all sources."""
        found, _, terms = self._begun(full)
        for one in terms:
            total = one.product.sum(axis=(1, 2))
            # Where no shift that is allowed brings all observations together, nothing may be left.
            with np.errstate(divide="ignore"):
                found[one.rows] = one.log_scale + np.log(np.maximum(total, 0.0))
        return found

    def terms(self, full: Array) -> tuple[Array, Iterator[PositionTerms]]:
        """The likeliest positions of the first source at `full` of shape (n, D), and the integrand in parts of its rows.

        Positions have the shape (n, 2), and are NaN where the box has no place for all sources. The hopeless have no integrand.
        """
        return self._begun(full)[1:]

    def _begun(self, full: Array) -> tuple[Array, Array, Iterator[PositionTerms]]:
        """Estimates of ln of the integral, shape (n,), likeliest positions (n, 2), and the integrand of the hopeful."""
        separations = self.likelihood.positions(full, 0)
        ends = np.array([[prior.support for prior in self.position_priors(axis)] for axis in range(2)])
        low, high = (ends[..., 0].T - separations).max(axis=1), (ends[..., 1].T - separations).min(axis=1)
        rows = np.nonzero((low < high).all(axis=1))[0]
        found, places = np.full(len(separations), -np.inf), np.full((len(separations), 2), np.nan)
        if not len(rows):
            return found, places, iter(())
        full, low, high = full[rows], low[rows], high[rows]
        sources = {k: self.sources(full, k) for k in self.locals}
        starts = {0: self.locals[0].starts(sources[0], low, high)}
        log_density = sum(
            float(prior.logpdf(np.mean(prior.support))) for axis in range(2) for prior in self.position_priors(axis)
        )
        estimate, gain = np.full(len(rows), log_density), np.zeros(len(rows))
        for k, local in self.locals.items():
            if k > 0:
                supports = np.array([prior.support for prior in self.shift_priors(k)])
                starts[k] = local.starts(sources[k], low + supports[:, 0], high + supports[:, 1])
            gain += starts[k].height - local.peaks.log_likelihood[0]
            estimate += starts[k].height + np.log(2 * np.pi * local.peaks.width**2)
        found[rows] = estimate
        places[rows] = np.clip(starts[0].peak, low, high)
        hopeful = np.nonzero(gain > -_HOPELESS)[0]
        return found, places, self._terms(rows, sources, starts, separations[rows], low, high, hopeful)

    def _terms(
        self,
        rows: Rows,
        sources: dict[int, MixedSources],
        starts: dict[int, Starts],
        separations: Array,
        low: Array,
        high: Array,
        some: Rows,
    ) -> Iterator[PositionTerms]:
        local = self.locals[0]
        for patch in local.patches(sources[0].of(some), starts[0].of(some), low[some], high[some]):
            mine = some[patch.rows]
            across = [
                node_weights(
                    [place + separations[mine, j, axis][:, None] for j in range(self.number)],
                    self.position_priors(axis),
                    patch.step,
                    cells=True,
                )
                for axis, place in enumerate((patch.x, patch.y))
            ]
            density = across[1][:, :, None] * across[0][:, None, :]
            product = patch.values * density
            log_scale = patch.log_peak + 2 * np.log(patch.step)
            for k in self.used:
                for part, scale, values in self._shifted(k, sources[k].of(mine), starts[k].of(mine), patch):
                    log_scale[part] += scale
                    product[part] *= values
            yield PositionTerms(rows=rows[mine], patch=patch, density=density, product=product, log_scale=log_scale)

    def _shifted(
        self, observation: int, sources: MixedSources, starts: Starts, first: Patch
    ) -> Iterator[tuple[Rows, Array, Array]]:
        """Rows of a patch of positions, ln of a scale (r,), and B_k over it at its nodes: (r, m, m), or (r, 1, 1) if constant."""
        local, priors = self.locals[observation], self.shift_priors(observation)
        supports = np.array([prior.support for prior in priors])
        low, high = first.low, first.high
        for patch in local.patches(sources, starts, low + supports[:, 0], high + supports[:, 1], near=0.0, sharper=2):
            margin = 2 * patch.step
            inside = (patch.low - high[patch.rows] > supports[:, 0] + margin) & (
                patch.high - low[patch.rows] < supports[:, 1] - margin
            )
            flat = inside.all(axis=1) & all(isinstance(prior, Uniform) for prior in priors)
            scale = patch.log_peak + 2 * np.log(patch.step)
            if flat.any():
                log_density = sum(float(prior.logpdf(np.mean(prior.support))) for prior in priors)
                yield patch.rows[flat], scale[flat] + log_density, patch.values[flat].sum(axis=(1, 2))[:, None, None]
            if not flat.all():
                part = patch.of(np.nonzero(~flat)[0])
                over_x, over_y = (
                    node_weights([nu[:, None, :] - mu[part.rows][:, :, None]], [prior], patch.step)
                    for nu, mu, prior in ((part.x, first.x, priors[0]), (part.y, first.y, priors[1]))
                )
                yield part.rows, scale[~flat], np.maximum(over_y @ part.values @ over_x.transpose(0, 2, 1), 0.0)
