"""Broken input at random: every reader ends in records or in an error of ours, soon, and quotes nothing of a child.

Each case follows from a seed, a reader and a number, so a failure can be played again:
``EDGEOFCARE_FUZZ_REPLAY=seed:reader:number``. ``EDGEOFCARE_FUZZ_SECONDS`` (default 600) is how long the slow test runs.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import re
import signal
import sqlite3
import sys
import time
import traceback
import zipfile
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from edgeofcare.exceptions import EdgeOfCareError
from edgeofcare.records.annex_a.read import read_annex_a
from edgeofcare.records.cin_census.read import read_cin_census
from edgeofcare.records.codes.maps import merged_code_maps
from edgeofcare.records.combine import combine
from edgeofcare.records.pool import pool
from edgeofcare.records.records import Records
from edgeofcare.records.sources import read_records
from edgeofcare.records.sql.read import read_sql
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.records.ssda903.read import read_ssda903
from small_sources import (
    UNTIL,
    annex_lists,
    cin_text,
    leaks,
    sqlite_of,
    ssd_frames,
    ssda903_frames,
    ssda903_text,
    write_frames,
    write_workbook,
)

resource = pytest.importorskip("resource") if sys.platform != "win32" else None

LONGEST_SECONDS, MOST_BYTES = 20.0, 1_000_000_000
QUICK_CASES = 1
NEEDED = ("ssd_person", "ssd_cin_episodes", "ssd_cla_episodes", "ssd_legal_status")
CODED = pa.dictionary(pa.int32(), pa.string())
DAYS = (
    "9999-12-31", "0001-01-01", "31/02/2024", "2024-13-45", "1900-01-01", "45123", "45123.5", "-0001-01-01",
    "10000-01-01", "2024-02-28T25:61", "1/1/24", "00/00/0000", "\uff12\uff10\uff12\uff14-01-02", "2024-W05-1",
    "12/25/2023", "2262-04-12", "1677-09-21", "292277026596-12-04", "2023-05-06 07:08:09.123456789+14:00", "NaT",
)  # fmt: skip
WORDS = (
    "", " ", "-1", "nan", "NULL", "<NA>", "1e308", "-inf", "9" * 400, "1" * 20, "0x1F", "1.0", "1,5", '"', "'", "\0",
    "\ufeff", "\u2028", "\x85", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"), "a" * 100_000,
    "=cmd|' /C calc'!A0", "'; DROP TABLE ssd_person; --", "{" * 500, "[" * 5000, "%s%n", "\u0661\u0662", "\U0001f600",
    "\u00b2", "S20\u2013other",
)  # fmt: skip
_DAY = re.compile(rb"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}")
_NUMBER = re.compile(rb"(?<=[,>])\d+(?=[,<])")


def pick(rng, options):
    """One of several."""
    return options[int(rng.integers(len(options)))]


def span(rng, data):
    """A short stretch of data."""
    first = int(rng.integers(len(data) + 1))
    return first, min(len(data), first + int(rng.integers(1, 200)))


def flipped(rng, data):
    """Bits turned over."""
    changed = bytearray(data)
    for at in rng.integers(len(data), size=int(rng.integers(1, 9))) if data else ():
        changed[at] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def cut(rng, data):
    """The end is missing."""
    return data[: int(rng.integers(len(data) + 1))]


def without(rng, data):
    """A stretch is missing."""
    first, last = span(rng, data)
    return data[:first] + data[last:]


def spliced(rng, data):
    """A stretch stands somewhere else as well."""
    (first, last), (at, _) = span(rng, data), span(rng, data)
    return data[:at] + data[first:last] + data[at:]


def inserted(rng, data):
    """Bytes that do not belong there."""
    at, _ = span(rng, data)
    odd = pick(
        rng, [b"\0", b"\0" * 100, b'"', b"'", b",", b";" * 50, b"\r", b"\n\n", b"\xff\xfe", b"\xa3", b"\x1a", b"<"]
    )
    return data[:at] + odd + data[at:]


def lines(rng, data):
    """Lines twice, missing or in another place."""
    parts = data.splitlines(keepends=True) or [b""]
    at = int(rng.integers(len(parts)))
    change = int(rng.integers(4))
    if change == 0:
        parts[at:at] = [parts[at]] * int(rng.integers(1, 4))
    elif change == 1:
        del parts[at]
    elif change == 2:
        parts[0], parts[at] = parts[at], parts[0]
    else:
        parts = parts[:1]
    return b"".join(parts)


def columns(rng, data):
    """A column of a CSV file twice, missing or moved."""
    rows = [row.split(b",") for row in data.split(b"\n")]
    at, to = (int(rng.integers(len(rows[0]))) for _ in range(2))
    change = int(rng.integers(3))
    for row in rows:
        if at < len(row) and change == 0:
            row.append(row[at])
        elif at < len(row) and change == 1:
            del row[at]
        elif max(at, to) < len(row):
            row[at], row[to] = row[to], row[at]
    return b"\n".join(b",".join(row) for row in rows)


def encoded(rng, data):
    """Another encoding than the one expected."""
    text = data.decode("utf-8", "replace")
    how = pick(rng, ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp037", "utf-7", "utf-8-sig", "utf-8"])
    changed = (text if rng.random() < 0.5 else text.replace("a", "\u00e9")).encode(how, "replace")
    return b"\xef\xbb\xbf" + changed if rng.random() < 0.2 else changed


def replaced(rng, data):
    """Days, numbers and words of another kind."""
    pattern, odd = (_DAY, DAYS) if rng.random() < 0.5 else (_NUMBER, WORDS)
    word = pick(rng, odd).encode("utf-8", "replace")
    share = pick(rng, [0.02, 0.5, 1.0])
    return pattern.sub(lambda match: word if rng.random() < share else match.group(), data)


def separated(rng, data):
    """Other separators or ends of lines."""
    old, new = pick(rng, [(b",", b";"), (b",", b"\t"), (b"\n", b"\r\n"), (b"\n", b"\r"), (b"\n", b""), (b",", b'","')])
    return data.replace(old, new)


def wrapped(rng, data):
    """Another kind of file altogether."""
    packed, other = io.BytesIO(), [b"", b"\n" * 9, b"PAR1" + data, b"{}", b"%PDF-1.7", rng.bytes(2000)]
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("file.csv", data)
    return pick(rng, [packed.getvalue(), gzip.compress(data), *other])


def swollen(rng, data):
    """Far too much of something."""
    head, _, rest = data.partition(b"\n")
    return pick(rng, [
        data * 20, head + b"," * 20_000 + b"\n" + rest, head + b"\n" + b"," * 100_000 + b"\n" + rest,
        data + b'"' + b"x" * 300_000, b"<a>" * 3000 + data, data.replace(b">", b">" + b" " * 999),
    ])  # fmt: skip


def marked(rng, data):
    """XML with entities, types, other encodings and other names."""
    body = data.partition(b"?>")[2] or data
    encodings = [b"utf-16", b"cp037", b"nonsense", b"ascii", b"x" * 999]
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    return pick(rng, [
        b'<!DOCTYPE x [<!ENTITY l0 "ha">' + laughs + b"]>" + body.replace(b"</", b"&l9;</", 1),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + body,
        b'<?xml version="1.0" encoding="%s"?>' % pick(rng, encodings) + body,
        re.sub(rb"<(/?)(\w)", rb"<\1n:\2", body).replace(b"<n:", b'<n:', 1),
        re.sub(rb"<(\w+)>", rb'<\1 xmlns="urn:x">', body), re.sub(rb">(\w+)<", rb"><![CDATA[\1]]><", body),
        re.sub(rb"<(\w+)>", rb"<\1><\1>", body, count=int(rng.integers(1, 5))), body.upper(), body.lower(),
        body.replace(b"</", b"<!-- x --></"), body.replace(b"</", b"&amp;&#0;</", 1), body.replace(b"</", b"&#x85;</"),
    ])  # fmt: skip


def elements(rng, data):
    """An element of XML missing, twice, elsewhere or with other contents."""
    found = list(re.finditer(rb"<(\w+)>.*?</\1>", data, re.DOTALL)) + list(re.finditer(rb"<(\w+)>[^<>]*</\1>", data))
    if not found:
        return data
    one, other = pick(rng, found), pick(rng, found)
    word = pick(rng, [*DAYS, *WORDS]).encode("utf-8", "replace").replace(b"\0", b"")
    new = pick(
        rng, [b"", one.group() * 2, other.group(), re.sub(rb">[^<>]+<", b">" + word + b"<", one.group(), count=1)]
    )
    return data[: one.start()] + new + data[one.end() :]


BYTES = (flipped, cut, without, spliced, inserted, lines, columns, encoded, replaced, separated, wrapped, swollen)
XML = (
    flipped,
    cut,
    without,
    spliced,
    inserted,
    encoded,
    replaced,
    replaced,
    wrapped,
    swollen,
    marked,
    elements,
    elements,
)


def other_dtype(rng, values):
    """A column in a dtype that no reader asked for; what cannot be turned stays."""
    text = values.astype(object)
    days = pd.to_datetime(text, errors="coerce", format="mixed")
    length = len(values)
    return pick(rng, [
        lambda: text.astype("category"),
        lambda: pd.Series(np.arange(length) + 1j, index=values.index),
        lambda: pd.to_timedelta(np.arange(length), unit="D").to_series(index=values.index),
        lambda: days.dt.tz_localize("Asia/Tokyo"),
        lambda: days.astype("datetime64[ns]"), lambda: days.astype("datetime64[ms]"),
        lambda: days.dt.to_period("D"),
        lambda: text.astype("string[pyarrow]"),
        lambda: pd.Series(pd.array(text.tolist(), dtype=pd.ArrowDtype(CODED)), index=values.index),
        lambda: days.dt.date.astype(pd.ArrowDtype(pa.date32())),
        lambda: pd.Series(pd.arrays.ArrowExtensionArray(pa.array([[1, 2]] * length)), index=values.index),
        lambda: pd.Series([[value, [value]] for value in text], index=values.index),
        lambda: pd.Series([{"a": value} for value in text], index=values.index, dtype=object),
        lambda: pd.Series([str(value).encode() for value in text], index=values.index, dtype=object),
        lambda: pd.Series([pick(rng, [value, 1, 2.5, None, dt.date(2020, 1, 2), dt.time(3), Decimal("1.5"), True, pd.NA,
                                      pd.NaT, b"\xff", (1,), {3}, object, float("inf"), np.float32(3), 10**30,
                                      dt.datetime(9999, 12, 31), np.datetime64("2020-01"), pd.Timedelta(1)])
                           for value in text], index=values.index, dtype=object),
        lambda: pd.Series(np.full(length, 2**64 - 1, dtype="uint64"), index=values.index),
        lambda: pd.Series(np.linspace(-1e300, 1e300, length), index=values.index),
        lambda: pd.Series(np.arange(length, dtype="float64"), index=values.index).mask(np.arange(length) % 2 == 0),
        lambda: pd.Series(np.full(length, np.inf), index=values.index),
        lambda: pd.Series(np.arange(length), index=values.index).astype("Int64").where(np.arange(length) % 2 == 0),
        lambda: pd.Series(np.ones(length, dtype=bool), index=values.index),
        lambda: pd.Series(pd.arrays.SparseArray(np.zeros(length)), index=values.index),
        lambda: pd.Series(pd.interval_range(0, length, periods=length) if length else [], index=values.index),
        lambda: pd.Series(np.nan, index=values.index), lambda: pd.Series(pd.NA, index=values.index, dtype="string"),
    ])()  # fmt: skip


def retyped(rng, frame):
    """A column, or all, of another dtype."""
    named = {at: frame.iloc[:, at] for at in range(frame.shape[1])}
    for at in named if rng.random() < 0.1 else [int(rng.integers(frame.shape[1]))] if named else []:
        try:
            named[at] = other_dtype(rng, named[at])
        except (ValueError, TypeError, pa.ArrowException, AttributeError, OverflowError):
            continue
    return pd.concat(named.values(), axis=1, keys=range(len(named))).set_axis(frame.columns, axis=1) if named else frame


def renamed(rng, frame):
    """Columns under other names, twice, missing or in another order."""
    names, at = list(frame.columns), int(rng.integers(max(frame.shape[1], 1)))
    if not names:
        return frame
    change = int(rng.integers(9))
    if change == 0:
        return frame.iloc[:, [each for each in range(len(names)) if each != at]]
    if change == 1:
        return pd.concat([frame, frame.iloc[:, [at]]], axis=1)
    if change == 2:
        return frame.set_axis([names[-1 - place] for place in range(len(names))], axis=1)
    if change == 3:
        return frame.set_axis(pd.MultiIndex.from_product([["top"], names]), axis=1)
    if change == 4:
        return frame.set_axis(range(len(names)), axis=1)
    if change == 5:
        return frame.set_axis(frame.iloc[0].tolist() if len(frame) else names, axis=1)
    odd = pick(
        rng,
        [None, np.nan, ("a", "b"), b"name", 7, str(names[at]).upper(), f" {names[at]} ", f"x.[{names[at]}]", names[0]],
    )
    names[at] = odd
    return frame.set_axis(pd.Index(names, dtype=object), axis=1)


def reindexed(rng, frame):
    """Another index, and rows twice, missing or none."""
    return pick(rng, [
        lambda: frame.iloc[:0], lambda: frame.iloc[:1], lambda: pd.concat([frame, frame]), lambda: frame.iloc[::-1],
        lambda: frame.set_axis(pd.Index([0] * len(frame)), axis=0),
        lambda: frame.set_axis(pd.MultiIndex.from_product([["a"], range(len(frame))]), axis=0),
        lambda: frame.set_axis(pd.Index([np.nan] * len(frame)), axis=0), lambda: frame.iloc[:, :0], pd.DataFrame,
        lambda: frame.set_index(frame.columns[0]) if frame.shape[1] else frame,
    ])()  # fmt: skip


def reworded(rng, frame):
    """Odd words in some cells of a column, or in all."""
    if frame.empty:
        return frame
    at, share = int(rng.integers(frame.shape[1])), pick(rng, [0.1, 1.0])
    odd = [pick(rng, [*DAYS, *WORDS]) if rng.random() < share else value for value in frame.iloc[:, at]]
    parts = [frame.iloc[:, place] for place in range(frame.shape[1])]
    parts[at] = pd.Series(odd, index=frame.index, dtype=object)
    return pd.concat(parts, axis=1, keys=range(len(parts))).set_axis(frame.columns, axis=1)


def no_frame(rng, frame):
    """Something that is no frame."""
    if not isinstance(frame, pd.DataFrame):
        return frame
    return pick(
        rng,
        [
            None,
            frame.to_dict(),
            frame.to_numpy(),
            "frame",
            3,
            list,
            frame.T,
            frame.iloc[:, 0] if frame.shape[1] else None,
        ],
    )


FRAMES = (retyped, retyped, retyped, retyped, renamed, renamed, reindexed, reworded, reworded)


class Case:
    """The changes of one case: made from its own random numbers, and told by name."""

    def __init__(self, seed, reader, number, folder):
        self.rng = np.random.default_rng([seed, sorted(READERS).index(reader), number])
        self.name, self.folder, self.told = f"{seed}:{reader}:{number}", folder, []
        self.options = {"invalid": pick(self.rng, ["raise", "drop", "drop"])}

    def change(self, value, how, what=""):
        """The value after one to three changes."""
        for _ in range(int(self.rng.integers(1, 4))):
            changer = pick(self.rng, how)
            self.told.append(f"{changer.__name__}({what})")
            value = changer(self.rng, value)
        return value

    def stays(self, name):
        """Whether a table that a source can do without is there; with few of them a case takes a third of the time."""
        return not name.startswith("ssd_") or name in NEEDED or self.rng.random() < 0.2

    def files(self, source, how=BYTES):
        """A copy of a folder in which one or two files are changed, and perhaps one is gone or has another name."""
        found = sorted(path for path in source.rglob("*") if path.is_file())
        paths = [path for path in found if self.stays(path.stem)]
        chosen = set(self.rng.integers(len(paths), size=2).tolist())
        for at, path in enumerate(paths):
            copy = self.folder / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes()
            copy.write_bytes(self.change(data, how, path.name) if at in chosen else data)
            if at in chosen and self.rng.random() < 0.1:
                other = pick(self.rng, [".CSV", ".xml", ".parquet", ".xlsx", ".txt", ""])
                copy.replace(copy.with_suffix(other))
                self.told.append(f"suffix({other})")
        return self.folder

    def frames(self, frames):
        """Frames of which one or two are changed, and perhaps one is no frame or gone."""
        changed = {name: frame for name, frame in frames.items() if self.stays(name)}
        for name in {pick(self.rng, list(changed)) for _ in range(int(self.rng.integers(1, 3)))}:
            changed[name] = self.change(changed[name], FRAMES, name)
            if self.rng.random() < 0.05:
                changed[name] = self.change(frames[name], [no_frame], name)
            if self.rng.random() < 0.05:
                self.told.append(f"gone({name})")
                del changed[name]
        return changed


@cache
def base(folder):
    """Sound sources of every kind below a folder."""
    write_frames(ssd_frames(), folder / "ssd")
    (folder / "parquet").mkdir()
    for name, frame in ssd_frames().items():
        frame.to_parquet(folder / "parquet" / f"{name}.parquet")
    write_frames(ssda903_frames(), folder / "ssda903")
    for kind, text in (("xml903", ssda903_text), ("cin", cin_text)):
        (folder / kind).mkdir()
        for year in (2023, 2024):
            (folder / kind / f"{kind}_{year}.xml").write_text(text(year), encoding="utf-8")
    (folder / "annex").mkdir()
    write_workbook(annex_lists(), folder / "annex" / "annex.xlsx")
    (folder / "maps").mkdir()
    (folder / "maps" / "map.csv").write_text(
        "code_list,text,code,meaning\nlegal_status,Our order,V2,\n", encoding="utf-8"
    )
    (folder / "maps" / "map.json").write_text(
        '{"legal_status": {"Our order": "V2"}, "sex": {"m": "M"}}', encoding="utf-8"
    )
    sqlite_of(ssd_frames(), folder / "ssd.db").close()
    return folder


def read_database(case, root):
    """A database of changed tables, or a file of a database that is damaged."""
    if case.rng.random() < 0.3:
        file = case.folder / "ssd.db"
        file.write_bytes(
            case.change((root / "ssd.db").read_bytes(), (flipped, flipped, cut, without, inserted, wrapped), "ssd.db")
        )
        if case.rng.random() < 0.5:
            return read_sql(f"sqlite:///{file}", observed_until=UNTIL, **case.options)
        connection = sqlite3.connect(file)
    else:
        held = {}
        for name, frame in ssd_frames().items():
            if not case.stays(name):
                continue
            odd = case.change(frame, (reworded, renamed), name) if case.rng.random() < 0.2 else frame
            odd = odd.set_axis([str(column) for column in odd.columns], axis=1)
            odd = odd.loc[:, ~odd.columns.str.lower().duplicated()].astype(object)
            held[name] = odd.map(lambda value: blob(case.rng, value)) if case.rng.random() < 0.3 else odd
        connection = sqlite_of({name: frame for name, frame in held.items() if frame.shape[1]})
    try:
        return read_sql(connection, observed_until=UNTIL, **case.options)
    finally:
        connection.close()


def blob(rng, value):
    """Now and then bytes, a number or nothing in place of a text."""
    odd = [b"\xff\xfe\x00", b"text", 2**62, -1, 1e300, float("inf"), None, "\0", "a" * 10_000]
    return pick(rng, odd) if rng.random() < 0.05 else value


def read_workbook(case, root):
    """A workbook whose bytes, or whose parts, are damaged."""
    file, data = case.folder / "annex.xlsx", (root / "annex" / "annex.xlsx").read_bytes()
    if case.rng.random() < 0.2:
        data = case.change(data, BYTES, "annex.xlsx")
    elif case.rng.random() < 0.7:
        parts = zipfile.ZipFile(io.BytesIO(data))
        names, packed = parts.namelist(), io.BytesIO()
        chosen = pick(case.rng, names)
        with zipfile.ZipFile(packed, "w") as archive:
            for name in names:
                held = parts.read(name)
                archive.writestr(name, case.change(held, XML, name) if name == chosen else held)
        data = packed.getvalue()
    else:
        sheets = {name: frame for name, frame in annex_lists().items() if case.rng.random() < 0.95}
        for name in sheets:
            if case.rng.random() < 0.4:
                sheets[name] = case.change(sheets[name], (reworded, renamed, reindexed), name)
        try:
            write_workbook(sheets, file)
            data = file.read_bytes()
        except Exception:  # a cell that Excel cannot hold
            case.told.append("unwritten")
    file.write_bytes(data)
    return read_annex_a(file, observed_until=UNTIL, **case.options)


@cache
def sound():
    """Records of the SSD tables."""
    return read_ssd(ssd_frames(), observed_until=UNTIL)


def own_table(case, root):
    """A table of one's own with odd columns."""
    frame = pd.DataFrame({
        "child_id": ["KQZ7001", "KQZ7002", "KQZ7004", "KQZ7009"],
        "date": ["2022-05-09", "2022-07-12", "2023-01-23", "2023-02-02"],
        "end": ["2022-05-12", "", "2023-02-14", ""], "days": ["3", "1.5", "", "x"], "kind": ["a b", "b/c", "", "d"],
        "seen": ["2022-05-10"] * 4, "key": ["KQZ700x1", "KQZ700x2", "KQZ700x3", "KQZ700x4"],
    })  # fmt: skip
    frame = case.change(frame, FRAMES, "own")
    if case.rng.random() < 0.05:
        frame = case.change(pd.DataFrame({"date": ["2022-05-09"]}), [no_frame], "own")
    given = {"end": "end", "value": "days", "category": "kind", "known": "seen", "row_key": "key"}
    given = {name: column for name, column in given.items() if case.rng.random() < 0.5}
    return sound().with_events("suspensions", frame, **given, **case.options)


