"""Fractions of pairs that others found, and those of a simulation after the same cuts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.catalogue import Catalogue
from faintsky.core.errors import DataError, nearest
from faintsky.core.intervals import binomial_interval
from faintsky.estimators.companions.cuts import PairCuts

__all__ = ["OtherFraction", "given_fractions", "simulated_fractions"]

_KINDS = ("pair", "dual")


@frozen(kw_only=True)
class OtherFraction:
    """A fraction of AGN in pairs to compare with.

    Attributes
    ----------
    name : str
    what : str
        ``pair`` or ``dual``.
    z, fraction, low, high : float
        NaN ends where no error is known.
    """

    name: str
    what: str
    z: float
    fraction: float
    low: float
    high: float


def given_fractions(table: Catalogue) -> tuple[OtherFraction, ...]:
    """A table of fractions: ``name``, ``what`` (pair or dual), ``z``, ``fraction``, and ``low``, ``high`` where known.

    Raises
    ------
    DataError
        Where a column is missing, or ``what`` is something else.
    """
    for column in ("name", "what", "z", "fraction"):
        table[column]
    unknown = set(map(str, table["what"])) - set(_KINDS)
    if unknown:
        first = sorted(unknown)[0]
        raise DataError(f"the column 'what' holds {first!r}: fractions are of 'pair' or 'dual'. {nearest(first, _KINDS)}".strip())
    blank = np.full(len(table), np.nan)
    low, high = (table.columns.get(end, blank) for end in ("low", "high"))
    rows = zip(table["name"], table["what"], table["z"], table["fraction"], low, high, strict=True)
    return tuple(
        OtherFraction(name=str(name), what=str(what), z=float(z), fraction=float(f), low=float(a), high=float(b))
        for name, what, z, f, a, b in rows
    )


def simulated_fractions(
    name: str,
    agn: Catalogue,
    pairs: Catalogue,
    cuts: PairCuts,
    edges: ArrayLike,
    limits: NDArray[np.float64],
    fainter: float = 1.0,
) -> tuple[OtherFraction, ...]:
    """Fractions in a cosmological simulation, after the cuts of an observed sample.

    Parameters
    ----------
    name : str
        Of the simulation.
    agn : Catalogue
        All its AGN: ``redshift``, ``log_lbol`` [erg/s].
    pairs : Catalogue
        Its pairs: ``agn`` (a name, so that AGN with two companions count once), ``redshift``, ``separation`` [kpc],
        ``log_mass``, ``host_log_mass``, and ``log_lbol``, ``companion_log_lbol`` (NaN for an inactive one).
    cuts : PairCuts
    edges : array_like, shape (k + 1,)
        Of redshift bins.
    limits : ndarray, shape (k,)
        Faintest log L_bol of the observed AGN in each bin; NaN takes all.
    fainter : float
        A companion is an AGN where it is at most this fainter than the limit [dex]; 1 in Li, Zhuang et al. (section 4.3).

    Raises
    ------
    DataError
        Where a column is missing.
    """
    found: list[OtherFraction] = []
    selected = cuts.select(pairs)
    kept = selected["kept"] == 1
    for (low, high), limit in zip(pairwise(np.asarray(edges, dtype=float)), limits, strict=True):
        faintest = -np.inf if np.isnan(limit) else float(limit)
        parents = int(np.sum(_inside(agn["redshift"], low, high) & (agn["log_lbol"] >= faintest)))
        if not parents:
            continue
        mine = kept & _inside(selected["redshift"], low, high) & (selected["log_lbol"] >= faintest)
        dual = mine & (selected["companion_log_lbol"] >= faintest - fainter)
        for what, rows in (("pair", mine), ("dual", dual)):
            number = np.unique(selected["agn"][rows]).size
            ends = binomial_interval(number, parents)
            found.append(
                OtherFraction(
                    name=name,
                    what=what,
                    z=0.5 * (low + high),
                    fraction=number / parents,
                    low=float(ends.low),
                    high=float(ends.high),
                )
            )
    return tuple(found)


def _inside(z: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    return np.asarray((z >= low) & (z < high))
