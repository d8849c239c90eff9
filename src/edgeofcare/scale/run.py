"""The work on one part: a pure function from a folder of records to a file of features."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from threadpoolctl import threadpool_limits

from edgeofcare.cohort import build_cohort
from edgeofcare.features.build import build_features
from edgeofcare.outcome import label_outcome
from edgeofcare.scale.columns import feature_table
from edgeofcare.scale.files import digest, part_folder, read_json, write_file, write_json, zipped
from edgeofcare.scale.job import FeatureJob
from edgeofcare.scale.stored import ABOUT, StoredPart, read_part_folder

__all__ = ["DONE", "FEATURES", "run_part", "run_unless_done"]

FEATURES = "features.parquet"
"""The file of features of one part."""

DONE = "_done.json"
"""Stands beside it and says what it was made from. It holds exact counts, small ones too, so it is a case file."""


def run_part(folder: str | Path, out_folder: str | Path, job: FeatureJob) -> dict[str, Any]:
    """Build the cohort, features and labels of one part, and write them to one Parquet file.

    Parameters
    ----------
    folder : path
        The part: ``part=0003`` of a folder that :func:`edgeofcare.scale.parts.write_parts` wrote.
    out_folder : path
        Where ``part=0003/features.parquet`` goes. It is there whole or not at all, so doing it twice does no harm.
    job : FeatureJob
        What to build.

    Returns
    -------
    dict
        ``part``, ``rows``, ``children``, ``entrants`` (None without labels), ``bytes`` and ``sha256`` of the file.

    Raises
    ------
    EdgeOfCareError
        If the part or the job cannot be used.

    Notes
    -----
    The file has the same bytes wherever it is made with the same versions of edgeofcare, pandas and pyarrow. Only
    one thread works. Rows are in the order of the index.
    """
    with threadpool_limits(1):
        part = read_part_folder(folder)
        table = _features_of(part, job)
        data = zipped(table)
    out = part_folder(out_folder, part.number)
    done = {**_counts(table, job), "part": part.number, "bytes": len(data), "sha256": digest(data)}
    write_file(out / FEATURES, data)
    write_json(out / DONE, {**done, "job": job.fingerprint, "records": part.fingerprint})
    return done


def run_unless_done(folder: str | Path, out_folder: str | Path, job: FeatureJob) -> dict[str, Any]:
    """Do :func:`run_part`, unless the same job was finished on the same part before.

    Parameters
    ----------
    folder, out_folder, job
        As for :func:`run_part`.

    Returns
    -------
    dict
        As :func:`run_part` gives it, and ``done_before``.
    """
    about = read_json(Path(folder) / ABOUT)
    out = part_folder(out_folder, int(about.get("part", -1)))
    done = read_json(out / DONE)
    if done and _stands(out / FEATURES, done, job, about.get("fingerprint")):
        counts = {name: value for name, value in done.items() if name not in ("job", "records")}
        return {**counts, "done_before": True}
    return {**run_part(folder, out_folder, job), "done_before": False}


def _stands(path: Path, done: Mapping[str, Any], job: FeatureJob, records: str | None) -> bool:
    """Whether a file of features is whole and of this job and part."""
    if (done.get("job"), done.get("records")) != (job.fingerprint, records) or not path.is_file():
        return False
    return path.stat().st_size == done.get("bytes") and digest(path.read_bytes()) == done.get("sha256")


def _features_of(part: StoredPart, job: FeatureJob) -> pa.Table:
    """Cohort, features and outcome of one part."""
    if part.tables["children"].empty:
        return feature_table(job, [], None)
    records = part.records()
    cohort = build_cohort(records, job.task, index_dates=job.index_dates)
    if cohort.empty:
        return feature_table(job, [], None)
    frames = [cohort, build_features(records, cohort, job.specs(), dtype=job.dtype)]
    if job.labels:
        frames.append(label_outcome(records, cohort, job.task, details=True, need_entry=False))
    return feature_table(job, frames, cohort.index)


def _counts(table: pa.Table, job: FeatureJob) -> dict[str, Any]:
    """How many rows, children and entrants a file has."""
    entered = table["entered_care"].to_pandas() if job.labels else None
    return {
        "rows": table.num_rows,
        "children": len(table["child_id"].unique()),
        "entrants": None if entered is None else int(entered.fillna(0).sum()),
    }
