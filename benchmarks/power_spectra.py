"""Power spectra: CPU seconds and peak memory of faintsky and of what people use, in one run.

    python benchmarks/power_spectra.py            # all cases, the table, about 3 minutes
    python benchmarks/power_spectra.py --quick    # small maps, to see that it runs

Each case is a process of its own with one thread, so that its peak memory, which includes the inputs, is its own. The clock
starts when the arrays are in memory and stops when the numbers are there. The cases take turns, and the fastest run of each
counts: what the kernel adds to large allocations differs from run to run. Goals stand in the table; the exit code is 1 where
one is missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from goals import missed

PIXEL = "0.98 arcsec"
BINS = 30


def edges(n: int) -> Any:
    """Thirty logarithmic bins, from above the fundamental mode to just below the axis Nyquist wavenumber [rad^-1].

    No edge lies on a mode, where rounding in the script would decide.
    """
    step = np.deg2rad(0.98 / 3600)
    return np.geomspace(2.2 * 2 * np.pi / (n * step), 0.99987 * np.pi / step, BINS + 1), step


def script(a: Any, b: Any, keep: Any) -> list[float]:
    """What a typical script does: numpy's fft2, the plane of q, a boolean mask for each bin."""
    n = len(keep)
    q_edges, step = edges(n)
    fraction = keep.mean()
    fa = np.fft.fft2((a - a[keep].mean()) * keep)
    fb = np.fft.fft2((b - b[keep].mean()) * keep)
    ky, kx = np.meshgrid(np.fft.fftfreq(n, step) * 2 * np.pi, np.fft.fftfreq(n, step) * 2 * np.pi, indexing="ij")
    q = np.sqrt(kx**2 + ky**2)
    found = []
    for x, y in ((fa, fa), (fb, fb), (fa, fb)):
        power = (x * np.conj(y)).real * step**2 / n**2 / fraction
        for low, high in itertools.pairwise(q_edges):
            found.append(float(power[(q >= low) & (q < high)].mean()))
    return found


def powerbox(a: Any, b: Any, keep: Any) -> list[float]:
    """powerbox.get_power, three times."""
    from powerbox import get_power

    n = len(keep)
    q_edges, step = edges(n)
    a, b = (a - a[keep].mean()) * keep, (b - b[keep].mean()) * keep
    found = []
    for x, y in ((a, None), (b, None), (a, b)):
        result = get_power(x, n * step, deltax2=y, bins=q_edges, dimensionless=False)
        found += (np.asarray(result.power) / keep.mean()).tolist()
    return found


def faintsky(a: Any, b: Any, keep: Any) -> list[float]:
    """The Fourier path of all estimators: each map once, binned by rows."""
    from faintsky.core.bins import Bins
    from faintsky.core.map import Map
    from faintsky.core.pseudo_power import pseudo_power

    a, b = (Map.from_array(values, PIXEL, weight=keep) for values in (a, b))
    bins = Bins(edges(len(keep))[0])
    kept = a.w2
    return [float(p) for x, y in ((a, a), (b, b), (a, b)) for p in pseudo_power(x, y, bins) / kept]


def decoupled(a: Any, b: Any, keep: Any) -> list[float]:
    """The whole default estimate of the three: coupling, decoupled bandpowers, covariance, window."""
    from faintsky.core.bins import Bins
    from faintsky.core.context import Context
    from faintsky.core.map import Map
    from faintsky.core.registry import make

    a, b = (Map.from_array(values, PIXEL, weight=keep) for values in (a, b))
    estimator, bins = make("power_spectra", "decoupled"), Bins(edges(len(keep))[0])
    return [float(p) for x, y in ((a, a), (b, b), (a, b)) for p in estimator.estimate(x, y, bins, Context()).power]


def full_set(a: Any, b: Any, keep: Any) -> list[float]:
    """Eight infrared and two X-ray maps of float32: all 10 autos and 16 crosses, decoupled, with their covariances."""
    from faintsky.core.bins import Bins
    from faintsky.core.context import Context
    from faintsky.core.map import Map
    from faintsky.core.registry import make

    estimator, bins = make("power_spectra", "decoupled"), Bins(edges(len(keep))[0])
    fields = [Map.from_array(np.roll(a if i < 8 else b, 7 * i, axis=0).astype(np.float32), PIXEL, weight=keep) for i in range(10)]
    pairs = [(m, m) for m in fields] + [(ir, x) for ir in fields[:8] for x in fields[8:]]
    found = [estimator.estimate(x, y, bins, Context()) for x, y in pairs]
    return [float(p) for s in found for p in (*s.power, *s.error)]


def coupling(keep: Any) -> list[float]:
    """The mode-coupling matrix of a mask, and its window."""
    from faintsky.core.bins import Bins
    from faintsky.core.map import Map
    from faintsky.estimators.power_spectra.coupling import coupling as couple

    m = Map.from_array(np.zeros(keep.shape, dtype=np.float32), PIXEL, weight=keep)
    found = couple(m, m, Bins(edges(len(keep))[0]))
    return [float(x) for x in found.matrix[found.kept, found.kept].ravel()]


def two_point(small: Any, keep: Any) -> list[float]:
    """xi(theta) from exact lattice pair counts."""
    from faintsky.core.map import Map
    from faintsky.core.registry import make

    m = Map.from_array(small, PIXEL, weight=keep)
    found = make("power_spectra", "two-point").correlation(m, m, np.geomspace(0.97, 0.7 * 0.98 * m.grid_.shape[0], BINS + 1))
    return [float(x) for x in found.npairs]


