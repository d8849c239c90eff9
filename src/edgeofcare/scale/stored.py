"""Records as they are kept in parts: what is declared of them, and reading one part back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_object_dtype

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.records.validation import empty_table
from edgeofcare.scale.files import digest, part_folder, read_json, read_parquet
from edgeofcare.schema.columns import Table
from edgeofcare.schema.own import own_table
from edgeofcare.schema.tables import TABLES

__all__ = [
    "ABOUT",
    "FORMAT",
    "MANIFEST",
    "StoredPart",
    "arrow_table",
    "declared",
    "is_parts_folder",
    "part_fingerprint",
    "read_manifest",
    "read_part_folder",
    "read_stored_part",
]

MANIFEST = "manifest.json"
"""What a folder of parts says of all of them."""

ABOUT = "_part.json"
"""What the folder of one part says of it."""

FORMAT = "edgeofcare records in parts"
"""Says that a manifest is one of these."""

_ARROW = {
    "id": pa.string(),
    "code": pa.string(),
    "date": pa.date32(),
    "flag": pa.bool_(),
    "number": pa.float64(),
}


def declared(records: Records) -> dict[str, Any]:
    """What is declared of records, ready for JSON; no key and no date of a child is in it.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    dict
        Window, lags, what the source cannot hold, and the forms of own tables.
    """
    own = {name: records.definition(name) for name in records if name not in TABLES}
    first = records.observed_from.items()
    return {
        "observed_until": str(records.observed_until.date()),
        "observed_from": {name: None if day is None else str(day.date()) for name, day in first},
        "reporting_lag": dict(records.reporting_lag),
        "links": records.links,
        "absent_columns": {name: list(columns) for name, columns in records.absent_columns.items()},
        "absent": list(records.absent),
        "scoring_only": records.scoring_only,
        "own": {
            name: {"kind": table.kind, "value": "value" in table.names, "category": "category" in table.names}
            for name, table in own.items()
        },
    }


def arrow_table(frame: pd.DataFrame, table: Table) -> pa.Table:
    """A table of records for a Parquet file.

    Parameters
    ----------
    frame : DataFrame
        Canonical rows.
    table : Table
        Its definition.

    Returns
    -------
    pyarrow.Table
        The same rows: text, dates without a time, booleans and float64.
    """
    arrays = {}
    for column in table.columns:
        values: Any = frame[column.name]
        if column.kind == "date":
            values = values.to_numpy().astype("datetime64[D]")
        arrays[column.name] = pa.array(values, type=_ARROW[column.kind], from_pandas=True)
    return pa.table(arrays)


def _frame(stored: pa.Table, table: Table) -> pd.DataFrame:
    """The canonical frame of a stored table."""
    frame = stored.to_pandas(use_threads=False, date_as_object=False, ignore_metadata=True)
    typed = {}
    for name, dtype in empty_table(table).dtypes.items():
        values = frame[name]
        typed[name] = values.where(values.notna(), np.nan) if is_object_dtype(dtype) else values.astype(dtype)
    return pd.DataFrame(typed)


def part_fingerprint(about: Mapping[str, Any]) -> str:
    """SHA-256 of what a part holds and what is declared of it."""
    held = {name: about[name] for name in ("declared", "sha256")}
    return digest(json.dumps(held, sort_keys=True).encode())


@dataclass(frozen=True, repr=False)
class StoredPart:
    """One part, read.

    Attributes
    ----------
    number : int
        Number of the part.
    fingerprint : str
        SHA-256 of what it holds.
    declared : dict
        What is declared of the records.
    tables : dict of str to DataFrame
        Canonical and own tables.
    """

    number: int
    fingerprint: str
    declared: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    def records(self, **changed: pd.DataFrame) -> Records:
        """The part as records.

        Parameters
        ----------
        **changed : DataFrame
            Tables in place of those of the part.

        Returns
        -------
        Records
            They count no findings: those are told when the source is read.
        """
        said = self.declared
        return Records(
            {**self.tables, **changed},
            observed_until=_day(said["observed_until"]),
            observed_from={name: None if day is None else _day(day) for name, day in said["observed_from"].items()},
            reporting_lag=said["reporting_lag"],
            findings=Findings().frame(),
            links=said["links"],
            absent_columns=said["absent_columns"],
            absent=said["absent"],
            scoring_only=said["scoring_only"],
            own={name: own_table(name, **form) for name, form in said["own"].items()},
        )


def _day(text: str) -> pd.Timestamp:
    """A day of the manifest."""
    return pd.Timestamp(text).as_unit("s")


def is_parts_folder(folder: Any) -> bool:
    """Whether a source is a folder of parts."""
    return isinstance(folder, str | Path) and read_json(Path(folder) / MANIFEST).get("format") == FORMAT


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """What a folder of parts says of all of them.

    Parameters
    ----------
    folder : path
        That :func:`edgeofcare.scale.parts.write_parts` wrote.

    Returns
    -------
    dict
        Counts, window, lags, forms of own tables, versions and the fingerprint.

    Raises
    ------
    SpecError
        If it is no such folder, or not all parts are written.
    """
    if not is_parts_folder(folder):
        msg = f"The folder holds no records in parts (it has no {MANIFEST} of them). Write them with write_parts."
        raise SpecError(msg)
    manifest = read_json(Path(folder) / MANIFEST)
    if not manifest.get("complete"):
        msg = "The folder's parts are not all written: the process was stopped. Write them again into the same folder."
        raise SpecError(msg)
    return manifest


def read_part_folder(folder: str | Path) -> StoredPart:
    """Read the folder of one part, and see that it is as it was written.

    Parameters
    ----------
    folder : path
        ``part=0003`` of a folder of parts.

    Returns
    -------
    StoredPart
        Its tables.

    Raises
    ------
    RecordsError
        With every table that is missing or has changed.
    SpecError
        If it is no such folder.
    """
    place = Path(folder)
    about = read_json(place / ABOUT)
    if "sha256" not in about:
        msg = f"The folder is no part of records (it has no {ABOUT}). Give a folder that write_parts wrote."
        raise SpecError(msg)
    if "links" not in about["declared"]:
        msg = "The part was written by an earlier version of edgeofcare. Write the parts again, into a new folder."
        raise SpecError(msg)
    own = {name: own_table(name, **form) for name, form in about["declared"]["own"].items()}
    tables, problems = {}, []
    for name, table in {**TABLES, **own}.items():
        path = place / f"{name}.parquet"
        data = path.read_bytes() if path.is_file() else b""
        if digest(data) != about["sha256"].get(name):
            problems.append(f"part {about['part']}, {name}: the file is missing or not as it was written.")
            continue
        tables[name] = _frame(read_parquet(data), table)
    if problems:
        raise RecordsError([*problems[:-1], problems[-1] + " Delete the folder of the part and write the parts again."])
    return StoredPart(about["part"], part_fingerprint(about), about["declared"], tables)


def read_stored_part(folder: str | Path, number: int) -> Records:
    """Read one part of records that were written in parts.

    Parameters
    ----------
    folder : path
        That :func:`edgeofcare.scale.parts.write_parts` wrote.
    number : int
        Number of the part, from 0.

    Returns
    -------
    Records
        Whole households, with the window and lags of the records that they come from.

    Raises
    ------
    RecordsError
        With every table of the part that is missing or has changed.
    SpecError
        If there is no such part.
    """
    n_parts = read_manifest(folder)["n_parts"]
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < n_parts:
        msg = f"There is no such part: the folder has parts 0 to {n_parts - 1}."
        raise SpecError(msg)
    return read_part_folder(part_folder(folder, number)).records()
