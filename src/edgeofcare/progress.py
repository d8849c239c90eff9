"""Progress bars for long work: on where a person watches, off in logs, and always the caller's choice."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

__all__ = ["watched"]

_Item = TypeVar("_Item")


def watched(items: Iterable[_Item], what: str, *, progress: bool | None, total: int | None = None) -> Iterable[_Item]:
    """The items, with a progress bar where one is wanted.

    Parameters
    ----------
    items : iterable
        What is worked through.
    what : str
        What the bar says.
    progress : bool or None
        Whether to show it; None shows it where standard error is a terminal.
    total : int, optional
        How many items there are, where they do not say.

    Returns
    -------
    iterable
        The same items.

    Examples
    --------
    >>> sum(watched([1, 2], "adding", progress=False))
    3
    """
    shown = sys.stderr.isatty() if progress is None else progress
    return tqdm(items, desc=what, total=total, leave=False) if shown else items
