"""``edgeofcare features``: features of any number of children, in parts, from one command that can be repeated."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeofcare.cli.options import add_quiet_option, add_source_options, folder, opened
from edgeofcare.exceptions import EdgeOfCareError, SpecError

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.scale.job import FeatureJob

__all__ = ["add_features_command"]

_MOST_JOBS = 1024
_MOST_PARTS = 9999
_OBSERVED_DAYS = 365
_RANGE = ".."
_EVERY = {"quarter": "QS-JAN", "month": "MS"}


def add_features_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.
    """
    features = commands.add_parser(
        "features", help="build features of many children in parts; repeat the command to go on after a stop"
    )
    features.set_defaults(command=_features)
    add_source_options(features, invalid="raise")
    features.add_argument(
        "--into", type=folder, required=True, metavar="FOLDER", help="folder for the records in parts and the features"
    )
    features.add_argument(
        "--synthetic", type=_whole, metavar="CHILDREN", help="make this many invented children, in place of a SOURCE"
    )
    features.add_argument("--random-state", type=int, default=0, metavar="SEED", help="seed of invented children")
    features.add_argument(
        "--dates",
        nargs="+",
        metavar="DATE",
        help="index dates; FROM..TO for the first days of quarters; every quarter that can be followed if left out",
    )
    features.add_argument("--every", choices=tuple(_EVERY), default="quarter", help="what FROM..TO takes the days of")
    features.add_argument(
        "--features", nargs="+", metavar="NAME", help="feature names; the default features if left out"
    )
    features.add_argument(
        "--undated-links", action="store_true", help="with the household features, through links without a date"
    )
    features.add_argument("--no-labels", action="store_true", help="leave out the label and the follow-up")
    features.add_argument("--jobs", type=_jobs, default=1, metavar="N", help="processes, each with one part in memory")
    features.add_argument("--parts", type=_parts, default=16, metavar="N", help="parts that the records are cut into")
    add_quiet_option(features)


def _whole(text: str, most: int = 1_000_000_000) -> int:
    """A whole number, 1 or more."""
    if not text.isdecimal() or not 1 <= int(text) <= most:
        msg = f"must be a whole number from 1 to {most:,}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _jobs(text: str) -> int:
    """A number of processes."""
    return _whole(text, _MOST_JOBS)


def _parts(text: str) -> int:
    """A number of parts."""
    return _whole(text, _MOST_PARTS)


def _features(options: argparse.Namespace) -> int:
    """Write the records in parts, unless they are, and build the features of every part."""
    from edgeofcare.scale.build import build_features_in_parts

    try:
        parts = _records_in_parts(options)
        job = _job(options, parts)
        out = Path(options.into) / "features"
        summary = build_features_in_parts(parts, out, job, n_jobs=options.jobs, progress=_progress(options))
    except EdgeOfCareError as error:
        for note in getattr(error, "__notes__", ()):
            sys.stderr.write(f"edgeofcare: {note}\n")
        raise
    sys.stdout.write("\n".join(_account(summary, job, parts, options)) + "\n")
    return 0


def _progress(options: argparse.Namespace) -> bool | None:
    """Whether to show progress."""
    return False if options.quiet else None


def _records_in_parts(options: argparse.Namespace) -> Path:
    """The folder of the records in parts: the source itself, or one made of it."""
    from edgeofcare.scale.parts import write_parts
    from edgeofcare.scale.stored import is_parts_folder
    from edgeofcare.scale.synthetic import write_synthetic_parts

    sources = [*options.source, *([options.ssd] if options.ssd else [])]
    if bool(sources) == bool(options.synthetic):
        msg = "Give either a SOURCE (records, or a folder of records in parts) or --synthetic CHILDREN."
        raise SpecError(msg)
    if len(sources) == 1 and is_parts_folder(sources[0]):
        return Path(sources[0])
    place, progress = Path(options.into) / "records", _progress(options)
    if options.synthetic:
        write_synthetic_parts(
            options.synthetic,
            place,
            n_parts=options.parts,
            random_state=options.random_state,
            n_jobs=options.jobs,
            progress=progress,
        )
    else:
        write_parts(opened(options), place, n_parts=options.parts, progress=progress)
    return place


