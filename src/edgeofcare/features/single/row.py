"""The features of one child on one day, and the rows behind each."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeofcare.dates import one_day
from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.held import check_held, columns_missing, table_of
from edgeofcare.features.single.child import value_of_child
from edgeofcare.features.single.counted import CountedRows, counted_rows, why_unknown
from edgeofcare.features.single.measures import Measure, measure_of
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.single.siblings import say_of_siblings
from edgeofcare.features.single.streams import Moment, Selection, selection_of
from edgeofcare.features.specs.combined import Combined, Difference
from edgeofcare.schema.own import OWN

__all__ = ["CountedRows", "SingleFeatures", "SingleRow"]

_Values = list[float]


@dataclass(frozen=True)
class _Asked:
    """One feature of a table: where its value goes, how far it reaches back, and how it is made."""

    spec: TableFeature
    place: int
    reach: int
    measure: Measure


@dataclass(frozen=True)
class _TablePlan:
    """The features of one table and scope, by the rows that they look at."""

    table: str
    scope: str
    asked: dict[Selection, list[_Asked]] = field(default_factory=dict)

    @property
    def reach(self) -> int:
        """Furthest that any of them reaches back."""
        return max(each.reach for some in self.asked.values() for each in some)


class SingleFeatures:
    """A plan for the features of a model, made once: each table is looked at once for each of its filters.

    Parameters
    ----------
    features : sequence of Feature
        Specs of any kind.

    Raises
    ------
    SpecError
        If there is none, or something else is among them.

    Examples
    --------
    >>> from edgeofcare.features.names import as_features
    >>> tables = {"children": [{"child_id": "1", "birth_date": "2008-06-15"}], "legal_statuses": []}
    >>> held = {"row_key": "R1", "child_id": "1", "start_date": "2024-10-03", "end_date": None}
    >>> tables |= {"referrals": [held], "care_episodes": []}
    >>> records = ChildRecords.from_plain({"child_id": "1", "observed_until": "2025-03-31", "tables": tables})
    >>> row = SingleFeatures(as_features(["referral.count.365d", "calendar.month"])).row(records, "2025-04-01")
    >>> row.values, row.counted(0).row_keys
    (array([1., 4.]), ['R1'])
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        if not self.features or not all(isinstance(spec, Feature) for spec in self.features):
            msg = "features must be a list of features, one or more."
            raise SpecError(msg)
        parts = [part for spec in self.features for part in _parts(spec)]
        self._place = {spec: place for place, spec in enumerate(dict.fromkeys(parts))}
        self._of_child = [(place, spec) for spec, place in self._place.items() if not isinstance(spec, TableFeature)]
        self._own = [spec for spec in self._place if isinstance(spec, TableFeature) and spec.source.kind == OWN]
        plans: dict[tuple[str, str], _TablePlan] = {}
        for spec, place in self._place.items():
            if isinstance(spec, TableFeature):
                plan = plans.setdefault((spec.table, spec.scope), _TablePlan(spec.table, spec.scope))
                asked = _Asked(spec, place, spec.reach, measure_of(spec))
                plan.asked.setdefault(selection_of(spec), []).append(asked)
        self._plans = [(plan, plan.reach, [*plan.asked.items()]) for plan in plans.values()]
        self._out = [[self._place[part] for part in _parts(spec)] for spec in self.features]

    def row(self, records: ChildRecords, index_date: np.datetime64 | dt.date | str) -> SingleRow:
        """Build the features of one child on one day from what was known before it.

        Parameters
        ----------
        records : ChildRecords
            The records of the child and its household.
        index_date : datetime64, date or str
            The day.

        Returns
        -------
        SingleRow
            The values that :func:`edgeofcare.build_features` gives, to the last bit.

        Raises
        ------
        SpecError
            If the day is no date, or a feature is of an own table that the records do not hold, or not in that form.
        """
        day = one_day(index_date, "index_date")
        if self._own:
            check_held(records, self._own)
        moment = Moment(records, int(day.astype(np.int64)))
        values = [math.nan] * len(self._place)
        for place, spec in self._of_child:
            values[place] = value_of_child(moment, spec)
        for plan, reach, asked in self._plans:
            if plan.scope == "child" or say_of_siblings(records, plan.scope):
                _fill(values, moment, plan, reach, asked)
        out = [
            values[places[0]] if len(places) == 1 else _combined(spec, values[places[0]], values[places[1]])
            for spec, places in zip(self.features, self._out, strict=True)
        ]
        return SingleRow(self.features, day, np.array(out, dtype=np.float64), moment, (self._place, values))


