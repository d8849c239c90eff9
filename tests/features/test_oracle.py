"""Every measure, on both clocks and in every scope, against the rules read word by word; nothing from the future."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.features.build import build_features
from edgeofcare.features.feature import SCOPES
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Age, Siblings
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.specs.numbers import Last
from literal import literal
from spec_strategies import EVERY_KIND, any_spec, kinds_of
from strategies import DATED, INDEX_DAYS, History, families, hidden_changes, row_index, telling_days

SPREAD = ("care_episodes", "legal_statuses")
T = INDEX_DAYS[0]


def told(value):
    """A value of the engine or of the oracle so that it compares: nothing for NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value


def day_of(date):
    """Days since 1970."""
    return int(np.datetime64(date, "D").astype("int64"))


def compared(history, specs, days):
    """Every cell as (spec, child, day, what the engine gives, what the rules give)."""
    cohort = row_index([child for child in history.child_ids if child.startswith("c")], days)
    built = build_features(history.records(), cohort, specs)
    assert built.index.equals(cohort.index)
    for spec in specs:
        for (_, child, date), given_value in zip(cohort.index, built[spec.name].astype(object).to_list(), strict=True):
            day = day_of(date)
            yield spec, child, day, told(given_value), told(literal(history, spec, child, day))


def agrees(history, specs, days):
    """Assert that the engine gives the literal value in every cell; count those of each kind and scope with a value."""
    filled = Counter()
    wrong = []
    for spec, child, day, given_value, expected in compared(history, specs, days):
        if given_value != expected:
            wrong.append(f"{spec.name} of {child} on {day}: engine {given_value}, rules {expected}")
        filled[type(spec).__name__, getattr(spec, "scope", "")] += expected not in (None, 0.0)
    assert not wrong, wrong
    return filled


@st.composite
def tables_of(draw):
    """Some tables for a history and for features; placements always, which have numbers, codes, starts and ends."""
    more = draw(st.lists(st.sampled_from([*DATED, "care_periods"]), min_size=1, max_size=2, unique=True))
    named = tuple(dict.fromkeys(["placements", *more]))
    held = [name for name in named if name != "care_periods"]
    return tuple(dict.fromkeys(held + list(SPREAD) * ("care_periods" in named))), named


@st.composite
def of_every_kind(draw, tables, kinds=EVERY_KIND):
    """One feature of each kind that the tables allow, of any scope, with any filters."""
    specs = [
        draw(any_spec(tables, kinds=(kind,), scopes=tuple(SCOPES), unless=True)) for kind in kinds_of(tables, kinds)
    ]
    return list({spec.name: spec for spec in specs}.values())


@st.composite
def cases(draw, *, rows=20):
    """A history of families, a feature of every kind, and days on which something changes sides."""
    held, named = draw(tables_of())
    history = draw(families(tables=held, rows=rows))
    days = draw(st.lists(telling_days(history), min_size=2, max_size=4, unique=True))
    return history, draw(of_every_kind(named)), days


def run(examples, **options):
    """Compare engine and oracle over so many histories; how many cells of each kind and scope were not empty."""
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


# Seen to fail with: a rate that is not cut at birth; an overlap that trusts the other table always. The pictures below
# fail with the earlier window of a trend one day short, and with siblings left out on the day after their death.
def test_every_measure_in_every_scope_equals_the_rules():
    filled = run(300)
    for kind in EVERY_KIND:
        found = sum(filled[kind.__name__, scope] for scope in scoped(kind))
        assert found > 0, f"{kind.__name__} was never more than empty"


@pytest.mark.slow
def test_every_measure_in_every_scope_equals_the_rules_in_ten_thousand_histories():
    filled = run(10_000, derandomize=False)
    for kind in EVERY_KIND:
        for scope in scoped(kind):
            assert filled[kind.__name__, scope] > 100, f"{kind.__name__} {scope} was hardly ever more than empty"


@st.composite
def histories_with_another_future(draw):
    """A history, a day, the history with other things known on or after that day, and features of every kind."""
    held, named = draw(tables_of())
    history = draw(families(tables=held, rows=16))
    day = draw(telling_days(history))
    of_age = (Age,)
    kinds = [kind for kind in EVERY_KIND if kind not in of_age and not issubclass(kind, Combined)]
    return history, draw(hidden_changes(history, day)), day, draw(of_every_kind(named, kinds))


