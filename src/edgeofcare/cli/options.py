"""Options that several commands share, and what their words become."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from edgeofcare.exceptions import SpecError
from edgeofcare.task import days

if TYPE_CHECKING:
    from edgeofcare.records.records import Records

__all__ = ["add_quiet_option", "add_source_options", "capacity", "day", "folder", "lag", "opened", "refits"]

_MOST_CAPACITY = 1_000_000
_MOST_DIGITS = 10


def add_source_options(parser: argparse.ArgumentParser, *, invalid: str) -> None:
    """Add what says where the records are and how to read them.

    Parameters
    ----------
    parser : ArgumentParser
        The parser of a command.
    invalid : {"raise", "drop"}
        What the command does with impossible rows if nothing is said.
    """
    parser.add_argument(
        "source",
        nargs="*",
        metavar="SOURCE",
        help="SSD folder, SSDA903 returns, Annex A workbook or database URL; or CIN census and SSDA903 returns",
    )
    parser.add_argument("--ssd", metavar="FOLDER", help="the same as SOURCE, for an SSD folder")
    parser.add_argument("--schema", metavar="NAME", help="schema of the SSD tables in a database")
    parser.add_argument("--observed-until", metavar="DATE", help="last date the source can be trusted")
    parser.add_argument("--observed-from", metavar="DATE", help="first date it can be trusted; estimated if left out")
    parser.add_argument("--reporting-lag", type=lag, default="0D", metavar="DAYS", help="days until an event is seen")
    parser.add_argument("--code-maps", metavar="FILE", help="CSV or JSON file with your own texts and their codes")
    parser.add_argument("--invalid", choices=("raise", "drop"), default=invalid, help="what to do with impossible rows")


def add_quiet_option(parser: argparse.ArgumentParser) -> None:
    """Add the switch for progress bars."""
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def opened(options: argparse.Namespace) -> Records:
    """Records of the source that the options name.

    Parameters
    ----------
    options : Namespace
        With what :func:`add_source_options` adds.

    Returns
    -------
    Records
        Validated records.

    Raises
    ------
    EdgeOfCareError
        If the source cannot be read.
    """
    from edgeofcare.records.sources import read_records

    return read_records(
        *options.source,
        *([options.ssd] if options.ssd else []),
        observed_until=options.observed_until,
        observed_from=options.observed_from,
        reporting_lag=options.reporting_lag,
        code_maps=options.code_maps,
        invalid=options.invalid,
        schema=options.schema,
        progress=False if options.quiet else None,
    )


def lag(text: str) -> int:
    """Days of a lag, with or without a unit."""
    try:
        return days(f"{text}D" if text.strip().isdecimal() else text)
    except SpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def capacity(text: str) -> int:
    """A number of children, 1 or more."""
    try:
        children = int(text)
    except ValueError:
        children = 0
    if not 1 <= children <= _MOST_CAPACITY:
        msg = f"must be a whole number of children from 1 to {_MOST_CAPACITY:,}"
        raise argparse.ArgumentTypeError(msg)
    return children


def refits(text: str) -> int:
    """How often a model is fitted again: 0, or as many times as a model can have refits."""
    from edgeofcare.models.learners import FEWEST_REFITS, MOST_REFITS

    number = int(text) if text.isdecimal() and len(text) < _MOST_DIGITS else -1
    if number != 0 and not FEWEST_REFITS <= number <= MOST_REFITS:
        msg = f"must be 0 for none, or a whole number from {FEWEST_REFITS} to {MOST_REFITS:,}"
        raise argparse.ArgumentTypeError(msg)
    return number


def day(text: str) -> str:
    """A date, as ISO text."""
    from edgeofcare.dates import one_day

    try:
        return str(one_day(text, "it"))
    except SpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def folder(text: str) -> Path:
    """A folder that is there and can be written to, or that can be made; it is made only when there is a result."""
    path = Path(text)
    try:
        inside = path.absolute() / "plots"
        there = next(each for each in (inside, *inside.parents) if each.exists() or each.is_symlink())
        usable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except (OSError, StopIteration, ValueError):
        usable = False
    if not usable:
        msg = "must be a folder that can be written to, or one that can be made; a file of that name may be in the way"
        raise argparse.ArgumentTypeError(msg)
    return path
