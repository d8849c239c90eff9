"""Names back to specs: every feature name parses to the spec that it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import SCOPES, Feature, TableFeature
from edgeofcare.features.sources import CHARACTERISTICS, SOURCES
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Difference, Ratio
from edgeofcare.features.specs.events import Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays
from edgeofcare.schema.columns import Column, Table
from edgeofcare.schema.own import own_table

__all__ = ["as_features", "parse_feature"]

_EDGED: dict[str, type[TableFeature]] = {"count": Count, "days_since": DaysSince, "days_since_first": DaysSinceFirst}
_PLAIN: dict[str, type[TableFeature]] = {
    "active": Active,
    "days_in": DaysIn,
    "total_days": TotalDays,
    "trend": Trend,
    "rate": Rate,
}
_VALUES: dict[str, type[TableFeature]] = {"sum": Sum, "mean": Mean, "max": Max, "distinct": Distinct, "last": Last}
_SIGNS = {" / ": Ratio, " - ": Difference}
_NAME = re.compile(r"^[A-Za-z0-9_.+-]+( [/-] [A-Za-z0-9_.+-]+)?$")


def as_features(features: Iterable[Feature | str]) -> list[Feature]:
    """Specs of a mixture of specs and names, each once.

    Parameters
    ----------
    features : iterable of Feature or str
        Specs, or names such as ``"missing.count.90d"``.

    Returns
    -------
    list of Feature
        In the order given.

    Raises
    ------
    SpecError
        If a name cannot be understood, or two features have one name, or there is none.
    """
    if isinstance(features, str | Feature):
        msg = "features must be a list of features or their names; got one alone. Put it in brackets."
        raise SpecError(msg)
    specs = [parse_feature(feature) if isinstance(feature, str) else feature for feature in features]
    if wrong := sum(not isinstance(spec, Feature) for spec in specs):
        msg = f"{wrong} of {len(specs)} features are neither a feature nor a name."
        raise SpecError(msg)
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not specs:
        msg = f"Each feature can be asked for once; twice: {', '.join(twice)}." if twice else "There are no features."
        raise SpecError(msg)
    return specs


def parse_feature(name: str) -> Feature:
    """The spec that a feature name stands for.

    Parameters
    ----------
    name : str
        Such as ``"assessment.factor_24A.count.365d"``.

    Returns
    -------
    Feature
        A spec whose ``name`` is the one given.

    Raises
    ------
    SpecError
        If the name does not parse.

    Examples
    --------
    >>> parse_feature("missing.count.90d").sentence
    'Number of missing episodes that began in the 90 days before the index date.'
    """
    spec = _combined(name) or _child_feature(name) or _table_feature(name)
    if spec is None or spec.name != name:
        shown = repr(name) if _NAME.match(name) and len(name) < 200 else "the name given"
        msg = f"{shown} is not a feature name. A name reads like missing.count.90d or cp_plan.active."
        raise SpecError(msg)
    return spec


def _combined(name: str) -> Feature | None:
    """Two features with a sign between them."""
    for sign, kind in _SIGNS.items():
        first, found, second = name.partition(sign)
        if found:
            return kind(parse_feature(first), parse_feature(second))
    return None


def _child_feature(name: str) -> Feature | None:
    """Age, a characteristic, the calendar or siblings."""
    if name == Age().name:
        return Age()
    if name.startswith("calendar."):
        return Calendar(name.partition(".")[2])
    for column in CHARACTERISTICS:
        head = f"child.{column}_"
        if name.startswith(head):
            return Characteristic(column, name[len(head) :])
    scope, rest = _scope(name)
    ages = re.fullmatch(r"number_(\d{1,2})_(\d{1,2})", rest)
    return Siblings((int(ages[1]), int(ages[2])), scope) if ages and scope != "child" else None


def _scope(name: str) -> tuple[str, str]:
    """Whose rows count, and the name without saying so."""
    for scope, prefix in SCOPES.items():
        if prefix and name.startswith(prefix):
            return scope, name[len(prefix) :]
    return "child", name


def _table_feature(name: str) -> Feature | None:
    """A feature of the table with the longest noun that begins the name."""
    scope, name = _scope(name)
    for table in sorted(SOURCES.values(), key=lambda table: -len(table.noun)):
        rest = name[len(table.noun) :]
        if name.startswith(table.noun) and rest[:1] in (".", "_"):
            if rest[0] == "_" and "." not in table.noun:
                continue
            prefix = table.noun.rpartition(".")[2] if rest[0] == "_" else ""
            return _measure(table, (prefix + rest).lstrip(".").split("."), scope)
    return _own_feature(*name.partition(".")[::2], scope)


def _own_feature(name: str, rest: str, scope: str) -> Feature | None:
    """A feature of one of the user's own tables."""
    try:
        table = own_table(name)
    except SpecError:
        return None
    return _measure(table, rest.split("."), scope) if rest else None


def _measure(table: Table, words: list[str], scope: str) -> Feature | None:
    """The measure at the end of a name, over the filters before it."""
    lookback = int(words.pop()[:-1]) if re.fullmatch(r"\d{1,5}d", words[-1]) else None
    if not words:
        return None
    word = words.pop()
    where = [_filter(table, each) for each in words if not each.startswith("not_")]
    unless = [_filter(table, each.removeprefix("not_")) for each in words if each.startswith("not_")]
    if None in where or None in unless:
        return None
    options = {"where": dict(filter(None, where)), "unless": dict(filter(None, unless)), "scope": scope}
    return _of_kind(table, word, lookback, options)


def _of_kind(table: Table, word: str, lookback: int | None, options: dict[str, Any]) -> Feature | None:
    """The spec that the last word of a name stands for."""
    edge, plain = ("end", word.removesuffix("_ended").removesuffix("_end")), word.partition("_")
    if word in _PLAIN:
        return _PLAIN[word](table.name, lookback, **options)
    if word in _EDGED:
        return _EDGED[word](table.name, lookback, **options)
    if edge[1] in _EDGED:
        return _EDGED[edge[1]](table.name, lookback, edge="end", **options)  # type: ignore[call-arg]
    if plain[0] == "share" and (of := _filter(table, plain[2])):
        return Share(table.name, lookback, of=dict([of]), **options)
    if plain[0] == "overlap" and plain[2]:
        return Overlap(table.name, lookback, other=_table_of(plain[2]), **options)
    if plain[0] in _VALUES and plain[2]:
        return _VALUES[plain[0]](table.name, lookback, value=plain[2], **options)  # type: ignore[call-arg]
    return None


def _table_of(noun: str) -> str:
    """Name of the table with this noun; one's own tables have no other."""
    return next((table.name for table in SOURCES.values() if table.noun == noun), noun)


def _filter(table: Table, word: str) -> tuple[str, list[bool] | list[str]] | None:
    """Column and codes of one filter word."""
    for column in sorted(table.columns, key=lambda column: -len(column.name)):
        if word.startswith(column.name + "_"):
            return column.name, _codes(column, word[len(column.name) + 1 :])
    return None


def _codes(column: Column, word: str) -> list[bool] | list[str]:
    """Codes of a filter word."""
    codes = word.split("+")
    return [code == "yes" for code in codes] if column.kind == "flag" else codes
