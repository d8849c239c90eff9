"""Every value can be made again from the rows that evidence shows for it, and every other row has a reason."""

from __future__ import annotations

import gc
import math
import re
import weakref

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.evidence import EvidenceIndex, evidence, evidence_index, why_not
from edgeofcare.features.feature import SCOPES, Feature
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.specs.events import Count, DaysSince
from edgeofcare.features.specs.numbers import Distinct, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task
from spec_strategies import EVERY_KIND, any_spec, kinds_of
from strategies import DATED, INDEX_DAYS, as_date, families, histories, row_index, telling_days
from tiny_tables import records_of, told

FRAME = ["feature", "table", "child_id", "row_key", "date", "end_date", "known", "counts", "reason"]
COUNTED = ["table", "row_key", "date", "end_date", "known"]
DAY = "2022-04-01"


def same(one, other):
    """Whether two values are one, or both missing."""
    return one == other or (one != one and other != other)


# ------------------------------------------------------------------------------------- the value again


@st.composite
def cases(draw):
    """A history of families, a feature of every kind and scope, and days on which something changes sides."""
    more = draw(st.lists(st.sampled_from([*DATED, "care_periods"]), min_size=1, max_size=2, unique=True))
    named = tuple(dict.fromkeys(["placements", *more]))
    care = ("care_episodes", "legal_statuses") if "care_periods" in named else ()
    held = tuple(dict.fromkeys([*(name for name in named if name != "care_periods"), *care]))
    history = draw(families(tables=held, rows=20))
    specs = [
        draw(any_spec(named, kinds=(kind,), scopes=tuple(SCOPES), unless=True)) for kind in kinds_of(named, EVERY_KIND)
    ]
    days = draw(st.lists(telling_days(history), min_size=2, max_size=4, unique=True))
    return history, list({spec.name: spec for spec in specs}.values()), days


@settings(max_examples=20)
@given(cases())
def test_each_value_of_every_kind_and_scope_is_made_of_its_own_rows(case):
    history, specs, days = case
    records = history.records()
    built = build_features(records, row_index([c for c in history.child_ids if c.startswith("c")], days), specs)
    index = EvidenceIndex(records, specs)
    for spec in specs:
        for row, value in zip(built.index, built[spec.name].astype(object), strict=True):
            found = index.evidence(row, spec)
            assert same(found.value, value), f"{spec.name}: {found.value} for {value}"
        check_frame(spec, row, found)


def check_frame(spec, row, found):
    """Every row has its reason, and the rows that count are those that are shown alone."""
    frame, kept = found.to_frame(), found.counted()
    assert len(frame) == len(found)
    counting = frame[frame["counts"]]
    assert (counting["known"] < row[2]).all()
    assert frame["reason"].str.startswith("it counts").tolist() == frame["counts"].tolist()
    assert set(zip(kept["table"], kept["row_key"], strict=True)) == set(
        zip(counting["table"], counting["row_key"], strict=True)
    )
    own = frame["child_id"] == row[1]
    assert isinstance(spec, Combined) or (own.all() if getattr(spec, "scope", "child") == "child" else not own.any())


def remade(spec, rows, values, day):
    """The value of a feature from the rows that count alone, and from the values that those rows hold."""
    start, end = (rows[c].to_numpy().astype("datetime64[D]").astype("int64") for c in ("date", "end_date"))
    if isinstance(spec, Count | Active):
        return float(len(rows))
    if isinstance(spec, DaysSince):
        assert len(set(end if spec.edge == "end" else start)) <= 1, "only the rows of the last day count"
        return float(day - (end if spec.edge == "end" else start).max()) if len(rows) else math.nan
    if isinstance(spec, DaysIn):
        until = np.where(rows["end_date"].isna(), day, end)
        return float(
            len(set().union(*(range(max(a, day - spec.lookback), b) for a, b in zip(start, until, strict=True))))
        )
    held = [values[key] for key in rows["row_key"] if values[key] is not None]
    if isinstance(spec, Distinct):
        return float(len(set(held)))
    total = sum(round(value * 1_000_000) for value in held) / 1_000_000
    if isinstance(spec, Sum):
        return total
    if not held:
        return math.nan
    return {Mean: total / len(held), Max: max(held)}[type(spec)]