def own_codes(case, root):
    """A code map, from a file or as it stands."""
    if case.rng.random() < 0.6:
        file = case.files(root / "maps", (*BYTES, replaced)) / pick(case.rng, ["map.csv", "map.json"])
        return merged_code_maps(file)
    odd = [
        None,
        3,
        "V2",
        ["V2"],
        {"a": "V2"},
        {},
        {None: "V2"},
        {"a": None},
        {"a": ["V2"]},
        {3: "V2"},
        {"a" * 99_999: "zz"},
    ]
    lists = ["legal_status", "sex", "nonsense", None, 3, ("a",), "x" * 10_000]
    given = {pick(case.rng, lists): pick(case.rng, odd) for _ in range(2)}
    case.told.append("odd map")
    return read_ssd(ssd_frames(), observed_until=UNTIL, code_maps=given)


def joined(case, root):
    """Changed CIN census returns and changed SSDA903 returns, joined and pooled."""
    options = {"invalid": "drop"}
    cin = root / "cin" if case.rng.random() < 0.3 else case.files(root / "cin", (elements, elements, replaced))
    frames = case.frames(ssda903_frames())
    both = combine(read_cin_census(cin, **options), read_ssda903(frames, observed_until=None, **options))
    return pool([both, sound()] if case.rng.random() < 0.5 else {"North": both, "South": sound()})


