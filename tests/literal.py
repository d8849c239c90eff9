"""The rules of features read word by word, one row at a time: slow, plain, and without the engine."""

from __future__ import annotations

import math
from collections import namedtuple
from datetime import date, timedelta

from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Combined, Ratio
from edgeofcare.features.specs.events import Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES
from literal_care import literal_care, literal_status
from strategies import end_known_of, start_known_of

__all__ = ["literal", "literal_care", "literal_status", "sibling_links"]

LARGEST_FAMILY = 25
SHORTEST_EXPOSURE = 91
ALWAYS = -math.inf
NEVER_KNOWN = math.inf

Line = namedtuple("Line", "row start known end end_known")
"""One row of a table: its values, when it began and could be seen, when it ended and that could be seen."""


def literal(history, spec, child, day):
    """The value of a feature by the rules as they are written, one row at a time; text or NaN for a code."""
    if isinstance(spec, Combined):
        first, second = literal(history, spec.first, child, day), literal(history, spec.second, child, day)
        if math.isnan(first) or math.isnan(second) or (isinstance(spec, Ratio) and second == 0):
            return math.nan
        return first / second if isinstance(spec, Ratio) else first - second
    if isinstance(spec, Age | Characteristic | Calendar | Siblings):
        return literal_of_child(history, spec, child, day)
    if unobserved(history, spec, day) or unlinked(history, spec.scope):
        return math.nan
    whose = {child: ALWAYS}
    if spec.scope != "child":
        links = sibling_links(history, spec.scope, child, day)
        whose = {sibling: known for sibling, known in links.items() if known < day}
    lines = [line for who, known in whose.items() for line in lines_of(history, spec.table, who, known, day)]
    lines = [line for line in lines if passes(line.row, spec)]
    if isinstance(spec, DaysIn):
        return literal_days(history, spec, whose, lines, day)
    if isinstance(spec, Active):
        return float(sum(line.known < day and not line.end_known < day for line in lines))
    return literal_window(history, spec, child, lines, day)


def literal_of_child(history, spec, child, day):
    """Age, a characteristic, the calendar, and who the siblings are."""
    if isinstance(spec, Calendar):
        return float(getattr(date_of(day), spec.part))
    person = person_of(history, child)
    if isinstance(spec, Characteristic):
        held = {True: "yes", False: "no"}.get(person.get(spec.column), person.get(spec.column))
        return math.nan if held is None else float(held == spec.code)
    if isinstance(spec, Age):
        return math.nan if person["birth_date"] is None else (day - person["birth_date"]) / 365.25
    if unlinked(history, spec.scope):
        return math.nan
    youngest, oldest = spec.ages
    number = 0
    for sibling, known in sibling_links(history, spec.scope, child, day).items():
        held = person_of(history, sibling)
        birth, death = held.get("birth_date"), held.get("death_date")
        alive = birth is not None and not (death is not None and death < day)
        number += bool(known < day and alive and youngest <= completed_years(birth, day) <= oldest)
    return float(number)


def date_of(day):
    """The calendar date of days since 1970."""
    return date(1970, 1, 1) + timedelta(days=int(day))


def completed_years(birth, day):
    """Birthdays passed: a year is complete once the month and day of birth have come round."""
    born, on = date_of(birth), date_of(day)
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def person_of(history, child):
    """The row of a child; nothing for one of whom only a link is held."""
    return next((row for row in history.tables["children"] if row["child_id"] == child), {})


def first_day(history, table):
    """From when a table can be trusted."""
    return history.observed_from.get("care_episodes" if table == "care_periods" else table, -math.inf)


def unobserved(history, spec, day):
    """Whether what the feature needs reaches further back than its tables can be trusted."""
    reach = spec.lookback or 0
    if isinstance(spec, Trend):
        reach = 2 * spec.lookback
    if isinstance(spec, Rate):
        reach = SHORTEST_EXPOSURE
    tables = [spec.table, spec.other] if isinstance(spec, Overlap) else [spec.table]
    return any(day - reach < first_day(history, table) for table in tables)


def unlinked(history, scope):
    """Whether the records cannot tell who anybody's siblings are."""
    links = history.tables.get("relationships", [])
    if scope == "siblings":
        return not any(link.get("recorded_date") is not None for link in links)
    return scope == "undated_siblings" and not links


def link_known(link, scope):
    """The day after which a row of relationships is visible."""
    if link.get("recorded_date") is not None:
        return link["recorded_date"]
    return ALWAYS if scope == "undated_siblings" else NEVER_KNOWN


def sibling_links(history, scope, child, day):
    """Every sibling of a child, with the day after which the link between them is visible."""
    links, found = history.tables.get("relationships", []), {}
    for mine in links:
        for other in links:
            of_the_child = mine["child_id"] == child != other["child_id"]
            one_family = (mine["kind"], mine["related_id"]) == (other["kind"], other["related_id"])
            if not (of_the_child and one_family) or family_size(links, mine) > LARGEST_FAMILY:
                continue
            if parent_and_child(links, mine, other, scope, day):
                continue
            births = [person_of(history, each["child_id"]).get("birth_date") for each in (mine, other)]
            births = [birth for birth in births if birth is not None]
            known = max([link_known(mine, scope), link_known(other, scope), *births])
            found[other["child_id"]] = min(known, found.get(other["child_id"], NEVER_KNOWN))
    return found