def short_stays(tables):
    """Days in spells over a short window, in which an end that is not known yet makes all the difference."""
    return [DaysIn(name, 2) for name in tables if TABLES[name].kind == SPELL]


# Seen to fail with: the slice of a child's rows ending where it begins; rows of other days kept for DaysSince; `end` in
# place of `end_known`; and the lower edge of the window moved by one day.
@settings(max_examples=30)
@given(st.data())
def test_the_rows_that_count_hold_all_that_the_value_needs(data):
    tables = tuple(data.draw(st.lists(st.sampled_from([*DATED, "placements"]), min_size=1, max_size=2, unique=True)))
    history = data.draw(histories(rows=12, children=2, tables=tables))
    specs = data.draw(st.lists(any_spec(tables), min_size=3, max_size=10, unique_by=lambda spec: spec.name))
    short = short_stays(tables)
    specs = [spec for spec in specs if spec.name not in {each.name for each in short}] + short
    days = data.draw(st.lists(telling_days(history), min_size=2, max_size=6, unique=True))
    records = history.records()
    built = build_features(records, row_index(history.child_ids, days), specs)
    for row, values in zip(built.index, built.to_dict("records"), strict=True):
        for spec in specs:
            rows = evidence(records, specs, row, spec).counted()
            assert list(rows) == COUNTED
            assert (rows["known"] < row[2]).all()
            assert rows["date"].is_monotonic_increasing
            held = {
                each["row_key"]: each.get(getattr(spec, "value", "")) for each in history.tables.get(spec.table, [])
            }
            made = remade(spec, rows, held, int(np.datetime64(row[2], "D").astype("int64")))
            assert same(made, values[spec.name]), spec.name


def random_cells(children, dates, cells):
    """Compare random cells of the catalogue with the values of their evidence; how many were made of rows."""
    records = make_records(children, random_state=1)
    cohort = build_cohort(records, Task(), index_dates=dates)
    features = default_features()
    built = build_features(records, cohort, features)
    rng, made_of_rows = np.random.default_rng(7), 0
    columns = [built[spec.name].astype(object).to_numpy() for spec in features]
    for place, column in zip(
        rng.integers(len(built), size=cells), rng.integers(len(features), size=cells), strict=True
    ):
        found = evidence(records, features, built.index[place], features[column])
        assert same(found.value, columns[column][place]), features[column].name
        made_of_rows += bool(found.counts.any())
    return made_of_rows


def test_evidence_reproduces_random_cells_of_the_catalogue():
    assert random_cells(400, ["2021-04-01"], 400) > 100


@pytest.mark.slow
def test_evidence_reproduces_ten_thousand_random_cells_of_the_catalogue():
    assert random_cells(4000, ["2019-10-01", "2021-04-01", "2022-07-01"], 10_000) > 2500


# --------------------------------------------------------------------------------- pictures, kind by kind

TABLES_HERE = {
    "referrals": """
        row_key, child, start, end, source, close_reason, recorded_date
        older, a, 2021-05-01, 2021-07-01, 6, RC8, 2021-05-03
        closes later, a, 2021-11-01, 2022-06-01, 2A, RC1,
        not yet known, a, 2022-03-01, , 6, , 2022-04-01
        to come, a, 2022-05-01, , 6, ,
        of the brother, b, 2022-01-10, , 6, ,
        of a stranger, z, 2022-01-10, , 6, ,
    """,
    "missing_episodes": """
        row_key, child, start, end, type
        long ago, a, 2020-01-01, 2020-01-03, M
        winter, a, 2022-01-01, 2022-01-05, M
        spring, a, 2022-03-20, 2022-03-22, A
        same day, a, 2022-03-20, 2022-03-21,
        of the brother, b, 2022-02-01, 2022-02-03, M
    """,
    "cp_plans": """
        row_key, child, start, end, initial_category
        first plan, a, 2021-12-20, 2022-01-03, NEG
        second plan, a, 2022-03-01, , EMO
    """,
    "placements": """
        row_key, child, start, end, distance, type
        near, a, 2022-01-01, 2022-02-01, 2.5, U1
        far, a, 2022-02-01, , 40.25, U1
        unmeasured, a, 2022-03-01, , , U2
    """,
    "relationships": """
        row_key, child, related_id, kind, recorded_date
        a of m, a, m, mother, 2021-01-01
        b of m, b, m, mother, 2022-02-15
        a of f, a, f, family,
        c of f, c, f, family,
    """,
    "care_episodes": """
        row_key, child, start, end
        into care, a, 2021-01-01, 2021-02-01
        moved, a, 2021-02-01, 2021-03-01
    """,
}


