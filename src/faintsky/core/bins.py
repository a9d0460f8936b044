"""Bins of wavenumber: half-open rings in the Fourier plane."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.units import ARCSEC, canonical

__all__ = ["Bins"]


def _edges(values: ArrayLike) -> NDArray[np.float64]:
    edges = np.array(canonical(values, "rad^-1"), dtype=float)
    edges.flags.writeable = False
    return edges


@frozen(eq=False)
class Bins:
    """Half-open rings [q_i, q_i+1).

    Parameters
    ----------
    edges : array_like, shape (nbin + 1,)
        Strictly increasing wavenumbers [rad^-1]; q = 2 pi / theta, and q = ell on a flat sky.

    Raises
    ------
    DataError
        Where there is no bin, or the edges do not increase.
    """

    edges: NDArray[np.float64] = field(converter=_edges)

    def __attrs_post_init__(self) -> None:
        if self.edges.ndim != 1 or self.edges.size < 2:
            raise DataError("bins need at least two edges")
        if not (np.all(np.diff(self.edges) > 0) and np.all(np.isfinite(self.edges)) and self.edges[0] >= 0):
            raise DataError("the edges of the bins must be finite and strictly increasing wavenumbers >= 0")

    @classmethod
    def from_edges(cls, q_per_rad: ArrayLike) -> Self:
        """Bins of given edges [rad^-1]."""
        return cls(q_per_rad)

    @classmethod
    def log(cls, theta_min: Any, theta_max: Any, per_decade: float = 10) -> Self:
        """Logarithmic bins between two angular scales.

        Parameters
        ----------
        theta_min, theta_max : float, str or Quantity
            Scales 2 pi / q [rad].
        per_decade : float
            Bins per decade; the number of bins is rounded to the nearest integer.

        Examples
        --------
        >>> len(Bins.log("2 arcsec", "200 arcsec", per_decade=10))
        20
        """
        low, high = canonical(theta_min, "rad"), canonical(theta_max, "rad")
        if not 0 < low < high:
            raise DataError(
                f"the scales must satisfy 0 < theta_min < theta_max, got {low / ARCSEC:g} and {high / ARCSEC:g} arcsec"
            )
        number = max(1, round(per_decade * np.log10(high / low)))
        return cls(2 * np.pi / np.geomspace(high, low, number + 1))

    def __len__(self) -> int:
        return int(self.edges.size - 1)

    @property
    def q(self) -> NDArray[np.float64]:
        """Geometric centres [rad^-1], shape (nbin,); the lower edge 0 counts as half the upper."""
        low, high = self.edges[:-1], self.edges[1:]
        return np.where(low > 0, np.sqrt(low * high), 0.5 * high)

    @property
    def theta(self) -> NDArray[np.float64]:
        """Scales 2 pi / q of the centres [rad]."""
        return 2 * np.pi / self.q

    def modes(self, grid: Grid) -> NDArray[np.int64]:
        """Exact number of Fourier modes of the full plane in each ring (q and -q both count), shape (nbin,)."""
        from faintsky.core.modes import mode_counts

        return mode_counts(grid, self)

    def fitted(self, grid: Grid) -> tuple[Bins, tuple[str, ...]]:
        """Bins that each hold a mode of `grid`: empty outer bins are dropped, empty inner ones merged upward.

        Returns
        -------
        Bins
        tuple of str
            What was changed, one sentence each.

        Raises
        ------
        DataError
            Where no bin holds a mode.
        """
        counts = self.modes(grid)
        filled = np.flatnonzero(counts)
        if not filled.size:
            raise DataError(f"none of the bins holds a Fourier mode of the grid; {_reach(grid)}")
        first, last = filled[0], filled[-1]
        said = []
        outer = {"largest": first, "smallest": len(self) - 1 - last}
        sides = [f"{n} {'bin' if n == 1 else 'bins'} at the {side} scales" for side, n in outer.items() if n]
        if sides:
            said.append(f"{' and '.join(sides)} dropped, where no Fourier mode lies; {_reach(grid)}")
        keep = [*(self.edges[i] for i in filled), self.edges[last + 1]]
        merged = int(np.sum(counts[first : last + 1] == 0))
        if merged:
            said.append(f"{merged} empty bins merged into their neighbour of larger scale")
        return Bins(np.asarray(keep)), tuple(said)

    def check(self, grid: Grid) -> None:
        """Refuse bins without a mode.

        Raises
        ------
        DataError
            The message names the bins, the fundamental mode of the grid and the remedy.
        """
        empty = np.flatnonzero(self.modes(grid) == 0)
        if empty.size:
            low = 2 * np.pi / self.edges[1:] / ARCSEC
            high = 2 * np.pi / np.maximum(self.edges[:-1], 1e-300) / ARCSEC
            shown = ", ".join(f"{low[i]:.4g}-{high[i]:.4g} arcsec" for i in empty[:3])
            raise DataError(
                f"{empty.size} of {len(self)} bins hold no Fourier mode ({shown}{', ...' if empty.size > 3 else ''}): "
                f"narrower than the fundamental mode, or outside the grid; {_reach(grid)}. "
                "Use Bins.fitted(grid), or fewer bins per decade"
            )


def _reach(grid: Grid) -> str:
    longest = 2 * np.pi / grid.fundamental / ARCSEC
    shortest = 2 * np.pi / grid.nyquist / ARCSEC
    return f"it reaches from {longest:.4g} arcsec (the fundamental mode) to {shortest:.4g} arcsec (Nyquist)"
