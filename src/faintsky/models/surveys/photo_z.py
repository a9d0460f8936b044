"""How the redshifts of simulated sources are known: from spectra, from two fits to the photometry, and as densities."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import ndtr

from faintsky.core.component import option
from faintsky.core.errors import DataError
from faintsky.core.redshift import Redshifts

__all__ = ["PhotoZ"]

Array = NDArray[np.float64]

#: Share of AGN, and of galaxies, whose photometry is fitted better by the templates of quasars.
_QSO_OF_AGN, _QSO_OF_GALAXIES = 0.7, 0.03
#: The fit of the wrong templates: its scatter and its outliers, in those of the right ones.
_WORSE_SCATTER, _WORSE_OUTLIERS = 2.0, 3.0
#: Degrees of freedom of a fit, and by how much the worse one is worse on average.
_FREEDOM, _WORSE_CHI2 = 20, 10.0
#: How far a normal distribution reaches [standard deviations], and how many of its nodes lie within one.
_REACH, _NODES = 8.0, 3
#: Rows of densities that are made at once.
_AT_ONCE = 50_000


@frozen(kw_only=True)
class PhotoZ:
    """Spectroscopic and photometric redshifts of known errors.

    The better of two fits to the photometry, with templates of galaxies and of quasars, sees ln(1 + z) with a normal error of
    width `sigma`, folded at the ends of 0 to `z_max`; a share `outliers` of sources is seen anywhere between them instead, evenly
    in z. The density of a source is the probability of what was seen as a function of its redshift, normalised: the posterior for
    a prior that is flat in redshift, and what a likelihood of a luminosity function needs. It has a pedestal
    pdf_outliers / z_max. The other fit scatters twice as much and fails three times as often.
    """

    spectroscopic: float = option(0.55, ge=0, le=1, help="share of sources with a spectroscopic redshift, which is the true one")
    sigma: float = option(0.05, ge=1e-3, le=1, help="scatter of ln(1 + z): the error of a redshift over 1 + z")
    outliers: float = option(0.08, ge=0, lt=1, help="share of the photometric redshifts that lie anywhere")
    pdf_outliers: float | None = option(
        None, ge=0, lt=1, help="share that the densities allow for; default: the true one; 0: none, as if they never failed"
    )
    failures: float = option(0.01, ge=0, lt=1, help="share of fits without a result; a source may lose both")
    z_max: float = option(10.0, gt=0, help="end of the redshifts")

    @property
    def grid(self) -> Array:
        """Redshifts of the densities, uniform in ln(1 + z), fine enough for their width; shape (m,)."""
        end = np.log1p(self.z_max)
        return np.expm1(np.linspace(0.0, end, 1 + int(np.ceil(_NODES * end / self.sigma))))

    def observed(self, z: Array, agn: NDArray[np.bool_], rng: np.random.Generator) -> tuple[dict[str, Array], Redshifts]:
        """What is known of sources.

        Parameters
        ----------
        z : ndarray, shape (n,)
            True redshifts.
        agn : ndarray of bool, shape (n,)
            Whether the light is that of an AGN: quasar templates fit it better more often.
        rng : Generator

        Returns
        -------
        columns : dict of str to ndarray, shape (n,)
            ``z_gal``, ``z_qso``, ``chi2_gal``, ``chi2_qso`` (NaN where a fit failed), ``z_spec`` (NaN without), ``z_best`` (the
            spectroscopic one, else that of the fit with the lower chi2), ``z_true``, ``spectroscopic`` (1 or 0).
        redshifts : Redshifts

        Raises
        ------
        DataError
            Where a redshift is negative or beyond `z_max`.
        """
        if z.size and not (z.min() >= 0 and z.max() <= self.z_max):
            raise DataError(f"redshifts {z.min():g} to {z.max():g} leave those of the densities: raise z_max, now {self.z_max:g}")
        known = rng.random(z.size) < self.spectroscopic
        failed = rng.random((2, z.size)) < self.failures
        qso = rng.random(z.size) < np.where(agn, _QSO_OF_AGN, _QSO_OF_GALAXIES)
        qso = (qso & ~failed[1]) | failed[0]
        best = self._seen(z, self.sigma, self.outliers, rng)
        other = self._seen(z, _WORSE_SCATTER * self.sigma, min(_WORSE_OUTLIERS * self.outliers, 1.0), rng)
        chi2 = rng.chisquare(_FREEDOM, z.size)
        worse = chi2 + rng.exponential(_WORSE_CHI2, z.size)
        columns = {
            "z_gal": np.where(failed[0], np.nan, np.where(qso, other, best)),
            "z_qso": np.where(failed[1], np.nan, np.where(qso, best, other)),
            "chi2_gal": np.where(failed[0], np.nan, np.where(qso, worse, chi2)),
            "chi2_qso": np.where(failed[1], np.nan, np.where(qso, chi2, worse)),
            "z_spec": np.where(known, z, np.nan),
            "z_best": np.where(known, z, np.where(failed.all(axis=0), np.nan, best)),
            "z_true": np.array(z, dtype=float),
            "spectroscopic": known.astype(float),
        }
        return columns, self._densities(columns["z_best"], known)

    def _seen(self, z: Array, sigma: float, outliers: float, rng: np.random.Generator) -> Array:
        end = np.log1p(self.z_max)
        # Folding rather than clipping: no value of its own becomes likely, and the density below holds to the ends.
        x = np.abs(np.log1p(z) + sigma * rng.standard_normal(z.size)) % (2 * end)
        seen = np.expm1(np.where(x > end, 2 * end - x, x))
        return np.where(rng.random(z.size) < outliers, self.z_max * rng.random(z.size), seen)

    def _densities(self, best: Array, known: NDArray[np.bool_]) -> Redshifts:
        z = self.grid
        share = self.outliers if self.pdf_outliers is None else self.pdf_outliers
        anywhere = z / self.z_max
        cdf = np.empty((best.size, z.size), dtype=np.float32)
        for start in range(0, best.size, _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            peak = self._peak(np.nan_to_num(best[rows]), z)
            photometric = ((1 - share) * peak + share * anywhere) / ((1 - share) * peak[:, -1:] + share)
            step = z >= best[rows, None]
            cdf[rows] = np.where(known[rows, None], step, np.where(np.isnan(best[rows, None]), anywhere, photometric))
        return Redshifts(z=z, cdf=cdf, mass=cdf[:, -1], spectroscopic=known, origin="pdf")

    def _peak(self, seen: Array, z: Array) -> NDArray[np.float32]:
        """Integral from 0 to z of the probability density to see `seen` [per redshift], without outliers; shape (n, m)."""
        x, s = np.log1p(z).astype(np.float32), np.float32(self.sigma)
        at, end = np.log1p(seen), np.log1p(self.z_max)
        found = np.zeros((seen.size, z.size), dtype=np.float32)
        # The place itself, and its images behind the two ends, from where folded ones come.
        for image in (at, -at, 2 * end - at):
            near = (image > -_REACH * self.sigma) & (image < end + _REACH * self.sigma)
            centre = (image[near, None] + self.sigma**2).astype(np.float32)
            # N(image; x, s) exp(x) = exp(image + s^2 / 2) N(x; image + s^2, s)
            height = np.exp(image[near] - at[near] + self.sigma**2 / 2).astype(np.float32)
            found[near] += height[:, None] * (ndtr((x - centre) / s) - ndtr(-centre / s))
        return found
