"""Bayes factors: differences of ln Z on the same data, and of nothing else."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from faintsky.core.description import described
from faintsky.core.errors import DataError
from faintsky.core.evidence import Evidence, bayes_factor
from faintsky.core.registry import make

SINGLE = Evidence(model="single", log_z=-201.0, error=0.03, status="converged", data="a" * 64, psf="king")
DUAL = Evidence(model="dual", log_z=-199.0, error=0.04, status="converged", data="a" * 64, psf="king")


def test_a_bayes_factor_is_a_difference_with_its_error() -> None:
    found = bayes_factor(DUAL, SINGLE)
    assert found.ln == pytest.approx(2.0)
    assert found.error == pytest.approx(0.05)  # 3-4-5
    assert found.log10 == pytest.approx(2.0 / np.log(10))
    assert found.log10_error == pytest.approx(0.05 / np.log(10))
    assert found.probability == pytest.approx(1 / (1 + np.exp(-2)))
    assert found.models == ("dual", "single")
    assert found.above(3)
    assert not found.above(41)


def test_bayes_factors_of_different_data_or_psfs_are_refused() -> None:
    with pytest.raises(DataError, match="different data"):
        bayes_factor(DUAL, attrs.evolve(SINGLE, data="b" * 64))
    with pytest.raises(DataError, match="different PSFs"):
        bayes_factor(DUAL, attrs.evolve(SINGLE, psf="gaussian"))


def test_an_evidence_that_failed_its_check_makes_no_candidate() -> None:
    found = bayes_factor(DUAL, attrs.evolve(SINGLE, status="unreliable"))
    assert found.status == "unreliable"
    assert not found.above(3)


def test_a_component_is_described_by_its_options_and_a_digest() -> None:
    narrow, wide = (make("psfs", "king", core=f"{c} arcsec") for c in (0.5, 0.6))
    assert described(narrow).startswith("king(core = 2.42407e-06 rad")
    assert described(narrow) != described(wide)
    assert described(narrow) == described(make("psfs", "king", core="0.5 arcsec"))
