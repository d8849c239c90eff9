"""``edgeofcare score``: everybody who is eligible on a day into a table of a database, or into a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeofcare.cli.options import add_quiet_option, add_source_options, opened
from edgeofcare.exceptions import SpecError

if TYPE_CHECKING:
    from edgeofcare.records.records import Records

__all__ = ["add_score_command"]

_MOST_DIGITS = 3
_URL_MARKS = ("://", "env:")


def add_score_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.
    """
    score = commands.add_parser(
        "score", help="score a day into a table or a file; repeat the command to go on after a stop"
    )
    score.set_defaults(command=_score)
    score.add_argument("model", metavar="MODEL", help="model file, such as edge_of_care.eoc")
    add_source_options(score, invalid="raise")
    score.add_argument("--sql", metavar="URL", help="the same as SOURCE, for the URL of a database; env:NAME works too")
    score.add_argument("--index-date", required=True, metavar="DATE", help="day to score, on what was known before it")
    score.add_argument("--into", metavar="TABLE", help="table for the scores; made where it is not there")
    score.add_argument(
        "--database", metavar="URL", help="database of that table; that of the records if left out; env:NAME works too"
    )
    score.add_argument("--out", type=Path, metavar="FILE", help="a .parquet, .csv or .xlsx file, in place of --into")
    score.add_argument(
        "--team",
        metavar="TABLE.COLUMN",
        help="sheets of a workbook; worker_involvements.worker if left out",
    )
    score.add_argument("--top-reasons", type=_count, default=3, metavar="N", help="reasons for each child; 0 for none")
    score.add_argument(
        "--override", metavar="WHY", help="why a model is used that has expired or is judged 'do not use'; it is kept"
    )
    score.add_argument("--accept-lag", action="store_true", help="score records with another reporting lag too")
    score.add_argument(
        "--remove-others", action="store_true", help="remove rows of this model and day of children not scored now"
    )
    add_quiet_option(score)


def _count(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        msg = "must be a whole number from 0 to 999"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _score(options: argparse.Namespace) -> int:
    """Check where the scores go, load the model, read the records, and score."""
    from edgeofcare.model_file import load_model
    from edgeofcare.scoring.batch.run import score_in_parts
    from edgeofcare.scoring.batch.write import TABLE
    from edgeofcare.scoring.fitness import refuse_unfit

    place = _place(options)
    scorer = load_model(options.model)
    refuse_unfit(scorer, options.index_date, options.override)  # before anything is read
    written = score_in_parts(
        scorer,
        _records(options),
        options.index_date,
        place,
        table=options.into or TABLE,
        teams=options.team,
        top_reasons=options.top_reasons,
        override=options.override,
        accept_lag=options.accept_lag,
        remove_others=options.remove_others,
        progress=False if options.quiet else None,
    )
    where = f"the file {options.out}" if options.out else f"the table {options.into}"
    sys.stdout.write(
        f"Model {scorer.model_id}, {options.index_date}, into {where}.\n{written.text}\n"
        "The scores hold children's keys: keep them with the case records. A score supports a professional's decision. "
        "It never takes one.\n"
    )
    return 0


def _sources(options: argparse.Namespace) -> list[str]:
    """Everything that was given as a source."""
    return [*options.source, *(each for each in (options.ssd, options.sql) if each)]


def _place(options: argparse.Namespace) -> Any:
    """Where the scores go: a file, a database that is named, or that of the records."""
    if bool(options.out) == bool(options.into) or (options.out and options.database):
        msg = "Give either --into TABLE (and --database URL, unless the records are in it) or --out FILE."
        raise SpecError(msg)
    if options.out:
        return options.out
    urls = [each for each in _sources(options) if any(mark in each for mark in _URL_MARKS)]
    if options.database or urls:
        return options.database or urls[0]
    msg = "The records are in no database, so the table needs one: give --database URL, or --out FILE."
    raise SpecError(msg)


def _records(options: argparse.Namespace) -> Records | Path:
    """The records, or the folder that holds them in parts."""
    from edgeofcare.scale.stored import is_parts_folder

    sources = _sources(options)
    if len(sources) == 1 and is_parts_folder(sources[0]):
        return Path(sources[0])
    if options.sql:
        options.source = [*options.source, options.sql]
    return opened(options)
