"""Where photons of point sources land in the box of one observation."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.box import Box
from faintsky.core.errors import DataError
from faintsky.core.psf import PSF, Place
from faintsky.core.units import ARCSEC

__all__ = ["BoxLight", "background_positions"]

Array = NDArray[np.float64]

#: Photons of which one at least must land in the box, and photons that are tried at once.
_TRIES, _AT_ONCE = 100_000, 200_000


@frozen(kw_only=True, eq=False)
class BoxLight:
    """The PSF of one observation, and the box that photons must fall into to be seen.

    A photon of energy E between two `PSF.energies` follows the mixture of both PSFs with the weights of linear interpolation:
    one of them is drawn with that probability, which is exact where the PSF is linear in energy between them.

    Attributes
    ----------
    psf : PSF
        Of the telescope; it is placed here.
    place : Place
    box : Box
    """

    psf: PSF
    place: Place
    box: Box
    _nodes: tuple[PSF, ...] = field(init=False, repr=False)

    @_nodes.default
    def _placed(self) -> tuple[PSF, ...]:
        energies = self.psf.energies
        if not energies:
            return (self.psf.placed(self.place),)
        return tuple(self.psf.placed(attrs.evolve(self.place, energy=float(energy))) for energy in energies)

    def drawn(self, energy: Array, centres: ArrayLike, share: ArrayLike, rng: np.random.Generator) -> Array:
        """Positions of photons that land in the box [arcsec], shape (n, 2).

        Of each photon the source, the PSF and the offset are drawn again until it lands inside, which is the distribution of
        the emitted photons given that they are seen.

        Parameters
        ----------
        energy : ndarray, shape (n,)
            [keV]
        centres : array_like, shape (s, 2)
            Positions of the sources in this observation [arcsec].
        share : array_like, shape (s,)
            Of the emitted photons; the sum is 1.

        Raises
        ------
        DataError
            Where next to no light of the sources reaches the box.
        """
        at, parts = np.asarray(centres, dtype=float), np.asarray(share, dtype=float)
        found = np.empty((energy.size, 2))
        pending, tries, thrown, hits = np.arange(energy.size), 1, 0, 0
        while pending.size:
            if thrown > _TRIES * (hits + 1):
                where = ", ".join(f"({x:.2f}, {y:.2f})" for x, y in at)
                raise DataError(
                    f"observation {self.place.observation}: less than 1 in {_TRIES} photons of the sources at {where} arcsec "
                    f"falls into the box {self.box}: move them inside, or enlarge the box"
                )
            landed = self._landed(np.repeat(energy[pending], tries), at, parts, rng).reshape(pending.size, tries, 2)
            inside = self.box.holds(landed[..., 0], landed[..., 1])
            seen = inside.any(axis=1)
            found[pending[seen]] = landed[seen, inside[seen].argmax(axis=1)]
            thrown, hits = thrown + inside.size, hits + int(inside.sum())
            pending = pending[~seen]
            tries = min(2 * tries, max(1, _AT_ONCE // max(pending.size, 1)))
        return found

    def _landed(self, energy: Array, centres: Array, share: Array, rng: np.random.Generator) -> Array:
        owner = rng.choice(len(share), size=energy.size, p=share) if len(share) > 1 else np.zeros(energy.size, dtype=int)
        offsets = np.empty((energy.size, 2))
        node = self._drawn_nodes(energy, rng)
        for i in np.unique(node):
            chosen = np.flatnonzero(node == i)
            dx, dy = self._nodes[i].drawn(chosen.size, rng)
            offsets[chosen] = np.stack([dx, dy], axis=1) / ARCSEC
        return np.asarray(centres[owner] + offsets)

    def _drawn_nodes(self, energy: Array, rng: np.random.Generator) -> NDArray[np.intp]:
        if len(self._nodes) == 1:
            return np.zeros(energy.size, dtype=np.intp)
        place = np.interp(energy, self.psf.energies, np.arange(len(self._nodes)))
        low = np.floor(place)
        return np.asarray(low + (rng.random(energy.size) < place - low), dtype=np.intp)


def background_positions(box: Box, shape: Array | None, number: int, rng: np.random.Generator) -> Array:
    """Positions of photons of the background [arcsec], shape (number, 2).

    Parameters
    ----------
    box : Box
    shape : ndarray, shape (ny, nx), optional
        Relative density in equal cells over the box, rows from low y; None: uniform.
    """
    cells = np.ones((1, 1)) if shape is None else shape
    ny, nx = cells.shape
    drawn = rng.choice(cells.size, size=number, p=cells.ravel() / cells.sum()) if cells.size > 1 else np.zeros(number, dtype=int)
    x = (drawn % nx + rng.random(number)) / nx
    y = (drawn // nx + rng.random(number)) / ny
    return np.stack([box.x_low + x * (box.x_high - box.x_low), box.y_low + y * (box.y_high - box.y_low)], axis=1)
