"""Which years a set of CIN census returns covers, and from when each table of them can be trusted."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.records.findings import Findings, counted
from edgeofcare.records.values import as_dates
from edgeofcare.records.xml_stream import iter_elements

__all__ = ["Return", "check_gaps", "find_returns", "first_days", "last_day"]

_FIRST_YEAR, _LAST_YEAR = 2009, 2100
_ENOUGH_CASES = 200
_COLLECTION = "CIN"


@dataclass(frozen=True)
class Return:
    """One return: the file of one census year.

    Parameters
    ----------
    path : Path
        The file.
    until : Timestamp
        The last day of its census year, a 31 March.
    """

    path: Path
    until: pd.Timestamp

    @property
    def first(self) -> pd.Timestamp:
        """The first day of the census year, a 1 April."""
        return pd.Timestamp(self.until.year - 1, 4, 1).as_unit("s")


def find_returns(source: Any, findings: Findings) -> list[Return]:
    """The returns of a source, earliest year first.

    Parameters
    ----------
    source : path or iterable of paths
        A folder, a file, or several files.
    findings : Findings
        Is told what is wrong with headers and years.

    Returns
    -------
    list of Return
        One for each file whose year could be told.

    Raises
    ------
    SpecError
        If the source is no such thing or holds no XML file.
    RecordsError
        If a file is not XML.
    """
    found, authorities = [], set()
    for path in _files(source):
        header = _header(path)
        authorities.add(header.get("lea", ""))
        until = _year_end(path.name, header, findings)
        if until is not None:
            found.append(Return(path, until))
    if len(authorities - {""}) > 1:
        findings.problem(
            f"returns: the files are of {len(authorities - {''})} authorities. Read those of each on their own; "
            "edgeofcare.pool puts several authorities together."
        )
    found.sort(key=lambda each: (each.until, each.path.name))
    for until in sorted({each.until for each in found}):
        names = [each.path.name for each in found if each.until == until]
        if len(names) > 1:
            findings.problem(
                f"returns: {len(names)} files are of the year to 31 March {until.year}: "
                f"{', '.join(map(repr, names))}. Keep the one that was submitted last."
            )
    return found


def _files(source: Any) -> list[Path]:
    """The files of a source."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.is_dir():
            return [path]
        source = _in_folder(path) or [each for folder in sorted(path.iterdir()) for each in _in_folder(folder)]
    msg = "The CIN census source must be a folder with XML files, an XML file, or a list of XML files."
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise SpecError(msg)
    listed = list(source)
    if not listed or not all(isinstance(each, (str, os.PathLike)) for each in listed):
        raise SpecError(msg)
    return [Path(each) for each in listed]


