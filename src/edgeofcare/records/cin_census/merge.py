"""Putting the CIN census returns of several years together, so that each thing that happened is there once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from edgeofcare.records.findings import Findings
from edgeofcare.records.values import as_dates

__all__ = ["end_the_vanished", "joined_keys", "merge_children", "merge_spells", "plain_dates"]

_KEY = ["child_id", "start_date"]
_SEXES = {"1": "M", "2": "F", "0": "U", "9": "U"}
_LEAST = {"sex": "U", "ethnicity": "NOBT"}
_DATES = ("start_date", "end_date", "conference", "case_start")
_CLOSING = ("end_date", "close_reason", "factors")


def plain_dates(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Dates written alike, so that they can be compared; what is no date stays as it is, to be told of later."""
    plain = {}
    for column in columns:
        dates = as_dates(frame[column])[0]
        plain[column] = frame[column].astype(object).where(dates.isna(), dates.dt.strftime("%Y-%m-%d"))
    return frame.assign(**plain)


def merge_children(children: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """One row for each child: what the latest return says that says anything.

    Parameters
    ----------
    children : DataFrame
        Text columns of ``children`` with ``return``, the position of the return in the order of years.
    findings : Findings
        Is told of children given twice in one return, and of values that differ.

    Returns
    -------
    DataFrame
        Canonical columns. A sex that is not known and an ethnicity that is not yet obtained give way to others.
    """
    gender = children["gender"].map(_SEXES).fillna(children["gender"])
    frame = children.assign(sex=children["sex"].map(_SEXES).fillna(children["sex"]).fillna(gender))
    frame = plain_dates(frame.drop(columns="gender"), ["birth_date", "expected_birth_date", "death_date"])
    frame = frame.sort_values(["child_id", "return", *_names(frame, "child_id", "return")])
    twice = int(frame.duplicated(["child_id", "return"]).sum())
    findings.note("children", "child_id", twice, "ignored", "the child is in one return twice: joined", rule="CIN 8510")
    columns = ["birth_date", "expected_birth_date", "death_date", "sex", "ethnicity"]
    told = frame.assign(**{name: frame[name].mask(frame[name].str.upper() == code) for name, code in _LEAST.items()})
    merged = told.groupby("child_id")[columns].last()
    merged = merged.where(merged.notna(), frame.groupby("child_id")[columns].last())
    distinct = told.groupby("child_id")[columns].nunique()
    for column in ("birth_date", "death_date", "sex", "ethnicity"):
        differs = int((distinct[column] > 1).sum())
        findings.note("children", column, differs, "repaired", "differs between returns: the latest one counts")
    estimated = merged["birth_date"].isna() & merged["expected_birth_date"].notna()
    birth = merged["birth_date"].fillna(merged["expected_birth_date"])
    merged = merged.drop(columns="expected_birth_date").assign(birth_date=birth, birth_date_estimated=estimated)
    return merged.reset_index()


def merge_spells(frame: pd.DataFrame, name: str, findings: Findings) -> pd.DataFrame:
    """One row for each spell of a table, whichever returns tell of it.

    Parameters
    ----------
    frame : DataFrame
        Text columns of the table with ``return``, the position of the return in the order of years. Rows of a child
        that begin on one day, in different returns, are the same spell.
    name : str
        The table.
    findings : Findings
        Is told what was put together.

    Returns
    -------
    DataFrame
        The columns of the table as the last return that tells of the spell has them (an empty value, other than an
        end, does not overwrite one), ``return`` of that return, and ``row_key``: child and first day, followed
        by a number from the second spell of a child that began on one day (ordered by their end, an open one last).
    """
    if frame.empty:
        return frame.assign(row_key=pd.Series(dtype=object))
    frame = plain_dates(frame, [column for column in _DATES if column in frame])
    frame = _sorted(frame, [*_KEY, "return", "end_date"])
    copies = frame.duplicated([column for column in frame if column != "case_start"])
    findings.note(name, "", int(copies.sum()), "dropped", "the row repeats another of the same return")
    frame = frame[~copies].reset_index(drop=True)
    frame["spell"] = frame[_KEY].fillna("").groupby(_KEY, sort=False).ngroup()
    frame["nth"] = _numbered(frame)
    merged = _latest(frame, name, findings)
    if merged["spell"].duplicated().any():
        merged = _sorted(merged, ["spell", "end_date"])
    nth = merged.groupby("spell").cumcount()
    dated = as_dates(merged["start_date"])[0].notna()
    day = merged["start_date"].where(dated, "undated")
    row_key = joined_keys(merged["child_id"], day).where(nth == 0, joined_keys(merged["child_id"], day, nth + 1))
    return merged.drop(columns=["spell", "nth"]).assign(row_key=_apart(row_key))


def joined_keys(*columns: pd.Series) -> pd.Series:
    """Keys made of the texts of several columns, with colons between them."""
    keys = [":".join(map(str, values)) for values in zip(*columns, strict=True)]
    return pd.Series(keys, index=columns[0].index, dtype=object)


def _sorted(frame: pd.DataFrame, first: Sequence[str]) -> pd.DataFrame:
    """The rows in an order that rests on what they say, not on where they stood."""
    rest = _names(frame, *first, "return", "nth")
    return frame.sort_values([*first, *rest], na_position="last", ignore_index=True)


def _names(frame: pd.DataFrame, *without: str) -> list[str]:
    """Names of the columns other than some."""
    return [str(column) for column in frame.columns if column not in without]


def _apart(row_key: pd.Series) -> pd.Series:
    """Keys of rows without a date, which cannot be told apart by it, numbered."""
    again = row_key.groupby(row_key).cumcount()
    return row_key.where(again == 0, joined_keys(row_key, again + 1))


def _numbered(frame: pd.DataFrame) -> np.ndarray:
    """Which spell of those that began on one day each row tells of; nearly always there is one."""
    nth = np.zeros(len(frame), dtype=np.int64)
    crowded = frame.groupby(["spell", "return"])["child_id"].transform("size") > 1
    spells = frame.loc[crowded, "spell"].unique()
    for _, rows in frame[frame["spell"].isin(spells)].groupby("spell"):
        nth[rows.index] = _matched(rows)
    return nth


def _matched(rows: pd.DataFrame) -> list[int]:
    """Numbers of the rows of one child and first day: each return's rows go to the earlier spells most like them.

    A row is most like the spell with the same end; then one that was open; then the one that agrees in most columns.
    """
    columns = _names(rows, "return", "spell", "nth", *_KEY)
    known: list[dict[Hashable, object]] = []
    numbers: list[int] = []
    current, taken = None, set[int]()
    for row in rows.astype(object).where(rows.notna(), "").to_dict("records"):
        if row["return"] != current:
            current, taken = row["return"], set()
        free = [number for number in range(len(known)) if number not in taken]
        if free:
            number = max(free, key=lambda each: (*_likeness(row, known[each], columns), -each))
            known[number] = row
        else:
            number = len(known)
            known.append(row)
        taken.add(number)
        numbers.append(number)
    return numbers


def _likeness(row: dict, earlier: dict, columns: Sequence[str]) -> tuple[bool, bool, int]:
    """How much a row is like the spell of an earlier return."""
    same = sum(row[column] == earlier[column] for column in columns)
    return row.get("end_date") == earlier.get("end_date"), not earlier.get("end_date"), same


def _latest(frame: pd.DataFrame, name: str, findings: Findings) -> pd.DataFrame:
    """What the last return that tells of each spell says; values that it leaves empty come from earlier returns."""
    frame = frame.sort_values(["spell", "nth", "return"], kind="stable", ignore_index=True)
    spell = frame.groupby(["spell", "nth"], sort=False)
    earlier = frame.duplicated(["spell", "nth"], keep="last")
    why = "the row is in a later return as well, which counts"
    findings.note(name, "", int(earlier.sum()), "ignored", why)
    following = spell["end_date"].shift(-1)
    moved = earlier & frame["end_date"].notna() & (following != frame["end_date"])
    findings.note(name, "end_date", int(moved.sum()), "repaired", "a later return has another end, or none: it counts")
    filled = spell.ffill()
    keep = [column for column in _names(frame) if column in _CLOSING or column not in filled]
    return filled.assign(**{column: frame[column] for column in keep})[list(frame)][~earlier]


def end_the_vanished(
    frame: pd.DataFrame, name: str, first_days: Sequence[pd.Timestamp], findings: Findings
) -> pd.DataFrame:
    """End spells that one return has as open and the next one does not have.

    A return holds all that was open on any day of its year. So what the last return that tells of it left open, and
    the next return does not hold, was no longer open on the first day of that next return's year. Nobody could see
    that before the next return was complete: the end is recorded on the last day of its year.

    Parameters
    ----------
    frame : DataFrame
        Merged spells with ``return``.
    name : str
        The table.
    first_days : sequence of Timestamp
        First day of the year of each return.
    findings : Findings
        Is told how many there were.

    Returns
    -------
    DataFrame
        The same with their ends.
    """
    if frame.empty:
        return frame
    starts = np.array([f"{day:%Y-%m-%d}" for day in first_days] + [""], dtype=object)
    ends = pd.Series(starts[frame["return"].to_numpy(dtype=np.int64) + 1], index=frame.index)
    gone = frame["end_date"].isna() & (ends != "") & (frame["start_date"].fillna("~") <= ends)
    if "nfa" in frame:
        gone &= ~frame["nfa"].str.lower().isin(["true", "1"])
    why = "open in one return and not in the next: ends on the first day of that return's year"
    findings.note(name, "end_date", int(gone.sum()), "repaired", why)
    last_days = np.array([f"{day.year + 1}-03-31" for day in first_days] + [""], dtype=object)
    complete = pd.Series(last_days[frame["return"].to_numpy(dtype=np.int64) + 1], index=frame.index)
    recorded = frame["end_recorded_date"] if "end_recorded_date" in frame else pd.Series("", index=frame.index)
    return frame.assign(end_date=frame["end_date"].mask(gone, ends), end_recorded_date=recorded.mask(gone, complete))
