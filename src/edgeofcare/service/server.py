"""The service as a process: address, tokens, encryption, signals."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from edgeofcare.exceptions import EdgeOfCareError, SpecError
from edgeofcare.scorer import Scorer
from edgeofcare.service.app import make_app
from edgeofcare.service.connections import connections
from edgeofcare.service.guard import Access, is_loopback
from edgeofcare.service.limits import Limits
from edgeofcare.service.logs import Log, other_lines
from edgeofcare.service.measures import Measures
from edgeofcare.service.served import Served
from edgeofcare.service.tokens import TOKENS_VARIABLE, Tokens, read_tokens

__all__ = ["Address", "serve"]

_WAITING = 256  # connections that wait to be taken; so many may be taken in one go
_GRACE = 5  # seconds that requests have to finish beyond the longest that scoring may take


@dataclass(frozen=True)
class Address:
    """Where the service listens, and who may ask.

    Parameters
    ----------
    host : str
        Address; this machine alone by default.
    port : int
        Port; 0 for any that is free.
    token_file : str or path, optional
        File with tokens, beside those of the environment.
    no_token : bool
        Whether it runs without tokens, on loopback only.
    certfile, keyfile : str or path, optional
        Certificate and key, for HTTPS.

    Examples
    --------
    >>> Address(port=8443).host
    '127.0.0.1'
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token_file: str | os.PathLike[str] | None = None
    no_token: bool = False
    certfile: str | os.PathLike[str] | None = None
    keyfile: str | os.PathLike[str] | None = field(default=None, repr=False)

    def tokens(self, environment: Mapping[str, str]) -> Tokens | None:
        """The tokens, if the service may run with them as it is addressed.

        Parameters
        ----------
        environment : mapping of str to str
            Where tokens may stand.

        Returns
        -------
        Tokens or None
            None where it runs without.

        Raises
        ------
        SpecError
            If there are none and it is not said to run without, or it is said so and others could reach it.
        """
        found = read_tokens(environment, self.token_file)
        if self.no_token:
            if len(found):
                msg = "Tokens are given, and --no-token too. Leave one of them out."
                raise SpecError(msg)
            if not is_loopback(self.host):
                msg = "Without tokens the service listens on this machine alone. Give tokens, or --host 127.0.0.1."
                raise SpecError(msg)
            return None
        if not len(found):
            msg = (
                f"The service needs a token. Put one or more into the environment variable {TOKENS_VARIABLE} or into a "
                "file that --token-file names; or try it out on this machine alone with --no-token."
            )
            raise SpecError(msg)
        return found

    def warning(self) -> str | None:
        """What should be thought of before others reach the service.

        Returns
        -------
        str or None
            None where nothing.
        """
        if is_loopback(self.host) or self.certfile:
            return None
        return "Records and tokens travel unencrypted. Give --certfile and --keyfile, or use a proxy and 127.0.0.1."


def serve(
    path: str | os.PathLike[str],
    load: Callable[[Path], Scorer],
    address: Address,
    *,
    limits: Limits | None = None,
    every: float = 2.0,
) -> None:
    """Run the service until it is told to stop; requests that have begun are finished.

    Parameters
    ----------
    path : str or path
        The model file.
    load : callable
        Reads and checks a model file.
    address : Address
        Where it listens, and who may ask.
    limits : Limits, optional
        How large, how slow and how many requests may be.
    every : float, default 2.0
        Seconds between two looks whether the model file or the token file has changed.

    Raises
    ------
    EdgeOfCareError
        If the model, the tokens or the address cannot be used.
    """
    log, measures, limits = Log(), Measures(), limits or Limits()
    tokens = address.tokens(os.environ)
    served = Served(path, load, log, measures)
    listening = _listening(address)
    looks: list[Callable[[], object]] = []
    app = make_app(served, tokens, limits=limits, log=log, measures=measures, looks=looks, every=every)
    if address.token_file is not None:
        looks.append(_token_look(address, app.state.access, log))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        http=connections(limits),
        backlog=_WAITING,
        lifespan="on",
        ssl_certfile=address.certfile,
        ssl_keyfile=address.keyfile,
        timeout_graceful_shutdown=int(limits.score_seconds + limits.body_seconds) + _GRACE,
    )
    host, port = listening.getsockname()[:2]
    log.write("starts", host=host, port=port, tls=bool(address.certfile), model_id=served.scorer.model_id)
    if address.warning():
        log.write("warning", said=address.warning())
    with other_lines(log), _quiet_end():
        _Server(config, served, limits.header_seconds).run(sockets=[listening])
    log.write("ended")


class _Server(uvicorn.Server):
    """The server, which also looks at the model file when it is told to."""

    def __init__(self, config: uvicorn.Config, served: Served, hello: float) -> None:
        super().__init__(config)
        self._served, self._hello = served, hello

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and from then on read the model file on SIGHUP where there is such a signal."""
        loop = asyncio.get_running_loop()
        if self.config.ssl_certfile:  # before it is over nothing of a connection is known that could be closed
            make = partial(loop.create_server, ssl_handshake_timeout=self._hello)
            loop.create_server = make  # type: ignore[method-assign]
        await super().startup(sockets)
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(
                signal.SIGHUP, lambda: loop.run_in_executor(None, lambda: self._served.look(now=True))
            )


@contextmanager
def _quiet_end() -> Iterator[None]:
    """End like any command when told to stop: the server raises the signal again when it is done."""
    before = {number: signal.signal(number, lambda *_: None) for number in HANDLED_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listening(address: Address) -> socket.socket:
    """A socket that listens."""
    found = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    try:
        if sys.platform != "win32":
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address.host, address.port))
        found.listen(_WAITING)  # from now on clients wait instead of being refused
    except (OSError, OverflowError) as error:
        found.close()
        msg = f"The service cannot listen on this host and port ({type(error).__name__}). Is another program there?"
        raise SpecError(msg) from None
    return found


def _token_look(address: Address, access: Access, log: Log) -> Callable[[], object]:
    """Look whether the token file has changed, and take its tokens if they can be used."""
    assert address.token_file is not None
    path, seen = Path(address.token_file), [b""]
    with path.open("rb") as file:
        seen[0] = file.read()

    def look() -> None:
        """Compare the file with what was there."""
        try:
            data = path.read_bytes()
        except OSError:
            return
        if data == seen[0]:
            return
        seen[0] = data
        try:
            access.tokens = address.tokens(os.environ)
            log.write("tokens read", count=len(access.tokens or ()))
        except EdgeOfCareError as error:
            log.write("tokens refused", said=str(error))

    return look
