"""Shot noise plus a power law."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.power_model import PowerModel
from faintsky.core.prior import Prior, Uniform

__all__ = ["ShotPlusPowerLaw"]


@component()
@frozen(kw_only=True)
class ShotPlusPowerLaw(Parametric, PowerModel):
    """White shot noise plus a power law: P(q) = shot + amplitude (q / q0)^-slope.

    `amplitude` is the clustered power at the pivot scale theta0 = 2 pi / q0. Both levels are in the unit of the spectrum;
    their default priors are flat, and reach as far as the spectrum does (`scaled`): from 0 for an auto-spectrum, to both
    sides for a cross-spectrum, which may be negative. Evidences of different data or estimators are comparable only
    with priors that the study gives.
    """

    theta0: float = option("100 arcsec", unit="rad", gt=0, help="pivot scale 2 pi / q0 of the amplitude")
    shot: float = parameter(0.0, prior=Uniform(low=-1, high=1), help="white level", latex="$P_{SN}$")
    amplitude: float = parameter(
        1.0, prior=Uniform(low=-1, high=1), help="clustered power at the pivot scale", latex="$A$"
    )
    slope: float = parameter(1.5, prior=Uniform(low=0.2, high=4.0), help="P falls as q^-slope", latex="$n$")

    def power(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """P at `q` [rad^-1], shape (m,), or (n, m) for parameters in columns; unit of `amplitude`."""
        x = np.log(q * self.theta0 / (2 * np.pi))
        return np.asarray(self.shot + self.amplitude * np.exp(-self.slope * x))

    def scaled(self, level: float, signed: bool) -> Self:
        """The same with the default priors of the two levels set to the reach of a spectrum."""
        wide = Uniform(low=-level if signed else 0.0, high=level)
        names = [n for n in ("shot", "amplitude") if n not in {*self.priors, *self.fixed, *self.tied}]
        more: dict[str, Prior] = dict.fromkeys(names, wide)
        return attrs.evolve(self, priors={**more, **self.priors})
