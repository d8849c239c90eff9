"""Names back to specs: every feature name parses to the spec that it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.sources import CHARACTERISTICS, SOURCES
from edgeofcare.features.specs import Active, Age, Characteristic, Count, DaysIn, DaysSince, Distinct, Max, Mean, Sum
from edgeofcare.schema.columns import Table
from edgeofcare.schema.own import own_table

__all__ = ["as_features", "parse_feature"]

_VALUES: dict[str, type[TableFeature]] = {"sum": Sum, "mean": Mean, "max": Max, "distinct": Distinct}
_NAME = re.compile(r"^[A-Za-z0-9_.+-]+$")


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
    specs = [parse_feature(feature) if isinstance(feature, str) else feature for feature in features]
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
    >>> parse_feature("missing.count.90d")
    Count(table='missing_episodes', lookback=90, where=(), edge='start')
    """
    spec = _child_feature(name) or _table_feature(name)
    if spec is None or spec.name != name:
        shown = repr(name) if _NAME.match(name) and len(name) < 100 else "the name given"
        msg = f"{shown} is not a feature name. A name reads like missing.count.90d or cp_plan.active."
        raise SpecError(msg)
    return spec


def _child_feature(name: str) -> Feature | None:
    """Age, or a characteristic."""
    if name == Age().name:
        return Age()
    for column in CHARACTERISTICS:
        head = f"child.{column}_"
        if name.startswith(head):
            return Characteristic(column, name[len(head) :])
    return None


def _table_feature(name: str) -> Feature | None:
    """A feature of the table with the longest noun that begins the name."""
    for table in sorted(SOURCES.values(), key=lambda table: -len(table.noun)):
        rest = name[len(table.noun) :]
        if name.startswith(table.noun) and rest[:1] in (".", "_"):
            if rest[0] == "_" and "." not in table.noun:
                continue
            prefix = table.noun.rpartition(".")[2] if rest[0] == "_" else ""
            return _measure(table, (prefix + rest).lstrip(".").split("."))
    return _own_feature(*name.partition(".")[::2])


def _own_feature(name: str, rest: str) -> Feature | None:
    """A feature of one of the user's own tables."""
    try:
        table = own_table(name)
    except SpecError:
        return None
    return _measure(table, rest.split(".")) if rest else None


def _measure(table: Table, words: list[str]) -> Feature | None:
    """The measure at the end of a name, over the filters before it."""
    lookback = words.pop()[:-1] if re.fullmatch(r"\d+d", words[-1]) else None
    if not words:
        return None
    word = words.pop()
    where = dict(filter(None, (_filter(table, each) for each in words)))
    if len(where) != len(words):
        return None
    span = None if lookback is None else int(lookback)
    if word in ("count", "count_ended"):
        return Count(table.name, span, where, edge="end" if word == "count_ended" else "start")
    if word in ("days_since", "days_since_end"):
        return DaysSince(table.name, span, where, edge="end" if word == "days_since_end" else "start")
    if word == "active":
        return Active(table.name, span, where)
    if word == "days_in":
        return DaysIn(table.name, span, where)
    kind, _, value = word.partition("_")
    return _VALUES[kind](table.name, span, where, value) if kind in _VALUES and value else None  # type: ignore[call-arg]


def _filter(table: Table, word: str) -> tuple[str, list[bool] | list[str]] | None:
    """Column and codes of one filter word."""
    for column in sorted(table.columns, key=lambda column: -len(column.name)):
        if word.startswith(column.name + "_"):
            codes = word[len(column.name) + 1 :].split("+")
            return column.name, ([code == "yes" for code in codes] if column.kind == "flag" else codes)
    return None
