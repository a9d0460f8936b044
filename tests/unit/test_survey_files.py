"""Surveys from files: images and tables as they are met, and what is refused."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from faintsky.core.context import Context
from faintsky.core.errors import DataError, FaintskyWarning
from faintsky.core.grid import Grid
from faintsky.core.luminosity_integrals import integrate
from faintsky.core.registry import make
from faintsky.core.structure import structure
from faintsky.core.survey_set import SurveySet
from faintsky.core.units import ARCSEC
from faintsky.models.conversions.kappa import kappa_grid
from faintsky.models.conversions.power_law_flux import power_law_conversion
from faintsky.models.conversions.rate_conversion import rate_conversion
from faintsky.plugins.surveys.density_file import read_densities
from faintsky.plugins.surveys.images import Images
from faintsky.plugins.surveys.table import SampleTable

SHAPE = (30, 40)
FLAT = make("cosmologies", "flat", h0=70, omega_m0=0.3)
KING = make("psfs", "king", core="1 arcsec", slope=1.5)
DETECTOR = make(
    "responses", "effective-area", energy=(0.3, 1.5, 4.0, 8.0), area=(20.0, 500.0, 300.0, 60.0), step="0.02 keV", epoch="a test"
)


@pytest.fixture
def image(tmp_path):
    """Writes an image on the grid of the test; returns its path."""

    def written(name, values, unit="", shift=0.0):
        header = Grid.tangential((150.0 + shift, 2.0), SHAPE, 2 * ARCSEC).wcs.to_header()
        if unit:
            header["BUNIT"] = unit
        path = tmp_path / f"{name}.fits"
        fits.writeto(path, np.broadcast_to(values, SHAPE).astype(np.float32), header, overwrite=True)
        return path

    return written


def survey(image, counts=1.0, exposure=3e7, unit="cm2 s", **options):
    files = {"counts": {"soft": image("soft", counts)}, "exposure": {"soft": image("exposure", exposure, unit)}}
    return make("imaging_surveys", "images", **({**files, "psf": KING} | options))


def test_images_are_read(image):
    values = np.zeros(SHAPE)
    values[3, 4] = 7
    found = survey(image, values, name="a field", background={"soft": image("background", 0.2)}).load(Context())
    assert found.name == "a field"
    assert found["soft"].counts[3, 4] == 7
    assert found["soft"].counts.sum() == 7
    assert found["soft"].exposure.max() == np.float32(3e7)
    assert str(found["soft"].band) == "0.5-2 keV"
    np.testing.assert_allclose(found["soft"].background, 0.2, rtol=1e-6)
    assert found.galaxies is None


def test_the_footprint_leaves_out_low_exposure_masks_stars_and_what_is_not_finite(image):
    exposure = np.full(SHAPE, 3e7)
    exposure[:, 0] = 2e6
    counts = np.ones(SHAPE)
    counts[5, 5] = np.nan
    mask, stars = np.ones(SHAPE), np.zeros(SHAPE)
    mask[0] = 0
    stars[10:12, 10:12] = 1
    found = survey(image, counts, exposure, mask=image("mask", mask), star_mask=image("stars", stars)).load(Context())["soft"]
    expected = np.ones(SHAPE, dtype=bool)
    expected[:, 0] = expected[0] = expected[5, 5] = expected[10:12, 10:12] = False
    np.testing.assert_array_equal(found.footprint, expected)


def test_psf_radii_of_a_component_enclose_their_fraction(image):
    # King of slope 3/2: 1 - (1 + r^2)^-1/2 = p at r = sqrt((1 - p)^-2 - 1) core radii.
    radii = survey(image).load(Context())["soft"].psf.radii
    for eef, radius in radii.items():
        assert float(radius) == pytest.approx(np.sqrt((1 - eef) ** -2 - 1) * ARCSEC, rel=1e-6)


@pytest.mark.parametrize(("unit", "given", "radius"), [("arcsec", "", 3.0), ("", "pixel", 6.0), ("", "arcsec", 3.0)])
def test_psf_radii_of_maps_have_a_unit(image, unit, given, radius):
    values = np.full(SHAPE, 3.0)
    values[:, 0] = np.nan
    exposure = np.full(SHAPE, 3e7)
    exposure[:, 0] = 0
    made = survey(image, 1.0, exposure, psf=None, psf_radii={"0.7": image("r70", values, unit)}, psf_unit=given)
    found = made.load(Context())["soft"].psf
    np.testing.assert_allclose(found.radius(0.7), radius * ARCSEC, rtol=1e-6)


def test_exposure_in_seconds_needs_the_effective_area(image):
    with pytest.raises(DataError, match=r"is in s, a time alone.*effective_area = \{ soft"):
        survey(image, 1.0, 1e5, "s").load(Context())
    found = survey(image, 1.0, 100.0, "ks", effective_area={"soft": 300.0}).load(Context())
    np.testing.assert_allclose(found["soft"].exposure, 3e7, rtol=1e-6)
    with pytest.raises(DataError, match="holds the effective area already"):
        survey(image, effective_area={"soft": 300.0}).load(Context())
    with pytest.raises(DataError, match="does not say its unit"):
        survey(image, unit="").load(Context())


def test_images_that_cannot_be_are_refused(image):
    with pytest.raises(DataError, match=r"no counts image: 0\.5 is no whole number"):
        survey(image, 0.5).load(Context())
    with pytest.raises(DataError, match="negative counts"):
        survey(image, -1.0).load(Context())
    with pytest.raises(DataError, match="leave no pixel"):
        survey(image, mask=image("mask", 0.0)).load(Context())
    with pytest.raises(DataError, match="0, negative or not finite"):
        survey(image, background={"soft": image("background", 0.0)}).load(Context())
    with pytest.raises(DataError, match=r"r70.fits inside the footprint are not positive"):
        survey(image, psf=None, psf_radii={"0.7": image("r70", 0.0, "arcsec")}).load(Context())
    with pytest.raises(DataError, match="offset by up to"):
        survey(image, mask=image("mask", 1.0, shift=0.01)).load(Context())
    with pytest.raises(DataError, match="is 0 everywhere"):
        survey(image, exposure=0.0).load(Context())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"background": {"sfot": "b.fits"}}, "Did you mean 'soft'"),
        ({"psf": None}, "give the PSF once"),
        ({"psf_radii": {"0.7": "r.fits"}}, "give the PSF once"),
        ({"psf": None, "psf_radii": {"70": "r.fits"}}, "enclosed fraction"),
        ({"bands": {"full": "0.5-7 keV"}}, "the energies of soft are not known"),
    ],
)
def test_options_of_images_are_checked(image, options, said):
    with pytest.raises(DataError, match=said):
        survey(image, **options)
    with pytest.raises(DataError, match="counts images by band"):
        make("imaging_surveys", "images", counts={}, exposure={}, psf=KING)
    with pytest.raises(DataError, match="no exposure map is given for soft"):
        make("imaging_surveys", "images", counts={"soft": "soft.fits"}, exposure={"hard": "hard.fits"}, psf=KING)


def test_images_of_a_study_file(image, tmp_path):
    image("soft", 1.0)
    image("exposure", 3e7, "cm2 s")
    table = {
        "counts": {"soft": "soft.fits"}, "exposure": {"soft": "exposure.fits"}, "mask": "soft.fits",
        "psf": {"use": "king", "core": "1 arcsec"}, "bands": {"soft": "0.5-2 keV"},
    }  # fmt: skip
    assert structure(table, Images, base=tmp_path).load(Context())["soft"].area > 0


FLUXES = np.array([3e-15, 2e-14, 5e-14, 8e-15])


@pytest.fixture
def sample(tmp_path):
    """A reader of a small table; columns and options can be replaced."""

    def made(columns=None, area=None, **options):
        table = Table({"flux": FLUXES, "z": [0.5, 1.0, -99.0, 2.0], "kind": [1, 2, 2, 1]} | (columns or {}))
        table.write(tmp_path / "sources.ecsv", overwrite=True)
        curve = area or {"flux": [1e-15, 1e-14, 1e-13], "area": [0.0, 0.6, 1.0]}
        Table(curve).write(tmp_path / "area.csv", overwrite=True)
        said = {
            "path": tmp_path / "sources.ecsv", "brightness": "flux", "band": "2-10 keV", "area": tmp_path / "area.csv",
            "cosmology": FLAT,
        }  # fmt: skip
        return make("source_samples", "table", **(said | options))

    return made


def test_a_missing_redshift_is_nan_with_a_warning(sample):
    with pytest.warns(FaintskyWarning, match="1 of 4 sources of sources have no redshift: they are kept"):
        found = sample().load(Context())
    np.testing.assert_array_equal(np.isnan(found.z), [False, False, True, False])
    np.testing.assert_allclose(found.log_x, np.log10(FLUXES))
    assert found.name == "sources"
    assert not found.spectroscopic.any()


def test_flags_tell_what_a_redshift_is(sample):
    columns = {"kind": [1, 2, -99, 5], "z": [0.5, 1.0, 1.0, 1.0]}
    with pytest.warns(FaintskyWarning, match=r"2 of 4 sources .* \(flag -99, 5\) and are dropped"):
        found = sample(columns, flag="kind").load(Context())
    np.testing.assert_array_equal(found.spectroscopic, [True, False])
    np.testing.assert_allclose(found.log_x, np.log10(FLUXES[:2]))


@pytest.mark.filterwarnings("ignore:[14] of")
def test_rows_are_selected_by_text_or_number(sample):
    columns = {"field": ["deep ", "wide", "wide", "deep"]}
    assert len(sample(columns, select={"FIELD": "deep"}).load(Context())) == 2
    assert len(sample(columns, select={"field": "wide", "kind": "2"}).load(Context())) == 2
    with pytest.raises(DataError, match=r"field of sources.ecsv is nowhere 'dep'. Did you mean 'deep'\?"):
        sample(columns, select={"field": "dep"}).load(Context())
    with pytest.raises(DataError, match="no column 'feild'"):
        sample(columns, select={"feild": "deep"}).load(Context())
    with pytest.raises(DataError, match="no source of"):
        sample({"kind": [3, 3, 3, 3]}, flag="kind").load(Context())


@pytest.mark.filterwarnings("ignore:1 of")
def test_units_of_brightness(sample):
    # 1e-14 erg s^-1 cm^-2 is 1e-17 W m^-2; log10 needs no unit; a negative flux has no logarithm.
    as_column = sample({"flux": FLUXES * 1e-3 * u.Unit("W / m2")}).load(Context())
    named = sample({"flux": FLUXES * 1e14}, unit="1e-14 erg / (s cm2)").load(Context())
    logs = sample({"flux": np.log10(FLUXES)}, log=True).load(Context())
    for found in (as_column, named, logs):
        np.testing.assert_allclose(found.log_x, np.log10(FLUXES))
    negative = sample({"flux": np.array([-1e-15, 1e-15, 1e-15, 1e-15])}).load(Context())
    assert np.isnan(negative.log_x[0])


@pytest.mark.filterwarnings("ignore:1 of")
def test_area_curves_that_fall_are_refused_or_mended(sample):
    falling = {"log_flux": [-15.0, -14.0, -14.0, -13.5, -13.0], "area": [0.1, 0.4, 0.3, 0.5, 0.45]}
    with pytest.raises(DataError, match=r"falls, or repeats a brightness, after row 1 .*area_falls = 'isotonic'"):
        sample(area=falling, area_log=True).load(Context())
    curve = sample(area=falling, area_log=True, area_falls="isotonic").load(Context()).area
    # Means of repeated points, and of the last two, which fall.
    np.testing.assert_allclose(curve.log_x, [-15, -14, -13.5, -13])
    np.testing.assert_allclose(curve.area, [0.1, 0.35, 0.475, 0.475])
    with pytest.raises(DataError, match="area_log = true"):
        sample(area=falling).load(Context())
    several = sample()
    doubled = sample(area_columns=("flux", "area")).__class__(
        path=several.path, brightness="flux", band="2-10 keV", area=(several.area[0], several.area[0]), cosmology=FLAT
    )
    assert doubled.load(Context()).area.total == pytest.approx(2.0)


@pytest.mark.filterwarnings("ignore:1 of")
def test_photometry_of_a_table(sample):
    columns = {"T": [10, 20, 30, 40], "b": [1.0, 2.0, 3.0, 4.0], "texp": [3e7, 3e7, 3e7, 3e7], "H": [1, 2, 3, 4]}
    said = {"counts": "T", "background": "b", "exposure": "texp", "eef": "0.7"}
    found = sample(columns, **said, others={"hard": ("H", "b", "texp")}).load(Context())
    np.testing.assert_array_equal(found.photometry.counts, [10, 20, 30, 40])
    np.testing.assert_array_equal(found.others["hard"].counts, [1, 2, 3, 4])
    np.testing.assert_allclose(found.photometry.eef, 0.7)
    with pytest.raises(DataError, match="counts are whole numbers, never net"):
        sample(columns | {"T": [10.2, 20, 30, 40]}, **said).load(Context())
    with pytest.raises(DataError, match="needs all of counts"):
        sample(columns, counts="T")
    # Without a column of brightness the rate is that of the counts, equation 1 of Barlow-Hall & Aird.
    rates = sample(
        columns, **said, brightness="", quantity="rate", spectrum=make("spectra", "zpowerlaw"), response=DETECTOR,
        band="0.5-7 keV", area={"rate": [1e-8, 1e-6], "area": [0.0, 1.0]},
    ).load(Context())  # fmt: skip
    np.testing.assert_allclose(rates.log_x, np.log10(np.array([9, 18, 27, 36]) / (0.7 * 3e7)))
    assert rates.conversion.quantity == rates.area.quantity == "rate"


@pytest.mark.filterwarnings("ignore:1 of")
def test_densities_need_their_grid(sample, tmp_path):
    z = np.linspace(0, 4, 41)
    rows = np.full((4, 41), 1 / 4.0)
    np.save(tmp_path / "pdf.npy", rows)
    with pytest.raises(DataError, match=r"pdf.npy have no grid: give pdf_z"):
        sample(pdf=tmp_path / "pdf.npy")
    found = sample(flag="kind", pdf=tmp_path / "pdf.npy", pdf_z=(0.0, 4.0, 41)).load(Context())
    np.testing.assert_allclose(found.redshifts.below(1.0), [1.0, 0.25, 0.25, 0.0], atol=1e-6)
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "pdf.hdf5", "w") as file:
        file["data/yvals"] = rows
        file["meta/xvals"] = z[None, :]
    again = sample(flag="kind", pdf=tmp_path / "pdf.hdf5").load(Context())
    np.testing.assert_allclose(again.redshifts.cdf, found.redshifts.cdf)
    np.save(tmp_path / "short.npy", rows[:3])
    with pytest.raises(DataError, match=r"short.npy holds 3 densities, sources.ecsv 4 sources"):
        sample(pdf=tmp_path / "short.npy", pdf_z=tuple(z)).load(Context())


def test_densities_of_rail_are_read(real_data):
    found = read_densities(real_data / "photoz_pdf" / "output_BPZ_lite.hdf5", (), "density")
    assert len(found) == 10
    np.testing.assert_allclose(found.mass, 1.0, atol=0.05)


@pytest.mark.filterwarnings("ignore:1 of")
def test_options_of_tables_are_checked(sample):
    with pytest.raises(DataError, match="by a spectrum and a response"):
        sample(quantity="rate")
    with pytest.raises(DataError, match="quantity is 'flux'"):
        sample(response=DETECTOR)
    with pytest.raises(DataError, match="name the column of the brightness"):
        sample(brightness="")
    with pytest.raises(DataError, match="no column 'flx'"):
        sample(brightness="flx").load(Context())


@pytest.mark.filterwarnings("ignore:1 of")
def test_conversions_are_those_of_the_models(sample):
    # Plugins import no models, so that the reader converts by itself: it must say the same.
    flux = sample(photon_index=1.7, rest_band="2-10 keV", band="5-10 keV").load(Context()).conversion
    z = np.array([0.01, 0.3, 2.0, 7.0])
    np.testing.assert_allclose(flux.at(z), power_law_conversion(1.7, "5-10 keV", "2-10 keV", FLAT).at(z), atol=1e-5)
    spectrum = make("spectra", "formula", formula="zwabs * zpowerlaw", fixed={"zwabs.nh": 3.0, "zpowerlaw.photon_index": 1.9})
    said = {"quantity": "rate", "spectrum": spectrum, "response": DETECTOR, "band": "0.5-7 keV"}
    rate = sample(**said, area={"rate": [1e-8, 1e-6], "area": [0.0, 1.0]}).load(Context()).conversion
    grid = kappa_grid(
        spectrum, DETECTOR.load(Context()), z=np.expm1(np.linspace(0.005, 2.3, 300)), bands=[rate.band], cosmology=FLAT
    )
    np.testing.assert_allclose(rate.at(z), rate_conversion(grid, rate.band, FLAT).at(z), atol=2e-4)


#: Sources with redshift between 0.01 and 4 and log L between 41 and 46, and what the published function expects of them: the note
#: on luminosity functions, section 6. The area curves of MAXI and LH were read off figures.
FOTOPOULOU = {
    "MAXI": (22, 21.0), "HBSS": (62, 60.4), "XMM_COSMOS": (112, 98.9), "LH": (88, 111.6), "XMM_CDFS": (26, 16.7),
    "AEGIS": (239, 271.9), "Chandra_COSMOS": (342, 322.2), "Chandra_CDFS": (190, 187.9),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*are dropped; the area stays")
def test_the_sample_of_fotopoulou_and_others(real_data):
    folder = real_data / "xlf" / "fotopoulou2016"
    model = make("luminosity_functions", "fotopoulou16", published="fotopoulou16")
    samples = {}
    for survey_name, (number, expected) in FOTOPOULOU.items():
        made = SampleTable(
            path=folder / "catalogue_5_10keV.csv", select={"survey": survey_name}, brightness="flux_5_10", z="redshift",
            flag="zflag", band="5-10 keV", rest_band="5-10 keV", area=folder / f"area_{survey_name}.csv", area_log=True,
            area_falls="isotonic" if survey_name in ("MAXI", "LH") else "refuse", cosmology=FLAT,
        )  # fmt: skip
        sample = made.load(Context())
        log_l = sample.log_l()
        used = (sample.z > 0.01) & (sample.z < 4) & (log_l > 41) & (log_l < 46)
        assert used.sum() == number, survey_name
        n_mdl = float(integrate(model, log_l=(41, 46), z=(0.01, 4.0), weight=sample.area_at, cosmology=FLAT, nodes=200))
        # 0.1 is the last digit of the note; the curve of LH repeats brightnesses, which it interpolated in another way.
        assert n_mdl == pytest.approx(expected, abs=0.15 if survey_name != "LH" else 0.3), survey_name
        samples[survey_name] = sample.select(used)
    together = SurveySet(samples=samples)
    together.check(model)
    assert len(together) == 1081
    n_mdl = float(integrate(model, log_l=(41, 46), z=(0.01, 4.0), weight=together.area_at, cosmology=FLAT, nodes=200))
    assert n_mdl == pytest.approx(1090.7, abs=1.0)


def test_flags_without_a_redshift_are_counted(real_data):
    folder = real_data / "xlf" / "fotopoulou2016"
    made = SampleTable(
        path=folder / "catalogue_5_10keV.csv", select={"survey": "Chandra_COSMOS"}, brightness="flux_5_10", z="redshift",
        flag="zflag", band="5-10 keV", rest_band="5-10 keV", area=folder / "area_Chandra_COSMOS.csv", area_log=True,
        cosmology=FLAT,
    )  # fmt: skip
    with pytest.warns(FaintskyWarning, match=r"13 of 357 sources .* \(flag -99\)"):
        sample = made.load(Context())
    assert sample.spectroscopic.sum() == 257
