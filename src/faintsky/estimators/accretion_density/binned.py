"""Binned X-ray luminosity functions as bolometric ones, and what they accrete."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.binned_luminosity_function import BinnedLuminosityFunction
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.digest import array_digest, json_digest
from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.owned_array import owned_floats
from faintsky.estimators.accretion_density.efficiency import efficiency_factor
from faintsky.estimators.accretion_density.quadrature import panels

__all__ = ["BinnedAccretionDensity", "BolometricPoints", "binned_accretion_density", "bolometric_points"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class BolometricPoints:
    """A binned luminosity function in bolometric luminosities: bins of redshift (rows) and luminosity (columns).

    Attributes
    ----------
    z : ndarray, shape (nz + 1,)
        Edges.
    log_bol : ndarray, shape (nl + 1,)
        Edges, log10 erg/s.
    log_bol_centre : ndarray, shape (nl,)
        L_bol of the centres of the X-ray bins, where the densities hold.
    phi, low, high : ndarray, shape (nz, nl)
        Density [Mpc^-3 dex^-1 of L_bol] and the ends of its interval.
    is_limit : ndarray of bool, shape (nz, nl)
        `high` is an upper limit.
    correction : str
    """

    z: Array = field(converter=owned_floats)
    log_bol: Array = field(converter=owned_floats)
    log_bol_centre: Array = field(converter=owned_floats)
    phi: Array = field(converter=owned_floats)
    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    is_limit: NDArray[np.bool_]
    correction: str

    @property
    def digest(self) -> str:
        """Identity of the points."""
        arrays = (self.z, self.log_bol, self.phi, self.low, self.high)
        return json_digest([self.correction, *(array_digest(a) for a in arrays)])


def bolometric_points(binned: BinnedLuminosityFunction, correction: BolometricCorrection) -> BolometricPoints:
    """A binned X-ray luminosity function as a quasar luminosity function.

    Points at the centres of the bins: phi_bol = phi_X dlog L_X / dlog L_bol there; limits and errors alike.

    Raises
    ------
    DataError
        Where the correction is for another band.
    """
    correction.check(binned.band, "the binned luminosity function")
    centre = correction.log_bolometric(binned.bins.log_l_centre)
    slope = correction.slope(centre)
    return BolometricPoints(
        z=binned.bins.z,
        log_bol=correction.log_bolometric(binned.bins.log_l),
        log_bol_centre=centre,
        phi=binned.phi * slope,
        low=binned.low * slope,
        high=binned.high * slope,
        is_limit=binned.is_limit,
        correction=correction.name,
    )


@frozen(kw_only=True, eq=False)
class BinnedAccretionDensity:
    """What the AGN in the bins of a luminosity function accrete, for each redshift bin; nothing is added beyond the bins.

    Attributes
    ----------
    z : ndarray, shape (nz + 1,)
        Edges.
    value : ndarray, shape (nz,)
        [Msun / yr / Mpc^3] of the bins with sources; NaN where no bin has any.
    low, high : ndarray, shape (nz,)
        Ends of the 1 sigma interval: those of the bins, added in quadrature. The limits of bins without source enter `high`.
    empty, missing : ndarray of int, shape (nz,)
        Number of bins without a source, and of bins without a density, which count as nothing.
    log_bol : ndarray, shape (2,)
        The range of L_bol that the bins cover within the limits asked for, log10 erg/s.
    efficiency : float
    correction, shape : str
        The bolometric correction; how phi was taken to run within a bin.
    """

    z: Array = field(converter=owned_floats)
    value: Array = field(converter=owned_floats)
    low: Array = field(converter=owned_floats)
    high: Array = field(converter=owned_floats)
    empty: NDArray[np.int64]
    missing: NDArray[np.int64]
    log_bol: Array = field(converter=owned_floats)
    efficiency: float
    correction: str
    shape: str

    @property
    def digest(self) -> str:
        """Identity of the result."""
        said = [self.efficiency, self.correction, self.shape]
        return json_digest([said, *(array_digest(a) for a in (self.z, self.value, self.low, self.high, self.log_bol))])


def binned_accretion_density(
    binned: BinnedLuminosityFunction,
    correction: BolometricCorrection,
    *,
    model: LuminosityFunction | None = None,
    log_bol: tuple[float, float] = (43.0, 49.0),
    efficiency: float = 0.1,
) -> BinnedAccretionDensity:
    """Density of accretion of a binned X-ray luminosity function: the sum over its bins.

    Each bin holds phi at its centre times the integral of L_bol s(L_X) dlog L_X, where s is the run of `model` within the bin at
    the middle of the redshift bin, relative to the centre; 1 without a model, which overrates steep bins.

    Parameters
    ----------
    binned : BinnedLuminosityFunction
        Corrected for obscuration, if the result shall be.
    correction : BolometricCorrection
        For its band.
    model : LuminosityFunction, optional
        Of the same band, as the one that n_obs / n_mdl rested on.
    log_bol : (float, float)
        Limits, log10 erg/s; bins across a limit count as far as they lie inside.
    efficiency : float

    Raises
    ------
    DataError
        Where bands differ, or no bin lies within the limits.
    """
    factor = float(efficiency_factor(efficiency))
    correction.check(binned.band, "the binned luminosity function")
    if model is not None and model.band != binned.band:
        raise DataError(f"{model.name} is a function of {model.band} luminosities, the bins hold {binned.band} ones")
    least, most = (float(correction.log_band(end)) for end in log_bol)
    edges = np.clip(binned.bins.log_l, least, most)
    if not edges[0] < edges[-1]:
        raise DataError(
            f"no bin lies within log L_bol = {log_bol[0]:g} to {log_bol[1]:g}; they hold {binned.bins.log_l} in {binned.band}"
        )
    light = np.array([_light(binned, correction, edges, model, z) for z in binned.bins.z_centre])
    known = np.isfinite(binned.phi)
    found = known & (binned.n_obs > 0)
    inside = np.diff(edges) > 0
    value = np.where((found & inside).any(axis=1), np.nansum(np.where(found, binned.phi, 0.0) * light, axis=1), np.nan)
    down = np.where(found, (binned.phi - binned.low) * light, 0.0)
    up = np.where(np.isfinite(binned.high), (binned.high - np.where(found, binned.phi, 0.0)) * light, 0.0)
    return BinnedAccretionDensity(
        z=binned.bins.z,
        value=factor * value,
        low=factor * (value - np.sqrt((down**2).sum(axis=1))),
        high=factor * (np.nan_to_num(value) + np.sqrt((up**2).sum(axis=1))),
        empty=(known & ~found & inside).sum(axis=1),
        missing=(~known & inside).sum(axis=1),
        log_bol=correction.log_bolometric(edges[[0, -1]]),
        efficiency=efficiency,
        correction=correction.name,
        shape="flat" if model is None else model.name,
    )


def _light(
    binned: BinnedLuminosityFunction, correction: BolometricCorrection, edges: Array, model: LuminosityFunction | None, z: float
) -> Array:
    """Integral of L_bol s(L_X) dlog L_X over each luminosity bin [erg/s], shape (nl,)."""
    found = np.zeros(edges.size - 1)
    for j, centre in enumerate(binned.bins.log_l_centre):
        if edges[j + 1] > edges[j]:
            nodes, weights = panels(float(edges[j]), float(edges[j + 1]), 0.05, 4)
            run = np.zeros(nodes.size) if model is None else model.log_density(nodes, z) - model.log_density(centre, z)
            found[j] = np.exp(np.log(10) * correction.log_bolometric(nodes) + run) @ weights
    return found
