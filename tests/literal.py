"""The rules of features read word by word, one row at a time: slow, plain, and without the engine."""

from __future__ import annotations

import math

from edgeofcare.features.specs import Active, Count, DaysIn, DaysSince, Distinct, Mean, Sum
from edgeofcare.schema.codes import SHORT_BREAKS
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES
from strategies import end_known_of, start_known_of

__all__ = ["literal", "literal_care", "literal_status"]


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
    return [literal_period(period) for period in periods]


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
        return {"from": episode["start_date"], "status": None}
    within.sort(key=lambda each: each[:4])
    first = within[0][4]
    if first["status"] not in SHORT_BREAKS:
        return {"from": episode["start_date"], "status": first["status"]}
    later = [each for each in within if not each[2] and each[4]["start_date"] > first["start_date"]]
    return {"from": later[0][0], "status": later[0][4]["status"]} if later else {"from": None, "status": None}


def literal_period(episodes):
    """One period from its episodes that count."""
    first = min(episodes, key=lambda row: (row["from"], row["row_key"]))
    last = max(episodes, key=lambda row: (row["until"], row["start_date"], row["row_key"]))
    return {
        "child_id": first["child_id"],
        "row_key": first["row_key"],
        "start_date": first["from"],
        "end_date": last["end_date"],
        "status": first["status"],
        "end_reason": last["end_reason"],
    }


def literal_rows(history, spec, child, day):
    """Rows of the feature's table that pass its filters, with both their known days."""
    rows = []
    if spec.table == "care_periods":
        found = [(row, row["start_date"], row["end_date"]) for row in literal_care(history, child, day)]
    else:
        spell = TABLES[spec.table].kind == SPELL
        found = [
            (row, start_known_of(history, spec.table, row), end_known_of(history, spec.table, row) if spell else None)
            for row in history.tables.get(spec.table, [])
            if row["child_id"] == child
        ]
    for row, started, ended in found:
        said = {column: {True: "yes", False: "no"}.get(row[column], row[column]) for column, _ in spec.where}
        if all(said[column] in codes for column, codes in spec.where):
            rows.append((row, started, ended))
    return rows


def literal(history, spec, child, day):
    """The value of a feature by the rules as they are written, one row at a time."""
    observed = history.observed_from.get("care_episodes" if spec.table == "care_periods" else spec.table, -math.inf)
    if day - (spec.lookback or 0) < observed:
        return math.nan
    rows = literal_rows(history, spec, child, day)
    if isinstance(spec, Active):
        return float(sum(started < day and not (ended is not None and ended < day) for _, started, ended in rows))
    told_by = [spec.source.column(column).known for column, _ in spec.where]
    told_by += [spec.source.column(spec.value).known] if getattr(spec, "value", "") else []
    at_end = getattr(spec, "edge", "start") == "end"
    needs_end = at_end or "end_date" in told_by
    seen = [
        (row, row["end_date"] if at_end else row[spec.source.start], ended)
        for row, started, ended in rows
        if started < day and not (needs_end and (ended is None or ended >= day))
    ]
    if isinstance(spec, DaysIn):
        lived = set()
        for row, begin, ended in seen:
            until = row["end_date"] if ended is not None and ended < day else day
            lived |= set(range(max(begin, day - spec.lookback), min(until, day)))
        return float(len(lived))
    window = [(row, when) for row, when, _ in seen if spec.lookback is None or day - spec.lookback <= when < day]
    return literal_measure(spec, window, day)


def literal_measure(spec, window, day):
    """The measure over the rows of a window."""
    if isinstance(spec, Count):
        return float(len(window))
    if isinstance(spec, DaysSince):
        return float(day - max(when for _, when in window)) if window else math.nan
    values = [row[spec.value] for row, _ in window if row[spec.value] is not None]
    if isinstance(spec, Distinct):
        return float(len(set(values)))
    total = sum(round(value * 1_000_000) for value in values) / 1_000_000
    if isinstance(spec, Sum):
        return total
    if not values:
        return math.nan
    return total / len(values) if isinstance(spec, Mean) else max(values)
