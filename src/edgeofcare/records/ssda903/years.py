"""Which year's return each row of SSDA903 files belongs to, and the values of the rows as dates and text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.records.findings import Findings, counted
from edgeofcare.records.ssda903.files import Piece
from edgeofcare.records.ssda903.layout import KINDS, return_year_of
from edgeofcare.records.values import as_dates, as_ids, as_text

__all__ = ["check_gaps", "dated_kinds", "year_of_days"]

_LEAST_SHARE, _LEAST_SHARE_OF_ONE = 100, 20


def year_of_days(start: pd.Series, end: pd.Series) -> int | None:
    """The year on whose 31 March a return ends, from its episodes.

    Parameters
    ----------
    start, end : Series of datetime64[s]
        First day and day of ceasing of each episode of the return, NaT while open.

    Returns
    -------
    int or None
        The last day that an episode shows is its first while it is open, else the day before it ceased. Of the years
        from 1 April to 31 March that hold at least one in a hundred of these days, the latest; None without any. A
        year that holds a single day counts only among twenty days or fewer: it is more likely a slip of the pen.

    Examples
    --------
    >>> start = pd.Series(pd.to_datetime(["2017-06-01", "2018-03-31"]))
    >>> year_of_days(start, pd.Series(pd.to_datetime(["2018-04-01", None])))
    2018
    """
    last = (end - pd.Timedelta(days=1)).where(end.notna(), start).dropna()
    if last.empty:
        return None
    held = (last.dt.year + (last.dt.month > 3)).value_counts()
    least = held.map(lambda days: _LEAST_SHARE_OF_ONE if days == 1 else _LEAST_SHARE)
    enough = held[held * least >= len(last)]
    return int((enough if len(enough) else held).index.max())


def dated_kinds(pieces: Sequence[Piece], findings: Findings) -> dict[str, pd.DataFrame]:
    """Every kind of file as one frame, its values read and its rows told by return.

    Parameters
    ----------
    pieces : sequence of Piece
        The files.
    findings : Findings
        Is told what could not be read, and how the years of the returns were found.

    Returns
    -------
    dict of str to DataFrame
        By kind: our columns, read; ``child`` is the authority and the child's number where there is more than one
        authority; ``return_year`` (int), ``year_end`` (datetime64[s]), ``order`` (int, higher for a later return) and
        ``latest`` (bool, no later return of the authority). A kind without a file is absent.
    """
    frames = {}
    for kind in dict.fromkeys(piece.kind.name for piece in pieces):
        frames[kind] = _typed([(at, piece) for at, piece in enumerate(pieces) if piece.kind.name == kind], findings)
    frames = _with_years(frames, pieces, findings)
    keys = sorted({key for frame in frames.values() for key in frame["key"]})
    ties = len(keys) - len({year for year, _ in keys})
    why = "two returns are of one year by their dates; the years in their names say which is later"
    findings.note("returns", "", ties, "repaired", why)
    order = {key: place for place, key in enumerate(keys)}
    frames = {kind: _ordered(frame, order) for kind, frame in frames.items()}
    _tell_years(frames["episodes"], pieces, findings)
    return _apart(frames, findings)


def _typed(pieces: Sequence[tuple[int, Piece]], findings: Findings) -> pd.DataFrame:
    """The rows of all files of one kind with their values read; ``file`` is the place of each row's file."""
    kind = pieces[0][1].kind
    parts = [piece.frame.astype(object).assign(file=at) for at, piece in pieces]
    rows = pd.concat(parts, ignore_index=True)
    columns: dict[str, pd.Series] = {"file": rows["file"].astype("int64")}
    for name, aliases in kind.columns.items():
        raw = rows[name] if name in rows else pd.Series(np.nan, index=rows.index, dtype=object)
        if name == "child":
            columns[name] = as_ids(raw)
        elif name in kind.dates:
            columns[name], unreadable, sentinels = as_dates(raw)
            _tell_dates(kind.name, aliases[0], unreadable, sentinels, findings)
        elif name == "year":
            columns[name] = _years(raw, kind.name, findings)
        else:
            text = as_text(raw)
            columns[name] = text if name == "status" else text.str.upper().str.replace(r"\.0$", "", regex=True)
    return pd.DataFrame(columns)


