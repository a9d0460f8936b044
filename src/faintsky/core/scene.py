"""A scene: the galaxies and points that an image is made of."""

from __future__ import annotations

import numpy as np
from attrs import evolve, frozen

from faintsky.core.errors import DataError, nearest

__all__ = ["Scene", "SceneSource"]


@frozen(kw_only=True)
class SceneSource:
    """A source: a galaxy (Sersic), a point, or both at one place. Values are where a fit starts.

    Attributes
    ----------
    name : str
    x, y : float
        [pixel, 0-based]
    flux : float
        In the reference band [uJy].
    galaxy, point : bool
        What it consists of.
    radius : float
        Half-light radius along the major axis [pixel].
    index : float
        Sersic index n.
    ellipticity : float
        1 - b / a.
    angle : float
        Of the major axis [rad], from +x towards +y.
    """

    name: str
    x: float
    y: float
    flux: float = 1.0
    galaxy: bool = True
    point: bool = False
    radius: float = 5.0
    index: float = 1.5
    ellipticity: float = 0.2
    angle: float = 0.0

    def __attrs_post_init__(self) -> None:
        if not (self.galaxy or self.point):
            raise DataError(f"the source {self.name!r} is neither a galaxy nor a point")
        if not np.all(np.isfinite([self.x, self.y, self.flux, self.radius, self.index, self.ellipticity, self.angle])):
            raise DataError(f"a value of the source {self.name!r} is not finite")


@frozen(kw_only=True)
class Scene:
    """Sources that overlap, to be fitted together.

    Attributes
    ----------
    sources : tuple of SceneSource
        Their names are all different.
    """

    sources: tuple[SceneSource, ...]

    def __attrs_post_init__(self) -> None:
        names = [source.name for source in self.sources]
        if not names or len(set(names)) < len(names):
            raise DataError(f"a scene needs sources with names that are all different, got {names}")

    @property
    def components(self) -> tuple[tuple[str, str], ...]:
        """(name of the source, ``galaxy`` or ``point``) of every component, the galaxy of a source before its point."""
        return tuple((source.name, part) for source in self.sources for part in ("galaxy", "point") if getattr(source, part))

    def with_point(self, name: str) -> Scene:
        """The same sources, with a point in the middle of the named galaxy.

        Raises
        ------
        DataError
            Where no source has the name, or it has a point already.
        """
        known = {source.name: source for source in self.sources}
        if name not in known:
            raise DataError(f"the scene has no source {name!r}. {nearest(name, known)} Sources: {', '.join(known)}")
        if known[name].point:
            raise DataError(f"the source {name!r} has a point already")
        return Scene(sources=tuple(evolve(s, point=True) if s.name == name else s for s in self.sources))
