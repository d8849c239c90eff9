"""A million invented children in parts: one part in memory at a time, no key in two of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Unpack, overload

import numpy as np
import pandas as pd
from tqdm import tqdm

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.history import RecordOptions, options_of, own_stream
from edgeofcare.synthetic.records import simulate_tables

__all__ = ["make_part", "make_parts", "part_key", "part_state", "part_tables", "read_part"]

_FIRST_PREFIX = 1000
_MOST_PARTS = 9000
_ALSO_KEYS = ("worker",)
"""Columns that hold keys although they are used as codes."""

_WINDOW = "window.csv"


def part_state(random_state: int, part: int) -> int:
    """The seed of a part, whatever other parts there are.

    Parameters
    ----------
    random_state : int
        Seed of all parts.
    part : int
        Number of the part, from 0.

    Returns
    -------
    int
        A seed for :func:`~edgeofcare.make_records`.

    Examples
    --------
    >>> part_state(0, 1) == part_state(0, 2)
    False
    """
    low, high = own_stream(random_state, "parts", part).generate_state(2, np.uint64)
    return int(low) + (int(high) << 64)


def part_key(part: int, key: str) -> str:
    """The key that something has in a part, from the key that it has in the records of the part's own seed.

    Parameters
    ----------
    part : int
        Number of the part, from 0.
    key : str
        Key of a child, a row, a period, a relation or a worker.

    Returns
    -------
    str
        Four digits that number the part, then the key.

    Examples
    --------
    >>> part_key(2, "7654321")
    '10027654321'
    """
    return f"{_FIRST_PREFIX + part}{key}"


def part_tables(
    part: int, n_children: int, random_state: int, **options: Unpack[RecordOptions]
) -> dict[str, pd.DataFrame]:
    """The canonical tables of one part, whatever other parts there are.

    Parameters
    ----------
    part : int
        Number of the part, from 0.
    n_children : int
        Children in the part.
    random_state : int
        Seed of all parts.
    **options
        As for :func:`~edgeofcare.make_records`.

    Returns
    -------
    dict of str to DataFrame
        The tables; their keys are in no other part.

    Examples
    --------
    >>> part_tables(1, 30, 0)["children"]["child_id"].str[:4].unique().tolist()
    ['1001']
    """
    tables = simulate_tables(n_children, part_state(random_state, part), **options)
    for name, frame in tables.items():
        keys = [column for column in (*TABLES[name].of_kind("id"), *_ALSO_KEYS) if column in frame]
        tables[name] = frame.assign(**{key: part_key(part, "") + frame[key] for key in keys})
    return tables


def make_part(part: int, n_children: int, random_state: int, **options: Unpack[RecordOptions]) -> Records:
    """One of the parts that :func:`make_parts` gives, without those before it.

    Parameters
    ----------
    part : int
        Number of the part, from 0.
    n_children : int
        Children in the part.
    random_state : int
        Seed of all parts.
    **options
        As for :func:`~edgeofcare.make_records`.

    Returns
    -------
    Records
        The part; its keys are in no other.

    Examples
    --------
    >>> len(make_part(1, 30, 0).table("children"))
    30
    """
    first, last = options_of(**options).window
    tables = part_tables(part, n_children, random_state, **options)
    return Records.from_tables(tables, observed_from=first, observed_until=last, links="undated")


@overload
def make_parts(
    n_children: int,
    random_state: int = 0,
    *,
    part_children: int = 100_000,
    folder: None = None,
    progress: bool = False,
    **options: Unpack[RecordOptions],
) -> Iterator[Records]: ...


@overload
def make_parts(
    n_children: int,
    random_state: int = 0,
    *,
    part_children: int = 100_000,
    folder: str | Path,
    progress: bool = False,
    **options: Unpack[RecordOptions],
) -> Iterator[Path]: ...


def make_parts(
    n_children: int,
    random_state: int = 0,
    *,
    part_children: int = 100_000,
    folder: str | Path | None = None,
    progress: bool = False,
    **options: Unpack[RecordOptions],
) -> Iterator[Records] | Iterator[Path]:
    """Make many invented children in parts, one part in memory at a time.

    Parameters
    ----------
    n_children : int
        Children in all parts together.
    random_state : int, default 0
        Seed; each part has a seed of its own, which does not depend on how many parts there are.
    part_children : int, default 100_000
        Children in each part; the last one holds the rest.
    folder : path, optional
        Where to write the parts, one folder each, with a Parquet file for each canonical table; read one with
        :func:`read_part`. Nothing is written if not given.
    progress : bool, default False
        Whether to show how many parts are done.
    **options
        As for :func:`~edgeofcare.make_records`.

    Returns
    -------
    iterator of Records, or of Path
        The parts in order, or the folders that hold them. No key is in two parts.

    Raises
    ------
    SpecError
        If an option is not understood, before the first part is made.

    Examples
    --------
    >>> [len(records.table("children")) for records in make_parts(60, part_children=30)]
    [30, 30]
    """
    window = options_of(**options).window
    sizes = _sizes(n_children, part_children)
    return _parts(sizes, random_state, None if folder is None else Path(folder), progress, window, options)


def _sizes(n_children: int, part_children: int) -> list[int]:
    """Children in each part."""
    for name, value in (("n_children", n_children), ("part_children", part_children)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            msg = f"{name} must be a whole number, 1 or more."
            raise SpecError(msg)
    full, rest = divmod(int(n_children), int(part_children))
    if full + 1 > _MOST_PARTS:
        msg = f"{full:,} parts are more than {_MOST_PARTS:,}: make the parts larger with part_children."
        raise SpecError(msg)
    return [int(part_children)] * full + ([rest] if rest else [])


def _parts(
    sizes: list[int],
    random_state: int,
    folder: Path | None,
    progress: bool,
    window: tuple[str, str],
    options: RecordOptions,
) -> Iterator[Records] | Iterator[Path]:
    """Make, and write, one part after the other."""
    for part, size in enumerate(tqdm(sizes, desc="parts", unit="part", disable=not progress)):
        if folder is None:
            yield make_part(part, size, random_state, **options)
        else:
            tables = part_tables(part, size, random_state, **options)
            yield _write(tables, folder / f"part_{part:04d}", window)


def _write(tables: dict[str, pd.DataFrame], folder: Path, window: tuple[str, str]) -> Path:
    """Write a part into its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    dates = pd.DataFrame([window], columns=["observed_from", "observed_until"])
    dates.to_csv(folder / _WINDOW, index=False, encoding="utf-8", lineterminator="\n")
    return folder


def read_part(folder: str | Path) -> Records:
    """Read the records of a part that :func:`make_parts` wrote.

    Parameters
    ----------
    folder : path
        One of the folders that it gave.

    Returns
    -------
    Records
        The records.

    Raises
    ------
    SpecError
        If this is no such folder.
    """
    place = Path(folder)
    if not (place / _WINDOW).is_file():
        msg = f"The folder has no {_WINDOW}: give one of the folders that make_parts wrote."
        raise SpecError(msg)
    window = pd.read_csv(place / _WINDOW, dtype=str, encoding="utf-8").iloc[0]
    tables = {path.stem: pd.read_parquet(path) for path in sorted(place.glob("*.parquet"))}
    return Records.from_tables(
        tables, observed_from=window["observed_from"], observed_until=window["observed_until"], links="undated"
    )
