"""Quadrature over luminosity and redshift: panels follow kinks, integrals have the known values, draws the known density."""

import numpy as np
import pytest
from attrs import frozen
from scipy.integrate import quad
from scipy.stats import kstest

from faintsky.core.band import Band
from faintsky.core.comoving_volume import comoving_volume
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.luminosity_function import AssumedCosmology, LuminosityFunction, Provenance
from faintsky.core.luminosity_integrals import integrate, sample
from faintsky.core.luminosity_quadrature import LuminosityQuadrature
from faintsky.core.registry import make
from faintsky.core.validity import Validity

FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)


@frozen(kw_only=True)
class Tent(LuminosityFunction):
    """ln phi = -2 |ln(1 + z) - ln(1 + zc) - s (log L - 44)|: its integral over z is elementary."""

    zc: object = 2.0
    slope: object = 0.1

    band = property(lambda self: Band(2, 10))
    cosmology = property(lambda self: AssumedCosmology())
    validity = property(lambda self: Validity(log_l=(42, 46), z=(0, 5)))
    provenance = property(lambda self: Provenance())

    def _peak(self, log_l):
        return np.log1p(self.zc) + self.slope * (np.asarray(log_l) - 44)

    def log_density(self, log_l, z):
        return -2 * np.abs(np.log1p(z) - self._peak(log_l))

    def z_breaks(self, log_l):
        return np.expm1(self._peak(log_l))[None]

    def truth(self, log_l=(42.0, 46.0), z=(0.1, 5.0)):
        """With u = ln(1 + z), du of exp(u - 2 |u - c|), then over luminosity."""
        a, b = np.log1p(z)

        def inner(some):
            c = self._peak(some)
            return (np.exp(c) - np.exp(3 * a - 2 * c)) / 3 + np.exp(c) - np.exp(2 * c - b)

        return quad(inner, *log_l, epsabs=1e-13)[0]


def test_panels_follow_a_kink():
    # Elementary integral. The same number of nodes that ignores the kink is wrong by 1e-5 or more.
    model = Tent()
    rule = LuminosityQuadrature(log_l=(42, 46), z=(0.1, 5), nodes=24).at(model)
    found = np.sum(np.exp(model.log_density(rule.log_l, rule.z)) * rule.weight)
    assert found == pytest.approx(model.truth(), rel=1e-12)

    class Mute(Tent):
        def z_breaks(self, log_l):
            return np.empty((0, *np.shape(log_l)))

    blind = LuminosityQuadrature(log_l=(42, 46), z=(0.1, 5), nodes=24).at(Mute())
    assert abs(np.sum(np.exp(model.log_density(blind.log_l, blind.z)) * blind.weight) / model.truth() - 1) > 1e-5


def test_parameters_in_columns_are_the_loop_over_rows():
    zc, slope = np.array([1.0, 2.0, 2.5])[:, None], np.array([0.05, 0.1, -0.1])[:, None]
    many = integrate(Tent(zc=zc, slope=slope), log_l=(42, 46), z=(0.1, 5))
    assert many.shape == (3,)
    wanted = [Tent(zc=a, slope=b).truth() for a, b in zip(zc[:, 0], slope[:, 0], strict=True)]
    np.testing.assert_allclose(many, wanted, rtol=1e-12)
    one = LuminosityQuadrature(log_l=(42, 46), z=(0.1, 5)).at(Tent())
    assert one.log_l.shape == (one.log_l.size, 1)
    assert one.flat.z.shape == (one.weight.size,)


@pytest.mark.parametrize(
    ("name", "published", "wanted"),
    [
        ("ldde2", "ueda14", {4.5: -5.0196, 6.0: -5.6689, 8.5: -6.4912}),
        ("ldde-highz", "georgakakis15", {4.5: -5.6667, 6.0: -6.4860, 8.5: -7.4721}),
    ],
)
@pytest.mark.filterwarnings("ignore::faintsky.core.errors.FaintskyWarning")
def test_densities_at_one_redshift(name, published, wanted):
    # Independent integrals of the published functions from log L = 43 to 46, given to four digits (reference note, 2.3).
    model = make("luminosity_functions", name, published=published)
    for z, value in wanted.items():
        assert np.log10(integrate(model, log_l=(43, 46), z=z)) == pytest.approx(value, abs=6e-5)


