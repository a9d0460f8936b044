"""One coherent X-ray flux over a range of scales, with its interval and its null."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA
from faintsky.core.units import ARCSEC, DEG2_PER_SR
from faintsky.estimators.flux.coherent_rms import SIGNS, coherent_rms, known, one_value_a_bin
from faintsky.estimators.flux.gamma_bandpower import gamma_bandpower

__all__ = ["CoherentFlux", "coherent_flux"]

Array = NDArray[np.float64]

_REDUCTIONS = ("mean-q", "max", "sqrt-int-dlnq", "at-scale")
_FEWEST_DRAWS = 100
#: Percentiles of a Gaussian at -1, 0 and 1 sigma.
_PERCENTILES = (50 * (1 - ONE_SIGMA), 50.0, 50 * (1 + ONE_SIGMA))


@frozen(kw_only=True)
class CoherentFlux:
    """One coherent flux and how it came about.

    A fluctuation is no mean intensity: the coherent rms is a lower limit to the flux of the sources that make it.

    Attributes
    ----------
    value : float
        [unit, per deg^2]
    low, high : float
        1-sigma distances down and up [unit]. They are those of the 15.87 and 84.13 percentiles of the resampled estimates from
        their median: resampling adds the noise a second time, which moves the estimates as a whole (by as much as it moved
        the data), so that only their spread is taken.
    unit : str
        Of `value`: the X-ray map's, with deg2 in place of sr.
    sign, reduction : str
    theta : tuple of float
        Range of scales [rad].
    at : float, optional
        Scale of the bin that was used [rad], of the reduction ``at-scale``.
    n_bins : int
        Bins that were used.
    n_left_out : int
        Bins in the range that were not: beam power below `min_beam_power`, an auto-power that is not positive, no modes.
    min_beam_power : float
    draws : int
    redrawn : int
        Drawn auto-powers that were not positive, and were drawn again; gamma draws have none.
    null, null_scatter : float
        Mean and standard deviation of the same estimator on data of these errors without coherence [unit]; a `null` far from 0
        in units of `null_scatter` tells that the estimator finds a flux in noise.
    """

    value: float
    low: float
    high: float
    unit: str
    sign: str
    reduction: str
    theta: tuple[float, float]
    at: float | None
    n_bins: int
    n_left_out: int
    min_beam_power: float
    draws: int
    redrawn: int
    null: float
    null_scatter: float

    @property
    def per_sr(self) -> tuple[float, float, float]:
        """Value, low and high per steradian: 3282.8 times those per square degree."""
        return self.value * DEG2_PER_SR, self.low * DEG2_PER_SR, self.high * DEG2_PER_SR


def _reduction(name: str, log_width: Array, index: int) -> Callable[[Array], Array]:
    """The function (..., nbin) -> (...) from fluctuations to one flux."""
    if name == "mean-q":
        return lambda rms: np.asarray(rms.mean(axis=-1))
    if name == "max":
        return lambda rms: np.take_along_axis(rms, np.abs(rms).argmax(axis=-1)[..., None], axis=-1)[..., 0]
    if name == "at-scale":
        return lambda rms: rms[..., index]

    def root_of_integral(rms: Array) -> Array:
        total = (np.sign(rms) * rms**2) @ log_width
        return np.asarray(np.sign(total) * np.sqrt(np.abs(total)))

    return root_of_integral


def _positive_autos(auto: Array, modes: Array, rng: np.random.Generator, size: int) -> tuple[Array, int]:
    """Drawn auto-powers, and how many had to be drawn again as they were not positive."""
    drawn, redrawn = gamma_bandpower(auto, modes, rng, size), 0
    while (bad := ~(drawn > 0)).any():
        redrawn += int(np.count_nonzero(bad))
        drawn[bad] = gamma_bandpower(auto, modes, rng, size)[bad]
    return drawn, redrawn


def _noise(covariance: Array, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Gaussian noise of a covariance, (*shape, nbin)."""
    # As correlations: numpy checks with an absolute tolerance, which anything of the order of 1e-40 would pass.
    error = np.sqrt(np.diag(covariance))
    scale = np.where(error > 0, error, 1.0)
    try:
        unit = rng.multivariate_normal(np.zeros(scale.size), covariance / np.outer(scale, scale), shape, check_valid="raise")
    except ValueError:
        raise DataError(
            "the covariance of the cross-power is not symmetric with eigenvalues of at least 0; "
            "take it from the spectrum's `covariance` unchanged"
        ) from None
    return np.asarray(unit * scale)


