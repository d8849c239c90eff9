"""Stitching the yearly SSDA903 returns of an authority into one history of each child.

A child in care over several years stands in several returns, and each return ends on 31 March: the episode that is
open then is returned again a year later, closed, changed or not at all. The rules by which the regional platform of
the London authorities repairs this (RULE_1 to RULE_5) are applied here from the latest return to the earliest. What a
later return says stands; an earlier one adds only what later ones leave open.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from edgeofcare.records.findings import Findings

__all__ = ["ATTRIBUTES", "RULES", "period_starts", "stitched"]

ATTRIBUTES = ("start_reason", "end_reason", "status", "need", "place", "provider", "urn", "change_reason")
"""What an episode carries beside its child and dates."""

_SAME = ("start_reason", "status", "place", "provider", "urn")
_NEXT_RETURN = pd.DateOffset(years=1, days=1)

RULES = {
    "RULE_3": ("dropped", "RULE_3: a later return has the same episode again", ""),
    "twice": ("dropped", "two episodes of one return begin on one day: the longer closed one stands", "903 501"),
    "RULE_3 moved": ("dropped", "RULE_3: a later return has the same open episode with another first day", "903 503"),
    "RULE_3A": ("dropped", "RULE_3A: a later return has another episode in its place", "903 503"),
    "short": ("dropped", "the episode ended on the day it began", "903 355"),
    "RULE_1": ("repaired", "RULE_1: open in an earlier return: ends where the next episode begins (X1)", "903 562"),
    "RULE_1A": (
        "repaired",
        "RULE_1A: open in an earlier return, then a new start: ends at that return's end",
        "903 562",
    ),
    "RULE_2": (
        "repaired",
        "RULE_2: open in an earlier return and not in the next: ends at that return's end",
        "903 562",
    ),
    "open": ("repaired", "open, but the same return has a later episode: ends by it as RULE_1 or 1A says", "903 142"),
    "RULE_4": ("repaired", "RULE_4: overlaps the next episode, of a later return: ends where that begins", "903 501"),
    "overlap": ("repaired", "overlaps the next episode of the same return: ends where that begins", "903 501"),
    "RULE_5": ("repaired", "RULE_5: said to continue (X1), but a later return begins later: joined to that", "903 388"),
}
"""What each rule does, why, and the rule of the Department for Education that it mends, by its key in the counts."""


def stitched(episodes: pd.DataFrame, findings: Findings | None = None) -> pd.DataFrame:
    """Join the episodes of several returns into one history of each child without overlaps.

    Parameters
    ----------
    episodes : DataFrame
        One row for each episode of each return: ``child``; ``start`` and ``end`` (datetime64[s], NaT while open),
        ``end`` no earlier than ``start``; ``order`` (int), higher for a later return; ``latest`` (bool), whether
        the authority has no later return; ``year_end`` (datetime64[s]), 31 March on which the return ends; and the
        :data:`ATTRIBUTES`, text or NaN.
    findings : Findings, optional
        Is told how many episodes each rule changed.

    Returns
    -------
    DataFrame
        The same columns and ``rule``, the rule that changed the row or ``""``; sorted by child and start. No two
        episodes of a child overlap, and only the last one of a child, in the latest return, can be open.

    Notes
    -----
    In this order, the returns taken from the latest to the earliest:

    1. RULE_3. Of episodes of a child that begin on one day, the one of the latest return stands (within one return
       the closed one that ends last).
    2. Episodes that end on the day they begin go (903 355).
    3. RULE_3A. An episode that begins within one of a later return goes; so does one left open that follows an
       episode of a later return.
    4. RULE_3. An episode left open goes if the next one, of a later return, is the same but for its first day.
    5. RULE_1, RULE_1A, RULE_2. An episode left open ends where the next begins, going on (X1); if that is a new start
       (RNE S), on 31 March of its return or the day before the new start, whichever is first; if there is no next, or
       only one that begins after the following return, on 31 March of its return. What the last two end has lasted at
       least one day, and the reason is not known.
    6. RULE_4. An episode that overlaps the next ends where that begins, going on (X1) unless that is a new start.
    7. RULE_5. An episode that goes on (X1) but ends before the next, of a later return, ends where that begins,
       unless that is a new start or begins after the following return.

    *The following return* holds every episode of the year after. A child still looked after is in it, or has an episode
    that begins no later than its last midnight (1 April). One who is not there was not looked after then, and who comes
    back years later was not in care all the while: joining them would let what came later decide who was at risk.

    Applied to its own result it changes nothing, and the order of the rows does not matter.

    References
    ----------
    Social Finance Digital Labs, LIIA tools, ``fix_episodes``. There, RULE_3A looks at open episodes only, RULE_4
    at later returns only, and RULE_1 and RULE_5 as far ahead as there is an episode; here RULE_3A and RULE_4 also mend
    what else overlaps, and RULE_1 and RULE_5 reach one return ahead.
    """
    counts: Counter[str] = Counter()
    rows = _one_each_day(episodes.assign(rule=""), counts)
    short = rows["end"] == rows["start"]
    counts["short"] += int(short.sum())
    rows = rows[~short]
    kept = rows.iloc[:0]
    for order in sorted(rows["order"].unique(), reverse=True):
        kept = _fitted(rows[rows["order"] == order], kept, counts)
    if findings is not None:
        for rule, (action, why, number) in RULES.items():
            column = "" if action == "dropped" else "DEC"
            findings.note("episodes", column, counts[rule], action, why, rule=number)
    return kept.sort_values(["child", "start"], ignore_index=True)


def period_starts(episodes: pd.DataFrame) -> pd.Series:
    """The first day of the period of care that each stitched episode belongs to.

    Parameters
    ----------
    episodes : DataFrame
        As :func:`stitched` gives them, in its order.

    Returns
    -------
    Series of datetime64[s]
        An episode continues the period of the one before if that goes on (X1) and ends on the day this begins.
    """
    before = episodes.groupby("child")[["end", "end_reason"]].shift()
    goes_on = (before["end"] == episodes["start"]) & (before["end_reason"] == "X1")
    return episodes.groupby((~goes_on).cumsum())["start"].transform("first").astype("datetime64[s]")


def _one_each_day(rows: pd.DataFrame, counts: Counter[str]) -> pd.DataFrame:
    """Of the episodes of a child that begin on one day, the one of the latest return (RULE_3)."""
    ordered = rows.assign(later=-rows["order"], open=rows["end"].isna(), length=rows["start"] - rows["end"])
    ordered = ordered.sort_values(["child", "start", "later", "open", "length", *ATTRIBUTES])
    again = ordered.duplicated(["child", "start"])
    first = ordered.groupby(["child", "start"])["order"].transform("first")
    within = again & (ordered["order"] == first)
    counts["twice"] += int(within.sum())
    counts["RULE_3"] += int(again.sum() - within.sum())
    return ordered.loc[~again, list(rows.columns)]


def _fitted(own: pd.DataFrame, kept: pd.DataFrame, counts: Counter[str]) -> pd.DataFrame:
    """The episodes of later returns with those of one return fitted in between."""
    both = pd.concat([kept, own]).sort_values(["child", "start"], ignore_index=True)
    both = both.assign(own=both["order"] == own["order"].iloc[0])
    both = _without_replaced(both, counts)
    both = _without_moved(both, counts)
    return _ended(both, counts).drop(columns="own")


def _without_replaced(both: pd.DataFrame, counts: Counter[str]) -> pd.DataFrame:
    """Without the episodes in whose place a later return has another (RULE_3A)."""
    far = np.datetime64("9999-12-31", "s")
    reach = both["end"].fillna(far).where(~both["own"])
    reached = reach.groupby(both["child"]).ffill().groupby(both["child"]).shift()
    inside = both["own"] & (both["start"] < reached)
    left_open = both["own"] & both["end"].isna() & ~both["latest"]
    anchor = (~both["own"]).astype("float64").mask(inside | left_open)
    follows_later = anchor.groupby(both["child"]).ffill().groupby(both["child"]).shift() == 1.0
    gone = inside | (left_open & follows_later)
    counts["RULE_3A"] += int(gone.sum())
    return both[~gone].reset_index(drop=True)


def _following(both: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The next episode of the same child beside each; empty where there is none."""
    return both.groupby("child")[list(columns)].shift(-1)


