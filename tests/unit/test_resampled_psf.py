"""Realisations of a PSF that is made of counted rays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faintsky.core.psf import Place
from faintsky.core.registry import make
from faintsky.core.resampled_psf import ResampledPsf, is_noisy

RAYS = 4000


@pytest.fixture
def image(tmp_path: Path) -> object:
    from astropy.io import fits

    x = np.arange(-40, 41)
    density = np.exp(-0.5 * (x**2 + x[:, None] ** 2) / 6.0**2)
    counts = np.random.default_rng(1).multinomial(RAYS, (density / density.sum()).ravel()).reshape(density.shape)
    fits.writeto(tmp_path / "1.fits", counts.astype(np.int32))
    return make("psfs", "image-set", folder=tmp_path, pattern="{observation}.fits", pixel="0.1 arcsec")


def test_an_exact_psf_is_not_noisy() -> None:
    assert not is_noisy(make("psfs", "two-king"), [Place(observation="1")])


def test_an_image_of_rays_is_noisy_and_its_realisations_scatter_as_counts(image: object) -> None:
    place = Place(observation="1")
    assert is_noisy(image, [place])  # type: ignore[arg-type]
    radius = 0.6 * 4.84813681e-6  # 1 sigma of the Gaussian: 39.3 per cent of its light
    light = np.array(
        [ResampledPsf(psf=image, realisation=i).placed(place).encircled(radius) for i in range(80)]  # type: ignore[arg-type]
    )
    share = float(image.placed(place).encircled(radius))  # type: ignore[attr-defined]
    # Binomial scatter of the rays within the radius; 80 draws tell a standard deviation to 8 per cent.
    assert light.std(ddof=1) == pytest.approx(np.sqrt(share * (1 - share) / RAYS), rel=0.3)
    assert light.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / RAYS / 80))


def test_one_realisation_is_the_same_whoever_asks(image: object) -> None:
    place = Place(observation="1")
    first, again, other = (ResampledPsf(psf=image, realisation=i).placed(place) for i in (1, 1, 2))  # type: ignore[arg-type]
    at = np.linspace(0, 5e-6, 20)
    np.testing.assert_array_equal(first.density(at, at), again.density(at, at))
    assert not np.array_equal(first.density(at, at), other.density(at, at))
