"""The plasma model reads AtomDB's files, and nothing takes their place."""

from itertools import pairwise

import numpy as np
import pytest
from atomdb_files import LEVELS, write_atomdb

from faintsky.core.errors import DataError, MissingFileError
from faintsky.core.parameter import at
from faintsky.plugins.spectra.apec import Apec

#: Hydrogen and helium fall linearly from 1.5e-16 at 0.01 keV to 6e-17 at 10 keV; iron with its weak lines is flat until there.
LIGHT_SLOPE, LIGHT_START, IRON = -9e-17 / 9.99, 1.5e-16, 1.2e-17


def light(low, high):
    return LIGHT_START * (high - low) + 0.5 * LIGHT_SLOPE * ((high - 0.01) ** 2 - (low - 0.01) ** 2)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    line, coco = write_atomdb(tmp_path_factory.mktemp("atomdb"))
    return {"line": line, "coco": coco}


def test_continua_are_integrated_exactly(files):
    found = Apec(**files, kt=0.5).photon_flux([2.0, 3.0, 5.0])
    np.testing.assert_allclose(found, [1e14 * (light(2, 3) + IRON), 1e14 * (light(3, 5) + 2 * IRON)], rtol=2e-6)


def test_continua_end_where_the_files_end(files):
    # Both fall linearly to 0 at 100 keV.
    found = Apec(**files, kt=0.5).photon_flux([10.0, 100.0, 500.0])
    np.testing.assert_allclose(found, [1e14 * 0.5 * 90 * (6e-17 + IRON), 0.0], rtol=2e-6)


def test_lines_stand_in_their_bins(files):
    edges = np.array([0.9, 0.99, 1.01, 1.1])
    found = Apec(**files, kt=0.5).photon_flux(edges)
    smooth = np.array([1e14 * (light(a, b) + IRON * (b - a)) for a, b in pairwise(edges)])
    np.testing.assert_allclose(found - smooth, [0, 2e-3, 0], atol=3e-9)


def test_redshift_moves_lines_and_dilutes_in_time(files):
    edges = np.linspace(0.303, 7.003, 671)
    shifted = Apec(**files, kt=0.5, redshift=1.5).photon_flux(edges)
    np.testing.assert_allclose(shifted, Apec(**files, kt=0.5).photon_flux(edges * 2.5) / 2.5, rtol=1e-12)
    assert edges[np.argmax(shifted)] <= 6.7 / 2.5 < edges[np.argmax(shifted) + 1]


def test_abundance_scales_what_is_heavier_than_helium(files):
    edges = np.array([0.95, 1.05, 2.0])
    none, one, two = (Apec(**files, kt=0.5, abundance=a).photon_flux(edges) for a in (0.0, 1.0, 2.0))
    np.testing.assert_allclose(none, [1e14 * light(0.95, 1.05), 1e14 * light(1.05, 2.0)], rtol=2e-6)
    np.testing.assert_allclose(two - one, one - none, rtol=1e-9)
    np.testing.assert_allclose(one - none, [1e14 * (2e-17 + 0.1 * IRON), 1e14 * 0.95 * IRON], rtol=2e-6)


@pytest.mark.parametrize(("kt", "level"), [(0.5, 1.0), (0.75, 2.0), (1.0, 3.0), (1.2, 3.2), (2.0, 4.0)])
def test_emissivities_are_linear_in_temperature(files, kt, level):
    edges = np.geomspace(0.3, 10.0, 40)
    np.testing.assert_allclose(
        Apec(**files, kt=kt).photon_flux(edges), level / LEVELS[0] * Apec(**files, kt=0.5).photon_flux(edges), rtol=1e-6
    )


def test_rows_are_alike_one_by_one_and_together(files):
    model = Apec(**files)
    theta = np.array([[0.6, 1e-3], [1.7, 2e-3], [0.6, 5e-3]])
    edges = np.geomspace(0.3, 10.0, 40)
    together = at(model, theta).photon_flux(edges)
    np.testing.assert_allclose(together, [at(model, row).photon_flux(edges) for row in theta], rtol=1e-12)


@pytest.mark.parametrize("kt", [0.4, 2.1])
def test_a_temperature_that_the_files_lack_is_refused(files, kt):
    with pytest.raises(DataError, match=rf"coco.fits holds kT from 0.5 to 2 keV, and {kt} keV is wanted"):
        Apec(**files, kt=kt).photon_flux([1.0, 2.0])


def test_without_files_it_says_which_and_where_and_gives_nothing_else():
    model = Apec()
    with pytest.raises(MissingFileError, match=r"apec_v3.0.9_line.fits.*apec_v3.0.9_coco.fits.*atomdb.org"):
        model.photon_flux([1.0, 2.0])


def test_a_file_that_is_not_there_is_named(files, tmp_path):
    with pytest.raises(MissingFileError, match=r"there is no file .*nowhere_line.fits"):
        Apec(line=tmp_path / "nowhere_line.fits", coco=files["coco"]).photon_flux([1.0, 2.0])


def test_files_of_two_versions_are_no_pair(files, tmp_path):
    _, other = write_atomdb(tmp_path, temperatures=(0.5, 1.5, 2.0))
    with pytest.raises(DataError, match="hold different temperatures"):
        Apec(line=files["line"], coco=other).photon_flux([1.0, 2.0])


def test_files_of_ions_out_of_equilibrium_are_refused(tmp_path):
    line, coco = write_atomdb(tmp_path, ion=3)
    with pytest.raises(DataError, match="continua of ions, not of elements in equilibrium"):
        Apec(line=line, coco=coco).photon_flux([1.0, 2.0])


def test_files_given_the_wrong_way_round_are_refused(files):
    with pytest.raises(DataError, match="has no column LAMBDA"):
        Apec(line=files["coco"], coco=files["line"]).photon_flux([1.0, 2.0])
