"""Tests of the synthetic records as a whole: valid, reproducible, and with every pathway that is promised."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.authorities.authorities import AUTHORITIES
from edgeofcare.synthetic.records import make_records, simulate_tables

UNTIL = pd.Timestamp("2025-03-31")
FROM = pd.Timestamp("2015-04-01")
SPELLS = [name for name, table in TABLES.items() if table.end is not None]
EMPTY_ALLOWED = {"missing_episodes", "referrals"}


def episodes_with_status(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Each care episode with the legal status in force when it began."""
    statuses = tables["legal_statuses"].query("status != 'NONE'")
    pairs = tables["care_episodes"].merge(statuses, on="child_id", suffixes=("", "_status"))
    ended = pairs["end_date_status"].notna() & (pairs["end_date_status"] <= pairs["start_date"])
    return pairs[(pairs["start_date_status"] <= pairs["start_date"]) & ~ended]


def entries(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """First episode of each period of care that is not a short break, with the child's age."""
    rows = episodes_with_status(tables)
    rows = rows[~rows["status"].isin(["V1", "V3", "V4"])].sort_values(["start_date", "row_key"])
    rows = rows.drop_duplicates("period_key").merge(tables["children"], on="child_id")
    return rows.assign(age=(rows["start_date"] - rows["birth_date"]).dt.days / 365.25)


def unaccompanied(tables: dict[str, pd.DataFrame]) -> set[str]:
    """Unaccompanied asylum-seeking children."""
    statuses = tables["immigration_statuses"]
    return set(statuses.loc[statuses["uasc"], "child_id"])


def test_every_canonical_table_has_its_columns_and_types(invented):
    assert list(invented) == list(TABLES)
    for name, table in TABLES.items():
        frame = invented[name]
        assert tuple(frame.columns) == table.names
        assert all(str(frame[column].dtype) == "datetime64[s]" for column in table.of_kind("date"))
        assert all(str(frame[column].dtype) == "boolean" for column in table.of_kind("flag"))
        assert all(str(frame[column].dtype) == "float64" for column in table.of_kind("number"))


def test_every_code_is_in_its_list(invented):
    for name, table in TABLES.items():
        for column in table.columns:
            if column.codes:
                found = set(invented[name][column.name].dropna())
                assert found <= set(CODE_LISTS[column.codes]), (name, column.name)


def test_there_are_as_many_children_as_asked_for(invented):
    assert len(invented["children"]) == 2500
    assert invented["children"]["child_id"].is_unique


@pytest.mark.parametrize("name", SPELLS)
def test_spells_end_after_they_begin(invented, name):
    ends = invented[name]["end_date"]
    starts = invented[name]["start_date"]
    assert starts.notna().all()
    assert (starts <= UNTIL).all()
    assert (ends.dropna() <= UNTIL).all()
    assert not (ends < starts).any()
    if name not in EMPTY_ALLOWED:
        assert not (ends == starts).any()


def test_windows_are_those_of_the_extract(invented):
    assert invented["contacts"]["date"].min() >= FROM
    referrals = invented["referrals"]
    assert (referrals["start_date"].ge(FROM) | referrals["end_date"].isna()).all()
    assert (referrals["start_date"] < FROM).any()
    for name in ("cin_plans", "cp_plans", "care_episodes", "early_help"):
        ends = invented[name]["end_date"]
        assert (ends.isna() | ends.ge(FROM)).all()
        assert (invented[name]["start_date"] < FROM).any()


def test_periods_of_care_of_a_child_do_not_overlap(invented):
    rows = invented["care_episodes"].sort_values(["child_id", "start_date"])
    following = rows.groupby("child_id")["start_date"].shift(-1)
    assert not (rows["end_date"] > following).any()
    assert not (rows["end_date"].isna() & following.notna()).any()


def test_episodes_that_go_on_meet_the_next_and_only_those(invented):
    rows = invented["care_episodes"].sort_values(["period_key", "start_date"])
    following = rows.groupby("period_key")["start_date"].shift(-1)
    goes_on = rows["end_reason"].eq("X1")
    assert goes_on.sum() > 200
    assert (following[goes_on] == rows["end_date"][goes_on]).all()
    assert following[~goes_on].isna().all()
    assert rows["start_reason"].isin(["L", "P", "B", "T", "U"]).sum() > 200


def test_each_episode_has_exactly_one_legal_status(invented):
    rows = episodes_with_status(invented)
    assert len(rows) == len(invented["care_episodes"])
    assert rows["row_key"].is_unique


def test_nobody_is_in_care_before_birth_or_after_18(invented):
    rows = invented["care_episodes"].merge(invented["children"], on="child_id")
    birthday = rows["birth_date"] + pd.DateOffset(years=18)
    assert (rows["start_date"] >= rows["birth_date"]).all()
    assert (rows["end_date"].fillna(UNTIL) <= birthday).all()


def test_factors_are_those_of_an_assessment_authorised_that_day(invented):
    authorised = invented["assessments"][["child_id", "end_date"]].rename(columns={"end_date": "date"})
    matched = invented["assessment_factors"].merge(authorised.drop_duplicates(), on=["child_id", "date"])
    assert len(matched) == len(invented["assessment_factors"])
    alone = invented["assessment_factors"].groupby(["child_id", "date"])["factor"].agg(list)
    assert all(len(found) == 1 for found in alone if "21" in found)


def test_plans_end_soon_after_entry(invented):
    first = entries(invented)
    for name in ("cin_plans", "cp_plans"):
        plans = first[["child_id", "start_date"]].merge(invented[name], on="child_id", suffixes=("_care", ""))
        running = plans[(plans["start_date"] <= plans["start_date_care"])]
        running = running[running["end_date"] >= running["start_date_care"]]
        closing = running["end_date"] <= running["start_date_care"] + pd.Timedelta(days=21)
        assert len(running) >= 10
        assert closing.mean() > 0.97


def test_siblings_share_households_and_mothers(invented):
    links = invented["relationships"]
    for kind in ("mother", "family"):
        sizes = links[links["kind"] == kind].groupby("related_id")["child_id"].nunique()
        assert (sizes > 1).sum() > 150
    families = links[links["kind"] == "family"].set_index("child_id")["related_id"]
    mothers = links[links["kind"] == "mother"].assign(family=lambda frame: frame["child_id"].map(families))
    assert len(mothers["family"].dropna()) > 150
    for one, many in (("related_id", "family"), ("family", "related_id")):
        pairs = mothers[[one, many]].dropna().drop_duplicates()
        assert not pairs[one].duplicated().any()  # families join nobody whom mothers do not: Mosaic has mothers alone


@pytest.mark.parametrize(
    ("name", "date"), [("contacts", "date"), ("missing_episodes", "start_date"), ("offences", "date")]
)
def test_some_rows_are_recorded_late(invented, name, date):
    table = invented[name]
    delay = (table["recorded_date"] - table[date]).dt.days
    late = delay[delay > 0]
    assert delay.min() == 0
    assert 0.09 < len(late) / len(delay) < 0.20
    assert 35 < late.mean() < 65
    assert table["recorded_date"].max() <= UNTIL


@pytest.mark.parametrize("name", ["cin_plans", "referrals"])
def test_some_ends_are_entered_late_and_none_after_the_extract(invented, name):
    table = invented[name]
    entered = table["end_recorded_date"]
    assert (entered.notna() == table["end_date"].notna()).all()
    assert (entered >= table["end_date"])[entered.notna()].all()
    assert (entered > table["end_date"]).mean() > 0.04
    assert entered.max() <= UNTIL


def test_some_plans_are_never_closed(invented):
    adults = invented["children"].query("birth_date < '2006-01-01'")["child_id"]
    for name in ("cin_plans", "early_help", "worker_involvements"):
        table = invented[name]
        assert (table["end_date"].isna() & table["child_id"].isin(adults)).sum() >= 2, name


def test_short_breaks_are_of_disabled_children_and_some_become_accommodation(invented):
    rows = episodes_with_status(invented)
    breaks = rows[rows["status"].isin(["V3", "V4"])]
    assert set(breaks["status"]) == {"V3", "V4"}
    assert breaks["child_id"].isin(invented["disabilities"]["child_id"]).all()
    stays = breaks[breaks["status"] == "V3"]
    assert ((stays["end_date"] - stays["start_date"]).dt.days.dropna() <= 17).all()
    periods = breaks.query("status == 'V4'")["period_key"]
    converted = rows[rows["period_key"].isin(periods) & rows["status"].eq("V2")]
    assert len(converted) >= 1
    assert "L" in set(converted["start_reason"])


def test_remand_re_entry_deaths_moves_adoption_and_guardianship(invented):
    rows = episodes_with_status(invented)
    closed = invented["referrals"]["close_reason"].value_counts()
    ended = invented["care_episodes"]["end_reason"].value_counts()
    assert rows["status"].eq("J1").sum() >= 5
    assert (
        rows[rows["status"].eq("J1")].merge(invented["children"], on="child_id").eval("start_date - birth_date").dt.days
        > 4380
    ).all()
    assert (entries(invented).groupby("child_id").size() > 1).sum() >= 30
    assert invented["children"]["death_date"].notna().sum() >= 2
    assert closed["RC5"] >= 10
    assert ended["E3"] >= 3
    assert closed["RC1"] >= 1
    assert ended[["E11", "E12"]].sum() >= 1
    assert ended[["E45", "E46", "E47", "E48"]].sum() >= 10
    assert closed["RC4"] >= 10


def test_unaccompanied_children_enter_within_days_of_the_referral(invented):
    first = entries(invented)
    first = first[first["child_id"].isin(unaccompanied(invented))].drop_duplicates("child_id")
    referred = invented["referrals"].groupby("child_id")["start_date"].min()
    wait = (first["start_date"] - first["child_id"].map(referred)).dt.days.dropna()
    assert len(wait) >= 25
    assert wait.between(0, 5).mean() > 0.9
    assert first["need"].eq("N8").all()
    assert first["status"].isin(["V2"]).all()


def test_unborn_children_estimated_births_copies_and_orphans(invented):
    children = invented["children"]
    unborn = children["birth_date"] > UNTIL
    assert children.loc[unborn, "birth_date_estimated"].all()
    assert children["birth_date_estimated"].sum() >= 20
    referred = invented["referrals"].merge(children, on="child_id")
    assert (referred["start_date"] < referred["birth_date"]).sum() >= 3
    for name in ("contacts", "missing_episodes", "worker_involvements"):
        assert 1 <= invented[name].duplicated().sum() <= 4
    for name in ("contacts", "missing_episodes"):
        assert 1 <= (~invented[name]["child_id"].isin(children["child_id"])).sum() <= 9


def test_codes_are_missing_where_real_extracts_miss_them(invented):
    for name, column in [("contacts", "source"), ("referrals", "need"), ("children", "ethnicity")]:
        assert 0.002 < invented[name][column].isna().mean() < 0.05


def test_enough_adolescents_enter_and_most_from_open_cases(invented):
    first = entries(invented).query("age >= 10 and status != 'J1'")
    first = first[~first["child_id"].isin(unaccompanied(invented))]
    recent = first[first["start_date"] >= "2018-04-01"]
    assert len(recent) >= 110
    assert (recent["start_date"] >= "2023-04-01").sum() >= 30
    cases = recent.merge(invented["referrals"], on="child_id", suffixes=("", "_case"))
    before = (cases["start_date_case"] < cases["start_date"]) & ~cases["end_date_case"].lt(cases["start_date"])
    share = cases[before]["row_key"].nunique() / len(recent)
    assert 0.7 < share < 0.97


def test_records_hold_what_the_tables_hold():
    tables, records = (
        simulate_tables(60, random_state=11, authority="sample"),
        make_records(60, random_state=11, authority="sample"),
    )
    born = tables["children"]["birth_date"] <= UNTIL
    assert len(records.table("children")) == born.sum()
    assert len(records.table("care_episodes")) == len(tables["care_episodes"])
    assert records.observed_until == UNTIL
    assert records.observed_from["contacts"] == FROM


def test_years_count_back_from_the_last_day():
    tables = simulate_tables(60, random_state=0, years=4, authority="sample")
    same = simulate_tables(60, random_state=0, observed_from="2021-04-01", authority="sample")
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, same[name])
    assert make_records(60, years=4, authority="sample").observed_from["contacts"] == pd.Timestamp("2021-04-01")


