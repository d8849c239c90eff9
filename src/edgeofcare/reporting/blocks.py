"""What a page is made of: blocks with a heading, sentences, tables and pictures, the same for HTML and Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.reporting.shareable import hide_small_counts

__all__ = ["Block", "Grid", "Picture", "grid", "key_of", "number", "plain", "wide", "with_intervals"]

_LONG, _NARROW = 90, 3
_IN_PLACE = ("suppressed", "not shown", "no limit")
_NAMED = (
    ("estimate", "ci_low", "ci_high"),
    ("value", "ci_low", "ci_high"),
    ("net_benefit", "ci_low", "ci_high"),
    ("gain", "ci_low", "ci_high"),
    ("share", "ci_low", "ci_high"),
)
_SHORT = {"observed_expected_ratio": ("oe_low", "oe_high")}
_NAMES = ("model", "measure", "quantity", "strategy", "against")
_LABELS = {"by": "column", "ppv": "PPV", "npv": "NPV", "auroc": "AUROC", "tpr": "TPR", "fpr": "FPR", "fnr": "FNR"}


@dataclass(frozen=True, eq=False)
class Grid:
    """A table of text.

    Parameters
    ----------
    caption : str
        What the table shows; read out to people who do not see it.
    frame : DataFrame
        Text in every cell; the first column names the row.
    folded : bool
        Whether the table is closed until a reader opens it. Printed pages show it open.
    heading_says_it : bool
        Whether the caption only repeats the heading above, and is read out but not shown.
    """

    caption: str
    frame: pd.DataFrame
    folded: bool = False
    heading_says_it: bool = False

    @cached_property
    def stacked(self) -> bool:
        """Whether the cells of a row stand below each other where a page is narrow: many columns, or sentences."""
        return len(self.frame.columns) > _NARROW or any(
            len(value) > _LONG for name in self.frame.columns[1:] for value in self.frame[name]
        )

    @cached_property
    def numeric(self) -> list[bool]:
        """For each column, whether it holds numbers, which are set to the right."""
        return [position > 0 and _is_numeric(self.frame[name]) for position, name in enumerate(self.frame.columns)]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with what it shows in words.

    Parameters
    ----------
    title, caption : str
        A question, and how to read the answer.
    svg : str
        The picture itself.
    """

    title: str
    caption: str
    svg: str


@dataclass(frozen=True, eq=False)
class Block:
    """A part of a page with a heading.

    Parameters
    ----------
    title : str
        The heading.
    said : tuple of str
        Sentences, one paragraph each.
    grids : tuple of Grid
        Tables.
    pictures : tuple of Picture
        Pictures.
    parts : tuple of Block
        Blocks one level below.
    points : tuple of str
        Points of a list, after the sentences.
    more : tuple of str
        Sentences for who wants to know more, closed until a reader opens them. Printed pages show them.
    more_title : str
        What they are about.
    """

    title: str
    said: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    pictures: tuple[Picture, ...] = ()
    parts: tuple[Block, ...] = ()
    points: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    more_title: str = ""

    @property
    def key(self) -> str:
        """The name to link to."""
        return key_of(self.title)


def key_of(title: str) -> str:
    """A heading as a name to link to.

    Parameters
    ----------
    title : str
        The heading.

    Returns
    -------
    str
        Small letters, digits and hyphens.

    Examples
    --------
    >>> key_of("Who was scored?")
    'who-was-scored'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def number(value: float, *, digits: int = 3) -> str:
    """A number as people read it, and nothing where there is none.

    Parameters
    ----------
    value : float
        Any number.
    digits : int
        Decimal places of numbers below 10.

    Returns
    -------
    str
        With commas.

    Examples
    --------
    >>> [number(value) for value in (0.81234, 12.34, 1234.0, float("nan"))]
    ['0.812', '12.3', '1,234', '']
    """
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "no limit"
    if float(value).is_integer() and abs(value) >= 10:
        return f"{value:,.0f}"
    return f"{value:,.{digits if abs(value) < 10 else 1}f}"


def plain(value: Any) -> str:
    """Any cell as text: yes and no, numbers as people read them, and nothing where there is none.

    Parameters
    ----------
    value : object
        A cell.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> [plain(value) for value in (True, 1200, 0.5, None, "count_rule")]
    ['yes', '1,200', '0.500', '', 'count_rule']
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return number(float(value))
    return "" if value is None or value is pd.NaT else str(value)


def with_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """Put each interval into the cell of its estimate.

    Parameters
    ----------
    frame : DataFrame
        With columns such as estimate, ci_low, ci_high, or NAME, NAME_low, NAME_high. Limits named ci_low and ci_high
        belong to the first that is there of estimate, value, net_benefit, gain and share.

    Returns
    -------
    DataFrame
        Without the columns of the limits.

    Examples
    --------
    >>> with_intervals(pd.DataFrame({"estimate": [0.8], "ci_low": [0.7], "ci_high": [0.9]}))["estimate"].tolist()
    ['0.800 (0.700 to 0.900)']
    """
    shown = frame.copy()
    pairs = [(name, low, high) for name, low, high in _NAMED if name in shown]
    pairs += [(str(name), *_SHORT.get(str(name), (f"{name}_low", f"{name}_high"))) for name in frame.columns]
    for name, low, high in pairs:
        if low in shown and high in shown:
            rows = zip(frame[name], frame[low], frame[high], strict=True)
            shown[name] = pd.Series([_between(*row) for row in rows], index=shown.index, dtype=object)
            shown = shown.drop(columns=[low, high])
    return shown


