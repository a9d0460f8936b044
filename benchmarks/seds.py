"""Fits of template spectra, against a loop over sources and templates with scipy's NNLS.

    python benchmarks/seds.py

40 sources with five bands at four redshifts, the templates `analytic` (50 populations) behind 21 screens: 1050 stellar spectra
alone, with three of dust and with two of AGN, 6300 models for each source. The reference is what is usually written: the model
fluxes of all templates are at hand, and for each source, model and template `scipy.optimize.nnls` finds the amplitudes; it is
timed on two sources and scaled. The fit makes its model fluxes too; where each source has its own redshift, they are most of its
work, and a line says so. Both must find the same chi2. Then 1.2 million models for one source: 50 000 stellar templates behind 4
screens, with two AGN and three of dust. CPU seconds of the best of several turns in one process with one BLAS thread. Goals stand
in the table; the exit code is 1 where one is missed.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings

import numpy as np
from goals import least_cpu, missed
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from faintsky.core.attenuation import attenuated
from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.photometry import Photometry
from faintsky.core.registry import make
from faintsky.core.sed_library import SedTemplates
from faintsky.estimators.seds.grid_fit import fit_seds
from faintsky.estimators.seds.model_fluxes import model_fluxes
from faintsky.estimators.seds.settings import SedFitSettings

BANDS = tuple(Bandpass.parse(name) for name in ("F814W", "F115W", "F150W", "F277W", "F444W"))
SOURCES, LOOPED, REDSHIFTS = 40, 2, (0.5, 1.0, 1.6, 2.4)
COSMOLOGY = make("cosmologies", "flat", h0=70, omega_m0=0.3)
SETTINGS = SedFitSettings(young_universe=False, dust="free", error_floor=0.0)


def sources(templates: dict[str, SedTemplates], rng: np.random.Generator) -> tuple[Photometry, np.ndarray]:
    """Templates of the grid with noise, a third of them with a nucleus."""
    z = np.resize(REDSHIFTS, SOURCES)
    flux = np.empty((SOURCES, len(BANDS)))
    for row, each in enumerate(z):
        stars = model_fluxes(templates["stars"], BANDS, each, COSMOLOGY)[0, rng.integers(50)] * 1e10
        agn = model_fluxes(templates["agn"], BANDS, each, COSMOLOGY)[0, 1]
        flux[row] = stars + (row % 3 == 0) * agn * stars[-1] / agn[-1]
    error = flux / 20
    names = tuple(map(str, range(SOURCES)))
    return Photometry(names=names, bands=BANDS, flux=flux + error * rng.standard_normal(flux.shape), error=error), z


def looped(data: Photometry, z: np.ndarray, fluxes: dict[float, dict[str, np.ndarray]], rows: int) -> np.ndarray:
    """Smallest chi2 of each model, source by source and template by template."""
    found = np.full((rows, 3), np.inf)
    for row in range(rows):
        target, seen = data.flux[row] / data.error[row], fluxes[z[row]]
        for column, role in enumerate((None, "dust", "agn")):
            for star in seen["stars"]:
                for other in [None] if role is None else seen[role]:
                    parts = np.array([star] if other is None else [star, other])
                    scale = parts.max(axis=1, keepdims=True)
                    norm = nnls((parts / scale / data.error[row]).T, target)[1]
                    found[row, column] = min(found[row, column], norm**2)
    return found


def million(templates: dict[str, SedTemplates]) -> dict[str, SedTemplates]:
    """Fifty thousand populations: mixtures of those of the grid, which cost a fit as much as any others."""
    rng, stars = np.random.default_rng(3), templates["stars"]
    share = rng.dirichlet(np.full(len(stars), 0.05), 50_000).astype(np.float32)
    many = SedTemplates(
        role="stars", wavelength=stars.wavelength, luminosity=share @ stars.luminosity.astype(np.float32), name="many",
        parameters={"age": share @ stars.parameters["age"], "tau": share @ stars.parameters["tau"]},
    )  # fmt: skip
    return {**templates, "stars": many}


def main() -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    warnings.simplefilter("ignore")
    templates = dict(make("sed_libraries", "analytic").load(Context()))
    data, z = sources(templates, np.random.default_rng(1))
    behind = {**templates, "stars": attenuated(templates["stars"], SETTINGS.ebv)}
    fluxes = {
        each: {role: model_fluxes(behind[role], BANDS, each, COSMOLOGY)[0] for role in ("stars", "dust", "agn")}
        for each in REDSHIFTS
    }
    own = z * np.linspace(0.99, 1.01, SOURCES)
    took = least_cpu(
        {
            "fit": lambda: fit_seds(data, z, templates, COSMOLOGY, SETTINGS),
            "fit, each at its own redshift": lambda: fit_seds(data, own, templates, COSMOLOGY, SETTINGS),
        },
        5,
    )
    took |= least_cpu({"loop": lambda: looped(data, z, fluxes, LOOPED)}, 1)
    fits = fit_seds(data, z, templates, COSMOLOGY, SETTINGS)
    apart = float(np.abs(looped(data, z, fluxes, LOOPED) - fits.chi2[:LOOPED]).max())
    per_source = {name: seconds / (LOOPED if name == "loop" else SOURCES) for name, seconds in took.items()}
    print(f"{SOURCES} sources at {len(REDSHIFTS)} redshifts, 1050 stellar spectra, 6300 models\n")
    for name, seconds in per_source.items():
        print(f"{name + ', a source':<46}{1e3 * seconds:>10.2f} CPU ms")
    large = million(templates)
    one = data.select(np.arange(1))
    start = time.process_time()
    fit_seds(one, z[:1], large, COSMOLOGY, SedFitSettings(ebv=(0.0, 0.1, 0.3, 0.6), young_universe=False))
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{'1.2e6 models, one source':<46}{seconds:>10.2f} CPU s, {memory:.1f} GB at most in this process")
    goals = [
        ("fit, times the loop", per_source["loop"] / per_source["fit"], ">=", 20),
        ("chi2 differs from the loop", apart, "<", 1e-6),
        ("a million models [CPU s]", seconds, "<", 20),
    ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main())
