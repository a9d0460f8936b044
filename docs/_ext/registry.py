"""One page per kind of component, with every installed component: what the registry knows, and nothing by hand.

Components of other distributions appear like the built-in ones, so a plugin's own documentation can use this extension too.
It writes ``reference/components/KIND.rst`` before the sources are read.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs
from sphinx.util import logging

from faintsky.core.component import Option, info, options, shown_default, summary
from faintsky.core.errors import PluginError
from faintsky.core.references import entries as bib_entries
from faintsky.core.registry import HOST, Entry, import_object, registry

logger = logging.getLogger(__name__)

#: Types in the words of a study file.
_WORDS = {
    "str": "text",
    "bool": "true or false",
    "int": "whole number",
    "float": "number",
    "float | None": "number",
    "Path": "path",
    "Path | None": "path",
    "tuple[Path, ...]": "path, or list of paths",
    "tuple[str, ...]": "list of texts",
    "tuple[int, ...]": "list of whole numbers",
    "tuple[float, ...]": "list of numbers",
    "tuple[int, int] | None": "two whole numbers",
    "tuple[float, float] | None": "two numbers",
    "Band": "energy band, as text",
    "dict[str, Any]": "table",
}

#: Options that every component with parameters has.
_PARAMETRIC = ("priors", "fixed", "tied")


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Any) -> None:
    """Write the page of every kind; pages of kinds that are gone go too."""
    folder = Path(app.srcdir) / "reference" / "components"
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{kind}.rst": kind_page(kind) for kind in registry.kinds()}
    for old in folder.glob("*.rst"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def plain_bars(text: str) -> str:
    """The text with formulas made safe outside of literals: ``<|F|^2>`` is no substitution, a power may follow a backtick."""
    parts = re.split(r"(``.*?``)", text)
    return "".join(part if part.startswith("``") else _safe(part) for part in parts)


def _safe(text: str) -> str:
    return re.sub(r"(`[^`\n]+`)\^", r"\1\\ ^", re.sub(r"(?<!\\)\|", r"\\|", text))


def kind_page(kind: str) -> str:
    """The page of a kind, in reStructuredText."""
    interface = registry.kinds()[kind]
    module, _, name = interface.partition(":")
    cls = import_object(interface)
    lines = [f".. _kind-{kind}:", "", kind, "=" * len(kind), ""]
    lines += [f"{_sentences(cls)}", "", f'Interface: :class:`~{module}.{name}`. In a study file: ``use = "NAME"``.', ""]
    found = [(entry, _loaded(entry)) for entry in registry.entries(kind)]
    rows = [(f":ref:`{entry.name} <{_label(entry)}>`", entry.dist, _short(made)) for entry, made in found]
    lines += _table(("component", "from", "what it is"), rows, (22, 14, 64))
    for entry, made in found:
        lines += _component(entry, made)
    return "\n".join(lines) + "\n"


def _label(entry: Entry) -> str:
    return f"component-{entry.kind}-{entry.dist}-{entry.name}"


def _loaded(entry: Entry) -> type | str:
    """The class, or why it cannot be had; only a broken built-in is worth a warning."""
    try:
        return registry.load(entry)
    except PluginError as error:
        if entry.dist == HOST:
            logger.warning("%s", error)
        return str(error)


def _short(made: type | str) -> str:
    if isinstance(made, str):
        return "cannot be imported here"
    return plain_bars(summary(made)) + (" *A published recipe, biased.*" if info(made).recipe else "")


def _sentences(cls: type) -> str:
    """The summary of an interface without its first words, which say what this page says anyway."""
    return plain_bars(re.sub(r"^A component of kind ``\w+``: (\w)", lambda m: m.group(1).upper(), summary(cls)))


def _component(entry: Entry, made: type | str) -> Iterator[str]:
    yield from ("", f".. _{_label(entry)}:", "", entry.name, "-" * len(entry.name), "")
    if isinstance(made, str):
        yield from (".. code-block:: text", "", *(f"   {line}" for line in made.splitlines()), "")
        return
    said = info(made)
    if said.recipe:
        yield from (".. admonition:: Recipe", "   :class: warning", "")
        yield "   A published recipe that is known to be biased. It stands beside the sound methods under its own name, and is"
        yield from ("   never part of a method systematic.", "")
    yield from (plain_bars(inspect.getdoc(made) or ""), "")
    if said.extra:
        yield from (f"It needs an extra: ``pip install 'faintsky[{said.extra}]'``.", "")
    parameters = [a for a in attrs.fields(made) if "prior" in a.metadata]
    rows = [row for row in _option_rows(made) if not (parameters and row[0].strip("`") in _PARAMETRIC)]
    if rows:
        yield from _table(("option", "type", "default", "meaning"), rows, (16, 20, 18, 46))
    if parameters:
        yield "Parameters; each is free unless the tables ``fixed`` or ``tied`` name it, ``priors`` replaces its prior:"
        yield ""
        columns = ("parameter", "unit", "default", "default prior", "meaning")
        yield from _table(columns, [_parameter_row(a) for a in parameters], (16, 18, 10, 26, 30))
    yield from (
        "Where it lives: ``" + entry.value + f"``, {entry.dist} {entry.version}, science version {said.science_version}.",
        "",
    )
    if said.references:
        yield from ("References:", "")
        for key in said.references:
            yield f"* {reference(key, made.__module__.partition('.')[0])}"
        yield ""


def _parameter_row(a: Any) -> tuple[str, ...]:
    prior = a.metadata["prior"]
    given = ", ".join(
        f"{f.name} {getattr(prior, f.name):g}" for f in attrs.fields(type(prior)) if f.init and f.type in (float, "float")
    )
    shown = f"{registry.short_name(type(prior))} ({given})"
    unit = a.metadata.get("parameter_unit", "")
    return f"``{a.name}``", unit, shown_default(a), shown, plain_bars(a.metadata.get("help", ""))


def _option_rows(cls: type, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of every option; those of a table of options under their dotted name."""
    types = {a.name: a.type for a in attrs.fields(attrs.resolve_types(cls))}
    for option in options(cls):
        annotation: Any = types[option.name]
        if option.parameter:
            continue
        if isinstance(annotation, type) and attrs.has(annotation) and attrs.has(type(option.default)):
            yield from _option_rows(annotation, f"{prefix}{option.name}.")
            continue
        choices = "; one of " + ", ".join(f"``{c}``" for c in option.choices) if option.choices else ""
        yield f"``{prefix}{option.name}``", _type(option, annotation), _default(option), plain_bars(option.help) + choices


