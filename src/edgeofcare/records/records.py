"""Records: the validated case records of one extract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.records.codes.maps import merged_code_maps
from edgeofcare.records.declared import absent_columns as columns_not_held
from edgeofcare.records.declared import checked_invalid, lags, links_of, own_observed_from
from edgeofcare.records.declared import observed_from as declared_from
from edgeofcare.records.findings import Findings
from edgeofcare.records.households import households
from edgeofcare.records.own_events import OwnColumns, own_events
from edgeofcare.records.quality.checked import checked
from edgeofcare.records.summary import counts_of, fingerprint_of
from edgeofcare.records.validation import clean_tables
from edgeofcare.schema.columns import Table
from edgeofcare.schema.tables import TABLES
from edgeofcare.task import days

__all__ = ["Records"]


class Records:
    """Validated case records: the canonical tables of one extract, with what can be trusted of them.

    Make them with :func:`edgeofcare.read_ssd`, :func:`edgeofcare.make_records` or :meth:`from_tables`. They cannot be
    changed: :meth:`table` hands out copies.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> records = make_records(50, random_state=0)
    >>> sorted(records.table("contacts").columns)
    ['child_id', 'date', 'recorded_date', 'row_key', 'source']
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        observed_until: pd.Timestamp,
        observed_from: Mapping[str, pd.Timestamp | None],
        reporting_lag: Mapping[str, int],
        findings: pd.DataFrame,
        links: str,
        absent_columns: Mapping[str, Collection[str]],
        absent: Collection[str] = (),
        scoring_only: str = "",
        own: Mapping[str, Table] | None = None,
    ) -> None:
        self._own = dict(own or {})
        self._tables = {name: tables[name] for name in (*TABLES, *self._own)}
        self._observed_until = observed_until
        self._observed_from = dict(observed_from)
        self._reporting_lag = dict(reporting_lag)
        self._links = links
        self._absent_columns = {name: tuple(sorted(held)) for name, held in sorted(absent_columns.items()) if held}
        self._absent = tuple(sorted(absent))
        self._scoring_only = scoring_only
        self._findings = findings

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, pd.DataFrame],
        *,
        observed_until: str | pd.Timestamp,
        observed_from: str | pd.Timestamp | Mapping[str, Any] | None = None,
        reporting_lag: str | int | Mapping[str, str | int] = 0,
        code_maps: Mapping[str, Mapping[str, str]] | str | Path | None = None,
        invalid: str = "raise",
        findings: Findings | None = None,
        absent: Collection[str] = (),
        absent_columns: Mapping[str, Collection[str]] | None = None,
        links: str | None = None,
        scoring_only: str = "",
    ) -> Records:
        """Validate canonical tables and make records of them.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            Canonical table name to frame with canonical column names (``docs``: the schema page).
        observed_until : str or Timestamp
            The last date on which the extract can be trusted.
        observed_from : str, Timestamp or mapping, optional
            From when the tables can be trusted: one date, or a date for each table. Estimated from the extract's
            own window where it is not given.
        reporting_lag : str, int or mapping, default 0
            Days (``"10D"`` or 10) from an event until it can be seen, for all tables or by table. Added to every
            known date, also where the extract has a recorded date. Factors share the lag of assessments unless they
            have their own.
        code_maps : mapping or path, optional
            An authority's own texts: ``{code list: {text: canonical code}}``, or a JSON file of that.
        invalid : {"raise", "drop"}, default "raise"
            What to do with rows that cannot be right. Unknown legal statuses are refused either way.
        findings : Findings, optional
            What a reader found before; continued here.
        absent : collection of str, optional
            Required tables that this kind of source cannot hold, such as ``"referrals"`` in an SSDA903 return. They are
            empty and never observed; what needs them refuses these records.
        absent_columns : mapping of str to collection of str, optional
            Columns of the tables that the source does not hold, beside those that the frames lack; see
            :attr:`absent_columns`.
        links : {"none", "undated", "dated"}, optional
            What the whole extract says of siblings, where these tables are a part of it; see :attr:`links`.
        scoring_only : str, optional
            Why nothing can be learned from these records, where that is so: :func:`edgeofcare.label_outcome` then
            refuses them, and says this.

        Returns
        -------
        Records
            The records.

        Raises
        ------
        RecordsError
            With every problem of the tables.
        SpecError
            If an option is not understood.
        """
        findings = findings or Findings()
        findings.invalid = checked_invalid(invalid)
        until = one_date(observed_until, "observed_until")
        maps = merged_code_maps(code_maps)
        clean = clean_tables(tables, observed_until=until, code_maps=maps, findings=findings, absent=absent)
        return cls(
            clean,
            observed_until=until,
            observed_from=declared_from(observed_from, clean, until),
            reporting_lag=lags(reporting_lag),
            findings=findings.frame(),
            links=links_of(links, clean["relationships"]),
            absent_columns=columns_not_held(absent_columns, tables),
            absent=[name for name in absent if name not in tables],
            scoring_only=scoring_only,
        )

    def with_events(
        self,
        name: str,
        frame: pd.DataFrame,
        *,
        child_id: str = "child_id",
        date: str = "date",
        end: str | None = None,
        known: str | None = None,
        end_known: str | None = None,
        value: str | None = None,
        category: str | None = None,
        row_key: str | None = None,
        observed_from: str | pd.Timestamp | None = None,
        reporting_lag: str | int = 0,
        invalid: str = "raise",
    ) -> Records:
        """Add a table of your own: suspensions, absence, youth justice, housing.

        Features can then use it like any other: ``"suspensions.count.365d"``.

        Parameters
        ----------
        name : str
            What features call it, in the plural, such as ``"suspensions"``: lower-case letters, digits, underscores.
        frame : DataFrame
            One row for each event or spell; only the columns named here are taken.
        child_id, date : str
            Columns with the child and with the day on which it happened or began.
        end : str, optional
            Column with the first day after a spell; empty where it is still open. Without it rows are events.
        known, end_known : str, optional
            Columns with the day on which the row, and its end, was entered. Without them rows are known on the day
            itself, plus ``reporting_lag``.
        value : str, optional
            Column with a number, such as days suspended: ``"suspensions.sum_value.365d"``.
        category : str, optional
            Column with a code: ``"suspensions.category_fixed.count.365d"``. Characters that a feature's name cannot
            hold become underscores.
        row_key : str, optional
            Column with the row's own key, shown as evidence; made of child and day where there is none, and rows
            that repeat another are then dropped.
        observed_from : str or Timestamp, optional
            From when the table can be trusted; its first month where not given.
        reporting_lag : str or int, default 0
            Days until a row can be seen.
        invalid : {"raise", "drop"}, default "raise"
            What to do with rows that cannot be right.

        Returns
        -------
        Records
            New records with the table; these stay as they are.

        Raises
        ------
        RecordsError
            With every problem of the rows.
        SpecError
            If the name is taken or cannot be used, or the frame lacks a column.

        Examples
        --------
        >>> from edgeofcare.synthetic.records import make_records
        >>> records = make_records(50, random_state=0)
        >>> child = records.table("children")["child_id"].iloc[0]
        >>> suspended = pd.DataFrame({"child_id": [child], "date": ["2024-10-03"], "days": [5]})
        >>> more = records.with_events("suspensions", suspended, value="days")
        >>> len(more.table("suspensions"))
        1
        """
        if name in self._tables:
            msg = f"There is a table {name!r} already. Give the new one another name."
            raise SpecError(msg)
        columns = OwnColumns(child_id, date, end, known, end_known, value, category, row_key)
        findings = Findings(checked_invalid(invalid))
        children = self._tables["children"]["child_id"]
        table, rows = own_events(
            name, frame, columns, children=children, observed_until=self._observed_until, findings=findings
        )
        first = own_observed_from(observed_from, table, rows, self._observed_until)
        return Records(
            {**self._tables, name: rows},
            observed_until=self._observed_until,
            observed_from={**self._observed_from, name: first},
            reporting_lag={**self._reporting_lag, name: days(reporting_lag)},
            findings=pd.concat([self._findings, findings.frame()], ignore_index=True),
            links=self._links,
            absent_columns=self._absent_columns,
            absent=self._absent,
            scoring_only=self._scoring_only,
            own={**self._own, name: table},
        )

    def definition(self, name: str) -> Table:
        """Columns, kind and words of one table.

        Parameters
        ----------
        name : str
            A canonical table, or one of your own.

        Returns
        -------
        Table
            Its definition.

        Raises
        ------
        SpecError
            If there is no such table.
        """
        self._check_table(name)
        return self._own[name] if name in self._own else TABLES[name]

    def _check_table(self, name: str) -> None:
        """Refuse a table that these records do not hold."""
        if name not in self._tables:
            msg = (
                f"There is no table {name!r}. The tables are: {', '.join(self._tables)}. Add one of your own with "
                "records.with_events."
            )
            raise SpecError(msg)

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table.

        Parameters
        ----------
        name : str
            Table name, such as ``"missing_episodes"``.

        Returns
        -------
        DataFrame
            One row for each row of the source, with the columns of the schema.

        Raises
        ------
        SpecError
            If there is no such table.
        """
        self._check_table(name)
        return self._tables[name].copy()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the tables."""
        return iter(self._tables)

    @property
    def observed_until(self) -> pd.Timestamp:
        """The last date on which the extract can be trusted."""
        return self._observed_until

    @property
    def observed_from(self) -> Mapping[str, pd.Timestamp | None]:
        """From when each dated table can be trusted; None where that is not known."""
        return MappingProxyType(self._observed_from)

    @property
    def reporting_lag(self) -> Mapping[str, int]:
        """Days from an event until it can be seen, by table."""
        return MappingProxyType(self._reporting_lag)

    @property
    def absent(self) -> tuple[str, ...]:
        """Required tables that this kind of source cannot hold."""
        return self._absent

    @property
    def absent_columns(self) -> Mapping[str, tuple[str, ...]]:
        """Optional columns that the source of a dated table does not hold, by table.

        The table has them all the same, without a value. A feature that filters on one of them, or is of it, is unknown
        (NaN) in every row: a count of nothing would look like a zero. It is decided once for the whole extract, and
        goes with every copy and part of the records.
        """
        return MappingProxyType(self._absent_columns)

    @property
    def links(self) -> str:
        """What the extract can say of siblings: ``"none"``, ``"undated"`` or ``"dated"``.

        ``"none"`` where it has no link of a child to a mother or family, ``"undated"`` where no link has the day on
        which it was entered. Features of siblings are then unknown (NaN) in every row: those of the scope
        ``"siblings"`` need dated links, those of ``"undated_siblings"`` any. It is decided once for the whole extract,
        and goes with every copy and part of the records, so that a child without links has no siblings rather
        than unknown ones. A model that was trained with more than the records say at scoring gets NaN there.
        """
        return self._links

    @property
    def scoring_only(self) -> str:
        """Why nothing can be learned from these records; empty where something can."""
        return self._scoring_only

    def observed(self, name: str) -> bool:
        """Whether the extract covers a dated table at all.

        Parameters
        ----------
        name : str
            Canonical table name.

        Returns
        -------
        bool
            False where the source has no such table, or nothing in it.
        """
        first = self._observed_from[name]
        return first is None or first <= self._observed_until

    @property
    def households(self) -> pd.Series:
        """Household id of each child, indexed by child id."""
        return self._households.copy()

    @cached_property
    def _households(self) -> pd.Series:
        """Household ids, found once."""
        return households(self._tables["children"]["child_id"], self._tables["relationships"])

    fingerprint = cached_property(fingerprint_of)

    def findings(self) -> pd.DataFrame:
        """Tell what was found, repaired and dropped on reading, and why.

        Returns
        -------
        DataFrame
            Columns ``table``, ``column``, ``count`` (rows), ``action``, ``why`` and ``rule`` (the validation rules of
            the Department for Education that the rows broke, if any); no value of any row.
        """
        return self._findings.copy()

    quality = checked
    """Check the extract: what is there, what is wrong with it, and what it can be used for."""

    counts = counts_of

    def __repr__(self) -> str:
        """Counts only."""
        filled = [f"{name} {len(frame):,}" for name, frame in self._tables.items() if len(frame)]
        return f"Records(observed until {self.observed_until.date()}: {', '.join(filled)})"

    def _repr_html_(self) -> str:
        """A table of counts for notebooks."""
        title = f"<p><b>Records</b>, observed until {self.observed_until.date()}</p>"
        thousands = dict.fromkeys(("rows", "children"), "{:,}".format)
        return title + self.counts().to_html(index=False, border=0, formatters=thousands)
