"""Write a model file whole or not at all, and clear away what a save that was killed left behind."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from edgeofcare.exceptions import SpecError

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed
    fcntl = None  # type: ignore[assignment]

__all__ = ["write_model", "write_new"]

_DRAFT = ".draft"
_LETTERS = 16  # of the random part of a draft's name
_OLD = 3600.0  # seconds after which a draft is left over where files cannot be locked


def write_model(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all: a reader sees the old bytes or the new ones.

    Drafts of this file that an earlier save left behind when it was killed are removed.

    Parameters
    ----------
    path : Path
        The file; one that is there is replaced.
    data : bytes
        What it holds.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SpecError
        If it cannot be written; the message holds no path.
    """
    try:
        if path.parent.is_dir() and not path.is_dir():
            _remove_drafts(path)
            return _replace(path, data)
        reason = "there is no such folder, or the path is a folder itself"
    except (OSError, ValueError) as error:
        reason = _reason(error)
    msg = (
        f"The model cannot be saved there ({reason}). Give the path of a file in a folder that exists, that you may "
        "write to and that has room."
    )
    raise SpecError(msg)


def write_new(path: Path, data: bytes, what: str, *, mode: int = 0o666) -> Path:
    """Write a file that is not there yet.

    Parameters
    ----------
    path : Path
        The file.
    data : bytes
        What it holds.
    what : str
        What it is, for the message.
    mode : int
        Who may read it, from the moment at which it is made, less what the system's mask takes away.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SpecError
        If it is there already, or cannot be written; nothing is replaced.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        msg = f"The {what} cannot be written ({_reason(error)}). Give a place where there is none yet."
        raise SpecError(msg) from None
    return path


def _replace(path: Path, data: bytes) -> Path:
    """Write a draft beside the file, then put it in the file's place."""
    draft, file = _new_draft(path)
    try:
        with file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:
                draft.replace(path)
        if fcntl is None:  # Windows moves no file that is open
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _new_draft(path: Path) -> tuple[Path, IO[bytes]]:
    """Make a draft and lock it, which shows other saves that somebody is at work on it."""
    while True:
        draft = path.parent / f"{_start(path)}{secrets.token_hex(_LETTERS // 2)}{_DRAFT}"
        file = draft.open("xb")
        if fcntl is None:
            return draft, file
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        if draft.exists():
            return draft, file
        file.close()  # another save took it for left over before it was locked


def _remove_drafts(path: Path) -> None:
    """Remove drafts of this file that nobody is writing any more."""
    start = _start(path)
    for draft in path.parent.iterdir():
        name = draft.name
        if name.startswith(start) and name.endswith(_DRAFT) and len(name) == len(start) + _LETTERS + len(_DRAFT):
            with suppress(OSError):  # somebody is writing it, or it is in its place by now
                _remove_unlocked(draft)


def _remove_unlocked(draft: Path) -> None:
    """Remove a draft that can be locked, under the lock; where there are no locks, one that is old."""
    if fcntl is None:
        if time.time() - draft.stat().st_mtime > _OLD:
            draft.unlink()
        return
    with draft.open("rb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.unlink()


def _start(path: Path) -> str:
    """How the drafts of a file begin: hidden, and never with the name of a model file."""
    return f".{path.stem[:40]}."


def _reason(error: Exception) -> str:
    """What the system says of a file, without its path."""
    return str(getattr(error, "strerror", None) or type(error).__name__)
