"""Reasons in plain English: one sentence for the value of a feature, the same for the same value every time.

The number in a sentence is the value of the feature; "12 days before" comes from the source rows behind it. Absence
is stated as absence, and what is not known as unknown, never as zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgeofcare.explanation.wording_codes import NO_FACTOR, codes_said, factors_said
from edgeofcare.explanation.wording_rows import (
    PARTICIPLES,
    a,
    amount,
    before,
    days_said,
    last_said,
    measured,
    number_said,
    plural,
    rows_said,
    verb_said,
    whose,
    window_said,
)
from edgeofcare.explanation.wording_two import clauses, had_said, joined, two_numbers
from edgeofcare.explanation.wording_whole import WHOLE
from edgeofcare.features.feature import Feature, TableFeature, label
from edgeofcare.features.specs.events import SHORTEST_EXPOSURE, Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays
from edgeofcare.schema.columns import SPELL

if TYPE_CHECKING:
    from edgeofcare.explanation.source_rows import Rows


__all__ = ["percent_said", "reason_sentence"]

_DAYS_IN = {
    "care_periods": "Looked after",
    "missing_episodes": "Missing overnight",
    "worker_involvements": "A worker was allocated",
}


def reason_sentence(
    spec: Feature | None,
    value: float | str,
    evidence: Rows | None = None,
    index_date: Any = None,
    *,
    parts: tuple[float, float] | None = None,
    reached: bool | None = None,
) -> str:
    """Say the value of one feature of one child in plain English.

    Parameters
    ----------
    spec : Feature or None
        The feature; None for a column that is no feature of the library.
    value : float or str
        Its value; NaN is unknown, or what an empty window gives. Of the last code of a column, the code or its place
        among the categories.
    evidence : Rows, optional
        The source rows behind the value, such as :meth:`Evidence.counted` gives them. Without them the sentence does
        not say how long before the index date the last one was.
    index_date : Timestamp or datetime64, optional
        The index date; needed with evidence.
    parts : tuple of float, optional
        Of a ratio or a difference, the values of its two features: then the sentence says both.
    reached : bool, optional
        Whether the records are known to reach and to hold enough: NaN then means that there was nothing, or that
        they do not. Left out where nobody knows.

    Returns
    -------
    str
        One sentence without any date, identifier or feature name.

    Examples
    --------
    >>> from edgeofcare.features.names import parse_feature
    >>> reason_sentence(parse_feature("missing.count.90d"), 1.0)
    '1 missing episode began in the 90 days before the index date.'
    >>> reason_sentence(parse_feature("cp_plan.active"), 1.0)
    'A child protection plan is open.'
    >>> reason_sentence(parse_feature("care.count.1095d"), float("nan"))
    'Unknown: the records of periods of care do not reach back 1,095 days.'
    >>> reason_sentence(parse_feature("missing.count.90d - contact.count.90d"), 1.0)
    '1 more missing episode than contacts in the 90 days before the index date.'
    """
    numbers = two_numbers(spec, value, evidence, index_date, parts)
    if spec is not None and numbers is not None:
        return joined(*clauses(spec, *numbers, reason_sentence))
    rows = evidence if evidence is not None and len(evidence) and index_date is not None else None
    unknown = isinstance(value, float) and math.isnan(value)
    plain = "unknown" if unknown else value if isinstance(value, str) else number_said(value)
    if spec is None:
        return f"A feature of your own is {plain}."
    if type(spec) in WHOLE:
        return WHOLE[type(spec)](spec, value, rows, index_date)
    if isinstance(spec, TableFeature) and unknown:
        return _unknown(spec, rows, reached=reached)
    if type(spec) in _WRITERS:
        return _WRITERS[type(spec)](spec, value, rows, index_date)
    return f"{spec.sentence.rstrip('.')}: {plain}."


def _count(spec: Count, value: float, rows: Rows | None, index_date: Any) -> str:
    """How many began, ended or took place, and when the last did."""
    if spec.table == "assessment_factors":
        return _factor_count(spec, value, rows, index_date)
    said = f"{rows_said(spec, value)} {verb_said(spec, spec.edge, value)} {window_said(spec)}"
    return f"{amount(value)} {said}{last_said(value, rows, index_date, spec.edge)}."


def _factor_count(spec: Count, value: float, rows: Rows | None, index_date: Any) -> str:
    """How many assessments identified a factor."""
    window, last, few = window_said(spec), last_said(value, rows, index_date), value in (0, 1)
    what, of = factors_said(spec), whose(spec, few=few)
    if not what:
        verb, noun = ("was", "factor") if few else ("were", "factors")
        other = _but(spec)
        return f"{amount(value)} {noun}{other} {verb} identified by assessments{whose(spec, few=False)} {window}{last}."
    if what == NO_FACTOR:
        return f"{amount(value)} {rows_said(spec, value)} {'was' if few else 'were'} completed {window}{last}."
    if few:
        return f"{'An' if value else 'No'} assessment{of} {window} identified {what} as a factor{last}."
    if len(dict(spec.where)["factor"]) == 1:  # one row is one assessment
        return f"{number_said(value)} assessments{of} {window} identified {what} as a factor{last}."
    last = last.replace("last of them", "last time")
    return f"Assessments{of} {window} identified {what} as a factor {number_said(value)} times{last}."


def _but(spec: TableFeature) -> str:
    """Assessment factors that do not count, in words."""
    left_out = dict(spec.unless).get("factor")
    return f" other than {codes_said(spec, 'factor', left_out)}" if left_out else ""


def _days_since(spec: DaysSince, value: float, rows: Rows | None, index_date: Any) -> str:
    """Days since the last one, or the first."""
    within = f", looking back {days_said(spec.lookback)}" if spec.lookback and spec.which == "first" else ""
    if spec.table == "assessment_factors" and (what := factors_said(spec)) not in ("", NO_FACTOR):
        of = whose(spec, few=True)
        return f"{days_said(value)} since an assessment{of} {spec.which} identified {what} as a factor{within}."
    return f"{days_said(value)} since the {spec.which} {rows_said(spec, 1)}{_began(spec)}{within}."


def _trend(spec: Trend, value: float, rows: Rows | None, index_date: Any) -> str:
    """How many more than in the window before."""
    number, before_those = abs(value), f"in the {days_said(spec.lookback)} before those"
    if not value:
        said = f"{rows_said(spec, 2)} {verb_said(spec, 'start', 2)} {window_said(spec)}"
        return f"No change: as many {said} as {before_those}."
    said = f"{rows_said(spec, number)} {verb_said(spec, 'start', number)} {window_said(spec)}"
    return f"{number_said(number)} {'more' if value > 0 else 'fewer'} {said} than {before_those}."


def _rate(spec: Rate, value: float, rows: Rows | None, index_date: Any) -> str:
    """How many in a year."""
    number = value if value in (0, 1) else 2
    said = f"{amount(value)} {rows_said(spec, number)} {verb_said(spec, 'start', number)}"
    covered = f"in as much of the {days_said(spec.lookback)} before the index date as the records cover"
    return f"{said} {covered}." if not value else f"{said} for each 365 days, {covered}."


def _share(spec: Share, value: float, rows: Rows | None, index_date: Any) -> str:
    """Which share has one of the codes."""
    some = "None of the" if value == 0 else "All" if value == 1 else f"{percent_said(value)} of the"
    return f"{some} {rows_said(spec, 2)} {window_said(spec)} {had_said(spec)}."


def percent_said(share: float) -> str:
    """A share between none and all in whole per cent.

    Parameters
    ----------
    share : float
        The share.

    Returns
    -------
    str
        Never 0% or 100%.

    Examples
    --------
    >>> percent_said(0.37), percent_said(0.001)
    ('37%', 'Fewer than 1%')
    """
    return "Fewer than 1%" if share < 0.005 else "More than 99%" if share > 0.995 else f"{share:.0%}"


def _active(spec: Active, value: float, rows: Rows | None, index_date: Any) -> str:
    """What is open."""
    if _is_of_workers(spec):
        return f"{'A' if value == 1 else amount(value)} {'worker is' if value in (0, 1) else 'workers are'} allocated."
    if value == 1:
        return f"{a(rows_said(spec, 1))} is open."
    return f"{amount(value)} {rows_said(spec, value)} {'is' if value == 0 else 'are'} open."


def _days_in(spec: DaysIn, value: float, rows: Rows | None, index_date: Any) -> str:
    """On how many days of the window a spell was open."""
    return f"{_was_open(spec)} on {_of_the_days(spec, value)}."


def _is_of_workers(spec: TableFeature) -> bool:
    """Whether it is of all the child's workers, who can be told of more plainly than their allocations."""
    return spec.table == "worker_involvements" and spec.scope == "child" and not (spec.where or spec.unless)


