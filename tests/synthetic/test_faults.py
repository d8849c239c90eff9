"""Tests of what extracts do wrong, switch by switch: there when on, and absent when off."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic import records as synthetic
from edgeofcare.synthetic.faults import DEFAULT_FAULTS, FAULTS, FaultRates

# the sample has many adolescents and entries, so that few children show much
make_records = partial(synthetic.make_records, authority="sample")
simulate_tables = partial(synthetic.simulate_tables, authority="sample")

UNTIL = pd.Timestamp("2025-03-31")
CHILDREN, SEED = 1200, 11


@pytest.fixture(scope="module")
def clean():
    """Everything that is entered is entered rightly, and on the day."""
    return simulate_tables(CHILDREN, SEED, late_recording=False, faults=())


def made(*faults: str, **options) -> dict[str, pd.DataFrame]:
    """The same children with some faults."""
    return simulate_tables(CHILDREN, SEED, late_recording=False, faults=faults, **options)


def copies(tables: dict[str, pd.DataFrame]) -> int:
    """Rows that repeat another."""
    return sum(int(frame.duplicated().sum()) for frame in tables.values())


def strangers(tables: dict[str, pd.DataFrame]) -> int:
    """Rows of children who are not there."""
    known = tables["children"]["child_id"]
    return sum(int((~frame["child_id"].isin(known)).sum()) for frame in tables.values())


def open_after_18(tables: dict[str, pd.DataFrame]) -> int:
    """Spells still open although the child is 19 or older."""
    adults = tables["children"].query("birth_date < '2006-03-31'")["child_id"]
    names = ("cin_plans", "early_help", "worker_involvements", "referrals")
    return sum(int((tables[name]["end_date"].isna() & tables[name]["child_id"].isin(adults)).sum()) for name in names)


def codes_missing(tables: dict[str, pd.DataFrame]) -> int:
    """Contacts and referrals without a source or a need."""
    columns = (("contacts", "source"), ("referrals", "source"), ("referrals", "need"))
    return sum(int(tables[name][column].isna().sum()) for name, column in columns)


def overlapping(tables: dict[str, pd.DataFrame]) -> int:
    """Care episodes that end after the next one of the child began."""
    rows = tables["care_episodes"].sort_values(["child_id", "start_date", "row_key"])
    return int((rows["end_date"] > rows.groupby("child_id")["start_date"].shift(-1)).sum())


EFFECTS = {
    "duplicates": copies,
    "orphans": strangers,
    "never_closed": open_after_18,
    "missing_codes": codes_missing,
    "overlaps": overlapping,
}


@pytest.mark.parametrize("fault", EFFECTS)
def test_a_fault_is_there_when_on_and_absent_when_off(clean, fault):
    assert EFFECTS[fault](clean) == 0
    tables = made(fault)
    assert EFFECTS[fault](tables) >= 3
    others = [name for name in EFFECTS if name != fault]
    assert {name: EFFECTS[name](tables) for name in others} == dict.fromkeys(others, 0)


def test_rows_that_were_never_entered_are_missing_in_the_stated_share(clean):
    tables = made("missing")
    for name, share in FaultRates().missing.items():
        kept = tables[name]["row_key"]
        assert kept.isin(clean[name]["row_key"]).all()
        before = len(clean[name])
        assert abs(1 - len(kept) / before - share) < 4 * np.sqrt(share * (1 - share) / before)
    pd.testing.assert_frame_equal(tables["referrals"], clean["referrals"])


def test_all_faults_have_a_test_and_the_defaults_exist():
    assert set(EFFECTS) | {"missing"} == set(FAULTS)
    assert set(DEFAULT_FAULTS) <= set(FAULTS)


def test_clean_tables_are_clean(clean):
    for name, table in TABLES.items():
        frame = clean[name]
        key = "child_id" if name == "children" else "row_key"
        assert frame[key].is_unique, name
        if table.end:
            assert not (frame["end_date"] < frame["start_date"]).any(), name
    for name, date, recorded in (
        ("contacts", "date", "recorded_date"),
        ("missing_episodes", "start_date", "recorded_date"),
        ("offences", "date", "recorded_date"),
        ("cin_plans", "end_date", "end_recorded_date"),
        ("referrals", "end_date", "end_recorded_date"),
    ):
        pd.testing.assert_series_equal(clean[name][date], clean[name][recorded], check_names=False)


def test_records_of_clean_tables_hold_every_row(clean):
    records = make_records(CHILDREN, SEED, late_recording=False, faults=())
    unborn = clean["children"]["birth_date"] > UNTIL
    gone = clean["children"].loc[unborn, "child_id"]
    for name, frame in clean.items():
        if name in TABLES:
            assert len(records.table(name)) == (~frame["child_id"].isin(gone)).sum(), name


def test_an_overlap_changes_no_period_of_care(clean):
    tables = made("overlaps")
    first = [
        frame.groupby("period_key")["start_date"].min() for frame in (clean["care_episodes"], tables["care_episodes"])
    ]
    pd.testing.assert_series_equal(*first)
    ends = tables["care_episodes"]["end_date"] - clean["care_episodes"]["end_date"]
    assert set(ends.dropna().dt.days.unique()) <= set(range(15))
    assert tables["care_episodes"]["end_date"].max() <= UNTIL


def test_larger_rates_make_more_faults():
    few, many = (overlapping(made("overlaps", fault_rates=FaultRates(overlaps=share))) for share in (0.02, 0.5))
    assert many > 5 * few


@pytest.mark.parametrize("faults", ["duplicates", ("duplicates", "typos"), 3, (1,)])
def test_unknown_faults_are_refused_with_the_list(faults):
    with pytest.raises(SpecError, match=r"faults must be a collection of names.*'overlaps'"):
        make_records(20, faults=faults)


def test_a_fault_changes_nothing_else(clean):
    tables = made("duplicates", "orphans")
    for name in TABLES:
        if name not in ("contacts", "missing_episodes", "worker_involvements"):
            pd.testing.assert_frame_equal(tables[name], clean[name])
