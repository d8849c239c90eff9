"""Scores as rows of a table: of a part of the children, or of a frame that was made before."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.not_known import not_known
from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.features.build import build_features
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.features.names import as_features
from edgeofcare.models.vocabulary import unseen_names
from edgeofcare.records.records import Records
from edgeofcare.scoring.batch.layout import COLUMNS, Row
from edgeofcare.scoring.day import interval_columns

__all__ = ["frame_rows", "part_rows", "ranks"]

_NEEDED = ("risk", "rank", "model_id", "data_until", "decision_support_only")
_KNOWN = tuple(column.name for column in COLUMNS if column.name not in INDEX_NAMES)
_LISTS = ("reasons", "unknown", "unseen")


def part_rows(
    scorer: Any, records: Records, cohort: pd.DataFrame, *, top_reasons: int, override: str | None
) -> list[Row]:
    """Score some children of a day.

    Parameters
    ----------
    scorer : Scorer
        The model.
    records : Records
        The case records of their households.
    cohort : DataFrame
        Those who are eligible, of one day.
    top_reasons : int
        Reasons for each child; 0 for none.
    override : str or None
        Why the model is used, where it was not to be used.

    Returns
    -------
    list of dict
        A row for each, in the order of the cohort, with every column but ``rank``.
    """
    X = build_features(records, cohort, scorer.feature_names)
    ends = interval_columns(scorer, X)
    columns: dict[str, Sequence[Any]] = {
        "household_id": X.index.get_level_values("household_id").tolist(),
        "child_id": X.index.get_level_values("child_id").tolist(),
        "risk": np.asarray(scorer.risk(X)).tolist(),
        "risk_low": ends["risk_low"].tolist() if ends else [None] * len(X),
        "risk_high": ends["risk_high"].tolist() if ends else [None] * len(X),
        "log_odds": np.asarray(scorer.log_odds(X)).tolist(),
        "reasons": list(map(_json, _reasons(scorer, records, X, top_reasons))),
        "unknown": list(map(_json, not_known(records, X, as_features(scorer.feature_names)))),
        "unseen": list(map(_json, unseen_names(X, scorer.vocabularies))) if scorer.vocabularies else ["[]"] * len(X),
    }
    same = {
        "model_id": scorer.model_id,
        "index_date": X.index.get_level_values("index_date")[0].date(),
        "compared_with": REFERENCE if scorer.reference is None else scorer.reference.name,
        "data_until": records.observed_until.date(),
        "decision_support_only": True,
        "override": override,
    }
    return [{**same, **dict(zip(columns, row, strict=True))} for row in zip(*columns.values(), strict=True)]


def _reasons(scorer: Any, records: Records, X: pd.DataFrame, top: int) -> list[list[dict[str, Any]]]:
    """The largest contributions of each row in words, each with its direction, concept and source rows."""
    if not top:
        return [[] for _ in range(len(X))]
    found = explain(scorer, X, records=records, accept_lag=True).reasons(top=top, bands=False)
    said: dict[Any, list[dict[str, Any]]] = {key: [] for key in X.index}
    keys = zip(*(found.index.get_level_values(name) for name in INDEX_NAMES), strict=True)
    parts = (found[name] for name in ("direction", "concept", "sentence", "evidence"))
    for key, direction, concept, sentence, rows in zip(keys, *parts, strict=True):
        text = f"{direction.capitalize()} the risk: {sentence}"
        said[key].append({"sentence": text, "concept": concept, "rows": [_source_row(*row) for row in rows]})
    return [said[key] for key in X.index]


def _source_row(table: str, row_key: str, date: str) -> dict[str, Any]:
    """One source row."""
    return {"table": table, "row_key": row_key, "date": None if date == "nan" else date}


def _json(value: Any) -> str:
    """JSON text, as short as it can be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def ranks(risks: Iterable[float]) -> list[int]:
    """Rank of each risk: 1 is the highest, and ties share the lower number.

    Parameters
    ----------
    risks : iterable of float
        The risks.

    Returns
    -------
    list of int
        In the same order.

    Examples
    --------
    >>> ranks([0.1, 0.3, 0.3, 0.0])
    [3, 1, 1, 4]
    """
    down = -np.asarray(list(risks), dtype=np.float64)
    return (np.searchsorted(np.sort(down), down, side="left") + 1).tolist()