def delays(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Days from contacts and missing episodes until they were entered."""
    contacts, missing = tables["contacts"], tables["missing_episodes"]
    return pd.concat(
        [contacts["recorded_date"] - contacts["date"], missing["recorded_date"] - missing["start_date"]]
    ).dt.days


@pytest.mark.parametrize(
    ("late", "low", "high"), [(False, 0, 0), (0.5, 0.05, 0.10), (True, 0.11, 0.19), (3, 0.36, 0.5)]
)
def test_late_recording_can_be_switched_off_or_multiplied(late, low, high):
    tables = simulate_tables(400, random_state=1, authority="sample", years=6, late_recording=late)
    assert low <= (delays(tables) > 0).mean() <= high
    ends = tables["referrals"]
    entered_late = (ends["end_recorded_date"] > ends["end_date"]).sum()
    assert (entered_late > 0) == bool(late)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"authority": "atlantis"}, "'england'"),
        ({"years": 0}, "years must be"),
        ({"years": 2.5}, "years must be"),
        ({"years": 3, "observed_from": "2020-04-01"}, "either years or observed_from"),
        ({"observed_from": "2026-04-01"}, "before observed_until"),
        ({"late_recording": -1}, "late_recording must be"),
        ({"late_recording": "often"}, "late_recording must be"),
        ({"n_children": 0}, "n_children must be"),
        ({"random_state": -1}, "random_state must be"),
    ],
)
def test_options_that_are_not_understood_are_refused(wrong, message):
    with pytest.raises(SpecError, match=message):
        make_records(**{"n_children": 20, "authority": "sample", **wrong})


@pytest.mark.parametrize("authority", list(AUTHORITIES))
def test_every_authority_gives_valid_records(authority):
    records = make_records(300, authority=authority, years=3)
    assert len(records.table("children")) > 250
    assert len(records.table("referrals")) > 100


def test_suspensions_come_only_when_asked_for():
    tables = simulate_tables(600, authority="sample", years=5, also=("suspensions",))
    assert list(tables)[-1] == "suspensions"
    assert tables["suspensions"]["child_id"].isin(tables["children"]["child_id"]).all()
    plain = simulate_tables(600, authority="sample", years=5)
    assert "suspensions" not in plain
    for name, frame in plain.items():
        pd.testing.assert_frame_equal(frame, tables[name])
    with pytest.raises(SpecError, match="also names"):
        simulate_tables(20, also=("holidays",))


def test_a_shorter_extract_is_within_its_dates():
    tables = simulate_tables(
        150, random_state=0, observed_from="2020-01-01", observed_until="2021-06-30", authority="sample"
    )
    assert len(tables["children"]) == 150
    assert tables["contacts"]["date"].between("2020-01-01", "2021-06-30").all()
