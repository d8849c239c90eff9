"""From a feature's value back to the source rows that made it, and to the rule that hid each of the others."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.tracing.found import Evidence
from edgeofcare.features.tracing.index import RowIndex
from edgeofcare.features.tracing.rows import Look
from edgeofcare.features.tracing.words import in_words
from edgeofcare.records.records import Records

__all__ = ["EvidenceIndex", "evidence", "evidence_index", "why_not"]

_ROW = "A row is named by its (household_id, child_id, index_date), as the cohort's index has it"


class EvidenceIndex:
    """Finds the source rows behind features: every table is sorted by child when it is first asked for.

    Parameters
    ----------
    records : Records
        The case records.
    features : iterable of Feature or str, optional
        Features to prepare now rather than when they are first asked for.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> records = make_records(50, random_state=0)
    >>> index = EvidenceIndex(records, ["referral.count.365d"])
    >>> child = records.table("referrals").sort_values("start_date")["child_id"].iloc[-1]
    >>> found = index.evidence(("a home", child, records.observed_until), "referral.count.365d")
    >>> bool(found.value == found.counts.sum())
    True
    """

    def __init__(self, records: Records, features: Iterable[Feature | str] = ()) -> None:
        self._index = RowIndex(copy.copy(records))
        self._specs: dict[str, Feature] = {}
        self._asked: tuple[object, dict[str, Feature]] = (None, {})
        for feature in features:
            self._index.prepare(self._spec(feature))

    def evidence(self, row: tuple, feature: Feature | str) -> Evidence:
        """Find the rows behind one value.

        Parameters
        ----------
        row : tuple
            ``(household_id, child_id, index_date)``; the household is not looked at.
        feature : Feature or str
            Any feature.

        Returns
        -------
        Evidence
            Its rows.

        Raises
        ------
        SpecError
            If the row has another form or another child than the records, or the feature is not understood.
        """
        spec = self._spec(feature)
        child, day = self._row(row)
        parts = (spec.first, spec.second) if isinstance(spec, Combined) else (spec,)
        return Evidence(spec, tuple(self._index.look(part, child, day) for part in parts))

    def why_not(self, feature: Feature | str, row: tuple, row_key: str) -> str:
        """Say which rule hid a source row from a feature.

        Parameters
        ----------
        feature : Feature or str
            Any feature with source rows.
        row : tuple
            ``(household_id, child_id, index_date)``.
        row_key : str
            Key of a row of the feature's table, or of one of its tables.

        Returns
        -------
        str
            One sentence. It may hold a date of the child.

        Raises
        ------
        SpecError
            As in :meth:`evidence`, and if no row of the feature's tables has the key.
        """
        found = self.evidence(row, feature)
        told = []
        for look in found.looks:
            for rows in look.sets:
                at = np.flatnonzero(rows.keys == row_key) if isinstance(row_key, str) else _NONE
                clauses = in_words(rows.take(at), *look.moment)
                told += list(zip((rows.codes[at] <= 0).tolist(), clauses, [look] * at.size, strict=True))
        if not told:
            clause = self._index.elsewhere(found.looks, self._row(row)[0], row_key)
            return _sentence(counts=False, clause=clause, where="")
        counts, clause, look = max(told, key=lambda each: each[0])
        where = "" if len(found.looks) == 1 else f" in {look.feature.name}"
        return f"{_sentence(counts=counts, clause=clause, where=where)}{_reach(look)}"

    def among(self, features: Iterable[Feature | str], feature: Feature | str) -> Feature:
        """The spec of a feature, refused where it is not among some features.

        Parameters
        ----------
        features : iterable of Feature or str
            The features.
        feature : Feature or str
            One of them.

        Returns
        -------
        Feature
            Its spec.

        Raises
        ------
        SpecError
            If it is none of them.
        """
        asked = features if isinstance(features, tuple) else tuple(features)
        if asked != self._asked[0]:
            self._asked = (asked, {spec.name: spec for spec in map(self._spec, asked)})
        name = feature.name if isinstance(feature, Feature) else feature
        found = self._asked[1].get(name) if isinstance(name, str) else None
        if found is None:
            msg = "The feature is not among the features given. Ask for one of them, by its spec or its name."
            raise SpecError(msg)
        return found

    def _spec(self, feature: Feature | str) -> Feature:
        """The spec of a name."""
        if isinstance(feature, Feature):
            return feature
        if not isinstance(feature, str):
            msg = f"A feature is a spec or a name such as 'missing.count.90d'; got a {type(feature).__name__}."
            raise SpecError(msg)
        if feature not in self._specs:
            self._specs[feature] = parse_feature(feature)
        return self._specs[feature]

    def _row(self, row: tuple) -> tuple[int, int]:
        """Number of the child, and the index date as a day."""
        if not isinstance(row, tuple | list) or len(row) != 3:
            msg = f"{_ROW}; what was given is something else."
            raise SpecError(msg)
        try:
            day = row[2].toordinal() if hasattr(row[2], "toordinal") else pd.Timestamp(row[2]).toordinal()
            child = self._index.number.get(row[1])
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            msg = f"{_ROW}; the child or the date given cannot be read."
            raise SpecError(msg) from None
        if child is None:
            msg = f"{_ROW}; these records do not hold the child given."
            raise SpecError(msg)
        return child, day - _EPOCH


_NONE = np.zeros(0, dtype=np.int64)
_EPOCH = pd.Timestamp("1970-01-01").toordinal()
_INDEXES: WeakKeyDictionary[Records, EvidenceIndex] = WeakKeyDictionary()


def evidence_index(records: Records) -> EvidenceIndex:
    """The index of some records: made once, and kept for as long as they are.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    EvidenceIndex
        The same one every time.
    """
    index = _INDEXES.get(records)
    if index is None:
        index = _INDEXES[records] = EvidenceIndex(records)
    return index


def evidence(records: Records, features: Iterable[Feature | str], row: tuple, feature: Feature | str) -> Evidence:
    """Find the source rows behind one value: which count, which do not, and why.

    Parameters
    ----------
    records : Records
        The case records that the features were built from.
    features : iterable of Feature or str
        The features.
    row : tuple
        ``(household_id, child_id, index_date)``, as the cohort's index has it.
    feature : Feature or str
        One of the features.

    Returns
    -------
    Evidence
        The rows of the child, or of its siblings, in the feature's tables, and the value that they make. Tables are
        indexed once for the same records, so that later calls take microseconds.

    Raises
    ------
    SpecError
        If the feature is not among the features, or the row has another form or child than the records.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.features.build import build_features
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records = make_records(100, random_state=0)
    >>> cohort = build_cohort(records, Task(), index_dates=["2020-04-01"])
    >>> features = ["referral.count.1095d", "child.age"]
    >>> X = build_features(records, cohort, features)
    >>> found = evidence(records, features, X.index[0], "referral.count.1095d")
    >>> bool(found.value == X["referral.count.1095d"].iloc[0])
    True
    >>> found.to_frame().columns.tolist()
    ['feature', 'table', 'child_id', 'row_key', 'date', 'end_date', 'known', 'counts', 'reason']
    """
    index = evidence_index(records)
    spec = index.among(features, feature)
    return index.evidence(row, spec)


def why_not(records: Records, feature: Feature | str, row: tuple, row_key: str) -> str:
    """Say which rule hid a source row from a feature, or that it counts.

    Parameters
    ----------
    records : Records
        The case records.
    feature : Feature or str
        The feature.
    row : tuple
        ``(household_id, child_id, index_date)``, as the cohort's index has it.
    row_key : str
        Key of a row of the feature's table.

    Returns
    -------
    str
        One plain sentence. It may hold a date of the child, so it stays with the authority.

    Raises
    ------
    SpecError
        If no row of the feature's tables has the key, or as in :func:`evidence`.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> records = make_records(50, random_state=0)
    >>> referral = records.table("referrals").sort_values("start_date").iloc[-1]
    >>> row = ("a home", referral["child_id"], referral["start_date"])
    >>> why_not(records, "referral.count.365d", row, referral["row_key"])
    'The row does not count: it happened on or after the index date.'
    """
    return evidence_index(records).why_not(feature, row, row_key)


def _sentence(*, counts: bool, clause: str, where: str) -> str:
    """A clause as a sentence about the row."""
    if counts:
        return f"The row counts{where}{clause.removeprefix('it counts')}."
    return f"The row does not count{where}: {clause}."


def _reach(look: Look) -> str:
    """Say where there is no value whatever the rows."""
    return f" The value is unknown all the same: {look.unknown}." if look.unknown else ""
