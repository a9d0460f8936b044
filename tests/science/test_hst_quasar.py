"""HST WFC3/IR F125W image of the quasar J0005-0006 at z = 5.85 with the image of a star (psfMC's example), and its PSF's errors.

Numbers with the errors of the file's weights within 22 pixels (photons of the quasar included, 1513 pixels), as measured before
with a spline-shifted PSF: reduced chi2 4.25 for the PSF alone, 3.78 with a Sersic galaxy, 3.95 with two PSFs, and a difference in
BIC of 691 for the galaxy. The star shifted in Fourier space fits better: 3.64, 3.25, 3.30.
"""

import numpy as np
import pytest

from faintsky.core.bandpass import Bandpass
from faintsky.core.context import Context
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.pixel_psf import PixelPsf
from faintsky.core.scene import Scene, SceneSource
from faintsky.estimators.decompositions.scene_comparison import compare_scenes
from faintsky.estimators.decompositions.sersic_psf import SersicPsf

POINT = SceneSource(name="quasar", x=64, y=64, flux=130, galaxy=False, point=True)
HOSTED = SceneSource(name="quasar", x=64, y=64, flux=130, point=True, radius=3.0)
SECOND = SceneSource(name="second", x=65, y=63, flux=5, galaxy=False, point=True)
ALONE, WITH_HOST, WITH_SECOND = (Scene(sources=each) for each in ((POINT,), (HOSTED,), (POINT, SECOND)))


@pytest.fixture(scope="module")
def quasar(real_data):
    """The image in electrons per second (the unit does not matter here) within 22 pixels."""
    from astropy.io import fits

    folder = real_data / "imaging_psf"
    values, weight, star = (
        fits.getdata(folder / f"psfmc_{name}.fits").astype(float) for name in ("sci_J0005-0006", "ivm_J0005-0006", "sci_psf")
    )
    box = np.s_[36:93, 36:93]
    y, x = np.indices(values.shape)
    sigma = np.where(np.hypot(y - 64, x - 64) < 22, 1 / np.sqrt(weight), np.inf)
    # Beyond, the rms of the sky is half of what the weights say: drizzled noise is correlated.
    sky = (np.hypot(y - 64, x - 64) > 45) & (np.hypot(y - 64, x - 64) < 55)
    assert values[sky].std() == pytest.approx(0.0034, rel=0.1)
    assert np.median(1 / np.sqrt(weight[sky])) == pytest.approx(0.0067, rel=0.05)
    image = BandImage(values=values[box], sigma=sigma[box], bandpass=Bandpass.box("F125W", 1.1, 1.4), psf=PixelPsf.of(star))
    return ImageSet(bands={"F125W": image}, grid=Grid(image.values.shape, "0.06 arcsec"))


def moved(scene):
    """In the cut that begins at pixel 36."""
    from attrs import evolve

    return Scene(sources=tuple(evolve(source, x=source.x - 36, y=source.y - 36) for source in scene.sources))


def test_chi2_without_the_psf_error_is_that_of_a_psf_that_does_not_fit(quasar):
    found = {}
    for name, scene in (("psf", ALONE), ("galaxy", WITH_HOST), ("second", WITH_SECOND)):
        found[name] = SersicPsf(sky=False).fit(quasar, moved(scene), Context())
        print(f"{name}: reduced chi2 {found[name].reduced_chi2:.2f}, BIC {found[name].bic:.0f}")
    assert found["psf"].pixels[0] == 1513
    chi2 = {name: fit.reduced_chi2 for name, fit in found.items()}
    # Near 3.8, up to the interpolation of the PSF (15 %), in the order that was seen.
    assert chi2["psf"] == pytest.approx(4.25, rel=0.16)
    assert chi2["galaxy"] == pytest.approx(3.78, rel=0.16)
    assert chi2["second"] == pytest.approx(3.95, rel=0.18)
    assert chi2["galaxy"] < chi2["second"] < chi2["psf"]
    # It looks decisive.
    assert found["psf"].bic - found["galaxy"].bic > 400


def test_errors_of_the_psf_are_set_on_pixels_that_the_fit_does_not_use(quasar):
    plain = compare_scenes(SersicPsf(), quasar, moved(ALONE), moved(WITH_HOST), Context())
    found = compare_scenes(SersicPsf(psf_error="held-out"), quasar, moved(ALONE), moved(WITH_HOST), Context())
    print(f"host: delta BIC {plain.delta_bic:.0f} without and {found.delta_bic:.0f} with the error of the PSF")
    print(f"relative error {found.rich.psf_error[0]:.3f}, reduced chi2 {found.rich.reduced_chi2:.2f}")
    # A quarter of the pixels is left out; what is left fits with an error of some per cent of the PSF.
    assert found.rich.pixels[0] == pytest.approx(0.75 * 1513, rel=0.02)
    assert 0.01 < found.rich.psf_error[0] < 0.3
    assert found.rich.reduced_chi2 < 1.5
    # The term does not undo the difference, for what differs is the width: the rich scene leaves the point no light, and makes it
    # a galaxy smaller than the PSF, at a limit of its index. That is another PSF and no host, and the fit says so.
    assert found.rich.flux[1, 0] == 0
    assert found.rich.radius[0, 0] < 1
    assert {"flux of the point of quasar in F125W", "index of quasar"} <= set(found.rich.at_bound)
