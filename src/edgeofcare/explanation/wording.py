"""Reasons in plain English: one sentence for the value of a feature, the same for the same value every time.

The number in a sentence is the value of the feature; "12 days before" comes from the source rows behind it. Absence
is stated as absence, and what is not known as unknown, never as zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.ages import age_in_years
from edgeofcare.features.feature import Feature, TableFeature, label
from edgeofcare.features.specs import Active, Age, Characteristic, Count, DaysIn, DaysSince, Distinct, Max, Mean, Sum
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import SPELL

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["reason_sentence"]

_NOUNS = {"worker_involvements": ("allocation of a worker", "allocations of a worker")}

_PARTICIPLES = {
    ("contacts", "start"): "made",
    ("referrals", "start"): "made",
    ("referrals", "end"): "closed",
    ("assessments", "end"): "completed",
    ("initial_conferences", "start"): "held",
    ("worker_involvements", "start"): "made",
}

_DAYS_IN = {"care_periods": "Looked after", "missing_episodes": "Missing overnight"}

_FLAGS = {
    ("nfa", "yes"): "that led to no further action",
    ("nfa", "no"): "that led to further action",
    ("led_to_plan", "yes"): "that led to a child protection plan",
    ("led_to_plan", "no"): "that led to no child protection plan",
    ("transfer_in", "yes"): "held because the child moved in from elsewhere",
    ("other_authority", "yes"): "of another authority",
}

_SAID = {
    "source": {
        "1A": "a family member",
        "1B": "an acquaintance",
        "1C": "the child or young person",
        "1D": "another individual",
        "2A": "a school",
        "3A": "a general practitioner",
        "3B": "a health visitor",
        "3C": "a school nurse",
        "6": "the police",
        "7": "another legal agency",
        "8": "another source",
        "9": "an anonymous source",
        "10": "an unknown source",
    },
    "factor": {
        "4A": "the mental health of the child",
        "4B": "the mental health of a parent",
        "4C": "the mental health of someone else at home",
        "7A": "the child being a young carer",
        "18A": "physical abuse",
        "19A": "sexual abuse",
        "20": "another factor",
    },
    "legal_status": {"V3": "short-break series", "V4": "short-break series"},
}


def reason_sentence(
    spec: Feature | None, value: float, evidence: pd.DataFrame | None = None, index_date: Any = None
) -> str:
    """Say the value of one feature of one child in plain English.

    Parameters
    ----------
    spec : Feature or None
        The feature; None for a column that is no feature of the library.
    value : float
        Its value; NaN is unknown, or what an empty window gives.
    evidence : DataFrame, optional
        The source rows behind the value, from :meth:`edgeofcare.features.trace.Trace.rows`. Without them the sentence
        does not say how long before the index date the last one was.
    index_date : Timestamp or datetime64, optional
        The index date; needed with evidence.

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
    """
    rows = evidence if evidence is not None and len(evidence) and index_date is not None else None
    if spec is None:
        return (
            "A feature of your own is unknown." if math.isnan(value) else f"A feature of your own is {_number(value)}."
        )
    if isinstance(spec, TableFeature) and math.isnan(value):
        return _unknown(spec, rows)
    for kind, write in _WRITERS.items():
        if isinstance(spec, kind):
            return write(spec, value, rows, index_date)
    said = spec.sentence.rstrip(".")
    return f"{said}: {'unknown' if math.isnan(value) else _number(value)}."


def _age(spec: Age, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """Completed years, by the birthday where it is in evidence."""
    if math.isnan(value):
        return "The age is unknown."
    if rows is None:
        return f"Aged {math.floor(value)}."
    born = rows["date"].to_numpy().astype("datetime64[D]")[0]
    return f"Aged {age_in_years(born, np.datetime64(index_date, 'D'))}."


def _characteristic(spec: Characteristic, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """What is recorded of a characteristic."""
    if spec.column == "ehc_plan":
        if math.isnan(value):
            return "Whether there is an education, health and care plan is not recorded."
        held = (value != 0) == (spec.code == "yes")
        return f"{'An' if held else 'No'} education, health and care plan is on record."
    what = label(spec.column).capitalize()
    if math.isnan(value):
        return f"{what} is not recorded."
    said = CODE_LISTS.get(spec.column, {}).get(spec.code, spec.code)
    return f"{what} is recorded as {'' if value else 'other than '}{said}."


def _count(spec: Count, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """How many began, ended or took place, and when the last did."""
    if spec.table == "assessment_factors":
        return _factor_count(spec, value, rows, index_date)
    said = f"{_rows(spec, value)} {_verb(spec, spec.edge, value)} {_window(spec)}"
    return f"{_amount(value)} {said}{_last(value, rows, index_date, spec.edge)}."


def _factor_count(spec: Count, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """How many assessments identified a factor."""
    window, last = _window(spec), _last(value, rows, index_date)
    what = _factors(spec)
    if not what:
        verb = "was" if value in (0, 1) else "were"
        noun = "factor" if value in (0, 1) else "factors"
        return f"{_amount(value)} {noun} {verb} identified by assessments {window}{last}."
    if value in (0, 1):
        return f"{'An' if value else 'No'} assessment {window} identified {what} as a factor{last}."
    if len(_codes(spec, "factor")) == 1:  # one row is one assessment
        return f"{_number(value)} assessments {window} identified {what} as a factor{last}."
    last = last.replace("last of them", "last time")
    return f"Assessments {window} identified {what} as a factor {_number(value)} times{last}."


def _days_since(spec: DaysSince, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """Days since the last one."""
    if spec.table == "assessment_factors" and _factors(spec):
        return f"{_days(value)} since an assessment last identified {_factors(spec)} as a factor."
    return f"{_days(value)} since the last {_rows(spec, 1)}{_began(spec)}."


def _active(spec: Active, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """What is open."""
    if value == 1:
        return f"{_a(_rows(spec, 1))} is open."
    return f"{_amount(value)} {_rows(spec, value)} {'is' if value == 0 else 'are'} open."


def _days_in(spec: DaysIn, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """On how many days of the window a spell was open."""
    who = _DAYS_IN.get(spec.table)
    subject = who if who and not spec.where else f"{_a(_rows(spec, 1))} was open"
    return f"{subject} on {_number(value) if value else 'none'} of the {spec.lookback:,} days before the index date."


def _distinct(spec: Distinct, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """How many different codes there were."""
    few, window, column = value in (0, 1), _window(spec), (spec.table, spec.value)
    recent = "" if rows is None else f", most recently {_before(rows['date'], index_date)}"
    amount = "No" if value == 0 else f"{_number(value)} different" if value != 1 else "1"
    if column == ("assessment_factors", "factor"):
        kinds = f" ({_factors(spec)})" if spec.where else ""
        verb = f"factor{kinds} was" if few else f"factors{kinds} were"
        return f"{amount} {verb} identified by assessments {window}{recent}."
    if column == ("worker_involvements", "worker") and not spec.where:
        return f"{amount} {'worker was' if few else 'workers were'} newly allocated {window}{recent}."
    if value == 0:
        return f"No {_rows(spec, 1)} {window} has {_a(label(spec.value)).lower()} on record."
    noun = label(spec.value) if few else _plural(label(spec.value))
    return f"{amount} {noun} {'is' if few else 'are'} on record for {_rows(spec, 2)} {window}{recent}."


def _sum(spec: Sum, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """What the numbers add up to."""
    numbers = _plural(label(spec.value)).capitalize()
    return f"{numbers} of {_rows(spec, 2)} {_window(spec)} add up to {_measured(spec, value)}."


def _mean_or_max(spec: Mean | Max, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """The mean or the largest number."""
    word = "mean" if isinstance(spec, Mean) else "largest"
    return f"The {word} {label(spec.value)} of {_rows(spec, 2)} {_window(spec)} is {_measured(spec, value)}."


_WRITERS: dict[type[Feature], Callable[..., str]] = {
    Age: _age,
    Characteristic: _characteristic,
    Count: _count,
    DaysSince: _days_since,
    Active: _active,
    DaysIn: _days_in,
    Distinct: _distinct,
    Sum: _sum,
    Mean: _mean_or_max,
    Max: _mean_or_max,
}


def _unknown(spec: TableFeature, rows: pd.DataFrame | None) -> str:
    """NaN: nothing to tell a number of, or records that do not reach back far enough."""
    nothing = isinstance(spec, DaysSince | Mean | Max) and rows is None
    if nothing and spec.lookback is None:
        return f"No {_rows(spec, 1)}{_ended(spec)} is on record."
    reach = "do not reach the index date" if spec.lookback is None else f"do not reach back {_days(spec.lookback)}"
    if nothing:
        having = f" with {_a(label(spec.value)).lower()}" if isinstance(spec, Mean | Max) else _ended(spec)
        return f"No {_rows(spec, 1)}{having} is on record {_window(spec)}, or the records {reach}."
    return f"Unknown: the records of {_rows(spec, 2)} {reach}."


def _rows(spec: TableFeature, number: float) -> str:
    """The rows that count, in words: "contacts from the police"."""
    if spec.table == "assessment_factors" and (what := _factors(spec)):
        return f"{'assessment' if number in (0, 1) else 'assessments'} identifying {what} as a factor"
    one, many = _NOUNS.get(spec.table, (spec.source.singular, spec.source.plural))
    return " ".join([one if number in (0, 1) else many, *(_filter(spec, column) for column, _ in spec.where)])


def _filter(spec: TableFeature, column: str) -> str:
    """One filter in words."""
    codes, said = _codes(spec, column), _codes_said(spec, column)
    if len(codes) == 1 and (column, codes[0]) in _FLAGS:
        return _FLAGS[column, codes[0]]
    if column in ("source", "initial_category"):
        return f"{'from' if column == 'source' else 'for'} {said}"
    if column in ("status", "close_reason"):
        return f"({said})"
    return f"({label(column)}: {said})"


def _codes(spec: TableFeature, column: str) -> tuple[str, ...]:
    """The codes that a column is filtered by."""
    return dict(spec.where).get(column, ())


def _codes_said(spec: TableFeature, column: str) -> str:
    """The codes that a column is filtered by, in words."""
    codes = spec.source.column(column).codes or ""
    meanings = {**CODE_LISTS.get(codes, {}), **_SAID.get(codes, {})}
    return _either(meanings.get(code, code) for code in _codes(spec, column))


def _factors(spec: TableFeature) -> str:
    """The assessment factors that count, in words; empty where all do."""
    return _codes_said(spec, "factor") if _codes(spec, "factor") else ""


def _either(words: Iterable[str]) -> str:
    """Join alternatives by "or", leaving out those that a wider one already holds."""
    every = list(dict.fromkeys(words))
    kept = [word for word in every if not any(word.startswith(other + " ") for other in every)]
    return " or ".join([", ".join(kept[:-1]), kept[-1]]) if len(kept) > 1 else "".join(kept)


def _verb(spec: TableFeature, edge: str, number: float) -> str:
    """What the rows did on the day that counts."""
    done = _PARTICIPLES.get((spec.table, edge))
    if done:
        return f"{'was' if number in (0, 1) else 'were'} {done}"
    return "ended" if edge == "end" else "began" if spec.source.kind == SPELL else "took place"


def _began(spec: DaysSince) -> str:
    """The verb after "the last ...", where one is needed."""
    named = spec.source.kind != SPELL or (spec.table, spec.edge) in _PARTICIPLES
    if spec.edge == "start" and named:
        return ""
    return f" {_verb(spec, spec.edge, 1)}"


def _ended(spec: TableFeature) -> str:
    """Say that an end is meant."""
    return " that has ended" if getattr(spec, "edge", "start") == "end" else ""


def _window(spec: TableFeature) -> str:
    """The window in words."""
    return f"in the {_days(spec.lookback)} before the index date"


def _last(value: float, rows: pd.DataFrame | None, index_date: Any, edge: str = "start") -> str:
    """How long before the index date the last row was."""
    if rows is None or not value:
        return ""
    when = _before(rows["end_date" if edge == "end" else "date"], index_date)
    return f", {when}" if value == 1 else f", the last of them {when}"


def _before(dates: pd.Series, index_date: Any) -> str:
    """Days from the latest date to the index date, in words."""
    last = dates.to_numpy().astype("datetime64[D]").max()
    return f"{_days(int((np.datetime64(index_date, 'D') - last).astype(np.int64)))} before"


def _measured(spec: Sum | Mean | Max, value: float) -> str:
    """A number with its unit."""
    unit = spec.source.column(spec.value).unit or ""
    return f"{_number(value)} {unit.removesuffix('s') if value == 1 else unit}".strip()


def _days(number: float) -> str:
    """A number of days."""
    return f"{_number(number)} {'day' if number == 1 else 'days'}"


def _amount(number: float) -> str:
    """A number at the head of a sentence."""
    return "No" if number == 0 else _number(number)


def _number(number: float) -> str:
    """A number with separators, to one decimal where it is not whole."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"


def _a(noun: str) -> str:
    """A noun with its article, at the head of a sentence."""
    return f"{'An' if noun[0] in 'aeiou' else 'A'} {noun}"


def _plural(noun: str) -> str:
    """More than one of a noun."""
    if noun.endswith("y"):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith("s") else "s")
