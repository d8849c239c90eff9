"""The command line: ``edgeofcare`` with ``demo``, ``run``, ``score``, ``check``, ``codes``, ``inspect`` and others.

Exit status: 0 on success, 2 on bad input or usage (the message is on standard error), 1 on a fault of ours. What is
said on the screen may be kept in a log: apart from a traceback that was asked for, it holds no single child.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from edgeofcare.cli.check import add_check_command
from edgeofcare.cli.codes import add_codes_command
from edgeofcare.cli.features import add_features_command
from edgeofcare.cli.inspect import add_inspect_command
from edgeofcare.cli.jobs import add_demo_command, add_run_command
from edgeofcare.cli.reproduce import add_reproduce_command
from edgeofcare.cli.schema import add_schema_command
from edgeofcare.cli.score import add_score_command
from edgeofcare.cli.serve import add_serve_command
from edgeofcare.cli.sign import add_sign_command
from edgeofcare.exceptions import EdgeOfCareError
from edgeofcare.version import VERSION

__all__ = ["main"]

_TRACEBACK = "EDGEOFCARE_TRACEBACK"
_HINTS = {
    "invalid='drop'": "--invalid drop",
    "observed_until": "--observed-until DATE",
    "override='...'": "--override WHY",
}
"""What a message may advise, and how it is said on the command line."""


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
    for add_command in (
        *(add_demo_command, add_check_command, add_codes_command, add_features_command),
        *(add_run_command, add_reproduce_command, add_score_command),
        *(add_inspect_command, add_sign_command, add_schema_command, add_serve_command),
    ):
        add_command(commands)
    return parser
