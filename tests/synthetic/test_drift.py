"""Tests of what changes over the years, switch by switch, each on the margin that it moves."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.schema.codes import ETHNIC_GROUPS
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic import records as synthetic
from edgeofcare.synthetic.drift import DRIFTS, DriftRates, day_of, plan_of
from edgeofcare.synthetic.world.settings import Settings

# the sample has many adolescents and entries, so that few children show much
make_records = partial(synthetic.make_records, authority="sample")
simulate_tables = partial(synthetic.simulate_tables, authority="sample")

WINDOW = ("2015-04-01", "2025-03-31")
CHILDREN, SEED = 2000, 3
MIGRATION, CODES, POLICY = pd.Timestamp("2021-04-01"), pd.Timestamp("2020-04-01"), pd.Timestamp("2022-04-01")


@pytest.fixture(scope="module")
def steady():
    """Nothing changes."""
    return simulate_tables(CHILDREN, SEED, faults=())


def made(*drift: str, **options) -> dict[str, pd.DataFrame]:
    """The same children where something changes."""
    return simulate_tables(CHILDREN, SEED, faults=(), drift=drift, **options)


@pytest.fixture(scope="module")
def migrated():
    return made("migration")


def test_every_switch_leaves_valid_records():
    records = make_records(400, SEED, drift=tuple(DRIFTS))
    assert isinstance(records, Records)
    assert records.findings().query("action == 'emptied'").empty


def test_codes_are_those_of_the_list_of_their_day(steady):
    tables = made("code_drift")
    factors = tables["assessment_factors"]
    before = factors["date"] < CODES
    assert {"18A", "19A"} <= set(factors.loc[before, "factor"])
    assert not set(factors.loc[before, "factor"]) & {"18B", "18C", "19B", "19C", "24A"}
    assert {"18B", "18C", "24A"} <= set(factors.loc[~before, "factor"])
    assert not set(factors.loc[~before, "factor"]) & {"18A", "19A"}
    for name in ("contacts", "referrals"):
        date = TABLES[name].start
        new = tables[name]["source"].eq("5D")
        assert tables[name].loc[new, date].min() >= CODES
        assert new.any()
    old = tables["placements"]["start_date"] < CODES
    assert "H5" in set(tables["placements"].loc[old, "type"])
    assert not set(tables["placements"].loc[~old, "type"]) & {"H5", "Z1"}
    assert not set(steady["assessment_factors"]["factor"]) & {"18A", "19A"}
    assert not set(steady["placements"]["type"].dropna()) & {"H5", "Z1"}
    assert (steady["assessment_factors"]["factor"].eq("24A") & (steady["assessment_factors"]["date"] < CODES)).any()


def test_a_recoded_factor_is_ticked_once_in_an_assessment():
    factors = made("code_drift")["assessment_factors"]
    assert not factors.duplicated(["child_id", "date", "factor"]).any()
    assert factors["row_key"].is_unique
    assert (factors["row_key"].str.split(":").str[1] == factors["factor"]).all()


def entries(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """First days of periods of care that are neither short breaks nor remands."""
    statuses = tables["legal_statuses"].query("status in ['V2', 'C1', 'L1', 'L2', 'C2']")
    starts = tables["care_episodes"].query("start_reason == 'S'").merge(statuses, on=["child_id", "start_date"])
    return starts["start_date"]


def test_a_policy_moves_the_base_rate_of_entry_and_early_help_from_its_day():
    rates = DriftRates(policy_entry=3.0, policy_early_help=2.0)
    before, after, helped = [], [], []
    for drift in ((), ("policy_change",)):
        tables = made(*drift, drift_rates=rates)
        starts, help_starts = entries(tables), tables["early_help"]["start_date"]
        before.append((starts < POLICY).sum())
        after.append((starts >= POLICY).sum())
        helped.append((help_starts >= POLICY + pd.Timedelta(days=60)).sum())
    assert abs(before[0] - before[1]) <= 3  # a few children are known on the last day in one of them only
    assert 1.5 < after[1] / after[0] < 3.2
    assert helped[1] > 1.4 * helped[0]


def test_what_nobody_recorded_decides_who_enters(steady):
    plan = plan_of(Settings(), ("selective_labels",), DriftRates(), 4000, WINDOW, np.random.default_rng(0))
    rates = DriftRates()
    assert set(plan.leaning) == {rates.decided_more, rates.decided_less}
    assert abs((plan.leaning == rates.decided_more).mean() - rates.decided_share) < 0.03
    assert abs(plan.leaning.mean() - 1) < 0.03  # the base rate stays about where it was
    tables = made("selective_labels", drift_rates=DriftRates(decided_more=1.0, decided_less=0.0))
    assert len(entries(tables)) < 0.75 * len(entries(steady))
    for name, table in TABLES.items():
        assert tuple(tables[name].columns) == table.names  # no column holds it


def test_events_of_some_groups_are_recorded_less_often_at_equal_truth(steady):
    tables = made("unequal_recording")
    pd.testing.assert_frame_equal(tables["children"], steady["children"])
    pd.testing.assert_frame_equal(tables["care_episodes"], steady["care_episodes"])
    group = steady["children"].set_index("child_id")["ethnicity"].map(dict(ETHNIC_GROUPS))
    for name, shares in DriftRates().recorded.items():
        there, kept = (frame[name]["child_id"].map(group).value_counts() for frame in (steady, tables))
        for each in ("White", "Mixed", "Asian", "Black"):
            share, size = shares.get(each, 1.0), there[each]
            assert abs(kept.get(each, 0) / size - share) <= 4 * np.sqrt(share * (1 - share) / size), (name, each)


def test_a_new_case_system_changes_the_form_of_keys(steady, migrated):
    for name in ("contacts", "referrals", "missing_episodes", "care_episodes"):
        begun = migrated[name][TABLES[name].start]
        longer = migrated[name]["row_key"].str.len() > steady[name]["row_key"].str.len().max()
        assert (longer == (begun >= MIGRATION)).all()
        assert longer.any()
        assert not longer.all()


def test_a_new_case_system_loses_and_restarts_history(steady, migrated):
    lost = DriftRates().lost["contacts"]
    before = [(frame["contacts"]["date"] < MIGRATION).sum() for frame in (steady, migrated)]
    after = [(frame["contacts"]["date"] >= MIGRATION).sum() for frame in (steady, migrated)]
    assert abs(1 - before[1] / before[0] - lost) < 4 * np.sqrt(lost * (1 - lost) / before[0])
    assert after[0] == after[1]
    assert (steady["early_help"]["end_date"] < MIGRATION).sum() > 20
    assert not (migrated["early_help"]["end_date"] < MIGRATION).any()


def test_open_spells_are_dated_to_the_day_of_the_new_case_system(steady, migrated):
    for name in DriftRates().dated_to_migration:
        running = [
            (f["start_date"] < MIGRATION) & ~(f["end_date"] <= MIGRATION) for f in (steady[name], migrated[name])
        ]
        begun = [int(frame[name]["start_date"].eq(MIGRATION).sum()) for frame in (steady, migrated)]
        assert running[0].sum() > 30
        assert running[1].sum() == 0
        assert begun[1] >= begun[0] + running[0].sum()


def test_some_ends_were_not_carried_over(steady, migrated):
    year_before = steady["cin_plans"]["end_date"].between("2020-04-01", "2021-03-31")
    keys = steady["cin_plans"].loc[year_before, "row_key"]
    found = migrated["cin_plans"].assign(key=migrated["cin_plans"]["row_key"].str[-8:]).set_index("key")
    open_now = found.loc[keys, "end_date"].isna().mean()
    assert 0.03 < open_now < 0.35
    assert (found["end_date"].isna() == found["end_recorded_date"].isna()).all()


@pytest.mark.parametrize("name", DRIFTS)
def test_a_change_does_not_touch_the_children(steady, name):
    tables = made(name)
    both = steady["children"].merge(tables["children"], on="child_id", suffixes=("", "_other"))
    assert len(both) > 0.9 * CHILDREN  # what happens decides who is known, so a few may differ
    assert (both["birth_date"] == both["birth_date_other"]).all()


def test_days_of_change_are_firsts_of_months_in_the_window():
    assert [day_of(None, share, WINDOW, "") for share in (0.5, 0.6, 0.7)] == [
        (day - pd.Timestamp("1970-01-01")).days for day in (CODES, MIGRATION, POLICY)
    ]
    for wrong in ("2014-04-01", "2022-04-02", "soon", "2026-01-01"):
        with pytest.raises(SpecError, match="policy_from must be"):
            made("policy_change", drift_rates=DriftRates(policy_from=wrong))


@pytest.mark.parametrize("drift", ["migration", ("pandemic",), 1, (None,)])
def test_unknown_changes_are_refused_with_the_list(drift):
    with pytest.raises(SpecError, match=r"drift must be a collection of names.*'code_drift'"):
        make_records(20, drift=drift)
