"""Luminosity over count rate, as a function of redshift, column density and photon index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.comoving_volume import log_luminosity_area
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.owned_array import owned_floats
from faintsky.core.parameter import with_values
from faintsky.core.response import Response
from faintsky.core.spectral_conversion import energy_between
from faintsky.core.spectrum import Spectrum
from faintsky.models.conversions.conversion_grid import ConversionGrid
from faintsky.models.conversions.unabsorbed import named, unabsorbed
from faintsky.models.spectra.powerlaw import PowerLaw

__all__ = ["kappa_grid", "luminosity"]

Array = NDArray[np.float64]

#: Redshifts, and bins of energy, that are folded at once: what fits the cache of a processor.
_AT_ONCE, _BINS = 64, 64


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
    flux = energy_between(moved, rest_band.low / (1 + some), rest_band.high / (1 + some))
    return np.asarray(10 ** log_luminosity_area(cosmology, some) * flux)


def kappa_grid(
    spectrum: Spectrum,
    response: Response,
    *,
    z: ArrayLike,
    bands: Sequence[Band],
    cosmology: Cosmology,
    nh: ArrayLike = (0.0,),
    absorber: str = "",
    photon_index: ArrayLike = (),
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
    photon_index : array_like, shape (ng,)
        Values of all parameters of that name; none leaves them as they are.
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
    redshifts, columns = (_increasing(values, name) for name, values in (("z", z), ("nh", nh)))
    indices = _increasing(photon_index, "photon_index") if np.size(photon_index) else np.array([np.nan])
    names = named(spectrum, "redshift")
    if not names:
        raise DataError(f"{spectrum} has no parameter called redshift: use models such as zpowerlaw, zwabs, pexrav")
    if redshifts[0] <= 0 or columns[0] < 0:
        raise DataError("z must be positive, and nh not negative")
    if not absorber and columns.any():
        raise DataError(f"name the absorber of these column densities: one of {', '.join(named(spectrum, 'nh')) or 'none'}")
    collapsed = response.collapse(tuple(bands))
    area = np.array([response.effective_area(b, PowerLaw(photon_index=1.4) if weight is None else weight) for b in bands])
    source = unabsorbed(spectrum) if intrinsic is None else intrinsic
    kappa = np.empty((len(bands), len(redshifts), len(columns), len(indices)))
    for g, index in enumerate(indices):
        seen, bare = (_with_index(model, float(index)) for model in (spectrum, source))
        light = luminosity(bare, redshifts, cosmology, in_rest)
        for i in range(0, len(redshifts), _AT_ONCE):
            some = slice(i, i + _AT_ONCE)
            moved = dict.fromkeys(names, redshifts[some, None, None])
            if absorber:
                moved[absorber] = (columns[:, None] / 1e22).astype(np.float32)
            rates = collapsed.rates(with_values(seen, moved), at_once=_BINS)
            kappa[:, some, :, g] = np.moveaxis(light[some, None, None] * area / rates, 2, 0)
    return ConversionGrid(
        z=redshifts,
        nh=columns,
        photon_index=indices,
        bands=tuple(bands),
        kappa=kappa,
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


def _increasing(values: ArrayLike, name: str) -> Array:
    found = owned_floats(np.atleast_1d(np.asarray(values, dtype=float)))
    if np.any(np.diff(found) <= 0):
        raise DataError(f"{name} must increase, got {found.tolist()}")
    return found


def _with_index(model: Spectrum, index: float) -> Spectrum:
    """The model at a photon index, or as it is for NaN."""
    values: dict[str, Any] = {} if np.isnan(index) else dict.fromkeys(named(model, "photon_index"), index)
    return with_values(model, values) if values else model
