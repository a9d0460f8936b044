"""Photons drawn like observed ones, or from the likelihood itself."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError, nearest
from faintsky.core.photon_box import PhotonBox
from faintsky.core.photon_set import PhotonSet
from faintsky.core.psf import PSF
from faintsky.models.photons.box_light import BoxLight, background_positions
from faintsky.models.photons.energy_pools import EnergyPools
from faintsky.models.photons.expected_photons import ExpectedPhotons
from faintsky.models.photons.sky_sources import SkySources

__all__ = ["drawn_from_mixture", "exposed", "simulated_like"]

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

_COUNTS = ("poisson", "fixed")


def simulated_like(
    data: PhotonSet,
    sources: SkySources,
    psf: PSF,
    rng: np.random.Generator,
    *,
    counts: str = "poisson",
    share: str = "own",
    shifts: ArrayLike | None = None,
    energies: EnergyPools | None = None,
    name: str | None = None,
) -> PhotonSet:
    """Photons of given sources as the observations of `data` would have taken them.

    Boxes, places on the detector, exposures, spectra and backgrounds are those of the data; the photons of the background area
    are drawn anew too, so that the background is as uncertain as it was.

    Parameters
    ----------
    data : PhotonSet
    sources : SkySources
    psf : PSF
        That photons are scattered by; it need not be the one that a fit assumes.
    rng : Generator
    counts : {"poisson", "fixed"}
        Whether the number of photons of each observation is Poisson about the expected one, or the expected one itself, rounded;
        which of them are background is drawn in either case.
    share : {"own", "exposure"}
        How photons are shared among observations: `ExpectedPhotons.observed`.
    shifts : array_like, shape (K, 2), optional
        Astrometric shifts [arcsec], in the order of `data.observations`; default: none.
    energies : EnergyPools, optional
        Default: those of the data.
    name : str, optional
        Of the result; default: that of the data.

    Returns
    -------
    PhotonSet

    Raises
    ------
    DataError
        Where the background was not measured, no photon is left for the sources, or they lie too far outside of the box.
    """
    if counts not in _COUNTS:
        raise DataError(f"counts are {' or '.join(_COUNTS)}, not {counts!r}. {nearest(counts, _COUNTS)}".rstrip())
    expected = ExpectedPhotons.observed(data, sources, share)
    if counts == "fixed":
        both = expected.sources + expected.background
        total = np.rint(both).astype(np.int64)
        stray = rng.binomial(total, np.divide(expected.background, both, out=np.zeros_like(both), where=both > 0))
        numbers = total - stray, stray
    else:
        numbers = expected.numbers(rng)
    chosen = EnergyPools.observed(data) if energies is None else energies
    found = exposed(data, sources, psf, rng, numbers=numbers, background=expected.background, energies=chosen, shifts=shifts)
    return found if name is None else attrs.evolve(found, name=name)


def exposed(
    template: PhotonSet,
    sources: SkySources,
    psf: PSF,
    rng: np.random.Generator,
    *,
    numbers: tuple[Numbers, Numbers],
    background: ArrayLike,
    energies: EnergyPools,
    shifts: ArrayLike | None = None,
) -> PhotonSet:
    """The observations of a template with so many photons of sources and background.

    Parameters
    ----------
    template : PhotonSet
        Its photons are replaced; it may have none.
    sources : SkySources
        Their positions and ratios; numbers are given here.
    psf : PSF
    rng : Generator
    numbers : tuple of ndarray of int, shape (K,)
        Photons of the sources and of the background in each box.
    background : array_like, shape (K,)
        Background expected in each box: what the photons of the background area are drawn from.
    energies : EnergyPools
    shifts : array_like, shape (K, 2), optional
        [arcsec]

    Raises
    ------
    DataError
        Where shifts do not fit, or next to no light of the sources falls into the box.
    """
    moved = _shifts(template, shifts)
    return attrs.evolve(
        template,
        observations=tuple(
            _exposed(box, sources, psf, rng, (int(n), int(stray)), float(level), energies, shift)
            for box, n, stray, level, shift in zip(
                template.observations, *numbers, np.asarray(background, dtype=float), moved, strict=True
            )
        ),
    )


def _exposed(
    box: PhotonBox,
    sources: SkySources,
    psf: PSF,
    rng: np.random.Generator,
    numbers: tuple[int, int],
    background: float,
    energies: EnergyPools,
    shift: Array,
) -> PhotonBox:
    seen, stray = rng.choice(energies.sources, numbers[0]), rng.choice(energies.background, numbers[1])
    light = BoxLight(psf=psf, place=box.place, box=box.box)
    at = np.concatenate(
        [
            light.drawn(seen, sources.offsets + shift, sources.share, rng),
            background_positions(box.box, box.background_shape, numbers[1], rng),
        ]
    )
    energy = np.concatenate([seen, stray])
    # In no order that would tell the background from the sources.
    order = rng.permutation(energy.size)
    counts = float(rng.poisson(background * box.background_area / box.box.area)) if box.background_area > 0 else 0.0
    return attrs.evolve(
        box,
        x=at[order, 0],
        y=at[order, 1],
        energy=energy[order],
        background_counts=counts,
        background_energy=rng.choice(energies.background, int(counts)) if box.background_area > 0 else None,
    )


def drawn_from_mixture(
    template: PhotonSet, theta: ArrayLike, number_of_sources: int, psf: PSF, rng: np.random.Generator
) -> PhotonSet:
    """An exact draw from the likelihood ``photon-mixture`` (with ``truncate = "box"``) at given parameters.

    Each observation keeps the number, the energies and the background of the template, which the likelihood takes as given.
    Each photon belongs to the background with the probability w_b = f_b / (1 + f_b), or to source j with
    f_j / ((1 + f_b) sum f), and lands where the density of its component inside the box says.

    Parameters
    ----------
    template : PhotonSet
    theta : array_like, shape (d,)
        ``x_1, y_1, [x_2, y_2, [x_3, y_3,]] log_f_bkg, [log_f_2, [log_f_3,]]`` and ``dx, dy`` for every observation but the first
        one; positions and shifts in arcsec, log10 of fractions: the order of the parameters of ``photon-mixture`` without
        spectral terms.
    number_of_sources : int
        1, 2 or 3.
    psf : PSF
    rng : Generator

    Raises
    ------
    DataError
        Where the length of `theta` does not fit, or a source lies so far outside of the box that next to no light is inside.
    """
    values, s, observations = np.asarray(theta, dtype=float), number_of_sources, template.observations
    wanted = 3 * s + 2 * (len(observations) - 1)
    if s not in (1, 2, 3) or values.shape != (wanted,):
        raise DataError(
            f"theta of {s} sources in {len(observations)} observations has {wanted} values (positions, log_f_bkg, further log_f, "
            f"shifts), got the shape {values.shape}; one, two or three sources are known, and no spectral parameters"
        )
    positions = values[: 2 * s].reshape(s, 2)
    fractions = 10 ** values[2 * s : 3 * s]
    ratios = np.concatenate([[1.0], fractions[1:]])
    weights = np.concatenate([[fractions[0]], ratios / ratios.sum()]) / (1 + fractions[0])
    shifts = np.concatenate([np.zeros((1, 2)), values[3 * s :].reshape(-1, 2)])
    boxes = tuple(_mixed(box, positions + shift, weights, psf, rng) for box, shift in zip(observations, shifts, strict=True))
    return attrs.evolve(template, observations=boxes)


def _mixed(box: PhotonBox, positions: Array, weights: Array, psf: PSF, rng: np.random.Generator) -> PhotonBox:
    component = rng.choice(len(weights), size=len(box), p=weights / weights.sum())
    light = BoxLight(psf=psf, place=box.place, box=box.box)
    at = np.empty((len(box), 2))
    stray = component == 0
    at[stray] = background_positions(box.box, box.background_shape, int(stray.sum()), rng)
    for j, position in enumerate(positions, start=1):
        mine = component == j
        at[mine] = light.drawn(box.energy[mine], position[None], np.ones(1), rng)
    return attrs.evolve(box, x=at[:, 0], y=at[:, 1])


def _shifts(template: PhotonSet, shifts: ArrayLike | None) -> Array:
    number = len(template.observations)
    moved = np.zeros((number, 2)) if shifts is None else np.asarray(shifts, dtype=float)
    if moved.shape != (number, 2) or not np.isfinite(moved).all():
        raise DataError(f"shifts are (x, y) [arcsec] of {number} observations, shape ({number}, 2), got the shape {moved.shape}")
    return moved
