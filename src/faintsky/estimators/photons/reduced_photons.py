"""The photon likelihood with positions and shifts integrated out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import logsumexp

from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parameter
from faintsky.core.prior import Normal, Prior, TruncatedNormal, Uniform
from faintsky.core.reduced_likelihood import IntegralCheck, ReducedLikelihood
from faintsky.estimators.photons.drawn_positions import drawn_positions
from faintsky.estimators.photons.observation_mixture import mixture_weights
from faintsky.estimators.photons.photon_likelihood import PhotonLikelihood
from faintsky.estimators.photons.pilot_kind import PilotKind
from faintsky.estimators.photons.pilot_places import PilotPlaces
from faintsky.estimators.photons.position_integral import PositionIntegral

__all__ = ["ReducedPhotons"]

Array = NDArray[np.float64]

#: Rows that are integrated at a time.
_ROWS = 1000
#: Share of pilot points from the prior, and of the others those all over the box; the rest stand around photons.
_FROM_PRIOR, _ANYWHERE = 0.05, 0.55
#: How much wider than the single source's posterior of log_f_bkg pilot points are spread, with the share of each: that posterior
#: is of one position and has longer tails than a Gaussian.
_WIDTHS = ((1.5, 0.7), (6.0, 0.3))
#: Points in cumulative prior of that posterior.
_GRID = 200
#: Pilot points have a fainter source of at least this log10 of counts over those of the first: a few photons.
_FAINTEST = -2.5
#: Points that are integrated again on lattices so much finer, and the change of ln Z that is more than an error.
_CHECKED, _FINER, _TOO_MUCH = 32, 1.7, 0.15


@frozen(kw_only=True, eq=False, slots=False)
class ReducedPhotons(ReducedLikelihood):
    """ln L of separations and fractions, integrated over the position of the first source and all shifts.

    The shift D_k stands in observation k alone. With nu = mu_1 + D_k and separations s_j = mu_j - mu_1

        L(s, f) = int dmu p(mu) prod_j p(mu + s_j) / p(s_j) L_0(mu) prod_(k > 0) B_k(mu),
        B_k(mu) = int dnu p_k(nu - mu) L_k(nu),

    so that an integral over 2 K dimensions is K integrals over two. Nothing is approximated but these (`LocalIntegral`), and what
    is less likely than a single source by 35 in ln, whose integral is only estimated. p(s) is flat over all that the box allows.

    The evidence is that of the full likelihood, with its priors normalised. Of two sources with equal priors the first is the one
    with more counts: log_f_2 is not above 0, and its prior density is doubled there. The evidence stays the same, and the full
    posterior is that half of the symmetric one. With three sources nothing is folded.

    Attributes
    ----------
    likelihood : PhotonLikelihood
    fold : bool
        Whether to use the symmetry of two sources, where their priors have it.

    Raises
    ------
    DataError
        Where the positions have priors without ends, or the first observation has no photon.
    """

    likelihood: PhotonLikelihood
    fold: bool = True

    def __attrs_post_init__(self) -> None:
        for name, prior in self._integral.prior.items():
            if name[:2] in ("x_", "y_") and not np.isfinite(prior.support).all():
                raise DataError(
                    f"the prior of {name} has no end, so that separations have none: give one that ends at the sides of the box, "
                    "or sample all parameters with laplace-is"
                )

    @cached_property
    def _integral(self) -> PositionIntegral:
        return PositionIntegral(likelihood=self.likelihood)

    @property
    def number(self) -> int:
        """Of sources."""
        return self.likelihood.number

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """sx_2, sy_2, ... [arcsec], then log_f_bkg, log_f_2, ... and those of spectra as in the full likelihood."""
        found = [
            Parameter(
                name=f"s{'xy'[axis]}_{j + 1}", prior=self._separation(axis, j), unit="arcsec", source="flat, as the box allows"
            )
            for j in range(1, self.number)
            for axis in range(2)
        ]
        for p in self.likelihood.parameters[2 * self.number : self._integral.kept]:
            half = self._half(p.prior) if p.name == "log_f_2" and self.fold else None
            if half is not None:
                p = Parameter(name=p.name, prior=half, unit=p.unit, source=f"{p.source}; below 0, as sources may change places")
            found.append(p)
        return tuple(found)

    def _separation(self, axis: int, j: int) -> Uniform:
        supports = [prior.support for prior in self._integral.position_priors(axis)]
        return Uniform(low=supports[j][0] - supports[0][1], high=supports[j][1] - supports[0][0])

    def _half(self, prior: Prior) -> Prior | None:
        """Twice the prior of log_f_2, below 0, where two sources may change places; else None."""
        alike = [[self._integral.prior[p + str(j)] for p in self._prefixes] for j in (1, 2)]
        if self.number != 2 or alike[0] != alike[1]:
            return None
        if isinstance(prior, Uniform) and prior.low == -prior.high:
            return Uniform(low=prior.low, high=0.0)
        if isinstance(prior, Normal) and prior.mean == 0:
            return TruncatedNormal(mean=0.0, sigma=prior.sigma, high=0.0)
        if isinstance(prior, TruncatedNormal) and prior.mean == 0 and prior.low == -prior.high:
            return TruncatedNormal(mean=0.0, sigma=prior.sigma, low=prior.low, high=0.0)
        return None

    @property
    def _prefixes(self) -> list[str]:
        """Names of the parameters of a source, but its fraction, without its number."""
        return [p.name[:-1] for p in self.likelihood.parameters[: self._integral.kept] if p.name.endswith("_1")]

    @property
    def _apart(self) -> int:
        """Columns of separations."""
        return 2 * (self.number - 1)

    def _full(self, theta: Array) -> Array:
        """Full parameters with the first source at 0 and no shifts."""
        values = np.asarray(theta, dtype=float)
        full = np.zeros((len(values), len(self.likelihood.parameters)))
        full[:, 2 : self._integral.kept] = values
        return full

    @cached_property
    def _log_ranges(self) -> float:
        """-ln of the prior density of separations."""
        return float(sum(np.log(np.ptp(p.prior.support)) for p in self.parameters[: self._apart]))

    def fingerprint(self) -> str:
        """Of the full likelihood, and that it is reduced."""
        return json_digest([self.likelihood.fingerprint(), "reduced", self.fold])

    def log_likelihood(self, theta: Array) -> Array:
        """ln L at `theta` of shape (n, d), shape (n,); -inf where the box has no place for all sources."""
        return self._integrated(self._integral, theta)

    def _integrated(self, integral: PositionIntegral, theta: Array) -> Array:
        full = self._full(theta)
        parts = [integral.log_integral(full[i : i + _ROWS]) for i in range(0, len(full), _ROWS)]
        return np.concatenate([*parts, np.empty(0)]) + self._log_ranges

    def completed(self, theta: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draws of all parameters of the full likelihood given these (`drawn_positions`), and the full ln L there.

        Sources keep their labels: where the priors are folded, the first is the one with more counts.

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
        full = self._full(theta)
        parts = [drawn_positions(self._integral, full[i : i + _ROWS], rng) for i in range(0, len(full), _ROWS)]
        found = np.concatenate([*parts, np.empty((0, full.shape[1]))])
        return found, self.likelihood.log_likelihood(found)

    # Where to look first.

    @cached_property
    def _single_background(self) -> tuple[float, float]:
        """Mean and standard deviation of log_f_bkg, were there one source at the peak of each observation."""
        grid = self._integral.prior["log_f_bkg"].ppf((np.arange(_GRID) + 0.5) / _GRID)
        weights = mixture_weights(grid, np.empty((_GRID, 0)))
        log_l = np.zeros(_GRID)
        for k, local in self._integral.locals.items():
            spectra = self._integral.alone(k).spectra
            repeated = None if spectra is None else np.repeat(spectra, _GRID, axis=0)
            places = np.broadcast_to(local.peaks.places[0], (_GRID, 1, 1, 2))
            log_l += local.observation.log_likelihood(places, weights, repeated)[:, 0]
        share = np.exp(log_l - logsumexp(log_l))
        mean = float(share @ grid)
        return mean, float(np.sqrt(share @ (grid - mean) ** 2))

    @cached_property
    def _places(self) -> PilotPlaces:
        offsets, unexplained, cores = [], [], []
        for k, local in self._integral.locals.items():
            peak, photons = local.peaks.places[0], local.observation.photons
            light = local.observation.densities(peak[None])[0] * self._integral.typical[0, 1]
            background = local.observation.background * self._integral.typical[0, 0]
            offsets.append(np.stack([photons.x, photons.y], axis=-1) - peak)
            unexplained.append(background / (background + light))
            cores.append(np.full(len(photons), self._integral.cores[k]))
        return PilotPlaces.of(*(np.concatenate(part) for part in (offsets, unexplained, cores)))

    @cached_property
    def _view(self) -> tuple[Uniform, Uniform]:
        """Separations that leave a further source in the box, were the first one at its peak, in x and y."""
        peak = self._integral.locals[0].peaks.places[0]

        def along(axis: int) -> Uniform:
            low, high = self.parameters[axis].prior.support
            first, last = self._integral.position_priors(axis)[1].support
            return Uniform(low=float(max(low, first - peak[axis])), high=float(min(high, last - peak[axis])))

        return along(0), along(1)

    def _rest(self, wider: float, faintest: float | None) -> tuple[Prior, ...]:
        """Of all but separations: the background that a single source leaves, so much wider; no fainter sources than this."""
        found: list[Prior] = []
        for p in self.parameters[self._apart :]:
            low, high = p.prior.support
            if p.name == "log_f_bkg":
                mean, sigma = self._single_background
                found.append(TruncatedNormal(mean=mean, sigma=max(wider * sigma, 0.05), low=low, high=high))
            elif faintest is not None and p.name.startswith("log_f_") and low < faintest < high:
                found.append(Uniform(low=faintest, high=min(high, -faintest)))
            else:
                found.append(p.prior)
        return tuple(found)

    @cached_property
    def _kinds(self) -> tuple[PilotKind, ...]:
        """All over the box, and around photons; each with the background of a single source and with one spread much wider."""
        if not self._apart:
            return tuple(
                PilotKind(share=share, places=self._places, apart=0, rest=self._rest(wider, None)) for wider, share in _WIDTHS
            )
        found = []
        for wider, share in _WIDTHS:
            near, anywhere = self._rest(wider, _FAINTEST), self._rest(wider, None)
            found.append(PilotKind(share=_ANYWHERE * share, places=self._view, apart=self._apart // 2, rest=anywhere))
            found.append(PilotKind(share=(1 - _ANYWHERE) * share, places=self._places, apart=self._apart // 2, rest=near))
        return tuple(found)

    def pilot(self, number: int, rng: np.random.Generator) -> Array:
        """Points from the prior, points all over the box, and points that put further sources near photons; shape (number, d)."""
        points = self.prior_transform(rng.random((number, self.ndim)))
        shares = np.array([kind.share for kind in self._kinds])
        which = rng.choice(len(shares) + 1, size=number, p=np.append((1 - _FROM_PRIOR) * shares / shares.sum(), _FROM_PRIOR))
        for i, kind in enumerate(self._kinds):
            mine = np.flatnonzero(which == i)
            points[mine] = kind.drawn(len(mine), rng)
        return points

    def pilot_log_density(self, theta: Array) -> Array:
        """ln of the density of `pilot` at `theta` of shape (n, d), shape (n,)."""
        values = np.asarray(theta, dtype=float)
        shares = np.array([kind.share for kind in self._kinds])
        parts = [kind.log_density(values) for kind in self._kinds]
        log_shares = np.log(np.append((1 - _FROM_PRIOR) * shares / shares.sum(), _FROM_PRIOR))
        return np.asarray(logsumexp(np.stack([*parts, self.log_prior(values)]) + log_shares[:, None], axis=0))

    # Whether to believe it.

    def judged(self, theta: Array) -> IntegralCheck:
        """How good the integrals are at `theta` of shape (n, d), a sample of the posterior.

        Up to 32 of the points are integrated again on finer lattices that reach further out from the peaks. What this changes is
        the error; where it is much, peaks are too sharp, or cut by a prior, or weight was left out.
        """
        values = np.asarray(theta, dtype=float)
        some = values[np.unique(np.linspace(0, len(values) - 1, min(len(values), _CHECKED)).astype(int))]
        found = list(self._far_shifts())
        finer, plain = self._integrated(self._integral.finer(_FINER), some), self.log_likelihood(some)
        possible = np.isfinite(plain) & np.isfinite(finer)
        if not possible.all():
            found.append(
                f"at {int((~possible).sum())} of {len(some)} points of the posterior the integral over positions vanishes: "
                "a peak lies where the box or the prior of a shift ends"
            )
            some, finer, plain = some[possible], finer[possible], plain[possible]
        if not len(some):
            return IntegralCheck(doubts=tuple(found))
        change = finer - plain
        # For points of the posterior, the mean of the ratios is that of the evidences.
        total = float(logsumexp(change) - np.log(len(change)))
        if not abs(total) <= _TOO_MUCH:
            worst = ", ".join(f"{name} = {x:.4g}" for name, x in zip(self.names, some[np.argmax(np.abs(change))], strict=True))
            found.append(
                f"on finer lattices the integrals over positions and shifts change the evidence by {total:.2g} in ln, most at "
                f"{worst}: a peak is cut by the box or by the prior of a shift, or was not found"
            )
        return IntegralCheck(error=abs(total), doubts=tuple(found))

    def _far_shifts(self) -> Iterator[str]:
        """Observations whose photons stand where the prior of their shift ends."""
        first = self._integral.locals[0].peaks
        for k in self._integral.used:
            local = self._integral.locals[k]
            # With peaks of about equal height it is not known which of them belong together.
            if not (first.lone and local.peaks.lone):
                continue
            shift = local.peaks.places[0] - first.places[0]
            for axis, name in enumerate(self._integral.shift_names(k)):
                low, high = self._integral.prior[name].support
                # Within the prior, a cut peak is integrated on a finer lattice, and checked as all others are.
                if not low <= shift[axis] <= high:
                    yield (
                        f"the photons of observation {local.observation.photons.name} stand {shift[axis]:.2f} arcsec off along "
                        f"{'xy'[axis]}, beyond the prior of {name} ({low:g} to {high:g}): widen it, or correct the astrometry"
                    )
