"""The photon likelihood with all positions in the sky and all shifts integrated out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray
from scipy.special import logsumexp

from faintsky.core.digest import json_digest
from faintsky.core.eef_radius import EefRadius
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parameter
from faintsky.core.prior import Normal, Prior, TruncatedNormal, Uniform
from faintsky.core.reduced_likelihood import ReducedLikelihood
from faintsky.estimators.photons.local_integral import LocalIntegral, Patch
from faintsky.estimators.photons.mixed_sources import MixedSources
from faintsky.estimators.photons.node_weights import node_weights
from faintsky.estimators.photons.photon_likelihood import PhotonLikelihood
from faintsky.estimators.photons.pilot_places import PilotPlaces

__all__ = ["ReducedPhotons"]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_ARCSEC = np.pi / 648000
#: Share of pilot points from the prior; the others stand around photons.
_FROM_PRIOR = 0.25
#: Widening of the single source's posterior of log_f_bkg, for pilot points.
_WIDER = 1.5
#: Pilot points have a fainter source of at least this log10 of counts over those of the first: a few photons.
_FAINTEST = -2.5
#: Candidates among which each drawn position is chosen.
_CANDIDATES = 12
#: Points at which `doubts` integrates again on a lattice this much finer, and the change of ln that is too much.
_CHECKED, _FINER, _TOO_MUCH = 64, 1.7, 0.02
#: How far the peak of an observation must lie inside the prior of its shift, in widths of the peak.
_INSIDE = 4.0


@frozen(kw_only=True, eq=False, slots=False)
class ReducedPhotons(ReducedLikelihood):
    """ln of the likelihood of separations and fractions, integrated over the position of the first source and all shifts.

    The shift D_k stands in observation k alone. With nu = mu_1 + D_k and separations s_j = mu_j - mu_1

        L(s, f) = int dmu p(mu) prod_j p(mu + s_j) / p(s_j) L_0(mu) prod_(k > 0) B_k(mu),
        B_k(mu) = int dnu p_k(nu - mu) L_k(nu),

    so that an integral over 2 K dimensions is one over mu, and one over nu for each mu and k; where the prior of the shift is flat
    over the peak of L_k, one over nu alone. Nothing is approximated but the integrals (`LocalIntegral`). p(s) is flat over all that the
    box allows, between plus and minus its side.

    The evidence is that of the full likelihood, in its normalisation of priors. Of two sources with equal priors, the first is the
    one with more counts: log_f_2 is not above 0, and its prior density is doubled there. The evidence stays the same; the full
    posterior is that half of the symmetric one. With three sources nothing is folded.

    Attributes
    ----------
    likelihood : PhotonLikelihood
    fold : bool
        Whether to use the symmetry of two sources, where their priors have it.

    Raises
    ------
    DataError
        Where the positions have priors without ends.
    """

    likelihood: PhotonLikelihood
    fold: bool = True
    fineness: float = field(default=1.0)

    def __attrs_post_init__(self) -> None:
        for name, prior in self._prior.items():
            if name[:2] in ("x_", "y_") and not np.isfinite(prior.support).all():
                raise DataError(
                    f"the prior of {name} has no end, so that separations have none: give one between the sides of the box, or "
                    "sample all parameters with laplace-is"
                )

    @property
    def number(self) -> int:
        """Of sources."""
        return self.likelihood.number

    @cached_property
    def _prior(self) -> dict[str, Prior]:
        return {p.name: p.prior for p in self.likelihood.parameters}

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """sx_2, sy_2, ... [arcsec], then log_f_bkg, log_f_2, ... and those of spectra as in the full likelihood."""
        found = [
            Parameter(name=f"s{axis}_{j}", prior=self._separation(axis, j), unit="arcsec", source="flat over what the box allows")
            for j in range(2, self.number + 1)
            for axis in "xy"
        ]
        for p in self.likelihood.parameters[2 * self.number : self._kept]:
            folded = self._folded(p.prior) if p.name == "log_f_2" and self.fold else None
            found.append(p if folded is None else Parameter(name=p.name, prior=folded, unit=p.unit, source=f"{p.source}, folded"))
        return tuple(found)

    def _separation(self, axis: str, j: int) -> Uniform:
        first, other = self._prior[f"{axis}_1"].support, self._prior[f"{axis}_{j}"].support
        return Uniform(low=other[0] - first[1], high=other[1] - first[0])

    @property
    def _kept(self) -> int:
        """Columns of the full likelihood before the shifts."""
        return len(self.likelihood.parameters) - 2 * (len(self.likelihood.observations) - 1)

    def _folded(self, prior: Prior) -> Prior | None:
        """Twice the prior of log_f_2 below 0, where two sources may change places; else None."""
        mine = [self._prior[name] for name in self._prior if name.endswith("_1") and not name.startswith("d")]
        other = [self._prior[name] for name in self._prior if name.endswith("_2") and not name.startswith(("d", "log_f"))]
        if self.number != 2 or mine != other:
            return None
        if isinstance(prior, Uniform) and prior.low == -prior.high:
            return Uniform(low=prior.low, high=0.0)
        if isinstance(prior, Normal) and prior.mean == 0:
            return TruncatedNormal(mean=0.0, sigma=prior.sigma, high=0.0)
        if isinstance(prior, TruncatedNormal) and prior.mean == 0 and prior.low == -prior.high:
            return TruncatedNormal(mean=0.0, sigma=prior.sigma, low=prior.low, high=0.0)
        return None

    def fingerprint(self) -> str:
        """Of the full likelihood, and of what was integrated out."""
        return json_digest([self.likelihood.fingerprint(), "reduced", self.fold])

    # The integrals.

    @cached_property
    def _used(self) -> tuple[int, ...]:
        """Observations with photons, but the first: integrals of the others are 1."""
        return tuple(k for k, one in enumerate(self.likelihood.observations) if k > 0 and len(one))

    @cached_property
    def _typical(self) -> Array:
        """Shares of background and a single source, shape (1, 2), where the background is on the low side of its prior."""
        f = 10.0 ** self._prior["log_f_bkg"].ppf(0.25)
        return np.array([[f / (1 + f), 1 / (1 + f)]])

    @cached_property
    def _cores(self) -> tuple[float, ...]:
        """Radius of half of the light in each observation [arcsec]."""
        psf = self.likelihood.model.psf
        places = [one.place for one in self.likelihood.data.observations]
        return tuple(float(EefRadius(psf=psf.placed(place)).at(0.5)) / _ARCSEC for place in places)

    @cached_property
    def _locals(self) -> tuple[LocalIntegral | None, ...]:
        """The lattice of each observation with photons."""
        found: list[LocalIntegral | None] = []
        for k, one in enumerate(self.likelihood.observations):
            names = ("x_1", "y_1") if k == 0 else self._shift_names(k)
            quartiles = [np.diff(self._prior[name].ppf([0.25, 0.75]))[0] for name in names]
            if not len(one):
                found.append(None)
                continue
            alone = MixedSources(weights=self._typical, separations=np.zeros((1, 1, 2)), spectra=self._spectra_alone(k))
            # Half the distance of quartiles is 2/3 sigma of a Gaussian: a lattice finer than that samples the prior too.
            found.append(LocalIntegral.of(one, alone, self._cores[k], widest=0.5 * min(quartiles)))
        return tuple(found)

    def _spectra_alone(self, observation: int) -> Array | None:
        middle = np.array([[float(p.prior.ppf(0.5)) for p in self.likelihood.parameters]])
        spectra = self.likelihood.spectra(middle, observation)
        return None if spectra is None else spectra[:, :2]

    def _local(self, observation: int) -> LocalIntegral | None:
        found = self._locals[observation]
        return found if found is None or self.fineness == 1 else found.finer(self.fineness)

    def _shift_names(self, observation: int) -> tuple[str, str]:
        names = self.likelihood.names[self._kept + 2 * (observation - 1) :][:2]
        return names[0], names[1]

    def _full(self, theta: Array) -> Array:
        """Full parameters with the first source at 0 and no shifts."""
        full = np.zeros((len(theta), len(self.likelihood.parameters)))
        full[:, 2 : self._kept] = theta
        return full

    def _sources(self, theta: Array, observation: int) -> MixedSources:
        full = self._full(theta)
        return MixedSources(
            weights=self.likelihood.weights(full),
            separations=self.likelihood.positions(full, 0),
            spectra=self.likelihood.spectra(full, observation),
        )

    def _position_priors(self, axis: str) -> list[Prior]:
        return [self._prior[f"{axis}_{j}"] for j in range(1, self.number + 1)]

    def _window(self, separations: Array) -> tuple[Array, Array]:
        """Where the first source may stand so that all are allowed, low and high ends of shape (n, 2)."""
        ends = np.array([[prior.support for prior in self._position_priors(axis)] for axis in "xy"])
        return (ends[..., 0].T - separations).max(axis=1), (ends[..., 1].T - separations).min(axis=1)

    def log_likelihood(self, theta: Array) -> Array:
        """ln of the reduced likelihood at `theta` of shape (n, d), shape (n,)."""
        values = np.asarray(theta, dtype=float)
        found = np.full(len(values), -np.inf)
        for rows, first, _, product, log_scale in self._integrated(values):
            total = product.sum(axis=(1, 2))
            with np.errstate(divide="ignore"):
                found[rows] = log_scale + first.log_peak + np.log(np.maximum(total, 0.0))
        return found

    def _integrated(self, theta: Array) -> Iterator[tuple[Rows, Patch, Array, Array, Array]]:
        """Rows of `theta`, L_0 around its peaks, the prior of positions there, and L_0 times prior times all B_k, with its ln scale."""
        separations = self.likelihood.positions(self._full(theta), 0)
        low, high = self._window(separations)
        possible = np.nonzero((low < high).all(axis=1))[0]
        local = self._local(0)
        if local is None:
            raise DataError("the longest observation has no photon: leave out observations that were not looked at long enough")
        sources = {k: self._sources(theta[possible], k) for k in (0, *self._used)}
        # 1 / p(s_j): the prior of separations is flat.
        ranges = -sum(float(p.prior.logpdf(np.mean(p.prior.support))) for p in self.parameters[: 2 * (self.number - 1)])
        for patch in local.patches(sources[0], low[possible], high[possible]):
            across = [
                node_weights(
                    [place + separations[possible[patch.rows], j, axis][:, None] for j in range(self.number)],
                    self._position_priors("xy"[axis]),
                    local.step,
                )
                for axis, place in enumerate((patch.x, patch.y))
            ]
            density = across[1][:, :, None] * across[0][:, None, :]
            product = patch.values * density
            log_scale = np.full(len(patch), ranges + 2 * np.log(local.step))
            for k in self._used:
                for some, scale, values in self._shifted(k, sources[k], patch):
                    log_scale[some] += scale
                    product[some] *= values
            yield possible[patch.rows], patch, density, product, log_scale

    def _shifted(self, observation: int, sources: MixedSources, first: Patch) -> Iterator[tuple[Rows, Array, Array]]:
        """Rows of a patch of positions, ln of a scale (r,), and B_k over it at its nodes: (r, m, m), or (r, 1, 1) where constant."""
        local = self._local(observation)
        assert local is not None
        priors = [self._prior[name] for name in self._shift_names(observation)]
        supports = np.array([prior.support for prior in priors])
        low, high = first.reach()
        ends = low + supports[:, 0], high + supports[:, 1]
        for patch in local.patches(sources.of(first.rows), *ends):
            lowest, highest = patch.reach()
            margin = 2 * local.step
            inside = (lowest - high[patch.rows] > supports[:, 0] + margin) & (highest - low[patch.rows] < supports[:, 1] - margin)
            flat = inside.all(axis=1) & all(isinstance(prior, Uniform) for prior in priors)
            scale = patch.log_peak + 2 * np.log(local.step)
            if flat.any():
                density = sum(float(prior.logpdf(0.5 * sum(prior.support))) for prior in priors)
                yield patch.rows[flat], scale[flat] + density, patch.values[flat].sum(axis=(1, 2))[:, None, None]
            if not flat.all():
                part = patch.of(np.nonzero(~flat)[0])
                over_x, over_y = (
                    node_weights([nu[:, None, :] - mu[part.rows][:, :, None]], [prior], local.step)
                    for nu, mu, prior in ((part.x, first.x, priors[0]), (part.y, first.y, priors[1]))
                )
                values = over_y @ part.values @ over_x.transpose(0, 2, 1)
                yield part.rows, scale[~flat], np.maximum(values, 0.0)

    # Draws of what was integrated out.

    def completed(self, theta: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draws of all parameters of the full likelihood, given these, and the full ln L there.

        A node of the lattice is drawn by its weight, with an offset within its cell; of several such draws one is chosen by the
        ratio of the integrand to the node's (importance resampling). What is left of the lattice in the spread is below a percent
        of it. Sources keep the labels of the reduced likelihood: where it is folded, the first is the brighter one.

        Parameters
        ----------
        theta : ndarray, shape (n, d)

        Returns
        -------
        full : ndarray, shape (n, D)
        log_likelihood : ndarray, shape (n,)

        Raises
        ------
        DataError
            Where the likelihood is 0 at one of `theta`.
        """
        values = np.asarray(theta, dtype=float)
        full = self._full(values)
        missing = np.ones(len(values), dtype=bool)
        local = self._local(0)
        for rows, patch, density, product, _ in self._integrated(values):
            assert local is not None
            sources = self._sources(values[rows], 0)
            places, nodes = _candidates(patch, density, product, local.step, rng)
            log_ratio = sources.log_likelihood(local.observation, places) - nodes
            for axis in range(2):
                for j, prior in enumerate(self._position_priors("xy"[axis])):
                    log_ratio += prior.logpdf(places[..., axis] + sources.separations[:, None, j, axis])
            full[rows, :2] = _chosen(places, log_ratio, rng)
            missing[rows] = False
        if missing.any():
            raise DataError(f"{int(missing.sum())} of {len(values)} points have no place for all sources in the box")
        for j in range(1, self.number):
            full[:, 2 * j : 2 * j + 2] += full[:, :2]
        for k in range(1, len(self.likelihood.observations)):
            full[:, self._kept + 2 * (k - 1) : self._kept + 2 * k] = self._drawn_shifts(k, values, full[:, :2], rng)
        return full, self.likelihood.log_likelihood(full)

    def _drawn_shifts(self, observation: int, theta: Array, first: Array, rng: np.random.Generator) -> Array:
        """Shifts of an observation given the position of the first source, shape (n, 2)."""
        priors = [self._prior[name] for name in self._shift_names(observation)]
        local = self._local(observation)
        if local is None:
            return np.stack([prior.rvs(rng, len(theta)) for prior in priors], axis=-1)
        supports = np.array([prior.support for prior in priors])
        sources = self._sources(theta, observation)
        shifts = np.empty((len(theta), 2))
        for patch in local.patches(sources, first + supports[:, 0], first + supports[:, 1]):
            mu = first[patch.rows]
            over_x, over_y = (
                node_weights([nu - mu[:, axis, None]], [priors[axis]], local.step) for axis, nu in enumerate((patch.x, patch.y))
            )
            density = over_y[:, :, None] * over_x[:, None, :]
            places, nodes = _candidates(patch, density, patch.values * density, local.step, rng)
            log_ratio = sources.log_likelihood(local.observation, places, patch.rows) - nodes
            found = places - mu[:, None]
            for axis, prior in enumerate(priors):
                log_ratio += prior.logpdf(found[..., axis])
            shifts[patch.rows] = _chosen(found, log_ratio, rng)
        return np.clip(shifts, supports[:, 0], supports[:, 1])

    # Where to look first.

    @cached_property
    def _single(self) -> tuple[float, float]:
        """Mean and standard deviation of log_f_bkg, were there one source at the peak of each observation."""
        prior = self._prior["log_f_bkg"]
        grid = prior.ppf((np.arange(200) + 0.5) / 200)
        f = 10.0**grid
        weights = np.stack([f / (1 + f), 1 / (1 + f)], axis=-1)
        log_l = np.zeros(len(grid))
        for k, local in enumerate(self._locals):
            if local is not None:
                spectra = self._spectra_alone(k)
                repeated = None if spectra is None else np.repeat(spectra, len(grid), axis=0)
                log_l += local.observation.log_likelihood(
                    np.broadcast_to(local.peaks.places[0], (len(grid), 1, 1, 2)), weights, repeated
                )[:, 0]
        share = np.exp(log_l - logsumexp(log_l))
        mean = float(share @ grid)
        return mean, float(np.sqrt(max(share @ (grid - mean) ** 2, 1e-4)))

    @cached_property
    def _places(self) -> PilotPlaces:
        offsets, unexplained, cores = [], [], []
        for k, local in enumerate(self._locals):
            if local is None:
                continue
            peak = local.peaks.places[0]
            light = local.observation.densities(peak[None])[0] * self._typical[0, 1]
            background = local.observation.background * self._typical[0, 0]
            photons = local.observation.photons
            offsets.append(np.stack([photons.x, photons.y], axis=-1) - peak)
            unexplained.append(background / (background + light))
            cores.append(np.full(len(photons), self._cores[k]))
        return PilotPlaces.of(*(np.concatenate(part) for part in (offsets, unexplained, cores)))

    @cached_property
    def _pilot_priors(self) -> tuple[Prior, ...]:
        """Densities of everything but separations that pilot points around photons are drawn from."""
        found: list[Prior] = []
        for p in self.parameters[2 * (self.number - 1) :]:
            low, high = p.prior.support
            if p.name == "log_f_bkg":
                mean, sigma = self._single
                found.append(TruncatedNormal(mean=mean, sigma=max(_WIDER * sigma, 0.05), low=low, high=high))
            elif p.name.startswith("log_f") and low < _FAINTEST < high:
                top = min(high, -_FAINTEST)
                found.append(Uniform(low=_FAINTEST, high=top))
            else:
                found.append(p.prior)
        return tuple(found)

    def pilot(self, number: int, rng: np.random.Generator) -> Array:
        """Points from the prior, and with separations that put further sources near photons; shape (number, d)."""
        from_prior = rng.random(number) < _FROM_PRIOR
        points = self.prior_transform(rng.random((number, self.ndim)))
        near = np.nonzero(~from_prior)[0]
        apart = 2 * (self.number - 1)
        for j in range(0, apart, 2):
            points[near, j : j + 2] = self._places.drawn(len(near), rng)
        for i, prior in enumerate(self._pilot_priors):
            points[near, apart + i] = prior.rvs(rng, len(near))
        return points

    def pilot_log_density(self, theta: Array) -> Array:
        """ln of the density of `pilot` at `theta` of shape (n, d), shape (n,)."""
        values = np.asarray(theta, dtype=float)
        apart = 2 * (self.number - 1)
        near = np.zeros(len(values))
        for j in range(0, apart, 2):
            near += self._places.log_density(values[:, j : j + 2])
        for i, prior in enumerate(self._pilot_priors):
            near += prior.logpdf(values[:, apart + i])
        return np.asarray(np.logaddexp(np.log(_FROM_PRIOR) + self.log_prior(values), np.log1p(-_FROM_PRIOR) + near))

    # Whether to believe it.

    def doubts(self, theta: Array) -> tuple[str, ...]:
        """Why the integrals at `theta` of shape (n, d) should not be trusted; empty: all is well.

        Up to 64 of the points are integrated again on a finer lattice that reaches further out from the peaks: this finds peaks that
        the priors cut too sharply, narrow ones, and weight that was left out.
        """
        values = np.asarray(theta, dtype=float)
        some = values[np.unique(np.linspace(0, len(values) - 1, min(len(values), _CHECKED)).astype(int))]
        found = list(self._far_shifts())
        change = np.abs(evolve(self, fineness=self.fineness * _FINER).log_likelihood(some) - self.log_likelihood(some))
        off = ~(change <= _TOO_MUCH)
        if off.any():
            worst = ", ".join(f"{name} = {x:.4g}" for name, x in zip(self.names, some[np.argmax(change)], strict=True))
            found.append(
                f"on a finer lattice the integral over positions and shifts changes by up to {np.nanmax(change):.2g} in ln at "
                f"{int(off.sum())} of {len(some)} points ({worst}): a peak is cut by the box or by the prior of a shift, or is not found"
            )
        return tuple(found)

    def _far_shifts(self) -> Iterator[str]:
        first = self._locals[0]
        for k in self._used:
            local = self._locals[k]
            if first is None or local is None or len(first.peaks.places) > 1 or len(local.peaks.places) > 1:
                continue
            shift = local.peaks.places[0] - first.peaks.places[0]
            width = _INSIDE * np.hypot(local.peaks.width, first.peaks.width)
            for axis, name in enumerate(self._shift_names(k)):
                low, high = self._prior[name].support
                if not low + width <= shift[axis] <= high - width:
                    yield (
                        f"the photons of observation {local.observation.photons.name} stand {shift[axis]:.2f} arcsec off along "
                        f"{'xy'[axis]}, where the prior of {name} ends at {low:g} and {high:g}: widen it, or correct the astrometry"
                    )


