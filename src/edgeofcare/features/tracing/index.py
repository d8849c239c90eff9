"""The index behind evidence: tables and features are prepared once, a look-up takes slices of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from edgeofcare.ages import age_in_years
from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.held import check_held, columns_missing, observed_from_day
from edgeofcare.features.prepare import as_days
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.specs.child import Calendar, Siblings
from edgeofcare.features.specs.events import Rate
from edgeofcare.features.specs.spells import Overlap
from edgeofcare.features.tracing.links import Links
from edgeofcare.features.tracing.reasons import Reason
from edgeofcare.features.tracing.rows import Look, Moment, RowSet, Stream, own_rows, sibling_rows
from edgeofcare.features.tracing.rules import judge, meeting
from edgeofcare.features.tracing.tables import ChildTable, care_table, children_table, dated_table
from edgeofcare.features.tracing.unknown import NO_LINKS, TOO_SHORT, lacking
from edgeofcare.records.records import Records

__all__ = ["RowIndex"]


@dataclass(frozen=True, eq=False, slots=True)
class _Plan:
    """A feature, ready to be looked up.

    Parameters
    ----------
    streams : tuple of Stream
        Its tables on its clocks.
    scope : str
        Whose rows count.
    lookback : int or None
        Days.
    from_day : int
        First day on which its tables can be trusted.
    reach : int
        Days before the index date that the records must cover.
    unknown : str
        What the records do not hold that the feature needs, as a clause; empty where they hold all.
    """

    streams: tuple[Stream, ...]
    scope: str = "child"
    lookback: int | None = None
    from_day: int = -MAX_DAY
    reach: int = 0
    unknown: str = ""


class RowIndex:
    """Rows of every child by table, and features on their clocks, each prepared when first asked for.

    Parameters
    ----------
    records : Records
        The case records.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._people = children_table(records)
        self.ids = self._people.keys
        self.number = {child: number for number, child in enumerate(self.ids.tolist())}
        self._children = pd.Index(self.ids)
        self._tables: dict[str, ChildTable] = {}
        self._plans: dict[Feature, _Plan] = {}

    def prepare(self, spec: Feature) -> None:
        """Make a feature ready.

        Parameters
        ----------
        spec : Feature
            Any feature; of one that is made of two others, both.
        """
        for part in (getattr(spec, "first", None), getattr(spec, "second", None)):
            if part is not None:
                self.prepare(part)
        if not hasattr(spec, "first"):
            self._plan(spec)

    def look(self, spec: Feature, child: int, day: int) -> Look:
        """Find the rows of a child that one value was made of, and those that were hidden from it.

        Parameters
        ----------
        spec : Feature
            A feature that is not made of two others.
        child : int
            Number of the child.
        day : int
            The index date, in days since 1970-01-01.

        Returns
        -------
        Look
            Judged rows.
        """
        plan = self._plans.get(spec) or self._plan(spec)
        unknown = plan.unknown or (TOO_SHORT if day - plan.reach < plan.from_day else "")
        if isinstance(spec, Siblings):
            rows = self._siblings(plan.streams[0], spec, child, day)
            return Look(spec, (rows,), Moment(day, -MAX_DAY), unknown, self.ids)
        since = -MAX_DAY if plan.lookback is None else day - plan.lookback
        if isinstance(spec, Rate):
            since = max(since, plan.from_day, self._birth(child) if plan.scope == "child" else -MAX_DAY)
        sets = tuple([self._judged(stream, plan.scope, child, day, since) for stream in plan.streams])
        if isinstance(spec, Overlap):
            meeting(sets[0], sets[1], day, since)
        return Look(spec, sets, Moment(day, since), unknown, self.ids)

    def _judged(self, stream: Stream, scope: str, child: int, day: int, since: int) -> RowSet:
        """Rows of the child or its siblings, with the reason why each counts or not."""
        if scope == "child":
            rows = own_rows(stream, child, day)
        else:
            rows = sibling_rows(stream, self._links.of(child, scope, day), day)
        return rows.judged(judge(rows, day, since))

    def _siblings(self, stream: Stream, spec: Siblings, child: int, day: int) -> RowSet:
        """The links to siblings, with the reason why each sibling counts or not."""
        found = self._links.of(child, spec.scope, day)
        number = np.array([sibling.child for sibling in found], dtype=np.int64)
        known = np.array([sibling.known for sibling in found], dtype=np.int64)
        keys = np.array([sibling.key for sibling in found], dtype=object)
        born, died = self._people.start[number], self._died[number]
        dates = np.where(born == MAX_DAY, day, born).astype("datetime64[D]")
        age = np.where(born == MAX_DAY, -1, age_in_years(dates, np.datetime64(day, "D")))
        codes = np.where((age < spec.ages[0]) | (age > spec.ages[1]), Reason.OTHER_AGE, Reason.COUNTS).astype(np.int8)
        codes[died < day] = Reason.DIED
        codes[known >= day] = Reason.NOT_KNOWN
        links = replace(
            stream, keys=keys, child=number, start=born, start_known=born, end=self._never[number],
            end_known=self._never[number],
        )  # fmt: skip
        return RowSet(links, np.arange(number.size), born, known, known, codes)

    def _plan(self, spec: Feature) -> _Plan:
        """Prepare a feature."""
        check_held(self._records, [spec])
        if isinstance(spec, TableFeature):
            plan = self._table_plan(spec)
        elif isinstance(spec, Siblings):
            links = replace(self._people, name="relationships", source="relationships")
            plan = _Plan((Stream.of_feature(spec, links),), spec.scope, unknown=self._unsaid(spec.scope))
        else:
            plan = _Plan(() if isinstance(spec, Calendar) else (Stream.of_feature(spec, self._people),))
        self._plans[spec] = plan
        return plan

    def _table_plan(self, spec: TableFeature) -> _Plan:
        """Prepare a feature of one table, or of two."""
        streams, names = [Stream.of_feature(spec, self._table(spec.table))], [spec.table]
        if isinstance(spec, Overlap):
            streams.append(Stream.of_feature(spec, self._table(spec.other), filtered=False))
            names.append(spec.other)
        unknown = self._unsaid(spec.scope) or lacking(spec.table, columns_missing(self._records, spec))
        from_day = max(observed_from_day(self._records, name) for name in names)
        return _Plan(tuple(streams), spec.scope, spec.lookback, from_day, spec.reach, unknown)

    def _unsaid(self, scope: str) -> str:
        """That the records do not say who siblings are, where the scope needs it and they do not."""
        return "" if scope == "child" or self._links.trusted(scope) else NO_LINKS

    def _table(self, name: str) -> ChildTable:
        """A table by child, prepared when it is first asked for."""
        if name not in self._tables:
            make = care_table(self._records, self._children) if name == "care_periods" else None
            self._tables[name] = make or dated_table(self._records, name, self._children)
        return self._tables[name]

    def _birth(self, child: int) -> int:
        """Day of birth; far in the past where it is not recorded."""
        born = int(self._people.start[child])
        return -MAX_DAY if born == MAX_DAY else born

    @cached_property
    def _links(self) -> Links:
        """Links between siblings."""
        return Links(self._records, self._children, self._people.start)

    @cached_property
    def _died(self) -> np.ndarray:
        """Day of death of each child."""
        frame = self._people.frame
        return as_days(frame["death_date"]) if "death_date" in frame else self._never

    @cached_property
    def _never(self) -> np.ndarray:
        """No day, for each child."""
        return np.full(self.ids.size, MAX_DAY)

    def elsewhere(self, looks: Iterable[Look], child: int, row_key: str) -> str:
        """Say why a row is not among those that were looked at.

        Parameters
        ----------
        looks : iterable of Look
            Where it was looked for.
        child : int
            Number of the child.
        row_key : str
            Its key.

        Returns
        -------
        str
            A clause.

        Raises
        ------
        SpecError
            If no row of these tables has the key.
        """
        tables = {(rows.stream.table.source, look) for look in looks for rows in look.sets}
        for source, look in sorted(tables, key=lambda each: each[0]):
            owners = self._owners(source, row_key)
            if not owners:
                continue
            if getattr(look.feature, "scope", "child") != "child":
                mine = self.ids[child] in owners
                return _OWN if mine else _NO_SIBLING
            return _NO_PERIOD if self.ids[child] in owners else "it is a row of another child"
        names = sorted({source for source, _ in tables})
        msg = f"No row of {' or '.join(names) or 'any table'} has that key, and the feature is made of no other rows."
        raise SpecError(msg)

    def _owners(self, source: str, row_key: str) -> set[str]:
        """Children with a row of that key."""
        frame = self._records.table(source)
        keys = frame["child_id" if source == "children" else "row_key"]
        return set(frame.loc[(keys == row_key).to_numpy(dtype=bool), "child_id"]) if isinstance(row_key, str) else set()


_OWN = "it is the child's own row, and the feature is of siblings"
_NO_SIBLING = "it is a row of a child who is no sibling through a link that the feature takes"
_NO_PERIOD = (
    "it begins no period of care as known before the index date, but continues one, is a short break, or was not "
    "known yet"
)