def test_integrals_with_volume_and_weight():
    model = Tent()
    # The weight and the volume stand in the integrand: by hand on the aligned nodes of a finer rule.
    rule = LuminosityQuadrature(log_l=(42, 46), z=(0.1, 5), nodes=300).at(model)
    phi = np.exp(model.log_density(rule.log_l, rule.z)) * rule.weight * comoving_volume(FLAT, rule.z)
    assert integrate(model, log_l=(42, 46), z=(0.1, 5), cosmology=FLAT) == pytest.approx(phi.sum(), rel=1e-9)
    mean = integrate(model, log_l=(42, 46), z=(0.1, 5), cosmology=FLAT, weight=lambda log_l, z: log_l * z)
    assert mean == pytest.approx((phi * rule.log_l * rule.z).sum(), rel=1e-9)


def test_what_is_refused():
    with pytest.raises(DataError, match="no volume at one redshift"):
        integrate(Tent(), log_l=(42, 46), z=1.0, cosmology=FLAT)
    with pytest.raises(DataError, match="log_l is a range"):
        integrate(Tent(), log_l=(46, 42), z=1.0)
    with pytest.raises(DataError, match="at least 4 nodes"):
        LuminosityQuadrature(log_l=(42, 46), z=(0, 5), nodes=3)
    with pytest.raises(DataError, match="begin at 0"):
        LuminosityQuadrature(log_l=(42, 46), z=(-1, 5))
    with pytest.warns(FaintskyWarning, match="extrapolation"):
        integrate(Tent(), log_l=(41, 46), z=1.0)


def test_draws_have_the_density_of_the_model():
    model = make("luminosity_functions", "ldde2", published="ueda14")
    ranges = {"z_range": (0.5, 4.5), "log_l_range": (43.0, 46.0)}
    expected = float(integrate(model, log_l=(43, 46), z=(0.5, 4.5), cosmology=FLAT))
    log_l, z = sample(model, 1e5 / expected, **ranges, cosmology=FLAT, rng=np.random.default_rng(3))
    assert abs(log_l.size - 1e5) < 4 * np.sqrt(1e5)  # a Poisson number
    # Both marginal distributions against those of an independent fine grid, by Kolmogorov and Smirnov.
    at_l, at_z = np.linspace(43, 46, 2001), np.linspace(0.5, 4.5, 2001)
    phi = np.exp(model.log_density(at_l[:, None], at_z)) * comoving_volume(FLAT, at_z)
    for values, grid, density in ((log_l, at_l, phi.sum(axis=1)), (z, at_z, phi.sum(axis=0))):
        steps = 0.5 * (density[1:] + density[:-1])
        upto = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
        assert kstest(np.interp(values, grid, upto), "uniform").pvalue > 1e-3
    # In random order, and another seed gives others.
    assert abs(np.corrcoef(np.arange(z.size), z)[0, 1]) < 0.02


def test_draws_respect_an_area_with_a_step():
    # A survey that sees nothing below a luminosity that rises with redshift: the number of sources is that of a fine sum.
    model = make("luminosity_functions", "ldde2", published="ueda14")

    def area(log_l, z):
        return np.where(np.asarray(log_l) > 43 + 0.4 * np.asarray(z), 5.0, 0.0)

    at_l, at_z = np.linspace(42, 46, 4001), np.linspace(0.1, 4.5, 1001)
    middle_l, middle_z = 0.5 * (at_l[1:] + at_l[:-1]), 0.5 * (at_z[1:] + at_z[:-1])
    phi = np.exp(model.log_density(middle_l[:, None], middle_z)) * comoving_volume(FLAT, middle_z)
    expected = float((phi * area(middle_l[:, None], middle_z)).sum() * np.diff(at_l)[0] * np.diff(at_z)[0])
    rng = np.random.default_rng(1)
    log_l, z = sample(model, area, z_range=(0.1, 4.5), log_l_range=(42, 46), cosmology=FLAT, rng=rng)
    assert np.all(log_l > 43 + 0.4 * z)
    assert abs(log_l.size - expected) < 4 * np.sqrt(expected)
