"""Features of many children that are not known, because the records do not reach or hold them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeofcare.features.evidence import evidence_index
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.specs.combined import Combined

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.records.records import Records

__all__ = ["not_known"]


def not_known(records: Records, X: pd.DataFrame, specs: Sequence[Feature]) -> list[tuple[str, ...]]:
    """Name the features of each child that the records do not reach or hold.

    Parameters
    ----------
    records : Records
        The case records.
    X : DataFrame
        What :func:`edgeofcare.build_features` gives for the specs.
    specs : sequence of Feature
        The features, in the order of the columns.

    Returns
    -------
    list of tuple of str
        For each row, in the order of the features. An empty value that stands for "there was none" is known.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.features.build import build_features
    >>> from edgeofcare.features.names import as_features
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records = make_records(100, random_state=0)
    >>> cohort = build_cohort(records, Task(), index_dates=["2020-04-01"])
    >>> specs = as_features(["missing.count.7300d", "child.age"])  # twenty years, further than the records reach
    >>> set(not_known(records, build_features(records, cohort, specs), specs))
    {('missing.count.7300d',)}
    """
    cells = [(X.index[at], row.nonzero()[0].tolist()) for at, row in enumerate(X.isna().to_numpy())]
    return [
        tuple(specs[column].name for column in columns if _is_unknown(records, row, specs[column]))
        for row, columns in cells
    ]


def _is_unknown(records: Records, row: tuple, spec: Feature) -> bool:
    """Whether an empty value is unknown, as a reason would say; the source rows are looked at where they decide it."""
    if isinstance(spec, Combined):
        return evidence_index(records).evidence(row, spec).unknown
    if not isinstance(spec, TableFeature) or not math.isnan(spec.empty):
        return True
    found = evidence_index(records).evidence(row, spec)
    return found.unknown or bool(found.counts.any())