def frame_rows(scores: pd.DataFrame) -> list[Row]:
    """Rows of a frame of scores.

    Parameters
    ----------
    scores : DataFrame
        As :meth:`edgeofcare.Scorer.score` gives it.

    Returns
    -------
    list of dict
        A row for each of its rows, in their order, with every column.

    Raises
    ------
    IndexNamesError
        If the rows do not carry the index (household_id, child_id, index_date), or one is there twice.
    SpecError
        If a column is missing or not one of a table of scores, or a value is not of its kind.
    """
    if not isinstance(scores, pd.DataFrame) or list(scores.index.names) != list(INDEX_NAMES):
        msg = "scores must be a DataFrame on the index (household_id, child_id, index_date), as Scorer.score gives it."
        raise IndexNamesError(msg)
    missing = [name for name in _NEEDED if name not in scores]
    other = [str(name) for name in scores.columns if name not in _KNOWN]
    if missing or other or not scores.columns.is_unique:
        said = [f"without {', '.join(missing)}"] * bool(missing) + [f"with {', '.join(other)}"] * bool(other)
        msg = f"scores is {' and '.join(said) or 'with a column twice'}. Give what Scorer.score gave."
        raise SpecError(msg)
    index = scores.index.to_frame(index=False)
    held = {name: scores[name].tolist() if name in scores else [None] * len(scores) for name in _KNOWN}
    held |= {name: index[name].tolist() for name in INDEX_NAMES}
    named = [dict(zip(held, row, strict=True)) for row in zip(*held.values(), strict=True)]
    rows = [_typed(row) for row in named]
    if wrong := sum(row is None for row in rows):
        msg = f"{wrong:,} of {len(rows):,} scores cannot be kept: a value is missing, too long or not of its kind."
        raise SpecError(msg)
    whole = [row for row in rows if row is not None]
    if twice := len(whole) - len({(row["model_id"], row["index_date"], row["child_id"]) for row in whole}):
        msg = f"{twice:,} of {len(rows):,} rows are there more than once for the same model, day and child."
        raise IndexNamesError(msg)
    return whole


def _typed(row: Mapping[str, Any]) -> Row | None:
    """A row with values of the kinds of the columns; None where one cannot be."""
    try:
        typed = {column.name: _value(row[column.name], column.name, column.kind) for column in COLUMNS}
    except (TypeError, ValueError):
        return None
    too_long = any(column.length and len(typed[column.name] or "") > column.length for column in COLUMNS)
    lacking = any(not column.empty and typed[column.name] in (None, "") for column in COLUMNS)
    risks = [typed[name] for name in ("risk", "risk_low", "risk_high") if typed[name] is not None]
    wrong = typed["decision_support_only"] is not True or not all(0 <= risk <= 1 for risk in risks)
    return None if too_long or lacking or wrong else typed


def _value(value: Any, name: str, kind: type) -> Any:
    """One value as its column holds it."""
    if name in _LISTS:
        return None if value is None and name != "reasons" else _listed(value, name)
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind is dt.date:
        return pd.Timestamp(value).date()
    if kind is str and (not isinstance(value, str) or "\0" in value):
        raise ValueError
    if (kind is bool and value is not True) or (kind is int and int(value) != value):
        raise ValueError
    return kind(value)


def _listed(value: Any, name: str) -> str:
    """A list as JSON text; reasons of a frame are sentences alone."""
    texts = [] if value is None else list(value)
    if isinstance(value, str) or not all(isinstance(text, str) for text in texts):
        raise ValueError
    return _json([{"sentence": text, "concept": None, "rows": []} for text in texts] if name == "reasons" else texts)
