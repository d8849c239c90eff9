"""Reading SSDA903 returns (children looked after), of one year or of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.codes.maps import merged_code_maps
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.records.ssda903.files import Piece, loaded_pieces
from edgeofcare.records.ssda903.shape import canonical_shape
from edgeofcare.records.ssda903.years import check_gaps, dated_kinds
from edgeofcare.schema.tables import TABLES

__all__ = ["read_ssda903"]

_UNSEEN = ("referrals",)
_OPTIONAL = {
    "care_episodes": {"need": "need"},
    "placements": {"type": "place", "provider": "provider", "change_reason": "change_reason"},
}
"""Columns of tables made of episodes, and the columns of the files, which not every return has."""


def read_ssda903(
    source: str | Path | Sequence[str | Path] | Mapping[str, pd.DataFrame],
    *,
    observed_until: str | pd.Timestamp | None = None,
    observed_from: str | pd.Timestamp | Mapping[str, Any] | None = None,
    reporting_lag: str | int | Mapping[str, str | int] = 0,
    code_maps: Mapping[str, Mapping[str, str]] | str | Path | None = None,
    invalid: str = "raise",
    progress: bool | None = False,
) -> Records:
    """Read SSDA903 returns of one or many years, and stitch them into one history of each child.

    Parameters
    ----------
    source : path, list of paths, or mapping of str to DataFrame
        A folder with the CSV or XML files of returns (also one folder for each year within it), one file, several
        files, or frames by name. Files are told by their columns, whatever they are called; only what is needed is
        read of them, never pupil numbers or postcodes. Columns LA and YEAR of regional copies are understood.
    observed_until : str, Timestamp or None
        The last date on which the returns can be trusted; None takes 31 March of the latest return (of several
        authorities the earliest of these: nobody can tell what happened later in the others).
    observed_from : str, Timestamp or mapping, optional
        From when the tables can be trusted: one date, or a date by canonical table. Without it, 1 April on which the
        first return's year begins.
    reporting_lag : str, int or mapping, default 0
        Days from an event until it can be seen, for all tables or by canonical table. A return has no recorded date.
    code_maps : mapping or path, optional
        The authority's own texts, ``{"legal_status": {"local text": "V2"}}``, or a JSON file of that shape.
    invalid : {"raise", "drop"}, default "raise"
        Whether rows that cannot be right (no child, no first day, end before start, unreadable dates) stop the
        reading, or are left out and counted in ``records.findings()``. Unknown legal statuses always stop.
    progress : bool or None, default False
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    Records
        Validated records: children, care episodes, legal statuses, placements, missing episodes and asylum status.
        Returns hold no referrals, so :func:`edgeofcare.build_cohort` refuses these records until they are combined
        with a source that does.

    Raises
    ------
    RecordsError
        With every problem of the source: what, where, how many, and what to do.
    SpecError
        If an option is not understood, or a file does not exist.

    Notes
    -----
    Without a YEAR column the year of a return is found from the dates of its episodes
    (:func:`edgeofcare.records.ssda903.years.year_of_days`). The rules of stitching are those of
    :func:`edgeofcare.records.ssda903.stitching.stitched`; ``records.findings()`` counts what each did.

    A child listed in the UASC file is an unaccompanied asylum-seeking child from the start of the first period of care
    in a year whose return lists the child, until DUC.

    References
    ----------
    Department for Education, Children looked after return (SSDA903): guide.

    Examples
    --------
    >>> header = pd.DataFrame({"CHILD": ["7"], "SEX": ["2"], "DOB": ["15/06/2008"], "ETHNIC": ["WBRI"]})
    >>> episodes = pd.DataFrame(
    ...     {"CHILD": ["7"], "DECOM": ["01/11/2022"], "RNE": ["S"], "LS": ["V2"], "CIN": ["N1"], "PLACE": ["U4"],
    ...      "DEC": [""], "REC": [""]}
    ... )
    >>> read_ssda903({"header": header, "episodes": episodes}, observed_until=None)
    Records(observed until 2023-03-31: children 1, care_episodes 1, legal_statuses 1, placements 1)
    """
    if invalid not in ("raise", "drop"):
        msg = f"invalid must be 'raise' or 'drop'; got {invalid!r}."
        raise SpecError(msg)
    maps = merged_code_maps(code_maps)
    findings = Findings(invalid=invalid)
    pieces = loaded_pieces(source, findings, progress=progress)
    findings.raise_problems()
    kinds = dated_kinds(pieces, findings)
    check_gaps(kinds["episodes"], observed_from, findings)
    tables = _as_held(canonical_shape(kinds, maps, findings), pieces)
    findings.raise_problems()
    years = _years_held(kinds["episodes"])
    return Records.from_tables(
        tables,
        observed_until=_last_day(years, findings) if observed_until is None else observed_until,
        observed_from=_first_days(years, tables) if observed_from is None else observed_from,
        reporting_lag=reporting_lag,
        code_maps=code_maps,
        invalid=invalid,
        findings=findings,
        absent=_UNSEEN,
    )


def _as_held(tables: Mapping[str, pd.DataFrame], pieces: Sequence[Piece]) -> dict[str, pd.DataFrame]:
    """The tables without columns that no file of episodes has."""
    held = {column for piece in pieces if piece.kind.name == "episodes" for column in piece.frame}
    gone = {name: [ours for ours, theirs in each.items() if theirs not in held] for name, each in _OPTIONAL.items()}
    return {name: frame.drop(columns=gone.get(name, [])) for name, frame in tables.items()}


def _years_held(episodes: pd.DataFrame) -> pd.DataFrame:
    """The years of the first and the last return of each authority (columns ``min``, ``max``)."""
    several = len(episodes["authority"].dropna().unique()) > 1
    authority = episodes["authority"] if several else pd.Series("", index=episodes.index)
    return episodes["return_year"].groupby(authority).agg(["min", "max"])


def _last_day(years: pd.DataFrame, findings: Findings) -> pd.Timestamp:
    """31 March of the latest return (of several authorities the earliest of these)."""
    if years.empty or years["max"].max() <= 0:
        findings.problem("episodes: no row has a date, so there is no latest return. Give observed_until.")
        findings.raise_problems()
    return pd.Timestamp(int(years.loc[years["max"] > 0, "max"].min()), 3, 31)


def _first_days(years: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.Timestamp] | None:
    """1 April on which the first return begins (of several authorities the latest of these), by table with rows."""
    if years.empty or years["min"].max() <= 0:
        return None
    first = pd.Timestamp(int(years["min"].max()) - 1, 4, 1)
    return {name: first for name, frame in tables.items() if len(frame) and TABLES[name].start is not None}
