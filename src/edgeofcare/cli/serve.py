"""``edgeofcare serve``: a model as a service over HTTP."""

from __future__ import annotations

import argparse
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeofcare.exceptions import SpecError

if TYPE_CHECKING:
    from edgeofcare.service.limits import Limits
    from edgeofcare.service.server import Address

__all__ = ["add_serve_command"]

_MOST_PORT = 65_535
_NEEDED = ("fastapi", "prometheus_client", "uvicorn")


def add_serve_command(commands: Any) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse subparsers
        Where commands are added.
    """
    serve = commands.add_parser("serve", help="answer requests for scores over HTTP (needs edgeofcare[service])")
    serve.set_defaults(command=_serve)
    serve.add_argument("model", metavar="MODEL", help="a model file")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on; this machine alone if left out")
    serve.add_argument("--port", type=_port, default=8000, help="port; 8000 if left out, 0 for any that is free")
    serve.add_argument("--public-key", metavar="FILE", help="refuse models that are not signed with its private key")
    serve.add_argument("--token-file", metavar="FILE", help="tokens, one a line, beside those of EDGEOFCARE_TOKENS")
    serve.add_argument("--no-token", action="store_true", help="let everybody on this machine ask; loopback only")
    serve.add_argument("--certfile", metavar="FILE", help="certificate, for HTTPS")
    serve.add_argument("--keyfile", metavar="FILE", help="private key of the certificate")
    _add_limits(serve)


def _add_limits(serve: argparse.ArgumentParser) -> None:
    """Options of the limits; what is left out is as the limits have it."""
    serve.add_argument("--max-body", type=int, dest="body_bytes", metavar="BYTES", help="largest body of a request")
    serve.add_argument(
        "--body-timeout", type=float, dest="body_seconds", metavar="SECONDS", help="for a body to arrive"
    )
    serve.add_argument(
        "--header-timeout", type=float, dest="header_seconds", metavar="SECONDS", help="for a request to begin"
    )
    serve.add_argument("--connections", type=int, metavar="N", help="connections that may be open")
    serve.add_argument(
        "--timeout", type=float, dest="score_seconds", metavar="SECONDS", help="for a request to be scored"
    )
    serve.add_argument("--threads", type=int, metavar="N", help="requests that are scored at once")
    serve.add_argument(
        "--queue", type=int, dest="waiting", metavar="N", help="requests that may be scored or wait for it"
    )
    serve.add_argument("--rate", type=float, metavar="N", help="requests a second of each token, in the long run")
    serve.add_argument("--burst", type=int, metavar="N", help="requests at once of each token")


def _serve(options: argparse.Namespace) -> int:
    """Run the service until it is told to stop."""
    _refuse_without_libraries()
    from edgeofcare.model_file import load_model
    from edgeofcare.service.server import serve

    key: dict[str, Any] = {} if options.public_key is None else {"public_key": options.public_key}
    serve(options.model, partial(load_model, **key), _address(options), limits=_limits(options))
    return 0


def _refuse_without_libraries() -> None:
    """Say what to install, where it is not."""
    from importlib.util import find_spec

    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        msg = f'The service needs {", ".join(missing)}. Install them with: python -m pip install "edgeofcare[service]"'
        raise SpecError(msg)


def _address(options: argparse.Namespace) -> Address:
    """Where the service listens, and who may ask."""
    from edgeofcare.service.server import Address

    if bool(options.certfile) != bool(options.keyfile):
        msg = "--certfile and --keyfile go together."
        raise SpecError(msg)
    for name in (options.certfile, options.keyfile):
        if name and not Path(name).is_file():
            msg = "--certfile or --keyfile names no file."
            raise SpecError(msg)
    names = ("host", "port", "token_file", "no_token", "certfile", "keyfile")
    return Address(**{name: getattr(options, name) for name in names})


def _limits(options: argparse.Namespace) -> Limits:
    """The limits that are given, the others as they are."""
    from edgeofcare.service.limits import Limits

    names = tuple(each.name for each in fields(Limits))
    given = {name: getattr(options, name) for name in names}
    return Limits(**{name: value for name, value in given.items() if value is not None})


def _port(text: str) -> int:
    """A port."""
    port = int(text) if text.isdecimal() and len(text) < len(str(_MOST_PORT)) + 1 else -1
    if not 0 <= port <= _MOST_PORT:
        msg = f"must be a whole number from 0 to {_MOST_PORT:,}"
        raise argparse.ArgumentTypeError(msg)
    return port
