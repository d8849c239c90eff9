"""Specs as plain dictionaries that JSON can hold, and back: how a model file keeps its features."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Combined, Difference, Ratio
from edgeofcare.features.specs.events import Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays

__all__ = ["feature_from_dict", "feature_to_dict"]

_KINDS: dict[str, type[Feature]] = {
    kind.__name__: kind
    for kind in (
        *(Age, Calendar, Characteristic, Siblings, Difference, Ratio),
        *(Count, DaysSince, DaysSinceFirst, Rate, Share, Trend),
        *(Distinct, Last, Max, Mean, Sum, Active, DaysIn, Overlap, TotalDays),
    )
}
_FILTERS = ("where", "unless", "of")
_WORD = re.compile(r"[A-Za-z_]{1,40}")


def feature_to_dict(feature: Feature) -> dict[str, Any]:
    """A spec as a plain dictionary, which JSON can hold.

    Parameters
    ----------
    feature : Feature
        A spec of one of the library's kinds.

    Returns
    -------
    dict
        ``kind`` and every option that is not the default. Filters are ``{column: [codes]}``; the codes of a flag are
        ``"yes"`` and ``"no"``.

    Raises
    ------
    SpecError
        If it is of a kind that the library does not know.

    Examples
    --------
    >>> feature_to_dict(Count("assessment_factors", "365D", {"factor": "24A"}))
    {'kind': 'Count', 'table': 'assessment_factors', 'lookback': 365, 'where': {'factor': ['24A']}}
    """
    kind = type(feature)
    if _KINDS.get(kind.__name__) is not kind:
        msg = f"{kind.__name__} is not a kind of feature that can be written down; there are {', '.join(_KINDS)}."
        raise SpecError(msg)
    plain = {"kind": kind.__name__}
    for option in fields(feature):
        value = getattr(feature, option.name)
        if value != option.default:
            plain[option.name] = _plain(option.name, value)
    return plain


def feature_from_dict(plain: Mapping[str, Any]) -> Feature:
    """The spec that a plain dictionary stands for.

    Parameters
    ----------
    plain : mapping
        As :func:`feature_to_dict` gives it.

    Returns
    -------
    Feature
        A spec that compares equal to the one that was written down.

    Raises
    ------
    SpecError
        If the kind is not known, an option is missing, not known or of the wrong form, or there can be no such
        feature.

    Examples
    --------
    >>> feature_from_dict({"kind": "Active", "table": "cp_plans"}).name
    'cp_plan.active'
    """
    kind = _kind(plain)
    options = {option.name: option for option in fields(kind)}
    wrong = [f"not known: {_shown(name)}" for name in plain if name != "kind" and name not in options]
    needed = [name for name, option in options.items() if option.default is MISSING]
    wrong += [f"missing: {name}" for name in needed if name not in plain]
    if wrong:
        msg = f"The options of {kind.__name__} are wrong ({'; '.join(sorted(wrong))}). It has {_listed(options)}."
        raise SpecError(msg)
    return kind(**{name: _option(kind.__name__, name, plain[name]) for name in options if name in plain})


def _kind(plain: Mapping[str, Any]) -> type[Feature]:
    """The kind of feature that is meant."""
    if not isinstance(plain, Mapping) or not isinstance(plain.get("kind"), str):
        msg = "A feature must be a dictionary with a 'kind', such as {'kind': 'Active', 'table': 'cp_plans'}."
        raise SpecError(msg)
    if plain["kind"] not in _KINDS:
        msg = f"There is no kind of feature {_shown(plain['kind'])}. There are {', '.join(_KINDS)}."
        raise SpecError(msg)
    return _KINDS[plain["kind"]]


def _listed(options: Iterable[str]) -> str:
    """Names of options, or that there are none."""
    return ", ".join(options) or "no options"


def _shown(word: Any) -> str:
    """A word for a message; anything but a plain word could hold what nobody should read there."""
    return repr(word) if isinstance(word, str) and _WORD.fullmatch(word) else "(not a plain word)"


def _plain(name: str, value: Any) -> Any:
    """One option as JSON can hold it."""
    if name in _FILTERS:
        return {column: list(codes) for column, codes in value}
    if isinstance(value, Feature):
        return feature_to_dict(value)
    return list(value) if isinstance(value, tuple) else value


def _option(kind: str, name: str, value: Any) -> Any:
    """One option, if it is of the form in which it is written down."""
    holds, form, read = _FORMS.get(name, _TEXT)
    if not holds(value):
        msg = f"The option {name!r} of a {kind} feature must be {form}."
        raise SpecError(msg)
    return read(value)


def _is_whole(value: Any) -> bool:
    """Whether it is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_filters(value: Any) -> bool:
    """Whether it is a mapping of columns to lists of codes."""
    return isinstance(value, Mapping) and all(
        isinstance(column, str) and isinstance(codes, list) and all(isinstance(code, str) for code in codes)
        for column, codes in value.items()
    )


def _is_ages(value: Any) -> bool:
    """Whether it is two whole numbers."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_whole, value))


def _is_part(value: Any) -> bool:
    """Whether it is a feature that is not itself made of two."""
    return isinstance(value, Mapping) and not issubclass(_kind(value), Combined)


_Form = tuple[Callable[[Any], bool], str, Callable[[Any], Any]]
_TEXT: _Form = (lambda value: isinstance(value, str), "text", str)
_NESTED: _Form = (_is_part, "a feature that is not itself made of two", feature_from_dict)
_CODES: _Form = (_is_filters, "columns with lists of codes, such as {'factor': ['24A']}", dict)
_FORMS: dict[str, _Form] = {
    "lookback": (lambda value: value is None or _is_whole(value), "a whole number of days", lambda value: value),
    "ages": (_is_ages, "two whole ages, such as [0, 17]", tuple),
    **dict.fromkeys(_FILTERS, _CODES),
    **dict.fromkeys(("first", "second"), _NESTED),
}
