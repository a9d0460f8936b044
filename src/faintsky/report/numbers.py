"""Numbers as a reader wants them: value and error with the same last digit, one power of ten."""

from __future__ import annotations

import math

from faintsky.core.comparison import Comparison
from faintsky.core.study import Headline

__all__ = ["compared", "headline_sentence", "number", "plain", "unit_text", "with_error"]


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
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)  # after rounding: 9.999 is 10.0
    if -3 <= power < 5:
        return f"{value:.{max(digits - 1 - power, 0)}f}"
    return f"{mantissa}e{power}"


def _last(size: float, digits: int) -> int:
    """The power of ten of the last of so many significant digits, after rounding to them."""
    return int(f"{abs(size):.{digits - 1}e}".partition("e")[2]) - digits + 1


def _rounded(value: float, last: int) -> str:
    return f"{round(value, -last) + 0.0:.{max(0, -last)}f}"  # + 0.0: no minus zero


def with_error(value: float, low: float, high: float, systematic: float | None = None, unit: str = "") -> str:
    """Value, statistical error(s), and the method systematic, with the same last digit.

    Two digits of the statistical error are shown: of the mean one where both sides are alike, else of the larger one,
    and at least one of the smaller. A smaller systematic adds one digit at most, and is a limit below that. An error
    that is zero or NaN is one that is not known.

    Examples
    --------
    >>> with_error(1.7758e-10, 1.23e-11, 1.21e-11, 4e-13, "nW")
    '(1.776 ± 0.122 (stat) ± 0.004 (method)) × 10⁻¹⁰ nW'
    >>> with_error(3.14159, 0.12, 0.34)
    '3.14 +0.34 -0.12'
    >>> with_error(1.789e-10, 0, 0)
    '1.789 × 10⁻¹⁰'
    """
    if not math.isfinite(value):
        return number(value)
    errors = [abs(e) for e in (low, high) if math.isfinite(e) and e != 0]
    spread = abs(systematic) if systematic is not None and math.isfinite(systematic) else None
    size = max([abs(value), *errors, spread or 0.0])
    power = max(-290, math.floor(math.log10(size))) if size > 0 else 0
    power = 0 if -3 <= power < 5 else power
    value, low, high, *errors = (x * 10.0**-power for x in (value, low, high, *errors))
    spread = None if spread is None else spread * 10.0**-power
    if errors:
        text = _stated(value, low, high, errors, spread)
    else:
        text = _rounded(value, _last(value, 4)) if value else "0"
        text += f" ± {number(spread, 2)} (method)" if spread is not None else ""
    if power:
        text = f"({text})" if " " in text else text
        text += f" × 10{_superscript(power)}"
    return f"{text} {unit}".strip()


def _stated(value: float, low: float, high: float, errors: list[float], spread: float | None) -> str:
    """The text of value and errors that have their power of ten taken out."""
    alike = abs(high - low) < 0.1 * (abs(high) + abs(low))
    mean, larger, smaller = 0.5 * (low + high), max(errors), min(errors)
    last = _last(mean, 2) if alike else max(min(_last(larger, 2), _last(smaller, 1)), _last(larger, 2) - 3)
    last = max(last, _last(max(abs(value), larger), 10))
    if spread:
        last = min(last, max(_last(spread, 1), last - 1))
    name = " (stat)" if spread is not None else ""
    text = f"{_rounded(value, last)} "
    if alike:
        text += f"± {_rounded(mean, last)}{name}"
    else:
        sides = (f"{sign}{_rounded(e, last) if math.isfinite(e) else number(e)}" for sign, e in (("+", high), ("-", low)))
        text += " ".join(sides) + name
    if spread is not None:
        shown = _rounded(spread, last)
        below = spread > 0 and float(shown) == 0
        text += f" ± {'<' + _rounded(10.0**last, last) if below else shown} (method)"
    return text


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def unit_text(unit: str) -> str:
    """A unit with raised powers; as it is written where it is none that astropy knows.

    Examples
    --------
    >>> unit_text("nW / m2"), unit_text("widgets")
    ('nW m⁻²', 'widgets')
    """
    from astropy import units as u

    try:
        text = str(u.Unit(unit).to_string("unicode", fraction=False)) if unit else ""
    except (ValueError, TypeError):
        return unit
    return text.replace("″", "arcsec").replace("′", "arcmin")


def compared(comparison: Comparison) -> list[tuple[str, Headline]]:
    """The cells whose range is the method systematic: sound, done, data and repeats as in the reference cell."""
    if not comparison.headlines:
        return []
    first = comparison.headlines[0][1]
    held = [axis for axis in first if axis not in comparison.by_axis]
    return [
        (name, h)
        for name, labels, recipe, h in comparison.headlines
        if h is not None and not recipe and all(labels[axis] == first[axis] for axis in held)
    ]


def headline_sentence(comparison: Comparison) -> str:
    """The headline of a run in one line."""
    found = comparison.reference
    if found is None:
        return "no headline: the reference cell failed or is not done"
    systematic = comparison.systematic if len(compared(comparison)) > 1 else None
    return f"{plain(found.quantity)} = {with_error(found.value, found.low, found.high, systematic, found.unit)}"


def plain(text: str) -> str:
    """A label without the markup of formulas."""
    return text.replace("$", "").replace("{", "").replace("}", "")
