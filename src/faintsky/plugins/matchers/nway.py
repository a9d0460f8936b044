"""Counterparts by NWAY."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.extras import require
from faintsky.core.matcher import Matcher, Matches, SkyPositions

__all__ = ["Nway"]

Array = NDArray[np.float64]


@component(references=["Salvato2018", "Budavari2008"], extra="nway")
@frozen(kw_only=True)
class Nway(Matcher):
    """NWAY, the code: two catalogues, with its own pair search and its own histograms of magnitudes and colours.

    The independent check of `bayes`, which has its formulas. NWAY's priors differ from those of `bayes` in three ways: a
    candidate outside the range of the secure counterparts is excluded, what chance puts within `include_radius` stays in the
    histogram, and below 100 secure counterparts NWAY refuses. Its fast pair search takes bins of right ascension that do not
    widen with the declination, so that off the equator it can lose pairs of nearly the radius.

    NWAY is under the AGPL, and keeps a cache in the working directory: each call works in a temporary one, and what NWAY prints
    goes to ``nway.log`` of the task.

    References
    ----------
    Salvato et al. 2018, MNRAS 473, 4937.
    """

    radius: float = option("10 arcsec", unit="arcsec", gt=0, help="candidates lie within; at least 3 times the largest error")
    prior_completeness: float = option(1.0, gt=0, le=1, help="share of the sources expected to have a counterpart")
    priors: tuple[str, ...] = option((), help="columns that weigh candidates: magnitudes, or colours such as ch1-ch2")
    include_radius: float | None = option(
        None, unit="arcsec", gt=0, help="learn the priors from all candidates within; default: from secure ones"
    )
    secure: float = option(0.9, gt=0.5, lt=1, help="probability by position above which the priors are learnt from a candidate")

    def match(self, sources: SkyPositions, others: SkyPositions, ctx: Context) -> Matches:
        """The best counterpart of each source.

        Raises
        ------
        DataError
            Where a column that a prior is built of is missing, or NWAY finds too few secure counterparts to learn from.
        PluginError
            Where NWAY is not installed; the message is the line that installs it.
        """
        with _nway(ctx) as nwaylib:
            return self._matches(nwaylib, sources, others, [None] * len(self.priors))

    def matched_shifted(self, sources: SkyPositions, others: SkyPositions, shifted: SkyPositions, ctx: Context) -> Matches:
        """The same for sources at shifted positions, with the histograms that NWAY made of the real ones.

        Raises
        ------
        DataError, PluginError
            As `match` does.
        """
        with _nway(ctx) as nwaylib:
            histograms: list[Any] = [None] * len(self.priors)
            if self.priors:
                self._table(nwaylib, sources, others, histograms, store=True)
                histograms = [np.loadtxt(f"others_prior{k}_fit.txt", unpack=True) for k in range(len(self.priors))]
            return self._matches(nwaylib, shifted, others, histograms)

    def _table(
        self, nwaylib: Any, sources: SkyPositions, others: SkyPositions, histograms: Sequence[Any], *, store: bool = False
    ) -> Any:
        """NWAY's table: a row for each candidate, and one for none, of each source."""
        plain: dict[str, Any] = {"mags": [], "maghists": [], "magnames": []}
        # Copies, for NWAY writes into its magnitudes.
        priors: dict[str, Any] = {
            "mags": [np.array(others.column(name)) for name in self.priors],
            "maghists": list(histograms),
            "magnames": [f"prior{k}" for k in range(len(self.priors))],
        }
        try:
            return nwaylib.nway_match(
                [_catalogue("sources", sources) | plain, _catalogue("others", others) | priors],
                match_radius=self.radius,
                prior_completeness=self.prior_completeness,
                mag_include_radius=self.include_radius,
                magauto_post_single_minvalue=self.secure,
                store_mag_hists=store,
                logger=nwaylib.NullOutputLogger(),
            )
        except nwaylib.UndersampledException as error:
            raise DataError(f"NWAY cannot learn its priors: {error}. Leave them out, or lower `secure`") from None

    def _matches(self, nwaylib: Any, sources: SkyPositions, others: SkyPositions, histograms: Sequence[Any]) -> Matches:
        n = len(sources)
        counterpart, candidates = np.full(n, -1), np.zeros(n, dtype=np.int64)
        p_any, p_i, log_bayes, apart = np.zeros(n), np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)
        if n and len(others):
            table = self._table(nwaylib, sources, others, histograms)
            # pandas 3 takes the column that NWAY groups by into the index, pandas 2 leaves it where it was.
            table = table if "sources" in table.columns else table.reset_index()
            named = ("sources", "others", "prob_has_match", "prob_this_match", "dist_bayesfactor", "Separation_sources_others")
            source, other, any_, this, bayes, separation = (table[name].to_numpy() for name in named)
            rows = np.flatnonzero(other >= 0)
            candidates[:] = np.bincount(source[rows], minlength=n)
            # The best of each source: the first after sorting by probability.
            order = rows[np.lexsort((separation[rows], -this[rows], source[rows]))]
            owner, first = np.unique(source[order], return_index=True)
            best = order[first]
            counterpart[owner], p_any[owner], p_i[owner] = other[best], any_[best], this[best]
            log_bayes[owner], apart[owner] = bayes[best] * np.log(10), separation[best]
        return Matches(
            counterpart=counterpart,
            p_any=np.clip(p_any, 0, 1),
            p_i=np.clip(p_i, 0, 1),
            log_bayes=log_bayes,
            separation=apart,
            candidates=candidates,
            matcher="nway",
            meta={"radius": self.radius, "version": str(nwaylib.__version__)},
        )


def _catalogue(name: str, positions: SkyPositions) -> dict[str, Any]:
    return {"name": name, "ra": positions.ra, "dec": positions.dec, "error": positions.error, "area": positions.area}


@contextmanager
def _nway(ctx: Context) -> Iterator[Any]:
    """NWAY, imported and used in a temporary working directory, and silent."""
    with ctx.captured("nway.log"), TemporaryDirectory() as folder, chdir(folder), warnings.catch_warnings():
        # Of the pandas that NWAY calls; nothing that its user could change.
        warnings.simplefilter("ignore", (FutureWarning, DeprecationWarning))
        yield require("nwaylib", "nway")
