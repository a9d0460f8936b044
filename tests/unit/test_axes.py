"""Lists in slots become axes, the run is their product; parts and plain lists do not; ``--set`` reaches each alternative."""

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import frozen

from faintsky.core.component import component, option, slot
from faintsky.core.errors import StudyError
from faintsky.core.power_spectrum import PowerSpectrumEstimator
from faintsky.core.prior import Prior
from faintsky.core.registry import registry
from faintsky.core.sampler import Sampler
from faintsky.core.study import Study
from faintsky.core.study_file import load_study


@component()
@frozen(kw_only=True)
class Slots(Study):
    """Slots of every sort, and nothing to do."""

    priors: dict[str, Prior] = slot(parts=True, axis="data", help="named priors")
    samplers: Sampler = slot("emcee")
    estimator: PowerSpectrumEstimator = slot("decoupled")
    field: Prior = slot("uniform", axis="data")
    perhaps: PowerSpectrumEstimator | None = option(None)
    table: Prior | None = option(None)
    plain: tuple[float, ...] = option((1.0, 2.0))

    def analyse(self, run: Any) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def headline(self, cell: Any) -> None:
        """None."""

    def tables(self, cells: Any) -> Mapping[str, Any]:
        """None."""
        return {}


HEAD = {"study": "slots", "name": "s", "field": {"use": "normal", "mean": 0.0, "sigma": 1.0}}


def plan(overrides=(), **more):
    with registry.also([Slots]):
        return load_study(HEAD | more, overrides)


def wrong(overrides=(), **more):
    with pytest.raises(StudyError) as error:
        plan(overrides, **more)
    return str(error.value)


def test_without_lists_there_is_one_cell():
    found = plan(plain=[3.0, 4.0])
    assert found.axes == ()
    assert [dict(c.labels) for c in found.cells] == [{}]
    assert found.cells[0].study.plain == (3.0, 4.0)


def test_the_product_of_the_axes_and_the_reference_first():
    found = plan(samplers=["nestle", {"use": "dynesty", "nlive": 50}], estimator=["fft", "decoupled"], seed=[3, 4])
    assert {a.name: (a.kind, a.labels) for a in found.axes} == {
        "seed": ("repeat", ("3", "4")),
        "samplers": ("method", ("nestle", "dynesty")),
        "estimator": ("method", ("fft", "decoupled")),
    }
    assert len(found.cells) == 8
    first = found.cells[0]
    assert dict(first.labels) == {"seed": "3", "samplers": "nestle", "estimator": "fft"}
    assert first.seed == 3
    assert len({tuple(c.labels.values()) for c in found.cells}) == 8
    for cell in found.cells:
        assert registry.short_name(type(cell.study.samplers)) == cell.labels["samplers"]
        assert registry.short_name(type(cell.study.estimator)) == cell.labels["estimator"]
        assert str(cell.seed) == cell.labels["seed"]


def test_a_recipe_marks_its_cells():
    found = plan(estimator=["decoupled", "fft"])
    assert [c.recipe for c in found.cells] == [False, True]
    assert found.axes[0].recipes == (False, True)
    assert plan(estimator="fft").cells[0].recipe


def test_parts_are_no_axis_but_a_list_in_a_part_is():
    normal, uniform = {"use": "normal", "mean": 0.0, "sigma": 1.0}, {"use": "uniform", "low": 0.0, "high": 1.0}
    found = plan(priors={"a": normal, "b": uniform})
    assert len(found.cells) == 1
    assert set(found.cells[0].study.priors) == {"a", "b"}
    found = plan(priors={"a": [normal, uniform], "b": uniform})
    assert [(a.name, a.kind, a.labels) for a in found.axes] == [("priors.a", "data", ("normal", "uniform"))]
    assert len(found.cells) == 2


def test_a_list_among_the_options_of_an_optional_component_is_a_value():
    found = plan(table={"use": "tabulated", "x": [0.0, 1.0], "pdf": [1.0, 1.0]}, perhaps=["fft", "two-point"])
    assert [axis.name for axis in found.axes] == ["perhaps"]
    assert found.cells[0].study.table.x == (0.0, 1.0)


def test_two_alternatives_of_one_component_need_labels():
    twice = [{"use": "dynesty", "nlive": 50}, {"use": "dynesty", "nlive": 500}]
    assert "two alternatives are called 'dynesty': give each a label" in wrong(samplers=twice)
    found = plan(samplers=[dict(item, label=name) for item, name in zip(twice, ("fast", "deep"), strict=True)])
    assert found.axes[0].labels == ("fast", "deep")
    assert [c.study.samplers.nlive for c in found.cells] == [50, 500]


@pytest.mark.parametrize(
    ("overrides", "steps", "nlive"),
    [
        (["samplers.emcee.steps=70"], 70, 250),
        (["samplers.deep.nlive=77"], 2000, 77),
        (["samplers.emcee.steps=70", "samplers.deep.nlive=77"], 70, 77),
    ],
)
def test_set_addresses_alternatives_by_label(overrides, steps, nlive):
    both = ["emcee", {"use": "dynesty", "nlive": 250, "label": "deep"}]
    a, b = plan(overrides, samplers=both).cells
    assert (a.study.samplers.steps, b.study.samplers.nlive) == (steps, nlive)


def test_set_makes_values_of_every_type():
    found = plan(["plain=[5, 6.5]", "samplers=nestle", "seed=7", "field.sigma=2.5", "run.workers=3", "name=other"])
    cell = found.cells[0]
    assert cell.study.plain == (5.0, 6.5)
    assert registry.short_name(type(cell.study.samplers)) == "nestle"
    assert (cell.seed, cell.study.field.sigma, found.options.count, found.name) == (7, 2.5, 3, "other")
    assert plan(["samplers.steps=90"], samplers="emcee").cells[0].study.samplers.steps == 90


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["samplers.emce.steps=7"], "there is no alternative 'emce'. Did you mean 'emcee'?"),
        (["samplers.steps=7"], "name the alternative: emcee, dynesty"),
        (["plain.x.y=7"], "there is no table at this key"),
        (["name.x=7"], "must be a text that can name a folder"),
        (["steps"], "write it as dotted.key=value"),
        (["samplers.emcee.stesp=7"], "--set  samplers.emcee.stesp\n  unknown option 'stesp'"),
    ],
)
def test_set_that_cannot_be_done(overrides, message):
    assert message in wrong(overrides, samplers=["emcee", "dynesty"], plain=[1.0])


def test_the_order_of_tables_does_not_matter():
    text = 'study = "coherence"\n[maps.a]\nuse = "simulated"\n{}[bins]\nper_decade = 5\n{}'
    samplers = '[[samplers]]\nuse = "emcee"\n[[samplers]]\nuse = "nestle"\n'
    assert load_study(text.format(samplers, "")).expanded() == load_study(text.format("", samplers)).expanded()


def test_the_file_written_out_in_full_is_the_same_study(tmp_path):
    import tomli_w

    found = plan(samplers=["nestle", {"use": "dynesty", "label": "deep"}], seed=[1, 2])
    table = found.expanded()
    with registry.also([Slots]):
        again = load_study(tomli_w.dumps(table))
    assert again.expanded() == table
    assert [dict(c.labels) for c in again.cells] == [dict(c.labels) for c in found.cells]
    assert [c.study for c in again.cells] == [c.study for c in found.cells]
