"""Numbers as a reader wants them: value and error with the same last digit, one power of ten."""

from __future__ import annotations

import math

from faintsky.core.comparison import Comparison

__all__ = ["headline_sentence", "number", "with_error"]


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits; a dash where there is none.

    Examples
    --------
    >>> number(0.00012345), number(float("nan")), number(0.0)
    ('1.23e-4', '-', '0')
    """
    if not math.isfinite(value):
        return "-" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if -3 <= power < 5:
        return f"{value:.{max(digits - 1 - power, 0)}f}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def with_error(value: float, low: float, high: float, systematic: float | None = None, unit: str = "") -> str:
    """Value, statistical error(s), and the method systematic, to two digits of the smallest error.

    Examples
    --------
    >>> with_error(1.7758e-10, 1.23e-11, 1.21e-11, 4e-13, "nW")
    '(1.776 ± 0.123 (stat) ± 0.004 (method)) × 10⁻¹⁰ nW'
    >>> with_error(3.14159, 0.12, 0.34)
    '3.14 +0.34 -0.12'
    """
    if not math.isfinite(value):
        return "-"
    errors = [abs(e) for e in (low, high, systematic) if e is not None and math.isfinite(e) and e != 0]
    scale = max([abs(value), *errors])
    power = math.floor(math.log10(scale)) if scale > 0 else 0
    power = 0 if -3 <= power < 5 else power
    factor = 10.0**-power
    smallest = min(errors) * factor if errors else scale * factor * 1e-2
    # Two digits of the smallest error, but never more than four behind the leading one of the value.
    last = max(math.floor(math.log10(smallest)) - 1, math.floor(math.log10(scale * factor)) - 3)
    places = max(0, -last)
    text = f"{value * factor:.{places}f}"
    name = " (stat)" if systematic is not None else ""
    if low == 0 and high == 0 and systematic is None:
        text = f"{value * factor:.4g}"
    elif f"{low * factor:.{places}f}" == f"{high * factor:.{places}f}" or abs(high - low) < 0.1 * (abs(high) + abs(low)):
        text += f" ± {0.5 * (low + high) * factor:.{places}f}{name}"
    else:
        text += f" +{high * factor:.{places}f} -{low * factor:.{places}f}{name}"
    if systematic is not None:
        text += f" ± {systematic * factor:.{places}f} (method)"
    if power:
        text = f"({text}) × 10{_superscript(power)}"
    return f"{text} {unit}".strip()


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def headline_sentence(comparison: Comparison) -> str:
    """The headline of a run in one line."""
    found = comparison.reference
    if found is None:
        return "no headline: the reference cell failed or is not done"
    several = sum(h is not None and not recipe for _, _, recipe, h in comparison.headlines) > 1
    systematic = comparison.systematic if several else None
    return f"{plain(found.quantity)} = {with_error(found.value, found.low, found.high, systematic, found.unit)}"


def plain(text: str) -> str:
    """A label without the markup of formulas."""
    return text.replace("$", "").replace("{", "").replace("}", "")
