"""Folding spectra, grids of count rates and reading of responses, against sherpa.

    python benchmarks/spectra.py [ARF RMF]

Default: the Cycle 18 pair of Chandra ACIS-I in ../shared/data/responses. CPU seconds of the best of several turns, the codes
taking turns in one process with one BLAS thread for both. Goals stand in the table; the exit code is 1 where one is missed. Needs
sherpa.

A fold is sherpa's apply_rmf(apply_arf(photons)) against `Response.fold`; the photons are there beforehand for both, also in a
batch, of which sherpa folds one spectrum after the other. The grid of 200 redshifts x 30 columns (1e20 to 1e24 cm^-2) x 3 bands
is timed from the parameters of wabs * zwabs * zpowerlaw to the rates here, but from photons that are there already to the
channels in sherpa, which folds every sixth of the 6000 spectra, times six. The time here is that of the model: numpy's exp of
the same 6.1 million exponents, and the rates from photons that are there already, stand beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from goals import least_cpu, missed
from sherpa.astro import io
from threadpoolctl import threadpool_limits

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.parameter import with_values
from faintsky.core.registry import make
from faintsky.models.spectra.powerlaw import PowerLaw

FILES = Path(__file__).resolve().parents[2] / "shared" / "data" / "responses"
BANDS = (Band(0.5, 2), Band(2, 7), Band(0.5, 7))
Z = np.linspace(0.01, 10, 200)[:, None, None]
NH = np.geomspace(1e-2, 1e2, 30).astype(np.float32)[:, None]  # float32: good to 1e-7 of 1, as kappa_grid has it
SINGLE, BATCH, EVERY = 200, 1200, 6


def main(arf: Path, rmf: Path) -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    source = make("responses", "ogip", arf=arf, rmf=rmf, epoch="benchmark")
    response = source.load(Context())
    area, matrix = io.read_arf(str(arf)), io.read_rmf(str(rmf))
    many = PowerLaw(photon_index=np.linspace(0, 3, BATCH)[:, None], norm=1.0).photon_flux(response.edges)
    single = many[:SINGLE]
    model = make("spectra", "formula", formula="wabs * zwabs * zpowerlaw", fixed={"wabs.nh": 10**-1.75})
    grid = with_values(model, {"zwabs.redshift": Z, "zpowerlaw.redshift": Z, "zwabs.nh": NH})
    collapsed = response.collapse(BANDS)
    photons = grid.photon_flux(response.edges).reshape(-1, len(response.area))
    absorbed = with_values(make("spectra", "zwabs"), {"redshift": Z, "nh": NH}).photon_flux(response.edges)
    exponents = np.array_split(np.log(np.maximum(absorbed, 1e-320)).reshape(-1), 16)

    def by_sherpa(rows: np.ndarray) -> np.ndarray:
        return np.array([matrix.apply_rmf(area.apply_arf(row)) for row in rows])

    cases: dict[str, Callable[[], object]] = {
        "single, faintsky": lambda: [response.fold(row) for row in single],
        "single, sherpa": lambda: by_sherpa(single),
        "batch, faintsky": lambda: response.fold(many),
        "batch, sherpa": lambda: by_sherpa(many),
        "grid, faintsky": lambda: collapsed.rates(grid, at_once=64),
        "grid at once, faintsky": lambda: collapsed.rates(grid),
        "grid / 6, sherpa": lambda: by_sherpa(photons[::EVERY]),
        "grid from photons, faintsky": lambda: photons @ collapsed.weights.T,
        "bare exp of the grid": lambda: [np.exp(part) for part in exponents],
        "reading, faintsky": lambda: source.load(Context()),
        "reading, sherpa": lambda: (io.read_arf(str(arf)), io.read_rmf(str(rmf))),
    }
    took = least_cpu(cases, 9)
    took |= {"grid, sherpa": EVERY * took.pop("grid / 6, sherpa")}
    per = {"single": SINGLE, "batch": BATCH, "grid": len(photons)}
    print(f"{arf.name} + {rmf.name}: {len(response.area)} bins, {response.nchan} channels, {response.data.size} elements\n")
    print(f"{'':<28}{'CPU ms':>10}{'us per spectrum':>18}")
    for name, seconds in took.items():
        number = per.get(name.replace(",", " ").split()[0])
        print(f"{name:<28}{1e3 * seconds:>10.2f}{1e6 * seconds / number if number else np.nan:>18.1f}".replace("nan", ""))
    wanted = by_sherpa(single)
    seen = wanted > 0
    goals = [
        ("single fold, rate over sherpa's", took["single, sherpa"] / took["single, faintsky"], ">=", 0.4),
        ("batch, rate over sherpa's", took["batch, sherpa"] / took["batch, faintsky"], ">=", 3),
        ("grid, rate over sherpa's loop", took["grid, sherpa"] / took["grid, faintsky"], ">=", 15),
        ("grid / bare exp", took["grid, faintsky"] / took["bare exp of the grid"], "<=", 1.5),
        ("reading, time over sherpa's", took["reading, faintsky"] / took["reading, sherpa"], "<=", 2),
        ("counts differ by", float(np.abs(response.fold(single)[seen] / wanted[seen] - 1).max()), "<=", 1e-10),
    ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        given = [Path(text) for text in sys.argv[1:]]
        sys.exit(main(*(given or (FILES / "acisi_aimpt_cy18.arf", FILES / "acisi_aimpt_cy18.rmf"))))
