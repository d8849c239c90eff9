"""Validation rules of the SSDA903 return that touch our fields."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.ages import age_in_years, birthday
from edgeofcare.records.rules.rule import Facts, Rule, days_between, given, missing
from edgeofcare.schema.codes import REMAND

__all__ = ["CARE_RULES"]

_EPISODES = ("care_episodes",)
_WITH_STATUS = ("care_episodes", "legal_statuses")
_WITH_CHILD = ("care_episodes", "children")
_STATUSES = ("legal_statuses",)
_FIRST_EPISODE = np.datetime64("1991-10-14")
_NEEDS = tuple(f"N{number}" for number in range(1, 9))
_LONGEST = {"L1": 3, "L2": 21, "L3": 7}
_BREAK_DAYS, _BREAK_DAYS_A_YEAR = 17, 75
_DIED_OR_ADULT = ("E2", "E15")
_TOO_OLD = 21

_ENTRY = (
    "Entries into care are dated wrongly, or counted twice or not at all: the labels that a model learns are wrong."
)
_ENDING = "Why care ended is not known, so the end of follow-up (adoption, a move away) is missed or misplaced."
_KIND = "A short break or a remand cannot be told from an entry into care: the labels that a model learns are wrong."
_AUDIT = "These children fall out of the audit by group, which then says less about fairness."
_AGE = "Ages are wrong: children are scored who should not be, or are left out."
_LOST = "The rows are left out, so that part of the child's history is not there."
_NEED = "The need in care is not told by these rows; no default feature uses it."
_MISSING = "Missing episodes are counted twice, or stay open: counts and durations of going missing are too high."


def _year(dates: pd.Series) -> np.ndarray:
    """The first of April on which the return year of each date began."""
    months = dates.to_numpy().astype("datetime64[M]")
    return (months - np.timedelta64(3, "M")).astype("datetime64[Y]").astype("datetime64[M]") + np.timedelta64(3, "M")


def _until(facts: Facts, frame: pd.DataFrame) -> pd.Series:
    """Ends, with the last day of the extract for what is still open."""
    return frame["end_date"].fillna(facts.observed_until)


def _looked_after_without(column: str, facts: Facts) -> np.ndarray:
    """Children with a care episode who lack a value."""
    return _looked_after(facts) & missing(facts.tables["children"][column])


def _looked_after(facts: Facts) -> np.ndarray:
    """Whether each child has a care episode."""
    cared_for = facts.tables["children"]["child_id"].isin(facts.tables["care_episodes"]["child_id"])
    return cared_for.to_numpy(dtype=bool)


def _count_looked_after(facts: Facts) -> int:
    """How many children have a care episode."""
    return int(_looked_after(facts).sum())


def _too_old(facts: Facts) -> np.ndarray:
    """Episodes that reach into a return year at whose start the child was over 21."""
    episodes = facts.episodes
    return _year(_until(facts, episodes)).astype("datetime64[D]") > birthday(episodes["birth_date"], _TOO_OLD)


def _one_of_end_and_reason(facts: Facts) -> np.ndarray:
    """Ended without a reason, or the reverse; where the next episode begins on that day, the end may be our repair."""
    episodes = facts.episodes
    ended, told = given(episodes["end_date"]), given(episodes["end_reason"])
    may_be_ours = (episodes["end_date"] == episodes["next_start"]).to_numpy(dtype=bool)
    return (told & ~ended) | (ended & ~told & ~may_be_ours)


def _never_started(facts: Facts) -> np.ndarray:
    """First episodes within the extract's window whose reason is not that the child started to be looked after."""
    episodes, first_day = facts.episodes, facts.observed_from.get("care_episodes")
    other = given(episodes["start_reason"]) & (episodes["start_reason"] != "S").to_numpy(dtype=bool)
    return episodes["first"].to_numpy(dtype=bool) & other & _after(episodes["start_date"], first_day)


