"""Reading case records in the layout of the Standard Safeguarding Dataset (SSD)."""

from __future__ import annotations

import csv
import difflib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from edgeofcare.exceptions import SpecError
from edgeofcare.progress import watched
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.records.ssd.layout import SSD_COLUMNS, SSD_TABLES
from edgeofcare.records.ssd.shape import canonical_shape
from edgeofcare.schema.tables import TABLES

__all__ = ["named_frames", "needed_columns", "plain_name", "read_ssd"]

_HEAD_BYTES = 1 << 16
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0")


def read_ssd(
    source: str | Path | Mapping[str, pd.DataFrame],
    *,
    observed_until: str | pd.Timestamp,
    observed_from: str | pd.Timestamp | Mapping[str, Any] | None = None,
    reporting_lag: str | int | Mapping[str, str | int] = 0,
    code_maps: Mapping[str, Mapping[str, str]] | str | Path | None = None,
    invalid: str = "raise",
    progress: bool | None = False,
) -> Records:
    """Read case records in the SSD layout, as SystemC, Mosaic or Eclipse deploy it.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        A folder with one CSV or Parquet file for each table, named as the table (``ssd_person.csv``), or the tables
        by name. Letter case, schema prefixes (``ssd_development.ssd_person``) and ``#`` do not matter. Only the
        columns that are needed are read; names, pupil and NHS numbers and addresses never are.
    observed_until : str or Timestamp
        The last date on which the extract can be trusted, such as ``"2025-03-31"``.
    observed_from : str, Timestamp or mapping, optional
        From when the tables can be trusted: one date, or a date by canonical table. Estimated from the extract's
        window where it is not given; see ``records.observed_from``.
    reporting_lag : str, int or mapping, default 0
        Days from an event until it can be seen, for all tables or by canonical table. SSD has no recorded date, so
        this is an assumption; it is written into the model file. A column ``<prefix>_recorded_date`` (or
        ``<prefix>_end_recorded_date``) that an authority adds to a table is used where it is there.
    code_maps : mapping or path, optional
        The authority's own texts, ``{"legal_status": {"local text": "V2"}}``, or a JSON file of that shape.
    invalid : {"raise", "drop"}, default "raise"
        Whether rows that cannot be right (no date of birth, end before start, duplicate keys, unreadable dates)
        stop the reading, or are left out and counted in ``records.findings()``. Unknown legal statuses always stop.
    progress : bool or None, default False
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    Records
        Validated records.

    Raises
    ------
    RecordsError
        With every problem of the source: what, where, how many, and what to do.
    SpecError
        If an option is not understood, the folder does not exist, or the source is a database.

    See Also
    --------
    edgeofcare.records.sql.read.read_sql : The same tables from a database.

    References
    ----------
    Data to Insight, Standard Safeguarding Dataset, specification 1.4.

    Examples
    --------
    >>> people = pd.DataFrame({"pers_person_id": ["1"], "pers_dob": ["2010-05-01"]})
    >>> read_ssd({"ssd_person": people}, observed_until="2025-03-31")
    Traceback (most recent call last):
    edgeofcare.exceptions.RecordsError: The records cannot be used (3 problems):
      - ssd_cin_episodes: the table is missing. It is needed for referrals.
      - ssd_cla_episodes: the table is missing. It is needed for care_episodes.
      - ssd_legal_status: the table is missing. It is needed for legal_statuses.
    """
    findings = Findings()
    findings.invalid = invalid
    frames = named_frames(_loaded(source, findings, progress=progress), findings)
    return Records.from_tables(
        canonical_shape(frames, findings),
        observed_until=observed_until,
        observed_from=observed_from,
        reporting_lag=reporting_lag,
        code_maps=code_maps,
        invalid=invalid,
        findings=findings,
    )


def plain_name(name: str) -> str:
    """A table or column name without case, spaces, schema prefix and marks of temporary tables.

    Examples
    --------
    >>> plain_name("[HDM_Local].[ssd_development].[SSD_Person]")
    'ssd_person'
    """
    return str(name).strip().lower().rpartition(".")[2].lstrip("#").strip("[]\"' ")


