"""The pre-flight check of an extract: what is there, what is wrong with it, and what it can be used for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from edgeofcare.exceptions import RecordsError
from edgeofcare.records.lag.recording_lag import recording_lag
from edgeofcare.records.quality.breaks import find_breaks
from edgeofcare.records.quality.codes import code_changes
from edgeofcare.records.quality.effects import describe_problems
from edgeofcare.records.quality.months import column_counts, month_counts, table_counts
from edgeofcare.records.quality.text import sections
from edgeofcare.records.quality.verdict import NOT_READY, TRAIN, Evidence, reach_verdict
from edgeofcare.records.quality.windows import HORIZON_DAYS, entrants_in, index_dates, table_windows
from edgeofcare.records.records import Records
from edgeofcare.records.rules.judge import judge_rules
from edgeofcare.records.rules.rule import Facts

__all__ = ["Quality", "check_records", "unreadable"]

_QUOTING = "that no code map knows"

_FRAMES = {
    "tables": ["table", "rows", "children", "first_month", "last_month"],
    "columns": ["table", "column", "rows", "missing", "share"],
    "months": ["table", "month", "rows"],
    "rules": ["rule", "sentence", "tables", "count", "rows", "share", "harm"],
    "findings": ["table", "column", "count", "action", "why", "rule"],
    "window": ["table", "observed", "observed_from", "observed_until", "days", "full_lookback_from", "rows_before"],
    "index_dates": ["index_date", "children", "lookback_seen", "outcome_complete", "usable"],
    "breaks": ["table", "kind", "month", "months", "before", "after", "sentence"],
    "codes": ["table", "column", "code", "change", "month", "rows", "sentence"],
    "lag": ["table", "event", "matched_by", "rows", "late", "unseen_30d", "lag_50", "lag_95"],
    "problems": ["kind", "problem", "effect"],
}


@dataclass(frozen=True, repr=False)
class Quality:
    """What an extract holds, what is wrong with it, and what it can be used for.

    Make it with ``records.quality()``. It holds counts, table and column names and codes of the national lists: no
    value of a row and no key. Its tables are exact; where it is shown (``print``, a notebook, a page), counts of 1 to 9
    are written ``<10``.

    Attributes
    ----------
    verdict : str
        "ready to train", "ready to score only" or "not ready".
    reasons : tuple of str
        Why it is no better; what it rests on where it is the best.
    tables : DataFrame
        ``table``, ``rows``, ``children``, ``first_month``, ``last_month``.
    columns : DataFrame
        ``table``, ``column``, ``rows``, ``missing``, ``share``.
    months : DataFrame
        ``table``, ``month``, ``rows``: what happened or began in each month.
    rules : DataFrame
        ``rule``, ``sentence``, ``tables``, ``count``, ``rows``, ``share``, ``harm``: the validation rules of the
        Department for Education that touch our fields.
    findings : DataFrame
        What was repaired, emptied or dropped on reading, and why.
    window : DataFrame
        From when each table can be trusted, and from when a lookback of 365 days is whole.
    index_dates : DataFrame
        Quarterly index dates: children on an open case, and whether lookback and outcome window (365 days each) are
        within the extract.
    breaks : DataFrame
        Tables that stop early, fall silent or change level.
    codes : DataFrame
        Codes that come into use or go out of use.
    lag : DataFrame
        How late rows appear, where two extracts or recorded dates tell; as ``RecordingLag.tables``.
    problems : DataFrame
        ``kind``, ``problem``, ``effect``: what each problem does to a model.
    entrants : int
        Children aged 10 to 17 who entered care within the usable outcome windows.
    observed_until : Timestamp or None
        The last day of the extract; None where the records could not be read and nobody said.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> check_records(make_records(300, random_state=0)).verdict
    'ready to score only'
    """

    verdict: str
    reasons: tuple[str, ...]
    tables: pd.DataFrame
    columns: pd.DataFrame
    months: pd.DataFrame
    rules: pd.DataFrame
    findings: pd.DataFrame
    window: pd.DataFrame
    index_dates: pd.DataFrame
    breaks: pd.DataFrame
    codes: pd.DataFrame
    lag: pd.DataFrame
    problems: pd.DataFrame
    entrants: int
    observed_until: pd.Timestamp | None

    @property
    def failed(self) -> pd.DataFrame:
        """Rules that at least one row fails, most frequent first."""
        return self.rules[self.rules["count"] > 0].sort_values(
            "count", ascending=False, ignore_index=True, kind="stable"
        )

    def __repr__(self) -> str:
        """The verdict, and how much was found."""
        counts = (
            (len(self.breaks), "break in a table"),
            (len(self.codes), "change of codes"),
            (len(self.failed), "rule broken"),
        )
        plurals = {
            "break in a table": "breaks in tables",
            "change of codes": "changes of codes",
            "rule broken": "rules broken",
        }
        found = ", ".join(f"{count} {noun if count == 1 else plurals[noun]}" for count, noun in counts)
        return f"Quality({self.verdict}; {self._title().lower()}; {found})"

    def _title(self) -> str:
        """What was checked."""
        return "Records" if self.observed_until is None else f"Records observed until {self.observed_until.date()}"

    def __str__(self) -> str:
        """One page of text."""
        parts = [
            f"{self._title()}.",
            "\n".join([f"Verdict: {self.verdict.upper()}", *(f"  - {reason}" for reason in self.reasons)]),
            *sections(self),
        ]
        return "\n\n".join(part for part in parts if part)

    def _repr_html_(self) -> str:
        """The verdict and the problems, for notebooks."""
        lines = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        title = f"<p><b>{self._title()}: {escape(self.verdict)}</b></p><ul>{lines}</ul>"
        return title + (
            self.problems.to_html(index=False, border=0) if len(self.problems) else "<p>No problem found.</p>"
        )


def check_records(records: Records, *, earlier: Records | None = None) -> Quality:
    """Check an extract; the same as ``records.quality()``.

    Parameters
    ----------
    records : Records
        The case records.
    earlier : Records, optional
        An earlier extract of the same authority, to measure how late rows appear.

    Returns
    -------
    Quality
        What was found.

    Raises
    ------
    SpecError, RecordsError
        If ``earlier`` does not end earlier, or is of another authority.
    """
    lag = _lag(records, earlier)
    months = month_counts(records)
    window, dates = table_windows(records), index_dates(records)
    breaks, codes = find_breaks(records, months), code_changes(records)
    facts = Facts(
        {name: records.table(name) for name in records},
        observed_until=records.observed_until,
        observed_from=records.observed_from,
    )
    rules, columns = judge_rules(facts, records.findings()), column_counts(records)
    entrants = _entrants(facts, dates)
    statuses = rules.loc[rules["rule"] == "903 144", "share"]
    evidence = Evidence(
        observed=dict(zip(window["table"], window["observed"], strict=True)),
        scoring_only=records.scoring_only,
        stops=_stops(records, breaks),
        index_dates=dates,
        entrants=entrants,
        no_status=float(statuses.iloc[0]) if len(statuses) else 0.0,
    )
    verdict, reasons = reach_verdict(evidence)
    problems = describe_problems(
        reasons=() if verdict == TRAIN else reasons,
        window=window,
        breaks=breaks,
        codes=codes,
        rules=rules,
        columns=columns,
        lag=lag,
    )
    return Quality(
        verdict=verdict,
        reasons=reasons,
        tables=table_counts(records),
        columns=columns,
        months=months,
        rules=rules,
        findings=records.findings(),
        window=window,
        index_dates=dates,
        breaks=breaks,
        codes=codes,
        lag=lag,
        problems=problems,
        entrants=entrants,
        observed_until=records.observed_until,
    )


def unreadable(problems: Sequence[str], observed_until: pd.Timestamp | None) -> Quality:
    """Tell of records that could not be read at all.

    Parameters
    ----------
    problems : sequence of str
        What the reader found, as in :class:`~edgeofcare.exceptions.RecordsError`.
    observed_until : Timestamp or None
        The last day of the extract, if it is known.

    Returns
    -------
    Quality
        "not ready", with these problems as the reasons and nothing else. The texts of legal statuses, which the error
        quotes, are left out, because a check is passed on.

    Examples
    --------
    >>> print(unreadable(["referrals: the table is missing."], pd.Timestamp("2025-03-31")))
    Records observed until 2025-03-31.
    <BLANKLINE>
    Verdict: NOT READY
      - referrals: the table is missing.
    """
    frames = {name: pd.DataFrame(columns=columns) for name, columns in _FRAMES.items()}
    reasons = tuple(_without_texts(problem) for problem in problems)
    return Quality(NOT_READY, reasons, **frames, entrants=0, observed_until=observed_until)


def _without_texts(problem: str) -> str:
    """A problem of a reader without the texts of a case system that it quotes."""
    said, quoting, _ = problem.partition(_QUOTING)
    if not quoting:
        return problem
    return f"{said}{quoting}. Give each a code in your code map; the error on reading, and edgeofcare codes, list them."


def _lag(records: Records, earlier: Records | None) -> pd.DataFrame:
    """How late rows appear, from two extracts or from recorded dates; no rows where neither is there."""
    try:
        return recording_lag(records if earlier is None else earlier, None if earlier is None else records).tables
    except RecordsError:
        if earlier is not None:
            raise
    return pd.DataFrame(columns=_FRAMES["lag"])


def _stops(records: Records, breaks: pd.DataFrame) -> dict[str, int]:
    """Days from the last row to the end of the extract, for tables that stop early."""
    names = breaks.loc[breaks["kind"] == "stops early", "table"]
    starts = {name: records.table(name)[str(records.definition(name).start)].max() for name in names}
    return {name: (records.observed_until - last).days for name, last in starts.items()}


def _entrants(facts: Facts, dates: pd.DataFrame) -> int:
    """Entrants within the outcome windows of the usable index dates."""
    usable = dates.loc[dates["usable"], "index_date"]
    if usable.empty:
        return 0
    return entrants_in(facts, usable.min(), usable.max() + pd.Timedelta(days=HORIZON_DAYS - 1))