def same_features(history, changed, day, specs):
    """Assert that two histories have the same features on a day, to the last bit."""
    cohort = row_index([child for child in history.child_ids if child.startswith("c")], [day])
    before, after = (build_features(each.records(), cohort, specs) for each in (history, changed))
    for name in before:
        left, right = before[name], after[name]
        assert left.dtype == right.dtype
        codes = isinstance(left.dtype, pd.CategoricalDtype)
        left, right = (each.cat.codes if codes else each for each in (left, right))
        assert left.to_numpy().tobytes() == right.to_numpy().tobytes(), name


@settings(max_examples=60)
@given(histories_with_another_future())
def test_nothing_known_on_or_after_the_index_date_changes_any_feature_in_any_scope(case):
    same_features(*case)


@pytest.mark.slow
@settings(max_examples=2000, derandomize=False)
@given(histories_with_another_future())
def test_nothing_known_on_or_after_the_index_date_changes_any_feature_in_any_scope_at_length(case):
    same_features(*case)


@settings(max_examples=30)
@given(st.data())
def test_links_without_a_date_change_no_feature_of_siblings(data):
    held, named = data.draw(tables_of())
    history = data.draw(families(tables=held))
    links = [row for row in history.tables["relationships"] if row["recorded_date"] is not None]
    if not links or data.draw(st.booleans()):
        links.append(
            {"row_key": "dated", "child_id": "c0", "related_id": "M1", "kind": "mother", "recorded_date": T - 400}
        )
    undated = {"row_key": "undated", "related_id": "M1", "kind": "mother", "recorded_date": None}
    more = [{**undated, "row_key": f"undated{child}", "child_id": child} for child in history.child_ids]
    day, specs = data.draw(telling_days(history)), data.draw(of_every_kind(named))
    specs = [spec for spec in specs if getattr(spec, "scope", "") == "siblings"] or [
        parse_feature("sibling.number_0_17")
    ]
    histories = [history.with_tables({**history.tables, "relationships": rows}) for rows in (links, links + more)]
    same_features(*histories, day, specs)


def spell(child, start, end=None, **more):
    """A missing episode, in days from the index date."""
    row = {"child_id": child, "start_date": T + start, "end_date": None if end is None else T + end, "type": "M"}
    return row | {name: T + day if name.endswith("date") else day for name, day in more.items()}


def link(child, related, recorded=None, kind="mother"):
    """A link of a child, entered so many days from the index date."""
    day = None if recorded is None else T + recorded
    return {"child_id": child, "related_id": related, "kind": kind, "recorded_date": day}


def history_of(*, born=(), died=(), links=(), observed_from=None, **tables):
    """A history of pictures; children were born 4,000 days before unless ``born`` says otherwise."""
    named = {row["child_id"] for rows in (links, *tables.values()) for row in rows} | {"c0"}
    people = [
        {"child_id": child, "birth_date": T + dict(born).get(child, -4000), "sex": "F", "death_date": None}
        for child in sorted(named)
    ]
    for person in people:
        if person["child_id"] in dict(died):
            person["death_date"] = T + dict(died)[person["child_id"]]
    held = {name: [{"row_key": f"{name}{n:02d}", **row} for n, row in enumerate(rows)] for name, rows in tables.items()}
    held["relationships"] = [{"row_key": f"link{number}", **row} for number, row in enumerate(links)]
    trusted = {} if observed_from is None else dict.fromkeys(tables, T + observed_from)
    return History({"children": people, **held}, observed_from=trusted)


