"""Keys that link the tables of the Standard Safeguarding Dataset to one another, found again by child and date."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

__all__ = ["linked_tables"]


def linked_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Copies of the canonical tables with the keys of related rows; a key that is not found is empty.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables.

    Returns
    -------
    dict of str to DataFrame
        The tables, with the columns ``referral_id``, ``assessment_id``, ``s47_id``, ``conference_id``,
        ``placement_id`` and ``entered_care`` where they apply, and flags of what a row led to.
    """
    linked = {name: frame.reset_index(drop=True) for name, frame in tables.items()}
    cases = linked["referrals"]
    cases = cases[cases["nfa"].ne(True).fillna(True)]
    for name in ("assessments", "cin_plans", "s47_enquiries", "cp_plans", "care_episodes", "worker_involvements"):
        linked[name]["referral_id"] = _latest(linked[name], "start_date", cases, "start_date")
    conferences = linked["initial_conferences"]
    conferences["referral_id"] = _latest(conferences, "date", cases, "start_date")
    conferences["s47_id"] = _latest(conferences, "date", linked["s47_enquiries"], "end_date")
    linked["cp_plans"]["conference_id"] = _latest(linked["cp_plans"], "start_date", conferences, "date")
    _mark_outcomes(linked)
    linked["assessment_factors"]["assessment_id"] = _same_day(linked["assessment_factors"], linked["assessments"])
    episodes = linked["care_episodes"]
    by_period = {"by": "period_key"}
    episodes["placement_id"] = _latest(episodes, "start_date", linked["placements"], "start_date", **by_period)
    episodes["entered_care"] = episodes.groupby("period_key")["start_date"].transform("min")
    return linked


def _mark_outcomes(linked: dict[str, pd.DataFrame]) -> None:
    """Flags of what contacts, referrals and enquiries led to."""
    contacts, referrals, enquiries = linked["contacts"], linked["referrals"], linked["s47_enquiries"]
    days = pd.concat(
        [referrals[["child_id"]].assign(date=referrals["start_date"] - pd.Timedelta(days=n)) for n in range(3)]
    )
    pairs = pd.MultiIndex.from_frame(days)
    contacts["referred"] = pd.MultiIndex.from_frame(contacts[["child_id", "date"]]).isin(pairs)
    referrals["assessed"] = referrals["row_key"].isin(linked["assessments"]["referral_id"])
    referrals["discussed"] = referrals["row_key"].isin(enquiries["referral_id"])
    enquiries["conference"] = enquiries["row_key"].isin(linked["initial_conferences"]["s47_id"])


def _latest(rows: pd.DataFrame, date: str, others: pd.DataFrame, other_date: str, *, by: str = "child_id") -> pd.Series:
    """Key of the latest other row of the same child, or period, on or before the date of each row."""
    left = rows[[by, date]].rename(columns={date: "when"}).rename_axis("position").reset_index()
    right = others[[by, other_date, "row_key"]].rename(columns={other_date: "when"}).dropna(subset=["when"])
    right = right.sort_values(["when", "row_key"], kind="stable")
    left = left.sort_values("when", kind="stable")
    found = pd.merge_asof(left, right, on="when", by=by).set_index("position")["row_key"]
    return found.reindex(rows.index)


def _same_day(factors: pd.DataFrame, assessments: pd.DataFrame) -> pd.Series:
    """Key of the assessment of the same child that was authorised on the day of each factor."""
    authorised = assessments[["child_id", "end_date", "row_key"]].rename(columns={"end_date": "date"})
    authorised = authorised.dropna(subset=["date"]).drop_duplicates(["child_id", "date"])
    found = factors[["child_id", "date"]].merge(authorised, on=["child_id", "date"], how="left")["row_key"]
    return found.set_axis(factors.index)
