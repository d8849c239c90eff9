"""Tables as pictures: a few lines of comma-separated text that become canonical frames and records."""

from __future__ import annotations

from io import StringIO

import pandas as pd

from edgeofcare.records.records import Records
from edgeofcare.schema.tables import TABLES

__all__ = ["UNTIL", "index_of", "picture", "records_of", "told"]

UNTIL = "2024-12-31"
_DATES = ("date", "start_date", "end_date", "birth_date", "death_date", "recorded_date", "end_recorded_date")


def picture(text):
    """A frame of text from lines such as ``child, start_date``; spaces around commas do not matter."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    frame = pd.read_csv(StringIO(lines), dtype=str, keep_default_na=False, skipinitialspace=True)
    frame.columns = [column.strip() for column in frame.columns]
    return frame.apply(lambda column: column.str.strip())


def records_of(born=None, *, until=UNTIL, options=None, **tables):
    """Records of pictures: each child born on 2008-06-15 unless ``born`` says otherwise, row keys numbered.

    ``child`` stands for ``child_id``, ``start`` and ``end`` for their dates; required columns that a picture leaves
    out are empty, and required tables have no rows.
    """
    frames = {name: _completed(name, picture(text)) for name, text in tables.items()}
    for name, table in TABLES.items():
        if table.required and name not in frames and name != "children":
            frames[name] = _completed(name, pd.DataFrame(columns=list(table.names)))
    named = {child for frame in frames.values() for child in frame.get("child_id", ())}
    births = dict.fromkeys(sorted(named), "2008-06-15") | (born or {})
    if "children" not in frames:
        frames["children"] = pd.DataFrame({"child_id": list(births), "birth_date": list(births.values())})
    return Records.from_tables(frames, observed_until=until, **(options or {}))


def _completed(name, frame):
    """A picture with canonical names and the required columns that it left out."""
    frame = frame.rename(columns={"child": "child_id", "start": "start_date", "end": "end_date"})
    for column in TABLES[name].columns:
        if column.required and column.name not in frame:
            numbered = [f"{name} {number}" for number in range(1, len(frame) + 1)]
            frame[column.name] = numbered if column.name == "row_key" else ""
    return frame


def index_of(*rows):
    """An empty cohort on the shared index: ``("a child", "2022-04-01")`` each."""
    named = [("home of " + child, child, pd.Timestamp(day)) for child, day in rows]
    return pd.DataFrame(index=pd.MultiIndex.from_tuples(named, names=["household_id", "child_id", "index_date"]))


def told(frame, *columns):
    """Rows of a frame as a picture: values of the columns joined by commas, dates in full, nothing for missing."""
    frame = frame[list(columns)].copy()
    for column in frame:
        if pd.api.types.is_datetime64_any_dtype(frame[column]):
            frame[column] = frame[column].dt.strftime("%Y-%m-%d")
    rows = frame.astype(object).where(frame.notna(), "").astype(str)
    return [", ".join(row) for row in rows.itertuples(index=False)]