def _overlap(spec: Overlap, value: float, rows: Rows | None, index_date: Any) -> str:
    """On how many days of the window spells of both kinds were open."""
    if spec.other == "care_periods" and spec.scope == "child":
        while_open = "looked after"
    else:
        noun = a(f"{spec.other_source.singular}{whose(spec, few=True)}")
        while_open = f"{noun[0].lower()}{noun[1:]} was open"
    return f"{_was_open(spec)} while {while_open} on {_of_the_days(spec, value)}."


def _was_open(spec: DaysIn) -> str:
    """What was so on some days."""
    plain = spec.scope == "child" and not (spec.where or spec.unless)
    return _DAYS_IN[spec.table] if plain and spec.table in _DAYS_IN else f"{a(rows_said(spec, 1))} was open"


def _of_the_days(spec: DaysIn, value: float) -> str:
    """Some days of the window, or of all time."""
    if spec.lookback is not None:
        return f"{number_said(value) if value else 'none'} of the {spec.lookback:,} days before the index date"
    return f"{days_said(value) if value else 'none of the days'} before the index date"


def _distinct(spec: Distinct, value: float, rows: Rows | None, index_date: Any) -> str:
    """How many different codes there were."""
    few, window, column = value in (0, 1), window_said(spec), (spec.table, spec.value)
    recent = "" if rows is None else f", most recently {before(rows['date'], index_date)}"
    number = "No" if value == 0 else f"{number_said(value)} different" if value != 1 else "1"
    if column == ("assessment_factors", "factor"):
        kinds = f" ({what})" if (what := factors_said(spec)) else _but(spec)
        verb = f"factor{kinds} was" if few else f"factors{kinds} were"
        return f"{number} {verb} identified by assessments{whose(spec, few=False)} {window}{recent}."
    if column == ("worker_involvements", "worker") and _is_of_workers(spec):
        return f"{number} {'worker was' if few else 'workers were'} newly allocated {window}{recent}."
    if value == 0:
        return f"No {rows_said(spec, 1)} {window} has {a(label(spec.value)).lower()} on record."
    noun = label(spec.value) if few else plural(label(spec.value))
    return f"{number} {noun} {'is' if few else 'are'} on record for {rows_said(spec, 2)} {window}{recent}."


