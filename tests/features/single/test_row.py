"""Features of one child equal those of the whole, to the last bit; so do the rows behind them, and the reasons."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.evidence import EvidenceIndex
from edgeofcare.features.feature import SCOPES
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.single.row import SingleFeatures
from edgeofcare.features.specs.child import Siblings
from edgeofcare.features.specs.combined import Combined
from edgeofcare.synthetic.records import make_records
from spec_strategies import EVERY_KIND, any_spec, kinds_of
from strategies import DATED, INDEX_DAYS, History, as_date, families, hidden_changes, row_index, telling_days
from tiny_tables import records_of

CARE = ("care_episodes", "legal_statuses")


def coded(column):
    """A column of features as numbers: places of codes, NaN for none."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        places = column.cat.codes.to_numpy(dtype=np.float64)
        return np.where(places < 0, np.nan, places)
    return column.to_numpy(dtype=np.float64)


def through_frames(records, rows, specs):
    """Features of all rows as the library builds them from frames."""
    built = build_features(records, rows, specs)
    return np.column_stack([coded(built[spec.name]) for spec in specs])


def same_values(specs, found, expected):
    """Assert that two rows are the same to the last bit."""
    assert found.dtype == np.float64
    names = [spec.name for spec in specs]
    assert dict(zip(names, found.tolist(), strict=True)) == pytest.approx(
        dict(zip(names, expected.tolist(), strict=True)), rel=0, abs=0, nan_ok=True
    )
    assert found[found == found].tobytes() == expected[expected == expected].tobytes()


def same_bits(one, other):
    """Whether two rows have the same values to the last bit."""
    left, right = (np.asarray(row.values) for row in (one, other))
    return left.tobytes() == right.tobytes()


def same_evidence(row, specs, index, child):
    """Assert that rows and reasons are those of evidence; how many rows counted."""
    total = 0
    for position, spec in enumerate(specs):
        told, found = index.evidence(("", child, row.index_date), spec), row.counted(position)
        frame = told.counted()
        assert (found.tables, found.row_keys) == (frame["table"].tolist(), frame["row_key"].tolist()), spec.name
        for name, days in (("date", found.dates), ("end_date", found.end_dates), ("known", found.known)):
            assert days.dtype == np.dtype("datetime64[D]")
            np.testing.assert_array_equal(days, frame[name].to_numpy().astype("datetime64[D]"), f"{name}: {spec.name}")
        for which, look in enumerate(told.looks):
            part, value, rows, unknown = row.part(position, which)
            assert (part, unknown) == (look.feature, look.unknown)
            alone = index.evidence(("", child, row.index_date), part)
            assert rows.row_keys == alone.counted()["row_key"].tolist()
            if not isinstance(alone.value, str):
                assert value == alone.value or (math.isnan(value) and math.isnan(alone.value)), spec.name
        assert bool(row.unknown(position)) == told.unknown
        total += len(found)
    return total


@st.composite
def of_every_kind(draw, tables):
    """One feature of each kind that the tables allow, of any scope, with any filters."""
    kinds = kinds_of(tables, EVERY_KIND)
    specs = [draw(any_spec(tables, kinds=(kind,), scopes=tuple(SCOPES), unless=True)) for kind in kinds]
    return list({spec.name: spec for spec in specs}.values())


@st.composite
def cases(draw, *, days=3, rows=20):
    """A history of families, a feature of every kind, and days on which something changes sides."""
    more = draw(st.lists(st.sampled_from([*DATED, "care_periods"]), min_size=1, max_size=2, unique=True))
    named = tuple(dict.fromkeys(["placements", *more]))
    care = CARE if "care_periods" in named else ()
    held = tuple(dict.fromkeys([*(name for name in named if name != "care_periods"), *care]))
    history = draw(families(tables=held, rows=rows))
    chosen = draw(st.lists(telling_days(history), min_size=1, max_size=days, unique=True))
    return history, draw(of_every_kind(named)), chosen


def own_children(history):
    """The children of a history who are no strangers."""
    return [child for child in history.child_ids if child.startswith("c")]


