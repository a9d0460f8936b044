"""A cutoff power law with its reflection from neutral matter."""

from __future__ import annotations

import warnings

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component
from faintsky.core.energy_bins import bin_integrals, refined, sum_over
from faintsky.core.errors import FaintskyWarning
from faintsky.core.parameter import Parametric, parameter
from faintsky.core.prior import LogUniform, Uniform
from faintsky.core.source_frame import norm, redshift, source_edges
from faintsky.core.spectrum import Spectrum
from faintsky.models.spectra.compton_reflection import reflector
from faintsky.models.spectra.powerlaw import photon_index, power_integral

__all__ = ["Pexrav"]

Array = NDArray[np.float64]


@component(references=["MagdziarzZdziarski1995", "Verner1996", "AndersGrevesse1989"])
@frozen(kw_only=True)
class Pexrav(Parametric, Spectrum):
    """Cutoff power law with its reflection from a plane of neutral matter.

    N(E) = norm E^-photon_index exp(-E (1 + z) / cutoff) [1 + rel_refl r(E (1 + z))], normalised at 1 keV as observed without
    the reflection. `rel_refl` = 1 is a plane that covers half the sky of an isotropic source; a negative one leaves the direct
    light out and gives |rel_refl| times the reflection alone. The ratio r has the Green's functions of Magdziarz & Zdziarski
    1995 above 12 keV; hydrogen and helium are fully ionised, the metals neutral with the cross-sections of Verner et al. 1996
    and the abundances of Anders & Grevesse 1989. It is zero above 0.9 MeV for a plane seen face on.
    """

    photon_index: float = photon_index("photon index of the incident power law")
    cutoff: float = parameter(
        0.0,
        prior=LogUniform(low=50.0, high=2000.0),
        unit="keV",
        ge=0,
        frozen=True,
        help="e-folding energy in the frame of the source; 0 is none",
        latex="$E_c$",
        xspec="foldE",
    )
    rel_refl: float = parameter(
        1.0,
        prior=Uniform(low=0.0, high=5.0),
        help="strength; negative for the reflection alone",
        latex="$R$",
        xspec="rel_refl",
    )
    redshift: float = redshift()
    abundance: float = parameter(
        1.0,
        prior=LogUniform(low=0.1, high=10.0),
        ge=0,
        frozen=True,
        help="metals but iron, over solar",
        latex="$A$",
        xspec="abund",
    )
    iron: float = parameter(
        1.0, prior=LogUniform(low=0.1, high=10.0), ge=0, frozen=True, help="iron over solar", latex="$A_{Fe}$", xspec="Fe_abund"
    )
    cos_inclination: float = parameter(
        0.45,
        prior=Uniform(low=0.05, high=0.95),
        gt=0,
        le=1,
        frozen=True,
        help="cosine of the angle at which the plane is seen, 0.05-0.95",
        latex=r"$\cos i$",
        xspec="cosIncl",
    )
    norm: float = norm(help="photons per keV at 1 keV as observed, without reflection")

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        cosine = np.asarray(self.cos_inclination)
        if np.any((cosine < 0.05) | (cosine > 0.95)):
            warnings.warn(
                f"pexrav: cos_inclination = {self.cos_inclination} is taken as {np.clip(cosine, 0.05, 0.95)}, where the fits of "
                "Magdziarz & Zdziarski 1995 end",
                FaintskyWarning,
                stacklevel=3,
            )

    @property
    def additive(self) -> bool:
        """True."""
        return True

    def photon_flux(self, edges_kev: Array) -> Array:
        """Photons in each bin [photons cm^-2 s^-1]."""
        fine, starts = refined(edges_kev)
        cutoff = np.asarray(self.cutoff, dtype=float)
        rate = np.divide(1.0, cutoff, out=np.zeros_like(cutoff), where=cutoff > 0)
        direct = self._direct(fine, rate)
        strength = np.asarray(self.rel_refl, dtype=float)
        shape = np.where(strength < 0, 0.0, 1.0)
        if np.any(strength != 0):
            shape = shape + np.abs(strength) * self._mean_ratio(fine, rate)
        return sum_over(np.asarray(direct * shape), starts)

    def _direct(self, edges: Array, rate: Array) -> Array:
        """The incident power law in each bin."""
        observed = rate * (1.0 + np.asarray(self.redshift))
        if not np.any(rate):
            return np.asarray(self.norm * power_integral(edges, self.photon_index))

        def density(energy: Array) -> Array:
            return np.asarray(self.norm * np.exp(-self.photon_index * np.log(energy) - (energy - 1) * observed))

        return bin_integrals(density, edges)

    def _mean_ratio(self, edges: Array, rate: Array) -> Array:
        """Mean of reflected over incident photons in each bin; parameters of equal rows are evaluated once."""
        values = np.broadcast_arrays(
            np.asarray(self.photon_index, dtype=float),
            rate,
            np.clip(self.cos_inclination, 0.05, 0.95),
            np.asarray(self.abundance, dtype=float),
            np.asarray(self.iron, dtype=float),
        )
        rows = np.stack([v.ravel() for v in values], axis=1)
        different, which = np.unique(rows, axis=0, return_inverse=True)
        which = which.reshape(values[0].shape)
        at_source = source_edges(edges, self.redshift)
        planes = {tuple(plane) for plane in different[:, 2:].tolist()}
        found: Array | None = None
        for plane in planes:
            mine = np.flatnonzero(np.all(different[:, 2:] == plane, axis=1))
            one = reflector(*plane)
            integral = _Integral.of(one.energy, one.ratio(different[mine, 0], different[mine, 1], float(at_source.max())))
            if len(planes) == 1:
                return integral.means(at_source, which)
            local = np.searchsorted(mine, np.clip(which, 0, mine[-1]))
            part = integral.means(at_source, np.where(np.isin(which, mine), local, 0))
            found = part if found is None else np.where(np.isin(which, mine), part, found)
        assert found is not None
        return found


@frozen(eq=False)
class _Integral:
    """The integral of ratios that are linear between nodes: their bin means are exact, across edges too."""

    energy: Array
    ratio: Array
    sums: Array

    @classmethod
    def of(cls, energy: Array, ratio: Array) -> _Integral:
        steps = 0.5 * (ratio[:, 1:] + ratio[:, :-1]) * np.diff(energy)
        return cls(energy, ratio, np.concatenate([np.zeros((len(ratio), 1)), np.cumsum(steps, axis=1)], axis=1))

    def means(self, edges: Array, which: NDArray[np.intp]) -> Array:
        """Means over bins of `edges` (..., nbin + 1) of the rows `which` of the ratios; shapes broadcast."""
        inside = np.clip(edges, self.energy[0], self.energy[-1])
        i = np.clip(np.searchsorted(self.energy, inside, side="right") - 1, 0, len(self.energy) - 2)
        step = inside - self.energy[i]
        share = step / (self.energy[i + 1] - self.energy[i])
        if which.size == 1:
            low, high, sums = self.ratio[0][i], self.ratio[0][i + 1], self.sums[0][i]
        else:
            low, high, sums = self.ratio[which, i], self.ratio[which, i + 1], self.sums[which, i]
        upto = sums + step * (low + 0.5 * share * (high - low))
        # Nothing is reflected above the last node; below the first one the ratio stays.
        width = np.diff(edges, axis=-1)
        low_side = np.clip(self.energy[0] - edges[..., :-1], 0.0, width)
        return np.asarray((np.diff(upto, axis=-1) + low_side * self.ratio[0, 0]) / width)
