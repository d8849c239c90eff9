"""Periods of care and the service open to a child, read word by word, one row at a time."""

from __future__ import annotations

import math

from edgeofcare.schema.codes import SHORT_BREAKS
from strategies import end_known_of, start_known_of

__all__ = ["literal_care", "literal_status"]


def literal_care(history, child, day):
    """Periods of care of a child as known before a day, read rule by rule."""
    episodes = [dict(row) for row in known_rows(history, "care_episodes", child, day)]
    statuses = known_rows(history, "legal_statuses", child, day)
    episodes = [episode | literal_entry(episode, statuses) for episode in episodes]
    counted = [episode for episode in episodes if episode["from"] is not None]
    periods, reached = [], -math.inf
    for episode in sorted(counted, key=lambda row: (row["from"], row["row_key"])):
        before = periods[-1][-1]["period_key"] if periods else None
        other_key = None not in (before, episode["period_key"]) and before != episode["period_key"]
        if periods and (episode["from"] < reached or (episode["from"] <= reached + 1 and not other_key)):
            periods[-1].append(episode)
        else:
            periods.append([episode])
        episode["until"] = math.inf if episode["end_date"] is None else episode["end_date"]
        reached = max(reached, episode["until"])
    return [literal_period(history, period) for period in periods]


def literal_status(history, child, day):
    """The most intensive service open to a child as known before a day, or None."""
    for name, status in (
        ("cp_plans", "child protection plan"),
        ("cin_plans", "child in need plan"),
        ("referrals", "referral"),
        ("early_help", "early help"),
    ):
        for row in history.tables.get(name, []):
            ended = end_known_of(history, name, row)
            is_open = start_known_of(history, name, row) < day and not (ended is not None and ended < day)
            if row["child_id"] == child and is_open and not row.get("nfa"):
                return status
    return None


def known_rows(history, name, child, day):
    """Rows of a child known before a day; an end that was not known yet is open."""
    rows = []
    for row in history.tables.get(name, []):
        if row["child_id"] == child and start_known_of(history, name, row) < day:
            ended = end_known_of(history, name, row)
            hidden = ended is None or ended >= day
            rows.append(row | ({"end_date": None, "end_reason": None} if hidden else {}))
    return rows


def literal_entry(episode, statuses):
    """From when an episode counts as care, and under which status."""
    within = []
    for status in statuses:
        begin = max(episode["start_date"], status["start_date"])
        ends = [day for day in (episode["end_date"], status["end_date"]) if day is not None]
        one_day = episode["end_date"] == episode["start_date"] == begin
        over = status["end_date"] is not None and status["end_date"] <= begin
        in_force = one_day and (not over or status["start_date"] == begin)
        if status["status"] not in (None, "NONE") and (begin < min([*ends, math.inf]) or in_force):
            short = status["status"] in SHORT_BREAKS
            within.append((begin, -status["start_date"], short, status["row_key"], status))
    if not within:
        return {"from": episode["start_date"], "status": None, "said_by": None}
    within.sort(key=lambda each: each[:4])
    first = within[0][4]
    if first["status"] not in SHORT_BREAKS:
        return {"from": episode["start_date"], "status": first["status"], "said_by": None}
    later = [each for each in within if not each[2] and each[4]["start_date"] > first["start_date"]]
    if not later:
        return {"from": None, "status": None, "said_by": None}
    return {"from": later[0][0], "status": later[0][4]["status"], "said_by": later[0][4]}


def literal_period(history, episodes):
    """One period from its episodes that count."""
    first = min(episodes, key=lambda row: (row["from"], row["row_key"]))
    last = max(episodes, key=lambda row: (row["until"], row["start_date"], row["row_key"]))
    known = start_known_of(history, "care_episodes", first)
    if first["said_by"] is not None:
        known = max(known, start_known_of(history, "legal_statuses", first["said_by"]))
    return {
        "known": known,
        "end_known": end_known_of(history, "care_episodes", last),
        "child_id": first["child_id"],
        "row_key": first["row_key"],
        "start_date": first["from"],
        "end_date": last["end_date"],
        "status": first["status"],
        "end_reason": last["end_reason"],
    }
