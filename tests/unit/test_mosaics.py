"""Cutouts of mosaics: pixels, units, errors, PSFs, and bad input."""

import warnings

import mosaic_files
import numpy as np
import pytest
from astropy.io import fits
from mosaic_files import FLUX, NOISE, PLACES, SHAPE, mosaic
from scipy.signal import fftconvolve

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.registry import make
from faintsky.core.structure import Defects, structure, unstructure
from faintsky.plugins.cutouts.fits_image import FitsImage
from faintsky.plugins.cutouts.flux_unit import microjansky
from faintsky.plugins.cutouts.mosaic_band import MosaicBand
from faintsky.plugins.cutouts.mosaics import Mosaics
from faintsky.plugins.cutouts.psf_file import read_psf

CTX = Context()


@pytest.fixture
def files(tmp_path):
    return tmp_path, mosaic_files.write(tmp_path)


def mosaics(files, bands=None, **options) -> Mosaics:
    folder, own = files
    columns = {"name": "id", "z_spec": "zspec", "log_nh": "nh"}
    catalogue = make("catalogues", "table", path=folder / "agn.ecsv", columns=columns)
    return make("cutouts", "mosaics", bands=own if bands is None else bands, catalogue=catalogue, size="1.8 arcsec", **options)


def changed(files, band="F277W", **options):
    """The bands, one of them with other options."""
    own = files[1]
    kept = {
        name: getattr(own[band], name)
        for name in MosaicBand.__annotations__
        if getattr(own[band], name) is not None and name not in options
    }
    return {**own, band: MosaicBand(**kept, **{name: value for name, value in options.items() if value is not None})}


def rewritten(path, change, hdu=0):
    """The file with its pixels and header changed in place."""
    with fits.open(path) as hdus:
        kept = [each.copy() for each in hdus]
    change(kept[hdu])
    fits.HDUList(kept).writeto(path, overwrite=True)


def test_targets_come_from_the_catalogue(files):
    targets = mosaics(files).targets(CTX)
    assert targets["name"].tolist() == ["cid_1", "cid_2", "cid_3"]
    np.testing.assert_array_equal(targets["z_spec"], [1.5, np.nan, 1.5])
    np.testing.assert_array_equal(targets["log_nh"], 22.5)
    assert "log_lbol" not in targets.columns


def test_a_cutout_holds_the_pixels_about_its_target(files):
    cutout = mosaics(files).cutout("cid_2", CTX)
    # 1.8 arcsec are 60 pixels: 61, with the target in the middle one.
    assert cutout.images.grid.shape == (61, 61)
    x, y = PLACES[1]
    row, column = round(y) - 30, round(x) - 30
    assert (cutout.x, cutout.y) == pytest.approx((x - column, y - row), abs=1e-6)
    for band in FLUX:
        np.testing.assert_allclose(
            cutout.images[band].values, mosaic(band)[row : row + 61, column : column + 61], rtol=1e-6, atol=1e-8
        )
    np.testing.assert_allclose(cutout.images["F115W"].sigma, NOISE["F115W"], rtol=1e-6)
    red = cutout.images["F277W"]
    assert red.psf.oversampling == 2
    np.testing.assert_allclose(red.psf.error, 0.01 * red.psf.values, rtol=1e-12)
    assert red.bandpass.name == "F277W"
    assert red.wavelength == pytest.approx(2.77, abs=0.1)


