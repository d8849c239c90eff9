"""The command line: ``edgeofcare demo`` and ``edgeofcare run``.

Exit status: 0 on success, 2 on bad input or usage (the message is on standard error), 1 on a fault of ours.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeofcare.exceptions import EdgeOfCareError
from edgeofcare.version import VERSION

if TYPE_CHECKING:
    from edgeofcare.main_job import MainJob
    from edgeofcare.records.records import Records

__all__ = ["main"]

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
        sys.stderr.write(f"edgeofcare: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"edgeofcare: a file could not be read or written ({type(error).__name__}).\n")
        return 2


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
    run.add_argument("--reporting-lag", default="0D", metavar="DAYS", help="days until an event can be seen")
    run.add_argument("--code-maps", metavar="FILE", help="JSON file with your own texts and their codes")
    run.add_argument("--invalid", choices=("raise", "drop"), default="raise", help="what to do with impossible rows")
    for command in (demo, run):
        command.add_argument("--out", default="edgeofcare_demo", metavar="DIR", help="folder to write into")
        command.add_argument("--model", choices=("boosting", "logistic"), default="boosting", help="kind of model")
        command.add_argument("--capacity", type=int, default=40, help="children a team can review in a month")
        command.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser


def _demo(options: argparse.Namespace) -> int:
    """Run the main job on the sample."""
    from edgeofcare.records.ssd import read_ssd
    from edgeofcare.sample import SAMPLE_OBSERVED_UNTIL, sample_folder

    progress = False if options.quiet else None
    records = read_ssd(sample_folder(), observed_until=SAMPLE_OBSERVED_UNTIL, progress=progress)
    _say("These are synthetic records: no child in them is real, and no figure below is about real children.\n")
    return _job(records, options)


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
    return _job(records, options)


def _job(records: Records, options: argparse.Namespace) -> int:
    """Run the main job, write its files and print its summary."""
    from edgeofcare.main_job import Plan, run_main_job, write_outputs

    plan = Plan(kind=options.model, capacity=options.capacity)
    job = run_main_job(records, plan, progress=False if options.quiet else None)
    paths = write_outputs(job, options.out)
    _say(_summary(job))
    _say(f"Written to {Path(options.out)}:")
    _say("\n".join(f"  {path.relative_to(options.out)}" for path in paths))
    _say("scores.csv holds children's keys: keep it with the case records. The other files hold none.")
    return 0


def _say(text: str) -> None:
    """Print to standard output."""
    sys.stdout.write(text + "\n")


def _summary(job: MainJob) -> str:
    """A short readable account of the job."""
    from edgeofcare.explanation.explanation import anonymous_examples

    return "\n\n".join(
        [
            _cohort_lines(job),
            _measure_lines(job),
            f"Verdict: {job.evaluation.verdict().text}",
            "Three children, without a name or a date:\n" + "\n".join(anonymous_examples(job.explanation, n=3)),
            "A score supports a professional's decision. It never takes one.",
        ]
    )


def _cohort_lines(job: MainJob) -> str:
    """Cohort, split and entries."""
    trained, whole = job.model.training_counts_, job.evaluation.counts.iloc[0]
    found = job.records.quality()
    index = job.cohort.index
    children, dates = index.get_level_values("child_id").nunique(), index.get_level_values("index_date").nunique()
    low, high = job.plan.task.ages
    repaired = int(found["count"].sum())
    lines = (
        f"Cohort: {len(index):,} rows of {children:,} children aged {low} to {high} with an open case,",
        f"  on {dates} quarterly index dates.",
        f"Training: {trained['rows']:,} rows, {trained['entrants']:,} children who entered care within "
        f"{job.plan.task.horizon_days} days; {job.split.purged:,} rows purged.",
        f"Test (last year): {whole['rows']:,} rows, {whole['entrants']:,} children who entered care.",
        f"Records: {repaired:,} rows or values were repaired, emptied or dropped; see the report.",
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
