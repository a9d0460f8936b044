"""PSFs against their closed forms."""

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.errors import DataError
from faintsky.core.units import ARCSEC
from faintsky.models.psfs.gaussian import Gaussian
from faintsky.models.psfs.image import ImagePSF
from faintsky.models.psfs.king import King


def test_gaussian():
    # Closed forms: EEF 1 - exp(-r^2 / 2 s^2), transfer exp(-q^2 s^2 / 2), half of the light within 1.17741 s.
    psf = Gaussian(sigma="0.7 arcsec")
    s = 0.7 * ARCSEC
    assert psf.encircled(1.1774100225 * s) == pytest.approx(0.5, abs=1e-10)
    q = np.linspace(0, 5 / s, 50)
    np.testing.assert_allclose(psf.transfer(q), np.exp(-0.5 * (q * s) ** 2), rtol=1e-12)
    x = np.linspace(-8, 8, 801) * s
    total = psf.density(x[:, None], x).sum() * (x[1] - x[0]) ** 2
    assert total == pytest.approx(1, abs=1e-4)


def test_a_king_of_slope_three_halves_has_an_exponential_transfer():
    # int_0^inf r J0(q r) (1 + r^2)^-3/2 dr = exp(-q) (Gradshteyn & Ryzhik 6.554.4).
    psf = King(core="0.4 arcsec", slope=1.5)
    q = np.geomspace(1e-3, 20, 60) / (0.4 * ARCSEC)
    np.testing.assert_allclose(psf.transfer(q), np.exp(-q * 0.4 * ARCSEC), rtol=1e-3)
    np.testing.assert_allclose(psf.transfer(q), np.exp(-q * 0.4 * ARCSEC), rtol=1e-10)


@pytest.mark.parametrize("slope", [1.2, 1.5, 2.0, 3.7])
def test_the_encircled_energy_of_a_king_is_the_integral_of_its_density(slope):
    from scipy.integrate import quad

    core = 0.4 * ARCSEC
    psf = King(core=core, slope=slope)
    for r in (0.1, 0.5, 1.0, 3.0, 30.0):
        numeric = quad(lambda u: 2 * np.pi * u * core**2 * float(psf.density(u * core, 0.0)), 0, r, epsrel=1e-11)[0]
        assert float(psf.encircled(r * core)) == pytest.approx(numeric, rel=1e-6)


@pytest.mark.parametrize("slope", [1.05, 2.0, 6.0, 40.0, 120.0, 300.0])
def test_the_transfer_of_a_king_is_finite_and_falls_for_any_slope(slope):
    # Small q: 1 - <r^2> q^2 / 4 with <r^2> = core^2 / (slope - 2) for slope > 2.
    psf = King(core=1.0, slope=slope)
    q = np.geomspace(1e-9, 1e2, 400)
    found = psf.transfer(q)
    assert np.all(np.isfinite(found))
    assert np.all(np.diff(found) <= 1e-12)
    if slope > 3:
        small = np.sqrt(slope) * np.array([1e-3, 1e-2])
        np.testing.assert_allclose(1 - psf.transfer(small), small**2 / (4 * (slope - 2)), rtol=2e-3)


def written(path, values, header=None):
    fits.writeto(path, values, header, overwrite=True)
    return path


def moffat(n, core, x0=0.0, y0=0.0, slope=2.5):
    y, x = np.mgrid[:n, :n] - (n - 1) / 2
    return (1 + ((x - x0) ** 2 + (y - y0) ** 2) / core**2) ** -slope


