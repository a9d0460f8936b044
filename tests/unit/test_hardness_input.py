"""What cannot be counts, powers or exposures is refused with its name, its place, its reason and the way out."""

import numpy as np
import pytest
from astropy.table import MaskedColumn
from attrs import evolve

from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.hardness import CountsPair, PowerPair
from faintsky.core.registry import make

GOOD = {
    "soft": [5, 0], "hard": [3, 0], "soft_background": [10, 4], "hard_background": [10, 0], "soft_ratio": 10.0, "hard_ratio": 12.0
}  # fmt: skip
POWERS = {"soft": [1.0, -2.0], "soft_error": [0.1, 0.2], "hard": [0.5, 0.0], "hard_error": [0.1, 0.3]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"soft": [5, -1]}, r"soft of source 1, counted from 0, is -1: counts are never negative; give the total"),
        (
            {"hard": [3.4, 0]},
            r"hard of source 0, .* is 3.4: counts are whole numbers and this looks like a rate .* hard_exposure",
        ),
        ({"soft_background": [1e-5, 2]}, r"soft_background of source 0, .* looks like a rate .* soft_exposure"),
        ({"soft": [5, -99]}, r"soft of source 1, .* is -99: -99, -999, -9999 and NaN stand for a missing value .* leave such"),
        ({"hard_background": [-9999, 4]}, r"hard_background of source 0, .* is -9999: .* missing value"),
        ({"hard": [np.nan, np.nan]}, r"hard of source 0 \(and 1 more\), counted from 0, is nan: .* missing value"),
        ({"hard": [np.inf, 1]}, r"hard of source 0, counted from 0, is inf"),
        ({"soft_ratio": 0.0}, r"soft_ratio of source 0 \(and 1 more\), .* is 0: background over source region .* above 0"),
        ({"hard_ratio": [12, -1]}, r"hard_ratio of source 1, .* is -1"),
        ({"hard_ratio": np.nan}, r"hard_ratio .* is nan"),
        ({"soft_exposure": [0.0, 1.0]}, r"soft_exposure of source 0, .* is 0: an effective exposure is finite and above 0"),
        ({"hard_exposure": -99.0}, r"hard_exposure of source 0 .* is -99"),
        ({"soft": [5, 0, 1]}, r"rows of one length, a source each; got .*'soft': \(3,\)"),
        ({"soft_background": 10}, r"rows of one length, .*'soft_background': \(1,\)"),
        ({"soft": [[5, 0]], "hard": [[3, 0]]}, r"rows of one length"),
    ],
)
def test_counts(change, message):
    with pytest.raises(DataError, match=message):
        CountsPair(**GOOD | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"soft_error": [0.1, 0.0]}, r"soft_error of source 1, counted from 0, is 0: a 1 sigma error is finite and above 0"),
        ({"hard_error": [-0.1, 0.1]}, r"hard_error of source 0, .* is -0.1"),
        ({"hard_error": [np.nan, 0.1]}, r"hard_error of source 0, .* is nan"),
        ({"soft": [np.nan, 0.1]}, r"soft of source 0, .* is nan: a power is finite: leave out what was not measured"),
        ({"soft": [1.0]}, r"rows of one length, a source each; got .*'soft': \(1,\)"),
    ],
)
def test_powers(change, message):
    with pytest.raises(DataError, match=message):
        PowerPair(**POWERS | change)


def test_no_counts_are_data():
    found = CountsPair(**GOOD)
    assert len(found) == 2
    assert found.soft.tolist() == [5, 0]


def test_a_masked_value_of_a_table_is_missing_not_the_number_under_the_mask():
    with pytest.raises(DataError, match="soft of source 1, counted from 0, is nan"):
        CountsPair(**GOOD | {"soft": MaskedColumn([5, 7], mask=[False, True])})


def test_numbers_are_owned_and_identified():
    soft = np.array([5, 0])
    pair = CountsPair(**GOOD | {"soft": soft})
    soft[0] = 99
    assert pair.soft[0] == 5
    with pytest.raises(ValueError, match="read-only"):
        pair.soft[0] = 1
    assert pair.soft_ratio.tolist() == [10, 10]
    assert pair.soft_exposure.tolist() == [1, 1]
    assert pair.digest == CountsPair(**GOOD).digest
    others = [evolve(pair, hard_exposure=2.0), evolve(pair, soft=[6, 0]), pair.swapped(), PowerPair(**POWERS)]
    assert len({p.digest for p in [pair, *others]}) == 5
    assert pair.swapped().swapped().digest == pair.digest
    assert pair.swapped().hard_ratio.tolist() == [10, 10]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("exact", {"interval": "hdp"}, "interval must be one of equal, hpd; got 'hdp'. Did you mean 'hpd'?"),
        ("exact", {"level": 68.27}, "level must be < 1"),
        ("exact", {"prior_index": 0.0}, "prior_index must be > 0"),
        ("quadrature", {"background_prior_index": -1.0}, "background_prior_index must be > 0"),
        ("quadrature", {"bins": 10}, "bins must be >= 50"),
        ("monte-carlo", {"draws": 1}, "draws must be >= 100"),
        ("linear", {"threshold": -1.0}, "threshold must be >= 0"),
    ],
)
def test_options(name, options, message):
    with pytest.raises(ValueError, match=message):
        make("hardness_ratios", name, **options)


@pytest.mark.parametrize("name", ["exact", "quadrature", "monte-carlo", "linear"])
def test_no_source_at_all_is_an_empty_result(name):
    none = CountsPair(soft=[], hard=[], soft_background=[], hard_background=[], soft_ratio=10.0, hard_ratio=10.0)
    found = make("hardness_ratios", name).estimate(none, Context())
    assert len(found) == 0
    assert len(found.to_table()) == 0


@pytest.mark.parametrize(
    ("soft", "hard", "e", "psi"), [(0, 3000, 1e-3, 0.5), (3000, 0, 1e6, 0.5), (0, 0, 1, 0.01), (1, 40, 1, 0.05)]
)
def test_lopsided_sources_and_priors_have_finite_antisymmetric_numbers(soft, hard, e, psi):
    pair = CountsPair(
        soft=soft,
        hard=hard,
        soft_background=3,
        hard_background=50,
        soft_ratio=20,
        hard_ratio=10,
        soft_exposure=e,
        hard_exposure=1,
    )
    estimator = make("hardness_ratios", "exact", prior_index=psi)
    one, other = estimator.estimate(pair, Context()), estimator.estimate(pair.swapped(), Context())
    assert -1 <= one.low[0] <= one.value[0] <= one.high[0] <= 1
    assert (one.low[0], one.value[0], one.mean[0]) == pytest.approx((-other.high[0], -other.value[0], -other.mean[0]), abs=1e-7)
    if psi >= 0.05:  # the least that quadrature claims
        by_grid = make("hardness_ratios", "quadrature", prior_index=psi).estimate(pair, Context())
        for name in ("value", "low", "high", "mean"):
            assert getattr(by_grid, name)[0] == pytest.approx(getattr(one, name)[0], abs=1e-3)
