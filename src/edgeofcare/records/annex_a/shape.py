"""From the lists of an Annex A workbook to canonical tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.records.findings import Findings
from edgeofcare.records.values import as_dates, as_flags, as_ids

__all__ = ["canonical_tables"]

_BEGINS_WITHIN = pd.Timedelta(days=60)
_ALIKE = ("birth_date", "sex", "ethnicity")
# The list from which a column of a table comes, where the workbook may leave the column out.
_FROM = {
    "referrals": {"source": 3, "nfa": 3, "need": 6, "close_reason": 6},
    "initial_conferences": {"led_to_plan": 5},
    "care_episodes": {"end_reason": 8, "need": 8},
}


def canonical_tables(lists: dict[int, pd.DataFrame], findings: Findings) -> dict[str, pd.DataFrame]:
    """Canonical tables, their values still as the lists have them.

    Parameters
    ----------
    lists : dict of int to DataFrame
        From :func:`edgeofcare.records.annex_a.workbook.lists_of`, Lists 3, 6 and 8 among them.
    findings : Findings
        Is told of repairs.

    Returns
    -------
    dict of str to DataFrame
        Input of :meth:`Records.from_tables`. A table whose list is not there is left out.
    """
    lists = {number: frame.assign(child_id=as_ids(frame["child_id"])) for number, frame in lists.items()}
    tables = {"children": _children(lists, findings)}
    lists = {number: frame.drop(columns=list(_ALIKE), errors="ignore") for number, frame in lists.items()}
    if 1 in lists:
        tables["contacts"] = _keyed(lists[1], "contacts", "date")
    if 2 in lists:
        tables["early_help"] = _keyed(lists[2], "early_help", "start_date")
    tables["referrals"] = _keyed(_referrals(lists, findings), "referrals", "start_date")
    if 4 in lists:
        tables["assessments"] = _keyed(_assessments(lists[4]), "assessments", "start_date")
    if 5 in lists:
        tables["s47_enquiries"] = _keyed(_enquiries(lists[5], findings), "s47_enquiries", "start_date")
        tables["initial_conferences"] = _keyed(_conferences(lists[5]), "initial_conferences", "date")
    if 7 in lists:
        tables["cp_plans"] = _keyed(lists[7], "cp_plans", "start_date")
    tables["care_episodes"] = _care_episodes(lists[8])
    tables["legal_statuses"] = _keyed(_legal_statuses(lists[8], findings), "legal_statuses", "start_date")
    if "uasc" in lists[8]:
        tables["immigration_statuses"] = _keyed(_asylum(lists[8]), "immigration_statuses", "start_date")
    return {name: _held(name, frame, lists) for name, frame in tables.items()}


def _held(name: str, frame: pd.DataFrame, lists: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """A table without the columns that the workbook does not hold, so that they are unknown rather than empty."""
    lacking = [column for column, number in _FROM.get(name, {}).items() if column not in lists[number].columns]
    return frame.drop(columns=lacking, errors="ignore")


def _keyed(frame: pd.DataFrame, table: str, date: str) -> pd.DataFrame:
    """Rows without repetitions, each with a key made of its table, child, day and place among rows of that day."""
    frame = frame.drop_duplicates().astype(object)
    ordered = frame.astype(str).sort_values(list(frame.columns))
    number = ordered.groupby(["child_id", date], dropna=False).cumcount() + 1
    day = frame[date].where(frame[date].notna(), "").astype(str)
    key = table + ":" + frame["child_id"].astype(str) + ":" + day + ":" + number.reindex(frame.index).astype(str)
    return frame.assign(row_key=key).reset_index(drop=True)


def _children(lists: dict[int, pd.DataFrame], findings: Findings) -> pd.DataFrame:
    """Every child of any list; of values that differ the most frequent, of equally frequent ones the latest list's."""
    parts = [frame.reindex(columns=["child_id", *_ALIKE]).astype(object) for frame in lists.values()]
    rows = pd.concat([part.assign(list=number) for number, part in zip(lists, parts, strict=True)])
    rows = rows.dropna(subset=["child_id"])
    children = pd.DataFrame({"child_id": sorted(rows["child_id"].unique())})
    for column in _ALIKE:
        held = rows.dropna(subset=[column]).groupby(["child_id", column])["list"].agg(["size", "max"]).reset_index()
        differ = int((held.groupby("child_id").size() > 1).sum())
        findings.note("children", column, differ, "repaired", "the lists disagree: the most frequent value is taken")
        held = held.sort_values(["size", "max", column], ascending=[False, False, True]).drop_duplicates("child_id")
        children[column] = held.set_index("child_id")[column].reindex(children["child_id"]).to_numpy(dtype=object)
    return children


