"""The bands that bolometric corrections are published for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from faintsky.core.band import Band
from faintsky.core.component import option

__all__ = ["HARD", "SOFT", "monochromatic", "published_band"]

#: Planck's constant times the speed of light [keV Angstrom].
_HC = 12.398419843320026

HARD: Band = Band(2.0, 10.0)
SOFT: Band = Band(0.5, 2.0)


def monochromatic(angstrom: float) -> Band:
    """The band of nu L_nu at a wavelength: what a flat nu L_nu emits between energies whose ratio is e around it."""
    return Band(_HC / angstrom / math.sqrt(math.e), _HC / angstrom * math.sqrt(math.e))


def published_band(names: Mapping[str, Band]) -> Any:
    """The option `band`: one of the bands with published coefficients, as a text, a `Band`, or (in Python) by its short name."""

    def convert(value: Any) -> Any:
        wanted = names[value] if isinstance(value, str) and value in names else Band.of(value)
        for band in names.values():
            if isinstance(wanted, Band) and _same(wanted.low, band.low) and _same(wanted.high, band.high):
                return band
        known = ", ".join(f"'{band}' ({name})" for name, band in names.items())
        raise ValueError(f"band must be one that coefficients were published for: {known}; got '{value}'")

    return option(
        HARD, converter=convert, help=f"rest-frame band: {', '.join(f'{band} ({name})' for name, band in names.items())}"
    )


def _same(one: float, other: float) -> bool:
    """Equal to four digits: a study file holds bands as texts, which carry six."""
    return math.isclose(one, other, rel_tol=1e-4)
