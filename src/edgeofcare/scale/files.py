"""Files that are whole or not there, with the same bytes wherever they are written."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = [
    "digest",
    "left_over",
    "part_folder",
    "part_numbers",
    "read_json",
    "read_parquet",
    "write_file",
    "write_json",
    "zipped",
]

_ROWS_IN_GROUP = 1 << 17
_HEAD = "part="


def part_folder(folder: str | Path, number: int) -> Path:
    """The folder of one part, named so that Parquet readers take it for a partition.

    Examples
    --------
    >>> part_folder("parts", 3).name
    'part=0003'
    """
    return Path(folder) / f"{_HEAD}{number:04d}"


def part_numbers(folder: str | Path) -> list[int]:
    """Numbers of the parts that a folder has, in order."""
    names = [path.name.removeprefix(_HEAD) for path in Path(folder).glob(f"{_HEAD}*")]
    return sorted(int(name) for name in names if name.isdecimal())


def digest(*pieces: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    sha = hashlib.sha256()
    for piece in pieces:
        sha.update(piece)
    return sha.hexdigest()


def zipped(table: pa.Table) -> bytes:
    """A table as a Parquet file in memory: the same bytes for the same table and version of pyarrow.

    Parameters
    ----------
    table : pyarrow.Table
        What to write; metadata of its schema is left out.

    Returns
    -------
    bytes
        The file.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.combine_chunks().replace_schema_metadata(None),
        sink,
        row_group_size=_ROWS_IN_GROUP,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        store_schema=False,
    )
    return sink.getvalue().to_pybytes()


def read_parquet(source: Path | bytes, columns: list[str] | None = None) -> pa.Table:
    """A table of one Parquet file, read by one thread.

    Parameters
    ----------
    source : Path or bytes
        The file, or its bytes.
    columns : list of str, optional
        Columns to read, in this order; all if not given.

    Returns
    -------
    pyarrow.Table
        The table.
    """
    with pq.ParquetFile(pa.BufferReader(source) if isinstance(source, bytes) else source) as file:
        table = file.read(columns=columns, use_threads=False)
    return table if columns is None else table.select(columns)  # a name also finds names that go on with a dot


def write_file(path: Path, data: bytes) -> None:
    """Write a file under another name, then put it in place: a reader never meets half of it.

    Parameters
    ----------
    path : Path
        Where it goes; its folder is made if need be, and a file that is there is replaced.
    data : bytes
        What it holds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a small JSON file, whole or not at all."""
    write_file(path, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds; nothing where it is not there or not whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def left_over(folder: Path) -> Iterator[Path]:
    """Files and folders that a process which was stopped had not put in place."""
    yield from folder.glob(f"{_HEAD}*/.*.tmp")
    yield from folder.glob(".*.tmp")