def _referrals(lists: dict[int, pd.DataFrame], findings: Findings) -> pd.DataFrame:
    """Referrals of List 3 with the case of List 6 that each began or met, and the cases that no referral began."""
    columns = ["child_id", "start_date", "end_date", "source", "nfa", "need", "close_reason"]
    referrals = lists[3].reindex(columns=["child_id", "start_date", "source", "nfa"])
    referrals = referrals.drop_duplicates(ignore_index=True)
    cases = lists[6].reindex(columns=["child_id", "start_date", "end_date", "need", "close_reason"])
    cases = cases.drop_duplicates(ignore_index=True)
    met = _cases_met(referrals, cases)
    case = cases.reindex(met["case"]).set_index(referrals.index)
    closed = as_flags(referrals["nfa"]).fillna(value=False).to_numpy(dtype=bool)
    has_case = met["case"].notna().to_numpy() & ~closed
    begins = has_case & (met["fit"] != 1).to_numpy()
    open_still = ~has_case & ~closed & _being_assessed(referrals, lists.get(4))
    gone = ~has_case & ~open_still
    why = "List 6 has no case for the referral: taken as closed on its day"
    findings.note("referrals", "end_date", int((gone & ~closed).sum()), "repaired", why)
    end = case["end_date"].where(has_case, None).where(~gone, referrals["start_date"])
    rows = referrals.assign(
        end_date=end,
        need=case["need"].where(begins, None),
        close_reason=case["close_reason"].where(has_case, None),
    )
    others = cases.drop(index=met.loc[begins, "case"].astype(int).unique())
    parts = [part.reindex(columns=columns).astype(object) for part in (rows, others)]
    return pd.concat(parts, ignore_index=True)


def _cases_met(referrals: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """For each referral a case of its child: begun that day (fit 0), else open then (1), else begun soon after (2)."""
    one = pd.DataFrame({"child": referrals["child_id"], "day": as_dates(referrals["start_date"])[0]})
    other = pd.DataFrame({"child": cases["child_id"], "start": as_dates(cases["start_date"])[0]})
    other = other.assign(end=as_dates(cases["end_date"])[0], case=np.arange(len(cases)))
    pairs = one.assign(referral=np.arange(len(one))).dropna(subset=["child"]).merge(other, on="child")
    same = pairs["start"] == pairs["day"]
    covers = (pairs["start"] < pairs["day"]) & ~(pairs["end"] <= pairs["day"])
    soon = (pairs["start"] > pairs["day"]) & (pairs["start"] <= pairs["day"] + _BEGINS_WITHIN)
    pairs["fit"] = np.select([same, covers, soon], [0, 1, 2], default=3)
    order = ["fit", "start", "end", *cases.columns[3:]]
    pairs = pairs[pairs["fit"] < 3].merge(cases.iloc[:, 3:], left_on="case", right_index=True)
    pairs = pairs.sort_values(order, na_position="first").drop_duplicates("referral").set_index("referral")
    return pairs[["case", "fit"]].reindex(np.arange(len(one)))


def _being_assessed(referrals: pd.DataFrame, assessments: pd.DataFrame | None) -> np.ndarray:
    """Whether the child of each referral has an assessment that began since and is not authorised."""
    if assessments is None:
        return np.zeros(len(referrals), dtype=bool)
    under_way = assessments[as_dates(assessments["end_date"])[0].isna()]
    latest = as_dates(under_way["start_date"])[0].groupby(under_way["child_id"]).max()
    since = latest.reindex(referrals["child_id"]).to_numpy()
    return np.asarray(since >= as_dates(referrals["start_date"])[0].to_numpy(), dtype=bool)


def _assessments(frame: pd.DataFrame) -> pd.DataFrame:
    """Assessments; one that found no need of support ended with no further action."""
    if "support" not in frame:
        return frame
    return frame.assign(nfa=(~as_flags(frame["support"])).astype(object)).drop(columns="support")


def _enquiries(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Enquiries, ending with the conference; without one, on their first day where none was deemed necessary."""
    rows = frame[frame["start_date"].notna() | frame["conference_date"].isna()]
    over = pd.Series(data=False, index=rows.index)
    if "unnecessary" in rows:
        over = as_flags(rows["unnecessary"]).fillna(value=False).astype(bool) & rows["conference_date"].isna()
    why = "the list does not say when an enquiry without a conference ended: taken as its first day"
    findings.note("s47_enquiries", "end_date", int(over.sum()), "repaired", why)
    end = rows["conference_date"].where(~over, rows["start_date"])
    return rows[["child_id", "start_date"]].assign(end_date=end)


def _conferences(frame: pd.DataFrame) -> pd.DataFrame:
    """Initial child protection conferences."""
    rows = frame[frame["conference_date"].notna()].rename(columns={"conference_date": "date"})
    return rows.reindex(columns=["child_id", "date", "led_to_plan"])


def _care_episodes(frame: pd.DataFrame) -> pd.DataFrame:
    """One episode for each period of care: the list has no episodes within it."""
    rows = frame.reindex(columns=["child_id", "start_date", "end_date", "end_reason", "need"])
    rows = _keyed(rows, "care_episodes", "start_date")
    period = rows["child_id"].astype(str) + ":" + rows["start_date"].astype(str)
    return rows.assign(period_key=period)


def _legal_statuses(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """The current legal status of each period of care, from its own first day; earlier ones are not in the list."""
    rows = frame[frame["status"].notna()]
    findings.note("legal_statuses", "status", len(frame) - len(rows), "dropped", "no legal status is given")
    undated = rows["status_date"].isna()
    why = "no start is given: taken from the start of the period of care"
    findings.note("legal_statuses", "start_date", int(undated.sum()), "repaired", why)
    start = rows["status_date"].where(~undated, rows["start_date"])
    return rows[["child_id", "end_date", "status"]].assign(start_date=start)


def _asylum(frame: pd.DataFrame) -> pd.DataFrame:
    """Children whom the list calls unaccompanied asylum-seeking, from the day they came into care."""
    asylum = as_flags(frame["uasc"]).fillna(value=False).to_numpy(dtype=bool)
    return frame.loc[asylum, ["child_id", "start_date", "end_date", "uasc"]]
