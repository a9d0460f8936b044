"""The map source `fits`: images as they are, counts over exposure, and what it refuses."""

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.units import ARCSEC
from faintsky.plugins.maps.fits import FitsImage
from faintsky.testing.event_files import write_exposure
from faintsky.testing.masks import sky_grid

pytestmark = pytest.mark.filterwarnings("ignore::faintsky.core.errors.FaintskyWarning")
GRID = sky_grid((30, 40))
SHAPE = GRID.shape


def image(path, values, unit=None, **cards):
    header = fits.Header.fromstring(GRID.header)
    if unit:
        header["BUNIT"] = unit
    header.update(cards)
    fits.writeto(path, values, header)
    return path


def test_an_image_is_taken_as_it_is_in_its_own_precision_and_byte_order(tmp_path):
    values = np.random.default_rng(0).normal(size=SHAPE)
    for kind, kept in ((">f4", np.float32), (">f8", np.float64), (">i2", np.float64)):
        made = FitsImage(path=image(tmp_path / f"{kind[1:]}.fits", values.astype(kind), "MJy/sr")).load(None, Context())
        assert made.values.dtype == kept
        assert made.values.dtype.isnative
        np.testing.assert_array_equal(made.values, values.astype(kind).astype(kept))
        assert made.unit == "MJy/sr"
    GRID.check_same(made.geometry)


def test_a_unit_must_be_stated(tmp_path):
    path = image(tmp_path / "i.fits", np.ones(SHAPE))
    with pytest.raises(DataError, match=r"i.fits does not say its unit \(BUNIT\)"):
        FitsImage(path=path).load(None, Context())
    assert FitsImage(path=path, unit="nW / (m2 sr)").load(None, Context()).unit == "nW / (m2 sr)"


def test_missing_pixels_are_masked_outside_the_footprint_or_refused(tmp_path):
    values = np.ones(SHAPE)
    values[:4] = np.nan
    values[10, 5] = np.inf
    path = image(tmp_path / "i.fits", values, "Jy")
    made = FitsImage(path=path).load(None, Context())
    np.testing.assert_array_equal(made.footprint, np.isfinite(values))
    np.testing.assert_array_equal(made.weight > 0, np.isfinite(values))
    with pytest.raises(DataError, match=r"161 pixels are not finite, the first at \(y, x\) = \(0, 0\)"):
        FitsImage(path=path, nan="error").load(None, Context())
    with pytest.raises(ValueError, match="nan must be one of mask, error"):
        FitsImage(path=path, nan="zero")


def test_a_mask_image_and_a_noise_image(tmp_path):
    mask = np.ones(SHAPE, dtype=np.int16)
    mask[5:8] = 0
    made = FitsImage(
        path=image(tmp_path / "i.fits", np.ones(SHAPE), "Jy"),
        mask=image(tmp_path / "m.fits", mask),
        noise=image(tmp_path / "n.fits", np.full(SHAPE, 3.0)),
    ).load(None, Context())
    np.testing.assert_array_equal(made.weight > 0, mask > 0)
    assert made.footprint.all()  # holes lie inside the footprint
    assert made.shot_noise() == pytest.approx(9 * GRID.pixel_area)  # identity: white noise of 3 per pixel


def test_counts_over_exposure(tmp_path):
    # Identity: surface brightness = counts / (exposure x solid angle), variance = counts / (exposure x solid angle)^2.
    rng = np.random.default_rng(1)
    counts, seconds = rng.poisson(20.0, SHAPE).astype(np.int32), np.full(SHAPE, 1e5)
    seconds[:, :6] = 0
    made = FitsImage(path=image(tmp_path / "c.fits", counts), exposure=write_exposure(tmp_path / "x.fits", seconds, GRID)).load(
        None, Context()
    )
    inside = seconds > 0
    np.testing.assert_allclose(made.values[inside], counts[inside] / (1e5 * ARCSEC**2), rtol=1e-6)
    np.testing.assert_allclose(made.variance[inside], counts[inside] / (1e5 * ARCSEC**2) ** 2, rtol=1e-6)
    np.testing.assert_array_equal(made.footprint, inside)
    assert made.unit == "ph / (cm2 s sr)"
    assert made.shot_noise() == pytest.approx(counts[inside].mean() / 1e10 / ARCSEC**2, rel=1e-6)