def canonical(case, root):
    """Canonical tables, changed."""
    required = ("children", "referrals", "care_episodes", "legal_statuses")
    names = (*required, "missing_episodes", "contacts", "relationships")
    tables = {name: sound().table(name).astype(object) for name in names}
    return Records.from_tables(case.frames(tables), observed_until=UNTIL, **case.options)


def anything(case, root):
    """Any source, its kind to be found."""
    kind = pick(case.rng, ["ssd", "ssda903", "xml903", "cin", "annex"])
    folder = case.files(root / kind, XML if kind in ("xml903", "cin") else BYTES)
    source = (
        folder
        if case.rng.random() < 0.5
        else pick(case.rng, [path for path in sorted(folder.rglob("*")) if path.is_file()])
    )
    return read_records(source, observed_until=UNTIL, **case.options)


READERS = {
    "ssd_folder": lambda case, root: read_ssd(case.files(root / "ssd"), observed_until=UNTIL, **case.options),
    "ssd_parquet": lambda case, root: read_ssd(
        case.files(root / "parquet", (flipped, cut, without, spliced, wrapped)), observed_until=UNTIL, **case.options
    ),
    "ssd_mapping": lambda case, root: read_ssd(case.frames(ssd_frames()), observed_until=UNTIL, **case.options),
    "sql": read_database,
    "ssda903_csv": lambda case, root: read_ssda903(case.files(root / "ssda903"), observed_until=None, **case.options),
    "ssda903_mapping": lambda case, root: read_ssda903(
        case.frames(ssda903_frames()), observed_until=None, **case.options
    ),
    "ssda903_xml": lambda case, root: read_ssda903(
        case.files(root / "xml903", XML), observed_until=None, **case.options
    ),
    "cin_census": lambda case, root: read_cin_census(case.files(root / "cin", XML), **case.options),
    "annex_a_file": read_workbook,
    "annex_a_mapping": lambda case, root: read_annex_a(
        case.frames(annex_lists()), observed_until=UNTIL, **case.options
    ),
    "with_events": own_table,
    "code_maps": own_codes,
    "combine_and_pool": joined,
    "canonical": canonical,
    "read_records": anything,
}


