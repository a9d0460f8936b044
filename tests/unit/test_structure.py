"""TOML values become components strictly, with every defect found at once; and back without loss."""

from pathlib import Path

import attrs
import numpy as np
import pytest
import tomli_w
from attrs import frozen

from faintsky.core.band import Band
from faintsky.core.component import component, option, slot
from faintsky.core.likelihood import LikelihoodRule
from faintsky.core.power_model import PowerModel
from faintsky.core.prior import Normal, Prior, Uniform
from faintsky.core.spectrum import Spectrum
from faintsky.core.structure import Defects, structure, unstructure


@component()
@frozen(kw_only=True)
class Everything:
    """An option of every type."""

    flag: bool = option(False)
    count: int = option(1, ge=1, le=100)
    number: float = option(1.0)
    name: str = option("a", choices=("a", "bee"))
    angle: float = option("1 arcmin", unit="rad", gt=0)
    scales: tuple[float, float] = option(("1 arcsec", "2 arcsec"), unit="rad")
    path: Path | None = option(None)
    files: tuple[Path, ...] = option(())
    band: Band | None = option(None)
    shape: tuple[int, int] = option((1, 2))
    names: tuple[str, ...] = option(())
    prior: Prior = slot("uniform")
    priors: dict[str, Prior] = option(factory=dict)


PRIOR = {"prior": {"use": "normal", "mean": 0.0, "sigma": 1.0}}


def defects(**values):
    with pytest.raises(Defects) as error:
        structure(PRIOR | values, Everything)
    return {".".join(map(str, d.path)): d.message for d in error.value.found}


@pytest.mark.parametrize(
    ("values", "key", "message"),
    [
        ({"count": 3.7}, "count", "must be an integer, got 3.7"),
        ({"count": 3.0}, "count", "must be an integer, got 3.0"),
        ({"count": "3"}, "count", "must be an integer, got '3'"),
        ({"count": True}, "count", "must be an integer, got True"),
        ({"count": 0}, "count", "count must be >= 1, got 0"),
        ({"flag": "no"}, "flag", "must be true or false, got 'no'"),
        ({"flag": 0}, "flag", "must be true or false, got 0"),
        ({"number": "1e-3"}, "number", "must be a number, got '1e-3'"),
        ({"number": True}, "number", "must be a number, got True"),
        ({"name": 3}, "name", "must be a text, got 3"),
        ({"name": "bea"}, "name", "must be one of a, bee; got 'bea'. Did you mean 'bee'?"),
        ({"angle": 7}, "angle", "needs a unit: write '7 rad'"),
        ({"angle": "7"}, "angle", "has no unit"),
        ({"angle": "7 keV"}, "angle", "'keV' cannot be turned into 'rad'"),
        ({"angle": "7 arcsecs_"}, "angle", "is not a number with a unit"),
        ({"angle": "-7 arcsec"}, "angle", "angle must be > 0 rad"),
        ({"scales": "1 arcsec"}, "scales", "must be a list of lengths with unit"),
        ({"scales": ["1 arcsec"]}, "scales", "must be a list of 2 values, got 1"),
        ({"scales": [1, 2]}, "scales", "needs a unit: write '1 rad'"),
        ({"shape": [1, 2, 3]}, "shape", "must be a list of 2 values, got 3"),
        ({"shape": [1, 2.5]}, "shape.1", "must be an integer, got 2.5"),
        ({"shape": 4}, "shape", "must be a list, got 4"),
        ({"names": "abc"}, "names", "must be a list, got 'abc'"),
        ({"path": "nothing.fits"}, "path", "there is no file"),
        ({"files": ["nothing.fits"]}, "files.0", "there is no file"),
        ({"band": "2-0.5 keV"}, "band", ""),
        ({"prior": {"use": "normal", "mean": "0", "sigma": 1.0}}, "prior.mean", "must be a number, got '0'"),
        ({"prior": {"use": "normal", "sigma": 1.0}}, "prior", "needs the option 'mean'"),
        ({"prior": {"use": "nromal"}}, "prior", "Did you mean 'normal'?"),
        ({"prior": {"mean": 0.0}}, "prior", 'needs use = "..."'),
        ({"prior": 3}, "prior", "must name a component of kind 'priors'"),
        ({"priors": {"x": {"use": "normal", "mean": 1.0, "sigma": -1.0}}}, "priors", "sigma must be > 0"),
        ({"cuont": 3}, "cuont", "unknown option 'cuont' of Everything. Did you mean 'count'?"),
    ],
)
def test_strict_types(values, key, message):
    found = defects(**values)
    assert len(found) == 1, found
    ((where, said),) = found.items()
    assert where.startswith(key)
    assert message in said


def test_all_defects_at_once():
    found = defects(count=3.7, flag="no", angle=3, prior={"use": "normal", "mena": 0.0, "sigma": -1.0}, other=1)
    assert set(found) == {"count", "flag", "angle", "prior", "prior.mena", "prior.sigma", "other"}


def test_an_integer_is_a_number_and_a_file_name_is_a_list_of_one(tmp_path):
    (tmp_path / "a.fits").touch()
    made = structure(PRIOR | {"number": 3, "files": "a.fits", "path": "a.fits"}, Everything, tmp_path)
    assert made.number == 3.0
    assert isinstance(made.number, float)
    assert made.files == (tmp_path / "a.fits",)
    assert made.path == tmp_path / "a.fits"
    with pytest.raises(Defects, match=r"Did you mean 'a\.fits'\?"):
        structure(PRIOR | {"path": "a.fit"}, Everything, tmp_path)


def test_units_become_canonical():
    made = structure(PRIOR | {"angle": "2 deg", "scales": ["1 arcmin", "0.5 rad"]}, Everything)
    assert made.angle == pytest.approx(np.deg2rad(2), rel=1e-15)
    assert made.scales == (pytest.approx(np.deg2rad(1 / 60), rel=1e-15), 0.5)


def test_back_and_forth_without_loss(tmp_path):
    import tomllib

    (tmp_path / "a.fits").touch()
    made = Everything(
        count=7,
        number=0.1 + 0.2,
        angle="7.1 arcsec",
        scales=("3 arcsec", "1 deg"),
        path=tmp_path / "a.fits",
        band=Band.parse("0.5-2 keV"),
        prior=Normal(mean=1 / 3, sigma=2.0),
        priors={"x": Uniform(low=0.0, high=1e-17)},
    )
    table = unstructure(made)
    table.pop("use")
    again = structure(tomllib.loads(tomli_w.dumps(table)), Everything)
    assert again == made


def test_a_slot_refuses_a_component_for_other_data():
    """A likelihood of spectra of power cannot stand where one of X-ray spectra is wanted."""

    @frozen(kw_only=True)
    class Study:
        likelihood: LikelihoodRule[Spectrum, PowerModel] = slot("gaussian-model-sigma")

    with pytest.raises(Defects, match="works on PowerSpectrum, but this slot gives it Spectrum"):
        structure({"likelihood": "gaussian-model-sigma"}, attrs.resolve_types(Study, globals(), locals()))