def _without_moved(both: pd.DataFrame, counts: Counter[str]) -> pd.DataFrame:
    """Without open episodes that a later return has again with another first day (RULE_3)."""
    following = _following(both, (*_SAME, "order"))
    same = both["own"] & both["end"].isna() & (following["order"] > both["order"])
    for column in _SAME:
        left, right = both[column], following[column]
        alike = left.isna() | right.isna() if column == "urn" else left.isna() & right.isna()
        same &= (left == right) | alike
    counts["RULE_3 moved"] += int(same.sum())
    return both[~same].reset_index(drop=True)


def _ended(both: pd.DataFrame, counts: Counter[str]) -> pd.DataFrame:
    """With the ends that RULE_1, RULE_1A, RULE_2, RULE_4 and RULE_5 give to the episodes of one return."""
    following = _following(both, ("start", "start_reason", "order"))
    start, end, own, then = both["start"], both["end"], both["own"], following["start"]
    anew, later = following["start_reason"] == "S", following["order"] > both["order"]
    day = pd.Timedelta(days=1)
    at_year_end = pd.concat([both["year_end"], then - day], axis=1).min(axis=1)
    at_year_end = at_year_end.where(at_year_end > start, start + day)
    absent = later & ~anew & (then > both["year_end"] + _NEXT_RETURN)
    left_open, overlaps = own & end.isna(), own & (end > then)
    gap = own & (end < then) & (both["end_reason"] == "X1") & later & ~anew & ~absent
    rules = {
        "RULE_1": left_open & then.notna() & ~anew & ~absent,
        "RULE_1A": left_open & then.notna() & anew,
        "RULE_2": left_open & ((then.isna() & ~both["latest"]) | absent),
        "RULE_4": overlaps,
        "RULE_5": gap,
    }
    to_next = rules["RULE_1"] | overlaps | gap
    to_year_end = rules["RULE_1A"] | rules["RULE_2"]
    reason = both["end_reason"].mask(to_year_end).mask(rules["RULE_1"] | (overlaps & ~anew), "X1")
    _count(rules, later, counts)
    return both.assign(
        end=end.mask(to_next, then).mask(to_year_end, at_year_end).astype("datetime64[s]"),
        end_reason=reason,
        rule=np.select(list(rules.values()), list(rules), default=both["rule"].to_numpy(dtype=object)),
    )


def _count(rules: dict[str, pd.Series], later: pd.Series, counts: Counter[str]) -> None:
    """Count what each rule changed; what one return got wrong by itself is counted apart."""
    within = {"RULE_1": "open", "RULE_1A": "open", "RULE_4": "overlap"}
    for rule, rows in rules.items():
        alone = rows & ~later if rule in within else rows ^ rows
        counts[rule] += int((rows & ~alone).sum())
        counts[within.get(rule, rule)] += int(alone.sum())
