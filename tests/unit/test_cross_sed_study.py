"""The study ``cross-sed``: what it reads, what it refuses, what it shows."""

from pathlib import Path

import pytest
from astropy.table import Table

from faintsky.core.band import Band
from faintsky.core.errors import DataError, StudyError
from faintsky.core.study_file import load_study
from faintsky.studies.cross_sed.choices import SedChoice

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TWO = (Band(0.5, 1.0), Band(1.0, 2.0))
HEAD = f"""
study = "cross-sed"
bands = ["0.5-1 keV", "1-2 keV"]
reference = "1-2 keV"
[responses]
use = "effective-area"
epoch = "test"
energy = ["0.4 keV", "8 keV"]
area = ["100 cm2", "100 cm2"]
[sed.one]
path = "{EXAMPLES / "li19_table2.ecsv"}"
where = {{ field = "STACK", infrared = "3.6" }}
"""


def table(tmp_path, rows, names=("spectrum", "weights", "value", "error")):
    Table(rows=rows, names=names).write(tmp_path / "t.ecsv")
    return tmp_path / "t.ecsv"


def test_a_table_of_a_run_of_coherence_is_read(tmp_path):
    path = table(tmp_path, [("ch1 x hard", "q2", 2.0, 0.5), ("ch1 x soft", "q2", -1.0, 0.4), ("ch1 x soft", "modes", 9.0, 9.0)])
    choice = SedChoice(
        path=path, band="spectrum", where={"weights": "q2"}, bands={"ch1 x soft": "0.5-1 keV", "ch1 x hard": "1-2 keV"}
    )
    found = choice.read(TWO, "ch1")
    assert found.value.tolist() == [-1.0, 2.0]
    assert found.error.tolist() == [0.4, 0.5]
    assert found.label == "ch1"


@pytest.mark.parametrize(
    ("rows", "more", "words"),
    [
        ([("0.5-1 keV", "q2", 1.0, 0.5)], {}, "has no row of 1-2 keV; it has 0.5-1 keV"),
        ([("0.5-1 keV", "q2", 1.0, 0.5)] * 2, {}, "stands in more than one row: narrow them down with where"),
        ([("0.5-1 keV", "q2", 1.0, 0.5), ("1-2 keV", "q2", -99.0, 0.5)], {}, r"a value or an error is missing \(NaN, -99\)"),
        ([("0.5-1 keV", "q2", 1.0, 0.0), ("1-2 keV", "q2", 1.0, 0.5)], {}, "not positive"),
        ([("0.5-1 keV", "q2", 1.0, 0.5)], {"where": {"weights": "modes"}}, "has no row with {'weights': 'modes'}"),
        ([("0.5-1 keV", "q2", 1.0, 0.5)], {"value": "vale"}, r"no column 'vale'. Did you mean 'value'"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, rows, more, words):
    with pytest.raises(DataError, match=words):
        SedChoice(path=table(tmp_path, rows), band="spectrum", **more).read(TWO, "x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[models.a]\nvary = { "photon_indx" = [1.0] }\nmodel = "powerlaw"',
            r"no parameter 'photon_indx'. Did you mean",
        ),
        ('[models.a]\nmodel = "wabs"', "wabs is a factor and gives no photons|is a factor and gives no photons"),
        ('[models.a]\nvary = { "photon_index" = [] }\nmodel = "powerlaw"', "photon_index has no values"),
        ('[fitted]\nuse = "powerlaw"\nfixed = { photon_index = 2.0, norm = 1.0 }', "no parameter is free"),
        ('[[hardness_ratios]]\nuse = "exact"', "works on CountsPair, but this slot gives it PowerPair"),
    ],
)
def test_a_study_file_that_cannot_run_says_why_before_it_does(text, words):
    with pytest.raises(StudyError, match=words):
        load_study(HEAD + text)


def test_bands_must_hold_the_reference():
    with pytest.raises(StudyError, match=r"2-4 keV is none of the bands"):
        load_study(HEAD.replace('reference = "1-2 keV"', 'reference = "2-4 keV"'))
    with pytest.raises(StudyError, match=r"has no row of 0.5-3 keV"):
        load_study(HEAD.replace('"0.5-1 keV"', '"0.5-3 keV"'))
