"""Invented children written straight into parts: as many as a test of size needs, some of them in memory at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.progress import watched
from edgeofcare.scale.files import part_folder, read_json
from edgeofcare.scale.parts import begin, checked_count, finish, write_set
from edgeofcare.scale.stored import ABOUT, MANIFEST
from edgeofcare.scale.tasks import run_tasks
from edgeofcare.synthetic.parts import make_part
from edgeofcare.version import VERSION

__all__ = ["write_synthetic_part", "write_synthetic_parts"]


def write_synthetic_parts(
    n_children: int,
    folder: str | Path,
    *,
    n_parts: int = 16,
    random_state: int = 0,
    n_jobs: int = 1,
    executor: Any = None,
    retries: int = 2,
    progress: bool | None = None,
) -> int:
    """Make invented children and write them in parts, as :func:`edgeofcare.make_parts` makes them.

    Parameters
    ----------
    n_children : int
        Children in all parts together; those not yet born on the last day are among them, but not in the records.
    folder : path
        Where to write. Parts that are there already are not made again, so a process that was stopped goes on.
    n_parts : int, default 16
        How many parts.
    random_state : int, default 0
        Seed; each part has a seed of its own.
    n_jobs, executor, retries, progress
        As for :func:`edgeofcare.scale.build.build_features_in_parts`.

    Returns
    -------
    int
        How many parts were made now.

    Raises
    ------
    SpecError
        If a number cannot be used, or the folder holds something else.
    """
    place, sizes = Path(folder).absolute(), _sizes(n_children, n_parts)
    plan = {"synthetic": n_children, "n_parts": len(sizes), "random_state": int(random_state), "edgeofcare": VERSION}
    begin(place, plan)
    if read_json(place / MANIFEST).get("complete"):
        return 0
    missing = [number for number in range(len(sizes)) if not part_folder(place, number).exists()]
    tasks = {number: (str(place), number, sizes[number], int(random_state)) for number in missing}
    made = run_tasks(write_synthetic_part, tasks, n_jobs=n_jobs, executor=executor, retries=retries)
    for _ in watched(made, "Making children", progress=progress, total=len(missing)):
        pass
    finish(place, plan, [read_json(part_folder(place, number) / ABOUT) for number in range(len(sizes))])
    return len(missing)


def _sizes(n_children: int, n_parts: int) -> list[int]:
    """Children of each part: as even as can be, the last one smaller."""
    most = checked_count(n_parts, "n_parts")
    if isinstance(n_children, bool) or not isinstance(n_children, int) or n_children < 1:
        msg = "n_children must be a whole number, 1 or more."
        raise SpecError(msg)
    size = -(-n_children // most)
    return [min(size, n_children - start) for start in range(0, n_children, size)]


def write_synthetic_part(folder: str | Path, number: int, n_children: int, random_state: int) -> None:
    """Make one part of invented children and write it."""
    write_set(make_part(number, n_children, random_state), Path(folder), number, 1)
