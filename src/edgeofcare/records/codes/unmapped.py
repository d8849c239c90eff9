"""Which local texts no code map knows, and a template in which an authority maps them."""

from __future__ import annotations

import csv
import difflib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.codes.maps import MAP_COLUMNS, merged_code_maps
from edgeofcare.records.findings import Findings
from edgeofcare.records.ssd.layout import SSD_TABLES
from edgeofcare.records.ssd.read import _loaded, needed_columns, plain_name
from edgeofcare.records.ssd.shape import answered_factors, described_sources
from edgeofcare.records.values import as_codes, as_text, plain_key
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.tables import TABLES
from edgeofcare.spreadsheets import no_formula

__all__ = ["TOO_LONG", "UNMAPPED_COLUMNS", "unmapped_codes", "write_code_template"]

UNMAPPED_COLUMNS = ("table", "column", "code_list", "text", "count", "suggestion")
"""Columns of the listing."""

TOO_LONG = "(texts of more than 100 characters)"
"""Stands in the listing for all long texts of a column: they are notes rather than codes, and are not shown."""

_LONGEST = 100
_MOST_SUGGESTIONS = 200
_LIKE_ENOUGH, _LIKE_ENOUGH_STATUS = 0.5, 0.7
"""How alike a text must be to be suggested, from 0 to 1; more for legal statuses, on which the outcome rests."""


def unmapped_codes(
    source: str | Path | Mapping[str, pd.DataFrame],
    *,
    code_maps: Mapping[str, Mapping[str, str]] | str | Path | None = None,
    progress: bool | None = False,
) -> pd.DataFrame:
    """List every text of every code column of an SSD extract that no code map knows.

    The extract need not be complete or sound: tables that are missing are passed over, and an unknown legal status does
    not stop the listing.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        As for :func:`edgeofcare.read_ssd`.
    code_maps : mapping or path, optional
        The authority's own map so far; what it knows is not listed.
    progress : bool or None, default False
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    DataFrame
        Columns ``table`` and ``column`` (canonical names), ``code_list``, ``text``, ``count`` (rows) and ``suggestion``
        (the code whose meaning is closest in words, to be checked; empty where none is close). The most frequent
        texts of each column come first. Texts of more than 100 characters share one row, with :data:`TOO_LONG` as text.

    Raises
    ------
    RecordsError
        If a file cannot be read, or there is no SSD table.
    SpecError
        If the source or the code map cannot be used.

    Notes
    -----
    The texts are values of the authority's own code lists. Where a worker typed into such a field they may be about a
    child, so the listing is kept with the case records and is not shared.

    Examples
    --------
    >>> statuses = pd.DataFrame({"lega_legal_status": ["V2", "Full care ordr", "Full care ordr"]})
    >>> unmapped_codes({"ssd_legal_status": statuses})[["text", "count", "suggestion"]].to_numpy().tolist()
    [['Full care ordr', 2, 'C2: full care order']]
    """
    maps = merged_code_maps(code_maps)
    findings = Findings()
    loaded = _loaded(source, findings, progress=progress)
    findings.raise_problems()
    if not loaded:
        msg = "No SSD table is there. Tables are named as in the specification, such as ssd_legal_status."
        raise RecordsError(msg)
    if not all(isinstance(frame, pd.DataFrame) for frame in loaded.values()):
        msg = "Each table of the mapping must be a DataFrame."
        raise SpecError(msg)
    parts = [
        _unknown(texts, table.name, column.name, column.codes, maps[column.codes])
        for table in TABLES.values()
        for column in table.columns
        if column.codes and (texts := _texts(loaded, table.name, column.name)) is not None
    ]
    rows = [row for part in parts for row in part]
    return pd.DataFrame(rows, columns=list(UNMAPPED_COLUMNS)).astype({"count": "int64"})


def _texts(loaded: Mapping[str, pd.DataFrame], table: str, column: str) -> pd.Series | None:
    """The texts of one canonical column, one for each row that has one; None where the extract lacks it."""
    frame = loaded.get(SSD_TABLES.get(table, ""))
    if frame is None:
        return None
    named = _named(frame, table, ("factors",) if column == "factor" else (column, f"{column}_text"))
    if column == "factor" and "factors" in named:
        answers = as_text(named["factors"]).dropna().map(answered_factors)
        return pd.Series([code for each in answers for code, yes in each.items() if yes], dtype=object)
    if column == "source":
        named = described_sources(named)
    return named.get(column)