def treecorr(small: Any, keep: Any) -> list[float]:
    """TreeCorr's KK with its default accuracy, one thread."""
    from treecorr import Catalog, KKCorrelation

    y, x = np.nonzero(keep)
    points = Catalog(x=x * 0.98, y=y * 0.98, k=small[y, x] - small[y, x].mean())
    counted = KKCorrelation(min_sep=0.97, max_sep=0.7 * 0.98 * len(small), nbins=BINS, num_threads=1, verbose=0)
    counted.process(points)
    return [float(x) for x in counted.npairs]


MAPS, SMALL = ("a", "b", "mask"), ("small", "small_mask")
#: What each case is, and the arrays that it takes.
CASES: dict[str, tuple[Callable[..., list[float]], tuple[str, ...]]] = {
    "script": (script, MAPS),
    "powerbox": (powerbox, MAPS),
    "faintsky": (faintsky, MAPS),
    "decoupled": (decoupled, MAPS),
    "full_set": (full_set, MAPS),
    "coupling": (coupling, ("mask",)),
    "two_point": (two_point, SMALL),
    "treecorr": (treecorr, SMALL),
}


def imported(name: str) -> None:
    """Import what the case uses before the clock starts."""
    import importlib

    needed = {
        "powerbox": ["powerbox"],
        "treecorr": ["treecorr"],
        "script": ["numpy.fft"],
    }.get(name, ["faintsky.core.registry", "faintsky.estimators.power_spectra.two_point", "astropy.units", "scipy.special"])
    for module in needed:
        importlib.import_module(module)


def inputs(folder: Path, n: int, small: int) -> None:
    """Two maps and a mask of discs that takes 35 %; and small ones for the pairs."""
    rng = np.random.default_rng(1)
    for name, size in (("mask", n), ("small_mask", small)):
        keep = np.ones((size, size), dtype=bool)
        while keep.mean() > 0.65:
            for cy, cx in rng.random((64, 2)) * size:
                y0, x0 = max(0, int(cy) - 8), max(0, int(cx) - 8)
                y, x = np.ogrid[y0 : min(size, y0 + 17), x0 : min(size, x0 + 17)]
                keep[y0 : y0 + y.size, x0 : x0 + x.size] &= (y - cy) ** 2 + (x - cx) ** 2 > 51
        np.save(folder / f"{name}.npy", keep)
    for name, size in (("a", n), ("b", n), ("small", small)):
        np.save(folder / f"{name}.npy", rng.standard_normal((size, size)))


def run_case(name: str, folder: Path) -> None:
    """The child: print CPU seconds, peak memory and the numbers as JSON."""
    imported(name)
    case, files = CASES[name]
    arrays = [np.load(folder / f"{file}.npy") for file in files]
    started = time.process_time()
    numbers = case(*arrays)
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "memory": memory, "numbers": numbers}))


def main() -> int:
    """Run all cases, print the table, and tell whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeat", type=int, default=5, help="the fastest of so many runs counts")
    parser.add_argument("--case", choices=list(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        run_case(asked.case, asked.folder)
        return 0
    n, small = (600, 128) if asked.quick else (4500, 1024)
    threads = {f"{lib}_NUM_THREADS": "1" for lib in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    measured: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as place:
        inputs(Path(place), n, small)
        absent: set[str] = set()
        for name in [*CASES] * asked.repeat:
            if name in absent:
                continue
            command = [sys.executable, __file__, "--case", name, "--folder", place]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ | threads, check=False)
            if done.returncode:
                print(f"{name}: left out, {done.stderr.strip().splitlines()[-1]}")
                absent.add(name)
                continue
            said = json.loads(done.stdout.splitlines()[-1])
            if name not in measured or said["seconds"] < measured[name]["seconds"]:
                measured[name] = said
    return report(measured, n, small, strict=not asked.quick)


def report(measured: dict[str, dict[str, Any]], n: int, small: int, strict: bool) -> int:
    """Print the table and the goals; 1 where a goal is missed."""
    sizes = {name: f"{small}^2" if name in ("two_point", "treecorr") else f"{n}^2" for name in measured}
    print(f"\n{'case':<12}{'map':>8}{'CPU s':>10}{'peak MB':>10}")
    for name, said in measured.items():
        print(f"{name:<12}{sizes[name]:>8}{said['seconds']:>10.2f}{said['memory']:>10.0f}")
    goals: list[tuple[str, float, str, float]] = []
    if "script" in measured:
        ours, theirs = measured["faintsky"], measured["script"]
        goals.append(("script / faintsky, CPU", theirs["seconds"] / ours["seconds"], ">=", 3))
        goals.append(("faintsky / script, memory", ours["memory"] / theirs["memory"], "<=", 0.7))
        # Of the auto-power: the cross-power of two independent maps is near 0.
        mine, typical = (np.array(said["numbers"]).reshape(3, BINS) for said in (ours, theirs))
        apart = np.max(np.abs(mine - typical) / typical[0])
        goals.append(("faintsky and script differ by", float(apart), "<=", 1e-10))
    if "powerbox" in measured:
        goals.append(("powerbox / faintsky, CPU", measured["powerbox"]["seconds"] / measured["faintsky"]["seconds"], ">=", 8))
    goals.append(("coupling, CPU s", measured["coupling"]["seconds"], "<=", 20))
    goals.append(("coupling, GB", measured["coupling"]["memory"] / 1024, "<=", 1.5))
    goals.append(("full set, CPU s", measured["full_set"]["seconds"], "<=", 30))
    goals.append(("full set, GB", measured["full_set"]["memory"] / 1024, "<=", 4))
    if "treecorr" in measured:
        ours, theirs = measured["two_point"], measured["treecorr"]
        goals.append(("treecorr / two_point, CPU", theirs["seconds"] / ours["seconds"], ">=", 5))
    return int(bool(missed(goals)) and strict)


if __name__ == "__main__":
    sys.exit(main())