def _tell_dates(kind: str, column: str, unreadable: int, sentinels: int, findings: Findings) -> None:
    """Tell of dates that could not be read and of sentinels."""
    expected = "Dates must be like 31/03/2024 or 2024-03-31."
    findings.invalid_rows(kind, column, unreadable, "unreadable date", expected, action="emptied")
    findings.note(kind, column, sentinels, "repaired", "a sentinel date means no date")


def _years(raw: pd.Series, kind: str, findings: Findings) -> pd.Series:
    """The content of a YEAR column as the year in which a return ends."""
    text = as_text(raw)
    years = pd.Series([return_year_of(value) for value in text], index=raw.index, dtype="float64")
    why = "no year; taken to be of the return that the file's dates show"
    findings.note(kind, "YEAR", int((text.notna() & years.isna()).sum()), "emptied", why)
    return years


def _with_years(
    frames: dict[str, pd.DataFrame], pieces: Sequence[Piece], findings: Findings
) -> dict[str, pd.DataFrame]:
    """Give each row ``return_year`` and ``key``, the year and what breaks a tie of two returns of that year."""
    shift = _year_shift(frames["episodes"], findings)
    groups: dict[tuple[str, ...], set[tuple[int, int]]] = {}
    dated = {}
    for kind in sorted(frames, key=lambda name: name != "episodes"):
        frame = frames[kind]
        silent = set(frame.loc[frame["year"].isna(), "file"])
        own = {at: _own_key(at, frame, pieces[at], groups, findings) for at in sorted(silent)}
        year = frame["file"].map({at: key[0] for at, key in own.items()})
        number = frame["file"].map({at: key[1] for at, key in own.items()}).where(frame["year"].isna(), 0)
        year = (frame["year"] + shift).fillna(year).astype("int64")
        keys = list(zip(year.tolist(), number.astype("int64").tolist(), strict=True))
        dated[kind] = frame.assign(return_year=year, key=pd.Series(keys, index=frame.index, dtype=object))
        if kind == "episodes":
            for at in sorted(set(frame["file"])):
                found = set(dated[kind].loc[frame["file"] == at, "key"])
                for group in (pieces[at].group, pieces[at].group[:1], ()):
                    groups.setdefault(group, set()).update(found)
    return {kind: dated[kind] for kind in frames}


def _year_shift(episodes: pd.DataFrame, findings: Findings) -> int:
    """1 where the YEAR columns give the year in which a return begins, by the dates of its episodes, else 0."""
    said = sorted(set(episodes["year"].dropna()))
    parts = {int(year): episodes[episodes["year"] == year] for year in said}
    found = {year: year_of_days(part["start"], part["end"]) for year, part in parts.items()}
    ahead = [by_dates - year for year, by_dates in found.items() if by_dates is not None]
    shift = int(bool(ahead) and 2 * ahead.count(1) > len(ahead))
    why = "YEAR is the year in which the return begins, by the dates of its episodes: one was added"
    findings.note("returns", "YEAR", len(found) * shift, "repaired", why)
    why = "YEAR is not the year that the dates of the return's episodes show; YEAR stands"
    findings.note("returns", "YEAR", sum(each != shift for each in ahead), "ignored", why)
    return shift