def _between(estimate: Any, low: Any, high: Any) -> str:
    """One estimate with its interval."""
    if isinstance(estimate, str) or not all(isinstance(limit, float | int | np.number) for limit in (low, high)):
        return plain(estimate)
    if np.isnan([low, high]).any():
        return f"{estimate:,.0f}" if float(estimate).is_integer() else plain(estimate)
    places = 1 if max(abs(estimate), abs(low), abs(high)) >= 10 else 3
    if np.isinf([low, high]).any():
        return f"{plain(estimate)} ({number(float(low))} to {number(float(high))})"
    return f"{estimate:,.{places}f} ({low:,.{places}f} to {high:,.{places}f})"


def grid(
    caption: str,
    frame: pd.DataFrame,
    *,
    folded: bool = False,
    labels: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
) -> Grid:
    """A table of text from a tidy frame: small counts hidden, intervals beside estimates, headings in words.

    Parameters
    ----------
    caption : str
        What the table shows.
    frame : DataFrame
        Any tidy frame of ours.
    folded : bool
        Whether it is closed until opened.
    labels : mapping of str to str, optional
        Column to heading.
    drop : sequence of str
        Columns to leave out.

    Returns
    -------
    Grid
        The table. A column of notes with nothing in it is left out.

    Examples
    --------
    >>> made = grid("Lists", pd.DataFrame({"list": ["top_1"], "ppv": [0.25], "children": [4], "note": [""]}))
    >>> made.frame.to_dict("records")
    [{'list': 'top_1', 'PPV': '0.250', 'children': '<10'}]
    """
    shown = with_intervals(hide_small_counts(frame.drop(columns=[name for name in drop if name in frame])))
    text = pd.DataFrame(
        {name: [plain(value) for value in shown[name].tolist()] for name in shown.columns}, dtype=object
    )
    for name in set(_NAMES) & set(text.columns):
        text[name] = text[name].str.replace("_", " ")
    empty = [name for name in ("note", "notes") if name in text and (text[name] == "").all()]
    names = {name: (labels or {}).get(str(name), _heading(str(name))) for name in text.columns}
    return Grid(caption, text.drop(columns=empty).rename(columns=names), folded)


def wide(frame: pd.DataFrame, *, rows: Sequence[str], columns: str, order: Sequence[str] = ()) -> pd.DataFrame:
    """Turn a tidy frame of estimates into a table with one column for each measure or model.

    Parameters
    ----------
    frame : DataFrame
        With estimate, and ci_low and ci_high.
    rows : sequence of str
        Columns that name a row.
    columns : str
        Column whose values become columns.
    order : sequence of str
        The values to show, in their order; all if empty.

    Returns
    -------
    DataFrame
        Text, in the order in which rows came.

    Examples
    --------
    >>> tidy = pd.DataFrame({"list": ["a", "a"], "measure": ["ppv", "lift"], "estimate": [0.2, 4.0],
    ...                      "ci_low": [0.1, 3.0], "ci_high": [0.3, 5.0]})
    >>> wide(tidy, rows=["list"], columns="measure").iloc[0].tolist()
    ['a', '0.200 (0.100 to 0.300)', '4.000 (3.000 to 5.000)']
    """
    shown = with_intervals(frame)
    names = [name for name in (order or shown[columns].unique()) if name in set(shown[columns])]
    found: dict[tuple[Any, ...], dict[str, str]] = {}
    for record in shown.to_dict("records"):
        line = found.setdefault(tuple(record[name] for name in rows), {})
        line[str(record[columns])] = plain(record["estimate"]) or _hidden(record.get("note"))
    lines = [
        {**dict(zip(rows, key, strict=True)), **{n: line.get(n, "") for n in names}} for key, line in found.items()
    ]
    return pd.DataFrame(lines, columns=[*rows, *names], dtype=object)


def _hidden(note: object) -> str:
    """What stands in the place of an estimate that is not shown."""
    return _IN_PLACE[0] if str(note).startswith(_IN_PLACE[0]) else ""


def _heading(name: str) -> str:
    """A column's name in words."""
    return _LABELS.get(name, name.replace("_", " "))


def _is_numeric(column: pd.Series) -> bool:
    """Whether all that stands in a column begins with a digit, a sign or "<"."""
    said = [text for text in column.astype(str) if text and text not in _IN_PLACE]
    return bool(said) and all(re.match(r"[-+<]?\d", text) and len(text) < 40 for text in said)
