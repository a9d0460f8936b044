"""Which companions make a pair with their AGN, and why the others do not."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.angular_scale import kpc_per_arcsec
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import option
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.source_cuts import Rejection

__all__ = ["CUTS", "PairCuts", "took"]

Array = NDArray[np.float64]

#: The cuts in the order in which they act: of several that a companion fails, the first is its reason.
CUTS = ("separation", "magnitude", "star", "mass ratio")


@frozen(kw_only=True)
class PairCuts:
    """Separation, magnitude difference, star, mass ratio (Li, Zhuang et al. 2025, sections 3.1 and 4).

    A companion stands as a candidate as soon as it is detected and as a pair only once it has a mass, so that the cuts are made
    twice; each time those act whose quantities are given. A quantity that is given but unknown (NaN) rejects, except for the star
    flag. The same class cuts tables of observed and of simulated pairs.
    """

    max_separation: float = option("15 kpc", unit="kpc", gt=0, help="largest projected separation, proper")
    max_difference: float = option(3.0, help="most magnitudes that a companion is fainter than the host, reference band")
    min_mass_ratio: float = option(1 / 6, ge=0, le=1, help="the lighter mass over the heavier one exceeds it")

    def reach(self, redshift: ArrayLike, cosmology: Cosmology | None) -> Array:
        """The largest separation as an angle [arcsec].

        Raises
        ------
        DataError
            As `kpc_per_arcsec` does.
        """
        return self.max_separation / kpc_per_arcsec(redshift, cosmology)

    def rows(
        self,
        *,
        separation: ArrayLike | None = None,
        magnitude: ArrayLike | None = None,
        host_magnitude: ArrayLike | None = None,
        log_mass: ArrayLike | None = None,
        host_log_mass: ArrayLike | None = None,
        star: ArrayLike | None = None,
    ) -> tuple[Rejection | None, ...]:
        """The verdict on each of n companions by what is given.

        Parameters
        ----------
        separation : array_like, shape (n,)
            Projected [kpc].
        magnitude, host_magnitude : array_like, shape (n,)
            Of the companion (MAG_AUTO) and of the host galaxy of the AGN without its nucleus, in one band.
        log_mass, host_log_mass : array_like, shape (n,)
            Stellar masses [dex of Msun].
        star : array_like, shape (n,)
            1 for a star; 0 or NaN otherwise.

        Returns
        -------
        tuple of Rejection or None
            None where the companion is kept.

        Raises
        ------
        DataError
            Where nothing is given, or one of two that belong together.
        """
        tests: list[tuple[str, Array, NDArray[np.bool_], str, str]] = []
        if separation is not None:
            apart = np.asarray(separation, dtype=float)
            tests.append(("separation", apart, apart <= self.max_separation, "{:.1f} kpc apart", "no redshift of the AGN"))
        if (fainter := _difference(magnitude, host_magnitude, "magnitude")) is not None:
            said = "{:.2f} mag fainter than the host"
            tests.append(
                ("magnitude", fainter, fainter <= self.max_difference, said, "no magnitude of the companion or the host")
            )
        if star is not None:
            flag = np.asarray(star, dtype=float)
            tests.append(("star", flag, flag != 1, "looks like a star", ""))
        if (lighter := _difference(log_mass, host_log_mass, "log_mass")) is not None:
            ratio = 10 ** np.abs(lighter)
            enough = ratio * self.min_mass_ratio < 1
            tests.append(("mass ratio", ratio, enough, "mass ratio 1:{:.1f}", "no stellar mass of the companion or the host"))
        if not tests:
            raise DataError("there is nothing to cut on: give separation, magnitudes, masses or the star flag")
        number = np.broadcast_shapes((1,), *(value.shape for _, value, _, _, _ in tests))
        verdicts = np.full(number, None, dtype=object)
        for name, value, passed, reason, unknown in reversed(tests):
            values = np.broadcast_to(value, number)
            for i in map(int, np.flatnonzero(~np.broadcast_to(passed, number))):
                verdicts[i] = Rejection(name, reason.format(values[i]) if np.isfinite(values[i]) else unknown)
        return tuple(verdicts)

    def select(self, table: Catalogue, cosmology: Cosmology | None = None) -> Catalogue:
        """The same cuts on a table of pairs, observed or simulated.

        Parameters
        ----------
        table : Catalogue
            A row for each pair, with ``separation`` [kpc], or ``angle`` [arcsec] and ``redshift`` (of the AGN); and those of
            ``magnitude``, ``host_magnitude``, ``log_mass``, ``host_log_mass`` and ``star`` that are known at this stage.
        cosmology : Cosmology, optional
            Needed where separations are angles.

        Returns
        -------
        Catalogue
            All rows, with ``separation`` [kpc], ``kept`` (1 or 0), ``cut`` (one of `CUTS`, or empty) and ``reason``.

        Raises
        ------
        DataError
            Where there is no separation, nor what it follows from.
        """
        if "separation" in table.columns:
            apart = np.asarray(table["separation"], dtype=float)
        elif {"angle", "redshift"} <= set(table.columns):
            apart = np.asarray(table["angle"] * kpc_per_arcsec(table["redshift"], cosmology))
        else:
            raise DataError(
                "a table of pairs needs the column separation [kpc], or angle [arcsec] and redshift with a cosmology. Columns: "
                f"{', '.join(table.columns)}"
            )
        others = ("magnitude", "host_magnitude", "log_mass", "host_log_mass", "star")
        verdicts = (
            self.rows(separation=apart, **{name: table[name] for name in others if name in table.columns}) if len(table) else ()
        )
        columns = {
            "separation": apart,
            "kept": np.array([verdict is None for verdict in verdicts], dtype=float),
            "cut": np.array(["" if verdict is None else verdict.cut for verdict in verdicts], dtype=str),
            "reason": np.array(["" if verdict is None else verdict.reason for verdict in verdicts], dtype=str),
        }
        return attrs.evolve(table, columns={**table.columns, **columns}, units={**table.units, "separation": "kpc"})


def _difference(mine: ArrayLike | None, host: ArrayLike | None, name: str) -> Array | None:
    """Of the companion less the host; None where neither is given."""
    if mine is None and host is None:
        return None
    if mine is None or host is None:
        raise DataError(f"{name} and host_{name} belong together: give both or none")
    return np.asarray(np.subtract(mine, host), dtype=float)


def took(selected: Catalogue) -> dict[str, int]:
    """How many pairs each cut took of a table that `PairCuts.select` made, in the order of the cuts; only those that took any."""
    counts = {cut: int(np.count_nonzero(selected["cut"] == cut)) for cut in CUTS}
    return {cut: number for cut, number in counts.items() if number}
