"""The columns of a file of features: cohort, features, label and follow-up, each of a fixed type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from edgeofcare.cohort import AUDIT_COLUMNS, INDEX_NAMES
from edgeofcare.features.feature import Feature
from edgeofcare.scale.job import FeatureJob

__all__ = ["categories", "column_names", "feature_frame", "feature_table"]

_INDEX = dict(zip(INDEX_NAMES, (pa.string(), pa.string(), pa.date32()), strict=True))
_COHORT = {
    "age": pa.int64(),
    **dict.fromkeys((name for name in AUDIT_COLUMNS if name != "age"), pa.string()),
    **dict.fromkeys(("outcome_until", "outcome_known"), pa.date32()),
    "mature": pa.bool_(),
}
_OUTCOME = {
    "entered_care": pa.int64(),
    "followup_days": pa.int64(),
    "end_reason": pa.string(),
    "complete": pa.bool_(),
    "labelled": pa.bool_(),
}


def column_names(job: FeatureJob) -> list[str]:
    """Names of all columns beside the index, in order."""
    return [name for name in _types(job) if name not in _INDEX]


def categories(spec: Feature) -> tuple[str, ...]:
    """Every code that a feature can have; nothing where it is a number."""
    return tuple(getattr(spec, "categories", ()))


def _types(job: FeatureJob) -> dict[str, pa.DataType]:
    """Name to type of each column."""
    number = pa.float32() if job.dtype == "float32" else pa.float64()
    features = {spec.name: pa.string() if categories(spec) else number for spec in job.specs()}
    return {**_INDEX, **_COHORT, **features, **(_OUTCOME if job.labels else {})}


def feature_table(job: FeatureJob, frames: Iterable[pd.DataFrame], index: pd.Index | None) -> pa.Table:
    """Put cohort, features and outcome into one table for a file.

    Parameters
    ----------
    job : FeatureJob
        Says which columns there are.
    frames : iterable of DataFrame
        Cohort, features and, if wanted, outcome, each on ``index``.
    index : MultiIndex or None
        The rows; None where there are none.

    Returns
    -------
    pyarrow.Table
        Every column of the job with its type, also those that the frames do not have (all missing). There is no label
        where the row is not labelled.
    """
    types = _types(job)
    if index is None:
        return pa.schema(types).empty_table()
    columns: dict[str, Any] = {name: index.get_level_values(name) for name in _INDEX}
    for frame in frames:
        columns |= {str(name): frame[name] for name in frame}
    if job.labels:
        columns["entered_care"] = columns["entered_care"].astype("Int64").where(columns["labelled"])
    return pa.table({name: _array(columns.get(name), kind, len(index)) for name, kind in types.items()})


def _array(values: Any, kind: pa.DataType, rows: int) -> pa.Array:
    """One column of a file."""
    if values is None:
        return pa.nulls(rows, kind)
    if pa.types.is_date(kind):
        values = values.to_numpy().astype("datetime64[D]")
    elif pa.types.is_string(kind):
        values = pd.Series(values).astype(object)
    elif pa.types.is_floating(kind):
        values = values.to_numpy(dtype=kind.to_pandas_dtype())
        return pa.array(values)  # NaN stays NaN, as numpy readers expect it
    return pa.array(values, type=kind, from_pandas=True)


def feature_frame(stored: pa.Table, job: FeatureJob) -> pd.DataFrame:
    """The rows of a file as :func:`~edgeofcare.build_cohort` and :func:`~edgeofcare.build_features` give them.

    Parameters
    ----------
    stored : pyarrow.Table
        Index columns and any others.
    job : FeatureJob
        Whose features they are.

    Returns
    -------
    DataFrame
        On the index (household_id, child_id, index_date). ``entered_care`` is a nullable integer.
    """
    frame = stored.to_pandas(use_threads=False, date_as_object=False, integer_object_nulls=True, ignore_metadata=True)
    codes = {spec.name: categories(spec) for spec in job.specs() if categories(spec)}
    kinds: dict[str, Any] = {name: pd.CategoricalDtype(list(known)) for name, known in codes.items() if name in frame}
    kinds |= {name: "datetime64[s]" for name in ("index_date", "outcome_until", "outcome_known") if name in frame}
    kinds |= {name: "Int64" for name in ("entered_care",) if name in frame}
    texts = [name for name in frame if frame[name].dtype == object and name not in kinds]
    frame = frame.astype(kinds).assign(**{name: frame[name].where(frame[name].notna(), np.nan) for name in texts})
    return frame.set_index(list(INDEX_NAMES))
