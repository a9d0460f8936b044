"""What a flux implies: accreted mass by Soltan's argument, and the number of sources of Euclidean counts."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from faintsky.core.errors import DataError
from faintsky.core.units import DEG2_PER_SR
from faintsky.estimators.flux.accretion import accreted_mass_density
from faintsky.estimators.flux.euclidean_counts import euclidean_density

#: Kaminsky et al. 2025, section 4.4: flux of z > 6 in 0.5-2 keV.
FLUX = 7.99e-14
GIVEN = {"flux_deg2": FLUX, "z": 6.0, "efficiency": 0.1, "bolometric_fraction": 1.0, "observed_band_kev": (0.5, 2.0)}
BANDS = ((0.5, 2.0), (2.0, 10.0), (0.5, 10.0))
#: theory.md 1.8: rho f_X [Msun / Mpc^3], f_X for rho = 10^5.15, log10 rho at f_X = 0.1, in the three bands.
TABLE = {
    0.7: ((63.5, 115.9, 179.4), (4.5e-4, 8.2e-4, 1.3e-3), (2.80, 3.06, 3.25)),
    0.9: ((93.7, 126.4, 220.2), (6.6e-4, 9.0e-4, 1.6e-3), (2.97, 3.10, 3.34)),
    1.0: ((113.9, 132.2, 246.1), (8.1e-4, 9.4e-4, 1.7e-3), (3.06, 3.12, 3.39)),
    1.4: ((248.0, 158.9, 406.9), (1.8e-3, 1.1e-3, 2.9e-3), (3.39, 3.20, 3.61)),
}


@pytest.mark.parametrize("alpha", TABLE)
@pytest.mark.parametrize("i", range(3))
def test_the_table_of_soltan_s_argument(alpha, i):
    # T14 of theory.md: 0.5 %. f_X to its two printed digits, the logarithm likewise.
    density, needed, logarithm = (column[i] for column in TABLE[alpha])
    found = accreted_mass_density(**GIVEN, alpha=alpha, band_kev=BANDS[i])
    assert found.value == pytest.approx(density, rel=0.005)
    half_a_digit = 0.5 * 10 ** (math.floor(math.log10(needed)) - 1)
    assert found.value / 10**5.15 == pytest.approx(needed, abs=1.02 * half_a_digit)
    usual = accreted_mass_density(**(GIVEN | {"bolometric_fraction": 0.1}), alpha=alpha, band_kev=BANDS[i])
    assert usual.log10 == pytest.approx(logarithm, abs=0.0051)


def test_the_factors_make_the_value():
    found = accreted_mass_density(**(GIVEN | {"bolometric_fraction": 0.05}), alpha=0.8, band_kev=(2, 10), gamma=3.0)
    product = found.efficiency_factor * found.intensity * found.band_integral * found.k_factor * found.evolution_factor
    assert found.value == pytest.approx(product * found.unit_factor / found.bolometric_fraction, rel=1e-12)
    # Closed forms of each; 1.4775e40 is theory.md 1.8.
    assert found.efficiency_factor == pytest.approx(4 * np.pi * 9 / 2.99792458e10**3, rel=1e-12)
    assert found.intensity == pytest.approx(FLUX * 3282.806350 * 0.2 / (2**0.2 - 0.5**0.2), rel=1e-9)
    assert found.band_integral == pytest.approx((10**0.2 - 2**0.2) / 0.2, rel=1e-12)
    assert found.k_factor == pytest.approx(7**0.8, rel=1e-12)
    assert found.evolution_factor == pytest.approx(5.3 / 4.5, rel=1e-12)
    assert found.unit_factor == pytest.approx(1.4775e40, rel=1e-4)


@pytest.mark.parametrize("band", BANDS)
def test_a_flat_spectrum_is_the_limit_from_both_sides(band):
    # T14: alpha = 1 against 1 +- 1e-6 within 1e-4; the slope of (1 + z)^alpha alone is 2e-6 there.
    at, below, above = (accreted_mass_density(**GIVEN, alpha=a, band_kev=band).value for a in (1.0, 1 - 1e-6, 1 + 1e-6))
    assert below == pytest.approx(at, rel=1e-4)
    assert above == pytest.approx(at, rel=1e-4)
    assert at == pytest.approx(0.5 * (below + above), rel=1e-9)
    # And nearer still, where differences of powers would cancel.
    near = accreted_mass_density(**GIVEN, alpha=1 + 1e-13, band_kev=band).value
    assert near == pytest.approx(at, rel=1e-11)


@pytest.mark.parametrize(("alpha", "gamma"), [(0.7, 2.0), (1.0, 0.5), (1.4, -0.5)])
def test_the_integrals_behind_the_equation(alpha, gamma):
    # An emissivity (E / keV)^-alpha (1 + z)^-gamma [erg / (s keV cm3)] beyond z = 6 in a universe of matter: background and
    # mass by quadrature of the integrals that eq. 13 solves.
    hubble, light, fraction, efficiency, z0 = 2.2e-18, 2.99792458e10, 0.04, 0.1, 6.0

    def time(f):
        # With x = ln(1 + z), dt = dz / ((1 + z) H) = exp(-1.5 x) dx / H0; 40 is far.
        return quad(lambda x: f(np.exp(x)) * np.exp(-1.5 * x) / hubble, np.log(1 + z0), 40, epsabs=0, epsrel=1e-10)[0]

    def intensity(energy):
        return light / (4 * np.pi) * time(lambda a: (energy * a) ** -alpha * a**-gamma)

    background = quad(intensity, 0.5, 2.0)[0]
    luminosity = quad(lambda e: e**-alpha, 2.0, 10.0)[0]
    mass = (1 - efficiency) / (efficiency * light**2) * luminosity / fraction * time(lambda a: a**-gamma)
    found = accreted_mass_density(
        flux_deg2=background / DEG2_PER_SR,
        z=z0,
        alpha=alpha,
        gamma=gamma,
        efficiency=efficiency,
        bolometric_fraction=fraction,
        band_kev=(2.0, 10.0),
        observed_band_kev=(0.5, 2.0),
    )
    assert found.value / found.unit_factor == pytest.approx(mass, rel=1e-6)


def test_without_evolution_all_arises_close_to_z():
    close = accreted_mass_density(**GIVEN, alpha=0.9, band_kev=(2, 10))
    steep = accreted_mass_density(**GIVEN, alpha=0.9, band_kev=(2, 10), gamma=1e6)
    assert close.evolution_factor == 1
    assert steep.value == pytest.approx(close.value, rel=1e-6)


def test_a_flux_below_zero_has_a_density_but_no_logarithm():
    found = accreted_mass_density(**(GIVEN | {"flux_deg2": -FLUX}), alpha=0.9, band_kev=(2, 10))
    assert found.value == pytest.approx(-126.4, rel=0.005)
    assert math.isnan(found.log10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"efficiency": 1.0}, "share of the rest energy"),
        ({"bolometric_fraction": 30.0}, "its inverse"),
        ({"band_kev": (10, 2)}, "band_kev"),
        ({"observed_band_kev": (0, 2)}, "observed_band_kev"),
        ({"z": -1}, "z is at least 0"),
        ({"gamma": -2.0}, "leave gamma out"),
        ({"flux_deg2": math.nan}, "finite"),
    ],
)
def test_refusals_of_the_mass(change, message):
    with pytest.raises(DataError, match=message):
        accreted_mass_density(**(GIVEN | {"alpha": 0.9, "band_kev": (2, 10)} | change))


def test_the_density_of_sources_in_closed_form():
    # T15 of theory.md: N = F / (3 S0) = 6341.27; with an end at 2.2e-16 it is 7339 (theory.md 1.9).
    s0 = 4.2e-18
    assert euclidean_density(flux_deg2=FLUX, s0=s0, s_lim=s0) == pytest.approx(6341.27, rel=1e-6)
    assert euclidean_density(flux_deg2=FLUX, s0=s0, s_lim=s0) == pytest.approx(FLUX / (3 * s0), rel=1e-12)
    assert round(euclidean_density(flux_deg2=FLUX, s0=s0, s_lim=s0, s_max=2.2e-16)) == 7339


@pytest.mark.parametrize(("s_lim", "density"), [(4.2e-18 / 160, 500), (4.2e-18 / 80, 700), (5.3e-17, 500), (3.8e-17, 700)])
def test_what_the_published_density_takes(s_lim, density):
    # theory.md 1.9: 500-700 deg^-2 needs these faintest fluxes; with s_lim = s0 it is ten times as many.
    assert euclidean_density(flux_deg2=FLUX, s0=4.2e-18, s_lim=s_lim) == pytest.approx(density, rel=0.02)


@pytest.mark.parametrize(("s0", "s_lim", "s_max"), [(3.0, 1.0, None), (3.0, 1.0, 20.0), (1.0, 3.0, 20.0), (2.0, 2.0, 2.5)])
def test_the_density_of_sources_by_quadrature(s0, s_lim, s_max):
    # The definition: k from the flux of all, N from the counts, both integrated.
    top = np.inf if s_max is None else s_max
    flux = quad(lambda s: s * (s / s0) ** -2.5, s_lim, top)[0]
    counts = quad(lambda s: (s / s0) ** -2.5, max(s0, s_lim), top)[0]
    assert euclidean_density(flux_deg2=5.0, s0=s0, s_lim=s_lim, s_max=s_max) == pytest.approx(5 * counts / flux, rel=1e-6)


def test_the_ends_of_the_counts():
    assert euclidean_density(flux_deg2=5.0, s0=30.0, s_lim=1.0, s_max=20.0) == 0
    # Sources of one flux: their number is the flux over it.
    assert euclidean_density(flux_deg2=5.0, s0=1.0, s_lim=2.0, s_max=2.0 * (1 + 1e-6)) == pytest.approx(2.5, rel=1e-5)
    for wrong in ({"s_max": 1.0}, {"s0": 0.0}, {"s_lim": -1.0}):
        with pytest.raises(DataError, match="s_lim below s_max"):
            euclidean_density(**({"flux_deg2": 5.0, "s0": 1.0, "s_lim": 2.0} | wrong))
    with pytest.raises(DataError, match="finite"):
        euclidean_density(flux_deg2=math.inf, s0=1.0, s_lim=1.0)
