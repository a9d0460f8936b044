"""One decomposition of five bands against five fits of single bands by Imfit.

    python benchmarks/decomposition.py

An AGN with its host and a companion in 101 x 101 pixels, five bands, PSFs of 41 x 41 pixels, one core. Imfit (Erwin 2015,
compiled, through pyimfit) fits each band on its own by Levenberg-Marquardt from the same start; `sersic-psf` fits all with their
ties, with its trial of starts and its covariance. CPU seconds of one turn, for Imfit takes minutes. The goal is at most twice the
sum of the single fits; the exit code is 1 where it is missed. Fluxes of both stand beside.
"""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
from goals import least_cpu, missed
from threadpoolctl import threadpool_limits

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.decomposition import Decomposition, DecompositionRule
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.scene import Scene, SceneSource
from faintsky.core.scene_image import galaxy_image, point_image
from faintsky.estimators.decompositions.band_by_band import BandByBand
from faintsky.estimators.decompositions.sersic_psf import SersicPsf
from faintsky.plugins.decompositions.imfit import Imfit
from faintsky.testing.decompositions import gaussian_psf

#: Wavelength [um] and FWHM of the PSF [pixel].
BANDS = {"F814W": (0.8, 3.0), "F115W": (1.15, 2.4), "F150W": (1.5, 2.4), "F277W": (2.77, 3.2), "F444W": (4.4, 4.8)}
SHAPE, NOISE = (101, 101), 0.02


def images(rng: np.random.Generator) -> ImageSet:
    """The same galaxies in all bands, n and R_e linear in wavelength."""
    bands = {}
    for name, (wavelength, fwhm) in BANDS.items():
        share, psf = (wavelength - 0.8) / 3.6, gaussian_psf(fwhm, 41)
        values = 50 * galaxy_image(psf, 50.3, 49.6, 8 - 2 * share, 1.5 + share, 0.3, 0.6, SHAPE)
        values = values + 30 * point_image(psf, 50.3, 49.6, SHAPE)
        values = values + 20 * galaxy_image(psf, 66.2, 57.1, 4 - share, 1 + 0.5 * share, 0.5, -1.0, SHAPE)
        values = values + NOISE * rng.standard_normal(SHAPE)
        bandpass = Bandpass.box(name, 0.95 * wavelength, 1.05 * wavelength)
        bands[name] = BandImage(values=values, sigma=np.full(SHAPE, NOISE), bandpass=bandpass, psf=psf)
    return ImageSet(bands=bands, grid=Grid(SHAPE, "0.03 arcsec"))


def main() -> int:
    """Print times, fluxes and the goal; 1 where it is missed."""
    data = images(np.random.default_rng(1))
    scene = Scene(
        sources=(
            SceneSource(name="agn", x=50.5, y=50, flux=40, point=True, radius=5, index=2),
            SceneSource(name="companion", x=66, y=57, flux=30, radius=5),
        )
    )
    rules: dict[str, DecompositionRule] = {"imfit": Imfit(), "band-by-band": BandByBand(), "sersic-psf": SersicPsf()}
    found: dict[str, Decomposition] = {}

    def fit(name: str) -> None:
        found[name] = rules[name].fit(data, scene, Context())

    took = least_cpu({name: partial(fit, name) for name in rules}, 1)
    print(f"{'':<16}{'CPU s':>8}   fluxes of host, point, companion in F150W (50, 30, 20)")
    for name in rules:
        flux = found[name].flux[:, 2]
        print(f"{name:<16}{took[name]:>8.2f}   " + " ".join(f"{value:.2f}" for value in flux))
    return missed([("over five fits by Imfit", took["sersic-psf"] / took["imfit"], "<=", 2)])


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main())
