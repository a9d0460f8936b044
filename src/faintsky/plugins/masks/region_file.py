"""Reads DS9 region files line by line; what is not understood is an error, never skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from attrs import frozen

from faintsky.core.errors import DataError, nearest

__all__ = ["AREA_SHAPES", "SKY_FRAMES", "Region", "Size", "read_regions"]

#: Shapes that cover an area.
AREA_SHAPES = ("circle", "ellipse", "box", "rotbox", "annulus", "polygon", "panda", "epanda", "bpanda", "pie")
SKY_FRAMES = {"fk5": "fk5", "j2000": "fk5", "icrs": "icrs", "galactic": "galactic", "fk4": "fk4", "b1950": "fk4"}
_WITHOUT_AREA = ("point", "line", "text", "vector", "ruler", "projection", "compass", "segment")
_POINTS = ("circle", "box", "diamond", "cross", "x", "arrow", "boxcircle")
_REGION = re.compile(r"^([+-]?)\s*([a-z][a-z ]*?)\s*\(([^()]*)\)\s*(?:\|\||&)?\s*$", re.IGNORECASE)
_BARE = re.compile(r"^([+-]?)\s*([a-z]+)\s+([\d.+-].*)$", re.IGNORECASE)
_SUFFIX = {'"': np.pi / 648000, "'": np.pi / 10800, "d": np.pi / 180, "r": 1.0}


@frozen
class Size:
    """A length of a region: a plain number in pixels of its frame, or an angle [rad]."""

    value: float
    angular: bool


@frozen(kw_only=True)
class Region:
    """One region as the file holds it.

    Attributes
    ----------
    where : str
        ``file:line``.
    include : bool
        False for a region with a minus sign.
    shape, frame : str
        One of `AREA_SHAPES`; ``image``, ``physical`` or one of `SKY_FRAMES`.
    positions : tuple of pairs
        Centre or corners: 1-based pixels of the frame, or longitude and latitude [deg].
    sizes : tuple of Size
    angles : tuple of float
        In the order of DS9 [deg].
    """

    where: str
    include: bool
    shape: str
    frame: str
    positions: tuple[tuple[float, float], ...]
    sizes: tuple[Size, ...] = ()
    angles: tuple[float, ...] = ()


def read_regions(path: Path) -> list[Region]:
    """The regions of a DS9 file in their order.

    Raises
    ------
    DataError
        Where the file is missing or holds no region, or where a line is not understood: file:line, shape, what is known.
    """
    if not path.exists():
        raise DataError(f"there is no region file {path}")
    frame, found = "physical", []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path.name}:{number}"
        for text in _statements(line):
            if text.lower() in (*SKY_FRAMES, "image", "physical"):
                frame = text.lower()
            elif not text.lower().startswith("global"):
                found.append(_region(text, frame, where))
    if not found:
        raise DataError(f"{path.name} holds no region")
    if not found[0].include:
        raise DataError(
            f"{found[0].where}: the first region is an exclusion (-{found[0].shape}) of nothing; write the region that it is "
            "taken out of above it, or drop the minus sign"
        )
    return found


def _statements(line: str) -> Iterator[str]:
    """The parts of a line between semicolons, without comments (which hold properties only)."""
    for part in line.split("#")[0].split(";"):
        text = part.strip()
        if text:
            yield text


def _region(text: str, frame: str, where: str) -> Region:
    match = _REGION.match(text) or _BARE.match(text)
    if match is None:
        word = re.split(r"[\s(]", text)[0]
        raise DataError(
            f"{where}: {word!r} is neither a region nor a frame that is understood. "
            f"{nearest(word, (*AREA_SHAPES, *SKY_FRAMES, 'image', 'physical'))} Frames: image, physical, "
            f"{', '.join(SKY_FRAMES)}".replace("  ", " ")
        )
    sign, name, inner = match.groups()
    shape = name.lower().strip()
    kind = shape.split()[-1]
    if kind in _WITHOUT_AREA or (kind in _POINTS and len(shape.split()) > 1):
        raise DataError(f"{where}: a {shape} covers no area and masks nothing; delete it, or write a circle")
    if shape not in AREA_SHAPES:
        raise DataError(
            f"{where}: the region {shape!r} is not understood, and other readers would skip it silently. "
            f"{nearest(shape, AREA_SHAPES)} Understood: {', '.join(AREA_SHAPES)}".replace("  ", " ")
        )
    tokens = [token for token in re.split(r"[,\s]+", inner.strip()) if token]
    try:
        return _built(shape, tokens, frame, sign != "-", where)
    except (ValueError, IndexError):
        raise DataError(f"{where}: {text!r} cannot be read as a {shape} in the frame {frame!r}") from None


def _built(shape: str, tokens: list[str], frame: str, include: bool, where: str) -> Region:
    def made(positions: list[str], sizes: list[str], angles: list[str]) -> Region:
        pairs = [_position(positions[i], positions[i + 1], frame) for i in range(0, len(positions), 2)]
        return Region(
            where=where,
            include=include,
            shape="box" if shape == "rotbox" else shape,
            frame=frame,
            positions=tuple(pairs),
            sizes=tuple(_size(token, frame) for token in sizes),
            angles=tuple(float(token.rstrip("d")) for token in angles),
        )

    centre, rest = tokens[:2], tokens[2:]
    if shape == "polygon":
        if len(tokens) < 6 or len(tokens) % 2:
            raise ValueError
        return made(tokens, [], [])
    if shape == "circle":
        _need(len(rest) == 1)
        return made(centre, rest, [])
    if shape == "annulus":
        _need(len(rest) >= 2)
        return made(centre, rest, [])
    if shape in ("ellipse", "box", "rotbox"):
        _need(len(rest) >= 2)
        turned = len(rest) % 2 == 1
        return made(centre, rest[:-1] if turned else rest, [rest[-1] if turned else "0"])
    if shape == "pie":  # CIAO: inner and outer radius, then the angles
        _need(len(rest) == 4)
        return made(centre, rest[:2], rest[2:])
    if shape == "panda":  # angles and their number, radii and their number
        _need(len(rest) == 6)
        return made(centre, rest[3:5], rest[:2])
    _need(len(rest) in (8, 9))  # epanda, bpanda
    return made(centre, rest[3:7], [*rest[:2], rest[8] if len(rest) == 9 else "0"])


def _need(holds: bool) -> None:
    if not holds:
        raise ValueError


def _position(x: str, y: str, frame: str) -> tuple[float, float]:
    if frame not in SKY_FRAMES:
        return float(x), float(y)
    return _degrees(x, 1.0 if frame == "galactic" else 15.0), _degrees(y, 1.0)


def _degrees(token: str, per_hour: float) -> float:
    """Degrees, or sexagesimal hours (longitudes) and degrees with colons or letters."""
    parts = re.split(r"[:hdms]", token.rstrip("s"))
    if len(parts) < 3:
        return float(token.rstrip("d"))
    negative = token.startswith("-")
    number = sum(abs(float(part)) / 60**i for i, part in enumerate(parts[:3]))
    return float(-number if negative else number) * per_hour


def _size(token: str, frame: str) -> Size:
    if token[-1] in _SUFFIX:
        return Size(float(token[:-1]) * _SUFFIX[token[-1]], True)
    if frame in SKY_FRAMES:
        return Size(float(token) * _SUFFIX["d"], True)
    if token[-1] == {"image": "i", "physical": "p"}[frame]:
        token = token[:-1]
    return Size(float(token), False)
