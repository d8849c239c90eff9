"""``edgeofcare sign``: sign a model file, or make the keys for it."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from edgeofcare.exceptions import SpecError

__all__ = ["PASSPHRASE", "add_sign_command"]

PASSPHRASE = "EDGEOFCARE_SIGN_PASSPHRASE"
"""The environment variable that holds the passphrase of the key that signs."""


def add_sign_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.
    """
    sign = commands.add_parser(
        "sign",
        help="sign a model file, so that others can tell that it is yours and unchanged",
        epilog=f"The passphrase of the key is read from the environment variable {PASSPHRASE}.",
    )
    sign.set_defaults(command=_sign)
    sign.add_argument("model", nargs="?", metavar="MODEL", help="model file; MODEL.sig is written beside it")
    sign.add_argument("--key", metavar="FILE", help="private key in PEM that signs")
    sign.add_argument("--new-key", metavar="FOLDER", help="make a new pair of keys in this folder instead")


def _sign(options: argparse.Namespace) -> int:
    """Sign, or make keys."""
    from edgeofcare.signing import make_signing_key, sign_model

    secret = os.environ.get(PASSPHRASE) or None
    if options.new_key is not None:
        if options.model is not None or options.key is not None:
            msg = "--new-key makes keys and signs nothing: leave MODEL and --key out, and sign with the next command."
            raise SpecError(msg)
        own, public = make_signing_key(options.new_key, passphrase=secret)
        sys.stdout.write(f"{own}: signs. Keep it where only those who may publish a model can reach it.\n")
        sys.stdout.write(f"{public}: checks. Give it to everybody who loads the model.\n")
        if secret is None:
            sys.stdout.write(f"The key that signs has no passphrase. Set {PASSPHRASE} first to give it one.\n")
        return 0
    if options.model is None or options.key is None:
        msg = "A model file and --key are needed: edgeofcare sign MODEL --key FILE; or --new-key FOLDER to make keys."
        raise SpecError(msg)
    written = sign_model(options.model, options.key, passphrase=secret)
    sys.stdout.write(f"{written}\n")
    return 0