def agrees(history, specs, days):
    """Assert that every value of every child is that of the whole; count the cells with a value by kind and scope."""
    records, plan, filled = history.records(), SingleFeatures(specs), Counter()
    rows = row_index(own_children(history), days)
    expected = through_frames(records, rows, specs)
    single = {child: ChildRecords.from_records(records, child) for child in own_children(history)}
    for (_, child, date), values in zip(rows.index, expected, strict=True):
        found = plan.row(single[child], date)
        same_values(specs, found.values, values)
        for spec, value in zip(specs, values, strict=True):
            filled[type(spec).__name__, getattr(spec, "scope", "")] += bool(value == value and value != 0)
    return filled


def run(examples, **options):
    """Compare over so many histories; how many cells of each kind and scope were not empty."""
    filled = Counter()

    @settings(max_examples=examples, **options)
    @given(cases())
    def compare(case):
        filled.update(agrees(*case))

    compare()
    return filled


def scoped(kind):
    """The scopes that a kind of feature has."""
    if kind is Siblings:
        return tuple(SCOPES)[1:]
    return tuple(SCOPES) if hasattr(kind, "measure") else ("",)


# Seen to fail with: the clock of starts in place of that of ends; windows open at the lower end; a rate that is not cut
# at birth; a mother taken for a sibling. The rows of evidence fail with a link that is not waited for, and the picture
# of ties with the last row by key alone.
def test_every_measure_in_every_scope_equals_the_features_of_the_whole():
    filled = run(60)
    for kind in EVERY_KIND:
        assert sum(filled[kind.__name__, scope] for scope in scoped(kind)) > 0, f"{kind.__name__} was always empty"


@pytest.mark.slow
def test_every_measure_in_every_scope_equals_the_features_of_the_whole_in_five_thousand_histories():
    filled = run(5000, derandomize=False)
    for kind in EVERY_KIND:
        for scope in scoped(kind):
            assert filled[kind.__name__, scope] > 50, f"{kind.__name__} {scope} was hardly ever more than empty"


@settings(max_examples=12)
@given(cases(days=2))
def test_the_rows_that_count_are_those_of_evidence(case):
    history, specs, days = case
    records = history.records()
    index, plan = EvidenceIndex(records, specs), SingleFeatures(specs)
    for child in own_children(history):
        single = ChildRecords.from_records(records, child)
        for day in days:
            same_evidence(plan.row(single, as_date(day)), specs, index, child)


@pytest.mark.slow
@settings(max_examples=1000, derandomize=False)
@given(cases(days=2))
def test_the_rows_that_count_are_those_of_evidence_at_length(case):
    test_the_rows_that_count_are_those_of_evidence.hypothesis.inner_test(case)


@settings(max_examples=20)
@given(st.data())
def test_nothing_known_on_or_after_the_index_date_changes_a_value_or_a_row(data):
    history, specs, (day, *_) = data.draw(cases(days=1))
    specs = [spec for spec in specs if not isinstance(spec, Combined) and spec.name != "child.age"]
    changed = data.draw(hidden_changes(history, day))
    plan = SingleFeatures(specs)
    for child in own_children(history):
        before, after = (
            plan.row(ChildRecords.from_records(each.records(), child), as_date(day)) for each in (history, changed)
        )
        assert same_bits(before, after)
        for position in range(len(specs)):
            assert before.counted(position).row_keys == after.counted(position).row_keys


@settings(max_examples=15)
@given(st.data())
def test_the_order_of_rows_changes_nothing(data):
    history, specs, days = data.draw(cases(days=2))
    mixed = {name: data.draw(st.permutations(rows)) for name, rows in history.tables.items()}
    plan = SingleFeatures(specs)
    for child in own_children(history):
        for day in days:
            one, other = (
                plan.row(ChildRecords.from_records(each.records(), child), as_date(day))
                for each in (history, history.with_tables(mixed))
            )
            assert same_bits(one, other)
            for position in range(len(specs)):
                assert one.counted(position).row_keys == other.counted(position).row_keys


# ------------------------------------------------------------------------------------------- whole worlds


def all_days(records, number, random_state):
    """Some days before the end of the records, and the last on which a child can be scored."""
    until = np.datetime64(records.observed_until, "D")
    back = np.random.default_rng(random_state).integers(0, 3000, number)
    return [until + 1, *(until - back)]


