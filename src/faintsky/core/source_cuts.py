"""Which sources and observations are analysed, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.band import Band
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.units import ARCMIN

__all__ = ["Candidate", "Rejection", "SourceCuts", "nothing_left", "selection_table", "took"]

#: The cuts in the order in which they act.
CUTS = ("class", "redshift", "counts", "observations", "off-axis angle", "counts in the box")


@frozen
class Rejection:
    """Why a candidate is left out: the `cut` that took it, one of `CUTS`, and the `reason` for a person to read."""

    cut: str
    reason: str


@frozen(kw_only=True)
class SourceCuts:
    """Cuts on redshift, class, off-axis angle, counts and the number of observations (Sandoval et al. 2024, section 2).

    Counts are tested twice: those of the catalogue, and those in the box within the observations that are analysed. So a
    reader decides in three calls, each of which gives a `Rejection` or None:

    1. `rows` on the columns of the catalogue, before any photon is looked up;
    2. `observations` on the off-axis angles and exposures of one source in all observations that cover it;
    3. `photons` on the number of photons in the box within those that step 2 kept.
    """

    redshift: tuple[float, float] | None = option(None, help="[low, high], both exclusive; default: all, also without a redshift")
    min_counts: int = option(1, ge=1, help="fewest counts in the band, of the catalogue and again in the observations used")
    max_off_axis: float = option(float(np.deg2rad(10 / 60)), unit="rad", gt=0, help="largest off-axis angle")
    off_axis_rule: str = option(
        "every",
        choices=("every", "drop"),
        help="where an observation lies farther off: leave the source out (every), or that observation (drop)",
    )
    max_observations: int = option(10, ge=1, help="only so many observations are used, the longest ones")
    excluded_classes: tuple[str, ...] = option(("star",), help="spectroscopic classes that are left out (any case)")
    band: Band = option(Band(0.5, 8), converter=Band.of, help="photon energies")

    def __attrs_post_init__(self) -> None:
        if self.redshift is not None and not self.redshift[0] < self.redshift[1]:
            low, high = self.redshift
            raise DataError(f"no redshift lies between {low:g} and {high:g}: write [low, high]")

    def rows(
        self, *, redshift: ArrayLike, counts: ArrayLike, classes: Sequence[str] | NDArray[np.str_] | None = None
    ) -> tuple[Rejection | None, ...]:
        """Stage 1, on the catalogue: class, then redshift, then counts.

        Parameters
        ----------
        redshift : array_like, shape (n,)
            NaN: unknown; such a source is left out wherever redshifts are cut.
        counts : array_like, shape (n,)
            NaN: unknown; such a source is tested in the box alone.
        classes : sequence of str, length n, optional
            Case and blanks around do not matter.

        Returns
        -------
        tuple of Rejection or None
            One for each row; None where it survives.
        """
        z, n = np.atleast_1d(np.asarray(redshift, dtype=float)), np.atleast_1d(np.asarray(counts, dtype=float))
        verdicts = np.full(z.shape, None, dtype=object)
        for i in map(int, np.flatnonzero(n < self.min_counts)):
            verdicts[i] = Rejection("counts", f"{n[i]:g} counts")
        if self.redshift is not None:
            low, high = self.redshift
            for i in map(int, np.flatnonzero(~((z > low) & (z < high)))):
                known = f"redshift {z[i]:g} outside {low:g}-{high:g}"
                verdicts[i] = Rejection("redshift", known if np.isfinite(z[i]) else "no redshift")
        if classes is not None:
            excluded = {name.strip().lower() for name in self.excluded_classes}
            for i, said in enumerate(classes):
                if str(said).strip().lower() in excluded:
                    verdicts[i] = Rejection("class", str(said).strip())
        return tuple(verdicts)

    def observations(
        self, names: Sequence[str], off_axis: ArrayLike, exposure: ArrayLike
    ) -> tuple[NDArray[np.intp], Rejection | None]:
        """Stage 2, on the observations of one source: the rule of the off-axis angle, then the longest ones.

        Parameters
        ----------
        names : sequence of str, length k
            Of the observations that cover the source; k may be 0.
        off_axis : array_like, shape (k,)
            [rad]
        exposure : array_like, shape (k,)
            [s]

        Returns
        -------
        chosen : ndarray of int
            Indices, the longest exposure first, equal ones by name; empty where the source is left out.
        rejection : Rejection or None
        """
        theta, time = np.asarray(off_axis, dtype=float), np.asarray(exposure, dtype=float)
        none = np.zeros(0, dtype=np.intp)
        if not len(names):
            return none, Rejection("observations", "in no observation")
        far = theta > self.max_off_axis
        if far.any() and (self.off_axis_rule == "every" or far.all()):
            # The nearest one where all are too far, the farthest where one is enough to leave the source out.
            i = int(np.argmax(theta)) if self.off_axis_rule == "every" else int(np.argmin(theta))
            least = " at least" if self.off_axis_rule == "drop" else ""
            return none, Rejection("off-axis angle", f"off-axis{least} {theta[i] / ARCMIN:.1f} arcmin in observation {names[i]}")
        near = sorted(map(int, np.flatnonzero(~far)), key=lambda i: (-time[i], names[i]))
        return np.array(near[: self.max_observations], dtype=np.intp), None

    def photons(self, number: int, used: int, available: int) -> Rejection | None:
        """Stage 3: the `number` of photons in the box within the `used` observations out of `available` near enough ones."""
        if number >= self.min_counts:
            return None
        several = f"{used} " if used > 1 else ""
        plural = "s" if used > 1 else ""
        which = f"within its {several}longest" if used < available else f"in its {several}".rstrip()
        which = f"{which} observation{plural}"
        return Rejection("counts in the box", f"{number} counts {which}")


@frozen(kw_only=True)
class Candidate:
    """A source and what became of it: a row of the selection.

    Attributes
    ----------
    name : str
    ra, dec : float
        [deg]
    redshift, counts : float
        Of the catalogue; NaN where unknown.
    observations : int
        Those that are used, or that cover a source which is left out; 0 where none was looked up.
    exposure : float
        Of these observations [s].
    off_axis : float
        Their mean, weighted by exposure [rad]; NaN where none was looked up.
    rejection : Rejection, optional
        None where the source is kept.
    """

    name: str
    ra: float
    dec: float
    redshift: float = float("nan")
    counts: float = float("nan")
    observations: int = 0
    exposure: float = 0.0
    off_axis: float = float("nan")
    rejection: Rejection | None = field(default=None)


def selection_table(candidates: Sequence[Candidate]) -> Catalogue:
    """The table `PhotonSample.selection`: a row for every candidate, with its reason where it was left out."""
    return Catalogue(
        columns={
            "name": np.array([c.name for c in candidates], dtype=str),
            "ra": np.array([c.ra for c in candidates], dtype=float),
            "dec": np.array([c.dec for c in candidates], dtype=float),
            "redshift": np.array([c.redshift for c in candidates], dtype=float),
            "counts": np.array([c.counts for c in candidates], dtype=float),
            "observations": np.array([c.observations for c in candidates], dtype=float),
            "exposure": np.array([c.exposure for c in candidates], dtype=float) / 1000,
            "off_axis": np.array([c.off_axis for c in candidates], dtype=float) / ARCMIN,
            "kept": np.array([c.rejection is None for c in candidates], dtype=float),
            "reason": np.array(["" if c.rejection is None else c.rejection.reason for c in candidates], dtype=str),
        },
        units={"ra": "deg", "dec": "deg", "exposure": "ks", "off_axis": "arcmin"},
        name="selection",
    )


def took(candidates: Sequence[Candidate]) -> dict[str, int]:
    """How many candidates each cut took, in the order of the cuts; only those cuts that took any."""
    cuts = [c.rejection.cut for c in candidates if c.rejection is not None]
    return {cut: cuts.count(cut) for cut in CUTS if cut in cuts}


def nothing_left(candidates: Sequence[Candidate]) -> DataError:
    """The error to raise where no source is kept: what each cut took, and an example of the last one that took any."""
    counted = took(candidates)
    if not counted:
        return DataError("there is no source to select from: the catalogue is empty")
    last = next(reversed(counted))
    example = next(c for c in candidates if c.rejection is not None and c.rejection.cut == last)
    said = ", ".join(f"{cut} {number}" for cut, number in counted.items())
    reason = "" if example.rejection is None else example.rejection.reason
    return DataError(
        f"none of the {len(candidates)} candidates is left. Taken by the cuts: {said}. The last of them for example left out "
        f"{example.name}: {reason}. Loosen the cuts, or check the columns of the catalogue and its field"
    )