def _after(dates: pd.Series, first_day: pd.Timestamp | None) -> np.ndarray:
    """Dates after the first trusted day; all where it is not known."""
    return np.ones(len(dates), dtype=bool) if first_day is None else (dates > first_day).to_numpy(dtype=bool)


def _remanded_too_young(facts: Facts) -> np.ndarray:
    """Episodes under a criminal status that began before the tenth birthday."""
    episodes = facts.episodes
    age = age_in_years(episodes["birth_date"].to_numpy(), episodes["start_date"].to_numpy())
    return episodes["status"].isin(REMAND).to_numpy(dtype=bool) & (age < 10)


def _lasted_too_long(status: str, facts: Facts) -> np.ndarray:
    """Spells of a status that, with those that follow without a gap, last longer than the law allows.

    A spell that nobody closed ends where another status of the child begins.
    """
    table = facts.tables["legal_statuses"].sort_values(["child_id", "start_date", "row_key"], ignore_index=True)
    table = table.assign(next=_next_status(table))
    spells = table[table["status"] == status].reset_index(drop=True)
    end = spells["end_date"].fillna(spells["next"]).fillna(facts.observed_until)
    goes_on = spells["child_id"].eq(spells["child_id"].shift()) & (spells["start_date"] <= end.shift())
    chain = (~goes_on).cumsum()
    begun, over = spells["start_date"].groupby(chain).transform("min"), end.groupby(chain).transform("max")
    return days_between(begun, over) > _LONGEST[status]


def _next_status(table: pd.DataFrame) -> pd.Series:
    """For each row, the first later day on which another status of the child begins; rows by child and date."""
    child, status = table["child_id"], table["status"]
    run = (child.ne(child.shift()) | status.ne(status.shift())).cumsum()
    first = table.groupby(run).agg(child=("child_id", "first"), begins=("start_date", "first"))
    return run.map(first["begins"].shift(-1).where(first["child"].eq(first["child"].shift(-1))))


def _breaks(facts: Facts) -> pd.DataFrame:
    """Episodes of short breaks that are recorded one by one (V3)."""
    episodes = facts.episodes
    return episodes[episodes["status"] == "V3"]


def _break_too_long(facts: Facts) -> np.ndarray:
    """Single short breaks of more than 17 days."""
    breaks = _breaks(facts)
    return days_between(breaks["start_date"], _until(facts, breaks)) > _BREAK_DAYS


def _breaks_too_many(facts: Facts) -> np.ndarray:
    """Short breaks with which 12 months begin that hold more than 75 days of them."""
    breaks = _breaks(facts)
    spans = pd.DataFrame(
        {"child_id": breaks["child_id"], "start": breaks["start_date"], "end": _until(facts, breaks)}
    ).reset_index(drop=True)
    pairs = spans.reset_index(names="row").merge(spans, on="child_id", suffixes=("", "_other"))
    closes = pairs["start"] + pd.DateOffset(years=1)
    inside = days_between(
        pairs[["start", "start_other"]].max(axis=1), pd.concat([pairs["end_other"], closes], axis=1).min(axis=1)
    )
    return pd.Series(np.maximum(inside, 0)).groupby(pairs["row"].to_numpy()).sum().to_numpy() > _BREAK_DAYS_A_YEAR


def _both_kinds_of_break(facts: Facts) -> np.ndarray:
    """Episodes of short breaks of a child who has both kinds in one return year."""
    episodes = facts.episodes
    breaks = episodes[episodes["status"].isin(["V3", "V4"])]
    kinds = breaks.assign(year=_year(breaks["start_date"]).astype("datetime64[s]"))
    return kinds.groupby(["child_id", "year"])["status"].transform("nunique").to_numpy() > 1


def _without_continuation(facts: Facts) -> np.ndarray:
    """Episodes that say another follows, and none begins on that day."""
    episodes = facts.episodes
    says_so = (episodes["end_reason"] == "X1") & episodes["end_date"].notna()
    return (says_so & (episodes["next_start"] != episodes["end_date"])).to_numpy(dtype=bool)