def _chosen(q: Array, fit: NDArray[np.bool_], theta: tuple[float, float]) -> tuple[NDArray[np.bool_], int]:
    """The bins to use, and the number left out of those in the range."""
    scale = 2 * np.pi / q
    inside = (scale >= theta[0]) & (scale <= theta[1])
    chosen = inside & fit
    if not chosen.any():
        wanted, given = (f'{low / ARCSEC:g}" to {high / ARCSEC:g}"' for low, high in (theta, (scale.min(), scale.max())))
        raise DataError(
            f"no bin of the cross-power is usable at scales of {wanted}: of {q.size} bins at {given}, {inside.sum()} lie there, "
            "and none of these has enough beam power, a positive auto-power and modes; widen theta, or bin more coarsely"
        )
    return chosen, int(np.count_nonzero(inside & ~fit))


def coherent_flux(
    q: ArrayLike,
    cross: ArrayLike,
    cross_covariance: ArrayLike,
    auto: ArrayLike,
    modes: ArrayLike,
    beam_power: ArrayLike,
    *,
    theta: tuple[float, float],
    sign: str,
    reduction: str,
    rng: np.random.Generator,
    at: float | None = None,
    draws: int = 10000,
    min_beam_power: float = 0.1,
    unit: str = "erg / (s cm2 deg2)",
) -> CoherentFlux:
    """One coherent flux over a range of scales, with a Monte Carlo interval.

    Auto- and cross-powers are drawn independently, the auto-power from its gamma distribution, the cross-power from a Gaussian.
    Both are measured on the same modes, so the interval is too wide: by 10 % at a coherence C = P_IRX^2 / (P_IR P_X) of 0.1, by
    sqrt((1/C + 3/2) / (1/C - 1/2)) in general, 2.2 at C = 1.

    Parameters
    ----------
    q : array_like, shape (nbin,)
        Rising [rad^-1].
    cross : array_like, shape (nbin,)
        Cross-power P_IRX of maps per sr [X-ray unit x infrared unit x sr].
    cross_covariance : array_like, shape (nbin, nbin)
    auto : array_like, shape (nbin,)
        Auto-power of the infrared map [infrared unit^2 x sr].
    modes : array_like, shape (nbin,)
        Modes of the full plane, times the share that the mask leaves: the real degrees of freedom of `auto`.
    beam_power : array_like, shape (nbin,)
        P_PSF, the squared transfer function of the X-ray beam.
    theta : tuple of float
        The smallest and the largest scale 2 pi / q [rad].
    sign : str
        ``signed`` vanishes on average without coherence; ``debiased`` does so as a square, which ``sqrt-int-dlnq`` sums (in the
        mean over many bins it does not); ``paper`` is the published recipe, which finds a flux in noise: the root of the
        square, and the median of the draws for the value. See `coherent_rms`.
    reduction : str
        How fluctuations become one flux, which the paper leaves open: ``mean-q``, the plain mean over the bins; ``max``, the
        fluctuation largest in absolute value; ``sqrt-int-dlnq``, the root of the integral of dF^2 d ln q with the signs of dF,
        a bin reaching midway to its neighbours; ``at-scale``, the bin nearest to `at`.
    rng : Generator
    at : float, optional
        Scale of ``at-scale`` [rad], within `theta`.
    draws : int
    min_beam_power : float
        Bins of a smaller beam power are left out.
    unit : str
        Of the result: the X-ray map's, with deg2 in place of sr. A label, nothing is converted by it.

    Returns
    -------
    CoherentFlux
        Per deg^2: the flux per sr over (180 / pi)^2 = 3282.8; `CoherentFlux.per_sr` has the one per sr.

    Raises
    ------
    DataError
        Where no bin is usable, `sign` or `reduction` is unknown, shapes differ, `q` does not rise, `at` belongs to another
        reduction or is missing, the covariance is none, or the draws are too few.

    References
    ----------
    Kaminsky et al. 2025, eq. 11 and section 4.2.
    """
    known("sign", sign, SIGNS)
    known("reduction", reduction, _REDUCTIONS)
    k, c, cov, a, n, b = (np.asarray(x, dtype=float) for x in (q, cross, cross_covariance, auto, modes, beam_power))
    one_value_a_bin(k.size, cross=c, auto=a, modes=n, beam_power=b)
    if cov.shape != (k.size, k.size):
        raise DataError(f"the covariance of the cross-power has shape {cov.shape}; {k.size} bins need {(k.size, k.size)}")
    if k.size < 2 or not np.all(np.diff(k) > 0) or k[0] <= 0:
        raise DataError("q of a coherent flux holds at least two bins, positive and rising; sort the spectrum by q")
    if (at is not None) is not (reduction == "at-scale") or not (at is None or theta[0] <= at <= theta[1]):
        raise DataError(f"a scale `at` within theta {theta} rad belongs to at-scale and to it alone; got {at} for {reduction}")
    if draws < _FEWEST_DRAWS:
        raise DataError(f"{draws} draws give no percentiles; take {_FEWEST_DRAWS} at least")
    chosen, left_out = _chosen(k, (b >= min_beam_power) & (a > 0) & (n > 0) & np.isfinite(c), theta)
    width = np.gradient(np.log(k))[chosen]
    k, c, a, n, b, cov = k[chosen], c[chosen], a[chosen], n[chosen], b[chosen], cov[np.ix_(chosen, chosen)]
    if not (np.all(np.isfinite(cov)) and np.all(np.diag(cov) >= 0)):
        raise DataError("the covariance of the cross-power holds no variances in all bins used; leave those bins out by theta")
    error = np.sqrt(np.diag(cov))
    index = int(np.argmin(np.abs(np.log(2 * np.pi / k / at)))) if at is not None else 0
    reduced = _reduction(reduction, width, index)

    def estimate(power: Array, autos: Array, sigma: Array) -> Array:
        rms = coherent_rms(k, power, sigma, autos, b, sign=sign, min_beam_power=min_beam_power)
        return reduced(rms) / DEG2_PER_SR

    def resampled(power: Array, autos: Array, size: int) -> tuple[Array, int]:
        # A draw holds the noise of the data and its own: sqrt(2) of their error is what it must be rid of.
        drawn, redrawn = _positive_autos(autos, n, rng, size)
        noise = _noise(cov, rng, (size, *power.shape[:-1]))
        return estimate(power + noise, drawn, np.sqrt(2) * error), redrawn

    found, redrawn = resampled(c, a, draws)
    low, median, high = np.percentile(found, _PERCENTILES)
    if sign == "paper":
        # The recipe is the median of resampled data, so its null is that of null data resampled.
        several = isqrt(draws)
        empty, _ = resampled(_noise(cov, rng, (several,)), _positive_autos(a, n, rng, several)[0], several)
        null = np.median(empty, axis=0)
    else:
        null = estimate(_noise(cov, rng, (draws,)), _positive_autos(a, n, rng, draws)[0], error)
    return CoherentFlux(
        value=float(median if sign == "paper" else estimate(c, a, error)),
        low=float(median - low),
        high=float(high - median),
        unit=unit,
        sign=sign,
        reduction=reduction,
        theta=(float(theta[0]), float(theta[1])),
        at=None if at is None else float(2 * np.pi / k[index]),
        n_bins=1 if reduction == "at-scale" else int(k.size),
        n_left_out=left_out,
        min_beam_power=min_beam_power,
        draws=draws,
        redrawn=redrawn,
        null=float(null.mean()),
        null_scatter=float(null.std()),
    )
