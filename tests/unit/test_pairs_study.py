"""The study ``pairs``: what is fitted together, colours of field galaxies, fractions of others; files that cannot be used."""

import numpy as np
import pytest

from faintsky.core.bandpass import Bandpass
from faintsky.core.catalogue import Catalogue
from faintsky.core.errors import DataError, StudyError
from faintsky.core.grid import Grid
from faintsky.core.image_set import BandImage, ImageSet
from faintsky.core.study_file import load_study
from faintsky.estimators.companions.blended_scene import blended_scene
from faintsky.estimators.companions.cuts import PairCuts
from faintsky.estimators.companions.segment_photometry import segment_photometry
from faintsky.estimators.pairs.compared_fractions import given_fractions, simulated_fractions

SHAPE = (120, 160)


def images(**more):
    """Two bands of constant brightness, 1 and 3 uJy per pixel, with errors of 0.1."""
    bands = {}
    for name, low, high, level in (("F150W", 1.33, 1.67, 1.0), ("F277W", 2.4, 3.1, 3.0)):
        bands[name] = BandImage(
            values=np.full(SHAPE, level), sigma=np.full(SHAPE, 0.1), bandpass=Bandpass.box(name, low, high), **more
        )
    return ImageSet(bands=bands, grid=Grid.tangential((150.0, 2.0), SHAPE, "0.03 arcsec"))


def labelled():
    """AGN (0), a companion 30 pixels away (1), a star touching the companion (2), and a galaxy far away (3)."""
    labels = np.zeros(SHAPE, dtype=np.int32)
    labels[50:61, 50:61] = 1
    labels[50:61, 80:91] = 2
    labels[50:61, 92:97] = 3
    labels[10:15, 130:141] = 4
    x, y = np.array([55.0, 85.0, 94.0, 135.0]), np.array([55.0, 55.0, 55.0, 12.0])
    columns = {
        "name": np.arange(4).astype(str), "x": x, "y": y, "x_peak": x, "y_peak": y, "a": [3.0, 3.0, 1.5, 3.0],
        "b": [2.0, 3.0, 1.5, 1.0], "theta": np.zeros(4), "half_radius": [4.0, 3.0, np.nan, 2.0],
        "flux": [100.0, 50.0, 20.0, 10.0], "auto_flux": [110.0, 50.0, np.nan, 30.0], "point_like": [1.0, 0.0, 1.0, 0.0],
    }  # fmt: skip
    return labels, Catalogue(columns={name: np.asarray(column) for name, column in columns.items()})


def test_a_scene_holds_the_agn_its_companions_and_what_touches_them():
    labels, sources = labelled()
    blend = blended_scene(images(), labels, sources, 0, [1])
    found = {source.name: source for source in blend.scene.sources}
    assert set(found) == {"0", "1", "2"}
    # The AGN is galaxy and point although it looks like a point; a star is a point only.
    assert (found["0"].galaxy, found["0"].point) == (True, True)
    assert (found["1"].galaxy, found["1"].point) == (True, False)
    assert (found["2"].galaxy, found["2"].point) == (False, True)
    # Places move with the part that is cut out.
    assert found["1"].x + blend.x0 == 85
    assert found["1"].y + blend.y0 == 55
    assert found["0"].ellipticity == pytest.approx(1 - 2 / 3)
    assert blend.images.grid.shape == blend.images["F277W"].values.shape


def test_a_source_that_touches_nothing_is_masked_and_alone_the_agn_is_fitted_alone():
    labels, sources = labelled()
    labels[50:61, 70:76] = 4  # the far galaxy stands between AGN and companion, touching neither
    blend = blended_scene(images(), labels, sources, 0, [])
    assert [source.name for source in blend.scene.sources] == ["0"]
    masked = np.isinf(blend.images["F150W"].sigma)
    assert masked[55 - blend.y0, 72 - blend.x0]
    assert not masked[55 - blend.y0, 55 - blend.x0]
    with pytest.raises(DataError, match="not all among 4 sources"):
        blended_scene(images(), labels, sources, 0, [7])


def test_a_part_is_no_longer_than_it_may_be():
    labels, sources = labelled()
    assert max(blended_scene(images(), labels, sources, 0, [1, 3], largest=50).images.grid.shape) == 50


def test_colours_are_those_of_the_segments_and_fluxes_those_of_the_reference():
    labels, sources = labelled()
    found = segment_photometry(images(), labels, sources)
    # 121 pixels of 1 and 3 uJy, times auto over isophotal flux; errors 0.1 sqrt(121), scaled alike.
    np.testing.assert_allclose(found.flux[0], [121 * 1.1, 363 * 1.1])
    np.testing.assert_allclose(found.error[0], 1.1 * 1.1)
    # Without a Kron flux the isophotal one stands.
    np.testing.assert_allclose(found.flux[2], [55.0, 165.0])
    correlation = np.full((3, 3), 0.5)
    correlation[1, 1] = 1.0
    wide = segment_photometry(images(correlation=correlation), labels, sources)
    # The sum of the correlation is 5.
    np.testing.assert_allclose(wide.error / found.error, np.sqrt(5.0))