def _started_while_continuing(facts: Facts) -> np.ndarray:
    """Episodes that say care started, on the day on which the last one ended."""
    episodes = facts.episodes
    return ((episodes["start_reason"] == "S") & (episodes["start_date"] == episodes["before_end"])).to_numpy(dtype=bool)


def _goes_on(facts: Facts) -> np.ndarray:
    """Episodes whose reason is anything but the start of care."""
    return given(facts.episodes["start_reason"]) & (facts.episodes["start_reason"] != "S").to_numpy(dtype=bool)


def _continued_after_leaving(facts: Facts) -> np.ndarray:
    """Episodes that follow one with which the child left care, and do not say that care started."""
    left = given(facts.episodes["before_reason"]) & (facts.episodes["before_reason"] != "X1").to_numpy(dtype=bool)
    return left & _goes_on(facts)


def _continued_after_a_gap(facts: Facts) -> np.ndarray:
    """Episodes that say they continue, and do not begin on the day on which the last one ended."""
    episodes = facts.episodes
    apart = (episodes["start_date"] != episodes["before_end"]).to_numpy(dtype=bool)
    return ~episodes["first"].to_numpy(dtype=bool) & apart & _goes_on(facts)


def _other_need(facts: Facts) -> np.ndarray:
    """Episodes that continue the last one under another category of need."""
    episodes = facts.episodes
    continues = (episodes["before_reason"] == "X1") & (episodes["before_end"] == episodes["start_date"])
    differs = given(episodes["need"]) & given(episodes["before_need"]) & (episodes["need"] != episodes["before_need"])
    return continues.to_numpy(dtype=bool) & np.asarray(differs, dtype=bool)


def _missing_overlap(facts: Facts) -> np.ndarray:
    """Missing episodes that begin before the child's earlier ones are over."""
    spells = facts.in_order("missing_episodes")
    return (spells["start_date"] < spells["reached"]).to_numpy(dtype=bool)


