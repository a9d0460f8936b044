"""Shot noise plus a power law."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.power_model import SPECTRUM_UNIT, PowerModel
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.prior import Prior, Uniform

__all__ = ["ShotPlusPowerLaw"]


@component()
@frozen(kw_only=True)
class ShotPlusPowerLaw(Parametric, PowerModel):
    """White shot noise plus a power law: P(q) = shot + amplitude (q / q0)^-slope.

    `amplitude` is the clustered power at the pivot scale theta0 = 2 pi / q0. Both levels are in the unit of the
    spectrum. Their default priors are flat and reach to `reach` times what the spectrum shows, |P| + 3 sigma: of the
    third of the bins with the largest q for the shot noise, of the bins within a factor 2 of the pivot for the
    amplitude; from 0 for an auto-spectrum, to both sides for a cross-spectrum, which may be negative. Evidences of
    different data or estimators are comparable only with priors that the study gives.
    """

    theta0: float = option("100 arcsec", unit="rad", gt=0, help="pivot scale 2 pi / q0 of the amplitude")
    reach: float = option(3.0, gt=1, help="how far the default priors reach, in units of what the spectrum shows")
    shot: float = parameter(0.0, prior=Uniform(low=-1, high=1), unit=SPECTRUM_UNIT, help="white level", latex="$P_{SN}$")
    amplitude: float = parameter(
        1.0, prior=Uniform(low=-1, high=1), unit=SPECTRUM_UNIT, help="clustered power at the pivot scale", latex="$A$"
    )
    slope: float = parameter(1.5, prior=Uniform(low=0.2, high=4.0), help="P falls as q^-slope", latex="$n$")

    def power(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """P at `q` [rad^-1], shape (m,), or (n, m) for parameters in columns; unit of `amplitude`."""
        x = np.log(q * self.theta0 / (2 * np.pi))
        return np.asarray(self.shot + self.amplitude * np.exp(-self.slope * x))

    def for_spectrum(self, spectrum: PowerSpectrum, chosen: NDArray[np.bool_]) -> Self:
        """The same with the default priors of the two levels set to the reach of a spectrum."""
        q, shown = spectrum.q[chosen], (np.abs(spectrum.power) + 3 * spectrum.error)[chosen]
        near = np.abs(np.log(q * self.theta0 / (2 * np.pi))) < np.log(2)
        levels = {"shot": shown[-max(1, len(q) // 3) :], "amplitude": shown[near] if near.any() else shown}
        signed = spectrum.names[0] != spectrum.names[1]
        given = {*self.priors, *self.fixed, *self.tied}
        priors: dict[str, Prior] = dict(self.priors)
        for name, level in levels.items():
            high = self.reach * float(level.max())
            if name not in given:
                priors[name] = Uniform(low=-high if signed else 0.0, high=high)
        return attrs.evolve(self, priors=priors)