class SingleRow:
    """The features of one child on one day; the rows behind each are looked for when they are asked for.

    Made by :meth:`SingleFeatures.row`.

    Attributes
    ----------
    features : tuple of Feature
        The features.
    index_date : datetime64[D]
        The day.
    values : ndarray of float64, shape (n_features,)
        In the order of the features; for the last code of a column, its place among the spec's categories. NaN is
        unknown, or what an empty window gives.
    """

    def __init__(
        self,
        features: tuple[Feature, ...],
        index_date: np.datetime64,
        values: np.ndarray,
        moment: Moment,
        parts: tuple[dict[Feature, int], _Values],
    ) -> None:
        self.features = features
        self.index_date = index_date
        self.values = values
        self._moment = moment
        self._place, self._values = parts

    def counted(self, position: int, *, cited: bool = False) -> CountedRows:
        """The source rows that count in a feature.

        Parameters
        ----------
        position : int
            Place of the feature.
        cited : bool, default False
            Whether a period of care is told by the episodes and legal statuses that it rests on.

        Returns
        -------
        CountedRows
            The rows of ``evidence(...).counted()`` or ``.cited()``, in the same order.
        """
        return counted_rows(self._moment, _parts(self.features[position]), cited=cited)

    def unknown(self, position: int) -> str:
        """Why a feature has no value whatever the rows.

        Parameters
        ----------
        position : int
            Place of the feature.

        Returns
        -------
        str
            A clause; empty where there can be a value. Of a feature that is made of two, the clauses of both.
        """
        clauses = [why_unknown(self._moment, part) for part in _parts(self.features[position])]
        return "; ".join(dict.fromkeys(filter(None, clauses)))

    def part(self, position: int, which: int) -> tuple[Feature, float, CountedRows, str]:
        """One of the two features that a feature is made of.

        Parameters
        ----------
        position : int
            Place of the feature.
        which : {0, 1}
            The first or the second; 0 gives a feature that is not made of two itself.

        Returns
        -------
        feature : Feature
            The part.
        value : float
            Its value.
        rows : CountedRows
            The rows that count in it.
        unknown : str
            Why it has no value whatever the rows; empty where there can be one.
        """
        spec = _parts(self.features[position])[which]
        value = float(self._values[self._place[spec]])
        return spec, value, counted_rows(self._moment, (spec,)), why_unknown(self._moment, spec)

    def __len__(self) -> int:
        """How many features there are."""
        return len(self.features)

    def __repr__(self) -> str:
        """Counts only."""
        return f"SingleRow({len(self)} features)"


def _parts(spec: Feature) -> tuple[Feature, ...]:
    """The features that a feature is made of, or itself."""
    return (spec.first, spec.second) if isinstance(spec, Combined) else (spec,)


def _fill(
    values: _Values, moment: Moment, plan: _TablePlan, reach: int, asked: list[tuple[Selection, list[_Asked]]]
) -> None:
    """Make the features of one table."""
    stream, day = moment.stream(plan.table, plan.scope), moment.day
    first = moment.trusted_from(plan.table)
    far, absent = day - reach < first, table_of(plan.table) in moment.records.absent_columns
    for selection, specs in asked:
        rows = stream.choose(selection)
        for each in specs:
            if far and day - each.reach < first:
                continue
            if absent and columns_missing(moment.records, each.spec):
                continue
            values[each.place] = each.measure(rows, day)


def _combined(spec: Feature, first: float, second: float) -> float:
    """One value by another, or less another."""
    if isinstance(spec, Difference):
        return first - second
    return first / second if second != 0 else math.nan
