"""Entries of a ledger as frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.tracking.checks import check_model_id
from edgeofcare.tracking.events import KINDS, REMOVING
from edgeofcare.tracking.store import tables

__all__ = ["RESERVED", "child_entries", "kinds_of", "latest_scores", "log"]

_OWN = ("sequence", "time", "kind", "model_id")
_FIRST = (
    *("risk", "risk_low", "risk_high", "rank", "log_odds", "reasons", "data_until", "decision_support_only"),
    *("by", "role", "when", "reason", "support", "note", "entered_care", "rectified_by", "rectified_because"),
)
RESERVED = (*_OWN[:3], "removed", *INDEX_NAMES, "rectified_by", "rectified_because")
"""Names that a value may not have, because the frames of a ledger use them."""

_ROWS = 10_000  # held in memory at once


def kinds_of(kinds: str | Iterable[str] | None) -> tuple[str, ...]:
    """Kinds of entries about children, checked.

    Parameters
    ----------
    kinds : str, iterable of str, or None
        One, several, or all.

    Returns
    -------
    tuple of str

    Raises
    ------
    SpecError
        If there is no such kind.

    Examples
    --------
    >>> kinds_of("shown")
    ('shown',)
    """
    known = tuple(kind for kind in KINDS if kind not in (*REMOVING, "monitored", "model_changed"))
    if kinds is None:
        return known
    wanted = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if not wanted or not set(wanted) <= set(known):
        msg = f"kinds must be of {', '.join(map(repr, known))}."
        raise SpecError(msg)
    return wanted


def child_entries(
    connection: Any, kinds: Sequence[str], *, child_id: str | None, index_date: Any, model_id: str | None
) -> pd.DataFrame:
    """Entries about children, as they stand now.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Of the ledger.
    kinds : sequence of str
        Which.
    child_id : str or None
        Of one child.
    index_date : str, date or None
        Of one day.
    model_id : str or None
        Of one model.

    Returns
    -------
    DataFrame
        One row for each entry whose payload is there, in their order, on the index.
    """
    _, entries, payloads = tables()
    wanted = _selected().where(entries.c.kind.in_(kinds), payloads.c.child_id.is_not(None))
    if child_id is not None:
        wanted = wanted.where(payloads.c.child_id == child_id)
    if index_date is not None:
        wanted = wanted.where(payloads.c.index_date == str(one_date(index_date, "index_date").date()))
    if model_id is not None:
        wanted = wanted.where(entries.c.model_id == check_model_id(model_id))
    columns, keys = _columns(connection.execute(wanted))
    days = pd.DatetimeIndex(pd.Series(keys[2], dtype=object).astype("datetime64[s]"))
    named = [pd.Index(pd.Series(key, dtype=object).astype(_TEXT)) for key in keys[:2]]
    index = pd.MultiIndex.from_arrays([*named, days], names=list(INDEX_NAMES))
    frame = pd.DataFrame(columns, index=index)
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="%Y-%m-%dT%H:%M:%S.%fZ")
    return frame


_TEXT: Any = pd.Series(["text"]).dtype
"""How this pandas holds text."""


def latest_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Of rows that one model scored more than once, the last score.

    Parameters
    ----------
    scores : DataFrame
        From :func:`child_entries`.

    Returns
    -------
    DataFrame
        In the same order.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("H1", "c1", "2025-04-01")] * 2, names=INDEX_NAMES)
    >>> latest_scores(pd.DataFrame({"model_id": "m1", "risk": [0.1, 0.2]}, index=index))["risk"].tolist()
    [0.2]
    """
    about = scores.index.to_frame(index=False).assign(model_id=scores["model_id"].to_numpy())
    child_day_model = [*INDEX_NAMES[1:], "model_id"]  # the key of a household may have changed in between
    return scores.loc[~about.duplicated(child_day_model, keep="last").to_numpy()]


def log(connection: Any) -> pd.DataFrame:
    """Entries about no child: models, and what was erased.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Of the ledger.

    Returns
    -------
    DataFrame
        One row for each, in their order.
    """
    _, entries, payloads = tables()
    wanted = _selected(entries.c.removed).where(payloads.c.child_id.is_(None))
    columns, _ = _columns(connection.execute(wanted), "removed")
    frame = pd.DataFrame(columns)
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="%Y-%m-%dT%H:%M:%S.%fZ")
    return frame


def _selected(*more: Any) -> Any:
    """Entries with the payloads that now stand for them, in their order."""
    import sqlalchemy as sa

    _, entries, payloads = tables()
    own = [entries.c[name] for name in _OWN]
    keys = [payloads.c[name] for name in INDEX_NAMES]
    joined = sa.select(*own, *more, *keys, payloads.c.body).join(payloads, payloads.c.stands_for == entries.c.sequence)
    return joined.order_by(entries.c.sequence).execution_options(yield_per=_ROWS)


def _columns(rows: Iterable[Any], *more: str) -> tuple[dict[str, list[Any]], list[list[Any]]]:
    """Columns of entries, and the three keys."""
    columns: dict[str, list[Any]] = {name: [] for name in (*_OWN, *more)}
    values: dict[str, list[Any]] = {}
    keys: list[list[Any]] = [[] for _ in INDEX_NAMES]
    for count, row in enumerate(rows):
        for name in (*_OWN, *more):
            columns[name].append(getattr(row, name))
        for place, name in enumerate(INDEX_NAMES):
            keys[place].append(getattr(row, name))
        body = json.loads(row.body)
        for name in body.keys() - values.keys():
            values[name] = [None] * count
        for name, column in values.items():
            value = body.get(name)
            column.append(tuple(value) if isinstance(value, list) else value)
    order = [*(name for name in _FIRST if name in values), *sorted(values.keys() - set(_FIRST))]
    return {**columns, **{name: values[name] for name in order}}, keys
