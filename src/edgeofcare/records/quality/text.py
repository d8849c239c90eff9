"""A quality check as one page of text, small counts hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edgeofcare.records.quality.months import table_rows

if TYPE_CHECKING:
    from edgeofcare.records.quality.quality import Quality

__all__ = ["few", "month_name", "sections"]

_SMALL = 10
_MOST_RULES, _MOST_CAUSES = 15, 4
_BY_NAME = {"rule": "Rules", "lag": "Late rows in"}


def few(count: int) -> str:
    """Write a count; one of 1 to 9 as ``<10``, because the text is shared.

    Examples
    --------
    >>> few(3), few(1200)
    ('<10', '1,200')
    """
    return f"<{_SMALL}" if 0 < count < _SMALL else f"{count:,}"


def month_name(date: pd.Timestamp) -> str:
    """Write a month; nothing where there is none.

    Examples
    --------
    >>> month_name(pd.Timestamp("2024-04-01"))
    'Apr 2024'
    """
    return "" if pd.isna(date) else f"{date:%b %Y}"


def sections(quality: Quality) -> list[str]:
    """Write the parts of a check that have something to say, verdict apart.

    Parameters
    ----------
    quality : Quality
        The check.

    Returns
    -------
    list of str
        One text for each part.
    """
    return [
        _titled(title, lines)
        for title, lines in (
            ("What is there: rows, children, first and last month", _tables(quality)),
            ("What the window leaves", _window(quality)),
            ("Tables that break off or change level", [each.sentence for each in table_rows(quality.breaks)]),
            ("Codes that come and go", [each.sentence for each in table_rows(quality.codes)]),
            ("Validation rules that rows fail, most frequent first", _rules(quality)),
            ("How late rows appear", _lag(quality)),
            ("What this does to a model", _effects(quality)),
        )
        if lines
    ]


def _titled(title: str, lines: list[str]) -> str:
    """A title with its lines below it."""
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _tables(quality: Quality) -> list[str]:
    """Counts by table."""
    lines = []
    for each in table_rows(quality.tables):
        span = (
            f"{month_name(each.first_month)} to {month_name(each.last_month)}" if not pd.isna(each.first_month) else ""
        )
        lines.append(f"{each.table:22}{few(each.rows):>11}{few(each.children):>10}  {span}".rstrip())
    return lines


def _window(quality: Quality) -> list[str]:
    """Index dates that can be used, and entries into care."""
    if quality.index_dates.empty:
        return []
    usable = quality.index_dates[quality.index_dates["usable"]]
    span = f", {usable['index_date'].min():%d %b %Y} to {usable['index_date'].max():%d %b %Y}" if len(usable) else ""
    return [
        f"Quarterly index dates with a whole lookback and outcome window of 365 days: {len(usable)} of "
        f"{len(quality.index_dates)}{span}.",
        f"Children aged 10 to 17 who entered care within those outcome windows: {few(quality.entrants)}.",
    ]


def _rules(quality: Quality) -> list[str]:
    """Rules that fail."""
    failed = quality.failed
    lines = []
    for each in table_rows(failed.head(_MOST_RULES)):
        share = "" if pd.isna(each.share) or each.count < _SMALL else f"{each.share:.1%}"
        lines.append(f"{each.rule:10}{few(each.count):>8}  {share:>6}  {each.sentence}")
    rest = len(failed) - _MOST_RULES
    return [*lines, f"... and {rest} more, each less frequent"] if rest > 0 else lines


def _lag(quality: Quality) -> list[str]:
    """Lags of tables that have any."""
    late = quality.lag[(quality.lag["lag_95"] > 0).to_numpy(dtype=bool)] if len(quality.lag) else quality.lag
    what = {"start": "rows", "end": "ends"}
    return [
        f"{each.table:22}95% of {what[each.event]} after {each.lag_95:,.0f} days ({each.matched_by})"
        for each in table_rows(late)
    ]


def _effects(quality: Quality) -> list[str]:
    """Each problem but the verdict's reasons, under the effect that it has; rules and lags by name alone."""
    shown = quality.problems[quality.problems["kind"] != "verdict"]
    lines = []
    for effect, part in shown.groupby("effect", sort=False):
        kind = part["kind"].iloc[0]
        causes = part["problem"].str.rstrip(".").tolist()
        if kind in _BY_NAME:
            names = dict.fromkeys(cause.split(":")[0] for cause in causes)
            causes = [f"{_BY_NAME[kind]} {', '.join(names)}"]
        rest = f"; and {len(causes) - _MOST_CAUSES} more" if len(causes) > _MOST_CAUSES else ""
        lines += [f"{'; '.join(causes[:_MOST_CAUSES])}{rest}.", f"  -> {effect}"]
    return lines
