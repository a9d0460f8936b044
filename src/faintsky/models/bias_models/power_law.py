"""A bias that grows as a power of 1 + z."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bias_model import BiasModel
from faintsky.core.component import component
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import Uniform

__all__ = ["PowerLaw"]


@component()
@frozen(kw_only=True)
class PowerLaw(Parametric, BiasModel):
    """b(z) = b0 (1 + z)^slope."""

    b0: float = parameter(1.0, prior=Uniform(low=0.0, high=10.0), help="bias today", latex="$b_0$")
    slope: float = parameter(0.5, prior=Uniform(low=-1.0, high=3.0), help="growth with 1 + z", latex=r"$\alpha_b$")

    def b(self, z: ArrayLike) -> NDArray[np.float64]:
        """b0 (1 + z)^slope."""
        return np.asarray(self.b0 * np.exp(self.slope * np.log1p(np.asarray(z, dtype=float))))
