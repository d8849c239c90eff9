"""Joining CIN census and SSDA903 records: whose table, whose word, which window, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import EdgeOfCareError, RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.outcome import label_outcome
from edgeofcare.records.cin_census.read import CIN_ABSENT, CIN_TABLES, read_cin_census
from edgeofcare.records.combine import combine
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.records.ssda903.read import read_ssda903
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.cin_census import write_cin_census
from edgeofcare.synthetic.writers.ssda903 import write_ssda903
from edgeofcare.task import Task
from tiny_tables import picture, told

CIN = {
    "children": """
        child_id, birth_date, sex, ethnicity, death_date
        Q1, 2008-06-15, F, WBRI,
        Q2, 2008-06-16, M, NOBT,
        Q3, 2008-06-17, , ,
        Q4, 2008-06-18, M, WIRI,
    """,
    "referrals": """
        row_key, child_id, start_date, end_date, nfa
        r1, Q1, 2021-06-01, , N
        r2, Q2, 2021-06-01, 2022-01-01, N
        r3, Q3, 2022-12-01, , N
        r4, Q4, 2022-12-01, , N
    """,
    "cp_plans": "row_key, child_id, start_date, end_date\np1, Q1, 2021-08-01,",
}
CARE = {
    "children": """
        child_id, birth_date, sex, ethnicity, death_date
        Q1, 2008-06-15, F, WIRI, 2022-12-31
        Q2, 2008-07-16, M, WBRI,
        Q3, 2008-06-17, F, ABAN,
        Q9, 2008-06-19, F, ABAN,
    """,
    "care_episodes": """
        row_key, child_id, start_date, end_date, end_reason
        e1, Q1, 2022-02-01, 2023-06-01, E4A
        e2, Q3, 2023-05-01, ,
        e3, Q2, 2021-10-01, 2021-12-01, E4A
        e9, Q9, 2021-10-01, ,
    """,
    "legal_statuses": """
        row_key, child_id, start_date, end_date, status
        s1, Q1, 2022-02-01, 2023-06-01, V2
        s2, Q3, 2023-05-01, , C1
        s3, Q2, 2021-10-01, 2021-12-01, V2
        s9, Q9, 2021-10-01, , V2
    """,
}


def records_of(tables, absent, until, since, **options):
    """Records of one source, observed from a day on."""
    frames = {name: picture(text) for name, text in tables.items()}
    first = {name: since for name in frames if name != "children"}
    return Records.from_tables(frames, observed_until=until, observed_from=first, absent=absent, **options)


def cin(until="2023-03-31", since="2020-04-01", **changed):
    """Records as a CIN census gives them."""
    options = changed.pop("options", {})
    return records_of(CIN | changed, CIN_ABSENT, until, since, **options)


def care(until="2024-03-31", since="2021-04-01", **changed):
    """Records as SSDA903 returns give them."""
    options = changed.pop("options", {})
    return records_of(CARE | changed, ("referrals",), until, since, **options)


def found(records, why):
    """How many rows a finding tells of."""
    rows = records.findings()
    return int(rows.loc[rows["why"].str.contains(why, regex=False), "count"].sum())


def refused(first, second, error=RecordsError):
    """The message with which a pair is refused; it names no child and no date of one."""
    with pytest.raises(error) as caught:
        combine(first, second)
    assert not [secret for secret in ("Q1", "Q2", "Q3", "2008-", "2021-") if secret in str(caught.value)]
    return str(caught.value)


def test_each_table_comes_from_the_returns_that_have_it():
    both = combine(cin(), care())
    assert told(both.table("referrals"), "row_key") == ["r1", "r2", "r3", "r4"]
    assert told(both.table("cp_plans"), "row_key") == ["p1"]
    assert told(both.table("care_episodes"), "row_key", "end_date") == ["e1, ", "e3, 2021-12-01", "e9, "]
    assert told(both.table("legal_statuses"), "row_key") == ["s1", "s3", "s9"]
    assert (both.absent, both.scoring_only) == ((), "")


def test_columns_that_a_return_does_not_hold_are_those_of_the_tables_it_gives():
    first, second = cin(), care()
    both = combine(first, second)
    assert both.absent_columns["referrals"] == first.absent_columns["referrals"]
    assert both.absent_columns["care_episodes"] == second.absent_columns["care_episodes"]
    assert both.links == second.links == "none"


def test_missing_episodes_of_children_in_care_do_not_stand_for_those_of_all():
    missing = "row_key, child_id, start_date, end_date, type\nm1, Q1, 2022-01-05, 2022-01-06, M"
    both = combine(cin(), care(missing_episodes=missing))
    assert not both.observed("missing_episodes")
    assert both.table("missing_episodes").empty
    assert found(both, "has those in care alone") == 1
    cohort = build_cohort(both, Task(horizon="180D"), index_dates=["2022-02-01"])
    assert build_features(both, cohort, ["missing.count.30d"]).isna().all(axis=None)


def test_the_cin_census_counts_where_the_two_disagree_and_what_it_leaves_empty_stays_empty():
    both = combine(cin(), care())
    assert told(both.table("children"), "child_id", "birth_date", "sex", "ethnicity", "death_date") == [
        "Q1, 2008-06-15, F, WBRI, 2022-12-31",
        "Q2, 2008-06-16, M, NOBT, ",
        "Q3, 2008-06-17, , , ",
        "Q4, 2008-06-18, M, WIRI, ",
        "Q9, 2008-06-19, F, ABAN, ",
    ]
    rows = both.findings()
    differs = rows[rows["why"].str.contains("the CIN census counts")]
    assert told(differs, "column", "count") == ["birth_date, 1", "ethnicity, 1"]
    assert found(both, "only in the SSDA903 return: added") == 1
    assert found(both, "looked after in the shared period, and in no CIN census return") == 1


def test_the_window_is_shared_and_each_table_keeps_its_own_beginning_and_lag():
    lags = ({"options": {"reporting_lag": {"referrals": 3, "care_episodes": 99}}},
            {"options": {"reporting_lag": {"care_episodes": 7, "referrals": 99}}})  # fmt: skip
    both = combine(cin(**lags[0]), care(**lags[1]))
    assert both.observed_until == pd.Timestamp("2023-03-31")
    assert both.observed_from["referrals"] == both.observed_from["cp_plans"] == pd.Timestamp("2020-04-01")
    assert both.observed_from["care_episodes"] == pd.Timestamp("2021-04-01")
    assert not both.observed("contacts")
    assert not both.observed("assessments")
    assert (both.reporting_lag["referrals"], both.reporting_lag["care_episodes"]) == (3, 7)
    assert found(both, "begins after the other returns end") == 2
    assert found(both, "later than observed_until, so not known") == 2
    early = combine(cin(), care(until="2022-03-31"))
    assert told(early.table("referrals"), "row_key", "end_date") == ["r1, ", "r2, 2022-01-01"]


def test_what_was_found_on_reading_either_is_kept_with_its_name():
    told_of = {}
    for name in ("one", "two"):
        told_of[name] = Findings()
        told_of[name].note("children", "sex", 2, "emptied", f"reason {name}", rule="CIN 8500")
    both = combine(cin(options={"findings": told_of["one"]}), care(options={"findings": told_of["two"]}))
    rows = both.findings()
    kept = rows[rows["why"].str.contains("reason")]
    assert told(kept, "table", "column", "count", "action", "why", "rule") == [
        "children, sex, 2, emptied, CIN census: reason one, CIN 8500",
        "children, sex, 2, emptied, SSDA903: reason two, CIN 8500",
    ]


def test_joined_records_give_a_cohort_features_and_labels():
    both = combine(cin(), care())
    task = Task(horizon="180D")
    cohort = build_cohort(both, task, index_dates=["2021-10-01", "2022-02-01"])
    rows = [f"{child} {day.date()}" for _, child, day in cohort.index]
    assert rows == ["Q1 2021-10-01", "Q1 2022-02-01", "Q2 2021-10-01"]
    details = label_outcome(both, cohort, task, details=True)
    assert details["entered_care"].tolist() == [1, 1, 1]
    assert build_features(both, cohort, ["cp_plan.active", "care.count.30d"])["cp_plan.active"].tolist() == [1, 1, 0]


def test_own_tables_of_either_are_kept():
    suspended = pd.DataFrame({"child_id": ["Q1", "Q3"], "date": ["2022-01-10", "2023-05-01"], "days": [3, 1]})
    ours = cin(until="2024-03-31").with_events("suspensions", suspended, value="days")
    housed = pd.DataFrame({"child_id": ["Q1"], "from": ["2021-05-01"], "to": [""], "kind": ["hostel"]})
    theirs = care(until="2023-03-31").with_events("housing", housed, date="from", end="to", category="kind")
    both = combine(ours, theirs)
    assert told(both.table("suspensions"), "child_id", "date", "value") == ["Q1, 2022-01-10, 3.0"]
    assert told(both.table("housing"), "child_id", "start_date", "category") == ["Q1, 2021-05-01, hostel"]
    assert both.observed_from["suspensions"] == ours.observed_from["suspensions"]
    twice = care().with_events("suspensions", suspended, value="days")
    assert "suspensions: both" in refused(ours, twice)


def test_the_name_of_the_one_authority_is_that_of_all_children():
    named = CARE["children"].replace("death_date", "death_date, authority").replace("\n        Q", "\n        Q")
    named = "\n".join(f"{line}, North" if line.strip().startswith("Q") else line for line in named.splitlines())
    assert combine(cin(), care(children=named)).table("children")["authority"].unique().tolist() == ["North"]
    assert combine(cin(), care()).table("children")["authority"].isna().all()


def test_swapped_alike_and_other_arguments_are_refused():
    whole = make_records(20, random_state=0, authority="sample")
    assert "swapped: write combine(cin, ssda903)" in refused(care(), cin(), SpecError)
    assert "one read_cin_census" in refused(cin(), cin(), SpecError)
    assert "one read_ssda903" in refused(care(), care(), SpecError)
    assert "need no joining" in refused(whole, care(), SpecError)
    assert "need no joining" in refused(cin(), whole, SpecError)
    assert "got str and Records" in refused("cin", care(), SpecError)


def test_ids_that_do_not_meet_are_refused():
    strange = {name: text.replace("Q", "0") for name, text in CARE.items()}
    message = refused(cin(), care(**strange))
    assert "only 0 of 3 children looked after in the shared period are in the CIN census returns" in message
    assert "LAchildID and CHILD must be the same id" in message


def test_half_of_the_children_looked_after_are_enough():
    fewer = {"children": CIN["children"].replace("Q2, 2008-06-16, M, NOBT,", ""),
             "referrals": CIN["referrals"].replace("r2, Q2, 2021-06-01, 2022-01-01, N", "")}  # fmt: skip
    assert "only 1 of 3 children" in refused(cin(**fewer), care())
    two = {name: "\n".join(line for line in CARE[name].splitlines() if "Q9" not in line) for name in CARE}
    assert found(combine(cin(**fewer), care(**two)), "looked after in the shared period") == 1


def test_one_id_for_different_children_is_refused():
    ids = [f"Q{number}" for number in range(1, 7)]
    people = "\n".join(["child_id, birth_date", *(f"{child}, 2008-06-15" for child in ids)])
    others = "\n".join(["child_id, birth_date", *(f"{child}, 2009-0{n}-15" for n, child in enumerate(ids, 1))])
    message = refused(cin(children=people), care(children=others.replace("Q6", "Q9")))
    assert "5 of 5 children that the two have in common have different dates of birth" in message


def test_returns_of_different_years_are_refused():
    assert "share no period" in refused(cin(until="2023-03-31"), care(since="2023-04-01"))


@pytest.mark.parametrize("seed", [0])
def test_the_returns_of_synthetic_children_are_joined_and_hold_what_their_records_hold(tmp_path, seed):
    whole = make_records(300, random_state=seed, authority="sample")
    write_cin_census(whole, tmp_path / "cin", years=10)
    write_ssda903(whole, tmp_path / "903", years=10)
    both = combine(read_cin_census(tmp_path / "cin"), read_ssda903(tmp_path / "903", observed_until=None))
    for name in ("assessments", "assessment_factors", "initial_conferences", "cp_plans", "care_episodes"):
        start = str(TABLES[name].start)
        ours, theirs = (records.table(name)[["child_id", start]] for records in (both, whole))
        order = ["child_id", start]
        assert told(ours.sort_values(order), *order) == told(theirs.sort_values(order), *order), name
        assert name in CIN_TABLES or name == "care_episodes"
    assert found(both, "only in the SSDA903 return") <= 0.2 * len(both.table("children"))
    with pytest.raises(EdgeOfCareError):
        combine(both, both)
