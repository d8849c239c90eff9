"""Counts of each of a column's most frequent codes, learned from training rows and then fixed as plain specs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.held import check_held
from edgeofcare.features.index import index_days
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.prepare import (
    TableArrays,
    care_arrays,
    event_days,
    selected,
    table_arrays,
)
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.specs.levels import Levels
from edgeofcare.records.records import Records
from edgeofcare.records.strangers import refuse_strangers

__all__ = ["learn_levels"]

_FEWEST_CHILDREN = 10
"""A code of fewer children is not learned, whatever its list: learned codes are shared with the model."""


def learn_levels(records: Records, cohort: pd.DataFrame, features: Iterable[Feature | str]) -> list[Feature]:
    """Put plain counts in the place of each :class:`Levels`, for the codes most frequent in the training rows.

    What is learned is in the specs that come back, and nowhere else: build the features of training, test and later
    rows from them, and save them with the model.

    Parameters
    ----------
    records : Records
        The case records.
    cohort : DataFrame
        The training rows, on the index (household_id, child_id, index_date): ``cohort.loc[split.train]``.
    features : iterable of Feature or str
        Specs and names, with :class:`Levels` among them; all others stay as they are, where they are.

    Returns
    -------
    list of Feature
        A :class:`~edgeofcare.features.Count` for each of the most frequent codes, most frequent first (ties by code),
        then one for all other rows. A count that was asked for already is not there twice.

    Raises
    ------
    IndexNamesError
        If the cohort does not carry the index.
    RecordsError
        If the cohort has children whom the records do not hold.
    SpecError
        If the cohort is empty, or a feature is not understood.

    Notes
    -----
    A row of the table counts once if, for at least one row of the cohort, it was known before the index date, lies in
    the window and passes the filters. For features of siblings too, the rows of the cohort's own children count.
    Left to the rest are codes that no feature name can carry, and those that were seen for fewer than 10 children:
    which codes were learned is shared with the model, and a rare one, national or local, could tell of a child. Counts
    of codes that no national list holds can be built like others, but a model with them cannot be saved, since the
    codes are an authority's own texts.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort, quarters
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records = make_records(300, random_state=0, authority="sample")
    >>> cohort = build_cohort(records, Task(), index_dates=quarters("2018-04-01", "2023-04-01"))
    >>> learned = learn_levels(records, cohort, ["child.age", Levels("referrals", "1095D", column="source", top=1)])
    >>> [spec.name for spec in learned]
    ['child.age', 'referral.source_6.count.1095d', 'referral.not_source_6.count.1095d']
    """
    index_days(cohort)
    if not len(cohort.index):
        msg = "The cohort has no rows, so there is nothing to learn from."
        raise SpecError(msg)
    refuse_strangers(records, cohort.index.get_level_values("child_id"))
    specs = [parse_feature(each) if isinstance(each, str) else each for each in features]
    plain = {spec.name for spec in specs if not isinstance(spec, Levels)}
    learned: list[Feature] = []
    for spec in specs:
        if not isinstance(spec, Levels):
            learned.append(spec)
            continue
        check_held(records, spec.counts(()))
        counts = spec.counts(_frequent(records, cohort, spec))
        learned += [count for count in counts if count.name not in plain]
        plain |= {count.name for count in counts}
    return as_features(learned)


def _frequent(records: Records, cohort: pd.DataFrame, spec: Levels) -> list[str]:
    """The codes that get a count of their own, most frequent first."""
    if spec.table in records and spec.column not in records.definition(spec.table).names:
        msg = f"The table {spec.table!r} was added without a {spec.column}, so it has no levels."
        raise SpecError(msg)
    child_id = cohort.index.get_level_values("child_id").to_numpy(dtype=str)
    seen = _seen_rows(records, child_id, index_days(cohort), spec)
    counts = seen.groupby("code").agg(rows=("row_key", "size"), children=("child_id", "nunique")).reset_index()
    counts = counts[counts["children"] >= _FEWEST_CHILDREN].sort_values(["rows", "code"], ascending=[False, True])
    return [code for code in counts["code"] if _can_be_named(spec, code)][: spec.top]


def _seen_rows(records: Records, child_id: np.ndarray, day: np.ndarray, spec: Levels) -> pd.DataFrame:
    """Code, key and child of each row that could be seen in the window of some row of the cohort, once each."""
    ids, code = np.unique(child_id, return_inverse=True)
    if spec.table == "care_periods":
        arrays = care_arrays(records, child_id, day)
        row = arrays.frame["row"].to_numpy(dtype=np.int64)
        whose, rows, owner = row, np.arange(day.size), child_id[row]
    else:
        arrays = table_arrays(records, spec.table)
        owner = arrays.frame["child_id"].to_numpy(dtype=str)
        whose, rows = pd.Index(ids).get_indexer(pd.Index(owner)), code
    chosen = _visible(arrays, spec, whose, rows, day)
    told = {"code": arrays.frame[spec.column], "row_key": arrays.frame["row_key"]}
    found = pd.DataFrame({name: values.to_numpy(dtype=object)[chosen] for name, values in told.items()})
    return found.assign(child_id=owner[chosen]).dropna(subset=["code"]).drop_duplicates(["code", "row_key"])


def _visible(arrays: TableArrays, spec: Levels, whose: np.ndarray, rows: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Rows of the table that pass the filters, and that the first index date after they were known has in its window.

    A later index date of the child looks back less far, so the first decides.
    """
    happened, known = event_days(arrays, spec.edge, spec.known_columns)
    passes = selected(arrays, spec) & (whose >= 0) & (known < MAX_DAY)
    keys = np.unique(_key(rows, day))
    place = np.searchsorted(keys, _key(whose, np.minimum(known, MAX_DAY)), side="right")
    found = keys[np.minimum(place, keys.size - 1)]
    first = found - _key(whose, np.zeros_like(known))
    same = (place < keys.size) & (found >> 32 == whose)
    return passes & same & (happened >= first - int(spec.lookback))


def _key(child: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Child and day as one number that sorts by child, then by day."""
    return (child.astype(np.int64) << 32) + day.astype(np.int64) + (1 << 31)


def _can_be_named(spec: Levels, code: str) -> bool:
    """Whether a feature can carry the code in its name, and be read back from it."""
    try:
        return all(parse_feature(count.name) == count for count in spec.counts([code]))
    except SpecError:
        return False