@pytest.fixture(scope="module")
def records():
    born = {"a": "2008-01-01", "b": "2012-06-01", "c": "2015-05-05", "z": "2010-01-01"}
    options = {"observed_from": {"referrals": "2015-01-01", "missing_episodes": "2019-01-01"}}
    return records_of(born=born, options=options, **TABLES_HERE)


def on(day=DAY, child="a"):
    """A row of a cohort."""
    return ("home", child, pd.Timestamp(day))


KINDS = [
    ("referral.count.365d", 2.0, ["older", "closes later"]),
    ("referral.source_6.count.365d", 1.0, ["older"]),
    ("referral.not_source_6.count.365d", 1.0, ["closes later"]),
    ("referral.count_ended.365d", 1.0, ["older"]),
    ("referral.close_reason_RC8.count.365d", 1.0, ["older"]),
    ("missing.count.90d", 3.0, ["winter", "same day", "spring"]),
    ("missing.days_since", 12.0, ["same day", "spring"]),
    ("missing.days_since_first", 821.0, ["long ago"]),
    ("missing.trend.60d", 1.0, ["winter", "same day", "spring"]),
    ("missing.rate.1095d", 4 * 365 / 1095, ["long ago", "winter", "same day", "spring"]),
    ("missing.share_type_M.1095d", 0.5, ["long ago", "winter", "same day", "spring"]),
    ("missing.distinct_type.1095d", 2.0, ["long ago", "winter", "spring"]),
    ("missing.last_type.1095d", "A", ["spring"]),
    ("missing.days_in.365d", 6.0, ["winter", "same day", "spring"]),
    ("missing.total_days", 8.0, ["long ago", "winter", "same day", "spring"]),
    ("missing.overlap_cp_plan.365d", 4.0, ["first plan", "winter", "second plan", "same day", "spring"]),
    ("placement.sum_distance.365d", 42.75, ["near", "far"]),
    ("placement.mean_distance.365d", 21.375, ["near", "far"]),
    ("placement.max_distance.365d", 40.25, ["near", "far"]),
    ("placement.last_distance", 40.25, ["far"]),
    ("cp_plan.active", 1.0, ["second plan"]),
    ("care.days_in.1095d", 59.0, ["into care"]),
    ("sibling.missing.count.90d", 1.0, ["of the brother"]),
    ("sibling.number_0_17", 1.0, ["b of m"]),
    ("sibling_undated.number_0_17", 2.0, ["b of m", "c of f"]),
    ("sibling_undated.number_0_6", 1.0, ["c of f"]),
    ("missing.count.60d / missing.count.365d", 2 / 3, ["winter", "same day", "spring"]),
    ("missing.count.365d - referral.count.365d", 1.0, ["older", "closes later", "winter", "same day", "spring"]),
    ("child.age", (19083 - 13879) / 365.25, ["a"]),
    ("child.sex_F", math.nan, ["a"]),
    ("calendar.month", 4.0, []),
]


# Seen to fail with: the first day of the window left out, the link to a sibling not waited for, and the first of the
# rows that could decide in Last in place of the last.
@pytest.mark.parametrize(("name", "value", "keys"), KINDS, ids=[name for name, _, _ in KINDS])
def test_the_rows_of_each_kind(records, name, value, keys):
    found = evidence(records, [name], on(), name)
    assert sorted(found.counted()["row_key"]) == sorted(keys)
    assert same(found.value, value)
    assert list(found.to_frame()) == FRAME


def test_rows_carry_their_own_key_and_hide_ends_that_were_not_known(records):
    rows = evidence(records, ["referral.count.365d"], on(), "referral.count.365d").counted()
    assert told(rows, "table", "row_key", "date", "end_date", "known") == [
        "referrals, older, 2021-05-01, 2021-07-01, 2021-05-03",
        "referrals, closes later, 2021-11-01, , 2021-11-01",
    ]


