"""AGN drawn from a luminosity function, each with a column density."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.luminosity_integrals import sample

__all__ = ["AgnPopulation", "drawn_agn", "nh_shares"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class AgnPopulation:
    """Sources as they are.

    Attributes
    ----------
    z : ndarray, shape (n,)
    log_l : ndarray, shape (n,)
        log10 luminosity [erg/s] in the band of the luminosity function, without absorption.
    log_nh : ndarray, shape (n,)
        log10 of the column density [cm^-2]; -inf without absorption.
    """

    z: Array = field(repr=False)
    log_l: Array = field(repr=False)
    log_nh: Array = field(repr=False)

    def __len__(self) -> int:
        return int(self.z.size)


def nh_shares(classes: Mapping[str, float]) -> dict[float, float]:
    """Column densities, increasing, and the space density of their AGN in that of the luminosity function.

    Raises
    ------
    DataError
        For a name that is no log10 of a column density, or a negative share.
    """
    found: dict[float, float] = {}
    for name, share in classes.items():
        try:
            log_nh = float(name)
        except ValueError:
            raise DataError(
                f"a class of column densities is named by its log10 N_H [cm^-2], such as '22.5', not {name!r}"
            ) from None
        if not 19 <= log_nh <= 27:
            raise DataError(
                f"log10 N_H = {log_nh:g} is no column density in cm^-2: give 19 to 27, and no class for no absorption"
            )
        if not share >= 0:
            raise DataError(f"the share of AGN with log10 N_H = {log_nh:g} is {share:g}: it cannot be negative")
        found[log_nh] = share
    if found and not sum(found.values()) > 0:
        raise DataError("all shares of column densities are 0: no AGN is left")
    return dict(sorted(found.items())) or {-np.inf: 1.0}


def drawn_agn(
    population: LuminosityFunction,
    cosmology: Cosmology,
    *,
    area: float,
    z: tuple[float, float],
    log_l: tuple[float, float],
    nh: Mapping[float, float],
    rng: np.random.Generator,
) -> AgnPopulation:
    """Poisson sources of the density phi(L, z) dV/dz over an area of sky, each of a class of column densities.

    Parameters
    ----------
    population : LuminosityFunction
    cosmology : Cosmology
        The one that it assumes.
    area : float
        [deg^2]
    z, log_l : tuple of float
        Ranges.
    nh : mapping of float to float
        Space density of each class of log10 N_H, as a part of that of `population`: `nh_shares`.
    rng : Generator

    Raises
    ------
    DataError
        Where a range is empty, cosmologies differ, or the luminosity function refuses the ranges.
    """
    population.cosmology.check(cosmology, population.name)
    share = np.array(list(nh.values()))
    bright, at = sample(population, area * share.sum(), z_range=z, log_l_range=log_l, cosmology=cosmology, rng=rng)
    return AgnPopulation(z=at, log_l=bright, log_nh=rng.choice(np.array(list(nh)), at.size, p=share / share.sum()))
