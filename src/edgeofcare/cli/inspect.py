"""``edgeofcare inspect``: say what a model file is, for a person."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

__all__ = ["add_inspect_command"]


def add_inspect_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.
    """
    look = commands.add_parser("inspect", help="check a model file, and say what it predicts, for whom and how well")
    look.set_defaults(command=_inspect)
    look.add_argument("model", metavar="FILE", help="model file")
    look.add_argument("--json", action="store_true", help="print everything as JSON")
    look.add_argument("--features", action="store_true", help="list every feature")
    look.add_argument("--public-key", metavar="FILE", help="public key in PEM by which the file must be signed")


def _inspect(options: argparse.Namespace) -> int:
    """Print what the file says."""
    from edgeofcare.model_inspection import inspect_model

    found = inspect_model(options.model, public_key=options.public_key)
    if options.json:
        sys.stdout.write(f"{json.dumps(found.to_dict(), indent=1, allow_nan=False)}\n")
    else:
        sys.stdout.write(f"{found.text(features=options.features)}\n")
    return 0
