"""What the energies of photons say about the component they come from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from scipy.special import gammainc, gammaln

from faintsky.core.band import Band
from faintsky.core.errors import DataError
from faintsky.core.parameter import Parameter
from faintsky.core.photon_box import PhotonBox
from faintsky.core.prior import Prior, Uniform

__all__ = ["PhotonEnergies"]

Array = NDArray[np.float64]

#: With fewer background photons than this, their energies are taken as spread evenly over the band.
_ENOUGH = 10
#: Least share of a gamma density inside the band that it is divided by: no more than a guard against priors far outside.
_LEAST = 1e-12


@frozen(kw_only=True, eq=False)
class PhotonEnergies:
    """Densities of photon energies inside the band: a gamma density for each source, a histogram for the background.

    Source j has g_j(E) ~ E^(a - 1) exp(-a E / mean) of mean `mean_energy_j` and shape a = `shape_j`, normalised within the band.
    The mean is that of the uncut density.

    Attributes
    ----------
    band : Band
    shape : Prior
        Of each source's shape.
    log_energy : tuple of ndarray, each of shape (n,)
        ln of the photons' energies [keV], one array per observation.
    background : tuple of ndarray, each of shape (n,)
        Density of background photons at each photon's energy [keV^-1].
    background_source : str
        Where the density of the background comes from.
    """

    band: Band
    shape: Prior
    log_energy: tuple[Array, ...] = field(repr=False)
    background: tuple[Array, ...] = field(repr=False)
    background_source: str

    @classmethod
    def of(cls, observations: Sequence[PhotonBox], band: Band, shape: Prior) -> PhotonEnergies:
        """Of the photons of some observations.

        Raises
        ------
        DataError
            Where a photon lies outside the band, or the prior of the shape allows values that are not above 0.
        """
        if not shape.support[0] > 0:
            raise DataError(f"the prior of shape starts at {shape.support[0]:g}: the shape of a gamma density is above 0")
        for one in observations:
            outside = (one.energy < band.low) | (one.energy > band.high)
            if outside.any():
                raise DataError(
                    f"observation {one.name}: {int(outside.sum())} of {len(one)} photons lie outside the band {band} (energies "
                    f"{one.energy.min():g} to {one.energy.max():g} keV). Select photons in this band, or set the option band"
                )
        known = [one.background_energy for one in observations if one.background_energy is not None]
        energies = np.concatenate(known) if known else np.empty(0)
        energies = energies[(energies >= band.low) & (energies <= band.high)]
        edges, density = _histogram(energies, band)
        cells = [np.clip(np.searchsorted(edges, one.energy, side="right") - 1, 0, len(density) - 1) for one in observations]
        even = energies.size < _ENOUGH
        return cls(
            band=band,
            shape=shape,
            log_energy=tuple(np.log(one.energy) for one in observations),
            background=tuple(density[cell] for cell in cells),
            background_source=f"spread evenly over {band}" if even else f"a histogram of {energies.size} background photons",
        )

    def parameters(self, number: int) -> tuple[Parameter, ...]:
        """Mean energy and shape of each of so many sources."""
        mean = Uniform(low=self.band.low, high=self.band.high)
        found: list[Parameter] = []
        for j in range(1, number + 1):
            found.append(Parameter(name=f"mean_energy_{j}", prior=mean, unit="keV", source=f"flat over the band {self.band}"))
            found.append(Parameter(name=f"shape_{j}", prior=self.shape, source="option shape of photon-mixture"))
        return tuple(found)

    def densities(self, values: Array, observation: int) -> Array:
        """Density of each photon's energy in background and sources [keV^-1].

        Parameters
        ----------
        values : ndarray, shape (n, 2 s)
            The parameters, in their order.
        observation : int

        Returns
        -------
        ndarray, shape (n, s + 1, photons)
            Background first.
        """
        log_energy = self.log_energy[observation]
        mean, shape = values[:, 0::2, None], values[:, 1::2, None]
        rate = shape / mean
        inside = gammainc(shape, rate * self.band.high) - gammainc(shape, rate * self.band.low)
        log_norm = shape * np.log(rate) - gammaln(shape) - np.log(np.maximum(inside, _LEAST))
        found = np.empty((len(values), values.shape[1] // 2 + 1, log_energy.size))
        found[:, 0] = self.background[observation]
        found[:, 1:] = np.exp(log_norm + (shape - 1) * log_energy - rate * np.exp(log_energy))
        return found


def _histogram(energies: Array, band: Band) -> tuple[Array, Array]:
    """Edges and density [keV^-1] of bins of about equal number, none of them empty: half a photon more stands in each."""
    bins = max(1, int(np.sqrt(energies.size))) if energies.size >= _ENOUGH else 1
    inner = np.quantile(energies, np.linspace(0, 1, bins + 1)[1:-1]) if bins > 1 else np.empty(0)
    edges = np.unique(np.concatenate([[band.low], inner, [band.high]]))
    counts = np.histogram(energies, bins=edges)[0] + 0.5
    return edges, np.asarray(counts / counts.sum() / np.diff(edges))
