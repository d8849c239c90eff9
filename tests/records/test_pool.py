"""A pool is what its authorities are: the same rows, features and outcomes, and nothing shared between them."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.outcome import label_outcome
from edgeofcare.records.pool import pool
from edgeofcare.records.records import Records
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task
from tiny_tables import picture, records_of

DATES = ["2019-04-01", "2021-07-01", "2023-01-01"]
NAMES = ("Hammersmith & Fulham", "Kensington and Chelsea", "Westminster")


@pytest.fixture(scope="module")
def three():
    return {name: make_records(400, random_state=seed, authority="sample") for seed, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def pooled(three):
    return pool(three)


def test_rows_features_and_outcomes_are_those_of_each_authority(three, pooled):
    task = Task()
    cohort = build_cohort(pooled, task, index_dates=DATES)
    X, y = build_features(pooled, cohort, default_features()), label_outcome(pooled, cohort, task)
    assert cohort["authority"].value_counts().min() > 20
    for name, records in three.items():
        own = build_cohort(records, task, index_dates=DATES)
        here = (cohort["authority"] == name).to_numpy()
        shared = cohort.loc[here].drop(columns="authority").set_axis(own.index)
        keys = [f"{name}:{child}" for child in own.index.get_level_values("child_id")]
        assert cohort.index[here].get_level_values("child_id").tolist() == keys
        pd.testing.assert_frame_equal(shared, own)
        ours = build_features(records, own, default_features())
        pd.testing.assert_frame_equal(X.loc[here].set_axis(own.index), ours, check_exact=True)
        labelled = label_outcome(records, own, task)
        assert y[y.index.isin(cohort.index[here])].tolist() == labelled.tolist()


def test_the_same_keys_in_two_authorities_are_two_children(three):
    records = three["Westminster"]
    both = pool({"North": records, "South": records})
    assert len(both.table("children")) == 2 * len(records.table("children"))
    assert both.households.nunique() == 2 * records.households.nunique()
    assert not set(both.households[both.households.index.str.startswith("North")]) & set(
        both.households[both.households.index.str.startswith("South")]
    )


def test_the_order_of_authorities_changes_nothing(three, pooled):
    assert pool(dict(reversed(list(three.items())))).fingerprint == pooled.fingerprint


def test_a_pool_sees_what_all_of_them_see():
    early = records_of(
        until="2022-12-31",
        options={"observed_from": "2015-01-01", "reporting_lag": 3},
        referrals="child, start, end\na, 2016-05-01, 2016-06-01\na, 2022-06-01,",
        contacts="child, date\na, 2022-06-01",
    )
    late = records_of(
        until="2024-12-31",
        options={"observed_from": "2018-01-01", "reporting_lag": {"referrals": 10}},
        referrals="child, start, end\na, 2020-05-01, 2023-06-01\na, 2023-05-01, 2024-01-01",
    )
    both = pool({"Early": early, "Late": late})
    assert str(both.observed_until.date()) == "2022-12-31"
    assert str(both.observed_from["referrals"].date()) == "2018-01-01"
    assert both.reporting_lag["referrals"] == 10
    assert not both.observed("contacts"), "only one of them has contacts"
    referrals = both.table("referrals")
    assert len(referrals) == 3
    assert referrals["end_date"].notna().sum() == 1, "the end of 2023 is not yet known"
    told = both.findings()
    assert told.loc[told["table"] == "contacts", "why"].tolist() == ["not every authority has the table"]


def test_a_pool_says_of_links_and_columns_what_all_of_them_can_say():
    links = "child, related_id, kind, recorded_date\na, M, mother, {}\nb, M, mother, {}"
    given = {
        "North": records_of(
            relationships=links.format("2020-01-01", ""), contacts="child, date, source\na, 2021-01-01, 10"
        ),
        "South": records_of(relationships=links.format("", ""), contacts="child, date\na, 2021-01-01"),
    }
    both = pool(given)
    assert (given["North"].links, given["South"].links, both.links) == ("dated", "undated", "undated")
    assert dict(both.absent_columns) == {"contacts": ("source",)}
    cohort = pd.DataFrame(index=pd.MultiIndex.from_tuples(
        [("", "North:a", pd.Timestamp("2021-02-01"))], names=["household_id", "child_id", "index_date"]
    ))  # fmt: skip
    names = ["contact.source_10.count.90d", "contact.count.90d", "sibling.number_0_17", "sibling_undated.number_0_17"]
    X = build_features(both, cohort, names).iloc[0]
    assert X.isna().tolist() == [True, False, True, False]


def test_a_table_that_one_authority_has_only_after_the_pool_ends_is_left_out():
    options = {"observed_from": {"contacts": "2015-01-01"}}
    early = records_of(until="2022-12-31", options=options, contacts="child, date\na, 2022-06-01")
    options = {"observed_from": {"contacts": "2023-06-01"}}
    late = records_of(until="2024-12-31", options=options, contacts="child, date\na, 2024-06-01")
    both = pool({"Early": early, "Late": late})
    assert not both.observed("contacts")
    assert both.table("contacts").empty


def test_own_tables_are_pooled():
    records = records_of(referrals="child, start, end\na, 2020-05-01,")
    more = records.with_events("suspensions", picture("child_id, date, days\na, 2021-05-01, 3"), value="days")
    both = pool({"A": more, "B": more})
    assert both.table("suspensions")["child_id"].tolist() == ["A:a", "B:a"]
    assert both.table("suspensions")["value"].tolist() == [3, 3]
    assert not pool({"A": more, "B": records}).observed("suspensions")
    spells = records.with_events("suspensions", picture("child_id, date, end\na, 2021-05-01, "), end="end")
    with pytest.raises(RecordsError, match="not of one form"):
        pool({"A": more, "B": spells})


def test_records_that_may_not_train_make_a_pool_that_may_not():
    records = records_of(referrals="child, start, end\na, 2020-05-01,")
    tables = {name: records.table(name) for name in records}
    today = Records.from_tables(tables, observed_until="2024-12-31", scoring_only="It shows today only.")
    assert pool({"A": records, "B": today}).scoring_only == "It shows today only."


@pytest.mark.parametrize(
    "given",
    [[], {"A": 1, "B": 2}, {"A:": None, "B": None}, "AB"],
)
def test_what_is_no_pool_is_refused(given):
    with pytest.raises(SpecError):
        pool(given)


def test_one_authority_is_no_pool():
    records = records_of(referrals="child, start, end\na, 2020-05-01,")
    with pytest.raises(SpecError, match="two or more"):
        pool([records])
    with pytest.raises(SpecError, match="names of authorities"):
        pool({"A:": records, "B": records})
    assert pool([records, records]).table("children")["authority"].tolist() == ["authority 1", "authority 2"]
