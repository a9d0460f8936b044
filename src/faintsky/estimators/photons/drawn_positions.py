"""Draws of the positions and shifts that were integrated out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faintsky.core.errors import DataError
from faintsky.estimators.photons.local_integral import Patch
from faintsky.estimators.photons.node_weights import node_weights
from faintsky.estimators.photons.position_integral import PositionIntegral

__all__ = ["drawn_positions"]

Array = NDArray[np.float64]

#: Candidates among which each position is chosen.
_CANDIDATES = 12


def drawn_positions(integral: PositionIntegral, full: Array, rng: np.random.Generator) -> Array:
    """Draws of all parameters given separations and fractions.

    A node of the lattice is drawn by its weight, with an offset within its cell; of several such draws one is chosen by the ratio
    of the integrand there to that at the node (importance resampling). What is left of the lattice in the spread is about a
    percent of it. Points so unlikely that their integral is only estimated get the likeliest positions.

    Parameters
    ----------
    full : ndarray, shape (n, D)
        With the first source at 0 and no shifts.

    Returns
    -------
    ndarray, shape (n, D)

    Raises
    ------
    DataError
        Where the box has no place for all sources.
    """
    found = full.copy()
    drawn = np.zeros(len(full), dtype=bool)
    local = integral.locals[0]
    found[:, :2], terms = integral.terms(full)
    if missing := int(np.isnan(found[:, 0]).sum()):
        raise DataError(f"at {missing} of {len(full)} points the box has no place for all sources")
    for part in terms:
        sources = integral.sources(full[part.rows], 0)
        places, log_nodes = _candidates(part.patch, part.density, part.product, rng)
        log_ratio = sources.log_likelihood(local.observation, places) - log_nodes
        for axis in range(2):
            for j, prior in enumerate(integral.position_priors(axis)):
                log_ratio += prior.logpdf(places[..., axis] + sources.separations[:, None, j, axis])
        found[part.rows, :2] = _chosen(places, log_ratio, rng)
        drawn[part.rows] = True
    for j in range(1, integral.number):
        found[:, 2 * j : 2 * j + 2] += found[:, :2]
    for k in range(1, len(integral.likelihood.observations)):
        last = integral.kept + 2 * k
        found[:, last - 2 : last] = _shifts(integral, k, full, found[:, :2], np.nonzero(drawn)[0], rng)
    return found


def _shifts(
    integral: PositionIntegral, observation: int, full: Array, first: Array, drawn: NDArray[np.intp], rng: np.random.Generator
) -> Array:
    """Shifts of an observation given the position of the first source, shape (n, 2); the likeliest where none are drawn."""
    priors = integral.shift_priors(observation)
    if observation not in integral.locals:
        return np.stack([prior.rvs(rng, len(full)) for prior in priors], axis=-1)
    local = integral.locals[observation]
    supports = np.array([prior.support for prior in priors])
    sources = integral.sources(full, observation)
    low, high = first + supports[:, 0], first + supports[:, 1]
    starts = local.starts(sources, low, high)
    shifts = starts.peak - first
    for patch in local.patches(sources.of(drawn), starts.of(drawn), low[drawn], high[drawn], near=0.0, sharper=2):
        rows = drawn[patch.rows]
        mu = first[rows]
        across = [
            node_weights([nu - mu[:, axis, None]], [priors[axis]], patch.step) for axis, nu in enumerate((patch.x, patch.y))
        ]
        density = across[1][:, :, None] * across[0][:, None, :]
        places, log_nodes = _candidates(patch, density, patch.values * density, rng)
        found = places - mu[:, None]
        log_ratio = sources.log_likelihood(local.observation, places, rows) - log_nodes
        for axis, prior in enumerate(priors):
            log_ratio += prior.logpdf(found[..., axis])
        shifts[rows] = _chosen(found, log_ratio, rng)
    return np.clip(shifts, supports[:, 0], supports[:, 1])


def _candidates(patch: Patch, density: Array, product: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Positions in the cells of nodes drawn by `product`, shape (r, c, 2), and ln of L times prior that those nodes stand for."""
    size = product.shape[1]
    upto = np.cumsum(np.maximum(product, 0.0).reshape(len(product), -1), axis=1)
    # In strata: the candidates of a point are spread over its distribution.
    u = (np.arange(_CANDIDATES) + rng.random((len(product), _CANDIDATES))) / _CANDIDATES
    node = np.stack([np.searchsorted(row, x * row[-1], side="right") for row, x in zip(upto, u, strict=True)])
    line, column = np.divmod(np.minimum(node, size * size - 1), size)
    rows = np.arange(len(product))[:, None]
    places = np.stack([patch.x[rows, column], patch.y[rows, line]], axis=-1)
    with np.errstate(divide="ignore"):
        log_nodes = np.log(np.maximum(patch.values * density, 0.0)[rows, line, column]) + patch.log_peak[:, None]
    # A node without weight, which only rounding can draw, is never chosen.
    log_nodes[np.isneginf(log_nodes)] = np.inf
    return places + patch.step * (rng.random(places.shape) - 0.5), log_nodes


def _chosen(places: Array, log_ratio: Array, rng: np.random.Generator) -> Array:
    """One of the candidates of each row, with probabilities in these ratios."""
    # A row without a possible candidate (a sliver between two ends of priors) keeps the weights of its nodes.
    log_ratio = np.where(np.isfinite(log_ratio).any(axis=1, keepdims=True), log_ratio, 0.0)
    return np.asarray(places[np.arange(len(places)), (log_ratio + rng.gumbel(size=log_ratio.shape)).argmax(axis=1)])
