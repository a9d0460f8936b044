"""Least squares of a scene in all its bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray
from scipy.optimize import least_squares

from faintsky.estimators.decompositions.band_model import BandModel, Products
from faintsky.estimators.decompositions.free_shapes import FreeShapes, Look
from faintsky.estimators.decompositions.linear_fluxes import project_out, square_root
from faintsky.estimators.decompositions.psf_error import psf_variance

__all__ = ["SceneFit", "Solution"]

Array = NDArray[np.float64]

#: Relative change of chi2 and of the parameters at which the search ends.
_TOLERANCE = 1e-8


@frozen(kw_only=True, eq=False)
class Solution:
    """Where the search ended."""

    theta: Array
    chi2: float
    converged: bool
    evaluations: int


@frozen(kw_only=True, eq=False)
class SceneFit:
    """A scene with its free parameters, and the bands it is fitted to.

    Fluxes (and a constant per band) are solved for inside, so that the search goes over places and shapes alone. All that it
    needs of thousands of pixels are inner products: their sum over bands is one small matrix, whose square root stands for
    residuals and Jacobian.

    Attributes
    ----------
    shapes : FreeShapes
    bands : tuple of BandModel
    """

    shapes: FreeShapes
    bands: tuple[BandModel, ...]

    def looks(self, theta: Array) -> list[list[Look]]:
        """The sources in each band."""
        return [self.shapes.looks(theta, b) for b in range(len(self.bands))]

    def products(self, theta: Array, *, slopes: bool) -> list[Products]:
        """Inner products of each band."""
        return [band.products(looks, slopes=slopes) for band, looks in zip(self.bands, self.looks(theta), strict=True)]

    def reduced(self, theta: Array) -> Array:
        """R, shape (p + 1, p + 1): the Jacobian by all parameters, and the residual as its last column."""
        size = self.shapes.size
        total = np.zeros((size + 1, size + 1))
        for b, found in enumerate(self.products(theta, slopes=True)):
            fluxes = len(found.flux)
            # A flux that is held at 0 is not free to follow.
            kept = np.concatenate([found.flux != 0, np.ones(len(found.gram) - fluxes, dtype=bool)])
            linear = (np.arange(len(kept)) < fluxes)[kept]
            left = project_out(found.gram[np.ix_(kept, kept)], linear)
            links = np.zeros((len(left), size + 1))
            links[:-1, :-1] = -self.shapes.links(theta, b)
            links[-1, -1] = 1.0
            total += links.T @ left @ links
        return square_root(total)

    def started(self, theta: Array, sources: Sequence[int]) -> Array:
        """The best of some shapes of each galaxy named, and of some places of each mere point, one source after the other.

        Tried in the band of the best signal. At the start it is for galaxies; after a search for sources without any light, from
        which no derivative leads away.
        """
        data = [float(((band.image.values[band.used]) ** 2 / band.variance[band.used]).sum()) for band in self.bands]
        which = int(np.argmax(data))
        low, high = self.shapes.bounds()

        def cost(trial: Array) -> float:
            return self.bands[which].products(self.shapes.looks(trial, which), slopes=False).chi2

        best, least = theta, cost(theta)
        for s in sources:
            at, base, trials = self.shapes.places(s), best, []
            if self.shapes.scene.sources[s].galaxy:
                for index in (0.8, 2.0, 4.0):
                    for factor in (0.2, 0.5, 1.0, 2.0):
                        trial = base.copy()
                        trial[at["index"]] = np.log(index)
                        trial[at["radius"]] = base[at["radius"]] + np.log(factor)
                        trials.append(trial)
            else:
                steps = np.linspace(-0.9, 0.9, 5) * self.shapes.limits.reach
                for dx, dy in ((dx, dy) for dx in steps for dy in steps):
                    trial = base.copy()
                    trial[at["x"]] = 0.5 * (low + high)[at["x"]] + dx
                    trial[at["y"]] = 0.5 * (low + high)[at["y"]] + dy
                    trials.append(trial)
            for trial in trials:
                inside = np.clip(trial, low + 1e-3, high - 1e-3)
                if (found := cost(inside)) < least:
                    best, least = inside, found
        return best

    def dark(self, theta: Array) -> list[int]:
        """Sources with a component that has no light in any band."""
        flux = np.array([found.flux for found in self.products(theta, slopes=False)])
        names = [name for c, (name, _) in enumerate(self.shapes.scene.components) if np.all(flux[:, c] == 0)]
        return [s for s, source in enumerate(self.shapes.scene.sources) if source.name in names]

    def found(self, theta: Array, evaluations: int) -> Solution:
        """The least chi2, searched again from other shapes and places of what has no light at the end."""
        solution = self.search(theta, evaluations)
        for _ in range(2):
            again = self.started(solution.theta, self.dark(solution.theta))
            if np.array_equal(again, solution.theta):
                break
            other = self.search(again, evaluations)
            total = solution.evaluations + other.evaluations
            solution = evolve(other if other.chi2 < solution.chi2 else solution, evaluations=total)
        return solution

    def search(self, theta: Array, evaluations: int) -> Solution:
        """The least chi2 within the limits, from one start."""
        known: dict[bytes, Array] = {}

        def at(trial: Array) -> Array:
            key = trial.tobytes()
            if key not in known:
                while len(known) > 1:
                    del known[next(iter(known))]
                known[key] = self.reduced(trial)
            return known[key]

        def residual(trial: Array) -> Array:
            return at(trial)[:, -1]

        def jacobian(trial: Array) -> Array:
            return at(trial)[:, :-1]

        found = least_squares(
            residual,
            theta,
            jac=jacobian,
            bounds=self.shapes.bounds(),
            x_scale="jac",
            ftol=_TOLERANCE,
            xtol=_TOLERANCE,
            gtol=1e-12,
            max_nfev=evaluations,
        )
        return Solution(theta=found.x, chi2=2 * float(found.cost), converged=found.status > 0, evaluations=found.nfev)

    def with_psf_error(self, theta: Array, amplitudes: Sequence[float], given: bool) -> SceneFit:
        """The same with the error of the PSF in the variances, for the fluxes at `theta`."""
        bands = []
        for band, looks, amplitude in zip(self.bands, self.looks(theta), amplitudes, strict=True):
            variance = band.image.sigma**2
            if amplitude > 0:
                variance = variance + amplitude**2 * self.psf_variance(band, looks, given)
            bands.append(evolve(band, variance=variance))
        return evolve(self, bands=tuple(bands))

    def psf_variance(self, band: BandModel, looks: Sequence[Look], given: bool) -> Array:
        """Variance of pixels of a band for a relative error of 1 of its PSF."""
        assert band.image.psf is not None
        flux = band.products(looks, slopes=False).flux
        return psf_variance(band.image.psf, self.shapes.scene, looks, flux, band.image.values.shape, given)
