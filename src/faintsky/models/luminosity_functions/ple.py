"""Pure luminosity evolution."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.evolution import LN10, log_double_power_law
from faintsky.models.luminosity_functions.evolution_parameters import held_break, held_index, index, pivot_redshift
from faintsky.models.luminosity_functions.pde import log_pivoted_evolution
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["Ple"]

Array = NDArray[np.float64]


@component(references=["Ueda2003", "Vito2014"])
@frozen(kw_only=True)
class Ple(PublishedForm):
    """Pure luminosity evolution: phi = DPL(L / e(z)), with e = [(1 + z) / (1 + z_pivot)]^p1 up to zc and the index p2 above.

    The form of high redshifts has z_pivot = 3 and no break, which is the default. That of Ueda et al. 2003 has z_pivot = 0 and a
    break; ``published = "ueda03-ple"`` brings it. `p2`, `zc` and `z_pivot` are held unless a prior frees them.
    """

    form: ClassVar[str] = "ple"

    p1: float = index(-2.0, "index of (1 + z) below the break", r"$p_1$", low=-10.0, high=10.0)
    p2: float = held_index()
    zc: float = held_break()
    z_pivot: float = pivot_redshift(3.0)

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi, for arguments and parameters that broadcast."""
        moved = self.log_l_star + log_pivoted_evolution(z, self.p1, self.p2, self.zc, self.z_pivot) / LN10
        return log_double_power_law(log_l, self.log_norm, moved, self.gamma1, self.gamma2)

    def z_breaks(self, log_l: ArrayLike) -> Array:
        """zc, shape (1, m) or (1, n, m); shape (0, m) without a break."""
        if np.all(np.isinf(self.zc)):
            return super().z_breaks(log_l)
        return self._of_redshift(log_l, self.zc)
