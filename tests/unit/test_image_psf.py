"""PSF images: orientation, scale, centre, edge, rays; sets of them; and folders in the identity of a task."""

import warnings

import numpy as np
import pytest
from astropy.io import fits

from faintsky.core.band import Band
from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.identity import identity
from faintsky.core.psf import Place
from faintsky.core.registry import make
from faintsky.core.structure import structure, unstructure
from faintsky.core.tabulated_psf import TabulatedPsf
from faintsky.core.units import ARCSEC
from faintsky.models.psfs.image import ImagePSF
from faintsky.models.psfs.image_set import ImageSetPSF
from faintsky.models.psfs.stamp import Stamp


def gaussian(n=61, x0=0.0, y0=0.0, sigma=3.0, stretch=1.0):
    y, x = np.mgrid[:n, :n] - (n - 1) / 2
    return np.exp(-0.5 * (((x - x0) / (stretch * sigma)) ** 2 + ((y - y0) / sigma) ** 2))


def wcs(cdelt1=-0.1, cdelt2=0.1, turn=0.0, **more):
    """A tangent plane with steps [arcsec]; `turn` as CROTA2."""
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": cdelt1 / 3600, "CDELT2": cdelt2 / 3600, "CROTA2": turn}
    header = fits.Header()
    header.update(cards | {"CRVAL1": 20.0, "CRVAL2": 0.0, "CRPIX1": 31.0, "CRPIX2": 31.0} | more)
    return header


def written(path, values, header=None):
    fits.writeto(path, values, header, overwrite=True)
    return path


#: Light with a tail to the west and a smaller one to the north: no turn or mirror image of it is like it.
def handed(west, north, n=61):
    return sum(a * gaussian(n, x0=x, y0=y) for a, x, y in ((1.0, 0, 0), (0.3, 5 * west, 0), (0.15, 0, 7 * north)))


class TestOrientation:
    def test_columns_to_the_west_are_taken_as_they_are(self, tmp_path):
        plain = ImagePSF(path=written(tmp_path / "a.fits", handed(1, 1)), pixel="0.1 arcsec", centre="middle")
        sky = ImagePSF(path=written(tmp_path / "b.fits", handed(1, 1), wcs()), centre="middle")
        for psf in (plain, sky):
            assert psf.density(0.5 * ARCSEC, 0.0) > 1.5 * psf.density(-0.5 * ARCSEC, 0.0)
            assert psf.density(0.0, 0.7 * ARCSEC) > 1.2 * psf.density(0.0, -0.7 * ARCSEC)

    @pytest.mark.parametrize(("cdelt1", "cdelt2"), [(0.1, 0.1), (-0.1, -0.1), (0.1, -0.1)])
    def test_columns_to_the_east_and_rows_to_the_south_are_flipped(self, tmp_path, cdelt1, cdelt2):
        truth = ImagePSF(path=written(tmp_path / "a.fits", handed(1, 1)), pixel="0.1 arcsec", centre="middle")
        values = handed(-np.sign(cdelt1), np.sign(cdelt2))
        found = ImagePSF(path=written(tmp_path / "b.fits", values, wcs(cdelt1, cdelt2)), centre="middle")
        dx, dy = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 300)) * ARCSEC
        np.testing.assert_allclose(found.density(dx, dy), truth.density(dx, dy), rtol=1e-6)
        assert found.lattice is not None

    @pytest.mark.parametrize("cdelt1", [-0.1, 0.1])
    @pytest.mark.parametrize("turn", [90.0, 180.0, 270.0, 25.0])
    def test_turned_images_are_turned_back(self, tmp_path, cdelt1, turn):
        # The WCS itself says where a pixel lies on the sky: the brightest of two blobs, and a fainter one.
        from astropy.coordinates import SkyCoord
        from astropy.wcs import WCS

        header = wcs(cdelt1, turn=turn)
        west, north = 0.6, 0.9
        blob = SkyCoord(20.0 - west / 3600, north / 3600, unit="deg")
        column, row = WCS(header).world_to_pixel(blob)
        values = gaussian() + 0.3 * gaussian(x0=column - 30, y0=row - 30, sigma=1.5)
        psf = ImagePSF(path=written(tmp_path / "t.fits", values, header), centre="middle")
        at = np.array([(west, north), (-west, -north), (-west, north), (north, west)]) * ARCSEC
        density = psf.density(at[:, 0], at[:, 1])
        assert density[0] / psf.density(0.0, 0.0) == pytest.approx(0.3, rel=0.15)  # less what linear interpolation flattens
        assert density[0] > 20 * density[1:].max()
        dx, dy = psf.drawn(20_000, np.random.default_rng(1))
        near = np.hypot(dx - at[0, 0], dy - at[0, 1]) < 0.3 * ARCSEC
        # Of the light 0.3 x (1.5 / 3)^2 / (1 + 0.075) is in the blob, 1 - exp(-2) of it within two sigma; and little else.
        assert near.mean() == pytest.approx(0.075 / 1.075 * (1 - np.exp(-2)), abs=0.015)

    def test_a_table_of_a_turned_image_is_sampled(self, tmp_path):
        psf = ImagePSF(path=written(tmp_path / "t.fits", gaussian(stretch=1.8), wcs(turn=30.0)))
        assert psf.lattice is None
        table = TabulatedPsf.of(psf, Place(), 10.0)
        dx, dy = np.random.default_rng(1).normal(0, 0.4, (2, 500))
        exact = psf.density(dx * ARCSEC, dy * ARCSEC) * ARCSEC**2
        assert np.max(np.abs(table.density(dx, dy, *table.blend(np.ones(500))) - exact)) < 0.01 * exact.max()