def _job(options: argparse.Namespace, parts: Path) -> FeatureJob:
    """What is to be built."""
    from edgeofcare.features.catalogue import default_features
    from edgeofcare.scale.job import FeatureJob
    from edgeofcare.task import Task

    task = Task(incomplete="drop")
    labels = not options.no_labels
    dates = _dates(options.dates, options.every) if options.dates else _followed_quarters(parts, task, labels=labels)
    names = options.features or [spec.name for spec in default_features(undated_links=options.undated_links)]
    return FeatureJob(task, tuple(str(day.date()) for day in dates), tuple(names), labels=labels)


def _dates(words: list[str], every: str) -> list[pd.Timestamp]:
    """Index dates of the command line: single days, and first days of quarters or months from one day to another."""
    import pandas as pd

    from edgeofcare.dates import one_date

    days: set[pd.Timestamp] = set()
    for word in words:
        first, between, last = word.partition(_RANGE)
        start = one_date(first, "each of --dates")
        stop = one_date(last, "each of --dates") if between else start
        days |= set(pd.date_range(start, stop, freq=_EVERY[every])) if between else {start}
    if not days:
        msg = f"There is no first day of a {every} between the dates given. Give a longer range, or single days."
        raise SpecError(msg)
    return sorted(days)


def _followed_quarters(parts: Path, task: Any, *, labels: bool) -> list[pd.Timestamp]:
    """Quarters a year after referrals can be trusted, as far as their outcome can be seen in all records."""
    import pandas as pd

    from edgeofcare.cohort import quarters
    from edgeofcare.scale.stored import read_manifest

    said = [each["declared"] for each in read_manifest(parts)["records"]]
    firsts = [each["observed_from"].get("referrals") for each in said]
    if not all(firsts):
        msg = "The records do not say from when referrals can be trusted. Give --dates, such as 2020-01-01..2023-10-01."
        raise SpecError(msg)
    first = pd.Timestamp(max(firsts)) + pd.Timedelta(days=_OBSERVED_DAYS)
    ahead = task.gap_days + task.horizon_days - 1 + max(max(each["reporting_lag"].values()) for each in said)
    last = pd.Timestamp(min(each["observed_until"] for each in said)) - pd.Timedelta(days=ahead if labels else 0)
    dates = list(quarters(str(first.date()), str(last.date()))) if first <= last else []
    if not dates:
        msg = (
            "The records are too short for an index date with a year before it and its outcome after it. Give --dates."
        )
        raise SpecError(msg)
    return dates


def _account(summary: pd.DataFrame, job: FeatureJob, parts: Path, options: argparse.Namespace) -> list[str]:
    """What was built, in lines; small counts are hidden."""
    from edgeofcare.reporting.shareable import small_count

    total = summary[["rows", "children", "bytes"]].sum()
    before = int(summary["done_before"].sum())
    lines = [
        f"Rows: {small_count(int(total['rows']))} of {small_count(int(total['children']))} children, on "
        f"{len(job.index_dates)} index dates from {job.index_dates[0]} to {job.index_dates[-1]}.",
        f"Features: {len(job.features)} of each row, {int(total['bytes']) / 1e6:,.1f} MB in {len(summary)} parts"
        + (f" ({before} of them done before)." if before else "."),
    ]
    if job.labels:
        lines.append(f"Labels: {small_count(int(summary['entrants'].sum()))} rows of children who entered care.")
    where = [Path(options.into) / "features", *([parts] if parts.parent == Path(options.into) else [])]
    lines += ["Written to:", *(f"  {path}" for path in where)]
    kind = "invented children" if options.synthetic else "children's keys: keep them with the case records"
    return [*lines, f"The files hold {kind}. Read them with edgeofcare.scale.read.read_features."]
