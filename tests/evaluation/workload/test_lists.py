"""Lists as a team sees them: pictures by hand, ties, the same draws as other intervals, and nothing small."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.evaluation._inputs import Scored, score_rows
from edgeofcare.evaluation._resample import interval_of, ratio_of, resample_sums
from edgeofcare.evaluation.capacity import select_rows
from edgeofcare.evaluation.workload.alerts import first_alerts, kept_points, once_each
from edgeofcare.evaluation.workload.lists import TOP_SHARES, review_draws, shown_at_capacity, workload_frame
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics.bootstrap import household_bootstrap
from evaluation.lists import pictured
from evaluation.panels import FAST, Stub, make_panel

# Listed twice and enters; listed late, twice, and does not; enters unseen; neither.
KINDS = [
    [(0, 1, 1, 150), (1, 1, 1, 59)],
    [(0, 0, 0, 365), (1, 1, 0, 365), (2, 1, 0, 365)],
    [(0, 0, 1, 40)],
    [(0, 0, 0, 365), (1, 0, 0, 365), (2, 0, 0, 365)],
]


def measures(frame, name="capacity", model="model"):
    """Estimates of one list by measure."""
    part = frame.loc[(frame["model"] == model) & (frame["list"] == name)]
    return part.set_index("measure")["estimate"].to_dict()


def scored(seed=1, households=400):
    """The simulated panel, scored, and its lists at capacity."""
    X, y, _ = make_panel(households, seed)
    rows = score_rows(Stub(margin="lp"), X, y)
    return rows, {name: select_rows(score, rows.date, 40) for name, score in rows.score.items()}


@pytest.fixture(scope="module")
def panel_rows():
    return scored()


@pytest.fixture(scope="module")
def frame(panel_rows):
    return workload_frame(*panel_rows, **FAST)


def test_a_picture_of_four_kinds_of_children():
    rows, listed, _ = pictured(KINDS)
    expected = {
        "reviews": 80.0,
        "children": 40.0,
        "ppv": 1 / 2,
        "recall": 2 / 3,
        "entrants_found": 1 / 2,
        "number_needed_to_review": 2.0,
        "lift": 1.5,
        "repeat_alerts": 2 / 3,
        "alerts_per_child": 2.0,
        "new_children_per_month": 20 / 6,
        "without_entry": 1 / 2,
    }
    assert measures(workload_frame(rows, listed, shares=[], **FAST)) == pytest.approx(expected)


def test_one_index_date_has_no_repeats_and_says_so():
    rows, listed, _ = pictured([[(0, 1, 1, 5)], [(0, 1, 0, 365)], [(0, 0, 1, 5)], [(0, 0, 0, 365)]])
    frame = workload_frame(rows, listed, shares=[], **FAST).set_index("measure")
    assert frame.loc[["repeat_alerts", "new_children_per_month"], "estimate"].isna().all()
    assert frame.loc["repeat_alerts", "note"].startswith("undefined")
    assert frame.loc["ppv", ["estimate", "note"]].tolist() == [0.5, "caution: fewer than 75 entrants"]


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=5), st.randoms())
def test_first_alerts_are_what_breaking_ties_gives_on_average(share, random):
    expected = np.zeros(len(share))
    for drawn in product([0, 1], repeat=len(share)):
        chance = np.prod([s if d else 1 - s for s, d in zip(share, drawn, strict=True)])
        if any(drawn):
            expected[drawn.index(1)] += chance
    order = list(range(len(share)))
    random.shuffle(order)
    found = first_alerts(np.zeros(len(share), dtype=int), np.array(order), np.array(share)[order])
    np.testing.assert_allclose(found, expected[order])


def test_a_child_is_counted_once_at_its_first_row_that_is_in():
    child, date = np.array([3, 3, 3, 1]), np.array([2, 0, 1, 0])
    assert once_each(child, date, np.array([True, False, True, True])).tolist() == [0, 0, 1, 1]
    assert once_each(child, date, np.zeros(4, dtype=bool)).tolist() == [0, 0, 0, 0]


def test_estimates_and_intervals_at_capacity_are_those_of_the_household_bootstrap(panel_rows, frame):
    rows, listed = panel_rows
    result = household_bootstrap(
        rows.y,
        rows.risk["model"],
        rows.household,
        measures=["ppv_at_capacity", "recall_at_capacity", "entrants_found_at_capacity", "number_needed_to_review"],
        baselines={"count_rule": rows.risk["count_rule"]},
        selected={name: listed[name] for name in ("model", "count_rule")},
        child=rows.child,
        **FAST,
    )
    table = frame.loc[frame["list"] == "capacity"].set_index(["model", "measure"])
    for name in ("model", "count_rule"):
        for measure, estimate in result.estimates[name].items():
            row = table.loc[(name, measure.removesuffix("_at_capacity"))]
            ours = row[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
            np.testing.assert_allclose(ours, [estimate, *result.interval(measure, name)], atol=1e-12)
    gain = table.loc[("model minus count_rule", "ppv"), ["ci_low", "ci_high"]].to_numpy(dtype=float)
    np.testing.assert_allclose(gain, result.interval("ppv_at_capacity", minus="count_rule"), atol=1e-12)


def test_resampled_sums_equal_households_written_out():
    household, value = np.array([7, 3, 3, 9, 7]), np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    sums = resample_sums(household, {"value": value, "rows": np.ones(5)}, n_resamples=70, random_state=4)
    rng, of_home = np.random.default_rng(4), {0: 6.0, 1: 17.0, 2: 8.0}
    written_out = [sum(of_home[home] for home in rng.integers(0, 3, 3)) for _ in range(70)]
    np.testing.assert_array_equal(sums.drawn["value"], written_out)
    assert sums.whole == {"value": 31.0, "rows": 5.0}


def test_one_household_has_no_interval():
    sums = resample_sums(np.zeros(4, dtype=int), {"a": np.ones(4), "b": np.ones(4)}, n_resamples=5, random_state=0)
    assert np.isnan(interval_of(ratio_of(sums, "a", "b"), 1)).all()


def test_row_order_and_names_change_nothing(frame):
    X, y, _ = make_panel(400, 1)
    shuffled = np.random.default_rng(3).permutation(len(X))
    X, y = X.iloc[shuffled], y.iloc[shuffled]
    rows = score_rows(Stub(margin="lp"), X, y)
    listed = {name: select_rows(score, rows.date, 40) for name, score in rows.score.items()}
    pd.testing.assert_frame_equal(workload_frame(rows, listed, **FAST), frame)


def test_the_same_families_twice_give_the_same_estimates(panel_rows, frame):
    rows, listed = panel_rows
    twice = Scored(
        np.concatenate([rows.household, rows.household + rows.household.max() + 1]),
        np.concatenate([rows.child, rows.child + rows.child.max() + 1]),
        np.tile(rows.date, 2),
        rows.days,
        np.tile(rows.y, 2),
        {name: np.tile(risk, 2) for name, risk in rows.risk.items()},
        {name: np.tile(score, 2) for name, score in rows.score.items()},
        np.arange(2 * rows.y.size),
    )
    again = workload_frame(twice, {name: np.tile(share, 2) for name, share in listed.items()}, shares=[], **FAST)
    ours, once = measures(again), measures(frame)
    for measure in ("ppv", "recall", "entrants_found", "lift", "repeat_alerts", "alerts_per_child", "without_entry"):
        assert ours[measure] == pytest.approx(once[measure])
    for count in ("reviews", "children", "new_children_per_month"):
        assert ours[count] == pytest.approx(2 * once[count])


def children_between(rows, longer, shorter):
    """Children whom one list has beyond another, of each kind, by plain sets."""
    table = pd.DataFrame({"child": rows.child, "y": rows.y, "more": longer > shorter, "longer": longer > 0})
    table["shorter"] = shorter > 0
    entered = table["y"] == 1
    if not table["more"].any():
        return [0]
    found = [set(table.loc[entered & table[name], "child"]) for name in ("longer", "shorter")]
    alerted = [set(table.loc[table[name], "child"]) for name in ("longer", "shorter")]
    other = [listed - entrants for listed, entrants in zip(alerted, found, strict=True)]
    return [
        table.loc[table["more"] & entered, "child"].nunique(),
        table.loc[table["more"] & ~entered, "child"].nunique(),
        len(found[0] - found[1]),
        len(other[0] - other[1]),
    ]


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_no_list_that_is_shown_tells_of_few_children_by_itself_or_by_subtraction(seed):
    rows, listed = scored(seed, households=250)
    frame = workload_frame(rows, listed, **FAST)
    part = frame.loc[(frame["model"] == "model") & (frame["measure"] == "ppv")]
    names = part.loc[part["estimate"].notna(), "list"].tolist()
    hidden = part.loc[part["estimate"].isna()]
    assert hidden["note"].str.startswith("suppressed").all()
    assert len(hidden)
    per_date = np.bincount(rows.date)
    lists = {"capacity": listed["model"]}
    for top in TOP_SHARES:
        share = np.zeros(rows.y.size)
        for date, size in enumerate(per_date):
            on = np.flatnonzero(rows.date == date)
            share[on[np.argsort(-rows.score["model"][on])[: max(1, int(top * size + 0.5))]]] = 1.0
        lists[f"top {100 * top:g}%"] = share
    shown = [np.zeros(rows.y.size), *[lists[name] for name in names], np.ones(rows.y.size)]
    for a, b in combinations(shown, 2):
        for longer, shorter in ((a, b), (b, a)):
            counts = children_between(rows, longer, shorter)
            assert min(counts) >= 10 or max(counts) == 0


def test_fewer_than_ten_entrants_show_the_length_of_the_list_alone():
    rows, listed, _ = pictured(KINDS, copies=4)
    frame = workload_frame(rows, listed, **FAST)
    shown = frame.loc[frame["estimate"].notna()]
    assert set(shown["measure"]) == {"reviews"}
    assert frame.loc[frame["measure"] != "reviews", "note"].str.startswith("suppressed: fewer than 10 entrants").all()
    assert repr(review_draws(rows, listed, **FAST)).startswith("ReviewDraws(nothing to show")


def test_the_notes_follow_the_entrants():
    for copies, note in ((40, ""), (20, "caution: fewer than 75 entrants"), (12, "unreliable: fewer than 30 entrants")):
        rows, listed, _ = pictured(KINDS, copies=copies)
        told = workload_frame(rows, listed, shares=[], **FAST).set_index("measure").loc["ppv", "note"]
        assert told == note


def test_points_are_kept_where_every_step_holds_ten_children():
    child, value = np.arange(40), np.repeat([5.0, 20.0, 50.0, 100.0], 10)
    assert kept_points(value, child, [0, 10, 30, 60], missing=10) == {0, 10, 30, 60}
    assert kept_points(value, child, [0, 10, 30, 60], missing=9) == {10, 30, 60}
    assert kept_points(value[1:], child[1:], [0, 10, 30, 60], missing=10) == {0, 30, 60}
    assert kept_points(value[1:], child[1:], [10, 0, 30, 60], missing=10) == {10, 30, 60}
    assert kept_points(value, child, [60, 70], missing=10) == {60}


def test_resamples_must_be_counted():
    rows, listed, _ = pictured(KINDS)
    with pytest.raises(SpecError, match="n_resamples"):
        workload_frame(rows, listed, n_resamples=0)


# Seen to fail with children counted whole: 3 sure entrants, and 50 who share one place with 450 others.
@pytest.mark.parametrize(("places", "shown"), [(10, False), (120, True)])
def test_children_who_share_the_last_places_count_by_their_chance(places, shown):
    """20 rows are sure, 3 of them with an entry; 500 tied rows, 50 with one, share the places left."""
    child = np.arange(1000)
    risk = np.select([child < 20, child < 520], [0.5 + child / 1000, 0.2], 0.05)
    y = (((child < 3) | ((child >= 20) & (child < 70))) | ((child >= 600) & (child < 640))).astype(float)
    rows = Scored(child, child, child * 0, np.array([0]), y, {"model": risk}, {"model": risk}, child)
    share = select_rows(risk, rows.date, 20 + places)
    assert share[500] == places / 500
    table = workload_frame(rows, {"model": share}, shares=[], n_resamples=20)
    assert table.loc[table["measure"] == "ppv", "estimate"].notna().tolist() == [shown]
    assert ("model" in shown_at_capacity(rows, {"model": share})) == shown
