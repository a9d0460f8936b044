"""Every reference that a component names stands in the references.bib of its distribution."""

import re

import pytest

from faintsky.core.component import info
from faintsky.core.errors import DataError, PluginError
from faintsky.core.references import bibliography, entries, keys_of
from faintsky.core.registry import registry

BUILT_IN = [(kind, entry.name) for kind in registry.kinds() for entry in registry.entries(kind) if entry.dist == "faintsky"]


@pytest.mark.parametrize(("kind", "name"), BUILT_IN)
def test_every_key_of_a_built_in_exists(kind, name):
    try:
        cls = registry.load(registry.find(kind, f"faintsky:{name}"))
    except PluginError as error:
        pytest.fail(str(error))
    assert set(info(cls).references) <= set(entries())


def test_entries_are_whole():
    for key, text in entries().items():
        assert re.match(r"@(article|software|inproceedings|book|misc)\{" + key + ",", text)
        assert text.endswith("}")
        assert text.count("{") == text.count("}")
        assert re.search(r"^  author\s*=", text, re.M), key
        assert re.search(r"^  title\s*=", text, re.M), key
        assert text.startswith("@software") or re.search(r"^  year\s*=\s*\{\d{4}\}", text, re.M), key
    dois = re.findall(r"doi\s*=\s*\{(.*)\}", "\n".join(entries().values()))
    assert len(dois) == len(set(dois))


def test_each_entry_once_and_faintsky_first():
    text = bibliography(["Hivon2002", "faintsky:Hivon2002", "Harris2020"])
    assert text.startswith("@software{faintsky,")
    assert text.count("{Hivon2002,") == text.count("{Harris2020,") == 1


def test_an_unknown_key_is_named_with_the_nearest():
    with pytest.raises(DataError, match=r"no references.bib holds 'Hivon2003'. Did you mean 'Hivon2002'\?"):
        bibliography(["Hivon2003"])


def test_a_key_of_a_package_means_that_package_first(tmp_path, monkeypatch):
    """A stranger's Li2018 is not ours; its package is not imported to find out."""
    package = tmp_path / "stranger_bib"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "references.bib").write_text("@article{Li2018,\n  author = {Li, Stranger},\n}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert keys_of({"x:y": {"class": "stranger_bib.deep:Class", "references": ["Li2018"]}}) == ["stranger_bib:Li2018"]
    assert "Li, Stranger" in bibliography(["stranger_bib:Li2018"])
    assert "Li, Stranger" not in bibliography(["Li2018"])
    assert entries("no_such_package") == {}


def test_the_file_of_a_local_component_has_a_bibliography_beside_it(tmp_path):
    (tmp_path / "references.bib").write_text("@article{Mine2020,\n  author = {Me},\n}\n")
    keys = keys_of({f"{tmp_path}/a.py:Class": {"class": "faintsky_local_1:Class", "references": ["Mine2020"]}})
    assert "{Me}" in bibliography(keys)