def test_an_image_of_a_gaussian_has_its_numbers(tmp_path):
    # A Gaussian of 4 pixels: linear interpolation adds 1/6 pixel^2 to its variance of 16, so 1.04 % to r^2 at small r.
    y, x = np.mgrid[:61, :61] - 30.0
    path = written(tmp_path / "g.fits", 7.3 * np.exp(-0.5 * (x**2 + y**2) / 16))
    psf, truth = ImagePSF(path=path, pixel="0.2 arcsec"), Gaussian(sigma=0.8 * ARCSEC)
    r = np.array([0.4, 0.8, 1.6, 2.4]) * ARCSEC
    np.testing.assert_allclose(psf.encircled(r), truth.encircled(r), rtol=0.0115)
    q = np.array([0.0, 0.3, 1.0, 2.0]) / (0.8 * ARCSEC)
    np.testing.assert_allclose(psf.transfer(q), truth.transfer(q), atol=1e-6)  # the sum over samples is exact
    np.testing.assert_allclose(psf.density(0.0, 0.0), truth.density(0.0, 0.0), rtol=1e-6)


def test_the_tabulated_transfer_is_the_sum_itself(tmp_path):
    path = written(tmp_path / "m.fits", moffat(101, 3.0))
    psf = ImagePSF(path=path, pixel="0.1 arcsec")
    q = np.linspace(0, np.pi / (0.1 * ARCSEC), 5000)
    table = psf.transfer(q)
    direct = np.array([float(psf.transfer(k)) for k in q[::97]])
    assert np.max(np.abs(table[::97] - direct)) < 1e-6


def test_an_image_psf_is_normalised_whatever_its_sampling(tmp_path):
    for core in (2.7, 4.0, 8.0):
        psf = ImagePSF(path=written(tmp_path / "m.fits", moffat(81, core)), pixel="1 arcsec")
        f = np.linspace(-42, 42, 1681) * ARCSEC
        assert psf.density(f[:, None], f).sum() * (f[1] - f[0]) ** 2 == pytest.approx(1, abs=1e-4)


def test_the_centre_is_found(tmp_path):
    y, x = np.mgrid[:61, :61] - 30.0
    path = written(tmp_path / "g.fits", np.exp(-0.5 * ((x - 2.1) ** 2 + (y + 1.7) ** 2) / 9))
    moment = ImagePSF(path=path, pixel="1 arcsec").encircled(3 * ARCSEC)
    peak = ImagePSF(path=path, pixel="1 arcsec", centre="peak").encircled(3 * ARCSEC)
    middle = ImagePSF(path=path, pixel="1 arcsec", centre="middle").encircled(3 * ARCSEC)
    assert moment == pytest.approx(1 - np.exp(-0.5), rel=0.0186)  # 1/6 pixel^2 of 9 added
    assert middle < 0.9 * peak < moment


def test_images_that_are_no_psf_are_refused(tmp_path):
    path = written(tmp_path / "m.fits", moffat(21, 0.4, slope=4.0))
    with pytest.raises(DataError, match=r"the pixel of m.fits \(0\.5 arcsec\) is larger than the radius of half the light"):
        ImagePSF(path=path, pixel="0.5 arcsec").transfer(0.0)
    with pytest.raises(DataError, match="has no celestial WCS: give the pixel size"):
        ImagePSF(path=path).transfer(0.0)
    with pytest.raises(DataError, match="is empty"):
        ImagePSF(path=written(tmp_path / "z.fits", np.zeros((9, 9))), pixel="1 arcsec").transfer(0.0)
    with pytest.raises(DataError, match="there is no PSF image"):
        ImagePSF(path=tmp_path / "absent.fits", pixel="1 arcsec").transfer(0.0)


def test_real_psf_images(real_data):
    # Facts of the files: JWST F115W ePSF with most light within 1 arcsec; the CSC PSF of a far off-axis source is broad.
    jwst = ImagePSF(path=real_data / "imaging_psf" / "EIGER_epsf_F115W_moda.fits", pixel="0.03 arcsec", centre="middle")
    assert 0.85 < float(jwst.encircled(1 * ARCSEC)) < 1
    chandra = ImagePSF(path=real_data / "chandra_images_psf" / "acisf07999_000N001_r0035b_psf3.fits")
    assert chandra.encircled(1 * ARCSEC) < 0.2
    assert chandra.encircled(1000 * ARCSEC) == pytest.approx(1, abs=1e-9)
