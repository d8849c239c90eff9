"""Joining CIN census returns and SSDA903 returns of one authority into records that a model can learn from."""

from __future__ import annotations

import pandas as pd

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.cin_census.read import CIN_ABSENT, CIN_TABLES
from edgeofcare.records.findings import Findings, counted
from edgeofcare.records.records import Records
from edgeofcare.schema.tables import TABLES

__all__ = ["combine"]

_NAMES = ("CIN census", "SSDA903")
_CARE = "referrals"
_IN_CARE_ALONE = "missing_episodes"
_FEWEST_KNOWN = 0.5
_MOST_DIFFER = 0.5
_ENOUGH_CHILDREN = 5
_DISAGREE = (("birth_date", ""), ("sex", "U"), ("ethnicity", "NOBT"))


def combine(cin: Records, ssda903: Records) -> Records:
    """Join the records of CIN census returns and of SSDA903 returns by the authority's own child id.

    A CIN census says nothing about who is looked after, and an SSDA903 return knows nobody else; joined they hold
    referrals, assessments, plans and entries into care, which is enough to train on.

    Parameters
    ----------
    cin : Records
        From :func:`edgeofcare.read_cin_census`.
    ssda903 : Records
        From :func:`edgeofcare.read_ssda903`.

    Returns
    -------
    Records
        The children of both, and each table from the returns that have it. ``observed_until`` is the earlier of the
        two; what begins later is dropped and counted. From when a table can be trusted, its reporting lag and its
        row keys are those of its own returns; ``records.findings()`` has what was found in either, with its name.

    Raises
    ------
    RecordsError
        If the two share no period, or if they cannot be of the same children: fewer than half of the children looked
        after in the period are in the CIN census, or more than half of the shared children have another date of birth.
    SpecError
        If the two are swapped, of one kind, or no such records.

    Notes
    -----
    Where the two disagree on the sex, ethnicity or date of birth of a child, the CIN census counts, and what it
    leaves empty stays empty: the SSDA903 return could only ever correct children who entered care, so that the
    correction would tell the outcome. A date of death is taken from either, the CIN census first.

    Missing episodes are left out, so their features are unknown (NaN): an SSDA903 return has those of children in care
    alone, and none of a child before care would not mean that it never went missing.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> records = make_records(50, random_state=0)
    >>> combine(records, records)
    Traceback (most recent call last):
    edgeofcare.exceptions.SpecError: combine needs the records of CIN census returns and those of SSDA903 returns, ...
    """
    _check_kinds(cin, ssda903)
    until = min(cin.observed_until, ssda903.observed_until)
    findings = Findings(rows=_told_before(cin, ssda903))
    _check_same_children(cin, ssda903, until, findings)
    findings.raise_problems()
    source = {name: cin if name in CIN_TABLES else ssda903 for name in TABLES}
    why = "an SSDA903 return has those in care alone, so nobody can tell how often a child was missing before"
    findings.note(_IN_CARE_ALONE, "", len(ssda903.table(_IN_CARE_ALONE)), "dropped", why)
    kept = [name for name in TABLES if name not in ("children", _IN_CARE_ALONE)]
    dated = [name for name, table in TABLES.items() if table.start]
    tables = {name: _until(source[name].table(name), name, until, findings) for name in kept}
    joined = Records.from_tables(
        {"children": _children(cin, ssda903, findings), **tables},
        observed_until=until,
        observed_from={
            name: day
            for name, frame in tables.items()
            if len(frame) and (day := source[name].observed_from.get(name)) is not None and day <= until
        },
        reporting_lag={name: source[name].reporting_lag[name] for name in dated},
        findings=findings,
        absent_columns={name: source[name].absent_columns.get(name, ()) for name in dated},
        links=source["relationships"].links,
        scoring_only=" ".join(sorted({cin.scoring_only, ssda903.scoring_only} - {""})),
    )
    return _with_own_tables(joined, cin, ssda903)


def _is_cin(records: Records) -> bool:
    """Whether records are those of CIN census returns alone."""
    return set(CIN_ABSENT) <= set(records.absent) and _CARE not in records.absent


def _is_903(records: Records) -> bool:
    """Whether records are those of SSDA903 returns alone."""
    return _CARE in records.absent and not set(CIN_ABSENT) & set(records.absent)


def _check_kinds(cin: Records, ssda903: Records) -> None:
    """Refuse anything but the two kinds of records, in their order."""
    needs = "combine needs the records of CIN census returns and those of SSDA903 returns, in this order"
    if not isinstance(cin, Records) or not isinstance(ssda903, Records):
        msg = f"{needs}; got {type(cin).__name__} and {type(ssda903).__name__}. Read them first."
        raise SpecError(msg)
    if _is_cin(cin) and _is_903(ssda903):
        return
    if _is_903(cin) and _is_cin(ssda903):
        msg = f"{needs}. They are swapped: write combine(cin, ssda903)."
    elif _is_cin(cin) and _is_cin(ssda903):
        msg = f"{needs}; both are of CIN census returns. Give all their files to one read_cin_census."
    elif _is_903(cin) and _is_903(ssda903):
        msg = f"{needs}; both are of SSDA903 returns. Give all their files to one read_ssda903."
    else:
        msg = f"{needs}; records that hold both, such as those of an SSD extract, need no joining."
    raise SpecError(msg)


