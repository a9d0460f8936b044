"""An X-ray luminosity function as a bolometric one."""

from __future__ import annotations

import warnings

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import BOLOMETRIC, Band
from faintsky.core.bolometric_correction import BolometricCorrection
from faintsky.core.component import component, option, slot
from faintsky.core.errors import FaintskyWarning
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.parameter import Parametric
from faintsky.core.validity import OUTSIDE, Validity

__all__ = ["Bolometric"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class Bolometric(Parametric, LuminosityFunction):
    """X-ray luminosity function as a function of bolometric luminosity, through a bolometric correction.

    phi_bol(log L_bol) = phi_X(log L_X) dlog L_X / dlog L_bol at the L_X that the correction gives: number is conserved. The
    correction is taken as exact; its scatter, which moves faint AGN to bright L_X, is neglected, as papers do.

    Raises
    ------
    DataError
        Where the correction is for another band than the luminosity function.
    """

    of: LuminosityFunction = slot(help="X-ray luminosity function")
    correction: BolometricCorrection = slot(help="bolometric correction for its band")
    outside: str = option("warn", choices=OUTSIDE, help="where the X-ray one was not measured: warn, nan, raise or ignore")

    def __attrs_post_init__(self) -> None:
        self.correction.check(self.of.band, self.of.name)
        super().__attrs_post_init__()
        if not self.correction.is_verified:
            name = type(self.correction).__name__
            said = f"the coefficients of the bolometric correction {name} were verified against too little; see its documentation"
            warnings.warn(said, FaintskyWarning, stacklevel=3)

    @property
    def band(self) -> Band:
        """All energies."""
        return BOLOMETRIC

    @property
    def cosmology(self) -> AssumedCosmology:
        """That of the X-ray luminosity function."""
        return self.of.cosmology

    @property
    def validity(self) -> Validity:
        """That of the X-ray luminosity function, in bolometric luminosities."""
        low, high = self.of.validity.log_l
        ends = (low if np.isinf(low) else self._bolometric(low), high if np.isinf(high) else self._bolometric(high))
        return Validity(log_l=ends, z=self.of.validity.z)

    @property
    def provenance(self) -> Provenance:
        """Both sources; verified where both are."""
        of, name = self.of.provenance, type(self.correction).__name__
        verified = of.verified if self.correction.is_verified else ""
        return Provenance(source=f"{of.source or 'own parameters'} with {name}", verified=verified)

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi_bol."""
        log_bol = np.asarray(log_l, dtype=float)
        return np.asarray(self.of.log_density(self.correction.log_band(log_bol), z) + np.log(self.correction.slope(log_bol)))

    def log_l_breaks(self) -> Array:
        """Those of the X-ray luminosity function, in bolometric luminosities."""
        breaks = self.of.log_l_breaks()
        return self.correction.log_bolometric(breaks) if breaks.size else breaks

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """Those of the X-ray luminosity function, at the same sources."""
        return self.of.z_breaks(self.correction.log_band(log_l))

    def _bolometric(self, log_x: float) -> float:
        return float(self.correction.log_bolometric(log_x))