def _own_key(
    at: int, frame: pd.DataFrame, piece: Piece, groups: dict[tuple[str, ...], set[tuple[int, int]]], findings: Findings
) -> tuple[int, int]:
    """Year and number of the return that a file's rows are of where they do not say so themselves."""
    if piece.kind.name == "episodes":
        rows = frame[(frame["file"] == at) & frame["year"].isna()]
        return year_of_days(rows["start"], rows["end"]) or 0, piece.number
    near = groups.get(piece.group) or groups.get(piece.group[:1]) or groups.get(()) or {(0, 0)}
    if len(near) > 1:
        why = "files that could be of several returns (no YEAR column or year in the name) are read as of the latest"
        findings.note(piece.kind.name, "YEAR", 1, "repaired", why)
    return max(near)


def _ordered(frame: pd.DataFrame, order: dict[tuple[int, int], int]) -> pd.DataFrame:
    """The rows with the place of their return among all, and the day on which it ends."""
    year_end = [f"{max(year, 1):04d}-03-31" for year in frame["return_year"]]
    return frame.assign(
        order=np.array([order[key] for key in frame["key"]], dtype="int64"),
        year_end=np.array(year_end, dtype="datetime64[s]"),
    ).drop(columns=["key", "year", "file"])


def _tell_years(episodes: pd.DataFrame, pieces: Sequence[Piece], findings: Findings) -> None:
    """Tell which returns were found, where they did not say so."""
    years = sorted(set(episodes["return_year"]) - {0})
    if any("year" not in piece.frame for piece in pieces if piece.kind.name == "episodes"):
        listed = ", ".join(str(year) for year in years)
        why = f"no YEAR column: by the dates of their episodes the returns end on 31 March of {listed}"
        findings.note("returns", "YEAR", len(years), "repaired", why)


def check_gaps(episodes: pd.DataFrame, observed_from: Any, findings: Findings) -> None:
    """Refuse years without a return between others, unless nothing before their end is to be trusted.

    Parameters
    ----------
    episodes : DataFrame
        Episodes with ``return_year``, of :func:`dated_kinds`.
    observed_from : date, mapping or None
        As the caller gave it.
    findings : Findings
        Is told of missing years.
    """
    years = set(episodes["return_year"]) - {0}
    missing = sorted(set(range(min(years), max(years) + 1)) - years) if years else []
    if not missing:
        return
    after = pd.Timestamp(missing[-1], 4, 1)
    by_table = observed_from is None or isinstance(observed_from, Mapping)
    if not by_table and one_date(observed_from, "observed_from") >= after:
        findings.note("returns", "YEAR", len(missing), "ignored", "a year without a return, before observed_from")
        return
    listed = ", ".join(map(str, missing))
    findings.problem(
        f"returns: {counted(len(missing), 'year')} to 31 March between the first and the last return "
        f"{'has' if len(missing) == 1 else 'have'} no return: {listed}. Children who were in care then would look as "
        "if they had not been. Add the missing returns, leave out the earlier ones, or pass "
        f"observed_from='{after.date()}'."
    )


def _apart(frames: dict[str, pd.DataFrame], findings: Findings) -> dict[str, pd.DataFrame]:
    """Children told apart by authority where there is more than one, and the latest return of each marked."""
    authorities = {name for frame in frames.values() for name in frame["authority"].dropna()}
    unnamed = Counter({kind: int(frame["authority"].isna().sum()) for kind, frame in frames.items()})
    several = len(authorities) > 1
    apart = {}
    for kind, frame in frames.items():
        why, expected = "no authority", "Where a source holds several authorities, each row names its own."
        findings.invalid_rows(kind, KINDS[kind].columns["authority"][0], unnamed[kind] * several, why, expected)
        if several:
            frame = frame[frame["authority"].notna()]
            frame = frame.assign(child=frame["authority"] + ":" + frame["child"])
        apart[kind] = frame
    latest = apart["episodes"].groupby(apart["episodes"]["authority"].fillna(""))["order"].max()
    for kind, frame in apart.items():
        last = frame["authority"].fillna("").map(latest) if several else latest.max()
        apart[kind] = frame.assign(latest=(frame["order"] >= last).astype(bool))
    return apart
