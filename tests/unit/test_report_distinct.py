"""Results that cells share stand once, with the labels that tell them apart; evidences compare what shares its data."""

import numpy as np

from faintsky.core.sampler import Posterior
from faintsky.core.study import CellResult
from faintsky.report.distinct import distinct
from faintsky.report.evidences import evidence_rows, strength


def cells(results):
    return [CellResult(labels={"models": m, "samplers": s}, study=None, results={"x": results[m, s]}) for m, s in results]


def test_a_result_is_given_once_with_the_axes_that_it_depends_on():
    shared = {m: object() for m in "ab"}
    found = list(distinct(cells({(m, s): shared[m] for m in "ab" for s in ("one", "two")}), "x"))
    assert [dict(labels) for labels, _ in found] == [{"models": "a"}, {"models": "b"}]
    assert [result for _, result in found] == [shared["a"], shared["b"]]


def test_what_all_share_has_no_label_and_what_none_has_is_nothing():
    one = object()
    found = list(distinct(cells({(m, s): one for m in "ab" for s in ("one", "two")}), "x"))
    assert [dict(labels) for labels, _ in found] == [{}]
    assert list(distinct(cells({("a", "one"): one}), "y")) == []


def test_an_axis_along_which_a_result_is_missing_is_told():
    made = cells({("a", "one"): object(), ("b", "one"): object()})
    made[1] = CellResult(labels=made[1].labels, study=None)
    assert [dict(labels) for labels, _ in distinct(made, "x")] == [{"models": "a"}]


def posterior(log_z):
    one = np.ones((1, 1))
    return Posterior(
        names=("p",), samples=one, weights=one[0], log_likelihood=one[0], calls=1, cpu_seconds=0.0, status="converged",
        log_z=log_z, log_z_error=0.1,
    )  # fmt: skip


def test_evidences_are_compared_among_cells_of_one_likelihood_only():
    made = [
        CellResult(labels={"models": m, "likelihoods": lk}, study=None, results={"fit": posterior(z)})
        for m, lk, z in (("a", "cash", 10.0), ("b", "cash", 6.0), ("a", "w", -3.0), ("b", "w", -2.5))
    ]
    rows = {(r["models"], r["likelihoods"]): r for r in evidence_rows(made, "fit", ("models",))}
    assert [rows[key]["ln_bayes_factor"] for key in rows] == [0.0, -4.0, -0.5, 0.0]
    assert rows["b", "cash"]["against_it"] == "strong"
    assert rows["a", "w"]["against_it"] == "hardly worth a mention"


def test_the_words_are_those_of_the_scale():
    # Kass & Raftery 1995: 2 ln B of 2, 6 and 10 are the steps.
    assert [strength(x) for x in (0.9, -1.1, 2.9, 3.1, -4.9, 5.1)] == [
        "hardly worth a mention", "positive", "positive", "strong", "strong", "very strong",
    ]  # fmt: skip
