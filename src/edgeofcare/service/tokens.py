"""Bearer tokens: kept as digests, compared in constant time, several at once so that they can be changed."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgeofcare.exceptions import SpecError

__all__ = ["FEWEST_CHARACTERS", "TOKENS_VARIABLE", "Tokens", "read_tokens"]

TOKENS_VARIABLE = "EDGEOFCARE_TOKENS"
"""The environment variable that may hold tokens, apart by spaces or commas."""

FEWEST_CHARACTERS = 24
"""Shorter tokens are refused: they could be guessed."""

_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})")
_PLAIN = re.compile(r"[A-Za-z0-9._~+/=-]+")  # what RFC 6750 allows in a header
_MOST_BYTES = 100_000


class Tokens:
    """The tokens that the service knows, as SHA-256 digests.

    Parameters
    ----------
    digests : iterable of bytes
        SHA-256 of each token.

    Examples
    --------
    >>> tokens = Tokens.of(["an-example-of-a-long-token"])
    >>> tokens.place("an-example-of-a-long-token"), tokens.place("another")
    (0, None)
    >>> tokens
    Tokens(1)
    """

    def __init__(self, digests: Iterable[bytes] = ()) -> None:
        self._digests = tuple(dict.fromkeys(digests))

    @classmethod
    def of(cls, words: Iterable[str]) -> Tokens:
        """Take tokens, or their digests written as ``sha256:`` and 64 hexadecimal digits.

        Parameters
        ----------
        words : iterable of str
            Tokens or digests.

        Returns
        -------
        Tokens
            Their digests.

        Raises
        ------
        SpecError
            If a token is too short or has characters that a header cannot carry; it is not quoted.
        """
        return cls([_digest(word, number) for number, word in enumerate(words, start=1)])

    def place(self, token: str) -> int | None:
        """Find a token in constant time.

        Parameters
        ----------
        token : str
            What a client sent.

        Returns
        -------
        int or None
            Its number among the tokens; None if it is not known.
        """
        sent = _hash(token)
        found = None
        for number, digest in enumerate(self._digests):  # all of them, whichever it is
            found = number if hmac.compare_digest(sent, digest) else found
        return found

    def name(self, place: int) -> bytes:
        """What stands for a token where it must not be kept.

        Parameters
        ----------
        place : int
            From :meth:`place`.

        Returns
        -------
        bytes
            Its digest.
        """
        return self._digests[place]

    def __len__(self) -> int:
        return len(self._digests)

    def __repr__(self) -> str:
        return f"Tokens({len(self)})"


def read_tokens(environment: Mapping[str, str], path: str | os.PathLike[str] | None = None) -> Tokens:
    """Read the tokens from the environment and from a file.

    Parameters
    ----------
    environment : mapping of str to str
        Where :data:`TOKENS_VARIABLE` may stand.
    path : str or path, optional
        A text file with a token, or ``sha256:`` and its digest, on each line; lines that begin with ``#`` are left out.

    Returns
    -------
    Tokens
        Those of both.

    Raises
    ------
    SpecError
        If the file cannot be read, holds no token, or a token cannot be used.

    Examples
    --------
    >>> read_tokens({"EDGEOFCARE_TOKENS": "a-first-long-enough-token, a-second-long-enough-token"})
    Tokens(2)
    """
    words = environment.get(TOKENS_VARIABLE, "").replace(",", " ").split()
    return Tokens.of(words if path is None else [*words, *_lines(Path(path))])


def _lines(path: Path) -> list[str]:
    """Tokens of a file."""
    try:
        data = path.read_bytes()
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()] if len(data) <= _MOST_BYTES else []
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The token file cannot be read ({type(error).__name__}). Give a text file in UTF-8, one token a line."
        raise SpecError(msg) from None
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        msg = f"The token file holds no token, or more than {_MOST_BYTES:,} bytes. Put one token on each line."
        raise SpecError(msg)
    return found


def _digest(word: str, number: int) -> bytes:
    """The digest of a token, or the digest that was given in its place."""
    given = _DIGEST.fullmatch(word)
    if given:
        return bytes.fromhex(given[1])
    if len(word) < FEWEST_CHARACTERS or _PLAIN.fullmatch(word) is None:
        msg = (
            f"Token {number} cannot be used: a token has at least {FEWEST_CHARACTERS} characters, all of them letters, "
            'digits or one of "._~+/=-". Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
        raise SpecError(msg)
    return _hash(word)


def _hash(token: str) -> bytes:
    """SHA-256 of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
