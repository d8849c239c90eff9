"""Settings of the documentation: ``python -m sphinx -W -b html docs docs/_build`` builds it without a network."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "scripts"))

import api_page  # noqa: E402  found through the line above

import edgeofcare  # noqa: E402

project = "edgeofcare"
author = "The edgeofcare maintainers"
project_copyright = "2026, The edgeofcare maintainers"
language = "en_GB"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_parser"]
templates_path = ["templates"]
exclude_patterns = ["_build", "templates"]
html_theme = "alabaster"
html_theme_options = {
    "description": "Calibrated, explained risk of entering care, from case records",
    "fixed_sidebar": True,
    "show_powered_by": False,
    "page_width": "1060px",
    "body_max_width": "820px",
}
html_show_sphinx = False
html_math_renderer = "as_written"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

api_page.write(HERE / "api" / "generated", edgeofcare)


def block_maths(translator: Any, node: Any) -> None:
    """Show a displayed formula as it is written: formula renderers fetch themselves from other sites."""
    translator.body.append(f"<pre>{escape(node.astext())}</pre>")
    raise SkipNode


def inline_maths(translator: Any, node: Any) -> None:
    """Show a formula within a line as it is written."""
    translator.body.append(f"<code>{escape(node.astext())}</code>")
    raise SkipNode


def skip_borrowed(app: Any, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what a class has from Python or scikit-learn: their text links to their own pages."""
    holders = (getattr(thing, held, None) for held in ("fget", "func", "__func__", "__objclass__"))
    homes = [str(getattr(holder, "__module__", None) or "") for holder in (*holders, thing)]
    home = next((each for each in homes if each), "edgeofcare")
    return True if home.split(".")[0] in ("builtins", "sklearn") else None


def setup(app: Any) -> None:
    """Add the renderer of formulas, and leave out what is not ours."""
    app.connect("autodoc-skip-member", skip_borrowed)
    app.add_html_math_renderer("as_written", (inline_maths, None), (block_maths, None))