def family_size(links, link):
    """How many children one mother or family links."""
    same = [each for each in links if (each["kind"], each["related_id"]) == (link["kind"], link["related_id"])]
    return len({each["child_id"] for each in same})


def parent_and_child(links, mine, other, scope, day):
    """Whether one of two children is known to be the other's mother."""
    pair = {(mine["child_id"], other["child_id"]), (other["child_id"], mine["child_id"])}
    return any(
        each["kind"] == "mother" and (each["child_id"], each["related_id"]) in pair and link_known(each, scope) < day
        for each in links
    )


def lines_of(history, table, child, link, day):
    """The rows of a child that the records hold, none of them visible before the link is."""
    if table == "care_periods":
        lines = [
            Line(row, row["start_date"], row["known"], row["end_date"], row["end_known"])
            for row in literal_care(history, child, day)
        ]
    else:
        spell = TABLES[table].kind == SPELL
        lines = []
        for row in history.tables.get(table, []):
            kept = not (table == "referrals" and row["start_date"] < first_day(history, table))
            if row["child_id"] == child and kept:
                ended, end_known = (row["end_date"], end_known_of(history, table, row)) if spell else (None, None)
                lines.append(Line(row, row[TABLES[table].start], start_known_of(history, table, row), ended, end_known))
    return [
        line._replace(
            known=max(line.known, link),
            end_known=NEVER_KNOWN if line.end_known is None else max(line.end_known, link),
        )
        for line in lines
    ]


def said(row, column):
    """The code of a row in one column."""
    return {True: "yes", False: "no"}.get(row[column], row[column])


def passes(row, spec):
    """Whether a row has the codes that are wanted and none of those that are not."""
    return all(said(row, column) in codes for column, codes in spec.where) and not any(
        said(row, column) in codes for column, codes in spec.unless
    )


def seen_from(spec, line):
    """The day after which all that the feature uses of a row is visible."""
    used = [column for column, _ in (*spec.where, *spec.unless, *getattr(spec, "of", ()))]
    used += [spec.value] if getattr(spec, "value", "") else []
    at_end = getattr(spec, "edge", "start") == "end" or any(
        spec.source.column(column).known == "end_date" for column in used
    )
    return max(line.known, line.end_known) if at_end else line.known


def days_lived(lines, first, day):
    """Days before a day that lie in at least one spell; an end that is not known yet is open."""
    lived = set()
    for line in lines:
        lived |= set(range(max(line.start, first), min(line.end if line.end_known < day else day, day)))
    return lived


def literal_days(history, spec, whose, lines, day):
    """Days in spells, in a window or in all time, and days in two kinds of spell at once."""
    first = -1_000_000 if isinstance(spec, TotalDays) else day - spec.lookback
    lived = days_lived([line for line in lines if seen_from(spec, line) < day], first, day)
    if isinstance(spec, Overlap):
        other = [line for who, known in whose.items() for line in lines_of(history, spec.other, who, known, day)]
        lived &= days_lived([line for line in other if line.known < day], first, day)
    return float(len(lived))


def literal_window(history, spec, child, lines, day):
    """The measure of the rows that happened in the window and are known."""
    happened = [
        (line.end if getattr(spec, "edge", "start") == "end" else line.start, line)
        for line in lines
        if seen_from(spec, line) < day
    ]

    def between(first, last):
        return [(when, line) for when, line in happened if first <= when < last]

    if isinstance(spec, Trend):
        middle = day - spec.lookback
        return float(len(between(middle, day)) - len(between(middle - spec.lookback, middle)))
    if isinstance(spec, Rate):
        birth = person_of(history, child)["birth_date"] if spec.scope == "child" else None
        first = max(day - spec.lookback, first_day(history, spec.table), -math.inf if birth is None else birth)
        return math.nan if day - first < SHORTEST_EXPOSURE else len(between(first, day)) * 365 / (day - first)
    window = between(-math.inf if spec.lookback is None else day - spec.lookback, day)
    if isinstance(spec, Count):
        return float(len(window))
    if isinstance(spec, DaysSince):
        nearest = min if isinstance(spec, DaysSinceFirst) else max
        return float(day - nearest(when for when, _ in window)) if window else math.nan
    if isinstance(spec, Share):
        (column, codes), *_ = spec.of
        return sum(said(line.row, column) in codes for _, line in window) / len(window) if window else math.nan
    return literal_value(spec, window)


def literal_value(spec, window):
    """The measure of the values of a column over the rows of a window."""
    rows = [(when, line) for when, line in window if line.row[spec.value] is not None]
    if isinstance(spec, Last):
        rows.sort(key=lambda each: (each[0], seen_from(spec, each[1]), each[1].row["row_key"]))
        last = rows[-1][1].row[spec.value] if rows else math.nan
        codes = CODE_LISTS.get(spec.source.column(spec.value).codes or "", {})
        return last if spec.source.column(spec.value).kind == "number" or last in codes else math.nan
    values = [line.row[spec.value] for _, line in rows]
    if isinstance(spec, Distinct):
        return float(len(set(values)))
    total = sum(round(value * 1_000_000) for value in values) / 1_000_000
    if isinstance(spec, Sum):
        return total
    if not values:
        return math.nan
    return total / len(values) if isinstance(spec, Mean) else max(values)
