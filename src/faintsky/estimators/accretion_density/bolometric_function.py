"""A luminosity function as a bolometric one, checked once: what all densities integrate."""

from __future__ import annotations

import warnings

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.band import BOLOMETRIC
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.luminosity_function import LuminosityFunction

__all__ = ["BolometricFunction", "checked"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class BolometricFunction:
    """phi_bol of a luminosity function and a correction; without correction it is bolometric itself."""

    lf: LuminosityFunction
    correction: BolometricCorrection | None

    def log_density(self, log_bol: Array, z: Array) -> Array:
        """ln phi_bol = ln phi_X(log L_X(L_bol)) + ln dlog L_X / dlog L_bol."""
        if self.correction is None:
            return self.lf.log_density(log_bol, z)
        log_band, slope = self.correction.log_band(log_bol), self.correction.slope(log_bol)
        return np.asarray(self.lf.log_density(log_band, z) + np.log(slope))

    @property
    def correction_name(self) -> str:
        """The correction with its options; ``none`` for a bolometric luminosity function."""
        return "none" if self.correction is None else self.correction.name


def checked(
    lf: LuminosityFunction, correction: BolometricCorrection | None, log_bol: tuple[float, float], z: tuple[float, float]
) -> BolometricFunction:
    """The bolometric function, where it may be integrated.

    Raises
    ------
    DataError
        Where bands do not fit together, limits are no range, or `lf` refuses the range.
    """
    if not log_bol[0] < log_bol[1]:
        raise DataError(f"log_bol is the range of the integral, from its lower to its upper end; got {log_bol}")
    if correction is None:
        if lf.band != BOLOMETRIC:
            raise DataError(f"{lf.name} is a function of {lf.band} luminosities: name a bolometric correction for that band")
        log_l = log_bol
    else:
        correction.check(lf.band, lf.name)
        log_l = (float(correction.log_band(log_bol[0])), float(correction.log_band(log_bol[1])))
    said = lf.validity.extrapolation(log_l, z, lf.outside, lf.name)
    if said:
        warnings.warn(said, FaintskyWarning, stacklevel=4)
    return BolometricFunction(lf=lf, correction=correction)
