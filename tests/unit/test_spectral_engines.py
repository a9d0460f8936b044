"""Models of sherpa and XSPEC: evaluated in our bins, with parameters that are known only at run time; missed with advice."""

import sys
from types import ModuleType, SimpleNamespace

import attrs
import numpy as np
import pytest

from faintsky.core.errors import DataError, PluginError
from faintsky.core.parameter import at, free_parameters, with_values
from faintsky.core.prior import Uniform
from faintsky.core.registry import make
from faintsky.models.spectra.powerlaw import PowerLaw
from faintsky.plugins.spectra import xspec_model
from faintsky.plugins.spectra.one_by_one import one_by_one

EDGES = np.geomspace(0.3, 12, 300)


@pytest.fixture
def sherpa():
    return pytest.importorskip("sherpa", reason="needs the extra sherpa")


def test_combinations_are_evaluated_one_by_one():
    found = one_by_one(
        lambda v: np.array([v["a"], v["b"]]), {"a": np.arange(3.0).reshape(3, 1, 1), "b": np.array([[5.0], [6.0]])}
    )
    np.testing.assert_array_equal(found[..., 0], [[0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(found[..., 1], [[5, 6]] * 3)
    np.testing.assert_array_equal(one_by_one(lambda v: np.array([v["a"], 1.0]), {"a": 2.0}), [2, 1])


@pytest.mark.parametrize("gamma", [0.0, 1.0, 1.7, 2.0])
def test_a_power_law_of_sherpa_is_ours(sherpa, gamma):
    theirs = make("spectra", "sherpa", model="PowLaw1D", values={"gamma": gamma, "ampl": 2e-4})
    assert theirs.additive
    np.testing.assert_allclose(theirs.photon_flux(EDGES), PowerLaw(photon_index=gamma, norm=2e-4).photon_flux(EDGES), rtol=1e-10)


def test_a_factor_of_sherpa_multiplies(sherpa):
    scale = make("spectra", "sherpa", model="scale1d", values={"c0": 2.5})
    assert not scale.additive
    law = PowerLaw(photon_index=1.7, norm=2e-4)
    np.testing.assert_allclose((scale * law).photon_flux(EDGES), 2.5 * law.photon_flux(EDGES), rtol=1e-12)
    with pytest.raises(DataError, match="is a factor and cannot be added"):
        scale + law


def test_parameters_of_sherpa_are_held_until_a_study_frees_them(sherpa):
    held = make("spectra", "sherpa", model="powlaw1d", values={"ampl": 2e-4})
    assert free_parameters(held) == ()
    free = attrs.evolve(held, priors={"gamma": Uniform(low=0.0, high=3.0)})
    assert [p.name for p in free_parameters(free)] == ["gamma"]
    slopes = np.array([[1.2], [2.3]])
    np.testing.assert_allclose(
        at(free, slopes).photon_flux(EDGES), PowerLaw(photon_index=slopes, norm=2e-4).photon_flux(EDGES), rtol=1e-10
    )
    pairs = with_values(held, {"gamma": slopes.reshape(2, 1, 1), "ampl": np.array([[1.0], [2.0], [3.0]])}).photon_flux(EDGES)
    assert pairs.shape == (2, 3, len(EDGES) - 1)
    np.testing.assert_allclose(pairs[1, 2], PowerLaw(photon_index=2.3, norm=3.0).photon_flux(EDGES), rtol=1e-10)


def test_what_sherpa_does_not_know_is_said(sherpa):
    with pytest.raises(DataError, match=r"sherpa has no model 'powlaw2d'.*Did you mean 'powlaw1d'"):
        make("spectra", "sherpa", model="powlaw2d")
    with pytest.raises(DataError, match=r"powlaw1d has no parameter 'gama'. Did you mean 'gamma'"):
        make("spectra", "sherpa", model="powlaw1d", values={"gama": 1.0})
    with pytest.raises(DataError, match="gamma of sherpa's powlaw1d can only lie between"):
        make("spectra", "sherpa", model="powlaw1d", fixed={"gamma": 1e99})


def test_without_sherpa_the_line_that_installs_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sherpa", None)
    with pytest.raises(PluginError, match=r"pip install 'faintsky\[sherpa\]'"):
        make("spectra", "sherpa", model="powlaw1d")
    source = make("responses", "sherpa", arf=tmp_path / "a.arf", rmf=tmp_path / "a.rmf", epoch="any")
    from faintsky.core.context import Context

    with pytest.raises(PluginError, match=r"pip install 'faintsky\[sherpa\]'"):
        source.load(Context())


class _Parameter:
    def __init__(self, *values):
        self._values = list(values)

    @property
    def values(self):
        return self._values

    @values.setter
    def values(self, value):
        self._values[0] = value


class _Model:
    """wabs*powerlaw of a stand-in for XSPEC, without the absorption."""

    def __init__(self, expression):
        if expression != "wabs*powerlaw":
            raise Exception("unknown component")
        self.componentNames = ["wabs", "powerlaw"]
        self.wabs = SimpleNamespace(parameterNames=["nH"], nH=_Parameter(1, 1e-3, 0, 0, 1e5, 1e6))
        self.powerlaw = SimpleNamespace(
            parameterNames=["PhoIndex", "norm"],
            PhoIndex=_Parameter(1, 0.01, -3, -2, 9, 10),
            norm=_Parameter(1, 0.01, 0, 0, 1e20, 1e24),
        )

    def values(self, spectrum):
        assert spectrum == 0
        law = PowerLaw(photon_index=self.powerlaw.PhoIndex.values[0], norm=self.powerlaw.norm.values[0])
        return tuple(law.photon_flux(np.loadtxt(_AllModels.energies)))


class _AllModels:
    energies = "reset"

    @classmethod
    def setEnergies(cls, text):  # noqa: N802  (PyXspec's name)
        cls.energies = text

    @classmethod
    def clear(cls):
        pass


@pytest.fixture
def pyxspec(monkeypatch):
    module = ModuleType("xspec")
    module.Xset = SimpleNamespace(chatter=10, logChatter=10, allowPrompting=True, parallel=SimpleNamespace(leven=4))
    module.AllModels, module.Model = _AllModels, _Model
    monkeypatch.setitem(sys.modules, "xspec", module)
    xspec_model._declared.cache_clear()
    yield module
    xspec_model._declared.cache_clear()


def test_an_expression_of_xspec_is_asked_for_on_our_edges(pyxspec):
    made = make("spectra", "xspec", model="wabs*powerlaw", values={"powerlaw.PhoIndex": 1.7})
    np.testing.assert_array_equal(made.photon_flux(EDGES), PowerLaw(photon_index=1.7, norm=1.0).photon_flux(EDGES))
    assert made.additive
    assert pyxspec.Xset.parallel.leven == 1
    assert (pyxspec.Xset.chatter, pyxspec.Xset.allowPrompting) == (0, False)
    assert _AllModels.energies == "reset", "the energies are left as they were"


def test_parameters_of_xspec_can_be_freed(pyxspec):
    made = make("spectra", "xspec", model="wabs*powerlaw", priors={"powerlaw.PhoIndex": Uniform(low=1.0, high=2.0)})
    assert [p.name for p in free_parameters(made)] == ["powerlaw.PhoIndex"]
    slopes = np.array([[1.2], [1.9]])
    np.testing.assert_array_equal(at(made, slopes).photon_flux(EDGES), PowerLaw(photon_index=slopes, norm=1.0).photon_flux(EDGES))
    inside = make("spectra", "formula", formula="constant * x", parts={"x": made}, fixed={"constant.factor": 2.0})
    np.testing.assert_allclose(
        at(inside, [1.5]).photon_flux(EDGES), 2 * PowerLaw(photon_index=1.5, norm=1.0).photon_flux(EDGES), rtol=1e-12
    )


def test_what_xspec_does_not_know_is_said(pyxspec):
    with pytest.raises(DataError, match=r"does not know the expression 'wobs\*powerlaw': unknown component"):
        make("spectra", "xspec", model="wobs*powerlaw")
    with pytest.raises(DataError, match=r"no parameter 'powerlaw.Phoindex'. Did you mean 'powerlaw.PhoIndex'"):
        make("spectra", "xspec", model="wabs*powerlaw", values={"powerlaw.Phoindex": 1.0})
    with pytest.raises(DataError, match="can only lie between -3 and 10"):
        make("spectra", "xspec", model="wabs*powerlaw", fixed={"powerlaw.PhoIndex": 11.0})


def test_without_pyxspec_it_says_where_it_comes_from(monkeypatch):
    monkeypatch.setitem(sys.modules, "xspec", None)
    with pytest.raises(PluginError, match="It comes with HEASoft"):
        make("spectra", "xspec", model="powerlaw")
