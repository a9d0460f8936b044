"""A bias of its own in each redshift bin."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.bias_model import BiasModel
from faintsky.core.component import component, option
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import Uniform

__all__ = ["PerBin"]

_MOST = 6


def _bias(number: int) -> float:
    return parameter(  # type: ignore[no-any-return]
        1.0, prior=Uniform(low=0.0, high=30.0), help=f"bias in the redshift bin {number}", latex=f"$b_{number}$"
    )


@component()
@frozen(kw_only=True)
class PerBin(Parametric, BiasModel):
    """Steps: b_1 below the first edge, b_2 up to the second, and so on; at most six bins."""

    edges: tuple[float, ...] = option((3.0, 6.0), help="redshifts between the bins")
    b_1: float = _bias(1)
    b_2: float = _bias(2)
    b_3: float = _bias(3)
    b_4: float = _bias(4)
    b_5: float = _bias(5)
    b_6: float = _bias(6)

    def __attrs_post_init__(self) -> None:
        if list(self.edges) != sorted(set(self.edges)) or len(self.edges) >= _MOST:
            raise DataError(f"edges must increase, and be {_MOST - 1} at most; got {list(self.edges)}")
        super().__attrs_post_init__()
        unused = {f"b_{i}": 1.0 for i in range(len(self.edges) + 2, _MOST + 1)}
        object.__setattr__(self, "fixed", {**self.fixed, **unused})

    def b(self, z: ArrayLike) -> NDArray[np.float64]:
        """The bias of the bin that holds each redshift."""
        index = np.searchsorted(self.edges, np.asarray(z, dtype=float), side="right")
        found = 0.0
        for i in range(len(self.edges) + 1):
            found = found + getattr(self, f"b_{i + 1}") * (index == i)
        return np.asarray(found)