def test_weights_gain_the_poisson_noise_of_sources(files):
    red = mosaics(files).cutout("cid_1", CTX).images["F277W"]
    # 1000 s times 500 electrons/s for 1 MJy/sr: electrons for 1 uJy in a pixel.
    electrons = 1000 * 500 / (mosaic_files.grid().pixel_area * 1e12)
    peak = FLUX["F277W"] / (2 * np.pi * mosaic_files.WIDTH["F277W"] ** 2)
    assert red.sigma[30, 30] ** 2 == pytest.approx(NOISE["F277W"] ** 2 + peak / electrons, rel=0.1)
    # Blank sky: half of the mean of nine pixels, where it is positive, is left of the noise.
    assert np.median(red.sigma[:15, :15]) == pytest.approx(NOISE["F277W"], rel=0.02)
    with pytest.warns(FaintskyWarning, match="no exposure is given for F277W: its errors are without the Poisson noise"):
        plain = mosaics(files, changed(files, exposure=None)).cutout("cid_1", CTX).images["F277W"]
    np.testing.assert_allclose(plain.sigma, NOISE["F277W"], rtol=1e-6)


def test_a_map_of_exposures_masks_what_was_not_exposed(files):
    exposure = np.full(SHAPE, 1000.0)
    exposure[:, 95:] = 0
    fits.writeto(files[0] / "exp.fits", exposure)
    bands = changed(files, exposure=None, exposure_map=files[0] / "exp.fits")
    red = mosaics(files, bands).cutout("cid_1", CTX).images["F277W"]
    whole = mosaics(files).cutout("cid_1", CTX).images["F277W"]
    assert np.isinf(red.sigma[:, 25:]).all()
    np.testing.assert_allclose(red.sigma[:, :20], whole.sigma[:, :20], rtol=0.1)


def test_nan_pixels_and_the_sky_beyond_the_edge_are_masked(files):
    def holes(hdu):
        hdu.data[85:88, 95] = np.nan

    rewritten(files[0] / "f115w.fits", holes)
    image = mosaics(files).cutout("cid_1", CTX).images["F115W"]
    assert np.isinf(image.sigma[25:28, 25]).all()
    assert np.isfinite(image.sigma).sum() == 61 * 61 - 3
    np.testing.assert_array_equal(image.values[25:28, 25], 0)
    # The third target stands 20.5 pixels from the right edge.
    third = mosaics(files).cutout("cid_3", CTX)
    assert third.images.grid.shape == (61, 61)
    assert np.isinf(third.images["F277W"].sigma[:, 51:]).all()
    assert np.isfinite(third.images["F277W"].sigma[:, :51]).all()
    assert not third.images["F277W"].values[:, 51:].any()


def test_only_the_pixels_of_a_cutout_are_read(files, monkeypatch):
    seen = []
    section = fits.hdu.image.Section.__getitem__

    def counted(self, key):
        found = section(self, key)
        seen.append(found.size)
        return found

    monkeypatch.setattr(fits.hdu.image.Section, "__getitem__", counted)
    mosaics(files).cutout("cid_1", CTX)
    # Image and errors of two bands; astropy reads them row by row.
    assert sorted(seen)[-5:] == [61, *[61 * 61] * 4]
    image = FitsImage.of(files[0] / "f115w.fits")
    assert image is FitsImage.of(files[0] / "f115w.fits")
    assert np.isnan(image.section(-70, 0, (61, 61))).all()


def test_targets_outside_of_a_mosaic_are_left_out_and_told(files):
    mosaic_files.write_catalogue(files[0] / "agn.ecsv", [*PLACES, (500.0, 90.0), (100.0, -3.0)])
    with pytest.warns(FaintskyWarning) as told:
        assert len(mosaics(files).targets(CTX)) == 3
    assert [str(each.message) for each in told] == [
        f"2 of 5 targets lie outside of the mosaic of {band} and are left out: cid_4, cid_5" for band in FLUX
    ]
    with pytest.raises(DataError, match="cid_4 lies outside of the mosaic of F115W"):
        mosaics(files).cutout("cid_4", CTX)
    with pytest.raises(DataError, match=r"no target is called 'cid_11'. Did you mean 'cid_1'"):
        mosaics(files).cutout("cid_11", CTX)
    (files[0] / "far.csv").write_text("id,ra,dec\nfar,330.0,-2.0\n")
    far = make("catalogues", "table", path=files[0] / "far.csv", columns={"name": "id"})
    with pytest.raises(DataError, match="far lies outside of the mosaic of F115W"):
        make("cutouts", "mosaics", bands=files[1], catalogue=far).cutout("far", CTX)
    mosaic_files.write_catalogue(files[0] / "agn.ecsv", [(500.0, 90.0)])
    with (
        pytest.warns(FaintskyWarning, match="1 of 1"),
        pytest.raises(DataError, match="no target lies inside of all mosaics"),
    ):
        mosaics(files).targets(CTX)