def _told_before(*both: Records) -> list[tuple[str, str, int, str, str, str]]:
    """What was found when each was read, with the name of its returns."""
    return [
        (row["table"], row["column"], int(row["count"]), row["action"], f"{name}: {row['why']}", row["rule"])
        for name, records in zip(_NAMES, both, strict=True)
        for row in records.findings().to_dict("records")
    ]


def _check_same_children(cin: Records, ssda903: Records, until: pd.Timestamp, findings: Findings) -> None:
    """Tell where the two cannot be of one authority and period."""
    firsts = [records.observed_from.get(name) for records, name in ((cin, "referrals"), (ssda903, "care_episodes"))]
    first = max((day for day in firsts if day is not None), default=None)
    if first is not None and first > until:
        findings.problem(
            "The CIN census returns and the SSDA903 returns share no period: one ends before the other begins. Read "
            "returns of the same years."
        )
        return
    episodes = ssda903.table("care_episodes")
    inside = episodes["start_date"] <= until
    if first is not None:
        inside &= ~(episodes["end_date"] <= first)
    looked_after = episodes.loc[inside, "child_id"].drop_duplicates()
    known = looked_after.isin(cin.table("children")["child_id"])
    if len(known) and known.mean() < _FEWEST_KNOWN:
        findings.problem(
            f"children: only {int(known.sum()):,} of {counted(len(known), 'child', 'children')} looked after in the "
            "shared period are in the CIN census returns, although children looked after are children in need. The "
            "ids are written differently (LAchildID and CHILD must be the same id), or the returns are of different "
            "authorities or years."
        )
    why = "looked after in the shared period, and in no CIN census return"
    findings.note("children", "child_id", int((~known).sum()), "ignored", why)
    both = cin.table("children").merge(ssda903.table("children"), on="child_id", suffixes=("", "_903"))
    differ = int((both["birth_date"] != both["birth_date_903"]).sum())
    if len(both) >= _ENOUGH_CHILDREN and differ > _MOST_DIFFER * len(both):
        findings.problem(
            f"children: {differ:,} of {len(both):,} children that the two have in common have different dates of "
            "birth. The same id stands for different children: check that both are of one authority and that "
            "LAchildID and CHILD are the same id."
        )


def _children(cin: Records, ssda903: Records, findings: Findings) -> pd.DataFrame:
    """The children of both; what the CIN census says of a child counts."""
    first, second = (records.table("children").set_index("child_id") for records in (cin, ssda903))
    shared = first.index.intersection(second.index)
    for column, unknown in _DISAGREE:
        ours, theirs = (frame.loc[shared, column] for frame in (first, second))
        differ = ours.notna() & theirs.notna() & (ours != theirs) & (ours != unknown) & (theirs != unknown)
        why = "differs between the CIN census and the SSDA903 return: the CIN census counts"
        findings.note("children", column, int(differ.sum()), "repaired", why)
    added = second.index.difference(first.index)
    findings.note("children", "child_id", len(added), "repaired", "only in the SSDA903 return: added")
    death = first["death_date"].fillna(second["death_date"].reindex(first.index))
    children = pd.concat([first.assign(death_date=death), second.loc[added]]).reset_index()
    names = children["authority"].dropna().unique()
    return children.assign(authority=names[0]) if len(names) == 1 else children


def _until(frame: pd.DataFrame, name: str, until: pd.Timestamp, findings: Findings) -> pd.DataFrame:
    """The rows of a table that begin by the end of both."""
    start = TABLES[name].start
    if start is None:
        return frame
    later = frame[start] > until
    findings.note(name, start, int(later.sum()), "dropped", "begins after the other returns end")
    return frame[~later]


def _with_own_tables(joined: Records, *both: Records) -> Records:
    """The joined records with the authority's own tables of either."""
    for records in both:
        for name in records:
            if name in TABLES:
                continue
            if name in joined:
                msg = f"{name}: both records have a table of their own of this name. Add it after joining."
                raise RecordsError(msg)
            table = records.definition(name)
            joined = joined.with_events(
                name,
                records.table(name),
                date=str(table.start),
                end=table.end,
                known="recorded_date",
                end_known="end_recorded_date" if table.end else None,
                value="value" if "value" in table.names else None,
                category="category" if "category" in table.names else None,
                row_key="row_key",
                observed_from=records.observed_from.get(name),
                reporting_lag=records.reporting_lag.get(name, 0),
            )
    return joined
