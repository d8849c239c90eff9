"""Finding and reading the files of SSDA903 returns, whatever they are called."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.progress import watched
from edgeofcare.records.findings import Findings
from edgeofcare.records.ssda903.layout import KINDS, Kind, kind_of, plain_column
from edgeofcare.records.ssda903.xml import frames_of_xml

__all__ = ["Piece", "loaded_pieces"]

_SUFFIXES = (".csv", ".txt", ".xml")
_HEAD = 1 << 16
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0")
_NUMBER = re.compile(r"(?<!\d)(?:19|20)\d{2}")
_NOT_RECOGNISED = "the columns are not those of an SSDA903 file"


@dataclass(frozen=True)
class Piece:
    """One file, or one part of an XML file: its kind, its rows as text, and with which files it belongs.

    Parameters
    ----------
    kind : Kind
        What it holds.
    frame : DataFrame
        The columns that are read, under our names, as the file has them.
    group : tuple of str
        The same for files of one folder and year in their names, and for the parts of one XML file.
    number : int
        The year in the name of the file or its folder, 0 where there is none. It never says what year the file is of,
        only which of two returns of one year is the later.
    """

    kind: Kind
    frame: pd.DataFrame
    group: tuple[str, str, str]
    number: int


@dataclass(frozen=True)
class _Item:
    """A file or frame that was given, with its folder's and its own name."""

    folder: str
    name: str
    content: Path | pd.DataFrame

    @property
    def number(self) -> int:
        """The year in the name, else in the folder's name, else 0."""
        found = _NUMBER.search(self.name) or _NUMBER.search(re.split(r"[/\\]", self.folder)[-1])
        return int(found.group()) if found else 0


def loaded_pieces(source: Any, findings: Findings, *, progress: bool | None) -> list[Piece]:
    """Read every file of the source that is recognised by its columns.

    Parameters
    ----------
    source : path, sequence of paths, or mapping of str to DataFrame
        A folder (and the folders in it), one file, several files, or frames by name.
    findings : Findings
        Is told of files that could not be read and of those left out.
    progress : bool or None
        Whether to show a progress bar.

    Returns
    -------
    list of Piece
        Only of kinds that the records hold.

    Raises
    ------
    SpecError
        If the source is none of these, or a file does not exist.
    """
    pieces: list[Piece] = []
    unknown = 0
    unread: dict[str, int] = {}
    for item in watched(_items(source), "Reading files", progress=progress):
        found = _pieces(item, findings)
        unknown += found is None
        for piece in found or ():
            if piece.kind.columns:
                pieces.append(piece)
            else:
                unread[piece.kind.name] = unread.get(piece.kind.name, 0) + 1
    findings.note("files", "", unknown, "ignored", _NOT_RECOGNISED)
    for name in sorted(unread):
        findings.note("files", "", unread[name], "ignored", f"{name}: nothing of it has a place in the records")
    _check_kinds(pieces, findings)
    return pieces


def _check_kinds(pieces: Sequence[Piece], findings: Findings) -> None:
    """Files of episodes and of children are both needed."""
    there = {piece.kind.name for piece in pieces}
    if findings.problems:
        return
    if not there:
        findings.problem(
            "SSDA903: no file was recognised. A return is told by the columns of its CSV files (CHILD, DECOM, RNE, LS, "
            "DEC, REC for episodes), or by the elements of its XML file."
        )
        return
    for name in ("episodes", "header"):
        if name not in there:
            marks = ", ".join(aliases[0] for key, aliases in KINDS[name].columns.items() if key in KINDS[name].required)
            findings.problem(f"{name}: no file has the columns of it ({marks}, ...). It is needed.")


def _items(source: Any) -> list[_Item]:
    """What there is to read, in the order of names."""
    if isinstance(source, Mapping):
        named = [(str(name).rpartition("/"), frame) for name, frame in source.items()]
        if not all(isinstance(frame, pd.DataFrame) for _, frame in named):
            msg = "A mapping as SSDA903 source must be of names to DataFrames."
            raise SpecError(msg)
        return sorted((_Item(parts[0], parts[2], frame) for parts, frame in named), key=_by_name)
    if isinstance(source, (str, Path)):
        return _of_paths([Path(source)])
    if isinstance(source, Sequence) and all(isinstance(each, (str, Path)) for each in source):
        return _of_paths([Path(each) for each in source])
    msg = "The SSDA903 source must be a folder, a file, a list of files, or a mapping of names to DataFrames."
    raise SpecError(msg)


def _by_name(item: _Item) -> tuple[str, str]:
    """Items sort by folder and name."""
    return item.folder, item.name


def _of_paths(paths: Iterable[Path]) -> list[_Item]:
    """The files of a list and of the folders in it, each of which has to be there."""
    given = sorted(set(paths))
    gone = sum(not path.exists() for path in given)
    if gone:
        msg = f"{gone} of the {len(given)} SSDA903 paths given do not exist. Give a folder, or the paths of files."
        raise SpecError(msg)
    try:
        files = {path for each in given for path in (_inside(each) if each.is_dir() else [each])}
    except OSError as error:
        msg = f"The SSDA903 folder could not be opened ({type(error).__name__})."
        raise SpecError(msg) from None
    return [_Item(str(path.parent), path.stem, path) for path in sorted(files)]


def _inside(folder: Path) -> list[Path]:
    """The files of a folder and of the folders in it that could be of a return."""
    below = sorted(folder.iterdir())
    below += [path for each in below if each.is_dir() for path in sorted(each.iterdir())]
    return [path for path in below if path.is_file() and path.suffix.lower() in _SUFFIXES]


