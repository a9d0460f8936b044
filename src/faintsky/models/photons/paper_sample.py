"""A sample of sources like that of Sandoval et al. (2024), drawn from what the paper says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.units import ARCMIN
from faintsky.models.photons.planned_source import PlannedObservation, PlannedSource, angles, drawn_off_axis

__all__ = ["FIELDS", "Field", "drawn_plan"]

Array = NDArray[np.float64]

#: Sources, those with a mean off-axis angle below 3 arcmin, and those with 50 to 99 photons (sections 2 and 5.1).
_SOURCES, _NEAR, _FAINT = 62, 21, 34
#: Mean off-axis angles [arcmin] of sources near the axis and of the others: every observation lies below 5 arcmin.
_NEAR_AXIS, _FAR_AXIS = (0.3, 3.0), (3.0, 4.9)
#: Scatter of the off-axis angles of one source about their mean [arcmin]; assumed.
_POINTING = 0.15
#: Photons of the point sources over those of the background where there are 100 and more, log10; assumed: above 0, since the
#: paper's prior allows no more background than that.
_CONTRAST = (0.1, 0.7)


@frozen(kw_only=True)
class Field:
    """A deep field of Chandra.

    Attributes
    ----------
    centre : tuple of float
        [deg]
    sources : int
        Of the paper's sample, counted from the names in its Table 1.
    cut : int
        Of these, the sources of which the 5 longest observations are analysed (section 4).
    observations : tuple of int
        Fewest and most of a source that is not cut.
    exposure, cut_exposure : tuple of float
        Total of a source, and of one that is cut [ks].
    """

    centre: tuple[float, float]
    sources: int
    cut: int
    observations: tuple[int, int]
    exposure: tuple[float, float]
    cut_exposure: tuple[float, float] = (0.0, 0.0)


#: The ten observations of the first AEGIS source of Table 2 sum up to 445 ks; means are 1267 ks in the CDFS and 49 ks in COSMOS
#: (section 5.3); cut sources have 183 to 671 ks (section 4); X-UDS is 200 to 600 ks deep (section 2). How these are spread, and
#: the number of observations in COSMOS and X-UDS, is assumed.
FIELDS: Final[Mapping[str, Field]] = {
    "AEGISXD": Field(centre=(214.8, 52.8), sources=9, cut=4, observations=(10, 10), exposure=(400, 490), cut_exposure=(183, 290)),
    "CDFS": Field(
        centre=(53.12, -27.81), sources=13, cut=8, observations=(10, 10), exposure=(1104, 1430), cut_exposure=(400, 671)
    ),
    "COSMOS": Field(centre=(150.12, 2.21), sources=36, cut=0, observations=(1, 3), exposure=(38, 60)),
    "XUDS": Field(centre=(34.38, -5.15), sources=4, cut=0, observations=(4, 10), exposure=(200, 600)),
}
#: Sources lie within this of the centre of their field [deg].
_SPREAD = 0.2


def drawn_plan(number: int, background: float, rng: np.random.Generator) -> tuple[PlannedSource, ...]:
    """Sources like those of the paper.

    Of each 62: 36 in COSMOS, 13 in the CDFS, 9 in AEGIS-XD, 4 in X-UDS; 2.5 < z < 3.5; 34 with 50 to 99 photons of 0.5-8 keV in
    their boxes, 28 with more; 21 with a mean off-axis angle below 3 arcmin, 41 with more, none of an observation above 5; up to
    10 observations, of which 12 sources have their 5 longest ones.

    Distributions within these limits are not told: photons are log-uniform, redshifts uniform, and off-axis angles as sources
    spread evenly over the field. The faint sources all lie in COSMOS, since in the other fields the background alone gives some
    100 photons in a box.

    Parameters
    ----------
    number : int
        A part of the 62, or several times as many: each 62 of them hold the numbers above.
    background : float
        Photons of the background per second in a box.
    rng : Generator

    Returns
    -------
    tuple of PlannedSource
    """
    traits: list[tuple[str, bool, bool, bool]] = []
    while len(traits) < number:
        fields = [name for name, field in FIELDS.items() for _ in range(field.sources)]
        cut = [i < field.cut for field in FIELDS.values() for i in range(field.sources)]
        shallow = [i for i, name in enumerate(fields) if name == "COSMOS"]
        faint = set(rng.permutation(shallow)[:_FAINT].tolist())
        near = set(rng.permutation(_SOURCES)[:_NEAR].tolist())
        traits += [(fields[i], cut[i], i in faint, i in near) for i in rng.permutation(_SOURCES).tolist()]
    return tuple(_drawn(name, cut, faint, near, background, rng) for name, cut, faint, near in traits[:number])


def _drawn(called: str, cut: bool, faint: bool, near: bool, background: float, rng: np.random.Generator) -> PlannedSource:
    field = FIELDS[called]
    observations = 5 if cut else int(rng.integers(field.observations[0], field.observations[1] + 1))
    total = 1000 * rng.uniform(*(field.cut_exposure if cut else field.exposure))
    exposure = rng.uniform(0.7, 1.3, observations)
    exposure *= total / exposure.sum()
    stray = background * total
    if faint:
        least = max(50.0, 1.1 * stray)
        photons = np.floor(np.exp(rng.uniform(np.log(least), np.log(max(least, 100.0)))))
    else:
        photons = np.rint(stray + max(stray * 10 ** rng.uniform(*_CONTRAST), 100 * 10 ** rng.uniform(*_CONTRAST) - stray))
    mean = float(drawn_off_axis(*(_NEAR_AXIS if near else _FAR_AXIS), 1, rng)[0])
    off_axis = _about(mean, exposure, rng)
    azimuth, roll = angles(rng, observations), angles(rng, observations)
    counts = background * exposure + (photons - stray) * exposure / total
    ra, dec = (centre + rng.uniform(-_SPREAD, _SPREAD) for centre in field.centre)
    return PlannedSource(
        name=f"{called}{ra:.6f}{dec:+.6f}",
        ra=float(ra),
        dec=float(dec),
        redshift=float(rng.uniform(2.5, 3.5)),
        observations=tuple(
            PlannedObservation(
                name=f"{called}-{k + 1}",
                exposure=float(exposure[k]),
                off_axis=float(off_axis[k] * ARCMIN),
                azimuth=float(azimuth[k]),
                roll=float(roll[k]),
                counts=float(counts[k]),
            )
            for k in range(observations)
        ),
    )


def _about(mean: float, weights: Array, rng: np.random.Generator) -> Array:
    """Angles [arcmin] with this weighted mean, between 0 and 5."""
    apart = rng.normal(0.0, _POINTING, weights.size)
    apart -= np.average(apart, weights=weights)
    room = min(mean, 5.0 - mean) * 0.99
    return np.asarray(mean + apart * min(1.0, room / max(float(np.abs(apart).max()), 1e-12)))