def _last(spec: Last, value: float | str, rows: Rows | None, index_date: Any) -> str:
    """The value of the last row that has one."""
    if isinstance(value, str):
        said = codes_said(spec, spec.value, [value])
    elif spec.categories:
        said = codes_said(spec, spec.value, [spec.categories[int(value)]])
    else:
        said = measured(spec, spec.value, value)
    within = "" if spec.lookback is None else f" {window_said(spec)}"
    return f"The {label(spec.value)} of the last {rows_said(spec, 1)}{within} is {said}."


def _sum(spec: Sum, value: float, rows: Rows | None, index_date: Any) -> str:
    """What the numbers add up to."""
    numbers = plural(label(spec.value)).capitalize()
    return f"{numbers} of {rows_said(spec, 2)} {window_said(spec)} add up to {measured(spec, spec.value, value)}."


def _mean_or_max(spec: Mean | Max, value: float, rows: Rows | None, index_date: Any) -> str:
    """The mean or the largest number."""
    what = f"{'mean' if isinstance(spec, Mean) else 'largest'} {label(spec.value)}"
    return f"The {what} of {rows_said(spec, 2)} {window_said(spec)} is {measured(spec, spec.value, value)}."


_WRITERS: dict[type[Feature], Callable[..., str]] = {
    Count: _count,
    DaysSince: _days_since,
    DaysSinceFirst: _days_since,
    Trend: _trend,
    Rate: _rate,
    Share: _share,
    Active: _active,
    DaysIn: _days_in,
    TotalDays: _days_in,
    Overlap: _overlap,
    Distinct: _distinct,
    Last: _last,
    Sum: _sum,
    Mean: _mean_or_max,
    Max: _mean_or_max,
}


def _unknown(spec: TableFeature, rows: Rows | None, *, reached: bool | None) -> str:
    """NaN: nothing to tell a number of, or records that do not reach back far enough."""
    nothing = isinstance(spec, DaysSince | Mean | Max | Last | Share) and rows is None and reached is not False
    siblings = "" if spec.scope == "child" else ", or do not say who the siblings are"
    if isinstance(spec, Rate):
        reach = f"cover fewer than {SHORTEST_EXPOSURE} days before the index date"
    else:
        reach = f"do not reach back {days_said(spec.reach)}" if spec.reach else "do not reach the index date"
    if nothing:
        said = f"No {rows_said(spec, 1)}{_having(spec)} is on record"
        within = "" if spec.lookback is None else f" {window_said(spec)}"
        unsure = "" if reached or not within else f", or the records {reach}{siblings}"
        return f"{said}{within}{unsure}."
    both = f" or {spec.other_source.plural}" if isinstance(spec, Overlap) else ""
    kinds = ", or do not tell their kinds" if spec.where or spec.unless else ""
    return f"Unknown: the records of {rows_said(spec, 2)}{both} {reach}{siblings}{kinds}."


def _having(spec: TableFeature) -> str:
    """What a row must have to be told of: a value, or an end."""
    if isinstance(spec, Mean | Max | Last):
        return f" with {a(label(spec.value)).lower()}"
    return " that has ended" if getattr(spec, "edge", "start") == "end" else ""


def _began(spec: DaysSince) -> str:
    """The verb after "the last ...", where one is needed."""
    named = spec.source.kind != SPELL or (spec.table, spec.edge) in PARTICIPLES
    if spec.edge == "start" and named:
        return ""
    return f" {verb_said(spec, spec.edge, 1)}"