def test_names_are_those_of_files_and_of_one_source(files):
    from astropy.table import Table

    table = Table.read(files[0] / "agn.ecsv")
    table["id"] = ["one", "one", "two"]
    table.write(files[0] / "agn.ecsv", overwrite=True)
    with pytest.raises(DataError, match="2 sources called 'one'"):
        mosaics(files).targets(CTX)
    table["id"] = ["a/b", "one", "two"]
    table.write(files[0] / "agn.ecsv", overwrite=True)
    with pytest.raises(DataError, match="not 'a/b'"):
        mosaics(files).targets(CTX)


def test_mosaics_of_another_size_on_the_same_pixels_are_cut_alike(files):
    """F115W cut to a part of the field: its first pixel is (30, 20) of the other mosaic."""
    whole = mosaics(files).cutout("cid_1", CTX)

    def cut(hdu):
        hdu.data = hdu.data[20:, 30:]
        for key, by in (("CRPIX1", 30), ("CRPIX2", 20)):
            hdu.header[key] -= by

    for name in ("f115w.fits", "f115w_err.fits"):
        rewritten(files[0] / name, cut)
    part = mosaics(files).cutout("cid_1", CTX)
    assert (part.x, part.y) == pytest.approx((whole.x, whole.y), abs=1e-6)
    for band in FLUX:
        np.testing.assert_array_equal(part.images[band].values, whole.images[band].values)


def test_bands_on_other_pixels_are_refused(files):
    def shifted(hdu):
        hdu.header["CRPIX1"] += 0.3

    rewritten(files[0] / "f277w.fits", shifted, 1)
    with pytest.raises(DataError, match=r"F115W and F277W are offset by up to 0\.3 pixels .* Resample one of the mosaics first"):
        mosaics(files).cutout("cid_1", CTX)

    def scaled(hdu):
        hdu.header["CRPIX1"] -= 0.3
        for key in ("CDELT1", "CDELT2"):
            hdu.header[key] *= 5 / 3

    rewritten(files[0] / "f277w.fits", scaled, 1)
    with pytest.raises(DataError, match=r"0\.03 x 0\.03 arcsec but those of F277W 0\.05 x 0\.05 arcsec. Resample"):
        mosaics(files).cutout("cid_1", CTX)


def test_maps_of_another_size_than_their_image_are_refused(files):
    fits.writeto(files[0] / "f115w_err.fits", np.ones((200, 200)), overwrite=True)
    with pytest.raises(DataError, match=r"f115w_err.fits \(sigma\) has 200 x 200 pixels, f115w.fits 240 x 200"):
        mosaics(files).cutout("cid_1", CTX)


def test_a_missing_psf_is_refused_before_anything_is_read(files):
    with pytest.raises(DataError, match="no PSF is given for F277W: psf = file"):
        mosaics(files, changed(files, psf=None))
    folder = files[0] / "psfs"
    folder.mkdir()
    (files[0] / "f115w_psf.fits").rename(folder / "cid_1.fits")
    each = mosaics(files, changed(files, "F115W", psf=folder))
    assert each.cutout("cid_1", CTX).images["F115W"].psf.values.shape == (31, 31)
    with pytest.raises(DataError, match=r"there is no PSF file .*cid_2.fits"):
        each.cutout("cid_2", CTX)


