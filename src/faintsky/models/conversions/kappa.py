"""Luminosity over count rate, as a function of redshift and column density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.cosmology import Cosmology
from faintsky.core.energy_bins import KEV_TO_ERG
from faintsky.core.errors import DataError, nearest
from faintsky.core.identity import identity
from faintsky.core.owned_array import owned_floats
from faintsky.core.parameter import with_values
from faintsky.core.response import Response
from faintsky.core.spectrum import Spectrum
from faintsky.models.conversions.unabsorbed import named, unabsorbed
from faintsky.models.spectra.powerlaw import PowerLaw

__all__ = ["ConversionGrid", "kappa_grid", "luminosity"]

Array = NDArray[np.float64]

#: One megaparsec [cm].
MPC: float = 3.0856775814913673e24
#: Bins per unit of ln E that energies are summed over: a relative error below 1e-6 for any smooth spectrum.
_FINE = 400
#: Redshifts, and bins of energy, that are folded at once: what fits the cache of a processor.
_AT_ONCE, _BINS = 64, 64


@frozen(kw_only=True, eq=False)
class ConversionGrid:
    """kappa = L_X / c: rest-frame luminosity over effective-area-corrected count rate.

    Attributes
    ----------
    z : ndarray, shape (nz,)
        Increasing redshifts, positive.
    nh : ndarray, shape (nh,)
        Increasing column densities [cm^-2] of the absorber at the source.
    bands : tuple of Band
        Of the count rates.
    kappa : ndarray, shape (nband, nz, nh)
        [erg s^-1 / (counts s^-1 cm^-2)]
    effective_area : ndarray, shape (nband,)
        What a rate in counts s^-1 is divided by to be such a rate [cm^2].
    rest_band : Band
        Of the luminosity, in the frame of the source.
    provenance : mapping of str to str
        Response and epoch, spectrum with its cross-sections and abundances, weighting spectrum, cosmology.
    """

    z: Array = field(converter=owned_floats)
    nh: Array = field(converter=owned_floats)
    bands: tuple[Band, ...]
    kappa: Array = field(converter=owned_floats, repr=False)
    effective_area: Array = field(converter=owned_floats)
    rest_band: Band
    provenance: Mapping[str, Any] = field(factory=dict, repr=False)

    def at(self, band: Band | str, z: ArrayLike, nh: ArrayLike | None = None) -> Array:
        """kappa at redshifts and column densities, which broadcast; power laws in 1 + z and nh between the nodes.

        Raises
        ------
        DataError
            Outside the grid, or for a band that it does not have.
        """
        chosen = Band.of(band)
        if chosen not in self.bands:
            names = [str(b) for b in self.bands]
            raise DataError(f"there is no conversion for {chosen}. {nearest(str(chosen), names)} Bands: {', '.join(names)}")
        table = np.log(self.kappa[self.bands.index(chosen)])
        i, u = _place(np.log1p(self.z), np.log1p(np.asarray(z, dtype=float)), "redshift", self.z)
        if nh is None or len(self.nh) == 1:
            return np.asarray(np.exp((1 - u) * table[i, 0] + u * table[i + 1, 0]))
        j, v = _place(np.log(self.nh), np.log(np.asarray(nh, dtype=float)), "column density", self.nh)
        low = (1 - v) * table[i, j] + v * table[i, j + 1]
        high = (1 - v) * table[i + 1, j] + v * table[i + 1, j + 1]
        return np.asarray(np.exp((1 - u) * low + u * high))

    def to_table(self) -> Any:
        """One row per redshift and column density, as an astropy QTable."""
        from astropy import units as u
        from astropy.table import QTable

        z, nh = np.meshgrid(self.z, self.nh, indexing="ij")
        table = QTable({"z": z.ravel(), "nh": nh.ravel() / u.cm**2})
        for band, kappa in zip(self.bands, self.kappa, strict=True):
            table[f"kappa {band}"] = kappa.ravel() * u.erg * u.cm**2
        table.meta |= {"rest_band": str(self.rest_band), **self.provenance}
        return table


def _place(nodes: Array, x: Array, what: str, shown: Array) -> tuple[NDArray[np.intp], Array]:
    if len(nodes) < 2:
        raise DataError(f"the grid has one {what} only")
    if np.any(x < nodes[0] - 1e-12) or np.any(x > nodes[-1] + 1e-12):
        raise DataError(f"a {what} lies outside the grid, which reaches from {shown[0]:g} to {shown[-1]:g}")
    i = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, len(nodes) - 2)
    return i, (x - nodes[i]) / (nodes[i + 1] - nodes[i])


def luminosity(spectrum: Spectrum, z: ArrayLike, cosmology: Cosmology, rest_band: Band) -> Array:
    """Luminosities in a rest-frame band [erg s^-1]: 4 pi d_L^2 F(band / (1 + z)).

    Parameters
    ----------
    spectrum : Spectrum
        As it is: give it without absorption for an intrinsic luminosity. Its parameters called ``redshift`` are set to `z`.
    z : array_like, shape (n,)
        Positive redshifts; parameters of the spectrum may be columns of as many rows.
    cosmology : Cosmology
    rest_band : Band

    Returns
    -------
    ndarray, shape (n,)
    """
    some = np.atleast_1d(np.asarray(z, dtype=float))
    moved = with_values(spectrum, dict.fromkeys(named(spectrum, "redshift"), some[:, None]))
    low, high = rest_band.low / (1 + some), rest_band.high / (1 + some)
    edges = np.geomspace(low.min(), high.max(), max(64, int(np.ceil(_FINE * np.log(high.max() / low.min())))) + 1)
    energy = KEV_TO_ERG * np.atleast_2d(moved.photon_flux(edges)) * np.sqrt(edges[1:] * edges[:-1])
    upto = np.concatenate([np.zeros((len(energy), 1)), np.cumsum(energy, axis=1)], axis=1)
    rows = np.broadcast_to(upto, (len(some), upto.shape[1]))
    flux = [np.interp(np.log([a, b]), np.log(edges), row) for a, b, row in zip(low, high, rows, strict=True)]
    distance = np.asarray(cosmology.chi(some)) * (1 + some) * MPC
    return np.asarray(4 * np.pi * distance**2 * np.diff(np.array(flux), axis=1)[:, 0])


def kappa_grid(
    spectrum: Spectrum,
    response: Response,
    *,
    z: ArrayLike,
    bands: Sequence[Band],
    cosmology: Cosmology,
    nh: ArrayLike = (0.0,),
    absorber: str = "",
    weight: Spectrum | None = None,
    rest_band: Band | str = "2-10 keV",
    intrinsic: Spectrum | None = None,
) -> ConversionGrid:
    """Conversion of count rates to luminosities, L_X = c kappa (Barlow-Hall & Aird, eq. 7).

    c is the count rate over the effective area of the band for the weighting spectrum: the net rate of a source on an exposure
    map in cm^2 s that was made with it. The luminosity is that of the intrinsic spectrum, with its reflection where it has some.

    Parameters
    ----------
    spectrum : Spectrum
        Its parameters called ``redshift`` are moved together.
    response : Response
    z : array_like, shape (nz,)
        Increasing, positive.
    bands : sequence of Band
        Of the count rates.
    cosmology : Cosmology
    nh : array_like, shape (nh,)
        Column densities [cm^-2] of `absorber`; one value of 0 leaves it as it is.
    absorber : str
        The parameter that is the column density at the source, such as ``zwabs.nh``.
    weight : Spectrum, optional
        Of the exposure maps; default: a power law of photon index 1.4.
    rest_band : Band or str
        Of the luminosity.
    intrinsic : Spectrum, optional
        The source without absorption; default: `spectrum` with all parameters called ``nh`` at 0.

    Raises
    ------
    DataError
        Where the spectrum has no redshift, or no parameter `absorber`.
    """
    in_rest: Band = Band.of(rest_band)
    redshifts = owned_floats(np.atleast_1d(np.asarray(z, dtype=float)))
    columns = owned_floats(np.atleast_1d(np.asarray(nh, dtype=float)))
    if np.any(redshifts <= 0) or np.any(np.diff(redshifts) <= 0) or np.any(np.diff(columns) <= 0) or np.any(columns < 0):
        raise DataError("z must be positive and increase, and nh must increase from 0 or more")
    names = named(spectrum, "redshift")
    if not names:
        raise DataError(f"{spectrum} has no parameter called redshift: use models such as zpowerlaw, zwabs, pexrav")
    if not absorber and columns.any():
        raise DataError(f"name the absorber of these column densities: one of {', '.join(named(spectrum, 'nh')) or 'none'}")
    collapsed = response.collapse(tuple(bands))
    area = np.array([response.effective_area(b, PowerLaw(photon_index=1.4) if weight is None else weight) for b in bands])
    source = unabsorbed(spectrum) if intrinsic is None else intrinsic
    rates = np.empty((len(redshifts), len(columns), len(bands)))
    for i in range(0, len(redshifts), _AT_ONCE):
        some = redshifts[i : i + _AT_ONCE]
        moved = dict.fromkeys(names, some[:, None, None])
        if absorber:
            moved[absorber] = (columns[:, None] / 1e22).astype(np.float32)
        found = collapsed.rates(with_values(spectrum, moved), at_once=_BINS)
        rates[i : i + _AT_ONCE] = np.broadcast_to(found, (len(some), len(columns), len(bands)))
    light = luminosity(source, redshifts, cosmology, in_rest)
    return ConversionGrid(
        z=redshifts,
        nh=columns,
        bands=tuple(bands),
        kappa=np.moveaxis(light[:, None, None] * area / rates, 2, 0),
        effective_area=area,
        rest_band=in_rest,
        provenance={
            "response": response.name,
            "response_digest": response.digest,
            "spectrum": identity(spectrum),
            "weight": identity(weight) if weight is not None else "powerlaw, photon index 1.4",
            "cosmology": identity(cosmology),
            "absorber": absorber,
        },
    )
