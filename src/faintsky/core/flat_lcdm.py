"""The numbers of a flat LCDM universe, by a published name or one by one; what adapters of cosmology codes share."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError, nearest

__all__ = ["PUBLISHED", "FlatLCDM"]

#: H0 [km/s/Mpc], Omega_m, Omega_b, sigma8, n_s. The names and numbers are those of colossus 1.4: Planck Collaboration 2020
#: (table 2, last column) and 2016 (table 4, last column), Hinshaw et al. 2013 (WMAP9 + BAO + H0).
PUBLISHED: dict[str, tuple[float, float, float, float, float]] = {
    "planck18": (67.66, 0.3111, 0.0490, 0.8102, 0.9665),
    "planck15": (67.74, 0.3089, 0.0486, 0.8159, 0.9667),
    "wmap9": (69.32, 0.2865, 0.0463, 0.8200, 0.9608),
}


@frozen(kw_only=True)
class FlatLCDM:
    """A flat universe of matter, radiation and a cosmological constant; neutrinos have no mass."""

    name: str = option("", help="a published set: planck18, planck15, wmap9; its numbers may be replaced one by one")
    h0: float | None = option(None, gt=0, help="Hubble constant in km/s/Mpc")
    omega_m0: float | None = option(None, gt=0, lt=1, help="matter density today")
    omega_b0: float | None = option(None, gt=0, lt=1, help="baryon density today")
    sigma8: float | None = option(None, gt=0, help="rms of the linear overdensity in spheres of 8 Mpc/h")
    ns: float | None = option(None, gt=0, help="slope of the primordial power")
    z_max: float = option(16.0, ge=1, help="how far the tables reach")

    def __attrs_post_init__(self) -> None:
        if self.name and self.name not in PUBLISHED:
            raise DataError(
                f"no cosmology is called {self.name!r}. {nearest(self.name, PUBLISHED)} Known: {', '.join(PUBLISHED)}"
            )
        missing = [key for key in ("h0", "omega_m0", "omega_b0", "sigma8", "ns") if not self.name and getattr(self, key) is None]
        if missing:
            raise DataError(
                f"the cosmology is not given ({', '.join(missing)}): name a published one, such as name = 'planck18', or give "
                "all five numbers. There is no default, because papers that do not state theirs cannot be repeated"
            )

    @property
    def numbers(self) -> dict[str, float]:
        """h0, omega_m0, omega_b0, sigma8, ns."""
        published = dict(zip(("h0", "omega_m0", "omega_b0", "sigma8", "ns"), PUBLISHED.get(self.name, ()), strict=False))
        given = {key: getattr(self, key) for key in ("h0", "omega_m0", "omega_b0", "sigma8", "ns")}
        return published | {key: value for key, value in given.items() if value is not None}

    def grid(self, number: int = 200) -> NDArray[np.float64]:
        """Redshifts of the tables, uniform in ln(1 + z)."""
        return np.asarray(np.expm1(np.linspace(0.0, np.log1p(self.z_max), number)))
