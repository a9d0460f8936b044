"""Pure density evolution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution import log_broken_evolution
from faintsky.models.luminosity_functions.evolution_parameters import held_break, held_index, index, pivot_redshift
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Pde", "log_pivoted_evolution"]

Array = NDArray[np.float64]


def log_pivoted_evolution(z: ArrayLike, p1: Any, p2: Any, zc: Any, z_pivot: Any) -> Array:
    """ln of a broken power of (1 + z) / (1 + z_pivot); the pivot lies on the first branch."""
    return np.asarray(log_broken_evolution(z, p1, (zc, p2)) - p1 * np.log1p(z_pivot))


@component(references=["Ueda2003", "Vito2014"])
@frozen(kw_only=True)
class Pde(PublishedForm):
    """Pure density evolution: phi = DPL(L) e(z), with e = [(1 + z) / (1 + z_pivot)]^p1 up to zc and the index p2 above.

    The form of high redshifts has z_pivot = 3 and no break, which is the default. That of Ueda et al. 2003 has z_pivot = 0 and a
    break; ``published = "ueda03-pde"`` brings it. `p2`, `zc` and `z_pivot` are held unless a prior frees them.
    """

    form: ClassVar[str] = "pde"

    p1: float = index(-6.5, "index of (1 + z) below the break", r"$p_1$", low=-20.0, high=10.0)
    p2: float = held_index()
    zc: float = held_break()
    z_pivot: float = pivot_redshift(3.0)

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        return self._log_power_law(log_l) + log_pivoted_evolution(z, self.p1, self.p2, self.zc, self.z_pivot)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """zc, shape (1, m) or (1, n, m); shape (0, m) without a break."""
        if np.all(np.isinf(self.zc)):
            return super().z_breaks(log_l)
        return self._of_redshift(log_l, self.zc)
