"""Named kinds of broken input, each given to every reader that can meet it: a clear error, or a counted repair.

No message, repr, finding or traceback holds a key, a date or a text of a child; what was made by hand holds marks by
which a leak would be seen (``small_sources``).
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import struct
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgeofcare.exceptions import EdgeOfCareError
from edgeofcare.records.annex_a.read import read_annex_a
from edgeofcare.records.cin_census.read import read_cin_census
from edgeofcare.records.combine import combine
from edgeofcare.records.pool import pool
from edgeofcare.records.records import Records
from edgeofcare.records.sources import read_records
from edgeofcare.records.sql.read import read_sql
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.records.ssda903.read import read_ssda903
from small_sources import (
    SECRET,
    UNTIL,
    annex_lists,
    cin_text,
    leaks,
    sqlite_of,
    ssd_frames,
    ssda903_frames,
    ssda903_text,
    write_workbook,
)

# ---------------------------------------------------------------------------------------------- sources and readers


def as_bytes(frames):
    """Frames as CSV files: path to content."""
    return {f"{name}.csv": frame.to_csv(index=False, lineterminator="\n").encode() for name, frame in frames.items()}


def cin_files():
    """Two years of CIN census returns."""
    return {f"cin_{year}.xml": cin_text(year).encode() for year in (2023, 2024)}


def xml903_files():
    """Two years of SSDA903 returns as XML."""
    return {f"{year}.xml": ssda903_text(year).encode() for year in (2023, 2024)}


@cache
def workbook_bytes():
    """A sound Annex A workbook."""
    held = io.BytesIO()
    write_workbook(annex_lists(), held)
    return held.getvalue()


def put(files, folder):
    """Write files into a folder of their own."""
    for name, content in files.items():
        path = Path(folder, "source", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (Path(folder) / "source").mkdir(exist_ok=True)
    return Path(folder) / "source"


@cache
def sound_ssd():
    """Records of the sound SSD tables."""
    return read_ssd(ssd_frames(), observed_until=UNTIL)


@cache
def sound_cin():
    """Records of the sound CIN census, cut off on the last day of the rest."""
    folder = put(cin_files(), TEMPORARY[0])
    return read_cin_census(folder)


TEMPORARY: list[Path] = []


@pytest.fixture(scope="module", autouse=True)
def _temporary(tmp_path_factory):
    TEMPORARY[:] = [tmp_path_factory.mktemp("sound")]


def own_frame():
    """A table of an authority's own."""
    return pd.DataFrame(
        {
            "child_id": ["KQZ7001", "KQZ7002", "KQZ7004"],
            "date": ["2022-05-09", "2022-09-12", "2023-02-23"],
            "end": ["2022-05-12", "", "2023-03-02"],
            "days": ["3", "1.5", "2"],
        }
    )


def with_events(frame, folder, options):
    """The table added to sound records."""
    return sound_ssd().with_events("suspensions", frame["own"], end="end", value="days", **options)


def from_sqlite(frames, folder, options):
    """The tables read from SQLite."""
    connection = sqlite_of(frames)
    try:
        return read_sql(connection, observed_until=UNTIL, **options)
    finally:
        connection.close()


def map_and_read(files, folder, options):
    """SSD tables read with a code map of one's own."""
    path = put(files, folder) / next(iter(files), "none.csv")
    return read_ssd(ssd_frames(), observed_until=UNTIL, code_maps=path, **options)


def annex_written(sheets, folder, options):
    """The sheets written to a workbook and read."""
    return read_annex_a(write_workbook(sheets, Path(folder, "annex.xlsx")), observed_until=UNTIL, **options)


def joined(sources, folder, options):
    """Sound CIN census returns with changed SSDA903 returns."""
    return combine(sound_cin(), read_ssda903(sources, observed_until=None, **options))


READERS: dict[str, tuple[Callable[[], dict], Callable]] = {
    "ssd": (ssd_frames, lambda frames, _, options: read_ssd(frames, observed_until=UNTIL, **options)),
    "ssd_folder": (
        lambda: as_bytes(ssd_frames()),
        lambda files, folder, options: read_ssd(put(files, folder), observed_until=UNTIL, **options),
    ),
    "sql": (ssd_frames, from_sqlite),
    "ssda903": (ssda903_frames, lambda frames, _, options: read_ssda903(frames, observed_until=None, **options)),
    "ssda903_csv": (
        lambda: as_bytes(ssda903_frames()),
        lambda files, folder, options: read_ssda903(put(files, folder), observed_until=None, **options),
    ),
    "ssda903_xml": (
        xml903_files,
        lambda files, folder, options: read_ssda903(put(files, folder), observed_until=None, **options),
    ),
    "cin": (cin_files, lambda files, folder, options: read_cin_census(put(files, folder), **options)),
    "annex": (annex_lists, annex_written),
    "annex_file": (
        lambda: {"annex.xlsx": workbook_bytes()},
        lambda files, folder, options: read_annex_a(put(files, folder) / "annex.xlsx", observed_until=UNTIL, **options),
    ),
    "own": (lambda: {"own": own_frame()}, with_events),
    "code_map": (lambda: {"map.csv": b"code_list,text,code\nlegal_status,Our order,V2\n"}, map_and_read),
    "combine": (ssda903_frames, joined),
    "pool": (lambda: {"North": sound_ssd(), "South": sound_ssd()}, lambda named, _, options: pool(named)),
    "records": (
        lambda: as_bytes(ssd_frames()),
        lambda files, folder, options: read_records(put(files, folder), observed_until=UNTIL, **options),
    ),
}


