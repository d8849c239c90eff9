"""What every page for people needs: a checked path, a template, pictures as text, and writing whole or not at all."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import suppress
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from edgeofcare.exceptions import SpecError
from edgeofcare.reporting.shareable import small_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["page_path", "page_template", "svg", "write_page"]

_SVG: Any = {"svg.fonttype": "none", "svg.hashsalt": "edgeofcare", "font.family": "sans-serif"}
_OWN_NAMES = re.compile(r'( id="|url\(#|href="#)')


def page_path(path: str | Path) -> Path:
    """The path of a page, refused where it is none or its folder is missing, before any work.

    Raises
    ------
    SpecError
        If no file can be written there.
    """
    try:
        target = Path(path)
        usable = target.parent.is_dir() and not target.is_dir()
    except (OSError, TypeError, ValueError):
        usable = False
    if not usable:
        msg = "The report cannot be written there: give the path of a file in a folder that exists."
        raise SpecError(msg)
    return target


def write_page(target: Path, page: str) -> None:
    """Write a page whole or not at all.

    Raises
    ------
    SpecError
        If it cannot be written.
    """
    temporary = target.parent / f".{target.stem[:40]}.part"
    try:
        temporary.write_text(page, encoding="utf-8", newline="\n")
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        msg = f"The report cannot be written there ({error.strerror or type(error).__name__}). Give another path."
        raise SpecError(msg) from None


def page_template(name: str) -> Any:
    """A page of the templates, with everything that is filled in escaped."""
    environment = Environment(
        loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["count"] = lambda value: f"{value:,}" if isinstance(value, int) else str(value)
    environment.filters["small"] = small_count
    return environment.get_template(name)


def _source(name: str) -> str:
    """Text of a template of the package."""
    return (files("edgeofcare.reporting") / "templates" / name).read_text(encoding="utf-8")


def svg(
    draw: Callable[[Axes], Any], *, size: tuple[float, float] = (6.4, 4.8), label: str = "", prefix: str = ""
) -> str:
    """A picture as SVG text, the same at every run.

    Parameters
    ----------
    draw : callable
        Draws on the axis that it is given.
    size : tuple of float
        Width and height in inches.
    label : str, optional
        What the picture shows, in words, for people who do not see it.
    prefix : str, optional
        Put before every name inside the picture, so that two pictures of one page share none.

    Returns
    -------
    str
        The picture.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SVG):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    if prefix:
        text = _OWN_NAMES.sub(lambda found: f"{found[1]}{prefix}-", text)
    said = f' role="img" aria-label="{escape(label)}"' if label else ""
    return text.replace("<svg", f"<svg{said}", 1)
