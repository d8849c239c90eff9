"""Levels are learned from what the training rows could see, and from nothing else."""

from __future__ import annotations

from collections import Counter
from unittest import mock

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import IndexNamesError, RecordsError, SpecError
from edgeofcare.features import levels
from edgeofcare.features.build import build_features
from edgeofcare.features.levels import learn_levels
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.specs.child import Age
from edgeofcare.features.specs.events import Count
from edgeofcare.features.specs.levels import Levels
from strategies import DATED, INDEX_DAYS, History, end_known_of, hidden_changes, histories, row_index, start_known_of

FAMILIES = [
    Levels("assessment_factors", 365, column="factor", top=2),
    Levels("referrals", 1095, column="close_reason", top=2),
    Levels("referrals", 30, column="source", top=1, where={"nfa": False}),
    Levels("care_episodes", 365, column="end_reason", top=2, edge="end"),
    Levels("care_periods", 1095, column="status", top=2),
]


TEN = 10
"""As many children as a code must have been seen for: in the pictures below each letter stands for so many."""


def each_ten(children):
    """Ten children for each letter."""
    return [f"{child}{number}" for child in children for number in range(TEN)]


def factors(*rows):
    """Records of ten children of each of a, b and c with factors: (child, day, factor), or also the day of entry."""
    people = [{"child_id": child, "birth_date": INDEX_DAYS[0] - 5000} for child in each_ten("abc")]
    named = ("child_id", "date", "factor", "recorded_date")
    held = [
        dict(zip(named, row, strict=False)) | {"row_key": f"k{n}-{child}", "child_id": child}
        for n, row in enumerate(rows)
        for child in each_ten(row[0])
    ]
    return History({"children": people, "relationships": [], "assessment_factors": held}).records()


def names(learned):
    return [spec.name for spec in learned]


def learned_from(records, children="abc", days=INDEX_DAYS[:1], top=10, **options):
    cohort = row_index(each_ten(children), days)
    return learn_levels(records, cohort, [Levels("assessment_factors", 365, column="factor", top=top, **options)])


