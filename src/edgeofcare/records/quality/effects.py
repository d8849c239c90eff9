"""What each problem of an extract does to a model, one plain sentence each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.records.quality.months import table_rows
from edgeofcare.schema.tables import TABLES

__all__ = ["describe_problems"]

_COMMON = 0.01
_FEWEST = 10
_GAPS = 0.2
_LATE_DAYS = 7
_SHORT_DAYS = 730
_LEVEL = "Counts before and after differ in meaning, as after a system migration: train and test on one side of it."
_BREAK = {
    "stops early": "What happened since is not there: recent counts are too low, and open spells stay open.",
    "silence": "Counts over these months are zero where they are unknown; leave such index dates out, or the table.",
    "drop": _LEVEL,
    "rise": _LEVEL,
}
_CODE = {
    "appears": "Features of this code are zero before that month for everybody: they tell the date, not the child.",
    "vanishes": "Features of this code fade to zero after that month for everybody: a model goes on expecting them.",
}
_NOT_RECORDED = "A model trained without that delay learns from what nobody knew yet: declare it as reporting_lag."
_RECORDED = (
    "The recorded dates keep a model from seeing such rows too early, so declare no lag for them; a child who is "
    "scored today is scored without what will be entered later."
)
_NOT_ASKED_FOR = ("authority", "end_date", "recorded_date", "end_recorded_date", "death_date", "birth_date_estimated")
_COLUMNS = ["kind", "problem", "effect"]


def describe_problems(
    *,
    reasons: tuple[str, ...],
    window: pd.DataFrame,
    breaks: pd.DataFrame,
    codes: pd.DataFrame,
    rules: pd.DataFrame,
    columns: pd.DataFrame,
    lag: pd.DataFrame,
) -> pd.DataFrame:
    """List the problems that were found, worst first, with what each does to a model.

    Rules and columns are named where they are many: above 1% or 20% of rows, and at least 10 of them.

    Parameters
    ----------
    reasons : tuple of str
        Why the verdict is no better; empty where it is the best.
    window, breaks, codes, rules, columns, lag : DataFrame
        Parts of :class:`edgeofcare.records.quality.quality.Quality`.

    Returns
    -------
    DataFrame
        ``kind``, ``problem`` and ``effect``.
    """
    rows = [("verdict", reason, "The verdict rests on this.") for reason in reasons]
    rows += [("break", each.sentence, _BREAK[each.kind]) for each in table_rows(breaks)]
    rows += _window_problems(window)
    rows += [("codes", each.sentence, _CODE[each.change]) for each in table_rows(codes)]
    common = rules[(rules["share"] > _COMMON) & (rules["count"] >= _FEWEST) & (rules["harm"] != "")]
    rows += [
        ("rule", f"{each.rule}: {each.sentence} ({each.share:.1%} of rows)", each.harm)
        for each in table_rows(common.sort_values("share", ascending=False, kind="stable"))
    ]
    rows += _column_problems(columns) + _lag_problems(lag)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _window_problems(window: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Tables that are not there or begin late."""
    rows = []
    for each in table_rows(window):
        if not each.observed:
            effect = "Features of this table are unknown for every child, and tell a model nothing."
            rows.append(("window", f"{each.table} is not in the extract.", effect))
        elif each.days < _SHORT_DAYS:
            problem = f"{each.table} can be trusted for {each.days:,.0f} days only."
            effect = "Lookbacks that reach before it are unknown, and few index dates see a whole one."
            rows.append(("window", problem, effect))
    return rows


def _column_problems(columns: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Columns of codes and flags that are often empty."""
    effect = "Features of this column know nothing about these rows; if it is for audit, groups by it are incomplete."
    many = (columns["missing"] >= _FEWEST) & (
        (columns["rows"] == columns["missing"]) | (columns["rows"] - columns["missing"] >= _FEWEST)
    )
    empty = columns[(columns["share"] > _GAPS) & many & ~columns["column"].isin(_NOT_ASKED_FOR)]
    told_by_end = np.array([_told_by_end(each.table, each.column) for each in table_rows(empty)], dtype=bool)
    empty = empty[~told_by_end]
    return [
        ("column", f"{each.table}.{each.column} is empty in {each.share:.0%} of rows.", effect)
        for each in table_rows(empty.sort_values("share", ascending=False, kind="stable"))
    ]


def _told_by_end(table: str, column: str) -> bool:
    """Whether a column is filled only once the spell has ended."""
    return table in TABLES and TABLES[table].column(column).known == "end_date"


def _lag_problems(lag: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Tables whose rows appear late."""
    what = {"start": "rows", "end": "ends"}
    return [
        (
            "lag",
            f"{each.table}: 95% of {what[each.event]} have appeared after {each.lag_95:,.0f} days, and "
            f"{each.unseen_30d:.0%} of those of the last 30 days are not seen.",
            _RECORDED if each.matched_by == "recorded date" else _NOT_RECORDED,
        )
        for each in table_rows(lag[lag["lag_95"] > _LATE_DAYS])
    ]
