"""Feature specs for laws: any kind of feature over any table, with any filters and any scope that it may have."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from edgeofcare.features.feature import SCOPES
from edgeofcare.features.sources import SOURCES
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Difference, Ratio
from edgeofcare.features.specs.events import Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import NEVER, SPELL

__all__ = [
    "COMBINED",
    "EVERY_KIND",
    "FIRST_KINDS",
    "OF_CHILD",
    "any_spec",
    "codes_of",
    "every_spec",
    "kinds_of",
    "one_of",
]

FIRST_KINDS = (Count, DaysSince, Active, DaysIn, Distinct, Sum, Mean, Max)
"""Kinds of one child's own rows that need nothing else; what any_spec gives unless asked for more."""
COMBINED = (Ratio, Difference)
OF_CHILD = (Age, Characteristic, Calendar, Siblings)
EVERY_KIND = (*FIRST_KINDS, DaysSinceFirst, Trend, Rate, Share, Last, TotalDays, Overlap, *OF_CHILD, *COMBINED)

_OF_SPELLS = (Active, DaysIn, TotalDays, Overlap)
_CODES = {
    "legal_status": ["V2", "V4", "V3", "C1", "J1", "NONE"],
    "factor": ["24A", "10A", "9A", "3A"],
    "source": ["6", "2A", "1A"],
    "closure": ["RC8", "RC7", "RC5"],
    "abuse": ["NEG", "EMO"],
    "end_reason": ["X1", "E4A", "E8"],
}
_LOOKBACKS = st.sampled_from([1, 2, 30, 90, 365, 1095]) | st.integers(1, 1500)
_ANY_TIME = st.none() | _LOOKBACKS
_LONG = st.sampled_from([91, 120, 365, 1095, 1825]) | st.integers(91, 2000)
_HALVES = st.sampled_from([1, 2, 15, 30, 90, 365]) | st.integers(1, 800)
_AGES = st.tuples(st.integers(0, 25), st.integers(0, 25)).map(sorted).map(tuple) | st.just((0, 17))


@cache
def one_of(*values):
    """One of a few values; made once, since to make a strategy costs more than to draw from it."""
    return st.sampled_from(values)


@cache
def codes_of(column):
    """A few codes of a column that rows and filters share, so that filters find something."""
    return _CODES.get(column.codes) or list(CODE_LISTS.get(column.codes, {}))[:2] or ["A", "B"]


def _usable(table, *kinds):
    """Columns of some kinds that a feature may use."""
    return [column for column in table.columns if column.kind in kinds and column.known != NEVER]


def _last_columns(table):
    """Columns whose last value can be a feature."""
    return _usable(table, "number") + [column for column in _usable(table, "code") if column.codes in CODE_LISTS]


def _spells(tables):
    """Tables of spells."""
    return [table for table in tables if table.kind == SPELL]


def _fits(kind, tables):
    """The tables that a kind can be made of."""
    if kind in _OF_SPELLS:
        return _spells(tables) if kind is not Overlap or len(_spells(tables)) > 1 else []
    if kind in (Sum, Mean, Max):
        return [table for table in tables if _usable(table, "number")]
    if kind is Distinct:
        return [table for table in tables if _usable(table, "code", "id")]
    if kind is Share:
        return [table for table in tables if _usable(table, "code", "flag")]
    return [table for table in tables if kind is not Last or _last_columns(table)]


def kinds_of(tables, kinds=EVERY_KIND):
    """The kinds, of those given, that can be made of some tables."""
    tables = [SOURCES[name] for name in tables]
    return [kind for kind in kinds if kind in (*OF_CHILD, *COMBINED) or _fits(kind, tables)]


@st.composite
def any_spec(draw, tables=tuple(SOURCES), *, kinds=FIRST_KINDS, scopes=("child",), unless=False):
    """Any feature, of the kinds and scopes given, of one of the tables, with any filters that it may have."""
    kind = draw(one_of(*kinds_of(tables, kinds)))
    if kind in COMBINED:
        simple = [each for each in EVERY_KIND if each not in COMBINED]
        part = any_spec(tables, kinds=simple, scopes=scopes, unless=unless).filter(_is_number)
        return kind(draw(part), draw(part))
    if kind in OF_CHILD:
        return draw(_of_child(kind, scopes))
    table = draw(st.sampled_from(_fits(kind, [SOURCES[name] for name in tables])))
    options = {"scope": draw(one_of(*scopes))}
    if kind is Share:
        column = draw(st.sampled_from(_usable(table, "code", "flag")))
        options["of"] = {column.name: draw(_codes(column))}
    options |= draw(_filters(table, kind=kind, unless=unless, but=tuple(options.get("of", ()))))
    if kind in (Count, DaysSince, DaysSinceFirst) and table.kind == SPELL:
        options["edge"] = draw(one_of("start", "end"))
    if kind in (Sum, Mean, Max):
        options["value"] = draw(st.sampled_from(_usable(table, "number"))).name
    if kind in (Distinct, Last):
        columns = _last_columns(table) if kind is Last else _usable(table, "code", "id")
        options["value"] = draw(st.sampled_from(columns)).name
    if kind is Overlap:
        others = [name for name in tables if name != table.name and SOURCES[name].kind == SPELL]
        options["other"] = draw(st.sampled_from(others))
    return kind(table.name, draw(_lookback(kind)), **options)


def every_spec(tables=tuple(SOURCES)):
    """Any feature of any kind and scope."""
    return any_spec(tables, kinds=EVERY_KIND, scopes=tuple(SCOPES), unless=True)


def _is_number(spec):
    """Whether a feature can be put into a ratio."""
    return not (isinstance(spec, Last) and spec.categories)


def _lookback(kind):
    """Lengths of the window of a kind of feature."""
    if kind in (Active, TotalDays):
        return one_of(None)
    if kind in (DaysSince, DaysSinceFirst, Last):
        return _ANY_TIME
    return {Rate: _LONG, Trend: _HALVES}.get(kind, _LOOKBACKS)


@st.composite
def _of_child(draw, kind, scopes):
    """A feature of the child, the day or the siblings themselves."""
    if kind is Age:
        return Age()
    if kind is Calendar:
        return Calendar(draw(one_of("month", "year")))
    if kind is Characteristic:
        return Characteristic(*draw(one_of(("sex", "F"), ("sex", "M"), ("ehc_plan", "yes"))))
    among = [scope for scope in scopes if scope != "child"] or ["siblings"]
    return Siblings(draw(_AGES), draw(one_of(*among)))


@cache
def _some(*codes):
    """One or two of a few codes."""
    return st.lists(one_of(*codes), min_size=1, max_size=2, unique=True)


@st.composite
def _codes(draw, column):
    """What a filter may ask of a column."""
    if column.kind == "flag":
        return draw(one_of(True, False))
    return draw(_some(*codes_of(column)))


@st.composite
def _filters(draw, table, *, kind, unless, but):
    """Filters on no, one or two of a table's columns, some of them the other way round."""
    usable = [column for column in _usable(table, "code", "flag") if column.name not in but]
    usable = [column for column in usable if kind is not Active or column.known != "end_date"]
    filters = {"where": {}, "unless": {}}
    if usable:
        most = draw(one_of(0, 1, 2))
        for column in draw(st.lists(st.sampled_from(usable), max_size=most, unique_by=lambda column: column.name)):
            side = draw(one_of("where", "unless")) if unless else "where"
            filters[side][column.name] = draw(_codes(column))
    return filters