def _loaded(
    source: str | Path | Mapping[str, pd.DataFrame], findings: Findings, *, progress: bool | None
) -> dict[str, pd.DataFrame]:
    """The SSD tables of the source by plain name, with the needed columns only."""
    wanted = set(SSD_TABLES.values())
    if isinstance(source, Mapping):
        return _of_mapping({name: frame for name, frame in source.items() if plain_name(name) in wanted}, findings)
    _refuse_database(source)
    folder = Path(source)
    if not folder.is_dir():
        msg = "The SSD source is not a folder. Give the folder that holds ssd_person.csv and the other tables."
        raise SpecError(msg)
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".csv", ".parquet")]
    files = [path for path in files if plain_name(path.stem) in wanted]
    frames = {}
    for path in watched(files, "Reading tables", progress=progress):
        name = plain_name(path.stem)
        if name in frames:
            findings.problem(f"{name}: there is more than one file of this table; keep one.")
        frames[name] = _read_file(path, name, findings)
    return frames


def _of_mapping(source: Mapping[str, Any], findings: Findings) -> dict[str, pd.DataFrame]:
    """The SSD tables of a mapping by plain name, each of which has to be a frame and there once."""
    frames: dict[str, pd.DataFrame] = {}
    for given, frame in source.items():
        name = plain_name(given)
        if not isinstance(frame, pd.DataFrame):
            msg = f"{name}: each table of the mapping must be a DataFrame; got {type(frame).__name__}."
            raise SpecError(msg)
        if frame.columns.nlevels > 1:
            msg = f"{name}: the DataFrame must have one row of column names; it has {frame.columns.nlevels}."
            raise SpecError(msg)
        if name in frames:
            findings.problem(f"{name}: the mapping has this table more than once; keep one.")
        frames[name] = frame
    return frames


def _refuse_database(source: object) -> None:
    """Say which reader to use where the source is a connection, or the URL of a database."""
    if isinstance(source, os.PathLike) or (
        isinstance(source, str) and "://" not in source and not source.startswith("env:")
    ):
        return
    msg = (
        "The SSD source is neither a folder nor a mapping of table name to DataFrame. For a database, its URL, engine "
        "or connection, use read_sql."
    )
    raise SpecError(msg)


def _read_file(path: Path, name: str, findings: Findings) -> pd.DataFrame:
    """The needed columns of one file, all as text where it is a CSV file."""
    needed = {alias for aliases in needed_columns(name).values() for alias in aliases}
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if problem := _not_a_table(head, path.suffix.lower()):
            findings.problem(f"{name}: {problem}")
            return pd.DataFrame(columns=sorted(needed))
        if path.suffix.lower() == ".parquet":
            with pq.ParquetFile(path) as parquet:
                columns = [column for column in parquet.schema_arrow.names if plain_name(column) in needed]
                return parquet.read(columns=columns).replace_schema_metadata(None).to_pandas()
        return _read_csv(path, needed)
    except (pa.ArrowException, csv.Error, StopIteration, OSError, ValueError) as error:
        if "UTF8" in str(error):
            findings.problem(f"{name}: the file is not UTF-8 text. Export it again as CSV with UTF-8 encoding.")
        else:
            findings.problem(
                f"{name}: the file could not be read ({type(error).__name__}). It must be a CSV or Parquet file with "
                "a header line and the same number of columns in each row."
            )
    return pd.DataFrame(columns=sorted(needed))


def _not_a_table(head: bytes, suffix: str) -> str:
    """Why a file cannot be a table, by its first bytes; nothing if it may be one."""
    if not head.strip():
        return "the file could not be read: it is empty. Export it again."
    if head.startswith(_ARCHIVES):
        return "the file is an archive or a workbook. Unpack it, or save it as CSV."
    if suffix == ".parquet":
        return ""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "the file is UTF-16, not UTF-8 text. Export it again as CSV with UTF-8 encoding."
    if b"\0" in head:
        return "the file has null bytes, so it is damaged or no text. Export it again as CSV with UTF-8 encoding."
    first = head.partition(b"\n")[0]
    if b"," not in first and (b";" in first or b"\t" in first):
        return "the columns are separated by semicolons or tabs. Save the file as CSV with commas."
    return ""