# -------------------------------------------------------------------------------------------------- what must follow


@dataclass(frozen=True)
class Says:
    """An error whose message holds all of these words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Finds:
    """Records, and a line of ``findings()``: table, column, count, action, and words of the reason."""

    table: str
    column: str
    count: int
    action: str
    why: str


@dataclass(frozen=True)
class Same:
    """Records as those of the sound source: the reader sees through it."""


@dataclass(frozen=True)
class Broken:
    """One reader's case: how its source is broken, with which options it is read, and what must follow."""

    reader: str
    change: Callable[[dict], Any]
    follows: Says | Finds | Same
    options: dict = field(default_factory=dict)


def says(reader, change, *words, **options):
    """A case that ends in an error."""
    return Broken(reader, change, Says(words), options)


def finds(reader, change, table, column, count, action, why, **options):
    """A case that ends in a counted repair."""
    return Broken(reader, change, Finds(table, column, count, action, why), options)


def same(reader, change, **options):
    """A case that the reader sees through."""
    return Broken(reader, change, Same(), options)


# ------------------------------------------------------------------------------------------------------ ways to break


def all_of(*changes):
    """One change after the other."""

    def change(source):
        for each in changes:
            each(source)

    return change


def file(name, how):
    """The bytes of one file changed."""
    return lambda files: files.__setitem__(name, how(files[name]))


def swap(name, old, new, count=-1):
    """Some bytes of one file for others, which have to be there."""

    def how(content):
        assert old in content, old
        return content.replace(old, new, count)

    return file(name, how)


def cells(name, column, *values, rows=None):
    """The first cells of a column, or those of some rows; one value stands for the whole column if ``rows`` is all."""

    def change(frames):
        frame = frames[name].astype(object)
        places = range(len(frame)) if rows == "all" else rows or range(len(values))
        held = frame[column].tolist()
        for at, place in enumerate(places):
            held[place] = values[at % len(values)]
        frames[name] = frame.assign(**{column: pd.Series(held, index=frame.index, dtype=object)})

    return change


def frame(name, how):
    """One frame changed."""
    return lambda frames: frames.__setitem__(name, how(frames[name]))


def row(name, **values):
    """A row more: a copy of the first with other values."""

    def change(frames):
        extra = frames[name].iloc[[0]].assign(**values)
        frames[name] = pd.concat([frames[name], extra], ignore_index=True)

    return change


def twice(column):
    """A column that is there twice."""
    return lambda frame: pd.concat([frame, frame[[column]]], axis=1)


def gone(name):
    """A file or table that is not there."""
    return lambda source: source.pop(name)