def _named(frame: pd.DataFrame, table: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Some canonical columns of an SSD table, those that it has."""
    plain: dict[str, int] = {}
    for place, name in enumerate(frame.columns):
        plain.setdefault(plain_name(str(name)), place)
    aliases = needed_columns(SSD_TABLES[table])
    places = {
        column: next((plain[alias] for alias in aliases.get(column, ()) if alias in plain), None) for column in columns
    }
    held = {column: frame.iloc[:, place] for column, place in places.items() if place is not None}
    return pd.DataFrame(held).reset_index(drop=True)


def _unknown(
    texts: pd.Series, table: str, column: str, code_list: str, code_map: Mapping[str, str]
) -> list[tuple[str, str, str, str, int, str]]:
    """Rows of the listing for one column, the most frequent text first."""
    _, unknown = as_codes(texts, code_list, code_map)
    counts = {str(text): int(count) for text, count in unknown.items()}
    found = sorted((item for item in counts.items() if len(item[0]) <= _LONGEST), key=lambda item: (-item[1], item[0]))
    long = sum(count for text, count in counts.items() if len(text) > _LONGEST)
    known = _known_words(code_list, code_map)
    enough = _LIKE_ENOUGH_STATUS if code_list == "legal_status" else _LIKE_ENOUGH
    rows = []
    for place, (text, count) in enumerate(found):
        code = _closest(text, known, enough) if place < _MOST_SUGGESTIONS else ""
        suggestion = f"{code}: {CODE_LISTS[code_list][code]}" if code else ""
        rows.append((table, column, code_list, text, count, suggestion))
    if long:
        rows.append((table, column, code_list, TOO_LONG, long, ""))
    return rows


def _known_words(code_list: str, code_map: Mapping[str, str]) -> list[tuple[str, str, dict[str, float]]]:
    """Every text that is understood, in plain words, with its code and the weight of each word: rare ones tell more."""
    known = {_words(meaning): code for code, meaning in CODE_LISTS[code_list].items()}
    known |= {_words(text): code for text, code in code_map.items()}
    held = Counter(word for words in known for word in set(words.split()))
    return [(words, known[words], {word: 1 / held[word] for word in words.split()}) for words in sorted(known) if words]


def _words(text: str) -> str:
    """A text in lower case, with its letters and digits only."""
    return " ".join(filter(None, (plain_key(word) for word in text.split())))


def _closest(text: str, known: list[tuple[str, str, dict[str, float]]], enough: float) -> str:
    """The code of the text that is most alike, by its letters and by its words; nothing where none is alike."""
    words = _words(text)
    own = set(words.split())
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(words)
    best, closest = enough, ""
    for other, code, weights in known:
        matcher.set_seq1(other)
        shared = sum(weight for word, weight in weights.items() if word in own) / sum(weights.values())
        if matcher.real_quick_ratio() + shared > 2 * best and (score := (matcher.ratio() + shared) / 2) > best:
            best, closest = score, code
    return closest


def write_code_template(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a code map in CSV, to be filled in: one row for each unknown text, with an empty code.

    Parameters
    ----------
    frame : DataFrame
        From :func:`unmapped_codes`.
    path : path
        File to write; one that is there is never overwritten, because it may hold decisions.

    Returns
    -------
    Path
        The file. Below the texts stand the codes of each list with their meaning, in rows without a text, which are
        not read as entries. Fill in the ``code`` column and pass the file as ``code_maps=``; rows without a code are
        left out.

    Raises
    ------
    SpecError
        If the file is there already or cannot be written, or the frame is not such a listing.

    Examples
    --------
    >>> import tempfile
    >>> statuses = pd.DataFrame({"lega_legal_status": ["Our own order"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_code_template(unmapped_codes({"ssd_legal_status": statuses}), Path(folder) / "our_codes.csv")
    ...     path.read_text(encoding="utf-8-sig").splitlines()[:2]
    ['code_list,text,code,meaning,count,where,suggestion', 'legal_status,Our own order,,,1,legal_statuses.status,']
    """
    if not isinstance(frame, pd.DataFrame) or not set(UNMAPPED_COLUMNS) <= set(frame.columns):
        msg = "The template is written from the listing that unmapped_codes gives."
        raise SpecError(msg)
    path = Path(path)
    rows = [*_to_fill(frame), *_legend(frame)]
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*MAP_COLUMNS, "count", "where", "suggestion"])
            writer.writerows(rows)
    except FileExistsError:
        msg = "The template is there already and may hold your decisions, so it is not overwritten. Name another file."
        raise SpecError(msg) from None
    except OSError as error:
        msg = f"The template could not be written ({type(error).__name__}). Name a file in a folder you can write to."
        raise SpecError(msg) from None
    return path


def _to_fill(frame: pd.DataFrame) -> list[tuple[str | int, ...]]:
    """One row for each code list and text, however often and wherever it stands."""
    listed = frame[frame["text"] != TOO_LONG]
    listed = listed.assign(plain=listed["text"].map(plain_key), where=listed["table"] + "." + listed["column"])
    rows: list[tuple[str | int, ...]] = []
    for (code_list, _), same in listed.groupby(["code_list", "plain"], sort=False):
        text = str(same["text"].iloc[0])
        where = "; ".join(sorted(set(same["where"])))
        count, suggestion = int(same["count"].sum()), str(same["suggestion"].iloc[0])
        rows.append((str(code_list), no_formula(text), "", "", count, where, suggestion))
    return rows


def _legend(frame: pd.DataFrame) -> list[tuple[str | int, ...]]:
    """The codes of each list that is needed, with their meaning, in rows without a text."""
    return [
        (code_list, "", code, meaning, "", "", "")
        for code_list in dict.fromkeys(frame["code_list"])
        for code, meaning in CODE_LISTS[code_list].items()
    ]