def test_the_arrays_say_the_same_as_the_frame(records):
    for name, _, _ in KINDS:
        found = evidence(records, [name], on(), name)
        frame = found.to_frame()
        arrays = {"table": found.tables, "row_key": found.row_keys, "known": found.known, "counts": found.counts}
        wanted = pd.DataFrame(arrays | {"end_date": found.end}).astype(frame[[*arrays, "end_date"]].dtypes)
        order = ["table", "row_key", "known"]
        left, right = (each.sort_values(order, ignore_index=True) for each in (frame[wanted.columns], wanted))
        pd.testing.assert_frame_equal(left, right)
        assert len(found.happened) == len(found.reasons) == len(found)


def test_a_siblings_row_says_whose_it_is(records):
    frame = evidence(records, ["sibling.missing.count.90d"], on(), "sibling.missing.count.90d").to_frame()
    assert told(frame, "child_id", "row_key", "known", "counts") == ["b, of the brother, 2022-02-15, True"]


def test_the_rows_of_a_ratio_say_for_which_feature_they_stand(records):
    name = "missing.count.60d / missing.count.365d"
    frame = evidence(records, [name], on(), name).to_frame()
    counting = frame[frame["counts"]].groupby("feature")["row_key"].agg(list).to_dict()
    assert counting == {
        "missing.count.60d": ["same day", "spring"],
        "missing.count.365d": ["winter", "same day", "spring"],
    }


def test_a_period_of_care_goes_back_to_the_episode_with_which_it_began(records):
    index = EvidenceIndex(records)
    rows = index.evidence(on(), "care.count.1095d").counted()
    assert told(rows, "table", "row_key", "date", "end_date") == ["care_episodes, into care, 2021-01-01, 2021-03-01"]
    before = index.evidence(on("2021-02-01"), "care.active").counted()
    assert told(before, "row_key", "end_date") == ["into care, "], "its end was not known yet"
    assert index.evidence(on("2021-01-01"), "care.active").counted().empty


@pytest.mark.parametrize("name", ["missing.count.30d", "care.active", "sibling.missing.count.30d", "calendar.year"])
def test_a_child_without_rows_has_no_evidence(records, name):
    found = evidence(records, [name], on(child="z"), name)
    assert found.counted().empty
    assert list(found.counted()) == COUNTED
    assert list(found.to_frame()) == FRAME
    assert len(found) == 0
    empty = found.to_frame()
    full = evidence(records, ["missing.count.30d"], on(), "missing.count.30d").to_frame()
    assert empty.dtypes.astype(str).tolist() == full.dtypes.astype(str).tolist()


# ------------------------------------------------------------------------------------ why, and why not