def _pieces(item: _Item, findings: Findings) -> list[Piece] | None:
    """The pieces of one file or frame; None where its columns are not recognised."""
    if isinstance(item.content, pd.DataFrame):
        return _of_columns(item, list(item.content.columns), item.content, findings)
    if item.content.suffix.lower() == ".xml":
        return _of_xml(item, item.content, findings)
    try:
        with item.content.open("rb") as file:
            head = file.read(_HEAD)
        columns = _header(head)
        kind = None if head.startswith(_ARCHIVES) else kind_of(columns)
        if kind is None:
            return _of_nothing(head, findings)
        rest = item.content.read_bytes() if kind.columns else b""
    except OSError as error:
        findings.problem(f"files: a file could not be opened or read ({type(error).__name__}).")
        return []
    return _of_columns(item, columns, rest, findings)


def _of_nothing(head: bytes, findings: Findings) -> list[Piece] | None:
    """A file without the columns of a return: another table, or no table at all."""
    if head.startswith(_ARCHIVES):
        findings.problem("files: a file named as CSV is an archive or an Excel workbook. Save it as CSV.")
        return []
    first = head.partition(b"\n")[0]
    kinds = [kind_of(_header(first.replace(mark, b","))) for mark in (b";", b"\t") if mark in first]
    if kind := next(filter(None, kinds), None):
        findings.problem(
            f"{kind.name}: the columns of a file are separated by semicolons or tabs. Save it as CSV with commas."
        )
        return []
    return None


def _called(kind: Kind, item: _Item) -> str:
    """The kind of a file and the year in its name, for a message."""
    return f"{kind.name} ({item.number})" if item.number else kind.name


def _of_xml(item: _Item, path: Path, findings: Findings) -> list[Piece] | None:
    """The parts of an XML return."""
    try:
        frames = frames_of_xml(path)
    except RecordsError as error:
        findings.problems.extend(error.problems)
        return []
    group = (item.folder, str(item.number), item.name)
    return [Piece(KINDS[name], frame, group, item.number) for name, frame in frames.items()] or None


def _header(head: bytes) -> list[str]:
    """The column names of a CSV file, from its first bytes."""
    try:
        text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace")
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except (csv.Error, UnicodeError):
        return []


def _of_columns(
    item: _Item, columns: Sequence[Any], content: pd.DataFrame | bytes, findings: Findings
) -> list[Piece] | None:
    """The piece of a CSV file or frame with these columns."""
    kind = kind_of(columns)
    if kind is None:
        return None
    where = _chosen(kind, columns, item, findings)
    if where is None:
        return []
    if not isinstance(content, bytes):
        frame = pd.DataFrame({name: content.iloc[:, at].to_numpy() for name, at in where.items()})
    else:
        read = _read_csv(content, kind, item, findings) if kind.columns else pd.DataFrame(columns=range(len(columns)))
        if read is None:
            return []
        frame = pd.DataFrame({name: read.iloc[:, at] for name, at in where.items()})
    return [Piece(kind, frame, (item.folder, str(item.number), ""), item.number)]


def _chosen(kind: Kind, columns: Sequence[Any], item: _Item, findings: Findings) -> dict[str, int] | None:
    """Where each needed column stands; None where one that is required is missing or is there twice."""
    plain = [plain_column(column) for column in columns]
    where, sound = {}, True
    for name, aliases in kind.columns.items():
        found = [at for at, column in enumerate(plain) if column in aliases]
        if len(found) > 1:
            findings.problem(f"{_called(kind, item)}: column {aliases[0]!r} appears {len(found)} times; keep one.")
            sound = False
        elif found:
            where[name] = found[0]
        elif name in kind.required:
            close = difflib.get_close_matches(aliases[0], [column for column in plain if column], n=1)
            hint = f" Did you mean {close[0]!r}?" if close and len(close[0]) <= len(aliases[0]) + 2 else ""
            findings.problem(f"{_called(kind, item)}: column {aliases[0]!r} is missing.{hint}")
            sound = False
    return where if sound else None


def _read_csv(data: bytes, kind: Kind, item: _Item, findings: Findings) -> pd.DataFrame | None:
    """All columns of a CSV file as text, by position; a row longer or shorter than the header is an error."""
    name = _called(kind, item)
    text = _decoded(data, kind, name, findings)
    if text is None:
        return None
    try:
        width = len(next(csv.reader(io.StringIO(text, newline=""))))
        names = [str(at) for at in range(width)]
        convert = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        read = pa_csv.ReadOptions(column_names=names, skip_rows=0)
        parse = pa_csv.ParseOptions(newlines_in_values=True)
        table = pa_csv.read_csv(
            io.BytesIO(text.encode()), read_options=read, parse_options=parse, convert_options=convert
        )
    except (pa.ArrowException, StopIteration, csv.Error, ValueError) as error:
        findings.problem(
            f"{name}: the file could not be read ({type(error).__name__}). It must be a CSV file with a header line "
            "and the same number of columns in each row."
        )
        return None
    return table.to_pandas().iloc[1:].reset_index(drop=True)


def _decoded(data: bytes, kind: Kind, name: str, findings: Findings) -> str | None:
    """The text of a file: UTF-8, UTF-16 with its mark, or Windows-1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings if encodings[0] == "utf-16" or b"\0" not in data else ():
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        why = f"the file is in {'Windows-1252' if encoding == 'cp1252' else 'UTF-16'}, not UTF-8; read as that"
        findings.note(kind.name, "", int(encoding != "utf-8-sig"), "repaired", why)
        return text
    findings.problem(f"{name}: the file is neither UTF-8 nor Windows-1252 text. Export it again as CSV in UTF-8.")
    return None
