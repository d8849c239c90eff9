"""Reading children in need (CIN) census returns, of one or many years, as records."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.progress import watched
from edgeofcare.records.cin_census.layout import CIN_COLUMNS, CIN_MODULES, IGNORED_MODULE, Rows, child_rows
from edgeofcare.records.cin_census.merge import end_the_vanished, joined_keys, merge_children, merge_spells
from edgeofcare.records.cin_census.years import Return, check_gaps, find_returns, first_days, last_day
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.records.values import as_dates, as_ids
from edgeofcare.records.xml_stream import iter_elements

__all__ = ["CIN_ABSENT", "CIN_TABLES", "read_cin_census"]

CIN_ABSENT = ("care_episodes", "legal_statuses")
"""Required tables that a CIN census cannot hold: it does not say who is looked after."""

CIN_TABLES = (
    "disabilities",
    "referrals",
    "assessments",
    "assessment_factors",
    "cin_plans",
    "s47_enquiries",
    "initial_conferences",
    "cp_plans",
)
"""Tables that a CIN census holds, besides ``children``."""

_SPELLS = ("referrals", *CIN_MODULES)
_ENDED_BY_ABSENCE = ("referrals", "cin_plans", "cp_plans")
_OPEN = pd.Timestamp("2262-01-01").as_unit("s")
_BESIDES = {"assessments": ("factors", "case_start"), "s47_enquiries": ("end_date", "case_start")}


def read_cin_census(
    source: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    observed_until: str | pd.Timestamp | None = None,
    observed_from: str | pd.Timestamp | Mapping[str, Any] | None = None,
    reporting_lag: str | int | Mapping[str, str | int] = 0,
    code_maps: Mapping[str, Mapping[str, str]] | str | Path | None = None,
    invalid: str = "raise",
    progress: bool | None = False,
) -> Records:
    """Read children in need census returns of one or many years, layouts 2017 to 2026/27.

    Parameters
    ----------
    source : path or iterable of paths
        A folder with the XML files (or with one folder for each year), one file, or a list of files: one file a
        year. Pupil numbers are never read.
    observed_until : str or Timestamp, optional
        The last date on which the returns can be trusted; 31 March of the last return where it is not given.
    observed_from : str, Timestamp or mapping, optional
        From when the tables can be trusted: one date, or a date by canonical table. 1 April of the first return where
        it is not given, or of the first return after those without the module; it may be later, never earlier.
    reporting_lag : str, int or mapping, default 0
        Days from an event until it can be seen, for all tables or by canonical table. A census has no recorded date,
        so this is an assumption; it is written into the model file.
    code_maps : mapping or path, optional
        The authority's own texts, ``{"ethnicity": {"local text": "WBRI"}}``, or a JSON file of that shape.
    invalid : {"raise", "drop"}, default "raise"
        Whether rows that cannot be right (no date of birth, end before start, unreadable dates) stop the reading, or
        are left out and counted in ``records.findings()``.
    progress : bool or None, default False
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    Records
        Validated records without care episodes: :func:`edgeofcare.build_cohort` and
        :func:`edgeofcare.build_features` work on them, :func:`edgeofcare.label_outcome` needs them joined to SSDA903
        returns by :func:`edgeofcare.combine`.

    Raises
    ------
    RecordsError
        With every problem of the source: what, where, how many, and what to do. A year without a return between two
        others is one.
    SpecError
        If an option is not understood, or there is no such file.

    Notes
    -----
    A census has no keys of cases, so a row is known by its child and its first day: the row key is
    ``child:2021-05-04``, and ``child:2021-05-04:2`` for a second one of that day. The same row in returns of several
    years is one row, and the latest return counts. A case or plan that one return leaves open and the next one does
    not hold ends on 1 April between them, since a return holds all that was open on any day of its year.

    An enquiry under section 47 has no end in the census. It ends here on the day of its conference, or when its case
    closed, whichever came first, and is open otherwise; features of its length or of whether it is open
    mean less than those of an SSD extract. A conference has ``led_to_plan`` where a child protection plan began
    that day, and nothing otherwise.

    Cases that were open when the first return began are there, but cases that had closed by then are not. As in an
    SSD extract, the former count as open only at the end of the records unless they have a plan.

    References
    ----------
    Department for Education, Children in need census, guides and technical specifications 2017 to 2026/27.

    Examples
    --------
    >>> import tempfile
    >>> text = (
    ...     "<Message><Header><Year>2024</Year><ReferenceDate>2024-03-31</ReferenceDate></Header><Children><Child>"
    ...     "<ChildIdentifiers><LAchildID>1</LAchildID><PersonBirthDate>2010-05-01</PersonBirthDate></ChildIdentifiers>"
    ...     "<CINdetails><CINreferralDate>2023-06-01</CINreferralDate></CINdetails></Child></Children></Message>"
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "cin_2024.xml").write_text(text, encoding="utf-8")
    ...     read_cin_census(folder)
    Records(observed until 2024-03-31: children 1, referrals 1)
    """
    findings = Findings()
    findings.invalid = invalid
    returns = find_returns(source, findings)
    findings.raise_problems()
    until = last_day(returns, observed_until)
    check_gaps(returns, observed_from, findings)
    findings.raise_problems()
    frames = _frames(returns, findings, progress=progress)
    findings.raise_problems()
    count = {name: _count(frame, len(returns)) for name, frame in frames.items() if name in _SPELLS}
    tables = _tables(frames, returns, findings)
    factors = frames["assessments"].dropna(subset=["factors"])
    count["assessment_factors"] = _count(factors, len(returns))
    count["initial_conferences"] = count["referrals"] * int(not tables["initial_conferences"].empty)
    first = first_days(returns, count, observed_from, findings)
    return Records.from_tables(
        tables,
        observed_until=until,
        observed_from=first,
        reporting_lag=reporting_lag,
        code_maps=code_maps,
        invalid=invalid,
        findings=findings,
        absent=CIN_ABSENT,
    )


def _count(frame: pd.DataFrame, returns: int) -> pd.Series:
    """How many rows each return has."""
    return frame["return"].value_counts().reindex(range(returns), fill_value=0)


def _frames(returns: list[Return], findings: Findings, *, progress: bool | None) -> dict[str, pd.DataFrame]:
    """All rows of all returns by table, as text, each with the position of its return."""
    names = ("children", "disabilities", *_SPELLS, "ignored")
    gathered: dict[str, list[pd.DataFrame]] = {name: [] for name in names}
    for number, each in enumerate(watched(returns, "Reading returns", progress=progress)):
        rows: Rows = {name: [] for name in names}
        for child in iter_elements(each.path, "Child"):
            child_rows(child, rows)
        if not rows["children"]:
            findings.problem(f"returns: file {each.path.name!r} holds no child, so it is no CIN census return.")
        for name in names:
            gathered[name].append(_frame(rows[name], name).assign(**{"return": number}))
    frames = {name: pd.concat(parts, ignore_index=True) for name, parts in gathered.items()}
    findings.note("returns", IGNORED_MODULE, len(frames.pop("ignored")), "ignored", "the module is not loaded")
    return {name: _with_child(frame, name, findings) for name, frame in frames.items()}


def _frame(rows: list[dict[str, str]], name: str) -> pd.DataFrame:
    """The rows of a table of one return, with all columns of the table."""
    columns = dict.fromkeys(("child_id", *CIN_COLUMNS.get(name, ("code",)), *_BESIDES.get(name, ())))
    return pd.DataFrame({column: [row.get(column) for row in rows] for column in columns}, dtype=object)


def _with_child(frame: pd.DataFrame, name: str, findings: Findings) -> pd.DataFrame:
    """The rows that name a child; a child without an id cannot be told from others."""
    frame = frame.assign(child_id=as_ids(frame["child_id"]).astype(object))
    missing = frame["child_id"].isna()
    if name == "children":
        expected = "Each Child has an LAchildID (rule CIN 8500)."
        findings.invalid_rows(name, "child_id", int(missing.sum()), "no child", expected)
    elif findings.invalid == "drop":
        findings.note(name, "child_id", int(missing.sum()), "dropped", "no child")
    return frame[~missing]


def _tables(frames: Mapping[str, pd.DataFrame], returns: list[Return], findings: Findings) -> dict[str, pd.DataFrame]:
    """Canonical tables, each thing once."""
    merged = {name: merge_spells(frames[name], name, findings) for name in _SPELLS}
    starts = [each.first for each in returns]
    for name in _ENDED_BY_ABSENCE:
        merged[name] = end_the_vanished(merged[name], name, starts, findings)
    conferences = _conferences(merged)
    merged["s47_enquiries"] = _ended_enquiries(merged["s47_enquiries"], merged["referrals"])
    return {
        "children": merge_children(frames["children"], findings),
        "disabilities": _disabilities(frames["disabilities"], findings),
        "assessment_factors": _factors(merged["assessments"], findings),
        "initial_conferences": conferences,
        **merged,
    }


def _disabilities(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """The codes of the last return that has any of the child: a snapshot."""
    copies = frame.duplicated()
    findings.note("disabilities", "", int(copies.sum()), "dropped", "the row repeats another of the same return")
    latest = frame.groupby("child_id")["return"].transform("max")
    frame = frame.loc[frame["return"] == latest, ["child_id", "code"]].drop_duplicates()
    frame = frame.sort_values(["child_id", "code"])
    return frame.assign(row_key=joined_keys(frame["child_id"], frame["code"]))


def _factors(assessments: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """One row for each factor, known from the day on which the assessment was authorised."""
    rows = assessments.dropna(subset=["factors"])
    rows = rows.assign(factor=rows["factors"].str.split(" ")).explode("factor", ignore_index=True)
    undated = rows["end_date"].isna()
    findings.note("assessment_factors", "date", int(undated.sum()), "dropped", "the assessment is not authorised")
    rows = rows.assign(date=rows["end_date"], row_key=joined_keys(rows["row_key"], rows["factor"]))[~undated]
    return rows[["row_key", "child_id", "date", "factor"]]


def _conferences(merged: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row for each child and day of a conference, which cases and enquiries both tell of."""
    both = [merged[name][["child_id", "conference"]] for name in ("referrals", "s47_enquiries")]
    rows = pd.concat(both).dropna().drop_duplicates().rename(columns={"conference": "date"})
    rows = rows.sort_values(["child_id", "date"], ignore_index=True)
    plans = set(joined_keys(merged["cp_plans"]["child_id"], merged["cp_plans"]["start_date"]))
    key = joined_keys(rows["child_id"], rows["date"])
    return rows.assign(row_key=key, led_to_plan=["yes" if each in plans else "" for each in key])


def _ended_enquiries(enquiries: pd.DataFrame, referrals: pd.DataFrame) -> pd.DataFrame:
    """Enquiries that end with their conference or with their case, whichever came first; open otherwise."""
    ends = as_dates(referrals["end_date"])[0].fillna(_OPEN)
    closed = ends.groupby([referrals["child_id"], referrals["start_date"]]).max()
    case = pd.MultiIndex.from_frame(enquiries[["child_id", "case_start"]])
    start = as_dates(enquiries["start_date"])[0]
    told = pd.DataFrame({"conference": as_dates(enquiries["conference"])[0]}, index=enquiries.index)
    told["closed"] = closed.reindex(case).mask(lambda day: day == _OPEN).to_numpy()
    told = told.where(told.ge(start, axis=0).to_numpy())
    return enquiries.assign(end_date=told.min(axis=1))