WHY = [
    ("referral.count.365d", "older", "The row counts."),
    ("referral.count.90d", "older", "The row does not count: it happened before the window."),
    ("referral.count.90d", "to come", "The row does not count: it happened on or after the index date."),
    ("referral.count.90d", "not yet known", "The row does not count: it was not known until 2022-04-01."),
    (
        "referral.source_6.count.365d",
        "closes later",
        "The row does not count: its source is school, which is not what the feature asks for.",
    ),
    (
        "referral.not_source_6.count.365d",
        "older",
        "The row does not count: its source is police, which the feature leaves out.",
    ),
    (
        "missing.type_M.count.365d",
        "same day",
        "The row does not count: its type is not on record, and the feature asks for one.",
    ),
    (
        "referral.close_reason_RC1.count.365d",
        "closes later",
        "The row does not count: it ended on or after the index date, and the feature waits for the end.",
    ),
    (
        "cp_plan.count_ended.365d",
        "second plan",
        "The row does not count: it has no end on record, and the feature waits for the end.",
    ),
    ("missing.days_since", "winter", "The row does not count: a later row decides."),
    ("missing.days_since_first", "winter", "The row does not count: an earlier row decides."),
    ("placement.last_distance", "near", "The row does not count: a later row decides."),
    ("placement.last_distance", "unmeasured", "The row does not count: it has no distance on record."),
    ("cp_plan.active", "first plan", "The row does not count: it had ended, which was known from 2022-01-03."),
    ("missing.days_in.30d", "winter", "The row does not count: it has no day within the window."),
    (
        "missing.overlap_cp_plan.1095d",
        "long ago",
        "The row does not count: it has no day of the window in common with any of the child protection plans.",
    ),
    ("missing.trend.60d", "winter", "The row counts against the value: it is of the window before."),
    ("missing.trend.60d", "spring", "The row counts: it is of the window before the index date."),
    (
        "missing.share_type_M.365d",
        "spring",
        "The row counts among all rows, and does not have the type that the share is of.",
    ),
    ("missing.share_type_M.365d", "winter", "The row counts among all rows, and has the type that the share is of."),
    ("referral.count.365d", "of a stranger", "The row does not count: it is a row of another child."),
    (
        "sibling.referral.count.365d",
        "of a stranger",
        "The row does not count: it is a row of a child who is no sibling through a link that the feature takes.",
    ),
    (
        "sibling.referral.count.365d",
        "older",
        "The row does not count: it is the child's own row, and the feature is of siblings.",
    ),
    ("sibling_undated.number_0_6", "b of m", "The row does not count: the sibling was not aged 0 to 6."),
    (
        "care.count.1095d",
        "moved",
        "The row does not count: it begins no period of care as known before the index date, but continues one, is a "
        "short break, or was not known yet.",
    ),
    ("missing.count.60d / missing.count.365d", "spring", "The row counts in missing.count.60d."),
    ("missing.count.60d / missing.count.365d", "winter", "The row counts in missing.count.365d."),
    (
        "missing.count.60d - missing.count.90d",
        "long ago",
        "The row does not count in missing.count.60d: it happened before the window.",
    ),
    ("child.age", "a", "The row counts: the child's own row."),
    ("child.age", "z", "The row does not count: it is a row of another child."),
    (
        "missing.count.2000d",
        "long ago",
        "The row counts. The value is unknown all the same: the records do not reach back far enough.",
    ),
]


@pytest.mark.parametrize(("name", "key", "said"), WHY, ids=[f"{name}: {key}" for name, key, _ in WHY])
def test_why_not(records, name, key, said):
    assert why_not(records, name, on(), key) == said


def test_why_not_before_a_link_or_an_end_was_known(records):
    said = why_not(records, "sibling.missing.count.90d", on("2022-02-10"), "of the brother")
    assert said == "The row does not count: the link to this sibling was not known until 2022-02-15."
    assert why_not(records, "sibling.number_0_17", on("2022-02-10"), "b of m") == said
    late = records_of(
        cp_plans="row_key, child, start, end, end_recorded_date\nplan, a, 2022-01-01, 2022-02-01, 2022-03-01"
    )
    said = why_not(late, "cp_plan.count_ended.90d", on("2022-02-15"), "plan")
    assert said == (
        "The row does not count: its end was not known until 2022-03-01, and the feature waits for the end."
    )
    assert why_not(late, "cp_plan.count_ended.90d", on("2022-03-02"), "plan") == "The row counts."


def test_why_not_a_row_from_before_the_window_of_the_extract():
    kept = records_of(
        referrals="row_key, child, start, end\nold, a, 2014-01-01,\nnew, a, 2021-01-01,",
        options={"observed_from": "2015-01-01"},
    )
    assert why_not(kept, "referral.active", on(), "old").startswith("The row does not count: it is left out, because")
    assert evidence(kept, ["referral.active"], on(), "referral.active").value == 1.0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("contact.source_10.count.30d", "the source of the records holds no source of contacts."),
        ("contact.count.5000d", "the records do not reach back far enough."),
    ],
)
def test_why_not_where_nothing_can_be_known(name, said):
    options = {"observed_from": {"contacts": "2022-01-01"}}
    records = records_of(contacts="child, date\na, 2022-03-20", options=options)
    found = evidence(records, [name], on(), name)
    assert found.unknown
    assert math.isnan(found.value)
    told = why_not(records, name, on(), "contacts 1")
    assert told.endswith(f" The value is unknown all the same: {said}")


def test_why_not_a_sibling_who_had_died():
    kept = records_of(
        children="child, birth_date, death_date\na, 2008-01-01,\nb, 2010-01-01, 2020-01-01",
        relationships="row_key, child, related_id, kind\nl1, a, m, mother\nl2, b, m, mother",
    )
    name = "sibling_undated.number_0_17"
    assert why_not(kept, name, on(), "l2") == "The row does not count: the sibling had died."
    assert evidence(kept, [name], on("2020-01-01"), name).value == 1.0