class HangError(BaseException):
    """The case took too long; no reader catches it."""


@contextmanager
def watched(name):
    """Stop a case that takes too long, and refuse one that took too much memory."""

    def stop(*_):
        """End the case."""
        msg = f"more than {LONGEST_SECONDS:.0f} seconds"
        raise HangError(msg)

    before, started = peak(), time.monotonic()
    if hasattr(signal, "setitimer"):
        previous = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
    if time.monotonic() - started > LONGEST_SECONDS:
        raise HangError(name)
    if peak() - before > MOST_BYTES:
        msg = "memory grew by more than 1 GB"
        raise MemoryError(msg)


def peak():
    """The most memory that this process had, in bytes; 0 where that cannot be told."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if resource else 0


def run(seed, reader, number, root, folder):
    """One case: what went wrong, and where; nothing if all is well."""
    case = Case(seed, reader, number, folder)
    try:
        with watched(case.name):
            records = READERS[reader](case, root)
        said = f"{records!r}\n{records.findings().to_string()}" if isinstance(records, Records) else ""
    except EdgeOfCareError as error:
        shown = "".join(traceback.format_exception(error))
        chained = "direct cause" in shown or "During handling" in shown
        said = f"{error}\n{error!r}" + ("\nCHAINED KQZ700" if chained else "")
    except (Exception, HangError) as error:
        where = traceback.extract_tb(error.__traceback__)
        ours = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in where if "edgeofcare" in frame.filename]
        place = ours[-1] if ours else f"{Path(where[-1].filename).name}:{where[-1].lineno}"
        return f"{type(error).__name__} at {place}: {str(error)[:200]}", case
    found = leaks(said)
    return (f"leaks {found[:3]} in: {said[:300]}" if found else ""), case


def fuzz(seed, root, scratch, *, seconds, cases=10**9):
    """Cases of each reader in turn until time or number is up: how many there were, and the different failures."""
    counts, failures, until = Counter(), {}, time.monotonic() + seconds
    for number in range(cases):
        for reader in READERS:
            if time.monotonic() > until:
                return counts, failures
            folder = scratch / f"{reader}{number}"
            folder.mkdir()
            wrong, case = run(seed, reader, number, root, folder)
            counts[reader] += 1
            if wrong:
                failures.setdefault(wrong.split(": ")[0], f"{case.name} [{', '.join(case.told)}] {wrong}")
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            folder.rmdir()
    return counts, failures


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return base(tmp_path_factory.mktemp("sound"))


def test_a_few_broken_inputs_of_every_reader(root, tmp_path):
    counts, failures = fuzz(1, root, tmp_path, seconds=10**6, cases=QUICK_CASES)
    assert not failures, "\n".join(failures.values())
    assert set(counts) == set(READERS)


@pytest.mark.slow
def test_no_reader_hangs_or_fails_in_another_way(root, tmp_path, record_property, capsys):
    if replay := os.environ.get("EDGEOFCARE_FUZZ_REPLAY"):
        seed, reader, number = replay.split(":")
        wrong, case = run(int(seed), reader, int(number), root, tmp_path)
        assert not wrong, f"{case.told}: {wrong}"
        return
    seed = int(os.environ.get("EDGEOFCARE_FUZZ_SEED", "0"))
    seconds = float(os.environ.get("EDGEOFCARE_FUZZ_SECONDS", "600"))
    counts, failures = fuzz(seed, root, tmp_path, seconds=seconds)
    told = ", ".join(f"{reader} {counts[reader]}" for reader in READERS)
    with capsys.disabled():
        sys.stdout.write(f"\n{sum(counts.values())} cases in {seconds:.0f} seconds: {told}\n")
    assert not failures, told + "\n" + "\n".join(failures.values())
