"""Turning source tables into canonical ones, and telling every problem at once.

Each step takes frames and a :class:`~edgeofcare.records.findings.Findings`, which collects what was wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from functools import cache

import numpy as np
import pandas as pd

from edgeofcare.records.findings import Findings, counted, quoted_statuses
from edgeofcare.records.households import on_a_circle
from edgeofcare.records.values import NOT_APPLICABLE, as_codes, as_dates, as_flags, as_ids, as_numbers, as_text
from edgeofcare.schema.columns import SPELL, Table
from edgeofcare.schema.extracts import LARGEST_FAMILY
from edgeofcare.schema.sentinels import LARGEST_NUMBER
from edgeofcare.schema.tables import TABLES

__all__ = ["NO_DATE", "clean_table", "clean_tables", "empty_table"]

NO_DATE = "a sentinel date means no date"
"""Why a date of a source, such as 31/12/9999, is emptied."""

_MOST = 0.5
_ENOUGH_ROWS = 20
_REACH_DAYS = 180
_AN_EXTRACT = 1000
_OLD_YEARS = 30


def empty_table(table: Table) -> pd.DataFrame:
    """The table with all its columns and no rows."""
    return _empty(table).copy()


@cache
def _empty(table: Table) -> pd.DataFrame:
    """An empty table, made once."""
    return _typed(pd.DataFrame(columns=list(table.names)), table, {}, Findings())


def clean_tables(
    sources: Mapping[str, pd.DataFrame],
    *,
    observed_until: pd.Timestamp,
    code_maps: Mapping[str, Mapping[str, str]],
    findings: Findings,
    absent: Collection[str] = (),
) -> dict[str, pd.DataFrame]:
    """Canonical tables from source tables with canonical names.

    Parameters
    ----------
    sources : mapping of str to DataFrame
        Table name to frame. Columns that are not in the schema are left behind.
    observed_until : Timestamp
        Rows that begin later are dropped; ends that come later are taken as not yet known.
    code_maps : mapping
        For each code list, local text to canonical code.
    findings : Findings
        Collects problems and repairs, and says what to do with rows that cannot be right.
    absent : collection of str
        Required tables that this kind of source cannot hold; they come out empty.

    Returns
    -------
    dict of str to DataFrame
        Every canonical table; one that the source lacks is empty.

    Raises
    ------
    RecordsError
        With every problem found, if there is any.
    """
    _check_names(sources, findings, absent)
    findings.raise_problems()
    tables = {}
    for name, table in TABLES.items():
        if name not in sources:
            tables[name] = empty_table(table)
            continue
        frame = _typed(sources[name].reset_index(drop=True), table, code_maps, findings)
        frame = _without_copies(frame, table, findings)
        tables[name] = _without_invalid(frame, table, observed_until, findings)
    _check_children(tables["children"], observed_until, findings)
    findings.raise_problems()
    _drop_orphans(tables, findings)
    _check_reach(tables, observed_until, findings)
    findings.raise_problems()
    tables["care_episodes"] = _closed_episodes(tables["care_episodes"], findings)
    tables["referrals"] = _over_at_once(tables["referrals"], findings)
    return {name: frame.reset_index(drop=True) for name, frame in tables.items()}


def clean_table(
    source: pd.DataFrame,
    table: Table,
    *,
    observed_until: pd.Timestamp,
    children: pd.Series,
    findings: Findings,
    keyed: bool = True,
) -> pd.DataFrame:
    """One dated table that is not canonical, validated like those that are.

    Parameters
    ----------
    source : DataFrame
        Rows with the columns of the table.
    table : Table
        Its definition.
    observed_until : Timestamp
        Rows that begin later are dropped; ends that come later are taken as not yet known.
    children : Series of str
        Every child of the records; rows of others are dropped.
    findings : Findings
        Collects problems and repairs.
    keyed : bool
        Whether rows have keys of their own; where not, they are numbered.

    Returns
    -------
    DataFrame
        Its rows.

    Raises
    ------
    RecordsError
        With every problem found, if there is any.
    """
    frame = _without_copies(_typed(source.reset_index(drop=True), table, {}, findings), table, findings)
    if not keyed:
        frame = frame.assign(row_key=np.arange(len(frame)).astype(str))
    frame = _without_invalid(frame, table, observed_until, findings)
    orphan = ~frame["child_id"].isin(children)
    _refuse_most(table.name, orphan, "name a child who is not in the children table", findings)
    findings.note(table.name, "child_id", int(orphan.sum()), "dropped", "the child is not in the children table")
    findings.raise_problems()
    return frame[~orphan].reset_index(drop=True)


def _check_names(sources: Mapping[str, pd.DataFrame], findings: Findings, absent: Collection[str]) -> None:
    """Missing tables and columns, each with the nearest name that is there."""
    for name in sorted(set(sources) - set(TABLES)):
        findings.problem(f"{name!r} is not a canonical table.{_nearest(name, list(TABLES))}")
    for name, table in TABLES.items():
        if name not in sources:
            if table.required and name not in absent:
                findings.problem(f"{name}: the table is missing. It is required: {table.meaning}")
            continue
        if not isinstance(sources[name], pd.DataFrame) or sources[name].columns.nlevels > 1:
            findings.problem(f"{name}: the table must be a DataFrame with one row of column names.")
            continue
        present = [str(column) for column in sources[name].columns]
        for column in table.columns:
            if column.required and column.name not in present:
                findings.problem(f"{name}: column {column.name!r} is missing.{_nearest(column.name, present)}")


def _nearest(name: str, candidates: list[str]) -> str:
    """A hint at the closest name, if one is close."""
    close = difflib.get_close_matches(name, candidates, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _typed(
    source: pd.DataFrame, table: Table, code_maps: Mapping[str, Mapping[str, str]], findings: Findings
) -> pd.DataFrame:
    """The columns of the schema only, each with its dtype."""
    columns = {}
    for column in table.columns:
        values = source[column.name] if column.name in source.columns else pd.Series(np.nan, index=source.index)
        if isinstance(values, pd.DataFrame):
            findings.problem(f"{table.name}: column {column.name!r} appears {values.shape[1]} times; keep one.")
            values = values.iloc[:, 0]
        columns[column.name] = _typed_column(values, table, column.name, code_maps, findings)
    return pd.DataFrame(columns, index=source.index)


def _typed_column(
    values: pd.Series, table: Table, name: str, code_maps: Mapping[str, Mapping[str, str]], findings: Findings
) -> pd.Series:
    """One column with its dtype; what could not be read is told."""
    column = table.column(name)
    if column.kind == "id":
        return as_ids(values)
    if column.kind in ("flag", "number"):
        read = as_flags(values) if column.kind == "flag" else as_numbers(values)
        lost = as_text(values[(read.isna() & values.notna()).to_numpy(dtype=bool)], missing=NOT_APPLICABLE).notna()
        why = "neither yes nor no" if column.kind == "flag" else "not a number"
        findings.note(table.name, name, int(lost.sum()), "emptied", why)
        return read if column.kind == "flag" else _within_reach(read, table, name, findings)
    if column.kind == "date":
        dates, unreadable, sentinels = as_dates(values)
        findings.note(table.name, name, sentinels, "repaired", NO_DATE)
        expected = "Dates must be like 2024-03-31 or 31/03/2024."
        findings.invalid_rows(table.name, name, unreadable, "unreadable date", expected, action="emptied")
        return dates
    codes, unknown = as_codes(values, column.codes, code_maps.get(column.codes or "", {}))
    _tell_unknown(unknown, table.name, name, findings)
    return codes


def _within_reach(numbers: pd.Series, table: Table, name: str, findings: Findings) -> pd.Series:
    """Numbers of a size that can be summed; one beyond it is no distance, no amount and no number of days."""
    beyond = numbers.abs() > LARGEST_NUMBER
    expected = f"Numbers must lie between -{LARGEST_NUMBER:,} and {LARGEST_NUMBER:,}."
    findings.invalid_rows(table.name, name, int(beyond.sum()), "number too large", expected, action="emptied")
    return numbers.mask(beyond)


def _tell_unknown(unknown: pd.Series, table: str, column: str, findings: Findings) -> None:
    """Codes that are not in the list: refused for legal statuses, left empty and counted elsewhere."""
    if not unknown.empty and table == "legal_statuses":
        findings.problem(
            f"{table}: column {column!r} has {counted(len(unknown), 'status', 'statuses')} that no code map knows: "
            f"{quoted_statuses(unknown)}. Add each to your code map: code_maps={{'legal_status': {{text: code}}}}."
        )
        return
    findings.note(table, column, int(unknown.sum()), "emptied", "the code is not in the national list")


def _without_copies(frame: pd.DataFrame, table: Table, findings: Findings) -> pd.DataFrame:
    """The frame without rows that repeat another in every column."""
    copies = frame.duplicated()
    findings.note(table.name, "", int(copies.sum()), "dropped", "the row repeats another in every column")
    return frame[~copies]


def _without_invalid(
    frame: pd.DataFrame, table: Table, observed_until: pd.Timestamp, findings: Findings
) -> pd.DataFrame:
    """The frame without rows that cannot be right, or a problem for each kind of them."""
    frame = _within_extract(frame, table, observed_until, findings)
    gone = pd.Series(data=False, index=frame.index)
    for column, wrong, why, expected in _invalid_rows(frame, table):
        told = wrong & ~gone if findings.invalid == "drop" else wrong
        findings.invalid_rows(table.name, column, int(told.sum()), why, expected)
        gone |= wrong
    return frame[~gone]


def _within_extract(
    frame: pd.DataFrame, table: Table, observed_until: pd.Timestamp, findings: Findings
) -> pd.DataFrame:
    """Rows that begin by the end of the extract; later ends, and what they tell, are open; the unborn are left out."""
    start = "birth_date" if table.name == "children" else table.start
    if start is None:
        return frame
    later = frame[start] > observed_until
    why = "not yet born" if table.name == "children" else "begins after observed_until"
    _refuse_most(table.name, later, "begin after observed_until", findings)
    findings.note(table.name, start, int(later.sum()), "dropped", why)
    frame = frame[~later]
    for column in (table.end, "death_date" if table.name == "children" else None):
        if column:
            future = frame[column] > observed_until
            findings.note(table.name, column, int(future.sum()), "emptied", "later than observed_until, so not known")
            told = [each.name for each in table.columns if each.known == column and future.any()]
            frame = frame.assign(**{name: frame[name].mask(future) for name in told})
    return frame


def _invalid_rows(frame: pd.DataFrame, table: Table) -> list[tuple[str, pd.Series, str, str]]:
    """Column, rows, what is wrong and what was expected, for each rule of the table."""
    key = "child_id" if table.name == "children" else "row_key"
    found = [
        ("child_id", frame["child_id"].isna(), "no child", "Each row names a child."),
        (key, frame[key].isna() & (key != "child_id"), "no key", "Each row has a key."),
        (key, _repeated(frame, key), "duplicate keys", "Each key is used once."),
    ]
    if table.name == "children":
        text = "Each child has a date of birth, or an expected one."
        found.append(("birth_date", frame["birth_date"].isna(), "no date of birth", text))
    if table.start is not None:
        found.append((table.start, frame[table.start].isna(), "no start date", "Each row has a start date."))
    if table.kind == SPELL:
        backwards = frame["end_date"] < frame["start_date"]
        found.append(("end_date", backwards, "end before start", "A spell ends on or after its start."))
    return found


def _repeated(frame: pd.DataFrame, key: str) -> pd.Series:
    """Rows whose key another row has too; the fullest row of each key, whatever the order, is not among them."""
    repeated = frame[frame[key].notna() & frame[key].duplicated(keep=False)]
    if repeated.empty:
        return pd.Series(data=False, index=frame.index)
    order = repeated.astype(str).assign(gaps=repeated.isna().sum(axis=1)).sort_values(["gaps", *repeated.columns])
    extra = order[key].duplicated()
    return frame.index.to_series().isin(extra[extra].index)


def _check_children(children: pd.DataFrame, observed_until: pd.Timestamp, findings: Findings) -> None:
    """An extract without children is refused; people too old to be children are told of."""
    if children.empty and not findings.problems:
        findings.problem("children: the table has no rows, so there is nobody to score. Check the extract.")
    old = children["birth_date"] <= observed_until - pd.DateOffset(years=_OLD_YEARS)
    why = f"aged {_OLD_YEARS} or over on the last day: never scored; an adult's record or a wrong date of birth"
    findings.note("children", "birth_date", int(old.sum()), "ignored", why)


def _check_reach(tables: Mapping[str, pd.DataFrame], observed_until: pd.Timestamp, findings: Findings) -> None:
    """An extract that is said to reach far beyond its last row is refused: it would label children it cannot see."""
    dated = [tables[name][table.start] for name, table in TABLES.items() if table.start is not None]
    starts = pd.concat([dates for dates in dated if len(dates)] or dated[:1])
    if len(starts) >= _AN_EXTRACT and (beyond := (observed_until - starts.max()).days) > _REACH_DAYS:
        findings.problem(
            f"observed_until lies {beyond:,} days after the last row of any table. It must be the last date on which "
            "the extract can be trusted, usually the day it was made."
        )


def _closed_episodes(episodes: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Care episodes that were left open although the child has a later one end where that begins.

    That end is known no sooner than the later episode is.
    """
    ordered = episodes.sort_values(["child_id", "start_date", "row_key"])
    following = ordered["start_date"].shift(-1).where(ordered["child_id"].eq(ordered["child_id"].shift(-1)))
    left_open = ordered["end_date"].isna() & (following > ordered["start_date"])
    why = "left open although the child has a later episode: ends where that begins"
    findings.note("care_episodes", "end_date", int(left_open.sum()), "repaired", why)
    seen = ordered[["start_date", "recorded_date"]].max(axis=1).shift(-1)
    return episodes.assign(
        end_date=ordered["end_date"].where(~left_open, following).astype("datetime64[s]"),
        end_recorded_date=ordered["end_recorded_date"].where(~left_open, seen).astype("datetime64[s]"),
    )