def _read_csv(path: Path, needed: set[str]) -> pd.DataFrame:
    """The needed columns of a CSV file as text; a row longer or shorter than the header is an error, never shifted."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = next(csv.reader(file))
    wanted = [column for column in header if plain_name(column) in needed]
    if not wanted:
        return pd.DataFrame()
    as_they_stand = pa_csv.ConvertOptions(
        include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
    )
    rows = pa_csv.ParseOptions(newlines_in_values=True)
    return pa_csv.read_csv(path, parse_options=rows, convert_options=as_they_stand).to_pandas()


def needed_columns(ssd_table: str) -> Mapping[str, tuple[str, ...]]:
    """Canonical column to the names that it may have, for an SSD table.

    Examples
    --------
    >>> needed_columns("ssd_mother")["related_id"]
    ('moth_person_id',)
    """
    canonical = next(name for name, table in SSD_TABLES.items() if table == ssd_table)
    return SSD_COLUMNS[canonical]


def named_frames(
    loaded: Mapping[str, pd.DataFrame],
    findings: Findings,
    *,
    held: Mapping[str, Collection[str]] | None = None,
    hint: str = "",
) -> dict[str, pd.DataFrame]:
    """SSD tables by canonical name with canonical column names.

    Parameters
    ----------
    loaded : mapping of str to DataFrame
        SSD tables by plain name.
    findings : Findings
        Is told of what is missing.
    held : mapping of str to collection of str, optional
        Every column that a table has at its source, where not all of them were loaded.
    hint : str, optional
        What to add where a table is missing, such as where it was looked for.

    Returns
    -------
    dict of str to DataFrame
        Input of :func:`edgeofcare.records.ssd.shape.canonical_shape`.

    Raises
    ------
    RecordsError
        With every problem found so far, such as missing tables and columns.
    """
    frames = {}
    for name, ssd_table in SSD_TABLES.items():
        if ssd_table in loaded:
            columns = (held or {}).get(ssd_table, ())
            frames[name] = _renamed(loaded[ssd_table], name, ssd_table, findings, columns)
        elif name in TABLES and TABLES[name].required:
            findings.problem(f"{ssd_table}: the table is missing. It is needed for {name}.{hint}")
    findings.raise_problems()
    return frames


def _renamed(frame: pd.DataFrame, name: str, ssd_table: str, findings: Findings, held: Collection[str]) -> pd.DataFrame:
    """One frame with canonical column names, and nothing else."""
    frame = frame.reset_index(drop=True)
    plain: dict[str, list[int]] = {}
    for place, column in enumerate(frame.columns):
        plain.setdefault(plain_name(column), []).append(place)
    columns = {}
    for canonical, aliases in SSD_COLUMNS[name].items():
        found = next((alias for alias in aliases if alias in plain), None)
        if found is not None:
            if len(plain[found]) > 1:
                findings.problem(f"{ssd_table}: column {found!r} appears {len(plain[found])} times; keep one.")
            columns[canonical] = frame.iloc[:, plain[found][0]]
        elif canonical in _needed(name):
            close = difflib.get_close_matches(aliases[0], [*plain, *map(plain_name, held)], n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            findings.problem(f"{ssd_table}: column {aliases[0]!r} is missing (needed for {name}).{hint}")
    return pd.DataFrame(columns, index=frame.index)


def _needed(name: str) -> tuple[str, ...]:
    """Columns of an SSD table without which it cannot be used."""
    special = {
        "assessment_factors": ("row_key", "assessment", "factors"),
        "immigration_statuses": ("row_key", "child_id", "start_date", "end_date", "text"),
        "mothers": ("child_id", "related_id"),
        "families": ("child_id", "related_id"),
        "worker_involvements": ("row_key", "start_date", "end_date"),
        "placements": ("row_key", "start_date", "end_date"),
    }
    if name in special:
        return special[name]
    return tuple(column.name for column in TABLES[name].columns if column.required)
