"""``edgeofcare reproduce``: run a saved model's training and evaluation again, and say what agrees."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeofcare.cli.options import add_quiet_option, add_source_options, opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeofcare.records.records import Records

__all__ = ["add_reproduce_command"]


def add_reproduce_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.
    """
    again = commands.add_parser(
        "reproduce", help="run a saved model's training and evaluation again, and say which numbers agree"
    )
    again.set_defaults(command=_reproduce)
    again.add_argument("model", metavar="MODEL", help="model file that 'edgeofcare run' wrote")
    add_source_options(again, invalid="drop")
    again.set_defaults(reporting_lag=None)
    again.add_argument("--json", metavar="FILE", help="also write every step and number to a JSON file")
    add_quiet_option(again)


def _reproduce(options: argparse.Namespace) -> int:
    """Repeat the run, print what agrees, and end with 2 where something does not."""
    from edgeofcare.model_file import load_model
    from edgeofcare.reproduction.reproduce import recorded_run, reproduce

    scorer = load_model(options.model)
    recorded_run(scorer)  # refused before any record is read
    records = _records(options, scorer.manifest)
    found = reproduce(options.model, records, progress=False if options.quiet else None)
    sys.stdout.write(f"{found.text}\n")
    if options.json:
        text = json.dumps(found.to_dict(), indent=1, allow_nan=False)
        Path(options.json).write_text(f"{text}\n", encoding="utf-8", newline="")
    if not found.identical:
        sys.stderr.write("edgeofcare: the saved run was not reproduced to the last digit; see above.\n")
    return 0 if found.identical else 2


def _records(options: argparse.Namespace, manifest: Mapping[str, Any]) -> Records:
    """The records, read as the model file says they were, unless the options say otherwise.

    From when tables can be trusted is estimated again. Where that gives other records than those recorded, as it does
    if a date was given then, they are read with the recorded dates.
    """
    said = manifest["assumptions"]
    given = {
        "observed_until": options.observed_until or said["observed_until"],
        "reporting_lag": options.reporting_lag if options.reporting_lag is not None else _lags(said["reporting_lag"]),
    }
    read = argparse.Namespace(**{**vars(options), **given})
    records = opened(read)
    if options.observed_from or records.fingerprint == manifest["input_fingerprint"]:
        return records
    first = {name: date for name, date in (said["observed_from"] or {}).items() if _is_dated(name, date, given)}
    if not first:
        return records
    again = opened(argparse.Namespace(**{**vars(read), "observed_from": first}))
    return again if again.fingerprint == manifest["input_fingerprint"] else records


def _lags(said: Mapping[str, int] | None) -> Any:
    """Lags by table as a reader takes them; tables of one's own are added later."""
    from edgeofcare.schema.tables import TABLES

    return {name: days for name, days in (said or {}).items() if name in TABLES} or 0


def _is_dated(name: str, date: str | None, given: Mapping[str, Any]) -> bool:
    """Whether a reader can be given the date from which a table can be trusted."""
    from edgeofcare.dates import one_date
    from edgeofcare.schema.tables import TABLES

    until = given["observed_until"]
    return date is not None and name in TABLES and (not until or one_date(date, name) <= one_date(until, "until"))
