"""Features of records in parts: every part once, on one machine or many, and on again after a stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.progress import watched
from edgeofcare.scale.files import left_over, part_folder, part_numbers, read_json, write_json
from edgeofcare.scale.job import FeatureJob
from edgeofcare.scale.run import DONE, run_unless_done
from edgeofcare.scale.stored import read_manifest
from edgeofcare.scale.tasks import run_tasks
from edgeofcare.version import VERSION

__all__ = ["JOB", "build_features_in_parts", "part_tasks", "read_job"]

JOB = "_job.json"
"""Says what the features of a folder are and what they were made from."""

_FORMAT = "edgeofcare features in parts"
_DIFFERENT = {
    "job": "another job (task, index dates, features, labels or dtype)",
    "records": "other records",
    "edgeofcare": "another version of edgeofcare",
    "n_parts": "other parts",
}


def build_features_in_parts(
    parts_folder: str | Path,
    out_folder: str | Path,
    job: FeatureJob,
    *,
    n_jobs: int = 1,
    executor: Any = None,
    retries: int = 2,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Build the features of records that were written in parts, one part at a time.

    Parameters
    ----------
    parts_folder : path
        That :func:`edgeofcare.scale.parts.write_parts` wrote.
    out_folder : path
        Where to write ``part=0000/features.parquet`` and so on. Both folders must be seen by every worker.
    job : FeatureJob
        Whom, when, which features, and whether labels.
    n_jobs : int, default 1
        1 works in this process; more, or -1 for every core, uses that many processes. Each holds one part in memory.
    executor : object with ``submit``, optional
        An engine that is there already, such as ``client.get_executor(pure=False)`` of Dask. It is used as it is and
        stays open.
    retries : int, default 2
        How often a part that failed is tried again.
    progress : bool or None
        Whether to show progress; None shows it where a person watches.

    Returns
    -------
    DataFrame
        One row for each part: ``part``, ``rows``, ``children``, ``entrants`` (None without labels), ``bytes``,
        ``sha256`` and ``done_before``. Read the features with :func:`edgeofcare.scale.read.read_features`.

    Raises
    ------
    EdgeOfCareError
        If the parts or the job cannot be used, or if worker processes die again and again.
    SpecError
        If the folder holds the features of another job or of other records.

    Notes
    -----
    The files have the same bytes whatever does the work, with the same versions of edgeofcare, pandas and pyarrow.
    After a stop of any kind the same call goes on: a part is done again unless its file is whole, and was made by the
    same job from the same records.
    """
    tasks = part_tasks(parts_folder, out_folder, job)
    results = run_tasks(run_unless_done, tasks, n_jobs=n_jobs, executor=executor, retries=retries)
    done = dict(watched(results, "Building features", progress=progress, total=len(tasks)))
    columns = ["part", "rows", "children", "entrants", "bytes", "sha256", "done_before"]
    return pd.DataFrame([done[number] for number in sorted(done)], columns=columns)


def part_tasks(parts_folder: str | Path, out_folder: str | Path, job: FeatureJob) -> dict[int, tuple]:
    """Make the folder for the features ready, and say what is to be done, for an engine without ``submit``.

    Parameters
    ----------
    parts_folder, out_folder, job
        As for :func:`build_features_in_parts`.

    Returns
    -------
    dict of int to tuple
        Number of each part to the arguments of :func:`edgeofcare.scale.run.run_unless_done`.

    Raises
    ------
    EdgeOfCareError
        As for :func:`build_features_in_parts`, before anything is done.
    """
    manifest = read_manifest(parts_folder)
    if job.labels and not manifest["rows"].get("care_episodes"):
        msg = "care_episodes: no part holds a row, so there is nothing to predict. Use FeatureJob(..., labels=False)."
        raise RecordsError(msg)
    out = Path(out_folder).absolute()
    _make_ready(out, job, manifest)
    folders = {number: part_folder(Path(parts_folder).absolute(), number) for number in range(manifest["n_parts"])}
    return {number: (str(folder), str(out), job) for number, folder in folders.items()}


def _make_ready(out: Path, job: FeatureJob, manifest: Mapping[str, Any]) -> None:
    """Make the folder, or see that it holds nothing but features of this job and these records."""
    wanted = {
        "format": _FORMAT,
        "edgeofcare": VERSION,
        "job": job.to_dict(),
        "records": manifest["fingerprint"],
        "n_parts": manifest["n_parts"],
    }
    there = read_json(out / JOB)
    if there.get("format") == _FORMAT:
        different = [said for name, said in _DIFFERENT.items() if there.get(name) != wanted[name]]
        if different:
            msg = (
                f"The folder for the features holds those of {' and of '.join(different)}. Give a new folder, or "
                "delete this one if nobody needs it."
            )
            raise SpecError(msg)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = "The folder for the features holds other files. Give a new folder."
        raise SpecError(msg)
    else:
        write_json(out / JOB, wanted)
    for path in left_over(out):
        path.unlink(missing_ok=True)


def read_job(out_folder: str | Path) -> tuple[FeatureJob, int]:
    """The job of a folder of features, and how many parts it has.

    Parameters
    ----------
    out_folder : path
        That :func:`build_features_in_parts` wrote.

    Returns
    -------
    job : FeatureJob
        What was built.
    n_parts : int
        Parts of the records.

    Raises
    ------
    SpecError
        If it is no such folder, or not all parts are done.
    """
    said = read_json(Path(out_folder) / JOB)
    if said.get("format") != _FORMAT:
        msg = f"The folder holds no features in parts (it has no {JOB}). Build them with build_features_in_parts."
        raise SpecError(msg)
    undone = set(range(said["n_parts"])) - set(part_numbers(out_folder))
    undone |= {number for number in part_numbers(out_folder) if not read_json(part_folder(out_folder, number) / DONE)}
    if undone:
        msg = f"{len(undone)} of {said['n_parts']} parts are not done yet. Repeat the call that builds them to go on."
        raise SpecError(msg)
    return FeatureJob.from_dict(said["job"]), said["n_parts"]
