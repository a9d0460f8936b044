"""Counterparts of 2408 sources by `bayes`, against NWAY.

    python benchmarks/matchers.py [dense]

Among 102 118 others on 1.35 deg^2, and with `dense` among 816 944 as well; positions only, 10 arcsec. CPU seconds of the best of
several turns, the two taking turns in one process with one BLAS thread. NWAY keeps a cache of its pair search, and answers the
same call from it: here every turn begins in a new, empty working directory, so that each is a first call. Goals stand in the
table; the exit code is 1 where one is missed. Needs NWAY (extra nway).
"""

from __future__ import annotations

import sys
import time
import warnings
from contextlib import chdir
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from goals import missed
from threadpoolctl import threadpool_limits

from faintsky.core.context import Context
from faintsky.core.matcher import SkyPositions
from faintsky.core.registry import make
from faintsky.estimators.matchers.pairs import pairs_within
from faintsky.estimators.matchers.simulated import simulated

SOURCES, AREA, RADIUS, TURNS = 2408, 1.35, 10.0, 3


def catalogues(number: int) -> tuple[SkyPositions, SkyPositions]:
    """Others at random, and sources with errors of 0.3 to 1.2 arcsec beside some of them."""
    rng = np.random.default_rng(1)
    side = AREA**0.5
    others = SkyPositions(
        ra=150 + side * rng.random(number),
        dec=1.5 + side * rng.random(number),
        error=np.full(number, 0.1),
        area=AREA,
        name="others",
    )
    error = rng.uniform(0.3, 1.2, SOURCES)
    blank = SkyPositions(ra=np.zeros(SOURCES), dec=np.zeros(SOURCES), error=error, area=AREA, name="sources")
    return simulated(blank, others, Context(seed=1)).positions, others


def by_nway(nwaylib: Any, sources: SkyPositions, others: SkyPositions) -> Any:
    """NWAY's own table; its progress bars are silenced by the caller."""
    tables = [
        {"name": name, "ra": p.ra, "dec": p.dec, "error": p.error, "area": p.area, "mags": [], "maghists": [], "magnames": []}
        for name, p in (("sources", sources), ("others", others))
    ]
    return nwaylib.nway_match(tables, match_radius=RADIUS, prior_completeness=1.0, logger=nwaylib.NullOutputLogger())


def main(numbers: list[int]) -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    quiet, matcher = Context(), make("matchers", "bayes", radius=RADIUS)
    with TemporaryDirectory() as folder, chdir(folder), quiet.captured(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nwaylib
    goals: list[tuple[str, float, str, float]] = []
    print(f"{'':<28}{'CPU s':>10}")
    for number in numbers:
        sources, others = catalogues(number)
        times: dict[str, list[float]] = {"bayes": [], "its pairs": [], "nway": []}
        for _ in range(TURNS):
            with TemporaryDirectory() as folder, chdir(folder), quiet.captured(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                start = time.process_time()
                theirs = by_nway(nwaylib, sources, others)
                times["nway"].append(time.process_time() - start)
            start = time.process_time()
            mine = matcher.match(sources, others, quiet)
            times["bayes"].append(time.process_time() - start)
            start = time.process_time()
            pairs_within(sources, others, RADIUS)
            times["its pairs"].append(time.process_time() - start)
        took = {name: min(each) for name, each in times.items()}
        for name, seconds in took.items():
            print(f"{f'{name}, {number} others':<28}{seconds:>10.3f}")
        p_any = theirs.groupby(level="sources")["prob_has_match"].first().to_numpy()
        goals += [
            (f"{number}: NWAY's time over ours", took["nway"] / took["bayes"], ">=", 5),
            (f"{number}: pairs [s]", took["its pairs"], "<=", 1),
            (f"{number}: p_any differs by", float(np.abs(p_any - mine.p_any).max()), "<=", 1e-5),
        ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main([102_118, 816_944] if "dense" in sys.argv[1:] else [102_118]))
