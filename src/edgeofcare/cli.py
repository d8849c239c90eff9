"""The command line: ``edgeofcare demo`` and ``edgeofcare run``.

Exit status: 0 on success, 2 on bad input or usage (the message is on standard error), 1 on a fault of ours. What is
said on the screen may be kept in a log: apart from a traceback that was asked for, it holds no single child.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeofcare.exceptions import EdgeOfCareError, SpecError
from edgeofcare.task import days
from edgeofcare.version import VERSION

if TYPE_CHECKING:
    from edgeofcare.main_job import MainJob
    from edgeofcare.records.records import Records

__all__ = ["main"]

_TRACEBACK = "EDGEOFCARE_TRACEBACK"
_HINTS = {"invalid='drop'": "--invalid drop"}
"""What a message may advise, and how it is said on the command line."""

_WHERE_REASONS_ARE = (
    "Reasons: scores.csv holds those of every child who is scored today. In a notebook, edgeofcare.explain gives all\n"
    "reasons and the source rows behind them. They are about single children, so they are not printed here."
)
_MOST_CAPACITY = 1_000_000
_NOT_SHOWN = ("prevalence", "log_loss", "calibration_in_the_large", "recall_at_capacity")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command; those of the process by default.

    Returns
    -------
    int
        Exit status.

    Examples
    --------
    >>> main(["run", "--ssd", "no_such_folder", "--observed-until", "2025-03-31"])
    2
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except EdgeOfCareError as error:
        sys.stderr.write(f"edgeofcare: {_with_hints(str(error))}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"edgeofcare: a file could not be read or written ({type(error).__name__}).\n")
        return 2
    except Exception as error:
        return _fault(error)


def _with_hints(message: str) -> str:
    """A message, with what it advises said as options of the command."""
    hints = [option for advice, option in _HINTS.items() if advice in message]
    return message + (f"\nOn the command line: ({', '.join(hints)})." if hints else "")


def _fault(error: Exception) -> int:
    """Tell of a fault of ours without its text, which may quote a value of a record."""
    if os.environ.get(_TRACEBACK) == "1":
        sys.stderr.write("".join(traceback.format_exception(error)))
    sys.stderr.write(
        f"edgeofcare: an internal fault ({type(error).__name__}). Please report it. Set {_TRACEBACK}=1 to see where it "
        "happened; that text may quote the records, so do not share it unread.\n"
    )
    return 1


def _parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(
        prog="edgeofcare", description="Calibrated, explained risk of entering care, from case records."
    )
    parser.add_argument("--version", action="version", version=f"edgeofcare {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="run the main job on the synthetic sample")
    demo.set_defaults(command=_demo)
    run = commands.add_parser("run", help="run the main job on your own records")
    run.set_defaults(command=_run)
    run.add_argument("--ssd", required=True, metavar="FOLDER", help="folder with one CSV or Parquet file a table")
    run.add_argument("--observed-until", required=True, metavar="DATE", help="last date the extract can be trusted")
    run.add_argument("--observed-from", metavar="DATE", help="first date it can be trusted; estimated if left out")
    run.add_argument("--reporting-lag", type=_lag, default="0D", metavar="DAYS", help="days until an event can be seen")
    run.add_argument("--code-maps", metavar="FILE", help="JSON file with your own texts and their codes")
    run.add_argument("--invalid", choices=("raise", "drop"), default="raise", help="what to do with impossible rows")
    for command in (demo, run):
        command.add_argument(
            "--out", type=_folder, default="edgeofcare_demo", metavar="DIR", help="folder to write into"
        )
        command.add_argument("--model", choices=("boosting", "logistic"), default="boosting", help="kind of model")
        command.add_argument(
            "--capacity", type=_capacity, default=40, metavar="CHILDREN", help="children a team can review in a month"
        )
        command.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser


def _lag(text: str) -> int:
    """Days of a lag, with or without a unit."""
    try:
        return days(f"{text}D" if text.strip().isdecimal() else text)
    except SpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _capacity(text: str) -> int:
    """A number of children, 1 or more."""
    try:
        capacity = int(text)
    except ValueError:
        capacity = 0
    if not 1 <= capacity <= _MOST_CAPACITY:
        msg = f"must be a whole number of children from 1 to {_MOST_CAPACITY:,}"
        raise argparse.ArgumentTypeError(msg)
    return capacity


def _folder(text: str) -> Path:
    """A folder that is there and can be written to, or that can be made; it is made only when there is a result."""
    folder = Path(text)
    try:
        inside = folder.absolute() / "plots"
        there = next(path for path in (inside, *inside.parents) if path.exists() or path.is_symlink())
        usable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except (OSError, StopIteration, ValueError):
        usable = False
    if not usable:
        msg = "must be a folder that can be written to, or one that can be made; a file of that name may be in the way"
        raise argparse.ArgumentTypeError(msg)
    return folder


def _demo(options: argparse.Namespace) -> int:
    """Run the main job on the sample."""
    from edgeofcare.records.ssd import read_ssd
    from edgeofcare.sample import SAMPLE_OBSERVED_UNTIL, sample_folder

    progress = False if options.quiet else None
    records = read_ssd(sample_folder(), observed_until=SAMPLE_OBSERVED_UNTIL, progress=progress)
    _say("These are synthetic records: no child in them is real, and no figure below is about real children.\n")
    return _job(records, options, examples=True)


def _run(options: argparse.Namespace) -> int:
    """Run the main job on the user's own records."""
    from edgeofcare.records.ssd import read_ssd

    records = read_ssd(
        options.ssd,
        observed_until=options.observed_until,
        observed_from=options.observed_from,
        reporting_lag=options.reporting_lag,
        code_maps=options.code_maps,
        invalid=options.invalid,
        progress=False if options.quiet else None,
    )
    return _job(records, options, examples=False)


