"""Components: options with units and bounds, slots with defaults, and what they say of themselves."""

import numpy as np
import pytest
from astropy import units as u
from attrs import frozen

from faintsky.core.component import component, info, option, options, slot, summary
from faintsky.core.errors import DataError
from faintsky.core.prior import Prior, Uniform
from faintsky.core.registry import registry


@component(references=["Someone2000"], recipe=True, science_version=3)
@frozen(kw_only=True)
class Sample:
    """A component for this test.

    With more text.
    """

    taper: float = option("1 arcmin", unit="rad", ge=0, help="a taper")
    steps: int = option(3, ge=1, le=10)
    mode: str = option("fast", choices=("fast", "slow"))
    prior: Prior = slot("uniform", help="any prior")
    width: float = option(unit="arcsec")


def test_options_convert_to_the_canonical_unit():
    made = Sample(width=3 * u.arcmin, prior=Uniform(low=0, high=1))
    assert made.taper == pytest.approx(np.deg2rad(1 / 60), rel=1e-14)
    assert made.width == pytest.approx(180.0)
    assert Sample(width=2.5, taper="0.5 deg", prior=Uniform(low=0, high=1)).taper == pytest.approx(np.deg2rad(0.5))


@pytest.mark.parametrize(
    ("options_", "message"),
    [
        ({"steps": 0}, "steps must be >= 1, got 0"),
        ({"steps": 11}, "steps must be <= 10"),
        ({"mode": "fsat"}, "mode must be one of fast, slow; got 'fsat'. Did you mean 'fast'?"),
        ({"taper": "3 keV"}, "'keV' cannot be turned into 'rad'"),
        ({"taper": "3"}, "has no unit"),
        ({"taper": -1.0}, "taper must be >= 0 rad"),
    ],
)
def test_wrong_options_are_refused_in_words(options_, message):
    with pytest.raises((ValueError, DataError)) as error:
        Sample(width=1.0, prior=Uniform(low=0, high=1), **options_)
    assert message in str(error.value)


def test_what_a_component_says_of_itself():
    assert summary(Sample) == "A component for this test."
    assert info(Sample).recipe
    assert info(Sample).science_version == 3
    by_name = {o.name: o for o in options(Sample)}
    assert by_name["taper"].default == "1 arcmin"
    assert by_name["taper"].unit == "rad"
    assert by_name["width"].required
    assert by_name["prior"].slot
    assert by_name["mode"].choices == ("fast", "slow")


def test_a_component_needs_attrs_and_a_docstring():
    with pytest.raises(TypeError, match="frozen"):
        component()(type("Plain", (), {"__doc__": "Text."}))
    with pytest.raises(TypeError, match="docstring"):
        component()(frozen(type("Bare", (), {})))


def test_the_default_of_a_slot_is_made_by_the_registry():
    @frozen(kw_only=True)
    class Holder:
        prior: Prior = slot("tabulated")

    with pytest.raises(TypeError, match="x"):
        Holder()  # a tabulated prior has required options: the registry really constructs it
    assert registry.kind_of(Prior) == "priors"
