"""The drawings of the report: what is drawn is what was given."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from report_study import posterior_of, spectrum_of

from faintsky.core.comparison import Comparison
from faintsky.core.map import Map
from faintsky.core.study import Headline
from faintsky.report.maps import draw_maps, scale_bar, shrunk
from faintsky.report.posteriors import draw_agreement, draw_corner
from faintsky.report.spectra import Curve, draw_nulls, draw_overlay
from faintsky.report.style import verbatim

ARCSEC = np.pi / 180 / 3600


@pytest.fixture
def figure() -> Any:
    """An empty figure that no global state knows."""
    from matplotlib.figure import Figure

    return Figure(layout="constrained")


def _points(ax: Any) -> list[np.ndarray[Any, Any]]:
    """The points of every error-bar container."""
    return [np.array(c[0].get_xydata()) for c in ax.containers]


def test_shrunk_keeps_the_sum_of_weighted_pixels() -> None:
    """The weighted mean of blocks, weighted by their weights, is that of the image; masked pixels count nothing."""
    rng = np.random.default_rng(1)
    values, weight = rng.normal(size=(103, 57)), (rng.uniform(size=(103, 57)) > 0.3).astype(float)
    values[weight == 0] = 1e30
    small = shrunk(values, weight, 20)
    assert small.shape == (18, 10)  # blocks of ceil(103/20) = 6
    blocks = shrunk(weight, np.ones_like(weight), 20)
    rows, columns = (np.add.reduceat(np.ones(n), np.arange(0, n, 6)) for n in weight.shape)
    kept = blocks * rows[:, None] * columns
    assert np.nansum(small * kept) == pytest.approx(float(np.sum(values[weight > 0])), rel=1e-12)
    assert np.isnan(shrunk(np.ones((4, 4)), np.zeros((4, 4)), 2)).all()
    np.testing.assert_array_equal(shrunk(values, np.ones_like(values), 200), values)  # small enough: untouched


@pytest.mark.parametrize(
    ("arcsec", "text"),
    [(1228.8, "5 arcmin"), (36000, "2 deg"), (9.0, "2 arcsec"), (0.5, "0.1 arcsec"), (179.0, "50 arcsec"), (1e6, "50 deg")],
)
def test_scale_bar_is_a_round_part_of_the_field(arcsec: float, text: str) -> None:
    """Between a tenth and a third of the width; by hand."""
    length, said = scale_bar(arcsec * ARCSEC)
    assert said == text
    assert 0.1 <= length / (arcsec * ARCSEC) <= 1 / 3


def test_maps_and_mask(figure: Any) -> None:
    """One picture a map and one of the mask; masked pixels are not in the colours of the map."""
    values = np.arange(64.0).reshape(8, 8)
    one = Map.from_array(values, pixel_scale=2 * ARCSEC, unit="nW / (m2 sr)")
    keep = np.ones((8, 8), dtype=bool)
    keep[2:4] = False
    draw_maps(figure, {"a $": one, "b": one}, keep)
    pictures = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title(loc="left") or ax.get_title() for ax in pictures] == [r"a \$", "b", "mask: 75.0 % of the grid kept"]
    shown = pictures[0].images[0]
    assert np.ma.getmaskarray(np.ma.masked_invalid(shown.get_array())).sum() == 16
    np.testing.assert_array_equal(np.asarray(pictures[2].images[0].get_array()), keep)
    colours = shown.cmap(np.linspace(0, 1, 256))
    assert np.min(np.abs(colours[:, :3] - shown.cmap.get_bad()[:3]).sum(axis=1)) > 0.3


def test_overlay_draws_what_it_is_given(figure: Any) -> None:
    """q^2 P / 2 pi against 2 pi / q in arcsec; negative bandpowers open; the difference in sigma of the first."""
    first, second = spectrum_of(1.0), spectrum_of(1.2)
    draw_overlay(figure, {"one": first, "two": second}, "a x b", [Curve(name="model", q=first.q, power=np.abs(first.power))])
    top, below = figure.axes
    points = _points(top)
    assert [len(p) for p in points] == [7, 1, 7, 1]
    np.testing.assert_allclose(points[0][:, 1], (first.q**2 * first.power / (2 * np.pi))[:7])
    np.testing.assert_allclose(points[0][:, 0], 2 * np.pi / first.q[:7] / ARCSEC * np.exp(-0.01))
    assert points[1][0, 1] == pytest.approx(-(first.q**2 * first.power)[-1] / (2 * np.pi))
    assert top.containers[1][0].get_markerfacecolor() == "none"
    np.testing.assert_allclose(below.lines[0].get_ydata(), 2 * np.sign(first.power))  # 20 % of it, in errors of 10 %
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["model", "one", "two"]
    assert "open symbols: negative" in figure.legends[0].get_title().get_text()
    assert all(part in top.get_ylabel() for part in ("nW²", "m⁻⁴", "sr⁻²"))


def test_overlay_of_one_spectrum_and_of_nothing_positive(figure: Any) -> None:
    """Neither is an error: a null field is drawn too."""
    nothing = attrs.evolve(spectrum_of(1.0), power=np.zeros(8), covariance=np.eye(8))
    draw_overlay(figure, {"one": nothing})
    figure.draw_without_rendering()


def test_overlay_shows_noise_that_a_spectrum_holds(figure: Any) -> None:
    """A dashed line at its level."""
    spectrum = attrs.evolve(spectrum_of(1.0), noise=np.full(8, 0.5))
    draw_overlay(figure, {"one": spectrum})
    line = next(line for line in figure.axes[0].lines if line.get_label() == "noise in it")
    np.testing.assert_allclose(line.get_ydata(), 0.5 * spectrum.q**2 / (2 * np.pi))


def test_nulls_are_in_units_of_their_errors(figure: Any) -> None:
    """Power of ten errors is drawn at ten, with one for the bar."""
    spectrum = spectrum_of(3.0)
    draw_nulls(figure, {"null": spectrum}, {"null": "PTE 0.5"})
    (points,) = _points(figure.axes[0])
    np.testing.assert_allclose(points[:, 1], 10 * np.sign(spectrum.power))
    assert figure.legends[0].get_texts()[0].get_text() == "null: PTE 0.5"


def test_corner_shows_the_common_parameters(figure: Any) -> None:
    """Posteriors of different models share an axis; none at all is said in words."""
    one = posterior_of(1e-9, 1e-10)
    other = attrs.evolve(one, names=("level", "bend"), samples=one.samples * [1.5, 1])
    draw_corner(figure, {"one": one, "two $": other})
    (axes,) = figure.axes
    assert axes.get_xlabel() == "$A$ [$10^{-9}$]"
    low, high = axes.get_xlim()
    assert low < 0.8
    assert high > 1.75  # the second reaches 1.5 + 2.6 x 0.15
    legends = [*figure.legends, *([axes.get_legend()] if axes.get_legend() else [])]
    assert [t.get_text() for legend in legends for t in legend.get_texts()] == ["one", r"two \$"]
    with pytest.raises(LookupError, match="no cell has a posterior"):
        draw_corner(figure, {})
    with pytest.raises(LookupError, match="different parameters"):
        draw_corner(figure, {"one": one, "two": attrs.evolve(one, names=("x", "y"))})


def test_corner_of_a_parameter_that_does_not_vary(figure: Any) -> None:
    """A spike is a posterior too."""
    one = posterior_of(1.0, 0.1)
    draw_corner(figure, {"one": attrs.evolve(one, samples=one.samples * [1, 0] + [0, 2.0])})
    figure.draw_without_rendering()


def _agreement(values: list[float | None], recipes: list[bool]) -> Comparison:
    rows = []
    for i, (value, recipe) in enumerate(zip(values, recipes, strict=True)):
        h = None if value is None else Headline(quantity="flux", value=value, low=0.1e-9, high=0.2e-9, unit="Jy", truth=1.1e-9)
        rows.append((f"cell {i}", {"m": str(i)}, recipe, h))
    return Comparison(reference=rows[0][3], headlines=tuple(rows), systematic=0.0, by_axis={"m": 0.0})


def test_agreement_has_a_row_for_every_cell(figure: Any) -> None:
    """Values in the power of ten of the axis; recipes open and named; a cell without a number says so."""
    draw_agreement(figure, _agreement([1e-9, 1.3e-9, 2e-9, None], [False, False, True, False]))
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["cell 0", "cell 1", "cell 2 (recipe)", "cell 3"]
    np.testing.assert_allclose([p[0, 0] for p in _points(axes)], [1.0, 1.3, 2.0])
    assert [c[0].get_markerfacecolor() for c in axes.containers][-1] == "white"
    assert [t.get_text() for t in axes.texts] == ["no result"]
    assert axes.get_xlabel() == "flux [$10^{-9}$ Jy]"
    low, high = axes.patches[1].get_x(), axes.patches[1].get_x() + axes.patches[1].get_width()
    assert (low, high) == pytest.approx((1.0, 1.3))  # the recipe at 2 is outside


def test_agreement_without_any_number(figure: Any) -> None:
    """Nothing to draw is no error."""
    draw_agreement(figure, _agreement([None, None], [False, False]))
    figure.draw_without_rendering()


def test_verbatim_is_no_formula() -> None:
    """A dollar from outside begins no formula."""
    from matplotlib.figure import Figure

    drawn = Figure()
    drawn.text(0.5, 0.5, verbatim("a $ b_{ $ c"))
    drawn.draw_without_rendering()


@pytest.mark.parametrize("part", ["figure", "subfigure"])
def test_legend_takes_no_room_from_the_data(part: str) -> None:
    """Long labels stand above the axes, inside the figure, also in a part of one (as the documentation draws it)."""
    from matplotlib.figure import Figure

    whole = Figure(figsize=(11, 4.5), layout="constrained")
    target = whole if part == "figure" else whole.subfigures(1, 2)[0]
    if part == "subfigure":
        target.set_size_inches = lambda *_: None
    draw_overlay(target, {f"a method with a rather long label {i}": spectrum_of(1.0 + i) for i in range(4)}, "title")
    whole.draw_without_rendering()
    room = target.legends[0].get_window_extent()
    axes = target.axes[0].get_window_extent()
    assert room.x1 <= target.bbox.x1 + 1
    assert room.y0 >= axes.y1 - 1
    assert axes.width > 0.75 * target.bbox.width
