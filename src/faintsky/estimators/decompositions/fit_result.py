"""A decomposition with its errors, from where a search ended."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from faintsky.core.decomposition import Decomposition
from faintsky.core.image_set import ImageSet
from faintsky.estimators.decompositions.band_model import Products
from faintsky.estimators.decompositions.linear_fluxes import inverse
from faintsky.estimators.decompositions.scene_fit import SceneFit, Solution

__all__ = ["fit_result"]

Array = NDArray[np.float64]

#: A parameter so near to a limit ends at it.
_NEAR = 2e-3


def fit_result(
    fit: SceneFit, images: ImageSet, found: Solution, psf_error: Array, notes: tuple[str, ...], seconds: float
) -> Decomposition:
    """Values, errors and BIC at the end of a search.

    Errors are those of the joint normal equations of fluxes, places and shapes; parameters at a limit are held there. Where the
    noise is correlated they are N^-1 (X^T C X) N^-1, those of an unweighted fit to such noise, and chi2 counts in the BIC by the
    mean factor that correlation raises variances by: -2 ln L = chi2 / factor, N = pixels / factor.
    """
    shapes, theta = fit.shapes, found.theta
    products = fit.products(theta, slopes=True)
    low, high = shapes.bounds()
    held = (theta - low < _NEAR) | (high - theta < _NEAR)
    at_bound = [shapes.names[k] for k in np.flatnonzero(held)]
    for s, source in enumerate(shapes.scene.sources):
        if source.galaxy and shapes.ellipse(theta[shapes.places(s)["turn"]])[0] > 0.99 * shapes.limits.ellipticity:
            at_bound.append(f"ellipticity of {source.name}")
            held[shapes.places(s)["turn"]] = True
    covariance, inflation = _covariance(fit, theta, products, held)
    components, names = shapes.scene.components, tuple(images.bands)
    linear = [len(p.flux) for p in products]
    starts = np.cumsum([0, *linear])
    flux = np.array([p.flux[: len(components)] for p in products]).T
    flux_covariance = [covariance[i : i + len(components), i : i + len(components)] for i in starts[:-1]]
    for b, name in enumerate(names):
        at_bound += [
            f"flux of the {part} of {source} in {name}" for c, (source, part) in enumerate(components) if flux[c, b] == 0
        ]
    values = _shapes(fit, theta, covariance[starts[-1] :, starts[-1] :], held)
    chi2 = np.array([p.chi2 for p in products])
    pixels = np.array([band.used.sum() for band in fit.bands], dtype=float)
    extra = sum(float(np.log(band.variance[band.used] / band.image.sigma[band.used] ** 2).sum()) for band in fit.bands)
    parameters = int(starts[-1]) + shapes.size
    if any(image.correlation is not None for image in images.bands.values()):
        notes = (*notes, f"errors hold the correlation of noise, which raises variances by {inflation:.3g} on average")
    return Decomposition(
        sources=tuple(source.name for source in shapes.scene.sources),
        components=components,
        bands=names,
        flux=flux,
        flux_covariance=np.array(flux_covariance),
        chi2=chi2,
        pixels=pixels,
        parameters=parameters,
        bic=float((chi2.sum() + extra) / inflation + parameters * np.log(pixels.sum() / inflation)),
        psf_error=psf_error,
        at_bound=tuple(at_bound),
        converged=found.converged,
        notes=notes,
        cpu_seconds=seconds,
        sky=np.array([p.flux[-1] if band.sky else 0.0 for band, p in zip(fit.bands, products, strict=True)]),
        **values,
    )


def _covariance(fit: SceneFit, theta: Array, products: list[Products], held: NDArray[np.bool_]) -> tuple[Array, float]:
    """Of all fluxes (and skies), then of all parameters; and the mean factor by which correlated noise raises variances."""
    linear = sum(len(p.flux) for p in products)
    size = linear + fit.shapes.size
    normal, noise = np.zeros((size, size)), np.zeros((size, size))
    first = 0
    for b, (band, found) in enumerate(zip(fit.bands, products, strict=True)):
        many = len(found.flux)
        place = np.zeros((len(found.columns), size))
        place[:many, first : first + many] = np.eye(many)
        place[many:, linear:] = fit.shapes.links(theta, b)
        normal += place.T @ found.gram[:-1, :-1] @ place
        noise += place.T @ band.correlated(found.columns) @ place
        first += many
    free = np.concatenate([np.ones(linear, dtype=bool), ~held])
    inside = np.ix_(free, free)
    bread = inverse(normal[inside])
    known = np.isfinite(np.diag(bread))
    plain = np.where(np.isfinite(bread), bread, 0.0)
    spread = plain @ noise[inside] @ plain
    factor = float(np.mean(np.diag(spread)[known] / np.diag(plain)[known])) if known.any() else 1.0
    spread[~known, ~known] = np.inf
    covariance = np.full((size, size), np.nan)
    covariance[inside] = spread
    return covariance, max(factor, 1.0)


def _shapes(fit: SceneFit, theta: Array, covariance: Array, held: NDArray[np.bool_]) -> dict[str, Any]:
    """Places and shapes of the sources in each band, with their errors."""
    shapes, s, b = fit.shapes, len(fit.shapes.scene.sources), len(fit.bands)
    found = {name + error: np.full((s, b), np.nan) for name in ("x", "y", "radius", "index") for error in ("", "_error")} | {
        name + error: np.full(s, np.nan) for name in ("ellipticity", "angle") for error in ("", "_error")
    }
    free = np.where(np.isnan(covariance), 0.0, covariance)
    for which, source in enumerate(shapes.scene.sources):
        at = shapes.places(which)
        for name in ("x", "y"):
            found[name][which] = theta[at[name]]
            found[f"{name}_error"][which] = np.sqrt(np.diag(covariance)[at[name]])
        if not source.galaxy:
            continue
        for name in ("radius", "index"):
            parts = shapes.nodes * np.exp(theta[at[name]])
            found[name][which] = parts.sum(axis=1)
            variance = np.einsum("bi,ij,bj->b", parts, free[np.ix_(at[name], at[name])], parts)
            fixed = np.all(held[at[name]] | (parts == 0), axis=1)
            found[f"{name}_error"][which] = np.where(fixed, np.nan, np.sqrt(variance))
        turn = theta[at["turn"]]
        found["ellipticity"][which], found["angle"][which] = shapes.ellipse(turn)
        slopes = shapes.ellipse_slopes(turn)
        of_turn = covariance[np.ix_(at["turn"], at["turn"])]
        if not np.all(np.isfinite(of_turn)):
            continue
        errors = np.sqrt(np.diag(slopes @ of_turn @ slopes.T))
        found["ellipticity_error"][which], found["angle_error"][which] = errors[0], min(errors[1], np.pi / np.sqrt(12))
    return found