class TestScale:
    @pytest.mark.parametrize(
        ("cards", "pixel"),
        [
            ({"CDELT1": 0.2, "CDELT2": 0.2, "CUNIT1": "arcsec"}, 0.2),
            ({"CDELT1P": 0.25, "CDELT2P": 0.25, "INSTRUME": "ACIS"}, 0.123),  # of 0.492 arcsec
            ({"CDELT1P": 1.0, "CDELT2P": 1.0, "INSTRUME": "HRC"}, 0.13175),
        ],
    )
    def test_headers_without_a_sky_wcs_may_tell_the_pixel(self, tmp_path, cards, pixel):
        header = fits.Header()
        header.update(cards)
        psf = ImagePSF(path=written(tmp_path / "p.fits", gaussian(), header))
        assert psf.stamp.pixel == pytest.approx(pixel * ARCSEC, rel=1e-9)

    def test_pixels_that_are_not_square_are_refused(self, tmp_path):
        with pytest.raises(DataError, match=r"are not square: 0\.1 x 0\.2 arcsec"):
            ImagePSF(path=written(tmp_path / "p.fits", gaussian(), wcs(-0.1, 0.2))).encircled(0.0)

    def test_a_core_of_less_than_two_pixels_is_refused(self, tmp_path):
        # The bilinear Gaussian of 1.5 pixels has half of its light within 1.177 sqrt(2.25 + 1/6) = 1.83 pixels; of 1.8, 2.17.
        with pytest.raises(DataError, match=r"radius of half the light over 2 \(0.0915 arcsec\).*use an oversampled image"):
            ImagePSF(path=written(tmp_path / "p.fits", gaussian(sigma=1.5)), pixel="0.1 arcsec").encircled(0.0)
        assert ImagePSF(path=written(tmp_path / "q.fits", gaussian(sigma=1.8)), pixel="0.1 arcsec").encircled(0.0) == 0


class TestCentre:
    def test_an_image_of_two_sources_is_off_centre(self, tmp_path):
        # Moments 6.7 pixels from the brightest; half of the light of the two lies within about 14 / 2 + 1 = 8 of the moment.
        values = gaussian(n=101, x0=0) + 0.5 * gaussian(n=101, x0=40)
        psf = ImagePSF(path=written(tmp_path / "p.fits", values), pixel="0.1 arcsec", max_offset=0.5)
        with pytest.raises(DataError, match=r"off-centre: the moment of its light lies 1.33 arcsec from the brightest pixel"):
            psf.encircled(0.0)

    def test_the_middle_is_refused_where_the_light_is_elsewhere(self, tmp_path):
        path = written(tmp_path / "p.fits", gaussian(x0=6.0))
        with pytest.raises(DataError, match=r"lies 0.6 arcsec from the middle of the image.*centre = 'moment' or 'peak'"):
            ImagePSF(path=path, pixel="0.1 arcsec", centre="middle").encircled(0.0)
        assert ImagePSF(path=path, pixel="0.1 arcsec").encircled(ARCSEC) > 0.9
        assert ImagePSF(path=path, pixel="0.1 arcsec", centre="middle", max_offset=3.0).encircled(ARCSEC) < 0.9


