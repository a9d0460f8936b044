"""Where the posterior of two point sources puts the second one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.one_sigma import median_columns
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf_asymmetry import position_angle, secondary_on_asymmetry
from faintsky.core.sampler import Posterior

__all__ = ["SecondSource"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class SecondSource:
    """Draws of the second source as seen from the first.

    Attributes
    ----------
    dx, dy : ndarray, shape (n,)
        To the west and to the north [arcsec].
    log_ratio : ndarray, shape (n,)
        log10 of its counts over those of the first.
    """

    dx: Array = field(repr=False)
    dy: Array = field(repr=False)
    log_ratio: Array = field(repr=False)

    @classmethod
    def of(cls, posterior: Posterior) -> Self:
        """From the posterior of two sources, of samples of equal weight."""
        dx, dy = (posterior.column(f"{axis}_2") - posterior.column(f"{axis}_1") for axis in "xy")
        return cls(dx=dx, dy=dy, log_ratio=posterior.column("log_f_2"))

    @property
    def separation(self) -> Array:
        """[arcsec], shape (n,)."""
        return np.hypot(self.dx, self.dy)

    @property
    def position_angle(self) -> float:
        """Circular mean, from north through east [rad]."""
        return float(np.angle(np.mean(np.exp(1j * position_angle(self.dx, self.dy)))) % (2 * np.pi))

    def row(self) -> dict[str, float]:
        """Medians with their errors to either side, and the position angle."""
        found = median_columns("separation_arcsec", self.separation) | median_columns("log10_ratio", self.log_ratio)
        return found | {"position_angle_deg": float(np.rad2deg(self.position_angle))}

    def cautions(self, photons: PhotonSet) -> Iterator[str]:
        """That it stands on the hook of the PSF in some observations, of Chandra alone."""
        separation = float(np.median(self.separation))
        seen = [box for box in photons.observations if "CHANDRA" in str(box.facts.get("telescope", "")).upper()]
        there = [box.name for box in seen if secondary_on_asymmetry(separation, self.position_angle, box.place.roll)]
        if there:
            yield (
                f"source {photons.name}: the second source, {separation:.2g} arcsec from the first at a position angle of "
                f"{np.rad2deg(self.position_angle):.0f} deg, stands on the hook of Chandra's PSF in {len(there)} of {len(seen)} "
                f"observations ({', '.join(there)}): its photons may be those of the first. See whether it stays without them"
            )
