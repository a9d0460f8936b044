"""Parameters: frozen ones, dotted names in the tables of an outer model, ties, values that stay."""

import numpy as np
import pytest
from astropy import units as u

from faintsky.core.errors import DataError
from faintsky.core.parameter import at, declared_parameters, free_parameters, values_of, with_values
from faintsky.core.prior import Normal, TruncatedNormal, Uniform
from faintsky.core.registry import make


def agn(**tables):
    return make("spectra", "formula", formula="wabs * zwabs * zpowerlaw", **tables)


def test_frozen_parameters_are_held_until_a_prior_frees_them():
    assert [p.name for p in free_parameters(agn())] == ["wabs.nh", "zwabs.nh", "zpowerlaw.photon_index", "zpowerlaw.norm"]
    freed = agn(priors={"zpowerlaw.redshift": Uniform(low=0.5, high=1.5)})
    assert "zpowerlaw.redshift" in [p.name for p in free_parameters(freed)]


def test_the_tables_of_the_outer_model_replace_those_of_its_parts():
    inner = make("spectra", "wabs", fixed={"nh": 0.5})
    assert "wabs.nh" not in [p.name for p in free_parameters(make("spectra", "formula", formula="wabs", parts={"wabs": inner}))]
    outer = make("spectra", "formula", formula="wabs", parts={"wabs": inner}, priors={"wabs.nh": Uniform(low=0.0, high=1.0)})
    (free,) = free_parameters(outer)
    assert (free.name, free.source) == ("wabs.nh", "study")
    assert values_of(make("spectra", "formula", formula="wabs", parts={"wabs": inner}))["wabs.nh"] == 0.5


def test_ties_follow_their_leader_in_every_evaluation():
    model = agn(fixed={"wabs.nh": 0.02, "zpowerlaw.redshift": 1.0}, tied={"zwabs.redshift": "zpowerlaw.redshift"})
    assert values_of(model)["zwabs.redshift"] == 1.0
    theta = np.array([[1.0, 1.9, 1e-4], [2.0, 1.7, 2e-4]])
    moved = at(model, theta)
    assert moved.parts["zwabs"].redshift == 1.0
    np.testing.assert_array_equal(moved.parts["zwabs"].nh, theta[:, [0]])
    both = with_values(model, {"zpowerlaw.redshift": np.array([[1.0], [3.0]])})
    np.testing.assert_array_equal(both.parts["zwabs"].redshift, [[1.0], [3.0]])


def test_values_that_are_set_stay_whatever_the_tables_said():
    model = agn(fixed={"wabs.nh": 0.02}, tied={"zwabs.redshift": "zpowerlaw.redshift"})
    bare = with_values(model, {"wabs.nh": 0.0})
    again = with_values(bare, {"zpowerlaw.redshift": 2.0})
    assert values_of(again)["wabs.nh"] == 0.0
    apart = with_values(with_values(model, {"zwabs.redshift": 0.3}), {"zpowerlaw.redshift": 2.0})
    assert values_of(apart)["zwabs.redshift"] == 0.3
    assert values_of(model)["wabs.nh"] == 0.02  # the model itself is as it was


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"fixed": {"wabs.nH": 1.0}}, r"fixed: Formula has no parameter 'wabs.nH'. Did you mean 'wabs.nh'"),
        ({"tied": {"zwabs.redshift": "zpowerlaw.z"}}, "must follow a parameter that is itself not tied"),
        ({"fixed": {"wabs.nh": -1.0}}, "wabs.nh can only lie between 0 and inf, and was given -1"),
        ({"priors": {"wabs.nh": Normal(mean=1.0, sigma=0.1)}}, "wabs.nh can only lie between 0 and inf"),
        ({"priors": {"zpowerlaw.redshift": Uniform(low=-2.0, high=1.0)}}, "can only lie between -1 and inf"),
    ],
)
def test_tables_that_cannot_be_are_refused(tables, words):
    with pytest.raises(DataError, match=words):
        agn(**tables)


def test_a_cut_normal_is_a_possible_column():
    model = agn(priors={"wabs.nh": TruncatedNormal(mean=1.0, sigma=0.5, low=0.0)})
    assert free_parameters(model)[0].prior.support[0] == 0


def test_an_unknown_value_names_its_neighbour():
    with pytest.raises(DataError, match=r"no parameter 'wabs.n'. Did you mean 'wabs.nh'"):
        with_values(agn(), {"wabs.n": 1.0})


def test_columns_are_taken_with_their_unit():
    assert make("spectra", "wabs", nh=1.72e20 / u.cm**2).nh == pytest.approx(0.0172)
    assert make("spectra", "wabs", nh="1.72e20 cm-2").nh == pytest.approx(0.0172)
    assert make("spectra", "zgauss", line="6400 eV").line == pytest.approx(6.4)
    with pytest.raises(DataError, match="cannot be turned into"):
        make("spectra", "wabs", nh="3 keV")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("wabs", {"nh": -0.1}),
        ("zwabs", {"redshift": -1.0}),
        ("cutoffpl", {"cutoff": 0.0}),
        ("pexrav", {"cos_inclination": 0.0}),
        ("pexrav", {"cos_inclination": 1.2}),
        ("powerlaw", {"norm": -1.0}),
    ],
)
def test_impossible_values_are_refused_where_they_are_written(name, wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        make("spectra", name, **wrong)


def test_every_parameter_of_xspec_stands_in_its_order():
    # The order of model.dat; XSPEC's chains number parameters by it.
    said = {
        name: [d.xspec for d in declared_parameters(make("spectra", name)).values()] for name in ("pexrav", "zgauss", "zpowerlaw")
    }
    assert said["pexrav"] == ["PhoIndex", "foldE", "rel_refl", "Redshift", "abund", "Fe_abund", "cosIncl", "norm"]
    assert said["zgauss"] == ["LineE", "Sigma", "Redshift", "norm"]
    assert said["zpowerlaw"] == ["PhoIndex", "Redshift", "norm"]
