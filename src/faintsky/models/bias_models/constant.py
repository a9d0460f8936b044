"""One bias at every redshift."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bias_model import BiasModel
from faintsky.core.component import component
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import Uniform

__all__ = ["Constant"]


@component()
@frozen(kw_only=True)
class Constant(Parametric, BiasModel):
    """One number: the average bias of the sources of a map."""

    bias: float = parameter(1.0, prior=Uniform(low=0.0, high=30.0), help="linear bias", latex="$b$")

    def b(self, z: ArrayLike) -> NDArray[np.float64]:
        """The bias, at any redshift."""
        return np.asarray(self.bias + np.zeros(np.shape(z)))
