"""Write records as the yearly SSDA903 returns on looked-after children."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.synthetic.writers.return_care import reported_episodes, return_files
from edgeofcare.synthetic.writers.return_tables import ReturnYear, Source, key_numbers, return_source, return_years
from edgeofcare.synthetic.writers.return_xml import element

__all__ = ["write_ssda903"]

_ANSWERS = {"reviews": "AREVIEW", "missing": "AMISSING", "previous_permanence": "PERMANENCE", "oc2": "OC2"}
_EPISODE = {
    "DECOM": "DECOM", "RNE": "RNE", "LS": "LS", "CIN": "CIN", "PLACE": "PL", "PL_POST": "PL_POST",
    "HOME_POST": "HOME_POST", "URN": "URN", "PLACE_PROVIDER": "PLACE_PROVIDER", "DEC": "DEC", "REC": "REC",
    "REASON_PLACE_CHANGE": "REASON_PLACE_CHANGE",
}  # fmt: skip
_EVERY_OPEN, _EVERY_MOVED = 23, 41


def write_ssda903(
    records: Records | Mapping[str, pd.DataFrame],
    folder: str | Path,
    *,
    years: int = 5,
    layout: str = "csv",
    faults: bool = False,
    observed_from: Any = None,
    observed_until: Any = None,
) -> list[Path]:
    """Write one SSDA903 return for each of the latest years, each in a folder named after the year in which it ends.

    A return holds the episodes that were open on any day from 1 April to 31 March, as the authority knew them on that
    last day: what ended, or was found to have ended, later is open in it.

    Parameters
    ----------
    records : Records or mapping of str to DataFrame
        Records, or canonical tables by name.
    folder : str or Path
        Where to write; made if it is not there.
    years : int, default 5
        How many returns, up to the last 31 March that the records cover.
    layout : {"csv", "xml"}
        One CSV file for each part of the return, or one XML file.
    faults : bool, default False
        Whether to write what real returns of several years do wrong: in other than the latest return, an episode
        that ended is left open and never comes again, or begins two days late and is replaced by the next return.
    observed_from, observed_until : date, optional
        Window of the tables, where canonical tables are given.

    Returns
    -------
    list of Path
        The files, in order.

    Raises
    ------
    SpecError
        If there is no such layout, or ``years`` is not a positive whole number.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_ssda903(make_records(50, random_state=0), folder, years=1)
    >>> files[0].parent.name, files[2].name
    ('2025', 'header.csv')
    """
    if layout not in ("csv", "xml"):
        msg = f"layout must be 'csv' or 'xml'; got {layout!r}."
        raise SpecError(msg)
    source = return_source(records, observed_from, observed_until)
    written: list[Path] = []
    for year, episodes in _reported(source, return_years(source, years), faults=faults):
        target = Path(folder) / str(year.year)
        target.mkdir(parents=True, exist_ok=True)
        files = return_files(source, year, episodes)
        written += _write_csv(files, target) if layout == "csv" else [_write_xml(files, target)]
    return written


def _reported(source: Source, years: list[ReturnYear], *, faults: bool) -> list[tuple[ReturnYear, pd.DataFrame]]:
    """Episodes of each return."""
    reported = [(year, reported_episodes(source, year)) for year in years]
    return _with_faults(reported) if faults else reported


def _with_faults(reported: list[tuple[ReturnYear, pd.DataFrame]]) -> list[tuple[ReturnYear, pd.DataFrame]]:
    """Leave some episodes open that ended, and begin some others late, in all but the latest return."""
    latest = reported[-1][0]
    changed = []
    for year, episodes in reported:
        if year != latest:
            number = key_numbers(episodes["row_key"])
            left_open = episodes["end_date"].notna() & (number % _EVERY_OPEN == 0)
            gone_on = episodes["end_date"].isna() & (number % _EVERY_MOVED == 1)
            late = episodes["start_date"] + pd.Timedelta(days=2)
            gone_on &= late <= year.last
            episodes = episodes.assign(
                start_date=episodes["start_date"].mask(gone_on, late),
                **{name: episodes[name].mask(left_open) for name in ("end_date", "end_reason")},
            )
        changed.append((year, episodes))
    return changed


def _write_csv(files: Mapping[str, pd.DataFrame], target: Path) -> list[Path]:
    """One CSV file for each part."""
    paths = []
    for name, frame in sorted(files.items()):
        path = target / f"{name}.csv"
        path.write_bytes(frame.to_csv(index=False, lineterminator="\n").encode())
        paths.append(path)
    return paths


def _write_xml(files: Mapping[str, pd.DataFrame], target: Path) -> Path:
    """One XML file, child by child."""
    groups = {name: _by_child(files[name]) for name in ("episodes", "uasc", *_ANSWERS)}
    path = target / "ssda903.xml"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<EXPSSDA903>')
        for row in _rows(files["header"]):
            file.write(_child(row, {name: group.get(row["CHILD"], []) for name, group in groups.items()}))
        file.write("</EXPSSDA903>\n")
    return path


def _by_child(frame: pd.DataFrame) -> dict[str, list[dict[str, str]]]:
    """Rows of each child."""
    rows: dict[str, list[dict[str, str]]] = {}
    for row in _rows(frame):
        rows.setdefault(row["CHILD"], []).append(row)
    return rows


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Rows as mappings of column to text."""
    return [{str(column): str(value) for column, value in row.items()} for row in frame.to_dict("records")]


def _child(row: dict[str, str], parts: dict[str, list[dict[str, str]]]) -> str:
    """One child: the header with everything but episodes, then the episodes."""
    uasc = parts["uasc"]
    header = _fields({"CHILDID": row["CHILD"], **{name: row[name] for name in ("UPN", "SEX", "DOB", "ETHNIC")}})
    header += _field("UASC", "1") + _field("DUC", uasc[0]["DUC"]) if uasc else _field("UASC", "")
    for name in ("missing", "reviews"):
        header += _wrapped(_ANSWERS[name], parts[name])
    header += _field("MOTHER", row["MOTHER"]) + _field("MC_DOB", row["MC_DOB"])
    header += _wrapped("PERMANENCE", parts["previous_permanence"]) + _wrapped("OC2", parts["oc2"])
    episodes = [{tag: row[column] for column, tag in _EPISODE.items()} for row in parts["episodes"]]
    return element("CHILD", element("HEADER", header) + _wrapped("EPISODE", episodes, empty=True))


def _wrapped(name: str, rows: list[dict[str, str]], *, empty: bool = False) -> str:
    """An element for each row, without the child; fields without a value only where asked for."""
    kept = [{key: value for key, value in row.items() if key not in ("CHILD", "DOB")} for row in rows]
    return "".join(element(name, _fields(row, empty=empty)) for row in kept)


def _fields(row: Mapping[str, str], *, empty: bool = False) -> str:
    """Fields of a row, those without a value only where asked for."""
    return "".join(_field(name, value) for name, value in row.items() if value or empty)


def _field(name: str, value: str) -> str:
    """One field; an empty element where there is no value."""
    return f"<{name}>{escape(value)}</{name}>" if value else f"<{name} />"