def test_a_masked_pixel_takes_the_flux_of_its_source_in_that_band():
    labels, sources = labelled()
    some = images()
    sigma = np.array(some["F150W"].sigma)
    sigma[55, 55] = np.inf
    bands = {
        "F150W": BandImage(values=some["F150W"].values, sigma=sigma, bandpass=some["F150W"].bandpass),
        "F277W": some["F277W"],
    }
    found = segment_photometry(ImageSet(bands=bands, grid=some.grid), labels, sources)
    assert np.isnan(found.flux[0, 0])
    assert np.isfinite(found.flux[0, 1])
    assert np.isfinite(found.flux[1:]).all()


def test_sections_of_an_image_set_keep_their_place_on_the_sky():
    some = images()
    part = some.section(slice(10, 30), slice(20, 60))
    assert part.grid.shape == (20, 40)
    np.testing.assert_allclose(part.grid.wcs.wcs_pix2world(0, 0, 0), some.grid.wcs.wcs_pix2world(20, 10, 0))
    assert some.nearest_to(2.0) == "F150W" or some.nearest_to(2.0) == "F277W"
    assert some.nearest_to(5.0) == "F277W"
    where = np.zeros(SHAPE, dtype=bool)
    where[3, 4] = True
    assert np.isinf(some.masked(where)["F150W"].sigma).sum() == 1


def test_fractions_of_others_are_read_with_or_without_errors():
    table = Catalogue(
        columns={"name": np.array(["a", "b"]), "what": np.array(["pair", "dual"]), "z": [1.0, 2.0], "fraction": [0.1, 0.2]}
    )
    found = given_fractions(table)
    assert [other.what for other in found] == ["pair", "dual"]
    assert np.isnan(found[0].low)
    wrong = Catalogue(columns={**table.columns, "what": np.array(["pair", "duals"])})
    with pytest.raises(DataError, match=r"'duals': fractions are of 'pair' or 'dual'\. Did you mean 'dual'"):
        given_fractions(wrong)
    with pytest.raises(DataError, match="no column 'what'"):
        given_fractions(Catalogue(columns={"name": np.array(["a"]), "z": [1.0], "fraction": [0.1]}))


def test_a_simulation_passes_the_same_cuts_and_limits():
    agn = Catalogue(columns={"redshift": np.full(10, 1.5), "log_lbol": np.r_[np.full(8, 45.0), 43.0, 43.5]})
    pairs = Catalogue(
        columns={
            "agn": np.array(["a", "a", "b", "c", "d", "e"]),
            "redshift": np.full(6, 1.5),
            # The third is too far, the fourth too light, the fifth too faint.
            "separation": [5.0, 9.0, 16.0, 5.0, 5.0, 5.0],
            "log_mass": [10.5, 10.4, 10.5, 9.0, 10.5, 10.5],
            "host_log_mass": np.full(6, 10.6),
            "log_lbol": [45.0, 45.0, 45.0, 45.0, 43.0, 45.0],
            "companion_log_lbol": [43.5, 42.0, 44.0, 44.0, 44.0, np.nan],
        }
    )
    found = simulated_fractions("box", agn, pairs, PairCuts(), [1.0, 2.0, 3.0], np.array([44.0, np.nan]))
    # AGN a (twice, counted once) and e of the eight above the limit; the companion of a within one dex of it. None beyond z = 2.
    assert [(other.what, other.fraction) for other in found] == [("pair", 2 / 8), ("dual", 1 / 8)]
    assert all(other.low < other.fraction < other.high for other in found)


TEXT = """
study = "pairs"
cosmologies = { use = "flat", h0 = 70.0, omega_m0 = 0.3 }
sed_libraries = "analytic"
[cutouts]
use = "simulated"
cosmology = { use = "flat", h0 = 70.0, omega_m0 = 0.3 }
[photo_z]
use = "templates"
library = "analytic"
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("cosmologies = {", "# {"), "cosmologies"),
        (('sed_libraries = "analytic"', 'sed_libraries = "analytics"'), "Did you mean 'analytic'"),
        (("[photo_z]", "[fractions]\nedges = [2.0, 1.0]\n[photo_z]"), "the edges of redshift bins must increase"),
        (("[photo_z]", "[cuts]\nmax_separation = 15\n[photo_z]"), "unit"),
        (("[photo_z]", '[dissection]\nsecond_points = "bicc"\n[photo_z]'), "bic"),
    ],
    ids=["no-cosmology", "unknown-library", "edges", "no-unit", "choice"],
)
def test_a_study_file_that_cannot_be_used_is_told_before_anything_runs(change, said):
    load_study(TEXT)
    with pytest.raises(StudyError, match=said):
        load_study(TEXT.replace(*change))
