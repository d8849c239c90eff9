"""The page of a quality check: one self-contained file that an analyst can pass on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.plotting.quality import plot_quality
from edgeofcare.records.quality.quality import Quality
from edgeofcare.records.quality.text import month_name
from edgeofcare.reporting.pages import page_path, page_template, svg, write_page
from edgeofcare.reporting.shareable import SMALL, hide_small, small_count
from edgeofcare.version import VERSION

__all__ = ["write_quality_page"]

_MARKS = {"ready to train": "ready", "ready to score only": "partly", "not ready": "not"}
_INCHES_WIDE, _INCHES_A_TABLE, _INCHES_AROUND = 10.0, 0.27, 2.0
_EVENTS = {"start": "rows", "end": "ends"}


def write_quality_page(quality: Quality, path: str | Path) -> Path:
    """Write a quality check as a page for people.

    Parameters
    ----------
    quality : Quality
        What ``records.quality()`` gave.
    path : path
        The HTML file to write.

    Returns
    -------
    Path
        The file. It needs no other file and no network. It holds counts, table and column names, months and codes of
        the national lists, and no value of a row; counts of 1 to 9 are shown as ``<10``, and the picture compares small
        tables by quarter or year.

    Raises
    ------
    SpecError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from edgeofcare.synthetic.records import make_records
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_quality_page(make_records(300, random_state=0).quality(), f"{folder}/quality.html")
    ...     "Ready to score only" in page.read_text(encoding="utf-8")
    True
    """
    target = page_path(path)
    page = page_template("quality.html").render(
        version=VERSION,
        quality=quality,
        mark=_MARKS[quality.verdict],
        tiles=_tiles(quality),
        picture=_picture(quality),
        problems=_problems(quality.problems),
        failed=_rules(quality.failed),
        passed=quality.rules.loc[quality.rules["count"] == 0, "rule"].tolist(),
        window=_window(quality.window),
        index_dates=_index_dates(quality.index_dates),
        lag=_lag(quality.lag),
        tables=_tables(quality.tables),
        columns=_columns(quality.columns),
        findings=hide_small(quality.findings, "count"),
    )
    write_page(target, page)
    return target


def _tiles(quality: Quality) -> list[tuple[str, str]]:
    """The few figures that a reader looks at first: value and label."""
    usable = int(quality.index_dates["usable"].sum())
    children = quality.tables.loc[quality.tables["table"] == "children", "rows"]
    return [
        (small_count(int(children.iloc[0])) if len(children) else "0", "children"),
        (small_count(int(quality.entrants)), "children aged 10 to 17 entered care within the usable outcome windows"),
        (f"{usable} of {len(quality.index_dates)}", "quarterly index dates can be used for training"),
        (str(len(quality.breaks)), "breaks in tables"),
        (f"{len(quality.failed)} of {len(quality.rules)}", "validation rules fail for at least one row"),
    ]


def _picture(quality: Quality) -> str:
    """The tables by month; nothing where there is no table."""
    drawn = int(quality.window["observed"].astype(bool).sum())
    if not drawn:
        return ""
    height = _INCHES_AROUND + _INCHES_A_TABLE * max(drawn, 3)
    return svg(lambda ax: plot_quality(quality, ax).set_title("", loc="left"), size=(_INCHES_WIDE, height))


def _problems(problems: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Each effect on a model with the problems that have it, the verdict's own reasons apart."""
    shown = problems[problems["kind"] != "verdict"]
    return [(str(effect), part["problem"].tolist()) for effect, part in shown.groupby("effect", sort=False)]


def _rules(rules: pd.DataFrame) -> pd.DataFrame:
    """Rules with counts as text."""
    share = ["" if pd.isna(value) else f"{value:.1%}" for value in rules["share"]]
    share = [text if count >= SMALL else "" for text, count in zip(share, rules["count"], strict=True)]
    shown = pd.DataFrame(
        {"rule": rules["rule"], "rows": rules["count"], "share": share, "what is wrong": rules["sentence"]}
    )
    return hide_small(shown.assign(effect=rules["harm"]).rename(columns={"effect": "what it does to a model"}), "rows")


def _day(date: Any) -> str:
    """A date of the extract; nothing where there is none."""
    return "" if pd.isna(date) else f"{date:%d %b %Y}"


def _window(window: pd.DataFrame) -> pd.DataFrame:
    """Windows with dates and shares as text."""
    known = window["observed"].astype(bool)
    return pd.DataFrame(
        {
            "table": window["table"],
            "trusted from": [
                _day(day) or ("not known" if seen else "not there")
                for day, seen in zip(window["observed_from"], known, strict=True)
            ],
            "whole lookback of 365 days from": [_day(day) for day in window["full_lookback_from"]],
            "began before the window": ["" if pd.isna(value) else f"{value:.0%}" for value in window["rows_before"]],
        }
    )


def _index_dates(dates: pd.DataFrame) -> pd.DataFrame:
    """Index dates with counts as text."""
    flags = ("lookback_seen", "outcome_complete", "usable")
    shown = dates.assign(**{name: dates[name].map({True: "yes", False: "no"}) for name in flags})
    shown["index_date"] = [_day(day) for day in dates["index_date"]]
    shown = shown.rename(columns={"children": "children of 10 to 17 on an open case"})
    return hide_small(shown, "children of 10 to 17 on an open case")


def _lag(lag: pd.DataFrame) -> pd.DataFrame:
    """Lags with numbers as text."""
    if lag.empty:
        return lag
    whole = {name: ["" if pd.isna(value) else f"{value:,.0f}" for value in lag[name]] for name in ("lag_50", "lag_95")}
    counts = {
        name: ["" if pd.isna(value) else small_count(int(value)) for value in lag[name]]
        for name in ("rows", "late", "changed", "withdrawn")
    }
    shown = pd.DataFrame(
        {
            "table": lag["table"],
            "of": lag["event"].map(_EVENTS),
            "told by": lag["matched_by"],
            **{name: counts[name] for name in ("rows", "late")},
            "unseen of the last 30 days": ["" if pd.isna(value) else f"{value:.0%}" for value in lag["unseen_30d"]],
            "half after (days)": whole["lag_50"],
            "95% after (days)": whole["lag_95"],
            **{name: counts[name] for name in ("changed", "withdrawn")},
        }
    )
    return shown.loc[:, [name for name in shown if (shown[name] != "").any()]]


def _tables(tables: pd.DataFrame) -> pd.DataFrame:
    """Counts by table."""
    months = {name: [month_name(day) for day in tables[name]] for name in ("first_month", "last_month")}
    return hide_small(tables.assign(**months), "rows", "children")


def _columns(columns: pd.DataFrame) -> pd.DataFrame:
    """Columns with missing values, most first; shares that would tell of few rows are left out."""
    shown = columns[columns["missing"] > 0].sort_values(["table", "share"], ascending=[True, False], kind="stable")
    held = shown["rows"] - shown["missing"]
    few = (shown["missing"] < SMALL) | held.between(1, SMALL - 1)
    share = [("" if hidden else f"{value:.1%}") for value, hidden in zip(shown["share"], few, strict=True)]
    missing = [
        f"all but <{SMALL}" if 0 < there < SMALL else gone for there, gone in zip(held, shown["missing"], strict=True)
    ]
    return hide_small(shown.assign(share=share, missing=missing), "rows", "missing")