RUNS = [
    spell("c0", -200, -198),
    spell("c0", -100, -99),
    spell("c0", -50, -40, recorded_date=3),
    spell("c0", -10, -8, type="A"),
    spell("c0", 0),
]
YOUNG = history_of(missing_episodes=RUNS, observed_from=-300)
M_AND_F = [
    link("c0", "M1", -30),
    link("c1", "M1", -20),
    link("c0", "F1", -5, "family"),
    link("c2", "F1", kind="family"),
]
NEXT = [
    spell("c1", -100, -80),
    spell("c1", -85, -70, end_recorded_date=1),
    spell("c2", -400, -390),
    spell("c0", -60, -50),
]
PLANS = [{"child_id": child, "start_date": T + start, "end_date": None} for child, start in (("c1", -75), ("c2", -95))]
FAMILY = history_of(links=M_AND_F, missing_episodes=NEXT, cp_plans=PLANS, born={"c1": -800}, died={"c2": -1})
MADE_UP = [link(f"x{number}", "nobody") for number in range(24)] + [link("c0", "nobody")]
YOUNG_MOTHER = history_of(
    links=[link("c0", "F1", kind="family"), link("c1", "F1", kind="family"), link("c0", "c1", -10)]
)
NEWBORN = history_of(missing_episodes=[spell("c0", -120, -119), spell("c0", -50, -49)], born={"c0": -100})
LATE_PLANS = history_of(missing_episodes=[spell("c0", -80)], cp_plans=[spell("c0", -60)])
LATE_PLANS.observed_from["cp_plans"] = T - 80
SOURCES = [{"source": code, "nfa": nfa, "end_date": None} for code, nfa in (("6", False), ("6", True), (None, False))]
REFERRED = history_of(referrals=[{"child_id": "c0", "start_date": T - 9, **row} for row in SOURCES])
LASTS = [
    spell("c0", -9, -7, type="M", recorded_date=-6),
    spell("c0", -9, -7, type="A", recorded_date=-5),
    spell("c0", -9, -7, type="M", recorded_date=-5),
    spell("c0", -3, -2, type=None),
]
PICTURES = [
    (YOUNG, "missing.trend.90d", 0, 0.0),
    (YOUNG, "missing.trend.100d", 0, 1.0),
    (YOUNG, "missing.trend.150d", 0, 1.0),
    (YOUNG, "missing.trend.151d", 0, None),
    (YOUNG, "missing.trend.100d", 4, 2.0),
    (YOUNG, "missing.rate.1825d", 0, 3 * 365 / 300),
    (YOUNG, "missing.rate.200d", 0, 3 * 365 / 200),
    (YOUNG, "missing.rate.199d", 0, 2 * 365 / 199),
    (YOUNG, "missing.rate.1825d", -209, 0.0),
    (YOUNG, "missing.rate.1825d", -210, None),
    (YOUNG, "missing.rate.91d", 0, 365 / 91),
    (YOUNG, "missing.days_since_first", 0, 200.0),
    (YOUNG, "missing.days_since_first.100d", 0, 100.0),
    (YOUNG, "missing.days_since_first.99d", 0, 10.0),
    (YOUNG, "missing.days_since_first_end", 0, 198.0),
    (YOUNG, "missing.days_since_first.9d", 0, None),
    (YOUNG, "missing.share_type_A.200d", 0, 1 / 3),
    (YOUNG, "missing.share_type_A.9d", 0, None),
    (YOUNG, "missing.not_type_A.count.200d", 0, 2.0),
    (YOUNG, "missing.last_type", 0, "A"),
    (YOUNG, "missing.last_type", -10, "M"),
    (YOUNG, "missing.last_type.9d", 0, None),
    (YOUNG, "missing.total_days", 0, 5.0),
    (YOUNG, "missing.total_days", 4, 19.0),
    (YOUNG, "missing.total_days", -299, 0.0),
    (YOUNG, "missing.total_days", -301, None),
    (YOUNG, "sibling.missing.count.90d", 0, None),
    (YOUNG, "sibling_undated.number_0_17", 0, None),
    (YOUNG, "missing.count.90d / missing.count.200d", 0, 1 / 3),
    (YOUNG, "missing.count.9d / missing.count.5d", 0, None),
    (YOUNG, "missing.count.200d - missing.count.90d", 0, 2.0),
    (YOUNG, "missing.count.200d - missing.count.301d", 0, None),
    (YOUNG, "calendar.month", 0, 4.0),
    (YOUNG, "calendar.year", -91, 2021.0),
    (FAMILY, "sibling.missing.count.365d", 0, 2.0),
    (FAMILY, "sibling.missing.count.365d", -20, 0.0),
    (FAMILY, "sibling.missing.count.365d", -19, 2.0),
    (FAMILY, "sibling_undated.missing.count.1000d", -5, 2.0),
    (FAMILY, "sibling_undated.missing.count.1000d", -4, 3.0),
    (FAMILY, "sibling.missing.active", 0, 1.0),
    (FAMILY, "sibling.missing.active", 2, 0.0),
    (FAMILY, "sibling.missing.days_in.365d", 0, 100.0),
    (FAMILY, "sibling.missing.days_in.365d", 2, 30.0),
    (FAMILY, "sibling.missing.overlap_cp_plan.90d", 0, 75.0),
    (FAMILY, "sibling.missing.overlap_cp_plan.90d", 2, 5.0),
    (FAMILY, "sibling_undated.missing.overlap_cp_plan.1000d", 2, 25.0),
    (FAMILY, "sibling.missing.days_since_end", 0, 80.0),
    (FAMILY, "sibling.missing.days_since_end", 2, 72.0),
    (FAMILY, "sibling.missing.rate.1825d", 0, 2 * 365 / 1825),
    (FAMILY, "sibling.number_2_2", 0, 1.0),
    (FAMILY, "sibling.number_3_17", 0, 0.0),
    (FAMILY, "sibling_undated.number_0_17", 0, 1.0),
    (FAMILY, "sibling_undated.number_0_17", -1, 2.0),
    (history_of(links=MADE_UP), "sibling_undated.number_0_17", 0, 24.0),
    (history_of(links=[*MADE_UP, link("y", "nobody")]), "sibling_undated.number_0_17", 0, 0.0),
    (history_of(links=MADE_UP), "sibling.number_0_17", 0, None),
    (history_of(links=[link("c0", "M1"), link("c1", "M1", kind="family")]), "sibling_undated.number_0_17", 0, 0.0),
    (history_of(links=[link("c0", "c1"), link("c1", "M1")]), "sibling_undated.number_0_17", 0, 0.0),
    (YOUNG_MOTHER, "sibling_undated.number_0_17", -10, 1.0),
    (YOUNG_MOTHER, "sibling_undated.number_0_17", -9, 0.0),
    (YOUNG_MOTHER, "sibling.number_0_17", 0, 0.0),
    (history_of(links=[link("c0", "M"), link("c1", "M")], born={"c1": 0}), "sibling_undated.number_0_17", 0, 0.0),
    (history_of(links=[link("c0", "M"), link("c1", "M")], born={"c1": 0}), "sibling_undated.number_0_0", 1, 1.0),
    (NEWBORN, "missing.rate.1825d", 0, 3.65),
    (NEWBORN, "missing.rate.1825d", -10, None),
    (LATE_PLANS, "missing.overlap_cp_plan.80d", 0, 60.0),
    (LATE_PLANS, "missing.overlap_cp_plan.81d", 0, None),
    (REFERRED, "referral.share_source_6.90d", 0, 2 / 3),
    (REFERRED, "referral.nfa_no.share_source_6.90d", 0, 1 / 2),
    (REFERRED, "referral.not_source_6.count.90d", 0, 1.0),
    (history_of(missing_episodes=LASTS[1::-1]), "missing.last_type", 0, "A"),
    (history_of(missing_episodes=LASTS), "missing.last_type", 0, "M"),
    (history_of(missing_episodes=LASTS[:2]), "missing.last_type", 0, "A"),
    (history_of(missing_episodes=LASTS[:2]), "missing.last_type", -5, "M"),
    (history_of(missing_episodes=LASTS[3:]), "missing.last_type", 0, None),
]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: f"{picture[1]} on {picture[2]}: {picture[3]}")
def test_oracle_and_engine_give_what_was_worked_out_by_hand(picture):
    history, name, after, expected = picture
    assert told(literal(history, parse_feature(name), "c0", T + after)) == expected
    assert agrees(history, [parse_feature(name)], [T + after])


