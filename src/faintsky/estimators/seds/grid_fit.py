"""Fits of template spectra at given redshifts, all templates at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.photometry import Photometry
from faintsky.core.sed_fit import SedFits
from faintsky.core.sed_library import SedTemplates
from faintsky.estimators.seds.amplitudes import Amplitudes, one_amplitude, two_amplitudes
from faintsky.estimators.seds.fit_notes import fit_notes, warn_of_few_bands
from faintsky.estimators.seds.flux_grid import FluxGrid, ModelGrid
from faintsky.estimators.seds.settings import SedFitSettings
from faintsky.estimators.seds.stellar_mass import mass_interval

__all__ = ["fit_seds"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Sources times templates of one chunk: arrays of 16 MB.
_CHUNK = 2_000_000


def fit_seds(
    photometry: Photometry,
    redshift: ArrayLike,
    templates: Mapping[str, SedTemplates],
    cosmology: Cosmology,
    settings: SedFitSettings | None = None,
    ctx: Context | None = None,
) -> SedFits:
    """The best of stars alone, of stars with dust, and of stars with an AGN, for each source at its redshift.

    chi2 = sum (f - m)^2 / s^2 is a quadratic form in the amplitudes, so that a template costs three sums over the bands; for all
    sources at one redshift and all templates they are matrix products. Amplitudes are not negative. Stars stand behind a screen
    of dust, an AGN and the light of dust do not. Bands without a flux are left out, source by source.

    An error of 0.05 mag is added to every flux by default (`SedFitSettings`): a grid has gaps, and at a high S/N the model with
    the most freedom fills them. Of simulated galaxies with ages between those of the grid, at S/N 50, 7 per cent had an AGN
    without the floor, and none with it.

    The light of dust is by default what the screen takes from the stars, so that its templates add no amplitude.

    Free parameters are counted as `SedFits.free` says: with ages, e-folding times and colour excesses four for stars, five with
    dust (alpha), six with an AGN (amplitude and inclination). Five bands leave 1, 0 and -1 degrees of freedom. Where a model has
    less than one, a warning says so: delta BIC then tells which templates cover the colours, and no more.

    Parameters
    ----------
    photometry : Photometry
        n sources.
    redshift : array_like, shape (n,) or ()
        NaN where it is not known: the source is not fitted, and a note says so.
    templates : mapping of str to SedTemplates
        By role: ``stars``, and what there is of ``dust`` and ``agn``.
    cosmology : Cosmology
    settings : SedFitSettings, optional
    ctx : Context, optional

    Raises
    ------
    DataError
        Without stellar templates, where redshifts are not one for each source, or where a band leaves the templates.

    References
    ----------
    Li, Zhuang et al. 2025 (the three models); Raftery 1995 and Kass & Raftery 1995 (BIC).
    """
    settings, ctx = settings or SedFitSettings(), ctx or Context()
    z = np.asarray(redshift, dtype=float)
    if z.shape not in ((), (len(photometry),)):
        raise DataError(f"redshifts of shape {z.shape} do not fit {len(photometry)} sources")
    z = np.broadcast_to(z, (len(photometry),))
    grid = ModelGrid(templates=templates, bands=photometry.bands, cosmology=cosmology, settings=settings)
    seen = photometry.with_floor(settings.error_floor)
    good = seen.measured
    weight = np.where(good, 1 / np.where(good, seen.error, 1.0) ** 2, 0.0)
    flux = np.where(good, seen.flux, 0.0)
    n, m = len(photometry), len(grid.models)
    chi2, amplitude = np.full((n, m), np.nan), np.full((n, m, 2), np.nan)
    template = np.full((n, m, 2), -1, dtype=np.int64)
    mass, fraction, too_old = np.full((n, 3), np.nan), np.full(n, np.nan), np.zeros(n, dtype=bool)
    for rows, at_z in _chunks(z, np.asarray(good.any(axis=1)), grid):
        f, w = flux[rows], weight[rows]
        total, too_old[rows] = np.sum(f**2 * w, axis=1), at_z.too_old
        square, product = w @ (at_z.stars**2).T, (w * f) @ at_z.stars.T
        mass[rows] = _mass(total, square, product)
        for column, model in enumerate(grid.models):
            found = _best(_tried(model, f, w, square, product, at_z))
            chi2[rows, column] = np.clip(total - found.gain, 0, None)
            template[rows, column, 0] = at_z.rows[found.star]
            amplitude[rows, column, 0] = found.first
            if model != "stars":
                template[rows, column, 1], amplitude[rows, column, 1] = found.added, found.second
            if model == "stars+agn":
                fraction[rows] = _share(found, w, at_z, [band.pivot for band in photometry.bands])
    fits = SedFits(
        names=photometry.names,
        redshift=z,
        models=grid.models,
        free=grid.free,
        bands_used=good.sum(axis=1),
        chi2=chi2,
        parameters=grid.parameters(template),
        amplitude=amplitude,
        template=template,
        mass=mass[:, 0],
        mass_low=mass[:, 1],
        mass_high=mass[:, 2],
        agn_fraction=fraction,
        threshold=settings.threshold,
        demonstration=any(each.demonstration for each in templates.values()),
    )
    warn_of_few_bands(fits, ctx)
    return fit_notes(fits, too_old)


class _Best(NamedTuple):
    """Of each source: the largest gain, the rows of the stellar and of the added template, and their amplitudes."""

    gain: Array
    star: Indices
    added: Indices
    first: Array
    second: Array


def _chunks(z: Array, measured: NDArray[np.bool_], grid: ModelGrid) -> Iterator[tuple[Indices, FluxGrid]]:
    """Sources at one redshift, not too many at once, with the fluxes there."""
    usable = measured & np.isfinite(z) & (z > 0)
    for each in np.unique(z[usable]):
        at_z, rows = grid.at(float(each)), np.flatnonzero(usable & (z == each))
        size = max(1, _CHUNK // len(at_z.stars))
        for start in range(0, rows.size, size):
            yield rows[start : start + size], at_z


def _tried(model: str, flux: Array, weight: Array, square: Array, product: Array, at_z: FluxGrid) -> Iterator[Amplitudes]:
    """Amplitudes of all stellar templates, shape (g, t), with each of the templates that the model adds."""
    if model == "stars":
        yield one_amplitude(square, product)
        return
    for k, other in enumerate(at_z.added[model]):
        if model == "stars+dust" and at_z.balance is not None:
            both = at_z.stars + at_z.balance[:, k, None] * other
            found = one_amplitude(weight @ (both**2).T, (weight * flux) @ both.T)
            yield found._replace(second=found.first * at_z.balance[:, k])
        else:
            added = (weight @ other**2)[:, None], (weight * flux @ other)[:, None]
            cross = (weight * other) @ at_z.stars.T
            yield two_amplitudes(square, added[0], cross, product, added[1])


def _best(tried: Iterable[Amplitudes]) -> _Best:
    best: _Best | None = None
    for added, each in enumerate(tried):
        star = np.argmax(each.gain, axis=1)
        row = np.arange(star.size)
        now = _Best(each.gain[row, star], star, np.full(star.size, added), each.first[row, star], each.second[row, star])
        ahead = np.ones(star.size, dtype=bool) if best is None else now.gain > best.gain
        best = now if best is None else _Best(*(np.where(ahead, new, old) for new, old in zip(now, best, strict=True)))
    assert best is not None
    return best


def _mass(total: Array, square: Array, product: Array) -> Array:
    """Median and 68 % interval of the stellar mass, shape (g, 3)."""
    alone = one_amplitude(square, product)
    with np.errstate(divide="ignore"):
        error = 1 / np.sqrt(square)
    return np.stack(mass_interval(total[:, None] - alone.gain, alone.first, error), axis=1)


def _share(best: _Best, weight: Array, at_z: FluxGrid, pivot: list[float]) -> Array:
    """Share of the AGN in the reddest band with a flux."""
    reddest = np.argmax(np.where(weight > 0, pivot, -1.0), axis=1)
    agn = best.second * at_z.added["stars+agn"][best.added, reddest]
    stars = best.first * at_z.stars[best.star, reddest]
    with np.errstate(invalid="ignore"):
        return np.asarray(agn / (agn + stars))
