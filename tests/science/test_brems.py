"""Bremsstrahlung: its Gaunt factor against limits and published tables, its emissivity against the textbook's."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import kve

from faintsky.core.spectrum import energy_flux
from faintsky.models.spectra.brems import Brems
from faintsky.models.spectra.gaunt_factor import RYDBERG, gaunt_factor

#: Sutherland 1998, table 2: log u by row, log gamma^2 from -4 to 2 by column.
SUTHERLAND = {
    -4.0: (5.5243, 5.5213, 5.4983, 5.3780, 5.0090, 4.4354, 3.8317),
    -3.0: (4.2581, 4.2577, 4.2403, 4.1307, 3.7816, 3.2436, 2.7008),
    -2.0: (3.0048, 3.0125, 3.0152, 2.9434, 2.6560, 2.2131, 1.8071),
    -1.0: (1.8153, 1.8367, 1.8880, 1.9243, 1.7825, 1.5088, 1.2886),
    0.0: (0.85314, 0.88152, 0.96975, 1.1699, 1.2939, 1.1988, 1.1033),
    1.0: (0.31012, 0.32829, 0.39000, 0.58937, 0.97254, 1.1284, 1.0825),
    1.5: (0.17772, 0.18963, 0.23094, 0.37625, 0.74776, 1.0844, 1.0957),
}
#: The frequency-averaged Gaunt factor read off figure 6 of Karzas & Latter 1961 (in ADAS as NGFFMH), by log gamma^2.
KARZAS_LATTER = {-3: 1.139, -2.5: 1.167, -2: 1.215, -1.5: 1.283, -1: 1.370, -0.5: 1.431, 0: 1.433, 0.5: 1.379, 1: 1.296}


def averaged(gamma_squared):
    """int exp(-u) g du."""
    return quad(lambda t: np.exp(t - np.exp(t)) * gaunt_factor(gamma_squared, np.exp(t)), -16, 5, limit=200)[0]


@pytest.mark.parametrize("log_u", SUTHERLAND)
def test_gaunt_factor_is_that_of_sutherland(log_u):
    found = gaunt_factor(10.0 ** np.arange(-4.0, 3.0), 10.0**log_u)
    np.testing.assert_allclose(found, SUTHERLAND[log_u], rtol=4e-4)


@pytest.mark.parametrize("log_gamma_squared", KARZAS_LATTER)
def test_averaged_gaunt_factor_is_that_of_karzas_and_latter(log_gamma_squared):
    assert averaged(10.0**log_gamma_squared) == pytest.approx(KARZAS_LATTER[log_gamma_squared], rel=4e-3)


def test_averaged_gaunt_factor_has_its_maximum_near_the_rydberg_temperature():
    grid = np.arange(-1.5, 1.5, 0.05)
    values = [averaged(10.0**x) for x in grid]
    assert -0.5 < grid[int(np.argmax(values))] < 0.0
    assert 1.43 < max(values) < 1.46


def test_born_limit_of_hot_plasma():
    u = np.geomspace(1e-4, 0.1, 30)
    born = np.sqrt(3) / np.pi * kve(0, u / 2)  # kve is exp(u/2) K_0
    np.testing.assert_allclose(gaunt_factor(1e-5, u), born, rtol=2e-3)
    assert np.all(gaunt_factor(1e-5, u) > born)  # slow electrons are drawn towards the ion


def test_classical_limit_of_soft_photons():
    """Slow electrons and ever softer photons, gamma > 1 >> u gamma: sqrt 3 / pi (ln(4 / (u gamma)) - 5/2 of Euler's constant)."""
    u = np.array([1e-2, 1e-3, 1e-4])
    expected = np.sqrt(3) / np.pi * (np.log(4 / (u * 10.0)) - 2.5 * np.euler_gamma)
    excess = gaunt_factor(100.0, u) / expected - 1
    assert np.all(excess > 0)
    assert excess[2] < 0.2 * excess[1] < 0.04 * excess[0]
    assert excess[2] < 0.015


@pytest.mark.parametrize(("gamma_squared", "u"), [(10**-0.4, 10**0.3), (10**-1.12, 10**1.94), (10**-2.6, 10**-2.7)])
def test_interpolation_between_the_points_of_the_table(gamma_squared, u):
    mp = pytest.importorskip("mpmath")
    assert gaunt_factor(gamma_squared, u) == pytest.approx(float(exact_gaunt(mp, gamma_squared, u)), rel=3e-5)


def exact_gaunt(mp, gamma_squared, u):
    """Sommerfeld's formula, another one than that of the table: g ~ x d/dx |F(i eta_i, i eta_f; 1; x)|^2."""

    def of(final, initial):
        f, i = 1 / mp.sqrt(final), 1 / mp.sqrt(initial)
        x = -4 * i * f / (f - i) ** 2
        wave = mp.hyp2f1(1j * i, 1j * f, 1, x)
        slope = -i * f * mp.hyp2f1(1 + 1j * i, 1 + 1j * f, 2, x)
        both = x * 2 * mp.re(mp.conj(wave) * slope)
        return abs(mp.sqrt(3) * mp.pi * both / (mp.expm1(2 * mp.pi * i) * -mp.expm1(-2 * mp.pi * f)))

    with mp.workdps(25):
        # int exp(-x) g dx as a sum in ln x; the slowest electrons all have one Gaunt factor.
        steps = np.arange(np.log(1e-4), 3.9, 0.25)
        values = [mp.exp(t - mp.exp(t)) * of(mp.exp(t) / gamma_squared, (mp.exp(t) + u) / gamma_squared) for t in steps]
        return 0.25 * (sum(values) - values[0] / 2) + values[0]


@pytest.mark.parametrize("kt", [0.1, 1.0, 10.0])
def test_emissivity_of_hydrogen_is_the_textbooks(kt):
    """Rybicki & Lightman 1979, eq. 5.15a: 1.426e-27 sqrt(T) g_B n_e n_I erg cm^-3 s^-1; the 3.02 of XSPEC's norm is rounded."""
    kelvin = kt * 1.160451812e7
    model = Brems(kt=kt, helium=0.0, norm=3.02e-15)
    found = float(energy_flux(model, 1e-6 * kt, 60 * kt))
    assert found == pytest.approx(1.426e-27 * np.sqrt(kelvin) * averaged(RYDBERG / kt), rel=6e-3)


def test_helium_adds_its_own_gaunt_factor():
    edges = np.array([1.0, 1.0001])
    with_it, without = (Brems(kt=0.3, helium=y).photon_flux(edges)[0] for y in (0.085, 0.0))
    u = 1.00005 / 0.3
    ratio = 1 + 4 * 0.085 * gaunt_factor(4 * RYDBERG / 0.3, u) / gaunt_factor(RYDBERG / 0.3, u)
    assert with_it / without == pytest.approx(float(ratio), rel=1e-9)


def test_redshift_is_that_of_zbremss():
    edges = np.geomspace(0.3, 8.0, 50)
    shifted = Brems(kt=2.0, redshift=0.8).photon_flux(edges)
    np.testing.assert_allclose(shifted, Brems(kt=2.0).photon_flux(edges * 1.8) / 1.8, rtol=1e-12)


@pytest.mark.parametrize("kt", [0.0, -1.0])
def test_no_temperature_is_refused(kt):
    with pytest.raises(ValueError, match="kt must be > 0"):
        Brems(kt=kt)