def test_psfs_that_are_not_normalised_or_centred_are_refused_or_mended(files, tmp_path):
    star = mosaic_files.spot(1.5, 20, 14, (31, 33))
    fits.writeto(tmp_path / "psf.fits", star)
    with pytest.raises(DataError, match=r"psf.fits: the light of the PSF is centred 4\.1. image pixels .* recentre = true"):
        read_psf(tmp_path / "psf.fits")
    mended = read_psf(tmp_path / "psf.fits", recentre=True)
    assert np.hypot(*(np.array(mended.centroid) - mended.middle)) < 0.5
    fits.writeto(tmp_path / "bright.fits", 7 * mosaic_files.spot(1.5, 15, 15, (31, 31)))
    with pytest.raises(DataError, match=r"bright.fits: the PSF sums to 7, not 1.*normalise = true"):
        read_psf(tmp_path / "bright.fits")
    assert read_psf(tmp_path / "bright.fits", normalise=True).values.sum() == pytest.approx(1, abs=1e-12)
    star[0, 0] = np.nan
    fits.writeto(tmp_path / "nan.fits", star)
    with pytest.raises(DataError, match=r"nan.fits: 1 pixels of the PSF are not finite"):
        read_psf(tmp_path / "nan.fits", normalise=True, recentre=True)
    fits.writeto(tmp_path / "cube.fits", np.zeros((6, 31, 31)))
    with pytest.raises(DataError, match=r"no image of two dimensions. Of a model of PSFEx"):
        read_psf(tmp_path / "cube.fits")
    bands = changed(files, "F115W", psf=tmp_path / "bright.fits")
    with pytest.raises(DataError, match="the PSF sums to 7"):
        mosaics(files, bands).cutout("cid_1", CTX)


def test_wrong_weights_are_told_and_mended(files):
    def halved(hdu):
        hdu.data = hdu.data / 4

    rewritten(files[0] / "f277w.fits", halved, 2)
    with pytest.warns(FaintskyWarning, match=r"errors of F277W do not fit its sky: the scatter of the sky is 0\.(49|5|51) times"):
        wrong = mosaics(files).cutout("cid_1", CTX).images["F277W"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right = mosaics(files, rescale=True).cutout("cid_1", CTX).images["F277W"]
    assert np.median(wrong.sigma) == pytest.approx(2 * NOISE["F277W"], rel=0.02)
    assert np.median(right.sigma) == pytest.approx(NOISE["F277W"], rel=0.06)


def test_the_correlation_of_drizzled_noise_comes_with_the_image(files):
    blur = np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25])
    smooth = fftconvolve(np.random.default_rng(8).normal(0, NOISE["F115W"], (202, 242)), blur, mode="valid")

    def resampled(hdu):
        hdu.data = smooth.astype(np.float32)

    rewritten(files[0] / "f115w.fits", resampled)
    image = mosaics(files, rescale=True, correlation=5).cutout("cid_1", CTX).images["F115W"]
    assert np.median(image.sigma) == pytest.approx(0.375 * NOISE["F115W"], rel=0.06)
    truth = fftconvolve(blur, blur) / (blur**2).sum()
    # 3700 pixels, correlated over some 7: 0.04 a lag.
    np.testing.assert_allclose(image.correlation, truth, atol=0.13)
    with pytest.warns(FaintskyWarning, match="noise of neighbouring pixels is correlated"):
        assert mosaics(files, correlation=0).cutout("cid_1", CTX).images["F115W"].correlation is None


def test_a_background_is_taken_from_the_sky_about_a_target(files):
    def raised(hdu):
        hdu.data = hdu.data + np.float32(0.3)

    plain = mosaics(files).cutout("cid_1", CTX).images["F115W"]
    rewritten(files[0] / "f115w.fits", raised)
    local = mosaics(files, background="local").cutout("cid_1", CTX).images["F115W"]
    # 3000 pixels of sky tell its median to 0.0002 uJy.
    np.testing.assert_allclose(local.values, plain.values, atol=0.001)


