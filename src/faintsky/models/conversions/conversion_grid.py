"""A table of luminosity over count rate, with what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.errors import DataError, nearest
from faintsky.core.owned_array import owned_floats

__all__ = ["ConversionGrid"]

Array = NDArray[np.float64]

#: Below this column density [cm^-2] nothing is absorbed at X-ray energies: the grid is linear there, logarithmic above.
_THIN = 1e20


@frozen(kw_only=True, eq=False)
class ConversionGrid:
    """kappa = L_X / c: rest-frame luminosity over effective-area-corrected count rate.

    Attributes
    ----------
    z : ndarray, shape (nz,)
        Increasing redshifts, positive.
    nh : ndarray, shape (nh,)
        Increasing column densities [cm^-2] of the absorber at the source.
    photon_index : ndarray, shape (ng,)
        Increasing photon indices; one NaN where that of the spectrum was taken.
    bands : tuple of Band
        Of the count rates.
    kappa : ndarray, shape (nband, nz, nh, ng)
        [erg s^-1 / (counts s^-1 cm^-2)]
    effective_area : ndarray, shape (nband,)
        What a rate in counts s^-1 is divided by to be such a rate [cm^2].
    rest_band : Band
        Of the luminosity, in the frame of the source.
    provenance : mapping of str to object
        Response and epoch, spectrum with its cross-sections and abundances, weighting spectrum, cosmology.
    """

    z: Array = field(converter=owned_floats)
    nh: Array = field(converter=owned_floats)
    photon_index: Array = field(converter=owned_floats)
    bands: tuple[Band, ...]
    kappa: Array = field(converter=owned_floats, repr=False)
    effective_area: Array = field(converter=owned_floats)
    rest_band: Band
    provenance: Mapping[str, Any] = field(factory=dict, repr=False)

    def at(self, band: Band | str, z: ArrayLike, nh: ArrayLike | None = None, photon_index: ArrayLike | None = None) -> Array:
        """kappa at redshifts, column densities and photon indices, which broadcast.

        ln kappa is linear in ln(1 + z), in ln N_H (above 1e20 cm^-2) and in the photon index between the nodes.

        Raises
        ------
        DataError
            Outside the grid, for a band that it does not have, or where an axis of several nodes is not given.
        """
        from scipy.interpolate import RegularGridInterpolator

        chosen = Band.of(band)
        if chosen not in self.bands:
            names = [str(b) for b in self.bands]
            raise DataError(f"there is no conversion for {chosen}. {nearest(str(chosen), names)} Bands: {', '.join(names)}")
        table = np.log(self.kappa[self.bands.index(chosen)])
        nodes: list[Array] = []
        wanted: list[Array] = []
        kept: list[int | slice] = []
        for name, axis, given in (("z", self.z, z), ("nh", self.nh, nh), ("photon_index", self.photon_index, photon_index)):
            if len(axis) == 1:
                kept.append(0)
                continue
            if given is None:
                raise DataError(f"the grid has {len(axis)} values of {name}: give the one that is wanted")
            values = np.asarray(given, dtype=float)
            if np.any(values < axis[0] * (1 - 1e-9)) or np.any(values > axis[-1] * (1 + 1e-9)):
                raise DataError(f"{name} lies outside the grid, which reaches from {axis[0]:g} to {axis[-1]:g}")
            kept.append(slice(None))
            nodes.append(_scale(name, axis))
            wanted.append(_scale(name, np.clip(values, axis[0], axis[-1])))
        if not nodes:
            return np.asarray(np.exp(table[tuple(kept)]))
        places = np.stack(np.broadcast_arrays(*wanted), axis=-1)
        found = RegularGridInterpolator(tuple(nodes), table[tuple(kept)])(places)
        return np.asarray(np.exp(found).reshape(places.shape[:-1]))

    def to_table(self) -> Any:
        """One row per redshift, column density and photon index, as an astropy QTable."""
        from astropy import units as u
        from astropy.table import QTable

        z, nh, index = np.meshgrid(self.z, self.nh, self.photon_index, indexing="ij")
        table = QTable({"z": z.ravel(), "nh": nh.ravel() / u.cm**2, "photon_index": index.ravel()})
        for band, kappa in zip(self.bands, self.kappa, strict=True):
            table[f"kappa {band}"] = kappa.ravel() * u.erg * u.cm**2
        table.meta |= {"rest_band": str(self.rest_band), **self.provenance}
        return table


def _scale(name: str, values: Array) -> Array:
    """The coordinate in which an axis is interpolated."""
    if name == "photon_index":
        return values
    return np.log1p(values if name == "z" else values / _THIN)