def test_the_last_code_is_a_category_of_its_whole_list():
    spec = Last("missing_episodes", value="type")
    built = build_features(YOUNG.records(), row_index(["c0"], [T, T - 250]), [spec, "missing.count.9d"])
    assert built[spec.name].cat.categories.tolist() == ["A", "M"]
    assert built[spec.name].astype(object).to_list()[0] == "A"
    assert built[spec.name].isna().tolist() == [False, True]
    assert built["missing.count.9d"].dtype == "float64"


OWN = [
    "stays.trend.90d",
    "stays.rate.365d",
    "stays.share_category_A.1095d",
    "stays.not_category_A.count.365d",
    "stays.last_value",
    "stays.mean_value.365d",
    "stays.days_since_first",
    "stays.days_since_first_end.365d",
    "stays.total_days",
    "stays.overlap_cp_plan.365d",
    "sibling_undated.stays.count.365d",
    "sibling.stays.days_in.365d",
    "sibling.stays.active",
]


@given(families(tables=("placements", "cp_plans")))
def test_a_table_of_ones_own_equals_a_canonical_one_in_every_measure(history):
    history = History(history.tables, history.lags)
    records = history.records()
    columns = {"child_id": "child_id", "row_key": "row_key", "date": "start_date", "end": "end_date"}
    columns |= {"known": "recorded_date", "end_known": "end_recorded_date", "value": "distance", "category": "type"}
    lag = {"reporting_lag": history.lags.get("placements", 0), "observed_from": "1990-01-01"}
    records = records.with_events("stays", records.table("placements"), **columns, **lag)
    rows = row_index([child for child in history.child_ids if child.startswith("c")], INDEX_DAYS)
    canonical = [
        name.replace("stays", "placement").replace("category", "type").replace("value", "distance") for name in OWN
    ]
    built = build_features(records, rows, [*OWN, *canonical])
    for own, name in zip(OWN, canonical, strict=True):
        pd.testing.assert_series_equal(built[own], built[name], check_names=False, check_exact=True)
