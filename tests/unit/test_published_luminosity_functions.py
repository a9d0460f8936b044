"""Published sets of parameters, how they become components, sums, tables, and what their errors say."""

import warnings

import attrs
import numpy as np
import pytest
from astropy.table import Table

from faintsky.core.band import Band
from faintsky.core.errors import DataError, FaintskyWarning, MissingFileError
from faintsky.core.luminosity_function import AssumedCosmology
from faintsky.core.parameter import at, declared_parameters, free_parameters, values_of
from faintsky.core.prior import Uniform
from faintsky.core.references import entries
from faintsky.core.registry import make
from faintsky.core.validity import Validity
from faintsky.models.luminosity_functions.drawn_from_errors import drawn_from_errors
from faintsky.models.luminosity_functions.ldde1 import Ldde1
from faintsky.models.luminosity_functions.published_set import published_names, published_set
from faintsky.testing.luminosity_functions import LuminosityFunctionConformance

SHIPPED = (
    "aird10", "aird10-lade", "aird15-hard", "aird15-ldde1-hard", "aird15-ldde1-soft", "aird15-soft", "comparat19", "ebrero09",
    "ebrero09-second", "fotopoulou16", "georgakakis15", "lafranca05", "miyaji15", "pde-z3-bins", "silverman08", "ueda03",
    "ueda03-pde", "ueda03-ple", "ueda14", "vito14",
)  # fmt: skip
WARN = {"ebrero09", "ebrero09-second", "pde-z3-bins", "silverman08"}


def of(form, **options):
    return make("luminosity_functions", form, **options)


