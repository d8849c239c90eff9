"""The main job on the command line: ``edgeofcare demo`` on the sample, ``edgeofcare run`` on the user's records."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeofcare.cli.options import add_quiet_option, add_source_options, capacity, day, folder, opened, refits

if TYPE_CHECKING:
    from edgeofcare.main_job import MainJob
    from edgeofcare.records.records import Records

__all__ = ["add_demo_command", "add_run_command"]

_WHERE_REASONS_ARE = (
    "Reasons: scores.csv holds those of every child who is scored today. In a notebook, edgeofcare.explain gives all\n"
    "reasons and the source rows behind them. They are about single children, so they are not printed here."
)
_KEPT_APART = "scores.csv holds children's keys: keep it with the case records. The other files hold none."
_NO_SCORES = (
    "Nobody was scored: the model is not to be used (see its verdict), or expires too soon. Where scores are wanted\n"
    "all the same, say why with --override WHY; it is kept with every score. No file holds children's keys."
)
_NOT_SHOWN = ("prevalence", "log_loss", "calibration_in_the_large", "recall_at_capacity")


def add_demo_command(commands: Any) -> None:
    """Add ``edgeofcare demo``."""
    demo = commands.add_parser("demo", help="run the main job on the synthetic sample")
    demo.set_defaults(command=_demo)
    _add_job_options(demo)


def add_run_command(commands: Any) -> None:
    """Add ``edgeofcare run``."""
    run = commands.add_parser("run", help="run the main job on your own records")
    run.set_defaults(command=_run)
    add_source_options(run, invalid="raise")
    _add_job_options(run)


def _add_job_options(command: argparse.ArgumentParser) -> None:
    """Options of the main job."""
    command.add_argument("--out", type=folder, default="edgeofcare_demo", metavar="DIR", help="folder to write into")
    command.add_argument("--model", choices=("boosting", "logistic"), default="boosting", help="kind of model")
    command.add_argument(
        "--capacity", type=capacity, default=40, metavar="CHILDREN", help="children a team can review in a month"
    )
    command.add_argument(
        "--refits",
        type=refits,
        metavar="N",
        help="fit the model again so many times on resampled households, for intervals of risks and for how sure "
        "reasons are; 0 for none, else 10 or more; 20 if left out, and 0 with --quick",
    )
    command.add_argument(
        "--override",
        metavar="WHY",
        help="why today's scores are wanted of a model that is judged 'do not use'; it is kept",
    )
    command.add_argument("--expires", type=day, metavar="DATE", help="last day on which the model is to be used")
    command.add_argument(
        "--quick",
        action="store_true",
        help="fit the model once: do not look at earlier periods, nor at whether it names the same children again",
    )
    add_quiet_option(command)


def _demo(options: argparse.Namespace) -> int:
    """Run the main job on the sample."""
    from edgeofcare.records.ssd.read import read_ssd
    from edgeofcare.sample import SAMPLE_OBSERVED_UNTIL, sample_folder

    progress = False if options.quiet else None
    records = read_ssd(sample_folder(), observed_until=SAMPLE_OBSERVED_UNTIL, progress=progress)
    _say("These are synthetic records: no child in them is real, and no figure below is about real children.\n")
    return _job(records, options, examples=True)


def _run(options: argparse.Namespace) -> int:
    """Run the main job on the user's own records."""
    return _job(opened(options), options, examples=False)


def _job(records: Records, options: argparse.Namespace, *, examples: bool) -> int:
    """Run the main job, write its files and print its summary."""
    from edgeofcare.main_checks import CHECKS, WITHOUT_REFITS
    from edgeofcare.main_job import REFITS, Plan, run_main_job, write_outputs
    from edgeofcare.scoring.fitness import read_override

    refitted = options.refits if options.refits is not None else 0 if options.quick else REFITS
    checks = WITHOUT_REFITS if options.quick else CHECKS
    chosen = {"capacity": options.capacity, "expires": options.expires, "override": read_override(options.override)}
    plan = Plan(kind=options.model, checks=checks, refits=refitted, **chosen)
    job = run_main_job(records, plan, progress=False if options.quiet else None)
    paths = write_outputs(job, options.out)
    _say(_summary(job, examples=examples))
    _say(f"Written to {Path(options.out)}:")
    _say("\n".join(f"  {path.relative_to(options.out)}" for path in paths))
    _say(_KEPT_APART if any(path.name == "scores.csv" for path in paths) else _NO_SCORES)
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
            *_check_lines(job),
            _example_lines(job) if examples else _WHERE_REASONS_ARE,
            "A score supports a professional's decision. It never takes one.",
        ]
    )


def _check_lines(job: MainJob) -> list[str]:
    """What else was looked at, a sentence each, and what was not."""
    absent = job.checks.not_looked_at.items()
    lines = [*job.checks.points.values()]
    lines += [f"Not looked at: {name.replace('_', ' ')} ({why.rstrip('.')})." for name, why in absent]
    return ["\n".join(lines)] if lines else []


def _example_lines(job: MainJob) -> str:
    """Three invented children with their reasons."""
    from edgeofcare.explanation.examples import anonymous_examples

    return "Three children, without a name or a date:\n" + "\n".join(anonymous_examples(job.explanation, n=3))


def _cohort_lines(job: MainJob) -> str:
    """Cohort, split and entries; small counts are hidden."""
    from edgeofcare.reporting.shareable import small_count

    trained = {name: small_count(count) for name, count in job.model.training_counts_.items()}
    whole = {str(name): small_count(count) for name, count in job.evaluation.counts.iloc[0].items()}
    found = job.records.findings()
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