def _type(option: Option, annotation: Any) -> str:
    """The type in the words of a study file."""
    for part in (annotation, *get_args(annotation)):
        if registry.is_slot(part):
            kind = registry.kind_of(part)
            named = "named parts, each one of " if not registry.is_slot(annotation) else "one of "
            return f"{named}:ref:`{kind} <kind-{kind}>`"
    if option.unit:
        word = "number with unit, as text"
        return f"list of {word}" if get_origin(annotation) is tuple else f"{word} (in Python: {option.unit})"
    return _WORDS.get(re.sub(r"\bpathlib\.|\bcollections\.abc\.", "", option.type), f"``{option.type}``")


def _default(option: Option) -> str:
    if option.required and option.default is None:
        return "required"
    value = option.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"``{str(value).lower()}``"
    if option.unit and isinstance(value, float | int):
        return f"``{value:g} {option.unit}``"
    if isinstance(value, tuple | list):
        return "``[" + ", ".join(map(str, value)) + "]``"
    if isinstance(value, str):
        return f"``{value}``" if value else "empty"
    return "``{}``" if value == {} else f"``{value!r}``"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    yield ".. list-table::"
    yield "   :header-rows: 1"
    yield f"   :widths: {' '.join(map(str, widths))}"
    yield "   :class: components"
    yield ""
    for row in (head, *rows):
        for i, cell in enumerate(row):
            yield f"   {'* -' if i == 0 else '  -'} {' '.join(cell.split())}".rstrip()
    yield ""


def reference(key: str, package: str) -> str:
    """One line of a bibliography: authors, year, title, journal, and the identifier."""
    text = bib_entries(package).get(key) or bib_entries(HOST).get(key)
    if text is None:
        return key
    said = {name.lower(): _plain(value) for name, value in re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$", text, re.MULTILINE)}
    names = said.get("author", "").split(" and ")
    first = names[0].partition(",")[0]
    who = first + (" et al." if len(names) > 2 else f" & {names[1].partition(',')[0]}" if len(names) == 2 else "")
    where = " ".join(part for part in (said.get("journal") or said.get("booktitle", ""), said.get("volume", "")) if part)
    place = ", ".join(part for part in (where, said.get("pages", "").replace("--", "-")) if part)
    parts = [f"{who} {said.get('year', '')}".strip(), said.get("title", ""), place]
    parts += [f"doi {said['doi']}"] if "doi" in said else []
    return plain_bars(
        ". ".join(part.rstrip(".") if part != parts[0] else part for part in parts if part).replace("et al..", "et al.")
    )


#: Accents of BibTeX to combining characters.
_ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "v ": "\u030c", "c ": "\u0327"}


def _plain(text: str) -> str:
    from unicodedata import normalize

    text = re.sub(r"\{?\\(['`\"^~]|v |c )\{?(\w)\}?\}?", lambda m: m.group(2) + _ACCENTS[m.group(1)], text)
    return normalize("NFC", re.sub(r"[{}$\\]", "", text))