def test_one_count_for_each_frequent_code_and_one_for_the_rest():
    t = INDEX_DAYS[0]
    records = factors(
        ("a", t - 5, "3A"), ("a", t - 6, "3A"), ("b", t - 1, "24A"), ("b", t - 2, "10A"), ("c", t - 1, "9A")
    )
    learned = learned_from(records, top=3)
    assert names(learned) == [
        "assessment.factor_3A.count.365d",
        "assessment.factor_10A.count.365d",
        "assessment.factor_24A.count.365d",
        "assessment.factor.not_factor_10A+24A+3A.count.365d",
    ]
    assert [parse_feature(spec.name) for spec in learned] == learned
    X = build_features(records, row_index(each_ten("abc"), [t]), learned)
    assert X.to_numpy()[::TEN].tolist() == [[2, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]


def test_rows_outside_every_window_teach_nothing():
    t = INDEX_DAYS[0]
    records = factors(
        ("a", t - 366, "1A"), ("a", t, "2A"), ("a", t - 3, "3A", t), ("a", t - 3, "4A", t - 1), ("c", t - 3, "5A"),
        ("b", t - 365, "6A"),
    )  # fmt: skip
    assert names(learned_from(records, "ab")) == [
        "assessment.factor_4A.count.365d",
        "assessment.factor_6A.count.365d",
        "assessment.factor.not_factor_4A+6A.count.365d",
    ]
    later = learned_from(records, "ab", [t, t + 1])
    assert [spec.where[0][1] for spec in later[:-1]] == [("2A",), ("3A",), ("4A",), ("6A",)]


def test_a_row_that_many_dates_see_counts_once():
    t = INDEX_DAYS[0]
    records = factors(("a", t - 1, "3A"), ("b", t - 1, "24A"), ("b", t - 2, "24A"))
    learned = learn_levels(
        records,
        pd.concat([row_index(each_ten("a"), [t, t + 1, t + 2]), row_index(each_ten("b"), [t])]),
        [Levels("assessment_factors", 365, column="factor", top=1)],
    )
    assert learned[0] == Count("assessment_factors", 365, {"factor": "24A"})


def test_where_nothing_was_seen_one_count_is_left():
    assert learned_from(factors()) == [Count("assessment_factors", 365)]


def test_others_pass_through_and_nothing_comes_twice():
    t = INDEX_DAYS[0]
    records = factors(("a", t - 5, "3A"))
    own = Count("assessment_factors", 365, {"factor": "3A"})
    family = Levels("assessment_factors", 365, column="factor")
    learned = learn_levels(records, row_index(each_ten("a"), [t]), ["child.age", family, own, family])
    assert learned == [Age(), Count("assessment_factors", 365, unless={"factor": "3A"}), own]


def literal_levels(history, children, day_of, spec, fewest):
    """The most frequent codes by a loop over rows, for canonical tables."""
    table, counts, whose = spec.table, Counter(), {}
    for row in history.tables.get(table, []):
        code, began = row.get(spec.column), row.get("date", row.get("start_date"))
        known = start_known_of(history, table, row)
        if spec.edge == "end" or spec.column in ("close_reason", "end_reason"):
            ended = end_known_of(history, table, row)
            if ended is None:
                continue
            known = max(known, ended)
        happened = row["end_date"] if spec.edge == "end" else began
        if any(row.get(name) is not (codes == ("yes",)) for name, codes in spec.where):
            continue
        seen = any(known < t and happened >= t - spec.lookback for t in day_of) and row["child_id"] in children
        if seen and code is not None:
            counts[code] += 1
            whose.setdefault(code, set()).add(row["child_id"])
    held = sorted((code for code in counts if len(whose[code]) >= fewest), key=lambda code: (-counts[code], code))
    return held[: spec.top]


@settings(max_examples=60, deadline=None)
@given(
    histories(tables=("assessment_factors", "referrals", "care_episodes"), rows=16),
    st.sampled_from(FAMILIES[:4]),
    st.integers(1, 2),
)
def test_levels_are_those_of_a_loop_over_the_rows(history, spec, fewest):
    children = history.child_ids[:2]
    with mock.patch.object(levels, "_FEWEST_CHILDREN", fewest):
        learned = learn_levels(history.records(), row_index(children, INDEX_DAYS[:2]), [spec])
    wanted = spec.counts(literal_levels(history, children, INDEX_DAYS[:2], spec, fewest))
    assert learned == wanted


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_was_known_after_the_last_training_date_changes_nothing(data):
    busy = ("assessment_factors", "referrals", "care_episodes", "legal_statuses")
    history = data.draw(histories(tables=busy, rows=14))
    changed = data.draw(hidden_changes(history, INDEX_DAYS[1]))
    cohort = row_index(history.child_ids, INDEX_DAYS[:2])
    with mock.patch.object(levels, "_FEWEST_CHILDREN", 1):
        assert learn_levels(history.records(), cohort, FAMILIES) == learn_levels(changed.records(), cohort, FAMILIES)
    assert set(DATED) >= set(busy)


def with_categories(*categories, children=40):
    """Records with an own table in which every child has one row of each category."""
    people = [{"child_id": f"c{n}", "birth_date": INDEX_DAYS[0] - 5000} for n in range(children)]
    records = History({"children": people, "relationships": []}).records()
    rows = [(f"c{n}", "2022-03-01", each) for each, many in categories for n in range(many)]
    frame = pd.DataFrame(rows, columns=["child_id", "date", "kind"])
    return records.with_events("suspensions", frame, category="kind"), row_index(
        [person["child_id"] for person in people], INDEX_DAYS[:1]
    )


def test_local_codes_of_few_children_are_left_to_the_rest():
    records, cohort = with_categories(("fixed", 10), ("told in confidence", 9))
    learned = learn_levels(records, cohort, [Levels("suspensions", 365, column="category")])
    assert names(learned) == ["suspensions.category_fixed.count.365d", "suspensions.not_category_fixed.count.365d"]


@pytest.mark.parametrize("children", [9, 10])
def test_national_codes_of_few_children_are_left_to_the_rest(children):
    t = INDEX_DAYS[0]
    people = [{"child_id": f"c{n}", "birth_date": t - 5000} for n in range(12)]
    rare = [(f"c{n}", "22A") for n in range(children)] + [("c0", "22A")]
    rows = [*((f"c{n}", "16A") for n in range(12)), *rare]
    held = [{"row_key": f"k{n}", "child_id": c, "date": t - 5, "factor": f} for n, (c, f) in enumerate(rows)]
    held += [{"row_key": "later", "child_id": "c11", "date": t + 5, "factor": "22A"}]
    records = History({"children": people, "relationships": [], "assessment_factors": held}).records()
    cohort = row_index([person["child_id"] for person in people], [t])
    learned = learn_levels(records, cohort, [Levels("assessment_factors", 365, column="factor")])
    assert ("assessment.factor_22A.count.365d" in names(learned)) == (children == 10)
    assert build_features(records, cohort, learned).sum(axis=1).sum() == len(rows)


def test_codes_that_a_name_cannot_carry_are_left_to_the_rest():
    people = [{"child_id": f"c{n}", "birth_date": INDEX_DAYS[0] - 5000} for n in range(12)]
    days = {"start_date": INDEX_DAYS[0] - 9, "period_key": "p"}
    kinds = ("U1", "a+b", "")
    placed = [{"row_key": f"{n}{k}", "child_id": f"c{n}", "type": k, **days} for n in range(12) for k in kinds]
    records = History({"children": people, "relationships": [], "placements": placed}).records()
    cohort = row_index([person["child_id"] for person in people], INDEX_DAYS[:1])
    learned = learn_levels(records, cohort, [Levels("placements", 365, column="type")])
    assert names(learned) == ["placement.type_U1.count.365d", "placement.not_type_U1.count.365d"]
    assert build_features(records, cohort, learned).iloc[0].tolist() == [1.0, 2.0]


def test_scope_and_filters_are_those_of_the_family():
    t = INDEX_DAYS[0]
    learned = learned_from(factors(("a", t - 5, "3A")), scope="undated_siblings")
    assert {spec.scope for spec in learned} == {"undated_siblings"}
    family = Levels("referrals", "365D", {"nfa": False}, column="source", unless={"close_reason": "RC8"})
    assert [(spec.where, spec.unless) for spec in family.counts(["6"])] == [
        ((("nfa", ("no",)), ("source", ("6",))), (("close_reason", ("RC8",)),)),
        ((("nfa", ("no",)),), (("close_reason", ("RC8",)), ("source", ("6",)))),
    ]


def test_levels_must_be_learned_first():
    family = Levels("referrals", "365D", column="source")
    with pytest.raises(SpecError, match="must be learned before"):
        as_features([family])
    assert family.sentence.endswith("for each of the 10 most frequent codes of source.")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"table": "referrals", "column": "need"}, "snapshot"),
        ({"table": "referrals", "column": "nfa"}, "is a flag"),
        ({"table": "referrals", "column": ""}, "no column"),
        ({"table": "worker_involvements", "column": "worker"}, "holds keys"),
        ({"table": "referrals", "column": "source", "where": {"source": "6"}}, "filter as well"),
        ({"table": "referrals", "column": "source", "top": 0}, "top must be"),
        ({"table": "contacts", "column": "source", "edge": "end"}, "edge must be"),
        ({"table": "referrals", "column": "source", "lookback": None}, "needs a lookback"),
    ],
)
def test_what_cannot_be_a_family_is_refused(options, said):
    with pytest.raises(SpecError, match=said):
        Levels(**({"lookback": "365D"} | options))


def test_what_nothing_can_be_learned_from_is_refused():
    records, family = factors(), Levels("assessment_factors", 365, column="factor")
    with pytest.raises(IndexNamesError):
        learn_levels(records, pd.DataFrame({"child_id": ["a"]}), [family])
    with pytest.raises(SpecError, match="no rows"):
        learn_levels(records, row_index(["a0"], INDEX_DAYS).iloc[:0], [family])
    with pytest.raises(RecordsError, match="not in these records"):
        learn_levels(records, row_index("z", INDEX_DAYS), [family])
    with pytest.raises(SpecError, match="no table 'suspensions'"):
        learn_levels(records, row_index(["a0"], INDEX_DAYS), [Levels("suspensions", 365, column="category")])
    bare = records.with_events("suspensions", pd.DataFrame({"child_id": ["a0"], "date": ["2022-03-01"]}))
    with pytest.raises(SpecError, match="without a category"):
        learn_levels(bare, row_index(["a0"], INDEX_DAYS), [Levels("suspensions", 365, column="category")])