def test_a_band_that_did_not_see_the_target_has_no_errors(files):
    def dark(hdu):
        hdu.data[:, 40:180] = 0

    rewritten(files[0] / "f277w.fits", dark, 2)
    with pytest.warns(FaintskyWarning) as told:
        image = mosaics(files).cutout("cid_1", CTX).images["F277W"]
    assert np.isinf(image.sigma).all()
    assert any("F277W has no usable pixel about cid_1" in str(each.message) for each in told)


@pytest.mark.parametrize(
    ("header", "options", "wanted"),
    [
        ({"BUNIT": "MJy/sr"}, {}, 1e12 * 2e-14),
        ({"BUNIT": "uJy"}, {}, 1.0),
        ({"BUNIT": "10.0*nanoJansky"}, {}, 0.01),
        ({"BUNIT": "nJy/pixel"}, {}, 1e-3),
        ({}, {"unit": "Jy"}, 1e6),
        ({"BUNIT": "ELECTRONS/S"}, {"zero_point": 25.0}, 10 ** (-0.4 * (25.0 - ab_magnitude(1.0)))),
        # AB zero point of HST images: -2.5 log PHOTFLAM - 5 log PHOTPLAM - 2.408 (STScI, from the definition of AB); the HST
        # image of psfMC in F125W has these keywords: 26.23 mag.
        (
            {"BUNIT": "ELECTRONS/S", "PHOTFLAM": 2.2483504e-20, "PHOTPLAM": 12486.069},
            {},
            10 ** (-0.4 * (26.2303 - ab_magnitude(1))),
        ),
    ],
)
def test_units_become_microjansky(header, options, wanted):
    assert microjansky(header, 2e-14, "an image", **options) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({}, "it has no BUNIT"),
        ({"BUNIT": "ELECTRONS/S"}, "its unit is 'ELECTRONS/S' without PHOTFLAM and PHOTPLAM"),
        ({"BUNIT": "ELECTRONS", "PHOTFLAM": 1e-20, "PHOTPLAM": 1e4}, "its unit is 'ELECTRONS'"),
        ({"BUNIT": "DN/s"}, "its unit is 'DN/s' without"),
    ],
)
def test_an_unknown_flux_scale_is_refused_with_the_choices(header, said):
    with pytest.raises(DataError, match=f"the flux scale of an image is not known: {said}.*Give zero_point .* or unit"):
        microjansky(header, 2e-14, "an image")


def test_bands_refuse_options_that_exclude_each_other(files):
    folder = files[0]
    image = folder / "f115w.fits"
    with pytest.raises(DataError, match="neither sigma nor weight is given"):
        MosaicBand(image=image)
    with pytest.raises(DataError, match="both sigma and weight"):
        MosaicBand(image=image, sigma=image, weight=image)
    with pytest.raises(DataError, match="sigma holds the Poisson noise already"):
        MosaicBand(image=image, sigma=image, exposure="100 s")
    with pytest.raises(DataError, match="both exposure and exposure_map"):
        MosaicBand(image=image, weight=image, exposure="100 s", exposure_map=image)
    with pytest.raises(DataError, match="no band is given"):
        mosaics(files, {})
    with pytest.raises(DataError, match="odd side, not 4"):
        mosaics(files, correlation=4)


