"""How canonical values are written in the files of a case system."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from edgeofcare.schema.codes import CODE_LISTS

__all__ = [
    "Encoder",
    "column",
    "constant",
    "day",
    "described",
    "flag",
    "key_or",
    "marker",
    "meaning",
    "numbered",
    "text",
]

Encoder = Callable[[pd.DataFrame], pd.Series]


def text(values: pd.Series) -> pd.Series:
    """Text, empty where missing."""
    return values.astype(object).where(values.notna(), "").astype(object)


def day(values: pd.Series) -> pd.Series:
    """Dates as YYYY-MM-DD, empty where missing."""
    return text(values.dt.strftime("%Y-%m-%d"))


def column(name: str) -> Encoder:
    """Write a canonical column as it is."""

    def encode(frame: pd.DataFrame) -> pd.Series:
        """Text or dates."""
        values = frame[name]
        return day(values) if values.dtype.kind == "M" else text(values)

    return encode


def constant(value: str) -> Encoder:
    """Write the same text in each row."""
    return lambda frame: pd.Series(value, index=frame.index, dtype=object)


def key_or(name: str, missing: str) -> Encoder:
    """Write a key, or a stand-in where there is none."""
    return lambda frame: text(frame[name]).where(frame[name].notna(), missing)


def flag(name: str, yes: str, no: str) -> Encoder:
    """Write a flag with the words of the case system; empty where not known."""

    def encode(frame: pd.DataFrame) -> pd.Series:
        """The two words."""
        known = frame[name].astype(object)
        return known.map({True: yes, False: no}).where(frame[name].notna(), "").astype(object)

    return encode


def meaning(codes: str) -> dict[str, str]:
    """Description of each code of a list, with a capital letter."""
    return {code: words[0].upper() + words[1:] for code, words in CODE_LISTS[codes].items()}


def described(name: str, codes: str, *, prefix: bool = False) -> Encoder:
    """Write the description of a code, after the code itself if asked for."""
    words = {code: f"{code} {words}" if prefix else words for code, words in meaning(codes).items()}
    return lambda frame: text(frame[name].astype(object).map(words))


def numbered(keys: pd.Series) -> pd.Series:
    """A whole number that belongs to each key and looks like no other identifier."""
    return (keys.astype("int64") * 7919 + 104729) % 9999991


def marker(prefix: str, name: str = "child_id", *, width: int = 7) -> Encoder:
    """Write an obviously invented personal value, such as FORENAME-0048210."""

    def encode(frame: pd.DataFrame) -> pd.Series:
        """Prefix and number."""
        digits = numbered(frame[name]).to_numpy()
        return pd.Series([f"{prefix}{number:0{width}d}" for number in np.asarray(digits)], index=frame.index)

    return encode
