"""The kind ``bias_models``: how much more strongly than matter sources cluster."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["BiasModel"]


@runtime_checkable
class BiasModel(Protocol):
    """A linear bias with parameters (a `faintsky.core.parameter.Parametric`)."""

    @abstractmethod
    def b(self, z: ArrayLike) -> NDArray[np.float64]:
        """Bias at `z` of shape (m,): (m,), or (n, m) where the parameters are columns of shape (n, 1)."""
