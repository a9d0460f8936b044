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
from faintsky.core.source_frame import redshift, source_edges
from faintsky.core.spectrum import Formula, Spectrum

__all__ = ["COLUMN", "Phabs", "Tbabs", "Wabs", "ZPhabs", "ZTbabs", "ZWabs", "column_density", "with_cross_section"]

Array = NDArray[np.float64]

#: How cross-sections fall with energy between edges, dln sigma / dln E.
_SLOPE = 2.8
#: Widest bin, in ln E, whose mean transmission is that of its mean depth.
_NARROW = 0.008
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


def _mean_transmission(depth: Array, width: Array) -> Array:
    """Mean of exp(-depth) over bins of `width` in ln E, in which the depth falls as E^-2.8: sinh(d/2) / (d/2) to second order.

    `depth` is used up. Bins narrower than 0.8 per cent need no correction: it would be below 1e-3 up to a depth of 7.
    """
    wide = width > _NARROW
    spread = ((_SLOPE * width[wide]) ** 2 / 24).astype(depth.dtype)
    correction = 1 + spread * depth[..., wide] ** 2 if np.any(wide) else None
    np.exp(np.negative(depth, out=depth), out=depth)
    if correction is not None:
        depth[..., wide] *= correction
    return depth


def _split_at_edges(passed: Array, fine: Array, section: CrossSection, column: Array, z: Array) -> None:
    """Replace the bins that hold an absorption edge by the mean over their two sides.

    Parameters
    ----------
    passed : ndarray, shape (..., nfine)
        Changed in place.
    fine : ndarray, shape (nfine + 1,)
        As observed [keV].
    section : CrossSection
    column, z : ndarray, () or (..., 1)
        Hydrogen atoms cm^-2, and redshift.
    """
    observed = section.edges / (1.0 + z)
    held_by = np.searchsorted(fine, observed) - 1
    inside = (held_by >= 0) & (held_by < len(fine) - 1)
    if not inside.any():
        return
    where = np.nonzero(inside)
    bins, edge = held_by[where], observed[where]
    low, high = fine[bins], fine[bins + 1]
    # A side of no width has no mean of its own; it has no share either.
    edge = np.clip(edge, low * (1 + 1e-9), high * (1 - 1e-9))
    shift = 1.0 + (np.broadcast_to(z, observed.shape)[where] if z.ndim else z)
    depth = section.mean(np.stack([low, edge, high], axis=-1) * np.asarray(shift)[..., None]).astype(passed.dtype)
    share = ((edge - low) / (high - low)).astype(passed.dtype)
    # Only axes along which the redshift changes are indexed; along the others every row has its edges in the same bins.
    lead = passed.shape[:-1]
    skipped = len(lead) - max(z.ndim - 1, 0)
    varying = [axis for axis in range(skipped, len(lead)) if z.shape[axis - skipped] > 1]
    front = tuple(range(len(varying)))
    columns = np.moveaxis(np.broadcast_to(column[..., 0] if column.ndim else column, lead), varying, front)
    view = np.moveaxis(passed, varying, front)
    rows = tuple(where[axis - skipped] for axis in varying)
    # The edges come first where rows are indexed, as numpy puts them, and last where all rows share them.
    spread: tuple[slice | None, ...] = (slice(None),)
    if varying:
        spread += (None,) * (len(lead) - len(varying))
    columns = columns[rows] if varying else columns[..., None]
    below, above, part = depth[:, 0][spread], depth[:, 1][spread], share[spread]
    place: Any = (*rows, ..., bins)
    view[place] = part * np.exp(-columns * below) + (1 - part) * np.exp(-columns * above)


class _Absorber(Spectrum, Protocol):
    """What all absorbers share."""

    nh: float
    cross_section: CrossSection

    @property
    def additive(self) -> bool:
        """False."""
        return False

    def photon_flux(self, edges_kev: Array) -> Array:
        """The mean transmitted fraction of each bin, to 1e-3 where it is above 1e-3.

        A bin wider than 2 per cent is cut. In each part the optical depth t is N_H times the exact mean of the cross-section, and
        the mean of exp(-t) over a slope dln t / dln E = -2.8 is exp(-t) (1 + (2.8 width t)^2 / 24 + ...); a part that holds an
        absorption edge is taken on either side of it.
        """
        fine, starts = refined(edges_kev)
        z = getattr(self, "redshift", 0.0)
        nh = np.asarray(self.nh)
        # Columns in float32 ask for transmissions in float32: grids of thousands of them take half as long, good to 1e-7 of 1.
        column = np.asarray(COLUMN * nh, dtype=np.float32 if nh.dtype == np.float32 else float)
        sigma = self.cross_section.mean(source_edges(fine, z)).astype(column.dtype, copy=False)
        passed = _mean_transmission(np.asarray(column * sigma), np.log(fine[1:] / fine[:-1]))
        _split_at_edges(passed, fine, self.cross_section, column, np.asarray(z, dtype=float))
        return mean_over(passed, fine, starts)


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
    if isinstance(getattr(model, "cross_section", None), CrossSection):
        return attrs.evolve(model, cross_section=section)  # type: ignore[misc]
    return model
