"""SACC files hold spectra, windows and covariances without loss."""

import attrs
import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError, PluginError
from faintsky.core.map import Map
from faintsky.core.registry import make
from faintsky.estimators.bandpowers.beam import deconvolved
from faintsky.estimators.bandpowers.joint_covariance import joint_covariance
from faintsky.plugins.sacc_file import read_covariance, read_sacc, write_sacc


@pytest.fixture(scope="module")
def spectra():
    rng = np.random.default_rng(1)
    keep = (rng.random((48, 48)) > 0.2).astype(float)
    sky = rng.standard_normal((48, 48))
    maps = {n: Map.from_array(sky + rng.standard_normal((48, 48)), "5 arcsec", weight=keep, unit="s") for n in ("a", "b")}
    bins, _ = Bins.log("12 arcsec", "200 arcsec", per_decade=4).fitted(maps["a"].geometry)
    estimator = make("power_spectra", "decoupled")
    pairs = {"a": ("a", "a"), "b": ("b", "b"), "a x b": ("a", "b")}
    return {
        name: attrs.evolve(estimator.estimate(maps[x], maps[y], bins, Context()), names=(x, y), shot=0.5 if x == y else None)
        for name, (x, y) in pairs.items()
    }


def test_spectra_come_back_as_they_were(spectra, tmp_path):
    pytest.importorskip("sacc", reason="needs the extra sacc")
    joint = joint_covariance(spectra)
    write_sacc(spectra, tmp_path / "s.sacc", covariance=joint, meta={"study": "test"})
    again = read_sacc(tmp_path / "s.sacc")
    assert list(again) == list(spectra)
    for name, s in spectra.items():
        r = again[name]
        for key in ("edges", "q", "modes", "power", "pseudo"):
            np.testing.assert_array_equal(getattr(r, key), getattr(s, key), err_msg=key)
        np.testing.assert_allclose(r.covariance, s.covariance, rtol=1e-14)
        np.testing.assert_array_equal(r.window.q, s.window.q)
        np.testing.assert_array_equal(r.window.matrix, s.window.matrix)
        assert (r.names, r.unit, r.f_sky, r.shot, r.beam, r.flags) == (s.names, s.unit, s.f_sky, s.shot, s.beam, dict(s.flags))
        np.testing.assert_array_equal(r.auto, s.auto)
    np.testing.assert_allclose(read_covariance(tmp_path / "s.sacc"), joint, rtol=1e-14)


def test_each_spectrum_has_its_own_covariance_by_default(spectra, tmp_path):
    pytest.importorskip("sacc", reason="needs the extra sacc")
    write_sacc(spectra, tmp_path / "s.sacc")
    n = len(spectra["a"].power)
    found = read_covariance(tmp_path / "s.sacc")
    np.testing.assert_allclose(found[:n, :n], spectra["a"].covariance, rtol=1e-14)
    assert np.all(found[:n, n:] == 0)
    with pytest.raises(DataError, match=r"covariance has the shape \(2, 2\)"):
        write_sacc(spectra, tmp_path / "s.sacc", covariance=np.eye(2))


def test_bins_that_a_beam_left_nothing_of_stay_unknown(spectra, tmp_path):
    pytest.importorskip("sacc", reason="needs the extra sacc")
    beam = make("psfs", "gaussian", sigma="8 arcsec")
    lost = deconvolved(spectra["a"], (beam, beam))
    assert np.isnan(lost.power).any()
    write_sacc({"a": lost}, tmp_path / "s.sacc")
    again = read_sacc(tmp_path / "s.sacc")["a"]
    np.testing.assert_array_equal(again.power, lost.power)
    np.testing.assert_array_equal(np.isnan(again.error), np.isnan(lost.error))
    assert again.beam == "deconvolved"
    assert again.flags["below_beam"] == lost.flags["below_beam"]


def test_files_of_others_are_refused(tmp_path):
    sacc = pytest.importorskip("sacc", reason="needs the extra sacc")
    other = sacc.Sacc()
    other.add_tracer("Misc", "x")
    other.add_ell_cl("cl_00", "x", "x", np.array([10.0, 20.0]), np.array([1.0, 2.0]))
    other.add_covariance(np.eye(2))
    other.save_fits(str(tmp_path / "other.sacc"))
    with pytest.raises(DataError, match=r"other\.sacc was not written by faintsky: the format does not hold the edges"):
        read_sacc(tmp_path / "other.sacc")
    (tmp_path / "text.sacc").write_text("no fits")
    with pytest.raises(DataError, match=r"text\.sacc is no SACC file"):
        read_sacc(tmp_path / "text.sacc")
    with pytest.raises(DataError, match="there is no file"):
        read_sacc(tmp_path / "none.sacc")


def test_without_the_package_the_install_line_is_said(spectra, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sacc", None)
    with pytest.raises(PluginError, match=r"pip install 'faintsky\[sacc\]'"):
        write_sacc(spectra, tmp_path / "s.sacc")