class TestEdge:
    @pytest.mark.parametrize("core", [2.5, 6.0, 12.0])
    def test_light_beyond_the_edge_is_estimated(self, tmp_path, core):
        # A Moffat of slope 2 has pi core^2 of light in all, and falls as r^-4: what the image does not hold is known.
        y, x = np.mgrid[:81, :81] - 40.0
        values = (1 + (x**2 + y**2) / core**2) ** -2
        psf = ImagePSF(path=written(tmp_path / "m.fits", values), pixel="0.1 arcsec")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            missing, power = psf.stamp.missing
        assert power == pytest.approx(4, rel=0.2)
        assert missing == pytest.approx(np.pi * core**2 / values.sum() - 1, rel=0.3)
        said = [str(w.message) for w in caught if issubclass(w.category, FaintskyWarning)]
        assert bool(said) is (core > 5)
        assert all("of the light of the PSF lies outside the image m.fits" in text for text in said)

    def test_a_gaussian_well_inside_has_no_warning(self, tmp_path):
        psf = ImagePSF(path=written(tmp_path / "g.fits", gaussian()), pixel="0.1 arcsec")
        with warnings.catch_warnings():
            warnings.simplefilter("error", FaintskyWarning)
            assert psf.encircled(1.0) == pytest.approx(1, abs=1e-9)


class TestRays:
    def test_counts_tell_their_number(self, tmp_path):
        counts = np.random.default_rng(0).poisson(20 * gaussian())
        whole = ImagePSF(path=written(tmp_path / "c.fits", counts.astype(">i4")), pixel="0.1 arcsec")
        scaled = ImagePSF(path=written(tmp_path / "s.fits", counts / 7123.0), pixel="0.1 arcsec")
        assert whole.counted == scaled.counted == counts.sum()
        smooth = ImagePSF(path=written(tmp_path / "g.fits", gaussian()), pixel="0.1 arcsec")
        assert smooth.counted is None
        assert smooth.resampled(np.random.default_rng(0)) is None
        assert ImagePSF(path=smooth.path, pixel="0.1 arcsec", rays=500).counted == 500

    def test_another_realisation_scatters_as_its_rays_do(self, tmp_path):
        # A share s of N rays has the scatter sqrt(s (1 - s) / N): 400 draws know it to 1 / sqrt(800) = 3.5 %, tested at 4 sigma.
        psf = ImagePSF(path=written(tmp_path / "g.fits", gaussian()), pixel="0.1 arcsec", rays=2000)
        rng = np.random.default_rng(11)
        inside = [float(psf.resampled(rng).values[:30].sum()) for _ in range(400)]
        share = float(psf.stamp.values[:30].sum())
        assert np.mean(inside) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 2000 / 400))
        assert np.std(inside) == pytest.approx(np.sqrt(share * (1 - share) / 2000), rel=0.14)

    def test_it_needs_no_file_and_has_its_own_identity(self, tmp_path):
        psf = ImagePSF(path=written(tmp_path / "g.fits", gaussian()), pixel="0.1 arcsec", rays=2000)
        first, second = (psf.resampled(Context(seed=k).rng()) for k in (1, 2))
        psf.path.unlink()
        assert isinstance(first, Stamp)
        assert first.encircled(ARCSEC) == pytest.approx(1, abs=0.02)
        assert identity(first) != identity(second)
        assert identity(first) == identity(psf.resampled(Context(seed=1).rng()))
        assert TabulatedPsf.of(first, Place(), 5.0) is not TabulatedPsf.of(second, Place(), 5.0)


