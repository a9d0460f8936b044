"""The likelihoods of populations keep the contract of components and of likelihoods."""

import attrs
import numpy as np

from faintsky.core.aperture_photometry import AperturePhotometry
from faintsky.core.area_curve import AreaCurve
from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.redshift import Redshifts
from faintsky.core.registry import make
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.models.conversions.power_law_flux import power_law_conversion
from faintsky.testing.likelihoods import LikelihoodConformance
from faintsky.testing.subject import ComponentConformance

FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)
RANGES = {"z_range": (0.05, 4.0), "log_l_range": (41.0, 47.0)}
HARD = Band(2, 10)


def survey(seed):
    """Sixteen sources with rates, counts and redshift densities; every third is spectroscopic."""
    rng = np.random.default_rng(seed)
    n, reach = 16, 3e7
    z, rate = rng.uniform(0.3, 3.0, n), 10 ** rng.uniform(-6.3, -5.0, n)
    grid = np.linspace(0.05, 4.0, 60)
    density = np.exp(-0.5 * ((grid - z[:, None]) / 0.3) ** 2)
    density /= np.trapezoid(density, grid, axis=1)[:, None]
    exact = np.arange(n) % 3 == 0
    flux = power_law_conversion(1.9, HARD, HARD, FLAT)
    counts = rng.poisson(2.0 + reach * rate)
    return SurveySet.of(
        SourceSample(
            log_x=np.log10(rate), z=z, cosmology=FLAT, spectroscopic=exact,
            area=AreaCurve(log_x=[-6.8, -6.2, -5.5], area=[0.0, 0.5, 1.0], quantity="rate", band=HARD),
            conversion=attrs.evolve(flux, quantity="rate", log_factor=flux.log_factor - 8.4),
            redshifts=attrs.evolve(Redshifts.from_pdf(grid, density, values="density"), spectroscopic=exact),
            photometry=AperturePhotometry(
                counts=counts, background=np.full(n, 2.0), exposure=np.full(n, reach), eef=np.ones(n)
            ),
        )
    )  # fmt: skip


class PopulationCase(LikelihoodConformance, ComponentConformance):
    """A model with moving kinks, and one without, by turns of the rules."""

    kind = "likelihoods"
    options = RANGES
    model = ("ldde1", "ueda03")

    def of(self, seed):
        name, published = self.model
        model = make("luminosity_functions", name, published=published, outside="ignore")
        return self.made().bind(survey(seed), model, Context())

    def bound(self):
        return self.of(1)

    def bound_to_other_data(self):
        return self.of(2)

    def points(self, number=8):
        likelihood = self.bound()
        cube = np.random.default_rng(5).random((number, likelihood.ndim))
        corners = np.where(np.random.default_rng(6).random((5, likelihood.ndim)) < 0.5, 1e-9, 1 - 1e-9)
        return likelihood.prior_transform(np.concatenate([cube, corners]))

    def test_ranges_and_mode_are_part_of_its_identity(self):
        found = set()
        for more in ({}, {"mode": "grid", "grid": (20, 20)}, {"z_range": (0.05, 3.9)}, {"nodes": 64}):
            rule = attrs.evolve(self.made(), **more)
            name, published = self.model
            model = make("luminosity_functions", name, published=published, outside="ignore")
            found.add(rule.bind(survey(1), model, Context()).fingerprint())
        assert len(found) == 4


class TestPoint(PopulationCase):
    component = "point"


class TestPdf(PopulationCase):
    component = "pdf"


class TestCountsPdf(PopulationCase):
    component = "counts-pdf"
    model = ("ldde-highz", "georgakakis15")


class TestPdfOnAGrid(PopulationCase):
    component = "pdf"
    options = {**RANGES, "mode": "grid", "grid": (40, 50)}  # noqa: RUF012

    def test_ranges_and_mode_are_part_of_its_identity(self):
        assert (
            self.bound().fingerprint()
            != make("likelihoods", "pdf", **RANGES)
            .bind(survey(1), make("luminosity_functions", "ldde1", published="ueda03", outside="ignore"), Context())
            .fingerprint()
        )
