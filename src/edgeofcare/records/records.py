"""Records: the validated case records of one extract."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.code_map import merged_code_maps
from edgeofcare.records.findings import Findings, counted
from edgeofcare.records.households import households
from edgeofcare.records.validation import clean_tables
from edgeofcare.records.window import infer_observed_from
from edgeofcare.schema.tables import TABLES
from edgeofcare.task import days

__all__ = ["Records", "refuse_strangers"]

_DATED = tuple(name for name, table in TABLES.items() if table.start is not None)


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
        absent: Collection[str] = (),
        scoring_only: str = "",
    ) -> None:
        self._tables = {name: tables[name] for name in TABLES}
        self._observed_until = observed_until
        self._observed_from = dict(observed_from)
        self._reporting_lag = dict(reporting_lag)
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
        if invalid not in ("raise", "drop"):
            msg = f"invalid must be 'raise' or 'drop'; got {invalid!r}."
            raise SpecError(msg)
        findings = findings or Findings()
        findings.invalid = invalid
        until = one_date(observed_until, "observed_until")
        maps = merged_code_maps(code_maps)
        clean = clean_tables(tables, observed_until=until, code_maps=maps, findings=findings, absent=absent)
        return cls(
            clean,
            observed_until=until,
            observed_from=_observed_from(observed_from, clean, until),
            reporting_lag=_lags(reporting_lag),
            findings=findings.frame(),
            absent=[name for name in absent if name not in tables],
            scoring_only=scoring_only,
        )

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one canonical table.

        Parameters
        ----------
        name : str
            Canonical table name, such as ``"missing_episodes"``.

        Returns
        -------
        DataFrame
            One row for each row of the source, with the columns of the schema.

        Raises
        ------
        SpecError
            If there is no such table.
        """
        if name not in self._tables:
            msg = f"There is no table {name!r}. The tables are: {', '.join(self._tables)}."
            raise SpecError(msg)
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

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all tables and what is declared of them, independent of the order of rows."""
        digest = hashlib.sha256()
        declared = [str(self.observed_until.date()), sorted(self.reporting_lag.items())]
        declared.append(sorted((name, str(date)) for name, date in self.observed_from.items()))
        digest.update(repr(declared).encode())
        for name in sorted(self._tables):
            frame = self._tables[name]
            ordered = frame.sort_values("child_id" if name == "children" else "row_key", kind="stable")
            text = ordered.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n", na_rep="")
            digest.update(f"{name}\n{text}".encode())
        return digest.hexdigest()

    def quality(self) -> pd.DataFrame:
        """Tell what was found, repaired and dropped on reading, and why.

        Returns
        -------
        DataFrame
            Columns ``table``, ``column``, ``count`` (rows), ``action`` and ``why``; no value of any row.
        """
        return self._findings.copy()

    def counts(self) -> pd.DataFrame:
        """Count the rows and children of each table.

        Returns
        -------
        DataFrame
            Columns ``table``, ``rows``, ``children``, ``observed_from`` and ``reporting_lag`` (days).
        """
        rows = [
            {
                "table": name,
                "rows": len(frame),
                "children": frame["child_id"].nunique(),
                "observed_from": _month(self.observed_from.get(name)),
                "reporting_lag": self.reporting_lag.get(name, 0),
            }
            for name, frame in self._tables.items()
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        """Counts only."""
        filled = [f"{name} {len(frame):,}" for name, frame in self._tables.items() if len(frame)]
        return f"Records(observed until {self.observed_until.date()}: {', '.join(filled)})"

    def _repr_html_(self) -> str:
        """A table of counts for notebooks."""
        title = f"<p><b>Records</b>, observed until {self.observed_until.date()}</p>"
        thousands = dict.fromkeys(("rows", "children"), "{:,}".format)
        return title + self.counts().to_html(index=False, border=0, formatters=thousands)


def refuse_strangers(records: Records, child_ids: pd.Index) -> None:
    """Refuse rows of children whom the records do not hold: nothing found would look like nothing happened.

    Parameters
    ----------
    records : Records
        The case records.
    child_ids : Index of str
        Child of each row.

    Raises
    ------
    RecordsError
        If there is such a child.
    """
    strangers = child_ids.unique().difference(pd.Index(records.table("children")["child_id"]), sort=False)
    if len(strangers):
        msg = (
            f"children: {counted(len(strangers), 'child', 'children')} of the cohort are not in these records. "
            "Use the records that the cohort was built from."
        )
        raise RecordsError(msg)


def _month(date: pd.Timestamp | None) -> str:
    """A date as text, or nothing."""
    return "" if date is None else str(date.date())


def _by_table(given: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """A mapping by table, refused where it names a table that has no dates."""
    unknown = sorted(set(given) - set(_DATED))
    if unknown:
        msg = f"{what} names tables that do not exist or have no dates: {', '.join(unknown)}."
        raise SpecError(msg)
    return given


def _observed_from(
    given: Any, tables: Mapping[str, pd.DataFrame], until: pd.Timestamp
) -> dict[str, pd.Timestamp | None]:
    """First trusted day by table: as given, else as the extract's window shows."""
    inferred = infer_observed_from(tables, until)
    if given is None:
        return inferred
    if isinstance(given, Mapping):
        own = {name: one_date(date, "observed_from") for name, date in _by_table(given, "observed_from").items()}
    else:
        own = dict.fromkeys((name for name in _DATED if len(tables[name])), one_date(given, "observed_from"))
    if own and max(own.values()) > until:
        msg = "observed_from lies after observed_until; give the first and the last date that can be trusted."
        raise SpecError(msg)
    return inferred | own


def _lags(given: str | int | Mapping[str, str | int]) -> dict[str, int]:
    """Reporting lag in days by table."""
    if isinstance(given, Mapping):
        own = dict(_by_table(given, "reporting_lag"))
        own.setdefault("assessment_factors", own.get("assessments", 0))
        return {name: days(own.get(name, 0)) for name in _DATED}
    return dict.fromkeys(_DATED, days(given))
