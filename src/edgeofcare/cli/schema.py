"""``edgeofcare schema``: the contract of a case system, as JSON Schema."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

__all__ = ["add_schema_command"]


def add_schema_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_schema_command(parser.add_subparsers())
    >>> parser.parse_args(["schema", "request"]).which
    'request'
    """
    schema = commands.add_parser("schema", help="print the JSON Schema of a request for scores, or of the answer")
    schema.add_argument("which", choices=("request", "response"), help="which of the two")
    schema.set_defaults(command=_schema)


def _schema(options: argparse.Namespace) -> int:
    """Print a schema."""
    from edgeofcare.scoring.contract import request_schema, response_schema

    made = request_schema() if options.which == "request" else response_schema()
    sys.stdout.write(json.dumps(made, indent=1) + "\n")
    return 0
