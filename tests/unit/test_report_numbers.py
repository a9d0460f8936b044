"""How numbers are written: errors with their value's last digit, nothing lost in rounding, nothing invented."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faintsky.core.comparison import Comparison
from faintsky.core.study import Headline
from faintsky.report.numbers import compared, headline_sentence, number, unit_text, with_error

sizes = st.floats(1e-30, 1e30)
signed = st.builds(lambda s, m: s * m, st.sampled_from([-1.0, 1.0]), sizes)
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def parsed(text: str) -> tuple[float, list[float], list[int]]:
    """Value, errors, and the number of decimals of each, with the power of ten put back."""
    power = re.search(r"× 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    factor = 10.0 ** int(power[1].translate(SUPERSCRIPTS)) if power else 1.0
    inside = text.partition("×")[0].replace("±", " ").replace("(", " ").replace(")", " ")
    found = re.findall(r"[-+]?\d+(?:\.\d+)?", inside)
    decimals = [len(n.partition(".")[2]) for n in found]
    return float(found[0]) * factor, [abs(float(n)) * factor for n in found[1:]], decimals


@given(value=signed, ratio=st.floats(1e-4, 1e3))
@example(value=9.9999, ratio=0.1)
@example(value=1.0, ratio=0.0996)
def test_value_and_error_are_read_back(value: float, ratio: float) -> None:
    """Both have the same last digit, and what is written is true to 6 % of the error (two digits: 0.5 in 10 at worst)."""
    error = abs(value) * ratio
    back, errors, decimals = parsed(with_error(value, error, error))
    assert len(errors) == 1
    assert len(set(decimals)) == 1
    assert abs(back - value) <= 0.06 * error
    assert abs(errors[0] - error) <= 0.06 * error


@given(value=signed, low=st.floats(0.01, 3), ratio=st.floats(1.3, 30))
def test_unequal_errors_are_both_read_back(value: float, low: float, ratio: float) -> None:
    """Upper first; the larger true to 6 %, the smaller to half its first digit."""
    low, high = abs(value) * low, abs(value) * low * ratio
    text = with_error(value, low, high)
    assert re.search(r"\+\d.* -\d", text)
    _, errors, decimals = parsed(text)
    assert len(set(decimals)) == 1
    assert abs(errors[0] - high) <= 0.06 * high
    assert abs(errors[1] - low) <= 0.51 * low


@given(value=signed, error=st.floats(0.01, 1), share=st.floats(1e-4, 5))
def test_systematic_is_never_written_as_zero(value: float, error: float, share: float) -> None:
    """It is true to half the last digit, or a limit; zero would claim that the method does not matter."""
    error = error * abs(value)
    text = with_error(value, error, error, error * share)
    _, errors, decimals = parsed(text)
    assert len(set(decimals)) == 1
    assert errors[1] > 0
    assert errors[1] == pytest.approx(error * share, rel=0.51) or "<" in text


@given(
    value=st.floats(allow_nan=True, allow_infinity=True), low=st.floats(), high=st.floats(), systematic=st.floats() | st.none()
)
def test_no_number_breaks_the_page(value: float, low: float, high: float, systematic: float | None) -> None:
    """Whatever a study gives, there is a text."""
    text = with_error(value, low, high, systematic)
    assert text
    assert "-0 " not in f"{text} "


@pytest.mark.parametrize(
    ("call", "text"),
    [
        # rounded by hand
        ((1.7758e-10, 1.1896e-11, 1.1719e-11), "(1.78 ± 0.12) × 10⁻¹⁰"),
        ((1.7148e-10, 1.0364e-11, 9.8124e-12), "(1.71 ± 0.10) × 10⁻¹⁰"),  # one side below 1e-11, one above
        ((12345.0, 678.0, 678.0), "12340 ± 680"),
        ((-0.0001, 0.5, 0.5), "0.00 ± 0.50"),  # no minus zero
        ((99.96, 1.04, 1.04), "100.0 ± 1.0"),
        ((3.0, 0.001, 0.3), "3.000 +0.300 -0.001"),
        ((1.0, math.inf, 0.2), "1.00 +0.20 -inf"),
        ((1.0, 0.1, 0.1, 1e-5), "1.000 ± 0.100 (stat) ± <0.001 (method)"),
        ((1.0, 0.1, 0.1, 0.0), "1.00 ± 0.10 (stat) ± 0.00 (method)"),
        ((1.0, 0.1, 0.1, 0.5), "1.00 ± 0.10 (stat) ± 0.50 (method)"),
        ((2.5, 0.0, 0.0), "2.500"),
        ((2.5, math.nan, math.nan), "2.500"),
        ((0.0, 0.0, 0.0), "0"),
        ((math.nan, 1.0, 1.0), "-"),
    ],
)
def test_numbers_written_by_hand(call: tuple[float, ...], text: str) -> None:
    """Cases of which the answer is plain."""
    assert with_error(*call) == text


@given(value=signed, digits=st.integers(2, 8))
def test_number_has_its_digits(value: float, digits: int) -> None:
    """Read back, it is the value rounded to so many digits."""
    assert float(number(value, digits)) == pytest.approx(float(f"{value:.{digits - 1}e}"), rel=1e-12)


def test_number_after_rounding_up() -> None:
    """9.999 has three digits too many or none at all if the power is taken before rounding."""
    assert number(9.999) == "10.0"
    assert number(99999.9) == "1.00e5"


def test_units_are_raised() -> None:
    """As astropy prints them; arcsec keeps its name."""
    assert set(unit_text("nW2 / (m4 sr)").split()) == {"nW²", "m⁻⁴", "sr⁻¹"}
    assert unit_text("arcsec") == "arcsec"
    assert unit_text("no unit at all") == "no unit at all"
    assert unit_text("") == ""


def _headline(value: float) -> Headline:
    return Headline(quantity="$x$ of {y}", value=value, low=0.1, high=0.1, unit="Jy")


def test_systematic_counts_sound_cells_of_one_data_set() -> None:
    """Recipes, failed cells, other data and other seeds are not compared."""
    cells = (
        ("a / one", {"methods": "a", "fields": "one"}, False, _headline(1.0)),
        ("a / two", {"methods": "a", "fields": "two"}, False, _headline(9.0)),
        ("b / one", {"methods": "b", "fields": "one"}, False, _headline(1.2)),
        ("c / one", {"methods": "c", "fields": "one"}, True, _headline(7.0)),
        ("d / one", {"methods": "d", "fields": "one"}, False, None),
    )
    found = Comparison(reference=cells[0][3], headlines=cells, systematic=0.1, by_axis={"methods": 0.1})
    assert [name for name, _ in compared(found)] == ["a / one", "b / one"]
    assert headline_sentence(found) == "x of y = 1.00 ± 0.10 (stat) ± 0.10 (method) Jy"
    alone = Comparison(reference=cells[0][3], headlines=cells[:2], systematic=0.0, by_axis={})
    assert headline_sentence(alone) == "x of y = 1.00 ± 0.10 Jy"