def _in_folder(folder: Path) -> list[Path]:
    """The XML files of a folder; none where it is no folder."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in inside if path.suffix.lower() == ".xml" and path.is_file()]


def _header(path: Path) -> dict[str, str]:
    """The texts of the header by element name in lower case; empty where the file has none."""
    elements = iter_elements(path, "Header")
    header = next(elements, None)
    elements.close()
    if header is None:
        return {}
    return {part.tag.lower(): part.text.strip() for part in header.iter() if not len(part) and part.text}


def _year_end(name: str, header: Mapping[str, str], findings: Findings) -> pd.Timestamp | None:
    """The last day of the census year that a header tells of; None, and a problem, where it does not.

    The reference date of a census is 31 March. Another day is repaired by the collection year where there is one.
    """
    if header.get("collection", _COLLECTION).upper() != _COLLECTION:
        findings.problem(f"returns: file {name!r} is of another collection than the CIN census. Leave it out.")
        return None
    reference = as_dates(pd.Series([header.get("referencedate")], dtype=object))[0].iloc[0]
    year = _plausible(int(text) if re.fullmatch("[0-9]{4}", text := header.get("year", "")) else 0)
    dated = None if pd.isna(reference) else _plausible(reference.year)
    told = [each for each in (year, dated) if each is not None]
    if not told:
        findings.problem(
            f"returns: file {name!r} does not say which census year it is of: its header has no ReferenceDate and no "
            "Year that can be read. Without it later returns cannot be told from earlier ones. Export it again."
        )
        return None
    if dated is not None and (reference.month, reference.day) == (3, 31):
        why = "not the year of the reference date, which counts"
        findings.note("returns", "Year", int(year is not None and year != dated), "ignored", why)
        return pd.Timestamp(dated, 3, 31).as_unit("s")
    why = "the reference date of a census is 31 March: taken from the " + ("year" if year else "date's own year")
    findings.note("returns", "ReferenceDate", 1, "repaired", why, rule="CIN 100")
    return pd.Timestamp(told[0], 3, 31).as_unit("s")


def _plausible(year: int) -> int | None:
    """A year in which there was a census, or None."""
    return year if _FIRST_YEAR <= year <= _LAST_YEAR else None


def last_day(returns: list[Return], observed_until: Any) -> pd.Timestamp:
    """The last day on which the returns can be trusted.

    Parameters
    ----------
    returns : list of Return
        In the order of years.
    observed_until : date or None
        As the caller gave it.

    Returns
    -------
    Timestamp
        The end of the last census year unless the caller gave an earlier day.

    Raises
    ------
    SpecError
        If the caller gave a later day.
    """
    last = returns[-1].until
    if observed_until is None:
        return last
    until = one_date(observed_until, "observed_until")
    if until > last:
        msg = (
            f"observed_until lies after 31 March {last.year}, the end of the last return: what happened later is in "
            "no return. Leave it out, or add the next return."
        )
        raise SpecError(msg)
    return until


def check_gaps(returns: list[Return], observed_from: Any, findings: Findings) -> None:
    """Refuse years without a return between others, unless nothing before them is to be trusted.

    Parameters
    ----------
    returns : list of Return
        In the order of years.
    observed_from : date, mapping or None
        As the caller gave it.
    findings : Findings
        Is told of missing years.
    """
    years = [each.until.year for each in returns]
    missing = sorted(set(range(years[0], years[-1] + 1)) - set(years))
    if not missing:
        return
    after = pd.Timestamp(missing[-1], 4, 1).as_unit("s")
    given = list(_given(observed_from).values())
    trusted = not isinstance(observed_from, Mapping) and bool(given) and given[0] >= after
    listed = ", ".join(map(str, missing))
    if trusted:
        findings.note("returns", "", len(missing), "ignored", "a year without a return, before observed_from")
        return
    findings.problem(
        f"returns: {counted(len(missing), 'year')} to 31 March between the first and the last return "
        f"{'has' if len(missing) == 1 else 'have'} no return: {listed}. What happened then would look as if nothing "
        f"had. Add the missing returns, leave out the earlier ones, or pass observed_from='{after.date()}'."
    )


def _given(observed_from: Any) -> dict[str, pd.Timestamp]:
    """The caller's first days by table; one day for all stands under no name."""
    if observed_from is None:
        return {}
    by_table = observed_from if isinstance(observed_from, Mapping) else {"": observed_from}
    return {name: one_date(day, "observed_from") for name, day in by_table.items()}


def first_days(
    returns: list[Return], rows: Mapping[str, pd.Series], observed_from: Any, findings: Findings
) -> dict[str, pd.Timestamp]:
    """From when each table can be trusted: the first census year, or later where the first returns lack a module.

    Parameters
    ----------
    returns : list of Return
        In the order of years.
    rows : mapping of str to Series of int
        For each dated table, how many rows each return has of it.
    observed_from : date, mapping or None
        As the caller gave it; it may only be later.
    findings : Findings
        Is told where the last return lacks a module that earlier ones have.

    Returns
    -------
    dict of str to Timestamp
        First day by table; tables that no return has are left out, and so were never observed.

    Raises
    ------
    SpecError
        If the caller gave a day before the first return.
    """
    days = {}
    large = rows["referrals"] >= _ENOUGH_CASES
    for name, count in rows.items():
        if not count.any():
            continue
        without = [number for number in range(len(returns)) if large[number] and not count[number]]
        if without and without[-1] == len(returns) - 1:
            findings.problem(
                f"{name}: the last return has {counted(int(rows['referrals'].iloc[-1]), 'case')} and not one row of "
                "this table, which earlier returns have. It was exported without that module: export it again."
            )
            continue
        days[name] = returns[without[-1] + 1 if without else 0].first
        if without:
            why = "returns without this module: the table is trusted only after them"
            findings.note(name, "", len(without), "ignored", why)
    given = _given(observed_from)
    if given and min(given.values()) < returns[0].first:
        msg = (
            f"observed_from lies before 1 April {returns[0].first.year}, where the first return begins: what happened "
            "earlier is in no return. Leave it out, or add the earlier returns."
        )
        raise SpecError(msg)
    if "" in given:
        return {name: max(day, given[""]) for name, day in days.items()}
    return days | given
