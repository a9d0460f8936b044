"""Published spectra to draw and to compare with: tables of q, power and errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.errors import DataError, nearest
from faintsky.core.paths import as_path
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.units import ARCSEC, canonical

__all__ = ["Published", "PublishedChoice", "integrated_ratio"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class PublishedChoice:
    """``[published.NAME]``: a table, its columns, and what it is compared with."""

    path: Path = option(help="table with a column of wavenumbers", converter=as_path)
    spectrum: str = option(help="the spectrum of the study that it is drawn with and compared to")
    q: str = option("ell", help="column of wavenumbers [rad^-1] (multipoles on a flat sky)")
    power: str = option("power", help="column of the power")
    quantity: str = option("q2p", choices=("q2p", "p"), help="whether it is q^2 P / 2 pi, or P")
    exponent: float = option(1.0, gt=0, help="the column is raised to this first: 2 for rms fluctuations, 0.5 for squares")
    where: Mapping[str, float] = option(factory=dict, help="rows to take: column = value, such as wave_um = 4.5")
    label: str = option("", help="its name in figures; default: the table's key")

    def read(self) -> Published:
        """The chosen rows, by rising q.

        Raises
        ------
        DataError
            Where a column is missing, or no row is left.
        """
        from astropy.table import Table

        table = Table.read(self.path)
        for name in (self.q, self.power, *self.where):
            if name not in table.colnames:
                raise DataError(f"{self.path.name} has no column {name!r}. {nearest(name, table.colnames)}")
        keep = np.ones(len(table), bool)
        for name, value in self.where.items():
            keep &= np.isclose(np.asarray(table[name], dtype=float), value)
        if not keep.any():
            raise DataError(f"{self.path.name} has no row with {dict(self.where)}")
        q, power = (np.asarray(table[name], dtype=float)[keep] for name in (self.q, self.power))
        order = np.argsort(q)
        q, power = q[order], power[order] ** self.exponent
        return Published(q=q, power=power if self.quantity == "p" else power * 2 * np.pi / q**2)


@frozen(kw_only=True, eq=False)
class Published:
    """A published spectrum.

    Attributes
    ----------
    q : ndarray, shape (n,)
        [rad^-1]
    power : ndarray, shape (n,)
        P, in the unit of its table.
    """

    q: Array
    power: Array


def integrated_ratio(
    spectrum: PowerSpectrum, published: Published, theta: tuple[object, object] = ("100 arcsec", "2000 arcsec")
) -> tuple[float, float, tuple[float, float]]:
    """Ratio of the powers integrated over ln q between two scales, where both are known; its error from this spectrum alone.

    Published errors are often digitised, zero or none, so they are not used.

    Returns
    -------
    ratio, error : float
        NaN where the two share fewer than two bins there.
    theta : tuple of float
        The scales that were really used [arcsec].
    """
    low, high = (canonical(t, "rad") for t in theta)
    q = spectrum.q
    inside = (spectrum.theta >= low) & (spectrum.theta <= high) & (q >= published.q[0]) & (q <= published.q[-1])
    inside &= np.isfinite(spectrum.power)
    if inside.sum() < 2:
        return float("nan"), float("nan"), (float("nan"), float("nan"))
    width = np.diff(np.log(spectrum.edges))[inside]
    # The mean-square fluctuation q^2 P / 2 pi is what adds up over ln q.
    weight = width * q[inside] ** 2
    other = float(weight @ np.exp(np.interp(np.log(q[inside]), np.log(published.q), np.log(np.maximum(published.power, 1e-300)))))
    value = float(weight @ spectrum.power[inside]) / other
    error = float(np.sqrt(weight @ spectrum.covariance[np.ix_(inside, inside)] @ weight)) / other
    scales = spectrum.theta[inside] / ARCSEC
    return value, error, (float(scales.min()), float(scales.max()))
