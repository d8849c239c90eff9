"""Reading single columns: identifiers, dates, codes, flags and numbers, as case systems write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.sentinels import LAST_OF_NO_DATE, NO_ID, NO_TEXT, OPEN_FROM_YEAR

__all__ = ["NOT_APPLICABLE", "as_codes", "as_dates", "as_flags", "as_ids", "as_numbers", "as_text", "plain_key"]

_TEXT: Any = "str" if int(pd.__version__.split(".")[0]) >= 3 else object
NOT_APPLICABLE = NO_TEXT | {"na", "n/a"}
"""Words for which a flag or a number is rightly empty."""
_FLAGS = {
    **dict.fromkeys(("y", "yes", "true", "t", "1", "1.0"), True),
    **dict.fromkeys(("n", "no", "false", "f", "0", "0.0"), False),
}
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}([ T].*)?$")
_DAY_FIRST = re.compile(r"^\d{1,2}/\d{1,2}/\d{4}( .*)?$")
_SOURCE = re.compile(r"^(10|[1-3][A-F]|5[A-D]|[46789])(?![0-9A-Z])")
_EXACT = 2**53


def as_text(values: pd.Series, missing: frozenset[str] = NO_TEXT) -> pd.Series:
    """Text without surrounding spaces; the sentinels of case systems become missing.

    Parameters
    ----------
    values : Series
        Any dtype.
    missing : frozenset of str
        Lower-case words that mean "nothing here".

    Returns
    -------
    Series
        Text, NaN where missing.
    """
    try:
        text = values.astype("string").str.strip()
    except UnicodeError:
        text = values.astype(object).map(_writable).astype("string").str.strip()
    gone = text.isna() | text.str.lower().isin(missing)
    return text.astype(object).where(~gone, np.nan).astype(_TEXT)


def _writable(value: Any) -> Any:
    """Text that can be written as UTF-8: a mark stands for each byte or half character that cannot."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.encode("utf-8", errors="replace").decode("utf-8") if isinstance(value, str) else value


def as_ids(values: pd.Series) -> pd.Series:
    """Identifiers as text: leading zeros kept, whole floats written without ``.0``, ``-1`` missing.

    Floats so large that their last digits are lost, and infinite ones, stay as they are written.
    """
    if pd.api.types.is_float_dtype(values):
        numbers = pd.Series(values.to_numpy(dtype="float64", na_value=np.nan), index=values.index)
        whole = numbers.dropna()
        if bool(((whole == whole.round()) & (whole.abs() < _EXACT)).all()):
            values = numbers.astype("Int64")
    text = as_text(values, missing=NO_ID)
    return text.str.replace(r"^(\d+)\.0$", r"\1", regex=True)


def as_dates(values: pd.Series) -> tuple[pd.Series, int, int]:
    """Dates at midnight.

    ISO dates (``2024-03-31``, with or without a time) and ``31/03/2024`` are read. Dates up to 1900-01-01
    (also 0001-01-01, 1753-01-01 and 1899-12-30) and years from 2100 are how case systems write "no date" and
    "still open", and become missing.

    Parameters
    ----------
    values : Series
        Text or datetimes.

    Returns
    -------
    dates : Series of datetime64[s]
    unreadable : int
        How many values are neither missing nor a date.
    sentinels : int
        How many were a sentinel.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        if getattr(values.dtype, "tz", None) is not None:
            values = values.dt.tz_localize(None)
        dates = values.astype("datetime64[s]").dt.floor("D").astype("datetime64[s]")
        given = dates.notna()
    else:
        dates, given = _parsed(as_text(values))
    unreadable = int((given & dates.isna()).sum())
    sentinel = (dates.dt.year >= OPEN_FROM_YEAR) | (dates <= pd.Timestamp(LAST_OF_NO_DATE))
    return dates.mask(sentinel).astype("datetime64[s]"), unreadable, int(sentinel.sum())


def _parsed(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Dates of text, and where there was any text."""
    codes, distinct = pd.factorize(text)
    days = np.array([_one_date(value) for value in distinct] + ["NaT"], dtype="datetime64[D]")
    return pd.Series(days[codes].astype("datetime64[s]"), index=text.index), text.notna()


def _one_date(value: str) -> np.datetime64:
    """The day that a text names, or NaT if it is no date."""
    if _ISO.match(value):
        day = value[:10]
    elif _DAY_FIRST.match(value):
        first, second, third = value.split(" ")[0].split("/")
        day = f"{third}-{int(second):02d}-{int(first):02d}"
    else:
        return np.datetime64("NaT")
    try:
        return np.datetime64(day, "D")
    except ValueError:
        return np.datetime64("NaT")


def as_flags(values: pd.Series) -> pd.Series:
    """Yes or no in any of its spellings, as nullable booleans."""
    text = as_text(values).astype(object)
    lowered = text.map(lambda value: _FLAGS.get(str(value).lower()) if isinstance(value, str) else None)
    return lowered.astype("boolean")


def as_numbers(values: pd.Series) -> pd.Series:
    """Numbers as float64, NaN where there is none; an infinite number is none."""
    numbers = pd.to_numeric(as_text(values), errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def plain_key(text: str) -> str:
    """The letters and digits of a text in lower case, for comparing descriptions.

    Examples
    --------
    >>> plain_key("White - British")
    'whitebritish'
    """
    return re.sub(r"[^a-z0-9]", "", text.lower())


def as_codes(values: pd.Series, code_list: str | None, code_map: Mapping[str, str]) -> tuple[pd.Series, pd.Series]:
    """Canonical codes from codes, descriptions, or a code followed by its description.

    Parameters
    ----------
    values : Series
        As the source has them.
    code_list : str or None
        Name of the code list; None keeps the text as it is.
    code_map : mapping
        Description or local code to canonical code; compared by letters and digits only.

    Returns
    -------
    codes : Series of str
        Canonical codes, NaN where missing or unknown.
    unknown : Series of str
        The distinct texts that were not understood, with their counts.
    """
    text = as_text(values)
    if code_list is None:
        return text, pd.Series(dtype="int64")
    allowed = CODE_LISTS[code_list]
    lookup = {plain_key(meaning): code for code, meaning in allowed.items()}
    lookup |= {plain_key(key): code for key, code in code_map.items()}
    known = {value: _one_code(value, allowed, lookup, code_list) for value in pd.unique(text.dropna())}
    codes = text.map(known).astype(_TEXT)
    return codes, text[text.notna() & codes.isna()].value_counts()


def _one_code(value: str, allowed: Mapping[str, str], lookup: Mapping[str, str], code_list: str) -> str | float:
    """The canonical code of one text, or NaN."""
    if plain_key(value) in lookup:
        return lookup[plain_key(value)]
    upper = value.upper()
    if upper in allowed:
        return upper
    if code_list == "source":
        match = _SOURCE.match(upper)
        return match.group(1) if match else np.nan
    first = re.split(r"[\s:]", upper, maxsplit=1)[0].rstrip("-.")
    return first if first in allowed else np.nan