def _job(records: Records, options: argparse.Namespace, *, examples: bool) -> int:
    """Run the main job, write its files and print its summary."""
    from edgeofcare.main_job import Plan, run_main_job, write_outputs

    plan = Plan(kind=options.model, capacity=options.capacity)
    job = run_main_job(records, plan, progress=False if options.quiet else None)
    paths = write_outputs(job, options.out)
    _say(_summary(job, examples=examples))
    _say(f"Written to {Path(options.out)}:")
    _say("\n".join(f"  {path.relative_to(options.out)}" for path in paths))
    _say("scores.csv holds children's keys: keep it with the case records. The other files hold none.")
    return 0


def _say(text: str) -> None:
    """Print to standard output."""
    sys.stdout.write(text + "\n")


def _summary(job: MainJob, *, examples: bool) -> str:
    """A short readable account of the job; with examples only where no child is real, because logs are shared."""
    return "\n\n".join(
        [
            _cohort_lines(job),
            _measure_lines(job),
            f"Verdict: {job.evaluation.verdict().text}",
            _example_lines(job) if examples else _WHERE_REASONS_ARE,
            "A score supports a professional's decision. It never takes one.",
        ]
    )


def _example_lines(job: MainJob) -> str:
    """Three invented children with their reasons."""
    from edgeofcare.explanation.explanation import anonymous_examples

    return "Three children, without a name or a date:\n" + "\n".join(anonymous_examples(job.explanation, n=3))


def _cohort_lines(job: MainJob) -> str:
    """Cohort, split and entries; small counts are hidden."""
    from edgeofcare.reporting.shareable import small_count

    trained = {name: small_count(count) for name, count in job.model.training_counts_.items()}
    whole = {str(name): small_count(count) for name, count in job.evaluation.counts.iloc[0].items()}
    found = job.records.quality()
    index = job.cohort.index
    children, dates = index.get_level_values("child_id").nunique(), index.get_level_values("index_date").nunique()
    low, high = job.plan.task.ages
    repaired = small_count(int(found["count"].sum()))
    lines = (
        f"Cohort: {small_count(len(index))} rows of {small_count(children)} children aged {low} to {high} with an",
        f"  open case, on {dates} quarterly index dates.",
        f"Training: {trained['rows']} rows, {trained['entrants']} children who entered care within "
        f"{job.plan.task.horizon_days} days; {small_count(job.split.purged)} rows purged.",
        f"Test (last year): {whole['rows']} rows, {whole['entrants']} children who entered care.",
        f"Records: {repaired} rows or values were repaired, emptied or dropped; see the report.",
    )
    return "\n".join(lines)


def _measure_lines(job: MainJob) -> str:
    """The main measures with their intervals, beside the count rule."""
    from edgeofcare.reporting.cells import MEASURE_LABELS, measure_cells

    cells = measure_cells(job.evaluation.measures)
    lines = [f"{'':30}{'model':>28}{'count rule':>28}"]
    for measure, label in MEASURE_LABELS.items():
        if measure not in _NOT_SHOWN and ("model", measure) in cells:
            shown = [
                cells[name, measure].text() if (name, measure) in cells else "" for name in ("model", "count_rule")
            ]
            lines.append(f"{label:30}{shown[0]:>28}{shown[1]:>28}")
    return "Measures on the test rows, with 95% household-bootstrap intervals:\n" + "\n".join(lines)
