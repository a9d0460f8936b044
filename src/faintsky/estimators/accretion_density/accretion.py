"""The density of black-hole accretion of a luminosity function."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.intervals import ONE_SIGMA
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.owned_array import owned_floats
from faintsky.core.registry import make
from faintsky.estimators.accretion_density.bolometric_function import BolometricFunction, checked
from faintsky.estimators.accretion_density.efficiency import efficiency_factor
from faintsky.estimators.accretion_density.quadrature import panels

__all__ = ["AVERAGES", "AccretionDensity", "accretion_density", "luminosity_density"]

Array = NDArray[np.float64]

#: How a redshift bin becomes one number.
AVERAGES = ("midpoint", "mean", "volume")
#: Panels of log L_bol and of redshift: the kinks of LDDE models within them cost less than 3e-5 of the integral.
_WIDTH, _ORDER = 0.05, 4
_Z_WIDTH, _Z_ORDER = 0.1, 4
#: Densities that are evaluated at once.
_PAIRS = 1_000_000


@frozen(kw_only=True, eq=False)
class AccretionDensity:
    """A density of black-hole accretion, and all that it hangs on.

    Attributes
    ----------
    value : ndarray, shape (m,) or (n, m)
        [Msun / yr / Mpc^3] at each redshift; rows are draws of the parameters. A redshift bin has no axis m: shape () or (n,).
    luminosity_density : ndarray
        The same before the mass: bolometric [erg / s / Mpc^3].
    z : ndarray, shape (m,) or ()
        Redshifts, or the middle of the bin.
    z_range : (float, float), optional
        The bin.
    average : str
        How the bin became one number; empty without a bin.
    draws : int
        Number of draws; 0 for one set of parameters.
    log_bol : (float, float)
        Limits of the integral, log10 erg/s.
    efficiency : float
    luminosity_function, correction : str
        What was integrated, and through which bolometric correction: another one moves the result by 0.2 dex and more.
    """

    value: Array = field(converter=owned_floats)
    luminosity_density: Array = field(converter=owned_floats)
    z: Array = field(converter=owned_floats)
    z_range: tuple[float, float] | None = None
    average: str = ""
    draws: int = 0
    log_bol: tuple[float, float]
    efficiency: float
    luminosity_function: str
    correction: str

    @property
    def log10(self) -> Array:
        """log10 of `value`."""
        return np.log10(self.value)

    def interval(self, level: float = ONE_SIGMA) -> tuple[Array, Array, Array]:
        """Median and ends of the central interval over the draws, each of the shape of `z`.

        Raises
        ------
        DataError
            Where there are no draws.
        """
        if not self.draws:
            raise DataError(
                "one set of parameters has no interval: give a luminosity function with draws, such as at(model, theta) with "
                "theta of shape (n, d), or multiply with draws of a factor by `scaled`"
            )
        low, middle, high = np.quantile(self.value, [0.5 - 0.5 * level, 0.5, 0.5 + 0.5 * level], axis=0)
        return middle, low, high

    def scaled(self, factor: ArrayLike, what: str) -> AccretionDensity:
        """The density of the luminosity function times a factor, such as a correction for obscuration.

        Parameters
        ----------
        factor : array_like
            A number, or n draws of it: one for each draw of the density, if it has draws, else they become its draws.
        what : str
            What the factor is, for `luminosity_function`.

        Raises
        ------
        DataError
            Where there are draws of both, of different number.
        """
        by = np.asarray(factor, dtype=float)
        if by.ndim > 1 or (by.ndim == 1 and self.draws not in (0, by.size)):
            raise DataError(f"a factor is a number or {self.draws or 'n'} draws of it, got the shape {by.shape}")
        column = by.reshape(by.shape + (1,) * self.z.ndim)
        return attrs.evolve(
            self,
            value=self.value * column,
            luminosity_density=self.luminosity_density * column,
            draws=by.size if by.ndim else self.draws,
            luminosity_function=f"{self.luminosity_function} times {what}",
        )

    @property
    def digest(self) -> str:
        """Identity of the result."""
        said = [self.z_range, self.average, self.log_bol, self.efficiency, self.luminosity_function, self.correction]
        return json_digest([said, *(array_digest(a) for a in (self.value, self.z))])


def accretion_density(
    lf: LuminosityFunction,
    correction: BolometricCorrection | None = None,
    *,
    z: ArrayLike | None = None,
    z_range: tuple[float, float] | None = None,
    average: str = "mean",
    log_bol: tuple[float, float] = (43.0, 49.0),
    efficiency: float = 0.1,
) -> AccretionDensity:
    """Density of black-hole accretion, at redshifts or over a redshift bin.

    BHAD(z) = (1 - e) / (e c^2) * integral of L_bol phi_bol(L_bol, z) dlog L_bol, with phi_bol = phi_X dlog L_X / dlog L_bol.

    Parameters
    ----------
    lf : LuminosityFunction
        X-ray, corrected for obscuration; or bolometric. Its parameters may be columns (n, 1): draws of a posterior (`at`).
    correction : BolometricCorrection, optional
        For the band of `lf`; none for a bolometric one.
    z : array_like, shape (m,) or ()
        Redshifts; or
    z_range : (float, float)
        a redshift bin.
    average : {"mean", "midpoint", "volume"}
        Over the bin: mean over redshift, value at its middle, or mean over comoving volume in the universe of `lf`.
    log_bol : (float, float)
        Limits of the integral, log10 erg/s.
    efficiency : float
        Share e of the accreted rest energy that is radiated.

    Raises
    ------
    DataError
        Where bands do not fit together, the limits or the bin are no range, or not exactly one of `z` and `z_range` is given.

    Warns
    -----
    FaintskyWarning
        For an extrapolation of `lf`, and for a correction whose coefficients are unverified.

    References
    ----------
    Soltan 1982, MNRAS 200, 115; Barlow-Hall & Aird, eq. 17 (X-ray luminosity function at z = 4 to 10).
    """
    factor = float(efficiency_factor(efficiency))
    if (z is None) == (z_range is None):
        raise DataError("give either z, for redshifts, or z_range, for a redshift bin")
    if average not in AVERAGES:
        raise DataError(f"average is one of {', '.join(AVERAGES)}; got {average!r}")
    if z_range is not None and not 0 <= z_range[0] < z_range[1]:
        raise DataError(f"z_range is a redshift bin, from its lower to its upper end; got {z_range}")
    at = np.asarray(z, dtype=float) if z_range is None else np.asarray(0.5 * (z_range[0] + z_range[1]))
    if not at.size:
        raise DataError("no redshift is given: z is empty")
    ends = z_range or (float(np.min(at)), float(np.max(at)))
    function = checked(lf, correction, log_bol, ends)
    if z_range is None or average == "midpoint":
        density = _density(function, at, log_bol)
    else:
        nodes, weights = panels(*z_range, _Z_WIDTH, _Z_ORDER)
        if average == "volume":
            universe = make("cosmologies", "flat", h0=lf.cosmology.h0, omega_m0=lf.cosmology.omega_m0)
            weights = weights * comoving_volume(universe, nodes)
        density = _density(function, nodes, log_bol) @ (weights / weights.sum())
    return AccretionDensity(
        value=factor * density,
        luminosity_density=density,
        z=at,
        z_range=z_range,
        average="" if z_range is None else average,
        draws=density.shape[0] if density.ndim > at.ndim else 0,
        log_bol=log_bol,
        efficiency=efficiency,
        luminosity_function=lf.name,
        correction=function.correction_name,
    )


def luminosity_density(
    lf: LuminosityFunction,
    correction: BolometricCorrection | None = None,
    *,
    z: ArrayLike,
    log_bol: tuple[float, float] = (43.0, 49.0),
) -> Array:
    """Bolometric luminosity density [erg / s / Mpc^3]: the integral of L_bol phi_bol dlog L_bol.

    Parameters as in `accretion_density`.

    Returns
    -------
    ndarray, of the shape of `z`, or (n, m) for parameters in columns
    """
    at = np.asarray(z, dtype=float)
    return _density(checked(lf, correction, log_bol, (float(at.min()), float(at.max()))), at, log_bol)


def _density(function: BolometricFunction, z: Array, log_bol: tuple[float, float]) -> Array:
    """The integral at redshifts of any shape; draws come first. Redshifts go in groups, so that many draws fit into memory."""
    nodes, weights = panels(*log_bol, _WIDTH, _ORDER)
    light = 10**nodes * weights

    def at(some: Array) -> Array:
        # One flat axis of all pairs, so that parameters in columns broadcast against it.
        pairs = function.log_density(np.tile(nodes, some.size), np.repeat(some, nodes.size))
        return np.asarray(np.exp(pairs.reshape((*pairs.shape[:-1], some.size, nodes.size))) @ light)

    first, *others = z.ravel()
    groups = [at(np.array([first]))]
    size = max(_PAIRS // (nodes.size * groups[0].size), 1)
    groups += [at(np.array(others[i : i + size])) for i in range(0, len(others), size)]
    total = np.concatenate(groups, axis=-1)
    return np.asarray(total.reshape((*total.shape[:-1], *z.shape)))