def world_agrees(records, specs, days, children):
    """Assert that values and rows of many children are those of the whole."""
    rows = row_index(children, [int(day.astype(np.int64)) for day in days])
    expected, plan = through_frames(records, rows, specs), SingleFeatures(specs)
    single = {child: ChildRecords.from_records(records, child) for child in children}
    for (_, child, date), values in zip(rows.index, expected, strict=True):
        same_values(specs, plan.row(single[child], date).values, values)
    index, counted = EvidenceIndex(records, specs), 0
    for child in children[:8]:
        counted += same_evidence(plan.row(single[child], days[0]), specs, index, child)
    assert counted > 50


WORLDS = [{"authority": "sample"}, {}, {"faults": ()}, {"authority": "triborough"}]


@pytest.mark.parametrize("options", WORLDS[:2], ids=str)
def test_the_default_features_of_synthetic_children_equal_those_of_the_whole(options):
    records = make_records(80, random_state=5, **options)
    children = records.table("children")["child_id"].tolist()[::3]
    world_agrees(records, default_features(undated_links=True), all_days(records, 3, 0), children)


@pytest.mark.slow
@pytest.mark.parametrize("random_state", range(4))
@pytest.mark.parametrize("options", WORLDS, ids=str)
def test_the_default_features_of_many_synthetic_children_equal_those_of_the_whole(options, random_state):
    records = make_records(500, random_state=random_state, **options)
    children = records.table("children")["child_id"].tolist()
    world_agrees(records, default_features(undated_links=True), all_days(records, 8, random_state), children)


# ------------------------------------------------------------------------------------------------ pictures

OWN = ["stays.count.365d", "stays.sum_value.365d", "stays.last_value", "stays.category_A.count.1095d", "stays.active"]


@settings(max_examples=15)
@given(families(tables=("placements", "cp_plans")))
def test_a_table_of_ones_own_gives_what_it_gives_to_the_whole(history):
    records = History(history.tables, history.lags).records()
    columns = {"row_key": "row_key", "date": "start_date", "end": "end_date", "known": "recorded_date"}
    columns |= {"end_known": "end_recorded_date", "value": "distance", "category": "type"}
    records = records.with_events("stays", records.table("placements"), **columns, reporting_lag=3)
    specs, rows = as_features(OWN), row_index(own_children(history), INDEX_DAYS)
    expected = through_frames(records, rows, specs)
    for (_, child, date), values in zip(rows.index, expected, strict=True):
        single = ChildRecords.from_records(records, child)
        for each in (single, ChildRecords.from_plain(single.to_plain())):
            same_values(specs, SingleFeatures(specs).row(each, date).values, values)


def test_codes_of_ones_own_are_read_as_those_of_a_frame():
    """Signs of which a name keeps nothing, and words for nothing among them, are no code."""
    codes = ["?", "+", "..", "!", "-", "a b", "A+B", "!NULL!", " _x_ ", "fixed", None]
    days = [f"2024-01-{day:02d}" for day in range(1, len(codes) + 1)]
    frame = pd.DataFrame({"child_id": "1", "on": days, "why": codes, "key": list(map(str, range(len(codes))))})
    records = records_of(missing_episodes=RUNS)
    held = records.with_events("bans", frame, date="on", category="why", row_key="key", observed_from="2020-01-01")
    names = ["bans.count.365d", "bans.distinct_category.365d", "bans.category_a_b.count.365d"]
    known = ChildRecords.from_records(held, "1").to_plain()
    rows = [{"row_key": str(n), "child_id": "1", "date": days[n], "category": why} for n, why in enumerate(codes)]
    sent = ChildRecords.from_plain({**known, "tables": {**known["tables"], "bans": rows}})
    assert sent.to_plain() == known
    expected = through_frames(held, row_index(["1"], [19_900]), as_features(names))[0]
    same_values(as_features(names), SingleFeatures(as_features(names)).row(sent, as_date(19_900)).values, expected)


RUNS = """
    row_key, child, start, end, type
    a, 1, 2024-01-01, 2024-01-03, M
    b, 1, 2024-03-01, 2024-03-05, A
    c, 1, 2024-03-01, , M
    """


