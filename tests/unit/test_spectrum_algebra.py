"""The algebra of spectra: photons add, factors multiply, and nothing else."""

import itertools

import numpy as np
import pytest
from attrs import frozen

from faintsky.core.energy_bins import KEV_TO_ERG
from faintsky.core.errors import DataError, FaintskyWarning, PluginError
from faintsky.core.parameter import values_of
from faintsky.core.registry import make
from faintsky.core.spectrum import Spectrum, energy_flux, photon_flux

EDGES = np.array([0.5, 1.0, 2.0, 8.0])


@frozen
class Flat(Spectrum):
    """Photons per keV."""

    level: float = 1.0

    @property
    def additive(self):
        return True

    def photon_flux(self, edges_kev):
        return self.level * np.diff(edges_kev)


@frozen
class Half(Spectrum):
    """A factor."""

    @property
    def additive(self):
        return False

    def photon_flux(self, edges_kev):
        return np.full(len(edges_kev) - 1, 0.5)


def test_a_factor_times_a_sum():
    made = Half() * (Flat() + Flat(2.0))
    assert made.additive
    np.testing.assert_allclose(made.photon_flux(EDGES), 1.5 * np.diff(EDGES))
    np.testing.assert_allclose((Flat() * Half()).photon_flux(EDGES), 0.5 * np.diff(EDGES))


def test_two_factors_are_a_factor():
    assert not (Half() * Half()).additive
    np.testing.assert_allclose((Half() * Half()).photon_flux(EDGES), 0.25)


def test_parameters_in_columns_broadcast():
    levels = np.array([[1.0], [2.0]])
    assert (Half() * Flat(levels)).photon_flux(EDGES).shape == (2, 3)


def test_photons_are_not_multiplied_and_factors_not_added():
    with pytest.raises(DataError, match="flat and flat_2 both give photons"):
        Flat() * Flat()
    with pytest.raises(DataError, match="half is a factor and cannot be added"):
        Flat() + Half()


def test_names_of_equal_parts_are_told_apart_and_their_tables_follow():
    first = make("spectra", "formula", formula="wabs * powerlaw", fixed={"wabs.nh": 0.1})
    second = make("spectra", "formula", formula="wabs * powerlaw", fixed={"wabs.nh": 0.3})
    both = first + second
    assert both.formula == "wabs * powerlaw + wabs_2 * powerlaw_2"
    assert values_of(both)["wabs.nh"] == 0.1
    assert values_of(both)["wabs_2.nh"] == 0.3
    np.testing.assert_allclose(both.photon_flux(EDGES), first.photon_flux(EDGES) + second.photon_flux(EDGES), rtol=1e-12)


def test_brackets_are_kept():
    made = make("spectra", "wabs", nh=0.2) * (make("spectra", "powerlaw") + make("spectra", "zgauss"))
    assert made.formula == "wabs * (powerlaw + zgauss)"
    parts = [make("spectra", "wabs", nh=0.2) * make("spectra", name) for name in ("powerlaw", "zgauss")]
    np.testing.assert_allclose(made.photon_flux(EDGES), sum(p.photon_flux(EDGES) for p in parts), rtol=1e-12)


@pytest.mark.parametrize("text", ["wabs * ", "wabs - powerlaw", "powerlaw(2)", "2 * powerlaw", "wabs ** powerlaw", "a.b", ""])
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(DataError, match="is not a formula of spectral models"):
        make("spectra", "formula", formula=text)


def test_a_part_outside_the_formula_and_an_unknown_name_are_refused():
    with pytest.raises(DataError, match="'tbabs' does not stand in the formula"):
        make("spectra", "formula", formula="powerlaw", parts={"tbabs": make("spectra", "wabs")})
    with pytest.raises(PluginError, match=r"no component 'wabbs' of kind 'spectra'. Did you mean 'wabs'"):
        make("spectra", "formula", formula="wabbs * powerlaw")


def test_wide_bins_hold_the_mean_of_the_product():
    # 0.5-1, 1-2, 2-8 keV behind 1e22: the product of the bin means would be wrong by tens of per cent.
    model = make("spectra", "wabs", nh=1.0) * make("spectra", "powerlaw", photon_index=1.9)
    fine = np.geomspace(0.5, 8.0, 20001)
    total = model.photon_flux(fine)
    middle = np.sqrt(fine[1:] * fine[:-1])
    expected = [total[(middle > a) & (middle < b)].sum() for a, b in itertools.pairwise(EDGES)]
    np.testing.assert_allclose(model.photon_flux(EDGES), expected, rtol=1e-3)
    naive = make("spectra", "wabs", nh=1.0).photon_flux(EDGES) * make("spectra", "powerlaw", photon_index=1.9).photon_flux(EDGES)
    assert np.max(np.abs(naive / model.photon_flux(EDGES) - 1)) > 0.1


def test_a_factor_over_a_wide_bin_is_its_mean():
    factor = make("spectra", "wabs", nh=1.0)
    fine = np.linspace(0.5, 1.0, 4001)
    assert factor.photon_flux(np.array([0.5, 1.0]))[0] == pytest.approx(factor.photon_flux(fine).mean(), rel=1e-3)


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([1.0, 2.0, 2.0], r"edge 2 \(2\) does not exceed edge 1 \(2\)"),
        ([0.0, 1.0], "edge 0 is 0 keV: energies are positive"),
        ([1.0, np.nan, 3.0], "energy edge 1 is not finite"),
        ([1.0], "at least two numbers"),
    ],
)
def test_edges_that_cannot_be_name_the_place(edges, words):
    for model in (make("spectra", "powerlaw"), make("spectra", "wabs") * make("spectra", "powerlaw")):
        with pytest.raises(DataError, match=words):
            model.photon_flux(np.array(edges))


def test_edges_in_ev_are_warned_about():
    with pytest.warns(FaintskyWarning, match="look like eV"):
        make("spectra", "powerlaw").photon_flux(np.array([500.0, 1000.0, 7000.0]))


def test_the_energy_of_a_band_is_that_of_its_photons():
    # int E^(1 - G) and int E^-G of a power law in closed form.
    for index in (0.0, 1.0, 1.4, 2.0, 3.0):
        model = make("spectra", "powerlaw", photon_index=index)
        energy = KEV_TO_ERG * (np.log(20.0) if index == 2 else (10.0 ** (2 - index) - 0.5 ** (2 - index)) / (2 - index))
        photons = np.log(20.0) if index == 1 else (10.0 ** (1 - index) - 0.5 ** (1 - index)) / (1 - index)
        assert float(energy_flux(model, 0.5, 10.0)) == pytest.approx(energy, rel=2e-6)
        assert float(photon_flux(model, 0.5, 10.0)) == pytest.approx(photons, rel=1e-12)