def test_observations_are_summed_and_split_by_groups(tmp_path):
    rng = np.random.default_rng(2)
    counts = rng.poisson(5.0, (3, *SHAPE)).astype(np.int32)
    paths = [image(tmp_path / f"c{k}.fits", c) for k, c in enumerate(counts)]
    maps = [write_exposure(tmp_path / f"x{k}.fits", np.full(SHAPE, e), GRID) for k, e in enumerate((1e4, 2e4, 3e4))]
    made = FitsImage(path=paths, exposure=maps, groups=(0, 1, 1)).load(None, Context())
    np.testing.assert_allclose(made.values, counts.sum(axis=0) / (6e4 * GRID.pixel_area), rtol=1e-6)
    np.testing.assert_allclose(made.splits[0], counts[0] / (1e4 * GRID.pixel_area), rtol=1e-6)
    np.testing.assert_allclose(made.splits[1], (counts[1] + counts[2]) / (5e4 * GRID.pixel_area), rtol=1e-6)
    with pytest.warns(UserWarning, match=r"different observations.*does not cancel the sky"):
        FitsImage(path=paths, exposure=maps, groups=(0, 1, 1)).load(None, Context())


def test_what_cannot_be_counts_is_refused(tmp_path):
    exposure = write_exposure(tmp_path / "x.fits", np.full(SHAPE, 1e4), GRID)
    for name, spoiled in (("smooth", 0.5), ("negative", -1.0)):
        values = np.ones(SHAPE)
        values[3, 4] = spoiled
        path = image(tmp_path / f"{name}.fits", values)
        with pytest.raises(DataError, match=rf"1 pixels are negative or no whole number, the first {spoiled:g} at .*\(3, 4\)"):
            FitsImage(path=path, exposure=exposure).load(None, Context())


def test_a_counts_image_without_exposure_knows_its_photon_noise(tmp_path):
    counts = np.random.default_rng(3).poisson(2.0, SHAPE).astype(np.int32)
    made = FitsImage(path=image(tmp_path / "c.fits", counts), unit="ct").load(None, Context())
    assert made.shot_noise() == pytest.approx(counts.mean() * GRID.pixel_area)
    assert made.counts.sum() == counts.sum()


def test_images_are_never_resampled(tmp_path):
    path = image(tmp_path / "i.fits", np.ones(SHAPE), "Jy")
    with pytest.raises(DataError, match=r"i.fits is 30x40 pixels but the grid of the study is 30x41"):
        FitsImage(path=path).load(sky_grid((30, 41)), Context())
    shifted = fits.Header.fromstring(GRID.header)
    shifted["CRPIX1"] += 0.5
    fits.writeto(tmp_path / "s.fits", np.ones(SHAPE), shifted)
    with pytest.raises(DataError, match=r"offset by up to 0\.5 pixels"):
        FitsImage(path=tmp_path / "s.fits", unit="Jy").load(GRID, Context())


def test_an_hdu_is_chosen_by_name_or_number(tmp_path):
    header = fits.Header.fromstring(GRID.header)
    header["BUNIT"] = "Jy"
    hdus = [
        fits.PrimaryHDU(),
        fits.ImageHDU(np.ones(SHAPE), header, name="SCI"),
        fits.ImageHDU(2 * np.ones(SHAPE), header, name="BKG"),
    ]
    fits.HDUList(hdus).writeto(tmp_path / "m.fits")
    for hdu, value in (("", 1), ("BKG", 2), ("2", 2)):
        assert FitsImage(path=tmp_path / "m.fits", hdu=hdu).load(None, Context()).mean == value
    with pytest.raises(DataError, match=r"no HDU 'SIC'; it has 0: PRIMARY, 1: SCI, 2: BKG"):
        FitsImage(path=tmp_path / "m.fits", hdu="SIC").load(None, Context())


def test_wrong_files_and_options(tmp_path):
    with pytest.raises(DataError, match="there is no image file"):
        FitsImage(path=tmp_path / "absent.fits").load(None, Context())
    fits.writeto(tmp_path / "plain.fits", np.ones(SHAPE))
    with pytest.raises(DataError, match=r"plain.fits has no celestial WCS: give pixel = "):
        FitsImage(path=tmp_path / "plain.fits", unit="Jy").load(None, Context())
    made = FitsImage(path=tmp_path / "plain.fits", unit="Jy", pixel="2 arcsec").load(None, Context())
    assert made.geometry.scale == pytest.approx((2 * ARCSEC, 2 * ARCSEC))
    with pytest.raises(DataError, match="2 images but 1 exposure maps"):
        FitsImage(path=["a", "b"], exposure="x")
    with pytest.raises(DataError, match="only be put together as counts with exposure maps"):
        FitsImage(path=["a", "b"])
    with pytest.raises(DataError, match="groups must name a split 0, 1"):
        FitsImage(path=["a", "b"], exposure=["x", "y"], groups=(0, 2))
    fits.writeto(tmp_path / "cube.fits", np.ones((3, *SHAPE)), fits.Header.fromstring(GRID.header))
    with pytest.raises(DataError, match="has 3 dimensions, a map has two"):
        FitsImage(path=tmp_path / "cube.fits", unit="Jy").load(None, Context())