# --------------------------------------------------------------------------------- refused, and not told

PERSONAL = re.compile(r"older|brother|\d{4}-\d\d-\d\d|home|secret")


def test_repr_holds_counts_only(records):
    found = evidence(records, ["referral.count.365d"], on(), "referral.count.365d")
    assert repr(found) == "Evidence(4 rows, of which 2 count)"
    assert repr(evidence(records, ["child.age"], on(), "child.age")) == "Evidence(1 row, of which 1 counts)"
    for name, _, _ in KINDS:
        assert not PERSONAL.search(repr(evidence(records, [name], on(), name)))
    index = evidence_index(records)
    assert not PERSONAL.search(repr(index))


@pytest.mark.parametrize("key", ["secret", "older ", "", None, 3, ["older"], np.array(["older"])], ids=repr)
def test_a_key_of_no_row_is_refused_without_being_told(records, key):
    for name in ("missing.count.90d", "child.age", "sibling.number_0_17", "calendar.month", "care.active"):
        with pytest.raises(SpecError, match="that key") as caught:
            why_not(records, name, on(), key)
        assert not PERSONAL.search(str(caught.value))
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("feature", ["missing.count.30d", "no feature", None, 3, [], Feature], ids=repr)
def test_a_feature_that_is_not_among_the_features_is_refused(records, feature):
    with pytest.raises(SpecError):
        evidence(records, ["missing.count.90d"], on(), feature)


@pytest.mark.parametrize(
    "row",
    [None, 3, "a", (), ("home", "a"), ("home", "secret", DAY), ("home", [], DAY), ("home", "a", "secret")]
    + [("home", "a", day) for day in (None, pd.NaT, [], 10**40)],
    ids=repr,
)
def test_a_row_that_is_none_is_refused_without_being_told(records, row):
    for ask in (
        lambda: evidence(records, ["child.age"], row, "child.age"),
        lambda: why_not(records, "child.age", row, "a"),
    ):
        with pytest.raises(SpecError, match="A row is named by") as caught:
            ask()
        assert not PERSONAL.search(str(caught.value).replace("household_id", ""))
        assert caught.value.__cause__ is None


def test_a_date_may_come_in_any_form(records):
    name = "referral.count.365d"
    for day in (DAY, pd.Timestamp(DAY), np.datetime64(DAY), pd.Timestamp(DAY).date(), pd.Timestamp(DAY).as_unit("us")):
        assert evidence(records, [name], ("home", "a", day), name).value == 2.0


def test_specs_and_names_are_one(records):
    name = "referral.count.365d"
    for features in ([name], [Count("referrals", 365)]):
        for feature in (name, Count("referrals", 365)):
            assert evidence(records, features, on(), feature).value == 2.0


def test_a_feature_of_a_table_that_the_records_lack_is_refused(records):
    with pytest.raises(SpecError, match="suspensions"):
        evidence(records, ["suspensions.count.90d"], on(), "suspensions.count.90d")


# ------------------------------------------------------------------------------------------- the index


def test_the_index_is_made_once_and_goes_with_the_records():
    records = records_of(born={"a": "2008-01-01"})
    index = weakref.ref(evidence_index(records))
    assert index() is evidence_index(records)
    assert evidence(records, ["child.age"], on(), "child.age").value > 14
    kept = weakref.ref(records)
    del records
    gc.collect()
    assert kept() is None
    assert index() is None


def test_evidence_does_not_depend_on_the_order_of_rows(records):
    rng = np.random.default_rng(0)
    tables = {name: records.table(name) for name in records}
    shuffled = {name: frame.sample(frac=1.0, random_state=rng) for name, frame in tables.items() if len(frame)}
    trusted = {name: records.observed_from[name] for name in ("referrals", "missing_episodes")}
    again = tables | shuffled
    other = type(records).from_tables(again, observed_until=records.observed_until, observed_from=trusted)
    for name, _, _ in KINDS:
        one, two = (evidence(each, [name], on(), name) for each in (records, other))
        pd.testing.assert_frame_equal(one.counted(), two.counted())
        assert same(one.value, two.value)


def test_index_days_are_those_of_other_tests():
    assert as_date(INDEX_DAYS[0]) == pd.Timestamp(DAY)