def test_images_without_a_place_on_the_sky_are_refused(files):
    fits.writeto(files[0] / "f115w.fits", mosaic("F115W"), overwrite=True)
    with pytest.raises(DataError, match=r"f115w.fits has no celestial WCS"):
        mosaics(files).cutout("cid_1", CTX)
    with pytest.raises(DataError, match="there is no image file"):
        FitsImage.of(files[0] / "none.fits")

    def distorted(hdu):
        header = mosaic_files.grid().wcs.to_header()
        header["CTYPE1"], header["CTYPE2"] = "RA---TAN-SIP", "DEC--TAN-SIP"
        header.update({"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-6, "B_0_2": 1e-6})
        hdu.header.update(header)

    rewritten(files[0] / "f115w.fits", distorted)
    with pytest.raises(DataError, match=r"has a distortion \(SIP\)"):
        mosaics(files).cutout("cid_1", CTX)


def test_bands_are_tables_of_a_study_file(files):
    folder, _ = files
    made = mosaics(files)
    table = unstructure(made)
    assert table["bands"]["F277W"]["exposure"] == "1000.0 s"
    table.pop("use")
    assert structure(table, Mosaics) == made
    band = {"image": "f115w.fits", "sigma": "f115w_err.fits", "psf": "f115w_psf.fits", "exposre": "100 s"}
    with pytest.raises(Defects) as error:
        structure({"bands": {"F115W": band}, "catalogue": {"use": "table", "path": "agn.ecsv"}}, Mosaics, folder)
    assert [(each.path, "Did you mean 'exposure'" in each.message) for each in error.value.found] == [
        (("bands", "F115W", "exposre"), True)
    ]
    band.pop("exposre")
    found = structure({"bands": {"F115W": band}, "catalogue": {"use": "table", "path": "agn.ecsv"}}, Mosaics, folder)
    assert found.bands["F115W"].image == folder / "f115w.fits"
    # Targets without names are called after their places: J of hours and degrees.
    assert all(name.startswith("J1000") for name in found.targets(CTX)["name"])


def test_a_real_hst_image(real_data, tmp_path):
    """WFC3 F125W of the quasar SDSS J0005-0006: units, weights, Poisson noise and star PSF as their files hold them."""
    folder = real_data / "imaging_psf"
    if not (folder / "psfmc_sci_J0005-0006.fits").exists():
        pytest.skip("the HST image of psfMC (imaging_psf) is absent")
    (tmp_path / "f125w.dat").write_text("1.10 0\n1.11 1\n1.39 1\n1.40 0\n")
    band = MosaicBand(
        image=folder / "psfmc_sci_J0005-0006.fits", weight=folder / "psfmc_ivm_J0005-0006.fits", exposure="10447 s",
        psf=folder / "psfmc_sci_psf.fits", normalise=True, curve=tmp_path / "f125w.dat", curve_unit="um",
    )  # fmt: skip
    ra, dec = FitsImage.of(band.image).wcs.wcs_pix2world(64.0, 64.0, 0)
    (tmp_path / "agn.csv").write_text(f"name,ra,dec,z_spec\nJ0005-0006,{ra},{dec},5.85\n")
    catalogue = make("catalogues", "table", path=tmp_path / "agn.csv", columns={"name": "name", "z_spec": "z_spec"})
    options = {"bands": {"F125W": band}, "catalogue": catalogue, "size": "7 arcsec"}
    with pytest.warns(FaintskyWarning, match="the errors of F125W do not fit its sky: the scatter of the sky is 0.4"):
        stated = make("cutouts", "mosaics", **options).cutout("J0005-0006", CTX)
    image = make("cutouts", "mosaics", **options, rescale=True).cutout("J0005-0006", CTX).images["F125W"]
    # z = 5.85, z_AB = 20.8 in F125W (psfMC's README names the quasar): a circle of 1 arcsec holds most of its light.
    y, x = np.indices(image.values.shape)
    near = np.hypot(x - stated.x, y - stated.y) < 1 / (stated.images.grid.scale[0] * 206264.8)
    assert 19.0 < ab_magnitude(image.values[near].sum()) < 22.0
    sky = image.sigma[:20, :20]
    assert np.median(sky) == pytest.approx(0.45 * np.median(stated.images["F125W"].sigma[:20, :20]), rel=0.2)
    # The core of the quasar: its Poisson noise exceeds that of the sky.
    peak = np.unravel_index(image.values.argmax(), image.values.shape)
    assert image.sigma[peak] > 2 * np.median(sky)
    assert image.psf.values.shape == (64, 64)
