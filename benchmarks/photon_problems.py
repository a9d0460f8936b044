"""Photons of single and dual sources with fixed seeds, whose evidences `photon_references.py` integrates.

Ten problems with 60 or 100 photons in 1, 5 or 10 observations: ``single``, ``wide`` (1.5 arcsec, half as many counts in the
second source), ``close`` (0.8 arcsec, 0.3) and ``faint`` (60 counts 4.5 arcmin off the axis, six an observation). Photons and
references are stored in ``photon_problems.json``, which the benchmark of evidences and the science tests read.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid
from scipy.interpolate import RectBivariateSpline

from faintsky.core.box import Box
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF, Place
from faintsky.core.units import ARCMIN, ARCSEC

Array = NDArray[np.float64]

STORE = Path(__file__).with_suffix(".json")
SEED = 62
HALF, REACH = 10.0, 3.0  # half a side of the box and largest shift [arcsec]
MEAN, SIGMA = -1.0, 0.5  # of log10 of background over source counts


@frozen(kw_only=True)
class Problem:
    """What is simulated: photons, observations, separation [arcsec], ratio, off-axis angles [arcmin], lattice step [arcsec]."""

    name: str
    observations: int
    separation: float
    ratio: float
    counts: int = 100
    off_axis: tuple[float, float] = (0.5, 3.0)
    spread: bool = False
    step: float


PROBLEMS = (
    *(
        Problem(name=f"{kind}-{k}", observations=k, separation=apart, ratio=ratio, spread=spread, step=step)
        for k, step in ((1, 0.05), (5, 0.075), (10, 0.1))
        for kind, apart, ratio, spread in (("single", 0.0, 0.0, k == 5), ("wide", 1.5, 0.5, k == 10), ("close", 0.8, 0.3, k == 1))
    ),
    Problem(name="faint-10", observations=10, separation=0.0, ratio=0.0, counts=60, off_axis=(4.5, 4.5), spread=True, step=0.1),
)


class Light:
    """The PSF of one observation at given photon energies, tabulated along its elliptical radius [arcsec]."""

    STEP, LAST = 2e-3, 45.0

    def __init__(self, psf: PSF, place: dict[str, Any], energies: Array) -> None:
        self.radius = np.arange(0, self.LAST, self.STEP)
        rows = []
        for energy in energies:
            placed = psf.placed(Place(**place, energy=float(energy)))
            ratio, angle = placed.ellipse or (1.0, 0.0)
            # Along the major axis rho is u sqrt(q).
            u = self.radius / np.sqrt(ratio) * ARCSEC
            rows.append(np.asarray(placed.density(u * np.cos(angle), u * np.sin(angle))) * ARCSEC**2)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        self.axes = np.sqrt([[ratio], [1 / ratio]]) * turn
        self.table = np.array(rows)
        self.light = cumulative_trapezoid(2 * np.pi * self.radius * self.table, self.radius, axis=1, initial=0)
        # What pulls a position towards a photon, -p' / (r p): the weights of iterated least squares.
        middle, r = self.table[len(rows) // 2], np.maximum(self.radius, self.STEP)
        self.pull = -np.gradient(np.log(middle), self.radius) / r
        self.pull[:3] = self.pull[3]
        self._contained: list[RectBivariateSpline] = []

    def rho(self, dx: Array, dy: Array) -> Array:
        """Elliptical radius of offsets [arcsec]."""
        (a, b), (c, d) = self.axes
        return np.sqrt((a * dx + b * dy) ** 2 + (c * dx + d * dy) ** 2)

    def at(self, rho: Array, row: Any) -> Array:
        """Density [arcsec^-2] at elliptical radii, of the rows of energies given."""
        place = np.minimum(rho, self.LAST - 3 * self.STEP) / self.STEP
        low = place.astype(np.int64)
        place -= low
        flat = low + np.asarray(row) * self.radius.size
        below = self.table.ravel()[flat]
        return below + place * (self.table.ravel()[flat + 1] - below)

    def log_contained(self, x: Array, y: Array, row: int) -> Array:
        """ln of the light inside the box of a source at x, y: EEF(rho) / (2 pi rho^2) (rho x d rho) around its sides."""
        if not self._contained:
            grid = np.linspace(-15, 15, 121)
            node, weight = np.polynomial.legendre.leggauss(300)
            corners = HALF * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
            for light in self.light:
                total = np.zeros((grid.size, grid.size))
                for start, end in pairwise(corners):
                    along = (end - start) / 2
                    for t, w in zip(node, weight, strict=True):
                        ux, uy = (start + end) / 2 + t * along
                        dx, dy = ux - grid[:, None], uy - grid
                        rho = self.rho(dx, dy)
                        share = np.interp(rho, self.radius, light) / np.maximum(rho, 1e-9) ** 2
                        # The transform keeps areas, so the cross product is that of the plain coordinates.
                        total += w / (2 * np.pi) * share * (dx * along[1] - dy * along[0])
                self._contained.append(RectBivariateSpline(grid, grid, np.log(np.maximum(total, 1e-12))))
        return np.asarray(self._contained[row].ev(x, y))


def simulated(problem: Problem, psf: PSF, number: int) -> dict[str, Any]:
    """Photons of a problem, as they are stored."""
    rng = np.random.default_rng([SEED, number])
    k = problem.observations
    exposure = np.sort(rng.uniform(0.5, 1.5, k))[::-1]
    exposure = (100e3 * exposure / exposure.sum()).round(1)
    owner = np.sort(rng.choice(k, problem.counts, p=exposure / exposure.sum()))
    b, f = 10.0**MEAN, problem.ratio
    kind = rng.choice(3, problem.counts, p=[b / (1 + b), 1 / ((1 + b) * (1 + f)), f / ((1 + b) * (1 + f))])
    angle = rng.uniform(0, 2 * np.pi)
    first = rng.uniform(-0.4, 0.4, 2)
    sources = np.array([first, first + problem.separation * np.array([np.cos(angle), np.sin(angle)])])
    observations = []
    for i in range(k):
        shift = rng.normal(0, 0.4, 2) if i else np.zeros(2)
        off_axis, azimuth = rng.uniform(*problem.off_axis), rng.uniform(-np.pi, np.pi)
        photons = []
        for each in kind[owner == i]:
            # A power law of photon index 1.7 below the steep fall of the mirrors' area.
            energy = round(
                float((0.7**-0.7 - rng.random() * (0.7**-0.7 - 6.0**-0.7)) ** (-1 / 0.7)) if problem.spread else 1.5, 2
            )
            where = rng.uniform(-HALF, HALF, 2)
            if each:
                where = np.full(2, np.inf)
            while not np.all(np.abs(where) <= HALF):
                light = Light(psf, {"off_axis": off_axis * ARCMIN, "azimuth": azimuth}, np.array([energy]))
                rho = np.interp(rng.random(), light.light[0] / light.light[0, -1], light.radius)
                phi = rng.uniform(0, 2 * np.pi)
                where = sources[each - 1] + shift + np.linalg.solve(light.axes, rho * np.array([np.cos(phi), np.sin(phi)]))
            photons.append([*where.round(4).tolist(), energy])
        columns = np.array(photons).reshape(-1, 3).T.tolist()
        facts = {"name": f"{i + 1:02d}", "exposure": exposure[i], "off_axis": round(off_axis, 3), "azimuth": round(azimuth, 4)}
        observations.append(facts | {"shift": shift.round(4).tolist()} | dict(zip(("x", "y", "energy"), columns, strict=True)))
    return {"observations": observations, "sources": sources[: 1 + (f > 0)].round(4).tolist(), "ratio": f, "seed": [SEED, number]}


def photon_set(name: str, stored: dict[str, Any]) -> PhotonSet:
    """The photons of a stored problem, as faintsky takes them."""
    boxes = [
        PhotonBox(
            x=each["x"],
            y=each["y"],
            energy=each["energy"],
            box=Box.square(2 * HALF),
            place=Place(off_axis=each["off_axis"] * ARCMIN, azimuth=each["azimuth"], observation=each["name"]),
            exposure=each["exposure"],
        )
        for each in stored["observations"]
    ]
    return PhotonSet(name=name, observations=tuple(boxes))


def stored() -> dict[str, Any]:
    """The problems with their references, by name."""
    problems: dict[str, Any] = json.loads(STORE.read_text())["problems"]
    return problems


def reference(problem: dict[str, Any], model: str) -> tuple[float, float]:
    """ln Z of the ``single`` or ``dual`` source and its error, by the better one of both methods."""
    log_z, error = min(problem["references"][model].values(), key=lambda found: max(found[1], 1e-3))
    return log_z, error