class TestSet:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "psf"
        for observation, band, sigma in (("7999", "0.5-2", 3.0), ("7999", "2-7", 4.0), ("8478", "0.5-2", 3.5)):
            (folder / "J1000").mkdir(parents=True, exist_ok=True)
            written(folder / "J1000" / f"{observation}_{band}.fits", gaussian(sigma=sigma))
        return folder

    def made(self, folder, **options):
        given = {"pattern": "{source}/{observation}_{band}.fits", "bands": ["0.5-2 keV", "2-7 keV"], "pixel": "0.1 arcsec"}
        return ImageSetPSF(folder=folder, **given | options)

    def test_a_place_chooses_the_image(self, folder):
        psf = self.made(folder)
        assert psf.energies == (1.25, 4.5)
        assert psf.bands == (Band(0.5, 2.0), Band(2.0, 7.0))
        for energy, sigma in ((0.3, 3.0), (1.99, 3.0), (2.0, 4.0), (9.0, 4.0)):
            image = psf.placed(Place(source="J1000", observation="7999", energy=energy))
            assert image.encircled(0.3 * ARCSEC) == pytest.approx(1 - np.exp(-0.5 * 9 / (sigma**2 + 1 / 6)), rel=0.02)

    def test_energies_between_bands_are_interpolated(self, folder):
        table = TabulatedPsf.of(self.made(folder), Place(source="J1000", observation="7999"), 5.0)
        found = table.density(np.zeros(3), np.zeros(3), *table.blend([1.25, 2.875, 4.5]))
        assert found[1] == pytest.approx(0.5 * (found[0] + found[2]), rel=1e-12)
        assert found[0] / found[2] == pytest.approx(16 / 9, rel=0.03)

    def test_a_missing_image_is_named(self, folder):
        with pytest.raises(
            DataError, match=r"no PSF image J1000/8478_2-7.fits \(source 'J1000', observation '8478', 4.5 keV\)"
        ) as error:
            self.made(folder).placed(Place(source="J1000", observation="8478", energy=4.5))
        assert "J1000/7999_0.5-2.fits, J1000/7999_2-7.fits, J1000/8478_0.5-2.fits" in str(error.value)
        with pytest.raises(DataError, match="there is no folder of PSF images"):
            self.made(folder / "no").placed(Place(source="J1000", observation="8478"))

    def test_it_must_be_placed(self, folder):
        for ask in ("density", "encircled", "transfer"):
            with pytest.raises(DataError, match=r"ask placed\(Place"):
                getattr(self.made(folder), ask)(*([0.0] * (2 if ask == "density" else 1)))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"pattern": "{obsid}_{band}.fits"}, r"not \{obsid\}"),
            ({"pattern": "{observation}.fits"}, r"has no \{band\}, but bands are given"),
            ({"bands": []}, r"has a \{band\}, but bands are not given"),
            ({"pattern": "{observation"}, "cannot be read"),
        ],
    )
    def test_patterns_that_cannot_work_are_refused(self, folder, options, message):
        with pytest.raises(DataError, match=message):
            self.made(folder, **options)

    def test_its_folder_is_relative_to_the_study_file_and_counts_by_content(self, folder, tmp_path):
        table = {"folder": "psf", "pattern": "{source}/{observation}_{band}.fits", "bands": ["0.5-2 keV", "2-7 keV"]}
        psf = structure(table, ImageSetPSF, base=tmp_path)
        assert psf.folder == folder.resolve()
        again = {key: value for key, value in unstructure(psf).items() if key != "use"}
        assert structure(again, ImageSetPSF) == psf
        before = identity(psf)
        assert identity(psf) == before
        (folder / ".DS_Store").write_bytes(b"hidden")
        assert identity(psf) == before
        written(folder / "J1000" / "8478_2-7.fits", gaussian(sigma=5.0))
        more = identity(psf)
        written(folder / "J1000" / "8478_2-7.fits", gaussian(sigma=6.0))
        assert len({str(before), str(more), str(identity(psf))}) == 3
        moved = folder.rename(tmp_path / "moved")
        assert identity(structure(table | {"folder": "moved"}, ImageSetPSF, base=tmp_path)) == identity(
            make("psfs", "image-set", folder=moved, pattern=psf.pattern, bands=psf.bands)
        )
