"""N_z of 100 000 pairs on 1000 points of redshift, against a loop over pairs with scipy.

    python benchmarks/pairs.py

Timed by CPU seconds, in one process with one BLAS thread: the loop as a script has it (both distributions interpolated,
`scipy.integrate.quad` between the ends of the grid), the loop of one who knows that both lie on one grid (the arrays, and
`scipy.integrate.simpson`), and `effective_number`, in float64 and in float32, in blocks that stay in the cache. The loops are
timed on a part of the pairs, and their time is scaled. The goal, at least 50 times a loop over pairs, is measured against
the better loop. The exit code is 1 where it is missed.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from goals import least_cpu, missed
from numpy.typing import NDArray
from scipy.integrate import quad, simpson
from scipy.interpolate import interp1d
from threadpoolctl import threadpool_limits

from faintsky.estimators.pair_statistics.shared_probability import effective_number

PAIRS, AGN, POINTS = 100_000, 20_000, 1000
#: Pairs of which the loops are timed.
BY_QUAD, BY_SIMPSON = 20, 5000

Reals = NDArray[np.floating]


def densities(number: int, z: Reals, rng: np.random.Generator) -> Reals:
    """Normal densities in redshift, with a pedestal of outliers, in float32."""
    centre = rng.uniform(0.3, 5.0, number).astype(np.float32)[:, None]
    width = (0.07 * (1 + centre)).astype(np.float32)
    found = np.exp(-0.5 * ((z.astype(np.float32) - centre) / width) ** 2) / width + np.float32(0.01)
    found /= found.sum(axis=1, keepdims=True) * np.float32(z[1] - z[0])
    return found


def by_quad(z: Reals, agn: Reals, companion: Reals, rows: range, owner: NDArray[np.integer]) -> list[float]:
    """What a script does."""
    found = []
    for j in rows:
        a, c = interp1d(z, agn[owner[j]]), interp1d(z, companion[j])
        found.append(quad(lambda x, a=a, c=c: 2 * a(x) * c(x) / (a(x) + c(x)), z[0], z[-1], limit=50)[0])
    return found


def by_simpson(z: Reals, agn: Reals, companion: Reals, rows: range, owner: NDArray[np.integer]) -> list[float]:
    """What a better script does."""
    found = []
    for j in rows:
        a, c = agn[owner[j]], companion[j]
        found.append(float(simpson(2 * a * c / (a + c), x=z)))
    return found


def main() -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(1)
    z = np.linspace(0, 7, POINTS + 1)
    middle = 0.5 * (z[1:] + z[:-1])
    agn, companion = densities(AGN, middle, rng), densities(PAIRS, middle, rng)
    owner = rng.integers(0, AGN, PAIRS)
    step = np.float32(z[1] - z[0])
    cells_agn, cells = agn * step, companion * step
    took = least_cpu({"float32": lambda: effective_number(cells_agn, cells, owner)}, 3)
    single = effective_number(cells_agn, cells, owner)
    start = time.process_time()
    double = np.concatenate(
        [
            effective_number(cells_agn.astype(float), cells[part].astype(float), owner[part])
            for part in np.array_split(np.arange(PAIRS), 10)
        ]
    )
    took["float64, with the conversion"] = time.process_time() - start
    start = time.process_time()
    by_quad(middle, agn, companion, range(BY_QUAD), owner)
    took["loop, quad"] = (time.process_time() - start) * PAIRS / BY_QUAD
    start = time.process_time()
    plain = by_simpson(middle, agn.astype(float), companion[:BY_SIMPSON].astype(float), range(BY_SIMPSON), owner)
    took["loop, simpson"] = (time.process_time() - start) * PAIRS / BY_SIMPSON
    print(f"{PAIRS} pairs x {POINTS} points\n\n{'':<30}{'CPU s':>10}")
    for name, seconds in took.items():
        print(f"{name:<30}{seconds:>10.3f}")
    print(f"\nfloat32 against float64: {np.max(np.abs(single - double)):.2g} in N_z")
    print(f"simpson against the cells: {np.max(np.abs(plain - double[:BY_SIMPSON])):.2g} in N_z")
    goals = [
        ("times the loop with simpson", took["loop, simpson"] / took["float32"], ">=", 50),
        ("times the loop with quad", took["loop, quad"] / took["float32"], ">=", 50),
        ("float32 changes N_z by", float(np.max(np.abs(single - double))), "<=", 1e-5),
    ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main())
