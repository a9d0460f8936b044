"""Covariance between spectra that share maps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.core.knox import smooth_cross
from faintsky.core.power_spectrum import PowerSpectrum

__all__ = ["joint_covariance"]

Array = NDArray[np.float64]
Pair = tuple[str, str]


def joint_covariance(spectra: Mapping[str, PowerSpectrum]) -> Array:
    """Gaussian covariance of several spectra of one mask, shape (n nbin, n nbin), in their order.

    Cov(P_ab, P_cd) = (P_ac P_bd + P_ad P_bc) x K[b, b'], with total powers, noise included, and the coupling of bins K that each
    spectrum's own covariance tells (Knox 1995 in full; Nicola et al. 2021 for the mask). A pair of maps of which no spectrum is
    given counts as uncorrelated.

    Parameters
    ----------
    spectra : mapping of name to PowerSpectrum
        With `names` of their two maps; one mask, same bins.

    Raises
    ------
    DataError
        Where bins differ.
    """
    names = list(spectra)
    first = spectra[names[0]]
    nbin = len(first.q)
    for name in names:
        s = spectra[name]
        if s.edges.shape != first.edges.shape or not np.allclose(s.edges, first.edges, rtol=1e-9):
            raise DataError(f"the spectrum {name!r} has other bins than {names[0]!r}")
    totals = _totals(spectra)

    def power(a: str, b: str) -> Array:
        return totals.get((a, b), totals.get((b, a), np.zeros(nbin)))

    def variance(one: Pair, other: Pair) -> Array:
        (a, b), (c, d) = one, other
        return power(a, c) * power(b, d) + power(a, d) * power(b, c)

    kernels = {n: spectra[n].covariance / _outer(variance(spectra[n].names, spectra[n].names)) for n in names}
    result = np.zeros((len(names) * nbin,) * 2)
    for i, one in enumerate(names):
        for j, other in enumerate(names[: i + 1]):
            if i == j:
                block = spectra[one].covariance
            else:
                mixed = 0.5 * (kernels[one] + kernels[other])
                block = _outer(variance(spectra[one].names, spectra[other].names)) * mixed
            rows, columns = slice(i * nbin, (i + 1) * nbin), slice(j * nbin, (j + 1) * nbin)
            result[rows, columns] = block
            result[columns, rows] = block.T
    return result


def _outer(variance: Array) -> Array:
    """Symmetric product of the roots; 0 between bins where the sign changes."""
    root = np.sqrt(np.abs(variance))
    return np.where(np.outer(variance, variance) >= 0, np.sign(variance)[:, None] * np.outer(root, root), 0.0)


def _totals(spectra: Mapping[str, PowerSpectrum]) -> dict[Pair, Array]:
    """Smooth total power of each pair of maps."""
    found: dict[Pair, Array] = {}
    for s in spectra.values():
        a, b = s.names
        if a == b:
            found[a, a] = np.abs(s.auto[0] if s.auto else s.power)
        else:
            found.setdefault((a, a), np.abs(s.auto[0]))
            found.setdefault((b, b), np.abs(s.auto[-1]))
    for s in spectra.values():
        a, b = s.names
        if a != b:
            found[a, b] = smooth_cross(s.q, s.power, found[a, a], found[b, b], s.modes)
    return found