def cut(content):
    """The second half is missing."""
    return content[: len(content) // 2]


def zipped(content):
    """A ZIP archive in place of the file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(f"{SECRET}1.csv", content)
    return held.getvalue()


def laughing(content):
    """Entities that unfold to gigabytes."""
    laughs = '<!DOCTYPE x [<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    head, mark, body = content.partition(b"?>")
    return head + mark + laughs.encode() + b"]>" + body.replace(b"</", b"&l10;</", 1)


def outside(content):
    """An entity that stands for a file of the machine."""
    head, mark, body = content.partition(b"?>")
    held = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return head + mark + held + body.replace(b"</", b"&e;</", 1)


def deep(content):
    """Elements nested a hundred thousand deep."""
    return content.replace(b"</", b"<a>" * 100_000 + b"</", 1)


def part_of_workbook(name, how):
    """One part of the workbook changed."""

    def change(files):
        parts, held = zipfile.ZipFile(io.BytesIO(files["annex.xlsx"])), io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for each in parts.namelist():
                archive.writestr(each, how(parts.read(each)) if each == name else parts.read(each))
        files["annex.xlsx"] = held.getvalue()

    return change


def claiming(files):
    """A workbook whose directory says that a part has 2 GB once unpacked."""
    held = bytearray(files["annex.xlsx"])
    directory = held.index(b"PK\x01\x02")
    held[directory + 24 : directory + 28] = struct.pack("<I", 2_000_000_000)
    files["annex.xlsx"] = bytes(held)


def parquet(name):
    """A table as a Parquet file whose last bytes claim 2 GB of metadata."""

    def change(files):
        held = io.BytesIO()
        ssd_frames()[name].to_parquet(held)
        del files[f"{name}.csv"]
        files[f"{name}.parquet"] = held.getvalue()[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1"

    return change


def parquet_noted(name, note):
    """A table as a Parquet file with notes of pandas that are wrong; they say how to build the frame."""

    def change(files):
        held = io.BytesIO()
        table = pa.Table.from_pandas(ssd_frames()[name], preserve_index=False)
        pq.write_table(table.replace_schema_metadata({b"pandas": note}), held)
        del files[f"{name}.csv"]
        files[f"{name}.parquet"] = held.getvalue()

    return change


def rows_of(count, text):
    """As many rows as that, each of them the text."""
    return lambda content: content.partition(b"\n")[0] + b"\n" + text * count


def serial(day):
    """The day as Excel stores it."""
    return str((dt.date.fromisoformat(day) - dt.date(1899, 12, 30)).days)


def latin(content):
    """Windows-1252 with letters that UTF-8 would write otherwise."""
    return content.replace(b"WBRI", "caf\u00e9".encode("cp1252"), 1)


def float_keys(frames):
    """Keys of children as a spreadsheet reads them: numbers with decimals, with gaps where there was none."""
    for name, held in frames.items():
        for column in held:
            if (column.endswith("person_id") and name != "ssd_mother") or column == "moth_childs_person_id":
                held[column] = held[column].str.removeprefix(SECRET).astype("float64")


def number_keys(frames):
    """The same keys as whole numbers in text."""
    float_keys(frames)
    for held in frames.values():
        for column in held.select_dtypes("float64"):
            held[column] = held[column].astype(int).astype(str)


def records_without(named):
    """Something that is no Records among the authorities."""
    named["South"] = ssd_frames()


ROWS = "Correct the rows, or pass invalid='drop'"
PERSON, CARE = "ssd_person.csv", "ssd_cla_episodes.csv"
SHEET = "xl/worksheets/sheet1.xml"
BIRTH = ("ssd_person", "pers_dob")
EPISODES = "2024/episodes"


# --------------------------------------------------------------------------------------------------------- the kinds

# fmt: off
KINDS: dict[str, list[Broken]] = {
    "truncated XML": [
        says("cin", file("cin_2024.xml", cut), "cin_2024.xml", "cut short", "Copy or export it again"),
        says("ssda903_xml", file("2024.xml", cut), "2024.xml", "cut short", "Copy or export it again"),
        says("annex_file", part_of_workbook(SHEET, cut), "workbook cannot be read", "save it again as .xlsx"),
    ],
    "truncated workbook": [says("annex_file", file("annex.xlsx", cut), "not an Excel workbook", "Save it from Excel")],
    "truncated CSV": [
        says("ssd_folder", file(CARE, lambda held: held[:-20]), "ssd_cla_episodes", "could not be read", "CSV"),
        says("ssda903_csv", file("2024/episodes.csv", lambda held: held[:-20]), "episodes (2024)", "number of columns"),
    ],
    "wrong encoding: Windows-1252": [
        says("ssd_folder", file(PERSON, latin), "ssd_person", "not UTF-8", "Export it again"),
        finds("ssda903_csv", file("2024/header.csv", latin), "header", "", 1, "repaired", "Windows-1252"),
        says("cin", file("cin_2024.xml", latin), "cin_2024.xml", "line", "UTF-8"),
        same("code_map", lambda files: files.update({"map.csv": files["map.csv"] + b"sex,gar\xe7on,M\n"})),
    ],
    "wrong encoding: UTF-16": [
        says("ssd_folder", file(PERSON, lambda held: held.decode().encode("utf-16")), "ssd_person", "UTF-8"),
        finds(
            "ssda903_csv",
            file("2024/header.csv", lambda held: held.decode().encode("utf-16")),
            *("header", "", 1, "repaired", "UTF-16"),
        ),
        says("cin", file("cin_2024.xml", lambda held: held.decode().encode("utf-16")), "UTF-8"),
    ],
    "unknown encoding": [
        says("cin", swap("cin_2024.xml", b"UTF-8", b"cp-none"), "encoding", "UTF-8"),
        says("ssda903_xml", swap("2024.xml", b"UTF-8", b"cp-none"), "encoding", "UTF-8"),
    ],
    "byte order mark": [
        same("ssd_folder", file(PERSON, lambda held: b"\xef\xbb\xbf" + held)),
        same("ssda903_csv", file("2024/header.csv", lambda held: b"\xef\xbb\xbf" + held)),
        same("cin", file("cin_2024.xml", lambda held: b"\xef\xbb\xbf" + held)),
        same("code_map", file("map.csv", lambda held: b"\xef\xbb\xbf" + held)),
    ],
    "mixed date formats": [
        same("ssd", cells(*BIRTH, "17/05/2008", "2009-11-23T00:00:00")),
        says("ssd", cells(*BIRTH, "17 May 2008", "11/23/2009"), "children", "birth_date", "unreadable", "2 rows", ROWS),
        finds("ssd", cells(*BIRTH, "17 May 2008", "11/23/2009"), "children", "birth_date", 2, "emptied", "unreadable",
              invalid="drop"),
        says("ssda903", cells(EPISODES, "DECOM", "23.01.2023"), "episodes", "'DECOM'", "unreadable", "1 row", ROWS),
        says("annex", cells("List 3", "Date of referral", "Aug 2023"), "referrals", "start_date", "1 row", ROWS),
        says("cin", swap("cin_2024.xml", b"2022-08-02", b"August"), "referrals", "start_date", "1 row", ROWS),
        says("own", cells("own", "date", "9 May"), "suspensions", "date", "unreadable", "1 row", ROWS),
        says("sql", cells(*BIRTH, 20080517), "children", "birth_date", "unreadable", "1 row", ROWS),
        says("combine", cells(EPISODES, "DEC", "July"), "episodes", "'DEC'", "1 row", ROWS),
    ],
    "Excel serial dates": [
        says("ssd", cells(*BIRTH, serial("2008-05-17")), "birth_date", "unreadable date in 1 row", "2024-03-31"),
        finds("ssd", cells(*BIRTH, serial("2008-05-17")), "children", "birth_date", 1, "emptied", "unreadable",
              invalid="drop"),
        says("ssda903", cells(EPISODES, "DECOM", serial("2023-01-23")), "'DECOM'", "unreadable date in 1 row"),
        same("annex", cells("List 3", "Date of referral", int(serial("2023-08-12")))),
        says("own", cells("own", "date", 44690), "date", "unreadable date in 1 row", ROWS),
    ],
    "ids read as floats": [
        same("ssd", all_of(float_keys)),
        same("sql", all_of(number_keys, lambda frames: cells("ssd_person", "pers_person_id", *map(float, range(1, 7)))(
            frames))),
        same("ssda903", lambda frames: [held.update(held["CHILD"].str.removeprefix("KQZ") + ".0") for held in
             frames.values()]),
    ],
    "ids in scientific notation": [
        says("ssd", cells("ssd_person", "pers_person_id", "1.23457E+15", rows="all"), "child_id", "duplicate keys",
             "5 rows"),
        finds("own", cells("own", "child_id", "1.23457E+15"), "suspensions", "child_id", 1, "dropped", "not in the"),
    ],
    "duplicate columns": [
        says("ssd", frame("ssd_person", twice("pers_dob")), "ssd_person", "'pers_dob'", "2 times", "keep one"),
        says("ssd_folder", file(PERSON, lambda held: held.replace(b"pers_sex", b"PERS_DOB")), "ssd_person",
             "'pers_dob'", "2 times", "keep one"),
        says("ssda903", frame(EPISODES, twice("DEC")), "episodes (2024)", "'DEC'", "2 times", "keep one"),
        says("ssda903_csv", swap("2024/episodes.csv", b"REASON_PLACE_CHANGE", b"DEC"), "'DEC'", "2 times", "keep one"),
        says("annex", frame("List 6", twice("CIN Start Date")), "List 6", "2 columns look like", "keep one"),
        says("own", frame("own", twice("date")), "suspensions", "'date' more than once"),
    ],
    "billion-laughs XML": [
        says("cin", file("cin_2024.xml", laughing), "cin_2024.xml", "entities", "not read for safety"),
        says("ssda903_xml", file("2024.xml", laughing), "2024.xml", "entities", "not read for safety"),
        says("annex_file", part_of_workbook(SHEET, laughing), "workbook cannot be read"),
    ],
    "XML that asks for a file of the machine": [
        says("cin", file("cin_2024.xml", outside), "cin_2024.xml", "entities", "not read for safety"),
        says("ssda903_xml", file("2024.xml", outside), "2024.xml", "entities", "not read for safety"),
        says("annex_file", part_of_workbook(SHEET, outside), "workbook cannot be read"),
    ],
    "XML nested without end": [
        says("cin", file("cin_2024.xml", deep), "cin_2024.xml", "nested more than 100 deep"),
        says("ssda903_xml", file("2024.xml", deep), "2024.xml", "nested more than 100 deep"),
    ],
    "a 2 GB-claiming header": [
        says("annex_file", claiming, "claims more than 300 MB", "new workbook"),
        says("ssd_folder", parquet("ssd_person"), "ssd_person", "could not be read", "CSV or Parquet"),
    ],
    "a damaged Parquet file": [
        same("ssd_folder", parquet_noted("ssd_person", b"{")),
        same("ssd_folder", parquet_noted("ssd_person", json.dumps({"index_columns": ["pers_person_id"], "columns": [
             {"name": "pers_dob", "field_name": "pers_dob", "pandas_type": "no", "numpy_type": "no", "metadata": None}
             ]}).encode())),
        says("ssd_folder", lambda files: files.update({"ssd_person.parquet": b"PAR1 and no more",
             "ssd_person.csv": b""}), "ssd_person", "more than one file", "could not be read"),
    ],
    "zip instead of CSV": [
        says("ssd_folder", file(PERSON, zipped), "ssd_person", "archive", "CSV"),
        says("ssda903_csv", file("2024/episodes.csv", zipped), "archive or an Excel workbook", "Save it as CSV"),
        says("cin", file("cin_2024.xml", zipped), "cin_2024.xml", "archive", "Unpack it"),
        says("ssda903_xml", file("2024.xml", gzip.compress), "2024.xml", "archive", "Unpack it"),
        says("annex_file", file("annex.xlsx", zipped), "another kind of archive"),
        says("code_map", file("map.csv", zipped), "code map", "columns code_list, text, code"),
        says("records", file(PERSON, zipped), "ssd_person", "archive", "CSV"),
    ],
    "empty files": [
        says("ssd_folder", file(PERSON, lambda _: b""), "ssd_person", "empty"),
        says("ssda903_csv", lambda files: files.update(dict.fromkeys(files, b"")), "no file was recognised"),
        says("cin", file("cin_2024.xml", lambda _: b""), "cin_2024.xml", "is empty"),
        says("ssda903_xml", file("2024.xml", lambda _: b" \n"), "2024.xml", "is empty"),
        says("annex_file", file("annex.xlsx", lambda _: b""), "not an Excel workbook"),
        says("code_map", file("map.csv", lambda _: b""), "columns code_list, text, code"),
    ],
    "no files": [
        says("ssd_folder", dict.clear, "ssd_person", "missing"),
        says("ssda903_csv", dict.clear, "no file was recognised"),
        says("cin", dict.clear, "XML files"),
        says("records", dict.clear, "nothing that can be read"),
        says("pool", dict.clear, "two or more authorities"),
    ],
    "a header and no rows": [
        says("ssd_folder", file(PERSON, rows_of(0, b"")), "children", "no rows"),
        says("ssd", frame("ssd_person", lambda held: held.iloc[:0]), "children", "no rows"),
        says("sql", frame("ssd_person", lambda held: held.iloc[:0]), "children", "no rows"),
        says("ssda903", lambda frames: frames.update({n: f.iloc[:0] for n, f in frames.items()}), "episodes", "date"),
        says("annex", lambda sheets: sheets.update({n: f.iloc[:0] for n, f in sheets.items()}), "children", "no rows"),
    ],
    "rows longer or shorter than the header": [
        says("ssd_folder", file(PERSON, lambda held: held + b"KQZ7009,x\n"), "ssd_person", "same number of columns"),
        says("ssda903_csv", file("2024/header.csv", lambda held: held + b"KQZ7009,1,2,3,4,5,6\n"), "same number"),
    ],
    "a quotation mark that never closes": [
        says("ssd_folder", swap(PERSON, b"\nKQZ7003", b'\n"KQZ7003'), "ssd_person", "could not be read"),
        says("ssda903_csv", swap("2024/header.csv", b"\nKQZ7004", b'\n"KQZ7004'), "header (2024)", "could not be read"),
    ],
    "null bytes": [
        says("ssd_folder", swap(PERSON, b"\n", b"\0" * 50 + b"\n"), "ssd_person", "null bytes"),
        says("ssda903_csv", swap("2024/header.csv", b"KQZ7001", b"\0" * 5, 1), "header (2024)", "Export it again"),
        says("cin", swap("cin_2024.xml", b"KQZ7004", b"\0" * 5, 1), "cin_2024.xml", "not well-formed"),
    ],
    "semicolons in place of commas": [
        says("ssd_folder", file(PERSON, lambda held: held.replace(b",", b";")), "ssd_person", "commas"),
        says("ssda903_csv", file("2024/episodes.csv", lambda held: held.replace(b",", b";")), "commas"),
    ],
    "a field of a million letters": [
        says("ssd_folder", swap(PERSON, b"pers_dob", b"x" * 1_000_000), "ssd_person", "could not be read"),
        says("code_map", file("map.csv", lambda held: held + b'sex,"' + b"x" * 1_000_000), "code map", "near line"),
    ],
    "a web page or another document": [
        says("ssd_folder", file(PERSON, lambda _: b"<html><body>Sign in</body></html>"), "ssd_person", "missing"),
        says("cin", file("cin_2024.xml", lambda _: b"<html><body>Sign in</body></html>"), "census year"),
        says("ssda903_xml", lambda files: files.update(dict.fromkeys(files, b"<html><p>Sign in</p></html>")),
             "no file was recognised"),
        says("annex_file", file("annex.xlsx", lambda _: b"<html><table></table></html>"), "not an Excel workbook"),
    ],
    "an old or protected workbook": [
        says("annex_file", file("annex.xlsx", lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), ".xls)"),
        says("annex_file", file("annex.xlsx", lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
             + "EncryptedPackage".encode("utf-16-le")), "password"),
    ],
    "the wrong kind of return": [
        says("cin", lambda files: files.update(xml903_files()), "census year"),
        says("ssda903_xml", lambda files: (files.clear(), files.update(cin_files())), "no file was recognised"),
        says("combine", dict.clear, "no file was recognised"),
    ],
    "a missing table": [
        says("ssd_folder", gone(PERSON), "ssd_person: the table is missing", "children"),
        says("ssd", gone("ssd_cla_episodes"), "ssd_cla_episodes: the table is missing", "care_episodes"),
        says("sql", gone("ssd_legal_status"), "ssd_legal_status: the table is missing", "looked for in"),
        says("ssda903", lambda frames: [frames.pop(name) for name in ("2023/header", "2024/header")], "header", "DOB"),
        says("annex", gone("List 8"), "List 8 (looked-after children)", "Lists 3, 6 and 8"),
    ],
    "a missing column": [
        says("ssd", frame("ssd_person", lambda held: held.rename(columns={"pers_dob": "pers_dbo"})), "'pers_dob'",
             "Did you mean 'pers_dbo'?"),
        says("ssda903", frame(EPISODES, lambda held: held.drop(columns="REC")), "episodes (2024)", "'REC' is missing"),
        says("annex", frame("List 6", lambda held: held.drop(columns="CIN Closure Date")), "'CIN Closure Date'"),
        says("own", frame("own", lambda held: held.drop(columns="days")), "no column 'days'"),
        says("code_map", swap("map.csv", b"code_list", b"list"), "columns code_list, text, code"),
    ],
    "no header line": [
        says("ssd_folder", file(PERSON, lambda held: held.partition(b"\n")[2]), "ssd_person", "'pers_dob' is missing"),
        finds("ssda903_csv", file("2024/episodes.csv", lambda held: held.partition(b"\n")[2]), "files", "", 1,
              "ignored", "columns are not those of an SSDA903 file"),
    ],
    "columns in capitals and with prefixes": [
        same("ssd", frame("ssd_person", lambda held: held.rename(columns=str.upper))),
        same("ssd", lambda frames: frames.update({"[db].[dbo].[SSD_PERSON]": frames.pop("ssd_person")})),
    ],
    "keys used twice": [
        says("ssd", row("ssd_person", pers_dob="2012-01-05"), "children", "duplicate keys in 1 row", ROWS),
        finds("ssd", row("ssd_person", pers_dob="2012-01-05"), "children", "child_id", 1, "dropped", "duplicate keys",
              invalid="drop"),
        finds("ssda903", row("2024/header", DOB="05/01/2012"), "header", "CHILD", 1, "repaired", "more than once"),
        finds("cin", swap("cin_2024.xml", b"KQZ7005", b"KQZ7004"), "children", "child_id", 1, "ignored", "twice"),
        says("own", row("own", date="2022-05-30"), "duplicate keys in 1 row", row_key="child_id"),
    ],
    "the same row again": [
        finds("ssd", row("ssd_person"), "children", "", 1, "dropped", "repeats another"),
        finds("ssd_folder", file("ssd_contacts.csv", lambda held: held + held.splitlines()[1] + b"\n"), "contacts", "",
              1, "dropped", "repeats another"),
        finds("annex", row("List 6"), "List 6", "", 1, "dropped", "repeats another"),
        finds("own", row("own"), "suspensions", "", 1, "dropped", "repeats another"),
    ],
    "rows of children who are not there": [
        finds("ssd", cells("ssd_cin_episodes", "cine_person_id", "KQZ70099"), "referrals", "child_id", 1, "dropped",
              "not in the children table"),
        finds("own", cells("own", "child_id", "KQZ70099"), "suspensions", "child_id", 1, "dropped", "not in the"),
        finds("ssda903", cells(EPISODES, "CHILD", "KQZ70099", rows=[2]), "care_episodes", "child_id", 1, "dropped",
              "not in the children table"),
    ],
    "rows without a child": [
        says("ssd", cells("ssd_cin_episodes", "cine_person_id", "-1"), "referrals", "no child in 1 row", ROWS),
        says("ssda903", cells(EPISODES, "CHILD", None), "episodes", "'CHILD'", "no child in 1 row", ROWS),
        says("cin", swap("cin_2024.xml", b"KQZ7004", b" "), "children", "no child in 1 row", "LAchildID", ROWS),
        finds("own", cells("own", "child_id", ""), "suspensions", "child_id", 1, "dropped", "no child", invalid="drop"),
    ],
    "ends before starts": [
        says("ssd", cells("ssd_cla_episodes", "clae_cla_episode_ceased_date", "2019-02-03"), "care_episodes",
             "end before start in 1 row", ROWS),
        says("ssda903", cells(EPISODES, "DEC", "03/02/2019"), "episodes", "'DEC'", "ends before it begins", ROWS),
        says("own", cells("own", "end", "2019-02-03"), "suspensions", "end before start in 1 row", ROWS),
        finds("sql", cells("ssd_cin_episodes", "cine_close_date", "2019-02-03"), "referrals", "end_date", 1, "dropped",
              "end before start", invalid="drop"),
    ],
    "future dates": [
        finds("ssd", cells("ssd_cin_episodes", "cine_referral_date", "2031-02-03"), "referrals", "start_date", 1,
              "dropped", "after observed_until"),
        finds("ssd", cells("ssd_cin_episodes", "cine_close_date", "2031-02-03"), "referrals", "end_date", 1, "emptied",
              "later than observed_until"),
        finds("ssd", cells(*BIRTH, "2031-02-03"), "children", "birth_date", 1, "dropped", "not yet born"),
        finds("own", cells("own", "date", "2031-02-03"), "suspensions", "start_date", 1, "dropped",
              "after observed_until"),
        finds("annex", cells("List 3", "Date of referral", "03/02/2031"), "referrals", "start_date", 1, "dropped",
              "after observed_until"),
        finds("cin", swap("cin_2024.xml", b"2022-12-19", b"2031-02-03"), "cin_plans", "start_date", 1, "dropped",
              "after observed_until"),
    ],
    "year 1900": [
        says("ssd", cells(*BIRTH, "1900-01-01"), "children", "no date of birth in 1 row", ROWS),
        finds("ssd", cells(*BIRTH, "1900-01-01"), "children", "birth_date", 1, "repaired", "sentinel", invalid="drop"),
        finds("ssd", cells("ssd_cin_episodes", "cine_close_date", "1900-01-01"), "referrals", "end_date", 1,
              "repaired", "sentinel"),
        finds("ssda903", cells("2024/header", "DOB", "01/01/1900"), "header", "DOB", 1, "repaired", "sentinel"),
        says("cin", swap("cin_2024.xml", b"2022-08-02", b"1900-01-01"), "referrals", "no start date in 1 row"),
    ],
    "dates that stand for still open": [
        finds("ssd", cells("ssd_cin_episodes", "cine_close_date", "9999-12-31", "2300-01-01", rows=[1, 3]),
              "referrals", "end_date", 2, "repaired", "sentinel"),
        finds("ssda903", cells(EPISODES, "DEC", "31/12/9999", rows=[1]), "episodes", "DEC", 1, "repaired", "sentinel"),
    ],
    "age 40": [
        finds("ssd", cells(*BIRTH, "1984-02-03"), "children", "birth_date", 1, "ignored", "aged 30 or over"),
        finds("ssda903", cells("2024/header", "DOB", "03/02/1984"), "children", "birth_date", 1, "ignored", "aged 30"),
        finds("cin", swap("cin_2024.xml", b"2007-07-19", b"1984-02-03"), "children", "birth_date", 1, "ignored", "30"),
        finds("annex", lambda sheets: [cells(name, "Date of Birth", "03/02/1984", rows=[place])(sheets)
              for name, place in (("List 6", 1), ("List 8", 1))], "children", "birth_date", 1, "ignored", "30"),
    ],
    "a child in two households": [
        finds("ssd", row("ssd_family", fami_table_id="KQZ700f9", fami_family_id="KQZ700other"), "relationships",
              "related_id", 1, "ignored", "more than one family"),
        finds("ssd", row("ssd_mother", moth_table_id="KQZ700m9", moth_person_id="KQZ700second"), "relationships",
              "related_id", 1, "ignored", "more than one mother"),
    ],
    "circular sibling links": [
        finds("ssd", cells("ssd_mother", "moth_person_id", "KQZ7002", "KQZ7001"), "relationships", "related_id", 2,
              "ignored", "own mother"),
        finds("ssd", cells("ssd_mother", "moth_person_id", "KQZ7001"), "relationships", "related_id", 1, "ignored",
              "own mother"),
    ],
    "a family of everybody": [
        finds("ssd", lambda frames: frames.update({name: everybody(frames[name], column) for name, column in
              (("ssd_person", "pers_person_id"), ("ssd_family", "fami_person_id"))}), "relationships", "related_id", 40,
              "ignored", "placeholder"),
    ],
    "overlapping episodes of care": [
        finds("ssda903", cells(EPISODES, "DEC", "18/09/2023"), "episodes", "DEC", 1, "repaired", "overlaps"),
        finds("ssd", cells("ssd_cla_episodes", "clae_cla_episode_ceased_date", ""), "care_episodes", "end_date", 1,
              "repaired", "left open"),
    ],
    "unknown legal statuses": [
        says("ssd", cells("ssd_legal_status", "lega_legal_status", "Our own order"), "1 status", "'Our own order'",
             "code_maps="),
        says("ssda903", cells(EPISODES, "LS", "Q9"), "'LS'", "1 status", "code_maps="),
        says("annex", cells("List 8", "Child's Legal Status", "Our own order"), "1 status", "code_maps="),
    ],
    "keys and dates where a legal status should be": [
        says("ssd", frame("ssd_legal_status", lambda held: held.assign(lega_legal_status=held["lega_person_id"])),
             "2 statuses", "not shown", "check that the column"),
        says("ssd", frame("ssd_legal_status", lambda held: held.assign(
             lega_legal_status=held["lega_legal_status_start_date"])), "3 statuses", "not shown"),
        says("ssda903", frame(EPISODES, lambda held: held.assign(LS=held["DECOM"])), "'LS'", "not shown"),
        says("ssda903", frame(EPISODES, lambda held: held.assign(LS=held["CHILD"])), "'LS'", "not shown"),
    ],
    "unknown codes": [
        finds("ssd", cells("ssd_cin_episodes", "cine_cin_primary_need_code", "N77"), "referrals", "need", 1,
              "emptied", "not in the national list"),
        finds("ssda903", cells(EPISODES, "RNE", "QQ"), "episodes", "RNE", 1, "emptied", "not in the national list"),
        finds("cin", swap("cin_2024.xml", b"N8", b"N77"), "referrals", "need", 1, "emptied", "national list"),
    ],
    "words where numbers and flags should be": [
        finds("own", cells("own", "days", "three"), "suspensions", "value", 1, "emptied", "not a number"),
        finds("own", cells("own", "days", float("inf")), "suspensions", "value", 1, "emptied", "not a number"),
        finds("ssd", cells("ssd_cin_episodes", "cine_referral_nfa", "perhaps"), "referrals", "nfa", 1, "emptied",
              "neither yes nor no"),
    ],
    "JSON that is none": [
        same("ssd", cells("ssd_assessment_factors", "cinf_assessment_factors_json", '["1A","24A"')),
        finds("ssd", cells("ssd_assessment_factors", "cinf_assessment_factors_json", "{he said KQZ700}"),
              "assessment_factors", "factor", 1, "emptied", "no factor could be read"),
        says("code_map", lambda files: files.update({"map.csv": b'{"sex": '}), "code map"),
    ],
    "lists, objects and bytes in cells": [
        says("ssd", cells(*BIRTH, ["2008-05-17"], {"day": 1}), "birth_date", "unreadable date in 2 rows", ROWS),
        same("ssda903", cells(EPISODES, "DECOM", b"23/01/2023")),
        says("ssda903", cells(EPISODES, "DECOM", b"\xff\xfe"), "'DECOM'", "unreadable date in 1 row", ROWS),
        says("ssd", cells(*BIRTH, "\ud800", b"\xff"), "birth_date", "unreadable date in 2 rows", ROWS),
        finds("own", cells("own", "child_id", b"\xff"), "suspensions", "child_id", 1, "dropped", "not in the"),
        says("annex", cells("List 3", "Date of referral", "=1/0"), "(1 problem)", "no start date in 1 row", ROWS),
        says("sql", cells(*BIRTH, b"\xff\xfe"), "birth_date", "unreadable date in 1 row", ROWS),
        finds("own", cells("own", "child_id", ["KQZ7001"]), "suspensions", "child_id", 1, "dropped", "not in the"),
    ],
    "columns of another type": [
        same("ssd", frame("ssd_person", lambda held: held.astype("category"))),
        same("ssd", frame("ssd_person", lambda held: held.assign(
             pers_dob=pd.to_datetime(held["pers_dob"]).dt.tz_localize("Europe/London")))),
        says("ssd", frame("ssd_person", lambda held: held.assign(
             pers_dob=pd.to_timedelta(range(len(held)), unit="D"))), "birth_date", "unreadable date in 6 rows", ROWS),
        says("ssd", frame("ssd_person", lambda held: held.assign(pers_dob=range(len(held)))), "unreadable", ROWS),
        says("ssd", frame("ssd_contacts", lambda held: held.assign(
             cont_contact_id=pd.arrays.SparseArray([7.0, 8.0, 8.0]))), "contacts", "duplicate keys in 1 row", ROWS),
        finds("ssd", frame("ssd_contacts", lambda held: held.assign(cont_person_id=[1e18, 2e18, 3e18])), "contacts",
              "child_id", 3, "dropped", "not in the children table"),
    ],
    "infinite keys": [
        says("ssd", frame("ssd_cin_episodes", lambda held: held.assign(cine_referral_id=float("inf"))), "referrals",
             "duplicate keys in 3 rows", ROWS),
    ],
    "several layers of column names": [
        says("ssd", frame("ssd_person", lambda held: held.set_axis(
             pd.MultiIndex.from_product([["top"], held.columns]), axis=1)), "ssd_person", "one row of column names"),
        finds("ssda903", frame(EPISODES, lambda held: held.set_axis(
             pd.MultiIndex.from_product([["top"], held.columns]), axis=1)), "files", "", 1, "ignored",
              "columns are not"),
    ],
    "no table at all": [
        says("ssd", lambda frames: frames.update(ssd_person=[1, 2]), "ssd_person", "DataFrame"),
        says("ssda903", lambda frames: frames.update({EPISODES: None}), "DataFrame"),
        says("annex", lambda sheets: [sheets.pop(name) for name in sorted(sheets)[1:]], "List 3", "Lists 3, 6 and 8"),
        says("own", lambda frames: frames.update(own=None), "suspensions", "DataFrame"),
        says("pool", records_without, "Records of two or more"),
    ],
    "years missing, twice or of several authorities": [
        says("cin", lambda files: files.update({"cin_2024.xml": cin_text(2025).encode()}), "1 year", "2024"),
        says("cin", lambda files: files.update({"again.xml": cin_text(2024).encode()}), "2 files", "Keep the one"),
        says("cin", swap("cin_2024.xml", b"<LEA>201", b"<LEA>202"), "2 authorities", "pool"),
        says("ssda903", lambda frames: frames.update({EPISODES: frames[EPISODES].assign(LA=["A", "B", "A", None]),
             "2023/episodes": frames["2023/episodes"].assign(LA="A")}), "LA", "authority"),
    ],
    "options that make no sense": [
        says("ssd", dict, "invalid must be", invalid="ignore"),
        says("ssda903", dict, "invalid must be", invalid="ignore"),
        says("cin", dict, "observed_until lies after", observed_until="2031-03-31"),
        says("ssd", dict, "observed_from", observed_from="31/02/2024"),
        says("annex", dict, "duration", reporting_lag="soon"),
        says("ssd", dict, "code map", code_maps={"legal_status": 3}),
        says("records", dict, "no option", chunk_rows=5),
    ],
}
# fmt: on


def everybody(held, column):
    """The first row forty times, each time of another child."""
    return pd.concat([held.iloc[[0]].assign(**{column: f"{SECRET}{n}"}) for n in range(1, 41)], ignore_index=True)


CASES = [
    pytest.param(case, id=f"{kind}-{case.reader}-{place}")
    for kind, cases in KINDS.items()
    for place, case in enumerate(cases, start=1)
]


def shown(error):
    """Everything that a notebook, a log or a person sees of an error."""
    return (
        "".join(traceback.format_exception_only(error))
        + repr(error)
        + repr(error.args)
        + "".join(getattr(error, "__notes__", ()))
    )


def picture_of(records):
    """What sound records and those seen through have in common, whatever their keys."""
    born = sorted(records.table("children")["birth_date"].astype(str))
    began = sorted(records.table("referrals")["start_date"].astype(str))
    return records.counts().to_csv(), records.findings().to_csv(), born, began


@cache
def sound(reader):
    """What the reader makes of the sound source."""
    make, read = READERS[reader]
    folder = TEMPORARY[0] / reader
    folder.mkdir()
    return picture_of(read(make(), folder, {}))


@pytest.mark.parametrize("case", CASES)
def test_broken_input_ends_in_a_clear_error_or_a_counted_repair(case, tmp_path):
    make, read = READERS[case.reader]
    source = make()
    case.change(source)
    if not isinstance(case.follows, Says):
        records = read(source, tmp_path, case.options)
        assert isinstance(records, Records)
        assert not leaks(repr(records) + records.findings().to_string())
        assert SECRET not in records._repr_html_()
        check_records(case, records)
        return
    with pytest.raises(EdgeOfCareError) as raised:
        read(source, tmp_path, case.options)
    error = raised.value
    assert not leaks(shown(error))
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    missing = [word for word in case.follows.words if word.lower() not in str(error).lower()]
    assert not missing, str(error)


def check_records(case, records):
    """The line of findings that must be there, or nothing changed at all."""
    if isinstance(case.follows, Same):
        assert picture_of(records) == sound(case.reader)
        return
    told = records.findings()
    follows = case.follows
    lines = told[(told["table"] == follows.table) & (told["column"] == follows.column)]
    lines = lines[(lines["count"] == follows.count) & (lines["action"] == follows.action)]
    assert lines["why"].str.contains(follows.why, regex=False).sum() == 1, told.to_string()


def test_thirty_kinds_and_every_reader():
    assert len(KINDS) >= 30
    assert {case.reader for cases in KINDS.values() for case in cases} == set(READERS)


@pytest.mark.parametrize("reader", READERS)
def test_the_marks_would_be_seen_and_the_sound_source_is_read(reader, tmp_path):
    """A source has the marks by which leaks are looked for, and nothing but yearly rules to tell of it."""
    make, read = READERS[reader]
    source = make()
    held = "".join(each.decode("latin-1") if isinstance(each, bytes) else str(each) for each in source.values())
    assert leaks(held) or reader in ("annex_file", "code_map", "pool")
    assert read(source, tmp_path, {}).counts()["rows"].sum()
