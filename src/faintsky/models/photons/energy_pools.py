"""Energies that simulated photons take: those of observed photons, or of a spectrum."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.band import Band
from faintsky.core.chandra_r90 import chandra_r90
from faintsky.core.errors import DataError
from faintsky.core.owned_array import owned_floats
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.response import Response
from faintsky.core.spectrum import Spectrum

__all__ = ["EnergyPools", "spectrum_energies"]

Array = NDArray[np.float64]

#: Photons of the background lie farther from the source than this many of its 90 per cent radii.
_FAR = 3.0


@frozen(kw_only=True, eq=False)
class EnergyPools:
    """Energies [keV] that are drawn from with replacement.

    Attributes
    ----------
    sources, background : ndarray, shape (m,)
    """

    sources: Array = field(converter=owned_floats, repr=False)
    background: Array = field(converter=owned_floats, repr=False)

    def __attrs_post_init__(self) -> None:
        for name in ("sources", "background"):
            values = getattr(self, name)
            if values.ndim != 1 or not values.size or not np.all(values > 0):
                raise DataError(f"the energies of {name} are a column of numbers above 0 [keV] with at least one of them")

    @classmethod
    def observed(cls, data: PhotonSet) -> EnergyPools:
        """Those of the photons of all observations together: a single one of a faint source has too few to tell a spectrum.

        The sources' are within the radius of 90 per cent of the light of Chandra, 1 + 10 (off-axis angle / 10 arcmin)^2 arcsec
        (Hickox & Markevitch 2006), from where photons are densest. The background's are those of its own area where they are
        known, else those in the box farther out than three such radii. Where that leaves none, all photons of the box serve.

        Raises
        ------
        DataError
            Where there is no photon at all.
        """
        everything = np.concatenate([box.energy for box in data.observations])
        if not everything.size:
            raise DataError(f"source {data.name} has no photon to take energies from: give `energies`")
        radii = [_distances(box) for box in data.observations]
        near = [box.energy[r <= 1] for box, r in zip(data.observations, radii, strict=True)]
        known = [box.background_energy for box in data.observations if box.background_energy is not None]
        far = known or [box.energy[r > _FAR] for box, r in zip(data.observations, radii, strict=True)]
        sources, background = np.concatenate(near), np.concatenate(far)
        return cls(sources=sources if sources.size else everything, background=background if background.size else everything)


def _distances(box: PhotonBox) -> Array:
    """From where photons are densest, in units of the radius of 90 per cent of the light."""
    from scipy.spatial import cKDTree

    if not len(box):
        return np.zeros(0)
    radius = float(chandra_r90(box.place.off_axis))
    points = np.stack([box.x, box.y], axis=1)
    neighbours = cKDTree(points).query_ball_point(points, radius, return_length=True)
    centre = points[int(np.argmax(neighbours))]
    return np.asarray(np.hypot(*(points - centre).T) / radius)


def spectrum_energies(spectrum: Spectrum, response: Response, band: Band, number: int = 4096) -> Array:
    """Energies [keV] of the counts of a spectrum in a band, shape (number,): the quantiles (i + 1/2) / number, rising.

    Raises
    ------
    DataError
        Where the spectrum gives no counts in the band, or the response does not reach it.
    """
    inside = response.channels_of(band)
    rate = np.ravel(response.fold(spectrum.photon_flux(response.edges), inside))
    edges = np.sort(response.channel_edges[inside], axis=1)
    order = np.argsort(edges[:, 0])
    edges, rate = np.clip(edges[order], band.low, band.high), np.maximum(rate[order], 0.0)
    if not rate.sum() > 0:
        raise DataError(f"the spectrum gives no counts in {band} through {response.name}")
    upto = np.concatenate([[0.0], np.cumsum(rate)]) / rate.sum()
    wanted = (np.arange(number) + 0.5) / number
    cell = np.clip(np.searchsorted(upto, wanted, side="right") - 1, 0, rate.size - 1)
    share = (wanted - upto[cell]) / np.maximum(upto[cell + 1] - upto[cell], np.finfo(float).tiny)
    return np.asarray(edges[cell, 0] + np.clip(share, 0.0, 1.0) * (edges[cell, 1] - edges[cell, 0]))