OWN = """
name = "mine"
form = "pde"
band = "2-10 keV"
validity = { z = [3.0, 6.0], log_l = [42.5, 46.0] }
source = "Mine2026"
table = "Table 3"
verified = "typed in twice"

[values]
norm = 2e-5
log_l_star = 44.5
gamma1 = 0.6
gamma2 = 2.5
p1 = -7.2

[errors]
norm = [0.5e-5, 1.0e-5]
log_l_star = [0.1, 0.2]
gamma1 = [0.1, 0.1]
gamma2 = [0.2, 0.2]
p1 = "fixed"
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_set_makes_its_component(name):
    known = published_set(name)
    assert known.name == name
    assert name in published_names()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = of(known.form, published=name)
    said = [w for w in caught if issubclass(w.category, FaintskyWarning)]
    assert bool(said) is (name in WARN)
    assert all(repr(name) in str(w.message) for w in said)
    for parameter, value in known.values.items():
        assert getattr(model, parameter) == value
        low, high = declared_parameters(model)[parameter].prior.support
        assert low <= value <= high or not np.isfinite(value), f"{parameter} lies outside of its default prior"
    assert (model.band, model.cosmology, model.validity) == (known.band, known.cosmology, known.validity)
    assert model.provenance == known.provenance
    assert model.cosmology == AssumedCosmology(h0=70, omega_m0=0.3)
    assert set(known.errors) in (set(), set(known.values))


def test_bands_of_the_sets():
    bands = {name: str(published_set(name).band) for name in SHIPPED}
    # Aird et al. 2015 give 2-10 keV luminosities of both their samples, soft and hard.
    assert {name for name, band in bands.items() if band != "2-10 keV"} == {"fotopoulou16"}
    assert bands["fotopoulou16"] == "5-10 keV"


def test_references_of_the_sets_are_in_the_bibliography():
    known = entries("faintsky")
    sources = {published_set(name).provenance.source.partition(",")[0] for name in SHIPPED}
    assert sources <= set(known)


def test_papers_print_densities_and_parameters_are_their_logarithms():
    known = published_set("ueda14")
    assert known.values["log_norm"] == pytest.approx(np.log10(2.91e-6), rel=1e-14)
    low, high = known.errors["log_norm"]
    assert 10 ** (known.values["log_norm"] - low) == pytest.approx(2.84e-6, rel=1e-12)
    assert 10 ** (known.values["log_norm"] + high) == pytest.approx(2.98e-6, rel=1e-12)


def test_what_is_given_stands_above_the_set_and_the_set_above_the_form():
    assert of("ldde1").p1 == 4.2
    assert of("ldde1", published="ueda03").p1 == 4.23
    changed = of("ldde1", published="ueda03", p1=4.2)
    assert changed.p1 == 4.2
    assert changed.p2 == -1.5
    assert "with another p1" in changed.provenance.source
    assert not changed.provenance.is_verified
    own = of("ldde1")
    assert (own.band, own.cosmology, own.validity) == (Band(2, 10), AssumedCosmology(), Validity())
    assert str(of("ldde1", band="0.5-2 keV").band) == "0.5-2 keV"
    narrow = of("ldde1", published="ueda03", validity=Validity(z=(0.5, 1.0)))
    assert narrow.validity.z == (0.5, 1.0)


def test_errors_of_sets_say_what_to_write():
    with pytest.raises(DataError, match=r"no published set 'ueda3'. Did you mean 'ueda03'\?"):
        of("ldde1", published="ueda3")
    with pytest.raises(
        DataError, match=r'is of the form \'ldde2\', not \'ldde1\': write { use = "ldde2", published = "ueda14" }'
    ):
        of("ldde1", published="ueda14")
    with pytest.raises(DataError, match=r"holds for band = 2-10 keV, and was given band = 0.5-2 keV"):
        of("ldde1", published="ueda03", band="0.5-2 keV")
    with pytest.raises(DataError, match=r"holds for norm = aird10, and was given norm = z0"):
        of("lade", published="aird10-lade", norm="z0")
    with pytest.raises(DataError, match=r"holds for cosmology"):
        of("ldde1", published="ueda03", cosmology=AssumedCosmology(h0=67.4))
    with pytest.raises(MissingFileError, match="no file"):
        of("ldde1", published="absent.toml")


def test_a_set_of_ones_own(own):
    model = of("pde", published=str(own))
    assert model.log_norm == pytest.approx(np.log10(2e-5))
    assert model.z_pivot == 3.0
    assert model.validity == Validity(z=(3.0, 6.0), log_l=(42.5, 46.0))
    assert model.provenance.source == "Mine2026, Table 3"
    assert model.published_set.fixed == {"p1": -7.2}
    drawn = drawn_from_errors(model, 5, np.random.default_rng(1))
    assert np.shape(drawn.gamma1) == (5, 1)
    assert drawn.p1 == -7.2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gamma2 = 2.5\n", "", "errors of gamma2, which no value has"),
        ("gamma2 = 2.5\n", "gamma2 = 2.5\ngama1 = 1\n", "a value of 'gama1', pde none. Did you mean 'gamma1'"),
        ('form = "pde"\n', "", "the key 'form' is missing"),
        ("band =", "bnad =", "unknown key 'bnad'. Did you mean 'band'"),
        ("2-10 keV", "2-10", "is not a band"),
        ("p1 = -7.2", "p1 = nan", "the value of p1 is not a number"),
        ("[0.1, 0.2]", "0.1", "float"),
        ("[0.1, 0.2]", "[-0.1, 0.2]", "the errors of log_l_star must be two distances"),
        ("norm = [0.5e-5", "norm = [5e-5", "its logarithm would have none"),
        ('p1 = "fixed"', 'p2 = "fixed"', "errors of p2, which no value has"),
        ("[values]", "[values", "line"),
    ],
)
def test_broken_sets_are_errors(own, old, new, said):
    own.write_text(OWN.replace(old, new, 1))
    with pytest.raises(DataError, match=said.replace(".", r"\.")):
        of("pde", published=str(own))


def test_a_set_without_all_values_is_an_error(own):
    own.write_text(OWN.replace("gamma2 = 2.5\n", "").replace("gamma2 = [0.2, 0.2]\n", ""))
    with pytest.raises(DataError, match="the set 'mine' lacks gamma2, which pde needs"):
        of("pde", published=str(own))


def test_fits_free_fix_and_tie_as_everywhere():
    model = of("ldde2", published="ueda14", fixed={"p3": -6.0}, tied={"a2": "a1"}, priors={"p1": Uniform(low=3.0, high=6.0)})
    names = [p.name for p in free_parameters(model)]
    assert "p3" not in names
    assert "a2" not in names
    assert "log_lp" not in names
    assert values_of(model)["a2"] == values_of(model)["a1"] == 0.29
    row = at(model, [p.prior.ppf(0.5) for p in free_parameters(model)])
    assert row.p3 == -6.0
    assert row.p1 == 4.5
    held = of("ldde2", published="ueda14", fixed=published_set("ueda14").fixed)
    # The nine that Ueda et al. 2014 fitted.
    assert {p.name for p in free_parameters(held)} == {
        "log_norm", "log_l_star", "gamma1", "gamma2", "p1", "b1", "zc1", "log_la1", "a1",
    }  # fmt: skip


def test_draws_need_errors():
    rng = np.random.default_rng(1)
    with pytest.raises(DataError, match=r"'georgakakis15'.* has no error of log_norm"):
        drawn_from_errors(of("ldde-highz", published="georgakakis15"), 3, rng)
    with pytest.raises(DataError, match="nothing can be drawn"):
        drawn_from_errors(of("ldde1"), 3, rng)
    kept = drawn_from_errors(of("ldde1", published="ueda03", p1=5.0), 3, rng)
    assert kept.p1 == 5.0
    assert kept.p2 == -1.5
    assert np.shape(kept.gamma2) == (3, 1)
    scaled = of("scaled", of=of("ldde1", published="ueda03"), gamma=2.0)
    drawn = drawn_from_errors(scaled, 3, rng)
    assert drawn.gamma == 2.0
    assert drawn.evaluate(np.array([43.0, 44.0]), np.array([1.0, 1.0])).shape == (3, 2)


def test_scaled_is_a_factor():
    base = of("ldde1", published="ueda03")
    log_l, z = np.array([43.0, 44.0, 45.0]), np.array([0.5, 1.0, 2.0])
    twice = of("scaled", of=base, gamma=2.0)
    np.testing.assert_allclose(twice.evaluate(log_l, z), 2 * base.evaluate(log_l, z), rtol=1e-14)
    assert np.all(of("scaled", of=base, gamma=0.0).evaluate(log_l, z) == 0)
    assert twice.validity == base.validity
    assert not twice.provenance.is_verified
    assert of("scaled", of=base).provenance == base.provenance


def test_a_sum_adds_densities_and_knows_its_fractions():
    base = of("ldde1", published="ueda03")
    parts = {
        "unabsorbed": of("scaled", of=base, gamma=0.5),
        "absorbed": of("scaled", of=base, gamma=1.0),
        "thick": of("scaled", of=base, gamma=2.5),
    }
    ranges = {"unabsorbed": (20.0, 22.0), "absorbed": (22.0, 24.0), "thick": (24.0, 26.0)}
    total = of("sum", parts=parts, log_nh=ranges)
    log_l, z = np.array([43.0, 44.0]), np.array([0.5, 1.0])
    np.testing.assert_allclose(total.evaluate(log_l, z), 4 * base.evaluate(log_l, z), rtol=1e-13)
    np.testing.assert_allclose(total.fraction(24, 26, log_l, z), 0.625, rtol=1e-13)
    np.testing.assert_allclose(total.fraction(22, 26, log_l, z), 0.875, rtol=1e-13)
    np.testing.assert_allclose(total.fraction(26, 27, log_l, z), 0.0)
    with pytest.raises(DataError, match="would cut it"):
        total.fraction(23, 24, log_l, z)
    with pytest.raises(DataError, match="log_nh has none of thick"):
        of("sum", parts=parts, log_nh={"unabsorbed": (20.0, 22.0), "absorbed": (22.0, 24.0)}).fraction(20, 22, log_l, z)
    with pytest.raises(DataError, match="overlap"):
        of("sum", parts=parts, log_nh=ranges | {"absorbed": (21.0, 24.0)})
    with pytest.raises(DataError, match=r"no class 'absorbd'. Did you mean 'absorbed'"):
        of("sum", parts=parts, log_nh={"absorbd": (22.0, 24.0)})
    with pytest.raises(DataError, match="needs parts"):
        of("sum")
    other = of("fotopoulou16", published="fotopoulou16")
    with pytest.raises(DataError, match="need one band: 'hard' has 2-10 keV, 'harder' has 5-10 keV"):
        of("sum", parts={"hard": base, "harder": other})
    assert "absorbed.of.p1" in values_of(total)
    # One scalar part and one in columns: breaks have the batch of the whole.
    columns = at(
        attrs.evolve(total, fixed={name: value for name, value in values_of(total).items() if name != "absorbed.gamma"}),
        [[1.0], [2.0]],
    )
    assert columns.log_density(log_l, z).shape == (2, 2)
    assert columns.log_l_breaks().shape == (2, 3)
    assert columns.z_breaks(log_l).shape == (3, 2, 2)


def test_tables_of_columns_and_arrays_are_the_same(tmp_path):
    model = of("ldde1", published="ueda03")
    log_l, z = np.linspace(42, 46, 9), np.array([0.0, 0.5, 1.2, 3.0])
    log_phi = model.log_density(log_l[:, None], z) / np.log(10)
    i, j = (index.ravel() for index in np.meshgrid(np.arange(9), np.arange(4), indexing="ij"))
    shuffled = np.random.default_rng(1).permutation(36)
    table = Table({"log_l": log_l[i], "z": z[j], "log_phi": log_phi.ravel()})[shuffled]
    table.write(tmp_path / "lf.ecsv")
    table.write(tmp_path / "lf.csv", format="ascii.csv")
    x, y = np.array([42.0, 43.21, 46.0]), np.array([0.0, 0.9, 3.0])
    found = [of("tabulated", path=tmp_path / f"lf.{end}").log_density(x, y) for end in ("ecsv", "csv")]
    np.testing.assert_array_equal(*found)
    np.testing.assert_allclose(found[0][[0, 2]], model.log_density(x, y)[[0, 2]], rtol=1e-13)
    even = np.linspace(0, 3, 4)
    np.save(tmp_path / "lf.npy", model.log_density(log_l, even[:, None]) / np.log(10))
    of_array = of("tabulated", path=tmp_path / "lf.npy", log_l_range=(42.0, 46.0), z_range=(0.0, 3.0), rows="z")
    np.testing.assert_allclose(of_array.log_density(log_l[:, None], even), model.log_density(log_l[:, None], even), rtol=1e-13)
    table[:-1].write(tmp_path / "hole.ecsv")
    with pytest.raises(DataError, match="1 are missing"):
        of("tabulated", path=tmp_path / "hole.ecsv")
    table.rename_column("log_phi", "logphi")
    table.write(tmp_path / "name.ecsv")
    with pytest.raises(DataError, match=r"no column 'log_phi'. Did you mean 'logphi'"):
        of("tabulated", path=tmp_path / "name.ecsv")
    with pytest.raises(DataError, match="holds no axes"):
        of("tabulated", path=tmp_path / "lf.npy")
    with pytest.raises(DataError, match="there is no file"):
        of("tabulated", path=tmp_path / "absent.npy")


def test_outside_of_a_table(tmp_path):
    values = np.array([[-3.0, -4.0, -np.inf], [-5.0, -6.0, -7.0], [-6.0, -7.0, np.nan]])
    np.save(tmp_path / "lf.npy", values)
    options = {"path": tmp_path / "lf.npy", "log_l_range": (42.0, 44.0), "z_range": (0.0, 2.0), "outside": "ignore"}
    model = of("tabulated", **options)
    assert np.isnan(model.log_density(44.5, 1.0))
    assert of("tabulated", beyond="zero", **options).evaluate(44.5, 1.0) == 0
    assert of("tabulated", beyond="edge", **options).log_density(44.5, 1.0) == pytest.approx(-7 * np.log(10))
    assert np.isnan(of("tabulated", beyond="edge", **options).log_density(np.nan, 1.0))
    # A node without density says nothing of points on the next one, and all of what lies between.
    assert model.log_density(42.0, 1.0) == pytest.approx(-4 * np.log(10))
    assert model.evaluate(42.0, 1.5) == 0
    assert np.isnan(model.log_density(43.5, 1.5))
    assert model.log_density(43.0, 2.0) == pytest.approx(-7 * np.log(10))
    with pytest.raises(DataError, match="was measured at"):
        of("tabulated", **options | {"outside": "raise"}).evaluate(44.5, 1.0)


class _Hidden(Ldde1):
    """Ldde1 that does not tell of its break."""

    def z_breaks(self, log_l):
        return np.empty((0, *np.shape(log_l)))


class _Displaced(Ldde1):
    """Ldde1 that tells a wrong luminosity of its break."""

    def log_l_breaks(self):
        return super().log_l_breaks() + 0.1


def test_the_suite_finds_breaks_that_are_hidden():
    suite = LuminosityFunctionConformance()
    suite.test_there_is_no_kink_in_redshift_but_at_breaks(Ldde1())
    suite.test_there_is_no_kink_in_luminosity_but_at_breaks(Ldde1())
    with pytest.raises(AssertionError, match="kink"):
        suite.test_there_is_no_kink_in_redshift_but_at_breaks(_Hidden())
    with pytest.raises(AssertionError, match="kink"):
        suite.test_there_is_no_kink_in_luminosity_but_at_breaks(_Displaced())
