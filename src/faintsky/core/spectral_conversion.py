"""From brightness to luminosity for any spectrum: fluxes, or rates through a response."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.brightness_conversion import BrightnessConversion
from faintsky.core.comoving_volume import log_luminosity_area
from faintsky.core.cosmology import Cosmology
from faintsky.core.energy_bins import KEV_TO_ERG
from faintsky.core.errors import DataError
from faintsky.core.identity import identity
from faintsky.core.parameter import Parametric, values_of, with_values
from faintsky.core.registry import make
from faintsky.core.response import Response
from faintsky.core.spectrum import Spectrum, energy_flux

__all__ = ["energy_between", "spectral_conversion"]

#: Redshifts at which the spectrum is evaluated, and those of the table, between which distances bend.
_SPECTRA, _NODES = 200, 2000
#: Bins per unit of ln E that energies are summed over: a relative error below 1e-5 for any smooth spectrum.
_FINE = 400

Array = NDArray[np.float64]


def spectral_conversion(
    spectrum: Spectrum,
    band: Band,
    rest_band: Band,
    cosmology: Cosmology,
    *,
    z: tuple[float, float],
    response: Response | None = None,
) -> BrightnessConversion:
    """log10 of L / x for a spectrum, of fluxes, or of rates through a response.

    L = 4 pi d_L^2 F(rest band / (1 + z)) of the spectrum without absorption; x is its flux in the band as observed, or its counts
    over the effective area for a power law of photon index 1.4, which an exposure map holds. Its parameters called ``redshift``
    are moved together; one without them is taken to have the same shape at all redshifts, which holds for a power law only. The
    part without the distance is interpolated in ln(1 + z).

    Parameters
    ----------
    spectrum : Spectrum
    band, rest_band : Band
        Of the brightness as observed, and of the luminosity at the source.
    cosmology : Cosmology
    z : tuple of float
        Ends of the table, above 0.
    response : Response, optional
        Of rates; default: fluxes.

    Raises
    ------
    DataError
        Where the spectrum gives no photons, or the response does not reach the band.
    """
    if not spectrum.additive:
        raise DataError("the spectrum of the sources gives no photons: multiply the absorption with a model that does")
    names = values_of(spectrum) if isinstance(spectrum, Parametric) else {}
    moving = [name for name in names if name.rpartition(".")[2] == "redshift"]
    absorbers = dict.fromkeys((name for name in names if name.rpartition(".")[2] == "nh"), 0.0)
    seen = None if response is None else response.collapse((band,))
    area = 1.0 if response is None else response.effective_area(band, make("spectra", "powerlaw", photon_index=1.4))
    nodes = np.expm1(np.linspace(np.log1p(z[0]), np.log1p(z[1]), _SPECTRA))
    values = dict.fromkeys(moving, nodes[:, None])
    here, bare = (with_values(spectrum, v) if v else spectrum for v in (values, {**values, **absorbers}))
    light = energy_between(bare, rest_band.low / (1 + nodes), rest_band.high / (1 + nodes))
    brightness = energy_flux(here, band.low, band.high) if seen is None else seen.rates(here)[..., 0] / area
    ratio = light / np.ravel(brightness)
    table = np.geomspace(z[0], z[1], _NODES)
    return BrightnessConversion(
        z=table,
        log_factor=log_luminosity_area(cosmology, table) + np.interp(np.log1p(table), np.log1p(nodes), np.log10(ratio)),
        quantity="flux" if response is None else "rate",
        band=band,
        rest_band=rest_band,
        provenance={
            "spectrum": identity(spectrum),
            "cosmology": identity(cosmology),
            **({} if response is None else {"response": response.name, "response_digest": response.digest}),
        },
    )


def energy_between(spectrum: Spectrum, low: Array, high: Array) -> Array:
    """Energy flux between two energies that differ from row to row [erg cm^-2 s^-1], from one run over all of them.

    Parameters
    ----------
    spectrum : Spectrum
        Its parameters may be columns of n rows.
    low, high : ndarray, shape (n,)
        [keV]

    Returns
    -------
    ndarray, shape (n,)
    """
    edges = np.geomspace(low.min(), high.max(), max(64, int(np.ceil(_FINE * np.log(high.max() / low.min())))) + 1)
    energy = KEV_TO_ERG * np.atleast_2d(spectrum.photon_flux(edges)) * np.sqrt(edges[1:] * edges[:-1])
    upto = np.concatenate([np.zeros((len(energy), 1)), np.cumsum(energy, axis=1)], axis=1)
    rows = np.broadcast_to(upto, (low.size, edges.size))
    between = [np.interp(np.log([a, b]), np.log(edges), row) for a, b, row in zip(low, high, rows, strict=True)]
    return np.asarray(np.diff(between, axis=1)[:, 0])
