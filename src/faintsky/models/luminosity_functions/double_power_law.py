"""A double power law that does not evolve."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.component import component
from faintsky.models.luminosity_functions.published_form import PublishedForm

__all__ = ["DoublePowerLaw"]

Array = NDArray[np.float64]


@component()
@frozen(kw_only=True)
class DoublePowerLaw(PublishedForm):
    """Double power law without evolution: phi = A / [(L / L*)^gamma1 + (L / L*)^gamma2].

    For one redshift bin, and what all other forms are made of.
    """

    form: ClassVar[str] = "dpl"

    def log_density(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """ln phi; the same at all redshifts."""
        found = self._log_power_law(log_l)
        return np.asarray(found + np.zeros(np.shape(z)))