CARE_RULES: tuple[Rule, ...] = (
    Rule("903 101", "A looked-after child has no sex recorded.", ("children", "care_episodes"), _AUDIT,
         lambda facts: _looked_after_without("sex", facts), _count_looked_after),
    Rule("903 102", "A child has no date of birth that can be read.", ("children",), _LOST),
    Rule("903 103", "A looked-after child has no ethnicity recorded.", ("children", "care_episodes"), _AUDIT,
         lambda facts: _looked_after_without("ethnicity", facts), _count_looked_after),
    Rule("903 141", "An episode has no start date that can be read.", _EPISODES, _LOST),
    Rule("903 142", "An episode was left open although a later one has begun.", _EPISODES, _ENTRY),
    Rule("903 143", "An episode has no reason for its start.", _EPISODES, _ENTRY,
         lambda facts: missing(facts.episodes["start_reason"])),
    Rule("903 144", "An episode has no legal status on its first day.", _WITH_STATUS, _KIND,
         lambda facts: missing(facts.episodes["status"])),
    Rule("903 145", "An episode has no category of need (N1 to N8).", _EPISODES, _NEED,
         lambda facts: ~facts.episodes["need"].isin(_NEEDS)),
    Rule("903 147", "The end date of an episode cannot be read.", _EPISODES, _ENDING),
    Rule("903 148", "An episode has an end date without a reason, or a reason without an end date.", _EPISODES, _ENDING,
         _one_of_end_and_reason),
    Rule("903 149", "The reason for which an episode ended is not in the national list.", _EPISODES, _ENDING),
    Rule("903 351", "An episode reaches into a return year at whose start the child was over 21.", _WITH_CHILD, _AGE,
         _too_old),
    Rule("903 352", "A child started to be looked after at 18 or over.", _WITH_CHILD, _AGE,
         lambda facts: (facts.episodes["start_reason"] == "S").to_numpy(dtype=bool)
         & (facts.episodes["start_date"].to_numpy() >= birthday(facts.episodes["birth_date"], 18))),
    Rule("903 353", "An episode starts before 14 October 1991.", _EPISODES, _ENTRY,
         lambda facts: facts.episodes["start_date"].to_numpy() < _FIRST_EPISODE),
    Rule("903 354", "An episode starts after the end of the extract.", _EPISODES, _LOST),
    Rule("903 355", "An episode lasts for less than a day.", _EPISODES, _ENTRY,
         lambda facts: facts.episodes["start_date"] == facts.episodes["end_date"]),
    Rule("903 356", "An episode ends before it starts.", _EPISODES, _LOST),
    Rule("903 357", "A child's first episode does not say that care started.", _EPISODES, _ENTRY, _never_started),
    Rule("903 358", "A child under 10 has a legal status that follows from a criminal charge or sentence.",
         (*_WITH_STATUS, "children"), _KIND, _remanded_too_young),
    Rule("903 361", "Police protection (L1) lasts for more than 72 hours.", _STATUSES, _KIND,
         lambda facts: _lasted_too_long("L1", facts)),
    Rule("903 362", "An emergency protection order (L2) lasts for more than 21 days.", _STATUSES, _KIND,
         lambda facts: _lasted_too_long("L2", facts)),
    Rule("903 363", "A child assessment order (L3) lasts for more than 7 days.", _STATUSES, _KIND,
         lambda facts: _lasted_too_long("L3", facts)),
    Rule("903 365", "A single short break (V3) lasts for more than 17 days.", _WITH_STATUS, _KIND, _break_too_long),
    Rule("903 366", "A short break (V3) continues another episode.", _WITH_STATUS, _KIND,
         lambda facts: _breaks(facts)["start_reason"] != "S"),
    Rule("903 367", "A child has more than 75 days of short breaks (V3) within 12 months.", _WITH_STATUS, _KIND,
         _breaks_too_many),
    Rule("903 385", "An episode ends after the end of the extract.", _EPISODES, _ENDING),
    Rule("903 388", "An episode says that another follows, and none begins on that day.", _EPISODES, _ENDING,
         _without_continuation),
    Rule("903 426", "A child has both kinds of short break (V3 and V4) in one year.", _WITH_STATUS, _KIND,
         _both_kinds_of_break),
    Rule("903 431", "An episode says that care started, on the day on which the last one ended.", _EPISODES, _ENTRY,
         _started_while_continuing),
    Rule("903 432", "An episode after the child left care does not say that care started.", _EPISODES, _ENTRY,
         _continued_after_leaving),
    Rule("903 433", "An episode that continues care does not begin on the day on which the last one ended.", _EPISODES,
         _ENTRY, _continued_after_a_gap),
    Rule("903 437", "A child who died, or was found to be an adult, has a later episode.", _EPISODES, _ENTRY,
         lambda facts: facts.episodes["end_reason"].isin(_DIED_OR_ADULT) & ~facts.episodes["last"]),
    Rule("903 501", "An episode begins before the last one has ended.", _EPISODES, _ENTRY,
         lambda facts: facts.episodes["start_date"] < facts.episodes["before_end"]),
    Rule("903 504", "The category of need changes within one period of care.", _EPISODES, _NEED, _other_need),
    Rule("903 567", "A missing episode ends before it starts.", ("missing_episodes",), _LOST),
    Rule("903 574", "A missing episode begins before the child's earlier one is over.", ("missing_episodes",), _MISSING,
         _missing_overlap),
    Rule("903 INT03", "An episode belongs to a child who is not in the children table.", _EPISODES, _LOST),
    Rule("903 INT32", "A child is in the children table more than once.", ("children",), _LOST),
)  # fmt: skip
"""Rules of the SSDA903 return, by number."""