def _over_at_once(referrals: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Referrals that led to no further action and have no end are over on their day: no case was opened."""
    over = referrals["nfa"].fillna(value=False).astype(bool) & referrals["end_date"].isna()
    why = "no further action, and no end: over on the day of the referral"
    findings.note("referrals", "end_date", int(over.sum()), "repaired", why)
    ended, seen = referrals["end_date"].mask(over, referrals["start_date"]), referrals["recorded_date"]
    return referrals.assign(end_date=ended, end_recorded_date=referrals["end_recorded_date"].mask(over, seen))


def _refuse_most(name: str, dropped: pd.Series, why: str, findings: Findings) -> None:
    """A table that would lose most of its rows was joined or dated wrongly; it is refused, not emptied."""
    if len(dropped) >= _ENOUGH_ROWS and dropped.mean() > _MOST:
        findings.problem(
            f"{name}: {int(dropped.sum()):,} of {counted(len(dropped), 'row')} {why}. So many cannot be strays: check "
            "that the tables are of one extract, that keys are written alike in all of them, and observed_until."
        )


def _drop_orphans(tables: dict[str, pd.DataFrame], findings: Findings) -> None:
    """Rows of children who are not in ``children`` are dropped and counted."""
    children = pd.Index(tables["children"]["child_id"])
    for name, frame in tables.items():
        if name in ("children", "relationships"):
            continue
        orphan = pd.Series(children.get_indexer(pd.Index(frame["child_id"])) < 0, index=frame.index)
        _refuse_most(name, orphan, "name a child who is not in the children table", findings)
        findings.note(name, "child_id", int(orphan.sum()), "dropped", "the child is not in the children table")
        tables[name] = frame[~orphan]
    _tell_links(tables["relationships"].dropna(subset=["child_id", "related_id"]), findings)


def _tell_links(links: pd.DataFrame, findings: Findings) -> None:
    """Tell of families that are placeholders, of children with several, and of links that lead round in a circle."""
    size = links.groupby(["kind", "related_id"], dropna=False)["child_id"].transform("nunique")
    findings.note(
        "relationships",
        "related_id",
        int((size > LARGEST_FAMILY).sum()),
        "ignored",
        f"the mother or family has more than {LARGEST_FAMILY} children, so is a placeholder",
    )
    for kind in ("mother", "family"):
        pairs = links.loc[links["kind"] == kind, ["child_id", "related_id"]].drop_duplicates()
        count = int((pairs["child_id"].value_counts() > 1).sum())
        why = f"the child has more than one {kind}: they are one household"
        findings.note("relationships", "related_id", count, "ignored", why)
    why = "the child is its own mother, or further back its own ancestor: such links join a household like others"
    findings.note("relationships", "related_id", on_a_circle(links[links["kind"] == "mother"]), "ignored", why)
