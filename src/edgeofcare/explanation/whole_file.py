"""Writing a file whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from edgeofcare.exceptions import SpecError

__all__ = ["write_whole"]


def write_whole(path: str | Path, content: bytes, what: str) -> Path:
    """Write a file beside its place and then put it there.

    Parameters
    ----------
    path : path
        The file; one that is there is replaced.
    content : bytes
        What it holds.
    what : str
        What it is, for the message.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SpecError
        If it cannot be written; the message does not name the path, which may hold a child's key.
    """
    draft: Path | None = None
    try:
        target = Path(path)
        draft = target.parent / f".{target.name[:40]}.part"
        draft.write_bytes(content)
        draft.replace(target)
    except (OSError, TypeError, ValueError) as error:
        if draft is not None:
            with suppress(OSError, ValueError):
                draft.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or type(error).__name__
        msg = f"The {what} cannot be written there ({reason}). Give the path of a file in a folder that exists."
        raise SpecError(msg) from None
    return target
