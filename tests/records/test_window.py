"""From when a table can be trusted, as its own dates show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.records.validation import empty_table
from edgeofcare.records.window import infer_observed_from
from edgeofcare.schema.tables import TABLES


def table(name, first, rows=400, *, days=2000, old=0):
    """A table with one row every few days from a first day, and some much older ones."""
    dates = pd.Timestamp(first) + pd.to_timedelta(np.linspace(0, days, rows).astype(int), unit="D")
    if old:
        dates = pd.DatetimeIndex([pd.Timestamp("2001-01-01")] * old).append(dates)
    frame = empty_table(TABLES[name]).reindex(range(len(dates)))
    frame[TABLES[name].start] = dates
    if TABLES[name].end:
        frame["end_date"] = dates
    return frame


def inferred(**tables):
    """What is inferred, as months."""
    frames = {name: tables.get(name, table(name, "2020-01-10", 3)) for name in TABLES if TABLES[name].start}
    found = infer_observed_from(frames | {"children": empty_table(TABLES["children"])}, pd.Timestamp("2024-12-31"))
    return {name: date and f"{date:%Y-%m-%d}" for name, date in found.items()}


def test_a_table_without_rows_was_not_observed():
    found = inferred(contacts=table("contacts", "2018-04-10"), missing_episodes=empty_table(TABLES["missing_episodes"]))
    assert found.pop("missing_episodes") > "2025-01-01"
    assert set(found.values()) == {"2018-04-01"}


def test_small_extracts_do_not_tell():
    assert set(inferred(contacts=table("contacts", "2018-04-10", 199)).values()) == {None}


def test_tables_share_one_window():
    found = inferred(
        contacts=table("contacts", "2018-04-10"),
        missing_episodes=table("missing_episodes", "2018-05-10"),
        cp_plans=table("cp_plans", "2018-04-20"),
    )
    assert set(found.values()) == {"2018-04-01"}


def test_a_table_that_began_much_later_has_a_window_of_its_own():
    found = inferred(
        contacts=table("contacts", "2018-04-10"),
        cp_plans=table("cp_plans", "2018-04-10"),
        missing_episodes=table("missing_episodes", "2020-01-10"),
    )
    assert found["missing_episodes"] == "2020-01-01"
    assert found["early_help"] == "2018-04-01"


@pytest.mark.parametrize(("old", "expected"), [(1, "2018-04-01"), (20, "2001-01-01")])
def test_a_few_very_old_rows_do_not_count(old, expected):
    assert inferred(contacts=table("contacts", "2018-04-10", old=old))["contacts"] == expected


def test_spells_are_kept_by_their_end():
    frame = table("cp_plans", "2018-04-10")
    frame["start_date"] = frame["start_date"] - pd.Timedelta(days=900)
    assert inferred(cp_plans=frame)["cp_plans"] == "2018-04-01"
