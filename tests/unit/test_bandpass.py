"""Bandpasses from texts, and against sedpy."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from faintsky.core.bandpass import BOXES, Bandpass
from faintsky.core.errors import DataError

CURVES = {
    "F814W": "acs_wfc_f814w", "F115W": "jwst_f115w", "F150W": "jwst_f150w", "F277W": "jwst_f277w", "F444W": "jwst_f444w"
}  # fmt: skip


def test_a_box_has_its_pivot_in_closed_form():
    # sqrt((b^2 - a^2) / (2 ln(b / a))) of a box from a to b.
    assert Bandpass.box("b", 1.0, 2.0).pivot == pytest.approx(np.sqrt(3 / 2 / np.log(2)), rel=1e-12)


@pytest.mark.parametrize("name", BOXES)
def test_boxes_have_pivot_and_width_of_the_curves_of_sedpy(name):
    pytest.importorskip("sedpy")
    curve, box = Bandpass.parse(f"sedpy:{CURVES[name]}"), Bandpass.parse(name)
    assert curve.name == CURVES[name]
    assert box.pivot == pytest.approx(curve.pivot, rel=2e-3)
    t = curve.transmission
    width = np.sum(0.5 * (t[1:] + t[:-1]) * np.diff(curve.wavelength)) / t.max()
    assert np.ptp(box.wavelength) == pytest.approx(width, rel=1e-4)


@pytest.mark.parametrize("curve", CURVES.values())
def test_pivots_and_fluxes_are_those_of_sedpy(curve):
    observate = pytest.importorskip("sedpy.observate")
    ours, theirs = Bandpass.parse(f"sedpy:{curve}", name="b"), observate.Filter(curve)
    assert ours.name == "b"
    assert ours.pivot == pytest.approx(theirs.wave_pivot * 1e-4, rel=1e-5)
    # A photon counter sees f = int f_nu T dlambda / lambda / int T dlambda / lambda; a red spectrum f_nu ~ lambda^2.
    x = np.geomspace(0.5, 6, 4000)
    f_nu = x**2
    ab_maggies = float(ours.weights(x) @ f_nu)
    f_lambda = 1e-29 * f_nu * 2.99792458e18 / (1e4 * x) ** 2  # uJy to erg/s/cm2/Angstrom
    assert ab_maggies == pytest.approx(10 ** (-0.4 * (theirs.ab_mag(1e4 * x, f_lambda) - 23.9)), rel=1e-3)


def test_weights_are_the_mean_of_a_photon_counter():
    # Of f_nu = lambda in a box: int dlambda / int dlambda / lambda = (b - a) / ln(b / a).
    x = np.linspace(0.5, 3, 2000)
    assert Bandpass.box("b", 1.0, 2.0).weights(x) @ x == pytest.approx(1 / np.log(2), rel=1e-6)


def test_files_of_numbers_need_a_unit(tmp_path):
    path = tmp_path / "curve.dat"
    np.savetxt(path, [[20000, 0.0], [15000, 0.8], [10000, 0.0]])
    with pytest.raises(DataError, match="have no unit, and none is guessed"):
        Bandpass.parse(str(path))
    found = Bandpass.parse(f"{path} [Angstrom]")
    assert found.name == "curve"
    np.testing.assert_allclose(found.wavelength, [1.0, 1.5, 2.0])
    np.testing.assert_allclose(found.transmission, [0, 0.8, 0])
    np.testing.assert_allclose(Bandpass.parse(f"{path} [nm]").wavelength, [10, 15, 20])
    with pytest.raises(DataError, match="another dimension"):
        Bandpass.parse(f"{path} [Jy]")


def test_ecsv_files_bring_their_unit(tmp_path):
    path = tmp_path / "i.ecsv"
    Table({"lam": [700, 800, 900] * u.nm, "t": [0.0, 1.0, 0.0]}).write(path)
    np.testing.assert_allclose(Bandpass.parse(str(path), name="i").wavelength, [0.7, 0.8, 0.9])
    Table({"lam": [700, 800, 900], "t": [0.0, 1.0, 0.0]}).write(path, overwrite=True)
    with pytest.raises(DataError, match="have no unit"):
        Bandpass.parse(str(path))
    Table({"lam": [700, 800, 900] * u.nm}).write(path, overwrite=True)
    with pytest.raises(DataError, match="has no two columns"):
        Bandpass.parse(str(path))


def test_names_that_are_not_known_get_the_nearest(tmp_path):
    with pytest.raises(DataError, match=r"no built-in bandpass\. Did you mean 'F444W'\?"):
        Bandpass.parse("f444w")
    pytest.importorskip("sedpy")
    with pytest.raises(DataError, match=r"no filter 'jwst_f44w'\. Did you mean 'jwst_f444w'"):
        Bandpass.parse("sedpy:jwst_f44w")
    (tmp_path / "t.txt").write_text("one two\n")
    with pytest.raises(DataError, match="no table of numbers"):
        Bandpass.parse(f"{tmp_path / 't.txt'} [um]")