def _candidates(patch: Patch, density: Array, product: Array, step: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Positions in the cells of nodes drawn by their weight, shape (r, c, 2), and ln of L times prior that each of the nodes stands for."""
    size = product.shape[1]
    upto = np.cumsum(np.maximum(product, 0.0).reshape(len(product), -1), axis=1)
    # Strata: the candidates of a point are spread over its distribution.
    u = (np.arange(_CANDIDATES) + rng.random((len(product), _CANDIDATES))) / _CANDIDATES
    node = np.stack([np.searchsorted(row, x * row[-1], side="right") for row, x in zip(upto, u, strict=True)])
    node = np.minimum(node, size * size - 1)
    rows = np.arange(len(product))[:, None]
    line, column = node // size, node % size
    places = np.stack([patch.x[rows, column], patch.y[rows, line]], axis=-1)
    with np.errstate(divide="ignore"):
        log_node = np.log(np.maximum(patch.values * density, 0.0)[rows, line, column]) + patch.log_peak[:, None]
    return places + step * (rng.random(places.shape) - 0.5), log_node


def _chosen(places: Array, log_ratio: Array, rng: np.random.Generator) -> Array:
    """One of the candidates of each row, with probabilities in these ratios."""
    # A row without any possible candidate (a sliver between two ends of priors) keeps its nodes' weights.
    log_ratio = np.where(np.isfinite(log_ratio).any(axis=1, keepdims=True), log_ratio, 0.0)
    gumbel = rng.gumbel(size=log_ratio.shape)
    return np.asarray(places[np.arange(len(places)), (log_ratio + gumbel).argmax(axis=1)])
