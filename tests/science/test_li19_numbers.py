"""Printed numbers of Li et al. 2019, table 2, that a correct chain must give back."""

from itertools import pairwise

import numpy as np
import pytest

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.hardness import PowerPair
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.units import DEG2_PER_SR, unit_factor
from faintsky.estimators.bandpowers.stack import stacked
from faintsky.estimators.hardness_ratios.linear import Linear
from faintsky.estimators.hardness_ratios.monte_carlo import MonteCarlo

#: STACK rows: value and error in the four X-ray bands, 1e-11 ph s-1 cm-2 nW m-2 sr-1.
STACK = {
    "3.6": [(10.45, 3.12), (2.60, 0.54), (1.12, 1.02), (0.21, 1.45)],
    "4.5": [(6.13, 2.18), (2.08, 0.40), (2.02, 0.76), (0.25, 1.09)],
}


@pytest.mark.parametrize(
    ("infrared", "expected"),
    [
        # Spectra notes 7.1: first-order propagation.
        ("3.6", [(-0.602, 0.116), (-0.398, 0.393), (-0.684, 1.852)]),
        ("4.5", [(-0.493, 0.153), (-0.015, 0.211), (-0.780, 0.858)]),
    ],
)
def test_hardness_ratios_of_the_stack(infrared, expected):
    bands = STACK[infrared]
    for (soft, hard), (value, error) in zip(pairwise(bands), expected, strict=True):
        found = Linear().estimate(PowerPair(soft=soft[0], soft_error=soft[1], hard=hard[0], hard_error=hard[1]), Context())
        assert found.value[0] == pytest.approx(value, abs=5.1e-4)
        assert found.error[0] == pytest.approx(error, abs=5.1e-4)
    assert found.ill_defined[0]  # the hardest band is not detected


def test_linear_errors_are_those_of_draws_where_both_powers_are_known():
    pair = PowerPair(soft=10.0, soft_error=0.4, hard=6.0, hard_error=0.3)
    linear, drawn = Linear().estimate(pair, Context()), MonteCarlo(draws=200_000).estimate(pair, Context(seed=2))
    assert drawn.error[0] == pytest.approx(linear.error[0], rel=0.02)
    assert not linear.ill_defined[0]
    assert not drawn.ill_defined[0]


@pytest.mark.parametrize(
    ("rows", "value", "error"),
    [
        # Field rows and what their plain mean gives (theory 1.11): printed 2.60 +- 0.54, 2.08 +- 0.40, 10.45 +- 3.12.
        ([(2.07, 1.77), (1.53, 1.28), (2.37, 1.00), (3.74, 0.61), (2.87, 1.06)], 2.52, 0.54),
        ([(1.94, 1.06), (1.50, 1.02), (3.24, 0.74), (2.26, 0.58), (1.78, 0.82)], 2.14, 0.39),
        ([(1.17, 15.61), (3.91, 3.59), (6.07, 3.31), (5.35, 2.51), (20.03, 4.86)], 7.31, 3.45),
    ],
)
def test_stack_errors_are_those_of_a_plain_mean(rows, value, error):
    bins = Bins.from_edges([100.0, 200.0])

    def field(v, e):
        return PowerSpectrum(
            edges=bins.edges, q=bins.q, modes=np.array([10]), power=np.array([v]), covariance=np.array([[e**2]]),
            pseudo=np.array([v]), window=Window(q=bins.q, matrix=np.eye(1)), unit="sr", f_sky=1.0, auto=(np.ones(1), np.ones(1)),
        )  # fmt: skip

    found = stacked({f"field {i}": field(*row) for i, row in enumerate(rows)}, bins)
    assert found.power[0] == pytest.approx(value, abs=6e-3)
    assert found.error[0] == pytest.approx(error, abs=6e-3)


def test_the_unit_table():
    # Theory 1.1, T13: 1e-4.
    assert pytest.approx(3282.806350, rel=1e-9) == DEG2_PER_SR
    for micron, flux, mixed in ((3.6, 8.328e-13, (50, 4.16e-11)), (4.5, 6.662e-13, (30, 2.00e-11))):
        frequency = 299792458 / (micron * 1e-6)
        per_njy = 1e-9 * unit_factor("Jy Hz", "nW / m2") * frequency
        assert per_njy == pytest.approx(flux, rel=1e-4)
        assert mixed[0] * per_njy == pytest.approx(mixed[1], rel=2e-3)
    assert 2 * np.pi / np.deg2rad(1000 / 3600) == pytest.approx(1296, rel=1e-4)