def test_ties_of_the_last_row_go_to_the_one_known_last_then_to_the_larger_key():
    rows = """
        row_key, child, start, end, type, recorded_date
        c, 1, 2024-03-01, , M, 2024-03-02
        a, 1, 2024-03-01, , A, 2024-03-04
        b, 1, 2024-03-01, , M, 2024-03-04
        d, 1, 2024-03-01, , A, 2024-03-10
        """
    plan = SingleFeatures(as_features(["missing.last_type"]))
    single = ChildRecords.from_records(records_of(missing_episodes=rows), "1")
    days = ["2024-03-03", "2024-03-05", "2024-03-11", "2024-03-02"]
    found = [plan.row(single, day) for day in days]
    assert [row.counted(0).row_keys for row in found] == [["c"], ["b"], ["d"], []]
    for row, value in zip(found, [1.0, 1.0, 0.0, math.nan], strict=True):
        np.testing.assert_array_equal(row.values, [value])


@pytest.mark.parametrize(("strangers", "expected"), [(24, 1.0), (25, 0.0)])
def test_a_mother_of_more_than_25_children_is_a_placeholder(strangers, expected):
    names = ["1", "2", *(f"stranger {number}" for number in range(strangers - 1))]
    links = [{"row_key": name, "child_id": name, "related_id": "M", "kind": "mother"} for name in names]
    children = [{"child_id": name, "birth_date": "2010-01-01"} for name in names[:2]]
    tables = {"children": children, "relationships": links, "referrals": [], "care_episodes": [], "legal_statuses": []}
    single = ChildRecords.from_plain({"child_id": "1", "observed_until": "2024-12-31", "tables": tables})
    plan = SingleFeatures(as_features(["sibling_undated.number_0_17"]))
    np.testing.assert_array_equal(plan.row(single, "2024-03-10").values, [expected])


def runs(**options):
    """One child with three missing episodes."""
    return ChildRecords.from_records(records_of(missing_episodes=RUNS, options=options), "1")


def test_rows_and_reasons_of_one_child():
    specs = as_features(
        ["missing.count.30d", "missing.days_since", "missing.active", "missing.last_type", "missing.count.3000d"]
    )
    row = SingleFeatures(specs).row(runs(observed_from="2023-01-01"), "2024-03-10")
    np.testing.assert_array_equal(row.values, [2.0, 9.0, 1.0, 1.0, math.nan])
    assert [row.counted(position).row_keys for position in range(4)] == [["b", "c"], ["b", "c"], ["c"], ["c"]]
    assert [row.unknown(position) for position in (0, 4)] == ["", "the records do not reach back far enough"]
    assert row.counted(0).end_dates.astype(str).tolist() == ["2024-03-05", "NaT"]
    assert str(row.index_date) == "2024-03-10"


def test_an_absent_column_makes_a_feature_unknown_and_says_so():
    specs = as_features(["missing.type_A.count.90d", "missing.type_A.count.90d - missing.count.90d"])
    row = SingleFeatures(specs).row(runs(absent_columns={"missing_episodes": ["type"]}), "2024-03-10")
    assert np.isnan(row.values).all()
    assert row.unknown(0) == "the source of the records holds no type of missing_episodes"
    assert row.part(1, 0)[3] == row.unknown(0) == row.unknown(1)
    assert row.part(1, 1)[1:4:2] == (3.0, "")


def test_records_that_do_not_say_who_siblings_are():
    row = SingleFeatures(as_features(["sibling.missing.count.90d", "sibling_undated.number_0_17"])).row(
        runs(), "2024-03-10"
    )
    assert np.isnan(row.values).all()
    assert {row.unknown(position) for position in (0, 1)} == {"the records do not say who siblings are"}


def test_reprs_hold_counts_only():
    row = SingleFeatures([parse_feature("missing.count.90d")]).row(runs(), "2024-03-10")
    assert (repr(row), repr(row.counted(0)), len(row)) == ("SingleRow(1 features)", "CountedRows(3)", 1)


@pytest.mark.parametrize("features", [[], ["missing.count.90d"]])
def test_only_features_make_a_plan(features):
    with pytest.raises(SpecError, match="list of features"):
        SingleFeatures(features)


def test_a_day_that_is_none_and_an_own_table_that_is_not_there_are_refused():
    with pytest.raises(SpecError, match="index_date must be a date"):
        SingleFeatures([parse_feature("missing.count.90d")]).row(runs(), "10 March")
    with pytest.raises(SpecError, match="no table 'suspensions'"):
        SingleFeatures([parse_feature("suspensions.count.90d")]).row(runs(), "2024-03-10")
