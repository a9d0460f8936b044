"""How the documentation is built: sphinx-build -W -b html docs docs/_build/html."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import faintsky

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

project = "faintsky"
author = "The faintsky developers"
copyright = "The faintsky developers"
version = release = faintsky.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_click",
    "myst_nb",
    "registry",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_ext", "changes/*.md", "reference/generated/changes.md"]
default_role = "autolink"
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# The notebook of the tutorial runs on every build: a demo that fails fails the documentation.
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_merge_streams = True

html_theme = "pydata_sphinx_theme"
html_title = f"faintsky {version}"
html_static_path = ["_static"]
html_css_files = ["faintsky.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "faintsky"},
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "back_to_top_button": False,
}
html_sidebars = {"index": [], "words": [], "changes": []}


def _changes() -> None:
    """What the next release will say, from the news fragments."""
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", version]
    text = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"^# .*$", f"# Next release, {version}", text, flags=re.MULTILINE)
    text = re.sub(r"^(#+) ", r"#\1 ", text, flags=re.MULTILINE)  # below the title of the page
    target = HERE / "reference" / "generated" / "changes.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def _plain_bars(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Absolute values in docstrings are no substitutions of reStructuredText."""
    from registry import plain_bars

    lines[:] = plain_bars("\n".join(lines)).split("\n")


def setup(app: Any) -> None:
    _changes()
    # Before numpydoc, which makes substitutions of its own.
    app.connect("autodoc-process-docstring", _plain_bars, priority=100)
