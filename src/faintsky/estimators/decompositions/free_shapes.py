"""Free parameters of a scene, and the places and shapes in each band that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from faintsky.core.convolved_galaxy import shape_matrix
from faintsky.core.scene import Scene, SceneSource

__all__ = ["FreeShapes", "Look", "ShapeLimits"]

Array = NDArray[np.float64]


@frozen(kw_only=True)
class ShapeLimits:
    """Limits of shapes, and how far a centre may go from where it starts [pixel]."""

    index: tuple[float, float]
    radius: tuple[float, float]
    ellipticity: float
    reach: float


@frozen(kw_only=True, eq=False)
class Look:
    """A source in one band; `turns` are the derivatives of its matrix by the two elongations."""

    x: float
    y: float
    radius: float = 1.0
    index: float = 1.0
    matrix: Array = field(factory=lambda: np.eye(2))
    turns: tuple[Array, ...] = ()


@frozen(kw_only=True, eq=False, slots=False)
class FreeShapes:
    """Parameters and what they are tied to.

    A source has a centre per band; a galaxy has ln R_e and ln n at the shortest and at the longest wavelength, linear in
    wavelength between (R_e and n, not their logarithms), so that their limits hold in all bands; and the elongation
    w = ln(a / b) (cos 2 theta, sin 2 theta), which has no edge at a round galaxy (Bernstein & Jarvis 2002, sec 2.1).

    Attributes
    ----------
    scene : Scene
    wavelengths : ndarray, shape (b,)
        [um]
    order : int
        0: R_e and n are the same in all bands; 1: linear in wavelength.
    limits : ShapeLimits
    """

    scene: Scene
    wavelengths: Array
    order: int
    limits: ShapeLimits

    @cached_property
    def nodes(self) -> Array:
        """Weights of the values at the nodes in each band, shape (b, 1 or 2)."""
        x = self.wavelengths
        if self.order == 0 or np.ptp(x) == 0:
            return np.ones((x.size, 1))
        share = (x - x[0]) / (x[-1] - x[0])
        return np.stack([1 - share, share], axis=1)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """Index of the first parameter of each source, and their number."""
        sizes = [2 * self.wavelengths.size + (2 * self.nodes.shape[1] + 2) * s.galaxy for s in self.scene.sources]
        return (0, *(int(n) for n in np.cumsum(sizes)))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self._starts[-1]

    def places(self, source: int) -> dict[str, Array]:
        """Indices of a source's parameters: ``x``, ``y`` per band, ``radius``, ``index`` per node, ``turn``."""
        bands, nodes = self.wavelengths.size, self.nodes.shape[1]
        names = {"x": bands, "y": bands}
        if self.scene.sources[source].galaxy:
            names |= {"radius": nodes, "index": nodes, "turn": 2}
        edges = self._starts[source] + np.cumsum([0, *names.values()])
        return {name: np.arange(edges[i], edges[i + 1]) for i, name in enumerate(names)}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each parameter is."""
        found = []
        ends = [f"at {x:.3g} um" for x in (self.wavelengths[0], self.wavelengths[-1])]
        for s, source in enumerate(self.scene.sources):
            for name, where in self.places(s).items():
                if name in ("x", "y"):
                    found += [f"{name} of {source.name} at {x:.3g} um" for x in self.wavelengths]
                elif name == "turn":
                    found += [f"elongation of {source.name}"] * 2
                else:
                    found += (
                        [f"{name} of {source.name} {end}" for end in ends] if len(where) == 2 else [f"{name} of {source.name}"]
                    )
        return tuple(found)

    def start(self) -> Array:
        """Where the scene says that a fit starts, inside of the limits."""
        theta = np.zeros(self.size)
        for s, source in enumerate(self.scene.sources):
            at = self.places(s)
            theta[at["x"]], theta[at["y"]] = source.x, source.y
            if source.galaxy:
                theta[at["radius"]], theta[at["index"]] = np.log(source.radius), np.log(source.index)
                theta[at["turn"]] = self._elongation(source)
        low, high = self.bounds()
        inside = 1e-3 * np.minimum(high - low, 1.0)
        return np.asarray(np.clip(theta, low + inside, high - inside))

    def bounds(self) -> tuple[Array, Array]:
        """Limits of the parameters."""
        low, high = np.zeros(self.size), np.zeros(self.size)
        for s, source in enumerate(self.scene.sources):
            at = self.places(s)
            for name, value in (("x", source.x), ("y", source.y)):
                low[at[name]], high[at[name]] = value - self.limits.reach, value + self.limits.reach
            if source.galaxy:
                for name, (least, most) in (("radius", self.limits.radius), ("index", self.limits.index)):
                    low[at[name]], high[at[name]] = np.log(least), np.log(most)
                low[at["turn"]], high[at["turn"]] = -2 * self._roundest, 2 * self._roundest
        return low, high

    @property
    def _roundest(self) -> float:
        return float(-np.log(1 - self.limits.ellipticity))

    def _elongation(self, source: SceneSource) -> Array:
        most = self._roundest
        length = -np.log(1 - min(max(source.ellipticity, 0.02), 0.98 * self.limits.ellipticity))
        length = most * np.arctanh(min(length / most, 0.98))
        return np.asarray(length * np.array([np.cos(2 * source.angle), np.sin(2 * source.angle)]))

    def ellipse(self, turn: Array) -> tuple[float, float]:
        """Ellipticity and angle [rad, -pi / 2 to pi / 2] of an elongation; at the limit it saturates."""
        length = float(np.hypot(*turn))
        stretch = self._roundest * np.tanh(length / self._roundest)
        return float(-np.expm1(-stretch)), float(0.5 * np.arctan2(turn[1], turn[0]))

    def ellipse_slopes(self, turn: Array) -> Array:
        """Derivatives of ellipticity and angle by the elongation, shape (2, 2)."""
        length = max(float(np.hypot(*turn)), 1e-9)
        along = turn / length
        stretch = self._roundest * np.tanh(length / self._roundest)
        slope = np.exp(-stretch) / np.cosh(length / self._roundest) ** 2
        return np.array([slope * along, np.array([-along[1], along[0]]) / (2 * length)])

    def looks(self, theta: Array, band: int) -> list[Look]:
        """The sources in one band."""
        found = []
        for s, source in enumerate(self.scene.sources):
            at = self.places(s)
            x, y = float(theta[at["x"][band]]), float(theta[at["y"][band]])
            if not source.galaxy:
                found.append(Look(x=x, y=y))
                continue
            matrix, turns = self._matrix(theta[at["turn"]])
            radius, index = (float(self.nodes[band] @ np.exp(theta[at[name]])) for name in ("radius", "index"))
            found.append(Look(x=x, y=y, radius=radius, index=index, matrix=matrix, turns=turns))
        return found

    def _matrix(self, turn: Array) -> tuple[Array, tuple[Array, ...]]:
        step = 1e-4
        sides = [[shape_matrix(*self.ellipse(turn + sign * step * np.eye(2)[k])) for sign in (1, -1)] for k in (0, 1)]
        return shape_matrix(*self.ellipse(turn)), tuple((up - down) / (2 * step) for up, down in sides)

    def links(self, theta: Array, band: int) -> Array:
        """Derivatives of x, y (and ln R_e, ln n, elongations of galaxies) of the sources in a band by all parameters."""
        rows = []
        for s, source in enumerate(self.scene.sources):
            at = self.places(s)
            rows += [self._row([at["x"][band]], [1.0]), self._row([at["y"][band]], [1.0])]
            if source.galaxy:
                for name in ("radius", "index"):
                    parts = self.nodes[band] * np.exp(theta[at[name]])
                    rows.append(self._row(at[name], parts / parts.sum()))
                rows += [self._row([which], [1.0]) for which in at["turn"]]
        return np.array(rows)

    def _row(self, where: Array | Sequence[int], values: Array | Sequence[float]) -> Array:
        row = np.zeros(self.size)
        row[np.asarray(where, dtype=int)] = values
        return row
