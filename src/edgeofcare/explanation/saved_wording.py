"""An authority's own wording as a model file holds it: written from a wording file, read without trust."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.wording_file import Wording, library_text, wording_of

__all__ = ["MOST_SAVED_SENTENCES", "plain_wording", "saved_wording"]

MOST_SAVED_SENTENCES = 20_000
"""Sentences that a model file may hold; the library's own wording has some 1,100."""

_MOST_CHARACTERS = 4_000_000
_DIGEST = 64  # letters of a SHA-256


def plain_wording(wording: Any) -> dict[str, Any]:
    """Return a wording as JSON takes it.

    Parameters
    ----------
    wording : Wording or None
        From :func:`edgeofcare.read_wording`; None for that of the library.

    Returns
    -------
    dict
        ``sentences``, a list of (feature, case, sentence), or None for the library's; and ``digest``, the SHA-256 of
        these, or of the library's wording file.

    Raises
    ------
    SpecError
        If it is something else, or too large.
    """
    if wording is None:
        return {"sentences": None, "digest": hashlib.sha256(library_text().encode()).hexdigest()}
    if not isinstance(wording, Wording):
        msg = f"wording is a {type(wording).__name__}; expected what edgeofcare.read_wording returns."
        raise SpecError(msg)
    sentences = [[feature, case, sentence] for (feature, case), sentence in wording.sentences.items()]
    if _too_large(sentences):
        msg = f"The wording is too large for a model file, which holds {MOST_SAVED_SENTENCES:,} sentences at most."
        raise SpecError(msg)
    wording_of(sentences, "the wording")
    return {"sentences": sentences, "digest": _digest(sentences)}


def saved_wording(manifest: Mapping[str, Any]) -> Wording | None:
    """Read a wording, with every check that a wording file on disk passes.

    Parameters
    ----------
    manifest : mapping
        What stands in the file, not yet trusted.

    Returns
    -------
    Wording or None
        None for that of the library, as in files of older layouts.

    Raises
    ------
    LookupError, TypeError or ValueError
        If it is not as :func:`plain_wording` gives it.
    """
    if "wording" not in manifest:
        return None
    entry = manifest["wording"]
    sentences, digest = entry["sentences"], entry["digest"]
    if set(entry) != {"sentences", "digest"} or len(digest) != _DIGEST or not set(digest) <= set(string.hexdigits):
        raise ValueError
    if sentences is None:
        return None
    plain = type(sentences) is list and all(type(line) is list and len(line) == 3 for line in sentences)
    if not plain or not all(type(cell) is str for line in sentences for cell in line) or _too_large(sentences):
        raise ValueError
    if digest != _digest(sentences):
        raise ValueError
    try:
        return wording_of(sentences, "the wording of the model file")
    except SpecError:
        raise ValueError from None


def _too_large(sentences: list[list[str]]) -> bool:
    """Whether there is more than a model file may hold."""
    return (
        len(sentences) > MOST_SAVED_SENTENCES
        or sum(len(cell) for line in sentences for cell in line) > _MOST_CHARACTERS
    )


def _digest(sentences: list[list[str]]) -> str:
    """Digest of sentences in their order."""
    return hashlib.sha256("\n".join("\t".join(line) for line in sentences).encode()).hexdigest()
