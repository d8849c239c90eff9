"""``edgeofcare check``: what an extract holds, what is wrong with it, and what it can be used for."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from edgeofcare.cli.options import add_quiet_option, add_source_options, opened

if TYPE_CHECKING:
    from edgeofcare.records.quality.quality import Quality

__all__ = ["add_check_command"]


def add_check_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.
    """
    check = commands.add_parser("check", help="say what is in your records, and what they can be used for")
    check.set_defaults(command=_check)
    add_source_options(check, invalid="drop")
    check.add_argument("--html", metavar="FILE", help="also write the check as a page that can be passed on")
    check.add_argument("--earlier", metavar="SOURCE", help="an earlier extract, to measure how late rows appear")
    check.add_argument("--earlier-until", metavar="DATE", help="last date the earlier extract can be trusted")
    add_quiet_option(check)


def _check(options: argparse.Namespace) -> int:
    """Check the source, print the check, and write its page if that is asked for."""
    from edgeofcare.reporting.pages import page_path

    if options.html:
        page_path(options.html)
    quality = _quality(options)
    sys.stdout.write(f"{quality}\n")
    if options.html:
        from edgeofcare.reporting.quality_page import write_quality_page

        sys.stdout.write(f"\nWritten: {write_quality_page(quality, options.html).name}\n")
    return 0


def _quality(options: argparse.Namespace) -> Quality:
    """The check; of records that cannot be used, their problems with the verdict that follows."""
    from edgeofcare.dates import one_date
    from edgeofcare.exceptions import RecordsError, SpecError
    from edgeofcare.records.quality.quality import unreadable

    if bool(options.earlier) != bool(options.earlier_until):
        msg = "--earlier and --earlier-until go together: an earlier extract, and the last date it can be trusted."
        raise SpecError(msg)
    until = one_date(options.observed_until, "observed_until") if options.observed_until else None
    earlier = _earlier(options)
    try:
        records = opened(options)
    except RecordsError as error:
        return unreadable(error.problems, until)
    return records.quality(earlier=earlier)


def _earlier(options: argparse.Namespace) -> Any:
    """Records of the earlier extract, read as the later one is; None where there is none."""
    if not options.earlier:
        return None
    changed = {"source": [options.earlier], "ssd": None, "observed_until": options.earlier_until, "observed_from": None}
    return opened(argparse.Namespace(**{**vars(options), **changed}))
