"""Writing records in parts: partitioned Parquet in which no household is cut."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from edgeofcare.exceptions import SpecError
from edgeofcare.progress import watched
from edgeofcare.records.findings import counted
from edgeofcare.records.households import real_links
from edgeofcare.records.records import Records
from edgeofcare.scale.files import (
    digest,
    left_over,
    part_folder,
    part_numbers,
    read_json,
    write_file,
    write_json,
    zipped,
)
from edgeofcare.scale.households import part_of_children
from edgeofcare.scale.stored import ABOUT, FORMAT, MANIFEST, arrow_table, declared, part_fingerprint
from edgeofcare.version import VERSION

__all__ = ["MOST_PARTS", "begin", "checked_count", "finish", "versions", "write_parts", "write_set"]

MOST_PARTS = 9999
"""A folder has no more parts: their names have four digits."""
_LAYOUT = 2
_OTHER = "Give a new folder, or delete this one if nobody needs it."


def write_parts(
    records: Records | Iterable[Records], folder: str | Path, *, n_parts: int = 16, progress: bool | None = None
) -> pd.DataFrame:
    """Write records in parts, so that features can be built of one part at a time.

    Parameters
    ----------
    records : Records, or iterable of Records
        The case records; or several, whose children are different, such as :func:`edgeofcare.make_parts` gives. Of
        an iterable one is in memory at a time, and each is cut into parts of its own.
    folder : path
        Where to write: ``part=0000/<table>.parquet`` and so on, and ``manifest.json``.
    n_parts : int, default 16
        Parts that each Records is cut into. Building the default features of 20,000 invented children takes half a GB.
    progress : bool or None
        Whether to show progress; None shows it where a person watches.

    Returns
    -------
    DataFrame
        One row for each part: ``part``, ``children``, ``households``, ``rows``.

    Raises
    ------
    SpecError
        If the folder holds something else, a child is in two of the Records, or ``n_parts`` cannot be used.

    Notes
    -----
    A household goes to the part that a hash of its id names, so it is never cut, and the same records give the same
    bytes whatever the order of their rows. Links to placeholders (a mother or family of more than 25 children) join
    nobody and are left out. A process that was stopped can be started again with the same folder: parts that are
    there are compared, not replaced. The files hold the case records; ``manifest.json`` holds counts and no key or
    date of a child.

    Examples
    --------
    >>> import tempfile
    >>> from edgeofcare.synthetic.records import make_records
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     parts = write_parts(make_records(100, random_state=0), folder, n_parts=2)
    >>> parts["part"].tolist()
    [0, 1]
    """
    place, plan = Path(folder), {"n_parts": checked_count(n_parts, "n_parts")}
    begin(place, plan)
    written: list[dict[str, Any]] = []
    seen = np.array([], dtype=np.uint64)
    for each in [records] if isinstance(records, Records) else records:
        seen = _with_new_children(seen, each)
        written += write_set(each, place, len(written), n_parts, progress=progress)
    finish(place, plan, written)
    return pd.DataFrame(
        [{**{name: each[name] for name in ("part", "children", "households")}, "rows": _rows(each)} for each in written]
    )


def _rows(about: Mapping[str, Any]) -> int:
    """Rows of all tables of a part."""
    return sum(about["rows"].values())


def checked_count(count: int, name: str) -> int:
    """A number of parts or children, refused where it is none."""
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= MOST_PARTS:
        msg = f"{name} must be a whole number from 1 to {MOST_PARTS:,}."
        raise SpecError(msg)
    return int(count)


def _with_new_children(seen: np.ndarray, records: Records) -> np.ndarray:
    """Hashes of the children so far with those of these records, refused where a child comes twice."""
    new = pd.util.hash_array(records.table("children")["child_id"].to_numpy(dtype=object))
    if twice := int(np.isin(new, seen).sum()):
        msg = (
            f"children: {counted(twice, 'child', 'children')} of one of the Records are in an earlier one too. Each "
            "child must be in one of them; edgeofcare.pool gives the keys of several authorities different beginnings."
        )
        raise SpecError(msg)
    return np.concatenate([seen, new])


def begin(folder: Path, plan: Mapping[str, Any]) -> None:
    """Make the folder ready, refused where it holds anything but parts of the same plan.

    Parameters
    ----------
    folder : Path
        Where parts are to be.
    plan : mapping
        What decides which parts there are.

    Raises
    ------
    SpecError
        If something else is there.
    """
    there = read_json(folder / MANIFEST)
    if folder.is_dir() and not there and any(folder.iterdir()):
        msg = f"The folder for the parts holds other files. {_OTHER}"
        raise SpecError(msg)
    if there and (there.get("format"), there.get("plan")) != (FORMAT, plan):
        msg = f"The folder holds other parts: they were cut in another way. {_OTHER}"
        raise SpecError(msg)
    for path in left_over(folder):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not there:
        write_json(folder / MANIFEST, {"format": FORMAT, "plan": plan, "complete": False})


def write_set(
    records: Records, folder: Path, first: int, n_parts: int, *, progress: bool | None = False
) -> list[dict[str, Any]]:
    """Write the parts of one Records.

    Parameters
    ----------
    records : Records
        The case records.
    folder : Path
        Made ready by :func:`begin`.
    first : int
        Number of the first part.
    n_parts : int
        How many parts.
    progress : bool or None
        Whether to show progress over the tables.

    Returns
    -------
    list of dict
        What each part holds, in order.

    Raises
    ------
    SpecError
        If a part is there already and holds something else.
    """
    part, said = part_of_children(records, n_parts), declared(records)
    numbers = range(first, first + n_parts)
    abouts: list[dict[str, Any]] = [
        {"part": number, "rows": {}, "sha256": {}, "declared": said, **_people(records, part, number - first)}
        for number in numbers
    ]
    for name in watched(list(records), "Writing parts", progress=progress):
        for about, cut in zip(abouts, _cut(records, name, part, n_parts), strict=True):
            data = zipped(cut)
            about["rows"][name], about["sha256"][name] = cut.num_rows, digest(data)
            write_file(_unfinished(folder, about["part"]) / f"{name}.parquet", data)
    for about in abouts:
        about["fingerprint"] = part_fingerprint(about)
        write_json(_unfinished(folder, about["part"]) / ABOUT, about)
    _put_in_place(folder, abouts)
    return abouts


def _people(records: Records, part: pd.Series, number: int) -> dict[str, int]:
    """Children and households of a part."""
    inside = records.households[part.reindex(records.households.index) == number]
    return {"children": len(inside), "households": int(inside.nunique())}


def _cut(records: Records, name: str, part: pd.Series, n_parts: int) -> Iterable[pa.Table]:
    """One table, cut into parts; rows in the order of their keys."""
    frame = records.table(name)
    if name == "relationships":
        frame = real_links(frame)
    frame = frame.sort_values(["child_id"] if name == "children" else ["row_key", "child_id"], kind="stable")
    number = part.reindex(frame["child_id"]).fillna(0).to_numpy(dtype=np.int64)  # a link without a child joins nobody
    table = records.definition(name)
    return (arrow_table(frame[number == each], table) for each in range(n_parts))


def _unfinished(folder: Path, number: int) -> Path:
    """Where a part is written before it is put in place."""
    final = part_folder(folder, number)
    return final.with_name(f".{final.name}.tmp")


def _put_in_place(folder: Path, abouts: list[dict[str, Any]]) -> None:
    """Give whole parts their names; those that are there must be the same."""
    finals = {about["part"]: part_folder(folder, about["part"]) for about in abouts}
    there = [about for about in abouts if finals[about["part"]].exists()]
    other = [
        about["part"]
        for about in there
        if read_json(finals[about["part"]] / ABOUT).get("fingerprint") != about["fingerprint"]
    ]
    for about in there if not other else abouts:
        shutil.rmtree(_unfinished(folder, about["part"]))
    if other:
        msg = (
            f"The folder holds parts of other records (part {other[0]} differs), or parts that another version of "
            f"pyarrow wrote. {_OTHER}"
        )
        raise SpecError(msg)
    for number, final in finals.items():
        if not final.exists():
            _unfinished(folder, number).rename(final)


def finish(folder: Path, plan: Mapping[str, Any], abouts: list[dict[str, Any]]) -> None:
    """Write the manifest of a folder whose parts are all there.

    Parameters
    ----------
    folder : Path
        The folder.
    plan : mapping
        As for :func:`begin`.
    abouts : list of dict
        What each part holds, in order.

    Raises
    ------
    SpecError
        If there are no parts, or parts of something else.
    """
    if not abouts or part_numbers(folder) != list(range(len(abouts))):
        msg = f"The folder holds parts of other records too. {_OTHER}" if abouts else "There are no records to write."
        raise SpecError(msg)
    held = ("part", "children", "households", "rows", "fingerprint")
    said: list[dict[str, Any]] = []
    for about in abouts:
        if not said or said[-1]["declared"] != about["declared"]:
            said.append({"parts": [], "declared": about["declared"]})
        said[-1]["parts"].append(about["part"])
    manifest = {
        "format": FORMAT,
        "layout": _LAYOUT,
        "plan": dict(plan),
        "complete": True,
        "versions": versions(),
        "n_parts": len(abouts),
        "children": sum(about["children"] for about in abouts),
        "households": sum(about["households"] for about in abouts),
        "rows": pd.DataFrame([about["rows"] for about in abouts]).sum().astype(int).to_dict(),
        "fingerprint": digest("\n".join(about["fingerprint"] for about in abouts).encode()),
        "records": said,
        "parts": [{name: about[name] for name in held} for about in abouts],
    }
    write_json(folder / MANIFEST, manifest)


def versions() -> dict[str, str]:
    """Versions of what wrote a folder."""
    return {
        "edgeofcare": VERSION,
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "pyarrow": pa.__version__,
        "python": platform.python_version(),
    }
