"""What a roll-out showed: the numbers, the intervals, and what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.exceptions import SpecError
from edgeofcare.outcome import label_outcome
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task
from edgeofcare.tracking.rollout.analysis import evaluate_rollout
from edgeofcare.tracking.rollout.design import design_rollout
from edgeofcare.tracking.rollout.intervals import estimate, order_interval, order_p
from edgeofcare.tracking.rollout.rates import expected_entries, order_scores, rate_ratio
from edgeofcare.tracking.rollout.result import HOUSEHOLDS, ORDERS
from edgeofcare.tracking.rollout.rows import read_rows
from rollouts import PERIODS, TEAMS, drawn, one_row, planted

DESIGN = drawn()
TASK = Task(horizon=DESIGN.horizon)
STRONG = planted(DESIGN, ratio=0.2, children=400, seed=1)
NONE = planted(DESIGN, ratio=1.0, children=300, seed=2)


@pytest.fixture(scope="module")
def strong():
    """A large effect, evaluated."""
    return evaluate_rollout(DESIGN, STRONG, TASK, n_resamples=200)


@pytest.fixture(scope="module")
def none():
    """No effect, evaluated."""
    return evaluate_rollout(DESIGN, NONE, TASK, n_resamples=200)


def _cell(result, measure, interval=HOUSEHOLDS):
    """One row of the table."""
    return result.table.set_index(["measure", "interval"]).loc[(measure, interval)]


def test_measures_fit_together(strong):
    ratio, difference = _cell(strong, "rate_ratio"), _cell(strong, "rate_difference")
    with_score, without = _cell(strong, "rate_with"), _cell(strong, "rate_without")
    assert ratio.estimate == pytest.approx(with_score.estimate / without.estimate)
    assert difference.estimate == pytest.approx(with_score.estimate - without.estimate)
    rows = read_rows(STRONG, DESIGN)
    uses = DESIGN.exposures()[DESIGN.chosen]
    crude = 1000 * (rows.entries * uses).sum() / (rows.time * uses).sum()
    assert with_score.estimate == pytest.approx(crude)
    assert ratio.estimate == pytest.approx(float(rate_ratio(rows.entries, rows.time, uses)))


def test_intervals_stand_around_their_estimates(strong, none):
    for result in (strong, none):
        frame = result.table
        assert (frame["ci_low"] < frame["estimate"]).all()
        assert (frame["estimate"] < frame["ci_high"]).all()


def test_a_large_effect_is_found_and_told(strong):
    for interval in (HOUSEHOLDS, ORDERS):
        found = _cell(strong, "rate_ratio", interval)
        assert found.ci_low < 0.2 < found.ci_high < 0.6
    assert strong.told_from_chance
    assert "This can be told from chance." in strong.text
    assert "fewer in 1,000" in strong.text
    assert "drawn at random" in strong.text


def test_no_effect_is_not_told(none):
    found = _cell(none, "rate_ratio", ORDERS)
    assert found.ci_low < 1 < found.ci_high
    assert not none.told_from_chance
    assert "cannot be told from chance" in none.text
    assert "no finding that the score makes no difference" in none.text


def test_the_text_claims_no_cause(strong, none):
    for result in (strong, none):
        assert not any(
            word in result.text for word in ("cause", "thanks to", "because of the score", "prevent", "saved")
        )


def test_p_value_by_counting_orders(none):
    rows = read_rows(NONE, DESIGN)
    expected = expected_entries(rows.entries, rows.time)
    scores = np.abs(order_scores(rows.entries, expected, DESIGN.exposures()).standardised)
    at_least = (scores >= scores[DESIGN.chosen] - 1e-6).sum()
    assert none.p_value == pytest.approx(at_least / len(DESIGN.orders))


def test_an_order_and_its_mirror_are_equally_far():
    # With two groups of equal size the score of the mirror is that of the order with the other sign, but for rounding.
    design = drawn(periods=PERIODS[:3])
    exposures, rng = design.exposures(), np.random.default_rng(0)
    for _ in range(150):
        time = rng.uniform(50, 400, (8, 1)) * rng.uniform(0.8, 1.2, (8, 3))
        entries = rng.poisson(time * rng.uniform(0.01, 0.04, (8, 1))).astype(float)
        orders = order_p(entries, time, exposures, design.chosen) * len(exposures)
        assert round(orders) % 2 == 0
        assert orders >= design.least_p * len(exposures) - 1e-9


def test_the_interval_by_orders_holds_what_the_test_does_not_refuse(none):
    rows, exposures = read_rows(NONE, DESIGN), DESIGN.exposures()
    ratio = float(estimate(rows.entries, rows.time, exposures[DESIGN.chosen]).rate_ratio)
    low, high = order_interval(rows.entries, rows.time, exposures, DESIGN.chosen, ratio)
    given = (rows.entries, rows.time, exposures, DESIGN.chosen)
    for end, outward in ((low, 0.98), (high, 1 / 0.98)):
        assert order_p(*given, float(np.log(end * outward))) < 0.05
        assert order_p(*given, float(np.log(end / outward))) >= 0.05
    assert order_p(*given, float(np.log(ratio))) == 1.0
    found = _cell(none, "rate_ratio", ORDERS)
    assert (found.ci_low, found.ci_high) == (low, high)
    difference = _cell(none, "rate_difference", ORDERS)
    rate = _cell(none, "rate_with").estimate
    assert (difference.ci_low, difference.ci_high) == pytest.approx((rate - rate / low, rate - rate / high))


def test_household_intervals_agree_with_a_sandwich(none):
    rows, uses = read_rows(NONE, DESIGN), DESIGN.exposures()[DESIGN.chosen]
    ratio = float(rate_ratio(rows.entries, rows.time, uses))
    expected = expected_entries(rows.entries, rows.time * ratio**uses)
    levels = np.column_stack([np.kron(np.eye(8), np.ones((7, 1))), np.kron(np.ones((8, 1)), np.eye(7))])
    root = np.sqrt(expected.ravel())
    fitted = np.linalg.lstsq(levels * root[:, None], uses.ravel() * root, rcond=None)[0]
    beside = uses.ravel() - levels @ fitted
    rate = (expected / rows.time).ravel()
    added = (rows.by_household(rows.entered) - rate * rows.by_household(rows.days) / 90) @ beside
    error = np.sqrt((added**2).sum()) / (beside**2 * expected.ravel()).sum()
    found = _cell(none, "rate_ratio")
    assert np.log(found.ci_high / found.ci_low) / (2 * 1.96) == pytest.approx(error, rel=0.15)


def test_results_do_not_depend_on_the_order_of_rows(none):
    again = evaluate_rollout(DESIGN, NONE.sample(frac=1, random_state=0), TASK, n_resamples=200)
    pd.testing.assert_frame_equal(again.table, none.table)
    assert again.text == none.text


def test_counts_are_those_of_the_rows(none):
    counts = none.counts.set_index("score")
    assert counts["rows"].sum() == len(NONE)
    assert counts["entrants"].sum() == NONE["entered_care"].sum()


def test_few_entrants_are_told_nothing_and_counted_as_few():
    few = evaluate_rollout(DESIGN, planted(DESIGN, children=20, rate=0.004, seed=1), TASK, n_resamples=100)
    assert few.table["estimate"].isna().all()
    assert np.isnan(few.p_value)
    assert not few.told_from_chance
    assert "<10" in few.counts["entrants"].tolist()
    assert "nothing is told" in few.text
    assert set(few.table["note"]) == {"suppressed: fewer than 10 entrants"}


def test_three_teams_have_no_interval_by_orders_and_no_claim():
    design = drawn(3)
    result = evaluate_rollout(design, planted(design, ratio=0.1, children=800, seed=3), TASK, n_resamples=200)
    assert set(result.table["interval"]) == {HOUSEHOLDS}
    assert not result.told_from_chance
    assert "So few orders can tell nothing from chance" in result.text
    assert "drawn at random" not in result.text
    assert result.p_value >= 1 / 6 - 1e-9


def test_an_end_that_the_orders_do_not_refuse_is_open():
    # One entry among those who were exposed leaves any low ratio possible.
    design = drawn(4)
    rows = read_rows(planted(design, children=60, seed=5), design)
    uses = design.exposures()[design.chosen]
    entries = rows.entries * (1 - uses)
    entries[np.unravel_index(np.argmax(uses * rows.time), uses.shape)] = 1
    low, _ = order_interval(entries, rows.time, design.exposures(), design.chosen, 0.05)
    assert low == 0.0


def test_what_went_wrong_is_told():
    moving = NONE.copy()
    second = moving.index.get_level_values("index_date") == PERIODS[1]
    moving.loc[second & (moving["team"] == DESIGN.steps.idxmax()), "team"] = DESIGN.steps.idxmin()
    gone = (moving["entered_care"] == 0) & (np.arange(len(moving)) % 50 == 0)
    moving.loc[gone, ["complete", "end_reason", "followup_days"]] = [False, "moved_away", 40]
    told = evaluate_rollout(DESIGN, moving, TASK, n_resamples=100)
    assert "of a child that was before with a team that used the score" in told.text
    assert "draws the ratio towards 1" in told.text
    assert f"{gone.sum():,} rows end early because the child moved away" in told.text
    assert "No row is known" not in told.text


def test_what_a_person_reads(none):
    assert repr(none) == f"RolloutResult({none})"
    assert "rate_ratio" in none._repr_html_()
    keys = set(NONE.index.get_level_values("child_id")) | set(NONE.index.get_level_values("household_id"))
    assert not any(key in none._repr_html_() for key in list(keys)[:200])
    assert not any(team in none._repr_html_() for team in DESIGN.teams)


@pytest.mark.parametrize("n_resamples", [0, 99, 100.0, True])
def test_too_few_resamples_are_refused(n_resamples):
    with pytest.raises(SpecError, match="n_resamples"):
        evaluate_rollout(DESIGN, NONE, TASK, n_resamples=n_resamples)


@pytest.mark.parametrize(("gap", "horizon"), [("1D", "90D"), ("60D", "90D"), ("365D", "90D"), ("0D", "91D")])
def test_windows_that_reach_into_the_next_period_are_refused(gap, horizon):
    # Nothing in these outcomes says that their windows began after a gap: the task does.
    with pytest.raises(SpecError, match=r"a period has 90, .*Task\(horizon='90D'\) or less, gap included"):
        evaluate_rollout(DESIGN, NONE, Task(gap=gap, horizon=horizon), n_resamples=100)


def test_outcomes_that_another_task_labelled_are_refused():
    in_gap = one_row(NONE, complete=False, end_reason="entered_in_gap", followup_days=0, entered_care=0)
    with pytest.raises(SpecError, match="1 row ended in a gap, and the task has none"):
        evaluate_rollout(DESIGN, in_gap, TASK, n_resamples=100)
    with pytest.raises(SpecError, match=r"rows were followed for longer than the task's 60 days"):
        evaluate_rollout(DESIGN, in_gap, Task(horizon="60D", gap="30D"), n_resamples=100)
    within = in_gap.assign(followup_days=in_gap["followup_days"].clip(upper=60))
    told = evaluate_rollout(DESIGN, within, Task(horizon="60D", gap="30D"), n_resamples=100)
    assert "entered it in the gap" in told.text
    with pytest.raises(SpecError, match="task is a str"):
        evaluate_rollout(DESIGN, NONE, "90D", n_resamples=100)


def test_outcomes_of_records_are_taken_as_label_outcome_gives_them():
    records = make_records(5000, random_state=0)
    periods = quarters("2021-04-01", "2024-01-01")
    design = design_rollout(TEAMS[:6], periods=periods, begin=periods[3:8])
    task = Task(horizon=design.horizon)
    cohort = build_cohort(records, task, index_dates=design.periods)
    outcomes = label_outcome(records, cohort, task, details=True)
    number = pd.factorize(outcomes.index.get_level_values("household_id"))[0]
    result = evaluate_rollout(design, outcomes.assign(team=np.array(TEAMS[:6])[number % 6]), task, n_resamples=100)
    at_risk = ~outcomes["end_reason"].isin(["already_looked_after", "entered_in_gap"])
    counts = result.counts.set_index("score")
    assert counts["rows"].sum() == at_risk.sum()
    team = pd.Series(design.teams)[number % 6].to_numpy()
    uses = (
        outcomes.index.get_level_values("index_date") >= design.periods[np.array(design.begins)[design.steps[team] - 1]]
    )
    assert counts.loc["used", "entrants"] == outcomes["entered_care"][uses & at_risk].sum()
    assert result.contamination["rows"].eq(0).all()
