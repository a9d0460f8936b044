"""Photoelectric absorption: one factor exp(-N_H sigma), with the cross-section as a component of its own."""

from __future__ import annotations

from typing import Any, Protocol

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, slot
from faintsky.core.cross_section import CrossSection
from faintsky.core.energy_bins import mean_over, refined
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import LogUniform
from faintsky.core.spectrum import Formula, Spectrum
from faintsky.models.spectra.redshifted import redshift, source_edges

__all__ = ["COLUMN", "Phabs", "Tbabs", "Wabs", "ZPhabs", "ZTbabs", "ZWabs", "column_density", "with_cross_section"]

Array = NDArray[np.float64]

#: The unit of column densities [hydrogen atoms cm^-2], XSPEC's.
COLUMN: float = 1e22


def column_density() -> Any:
    """The parameter `nh`."""
    return parameter(
        1.0,
        prior=LogUniform(low=1e-3, high=1e3),
        unit="1e22 cm-2",
        ge=0,
        help="hydrogen column density",
        latex=r"$N_{\rm H}$",
        xspec="nH",
    )


class _Absorber(Spectrum, Protocol):
    """What all absorbers share."""

    nh: float
    cross_section: CrossSection

    @property
    def additive(self) -> bool:
        """False."""
        return False

    def photon_flux(self, edges_kev: Array) -> Array:
        """The mean transmitted fraction of each bin.

        A bin wider than 5 per cent is cut; in each part the optical depth is N_H times the exact mean of the cross-section, so an
        absorption edge inside a bin costs nothing.
        """
        fine, starts = refined(edges_kev)
        sigma = self.cross_section.mean(source_edges(fine, getattr(self, "redshift", 0.0)))
        return mean_over(np.exp(-COLUMN * self.nh * sigma), fine, starts)


@component(references=["MorrisonMcCammon1983"])
@frozen(kw_only=True)
class Wabs(_Absorber, Parametric):
    """Photoelectric absorption with the cross-section of Morrison & McCammon 1983: exp(-nh sigma(E)).

    No Compton scattering: above 1e24 cm^-2 multiply with `cabs`.
    """

    nh: float = column_density()
    cross_section: CrossSection = slot("mm83", help="photoelectric cross-section per hydrogen atom")


@component(references=["MorrisonMcCammon1983"])
@frozen(kw_only=True)
class ZWabs(_Absorber, Parametric):
    """Absorption at a redshift with the cross-section of Morrison & McCammon 1983: exp(-nh sigma(E (1 + z)))."""

    nh: float = column_density()
    redshift: float = redshift()
    cross_section: CrossSection = slot("mm83", help="photoelectric cross-section per hydrogen atom")


@component(references=["Verner1996", "AndersGrevesse1989"])
@frozen(kw_only=True)
class Phabs(_Absorber, Parametric):
    """Photoelectric absorption with the cross-sections of Verner et al. 1996."""

    nh: float = column_density()
    cross_section: CrossSection = slot("verner", help="photoelectric cross-section per hydrogen atom, with its abundances")


@component(references=["Verner1996", "AndersGrevesse1989"])
@frozen(kw_only=True)
class ZPhabs(_Absorber, Parametric):
    """Absorption at a redshift with the cross-sections of Verner et al. 1996."""

    nh: float = column_density()
    redshift: float = redshift()
    cross_section: CrossSection = slot("verner", help="photoelectric cross-section per hydrogen atom, with its abundances")


@component(references=["Wilms2000"])
@frozen(kw_only=True)
class Tbabs(_Absorber, Parametric):
    """Absorption by gas, molecules and grains of the interstellar medium: Wilms, Allen & McCray 2000."""

    nh: float = column_density()
    cross_section: CrossSection = slot("wilms", help="photoelectric cross-section per hydrogen atom, with its abundances")


@component(references=["Wilms2000"])
@frozen(kw_only=True)
class ZTbabs(_Absorber, Parametric):
    """Absorption at a redshift by gas, molecules and grains: Wilms, Allen & McCray 2000."""

    nh: float = column_density()
    redshift: float = redshift()
    cross_section: CrossSection = slot("wilms", help="photoelectric cross-section per hydrogen atom, with its abundances")


def with_cross_section(model: Spectrum, section: CrossSection) -> Spectrum:
    """The model with all its photoelectric absorbers on one cross-section, their columns as they are."""
    if isinstance(model, Formula):
        return attrs.evolve(model, parts={name: with_cross_section(part, section) for name, part in model.parts.items()})
    if isinstance(model, Wabs | ZWabs | Phabs | ZPhabs | Tbabs | ZTbabs):
        return attrs.evolve(model, cross_section=section)
    return model
