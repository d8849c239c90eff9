"""Features that leak, each in a way that happens in practice: functions of records and cohort.

They are written with plain tables, and not with the engine, so that each makes one mistake and no other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.care import care_periods
from edgeofcare.records.known import end_known, start_known
from edgeofcare.task import Task

__all__ = ["LATE", "LATER", "LEAKS", "OTHER", "closed_window", "counted", "latest_category", "pairs"]

DAY = pd.Timedelta(days=1)


def with_known(records, name):
    """A table with the days on which its rows could be seen."""
    frame, lag = records.table(name), records.reporting_lag[name]
    return frame.assign(known=start_known(frame, lag), end_seen=end_known(frame, lag))


def pairs(records, cohort, name):
    """Every row of the cohort with every row of the child's in a table."""
    rows = cohort.index.to_frame(index=False).assign(row=np.arange(len(cohort)))
    return rows.merge(with_known(records, name), on="child_id")


def counted(cohort, chosen):
    """How many of the chosen pairs each row of the cohort has."""
    return np.bincount(chosen["row"], minlength=len(cohort)).astype(float)


def early_closure(records, cohort):
    """Referrals of the past that closed as "no further action", closed or not."""
    seen = pairs(records, cohort, "referrals")
    return counted(cohort, seen[(seen["known"] < seen["index_date"]) & (seen["close_reason"] == "RC8")])


def closed_window(records, cohort):
    """Contacts in a window with both its ends."""
    seen = pairs(records, cohort, "contacts")
    inside = (seen["date"] >= seen["index_date"] - 90 * DAY) & (seen["known"] <= seen["index_date"])
    return counted(cohort, seen[inside])


def on_the_day(records, cohort):
    """Whether the child went missing on the index date."""
    seen = pairs(records, cohort, "missing_episodes")
    return counted(cohort, seen[seen["start_date"] == seen["index_date"]]) > 0


def learned_codes(records, cohort):
    """Earlier factors that are among the commonest of the whole extract."""
    codes = records.table("assessment_factors")["factor"].value_counts().index[:6]
    seen = pairs(records, cohort, "assessment_factors")
    return counted(cohort, seen[(seen["known"] < seen["index_date"]) & seen["factor"].isin(codes)])


def sibling_in_care(records, cohort):
    """Whether a sibling is ever looked after, also later."""
    home = records.households
    episodes = records.table("care_episodes")[["child_id"]].drop_duplicates()
    episodes = episodes.assign(household_id=episodes["child_id"].map(home))
    rows = cohort.index.to_frame(index=False).assign(row=np.arange(len(cohort)))
    met = rows.merge(episodes, on="household_id", suffixes=("", "_sibling"))
    return counted(cohort, met[met["child_id"] != met["child_id_sibling"]])


def whole_plan(records, cohort):
    """Length of child in need plans from their real ends, known or not."""
    seen = pairs(records, cohort, "cin_plans")
    seen = seen[seen["known"] < seen["index_date"]]
    length = (seen["end_date"].fillna(seen["index_date"]) - seen["start_date"]).dt.days
    return np.bincount(seen["row"], weights=length, minlength=len(cohort))


def entered_late(records, cohort):
    """Missing episodes from the day they began, entered or not."""
    seen = pairs(records, cohort, "missing_episodes")
    begun = (seen["start_date"] < seen["index_date"]) & (seen["start_date"] >= seen["index_date"] - 365 * DAY)
    return counted(cohort, seen[begun])


def latest_category(records, cohort):
    """Plans whose category is now neglect, whatever it was then."""
    seen = pairs(records, cohort, "cp_plans")
    return counted(cohort, seen[(seen["known"] < seen["index_date"]) & (seen["latest_category"] == "NEG")])


def against_the_mean(records, cohort):
    """Earlier contacts beside the mean of everybody's, of all time."""
    contacts = records.table("contacts")
    seen = pairs(records, cohort, "contacts")
    return counted(cohort, seen[seen["known"] < seen["index_date"]]) / (len(contacts) / contacts["child_id"].nunique())


def outcome_period(records, cohort):
    """Whether a period of care, as the outcome has it, begins within a year after the index date."""
    periods = care_periods(records, Task())
    rows = cohort.index.to_frame(index=False).assign(row=np.arange(len(cohort)))
    met = rows.merge(periods, on="child_id")
    after = (met["entry_date"] >= met["index_date"] - 90 * DAY) & (met["entry_date"] < met["index_date"] + 365 * DAY)
    return counted(cohort, met[after])


def dead_later(records, cohort):
    """Whether the child is alive in the extract."""
    children = records.table("children").set_index("child_id")
    return children["death_date"].reindex(cohort.index.get_level_values("child_id")).isna().to_numpy(dtype=float)


def first_of_file(records, cohort):
    """Source of an earlier contact, whichever the file has first."""
    seen = pairs(records, cohort, "contacts")
    first = seen[seen["known"] < seen["index_date"]].drop_duplicates("row").set_index("row")
    return (first["source"].reindex(range(len(cohort))) == "6").to_numpy()


def days_left(records, cohort):
    """Days to the end of the extract."""
    return (records.observed_until - cohort.index.get_level_values("index_date")).days


LATER, LATE = "happened on or after the index date", "happened before the index date but were not known before it"
ENDS, TOLD = "when ends that were not known before", "only an end makes known"
SNAPSHOT, OTHER = "snapshots at the extract", "everything of other households"
ORDER, END = "put in another order", "extract was said to end later"
LEAKS = {
    "closed_nfa": (early_closure, [TOLD], "(referrals.close_reason)"),
    "contacts_to_date": (closed_window, [LATER, LATE], "(contacts)"),
    "missing_today": (on_the_day, [LATER], "(missing_episodes)"),
    "common_factors": (learned_codes, [OTHER, LATER], "(assessment_factors)"),
    "sibling_in_care": (sibling_in_care, [LATER], "(care_episodes)"),
    "days_planned": (whole_plan, [ENDS], "(cin_plans)"),
    "missing_at_once": (entered_late, [LATE], "(missing_episodes)"),
    "neglect_now": (latest_category, [SNAPSHOT], "(cp_plans.latest_category)"),
    "relative_contacts": (against_the_mean, [OTHER, LATER, LATE], "(contacts)"),
    "care_ahead": (outcome_period, [LATER], "(care_episodes, legal_statuses)"),
    "alive": (dead_later, [ENDS], "(children.death_date)"),
    "first_source": (first_of_file, [ORDER], "(contacts)"),
    "days_left": (days_left, [END], "later"),
}
"""Each leak with the ways in which it can be seen, and the tables or columns through which."""
