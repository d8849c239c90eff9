"""From first alert to entry: pictures by hand, plain loops, blackout gaps, and nothing of few children."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation.workload.lead_time import QUANTILES, _weighted, lead_time_frame
from edgeofcare.exceptions import SpecError
from evaluation.lists import DAYS, pictured
from evaluation.panels import FAST

# Entry 150 days after an alert; 10 days after; never alerted; 50 days after; no entry.
KINDS = [
    [(0, 1, 1, 150), (1, 1, 1, 59)],
    [(1, 1, 1, 10)],
    [(0, 0, 1, 40)],
    [(0, 1, 1, 50)],
    [(0, 1, 0, 365)],
]


def told(frame, model="model"):
    """Estimates by blackout, measure and place (0 where there is none)."""
    part = frame.loc[frame["model"] == model].fillna({"at": 0.0})
    return part.set_index(["blackout_days", "measure", "at"])["estimate"].to_dict()


def measured(children, copies=20, gap_days=0, **options):
    rows, listed, followup = pictured(children, copies)
    return lead_time_frame(rows, listed, followup, gap_days=gap_days, **(FAST | options))


def test_a_picture_of_five_kinds_of_children():
    shown = told(measured(KINDS, blackout=(0, 14), at_least=(100,)))
    assert {key: value for key, value in shown.items() if key[1] != "lead_time"} == {
        (0, "alerted", 0.0): 3 / 4,
        (0, "never_alerted", 0.0): 1 / 4,
        (14, "alerted", 0.0): 1 / 2,
        (14, "never_alerted", 0.0): 1 / 2,
        (14, "had_a_row", 0.0): 3 / 4,
        (0, "alerted_at_least", 100.0): 1 / 4,
    }
    weeks = [shown[0, "lead_time", quantile] for quantile in QUANTILES]
    np.testing.assert_array_equal(weeks, [np.nan, 7, 49, 147, np.nan])
    late = [shown[14, "lead_time", quantile] for quantile in QUANTILES]
    np.testing.assert_array_equal(late, [np.nan, 49, 49, 147, np.nan])


def test_the_gap_is_part_of_the_lead_time():
    shown = told(measured(KINDS, gap_days=30, blackout=(0,), at_least=(60, 100)))
    assert shown[0, "lead_time", 0.5] == 77
    assert shown[0, "alerted_at_least", 60.0] == 1 / 2
    assert shown[0, "alerted_at_least", 100.0] == 1 / 4


def test_an_alert_after_the_entry_finds_nobody_unless_another_entry_follows():
    late = [(0, 0, 1, 50), (2, 1, 0, 365)]  # enters on day 50, leaves, and is listed on day 182
    shown = told(measured([late, KINDS[0], KINDS[4]], blackout=(0,), at_least=(30,)))
    assert shown[0, "alerted", 0.0] == 1 / 2
    again = [(0, 0, 1, 50), (2, 1, 1, 100)]  # and enters once more
    shown = told(measured([again, KINDS[2]], blackout=(0,), at_least=(30,)))
    assert shown[0, "alerted", 0.0] == 1 / 2
    assert shown[0, "lead_time", 0.5] == 98
    between = [(0, 0, 1, 50), (1, 1, 0, 60), (2, 1, 1, 100)]  # listed between the two, in a window without an entry
    assert told(measured([between, KINDS[2]], blackout=(0,), at_least=(30,))) == pytest.approx(shown, nan_ok=True)


def test_few_alerts_whose_window_ended_before_the_entry_are_left_out():
    early = [(0, 1, 0, 60), (2, 0, 1, 20)]
    many = [child for child in (KINDS[0], KINDS[2], KINDS[4]) for _ in range(20)]
    few = told(measured([early] * 9 + many, copies=1, blackout=(0,)))
    frame = measured([early] * 9 + many, copies=1, blackout=(0,)).set_index("measure")
    assert few[0, "alerted", 0.0] == 20 / 49
    assert "without fewer than 10 children whose only alerts" in frame.loc["alerted", "note"]
    enough = measured([early] * 10 + many, copies=1, blackout=(0,))
    assert told(enough)[0, "alerted", 0.0] == 30 / 50
    assert not enough["note"].str.contains("whose only alerts").any()


def test_an_alert_whose_own_window_held_no_entry_still_came_first():
    early = [(0, 1, 0, 60), (2, 0, 1, 20)]  # listed 202 days before an entry that a window of 60 days did not reach
    shown = told(measured([early, KINDS[2]], blackout=(0,), at_least=(200,)))
    assert shown[0, "alerted", 0.0] == 1 / 2
    assert shown[0, "lead_time", 0.5] == 203


def test_ties_count_by_their_chance():
    half = [(0, 0.5, 1, 150), (1, 0.5, 1, 59)]
    frame = measured([half], copies=60, blackout=(0,), at_least=(100,))
    shown = told(frame)
    assert shown[0, "alerted", 0.0] == 3 / 4
    assert shown[0, "alerted_at_least", 100.0] == 1 / 2
    assert shown[0, "lead_time", 0.5] == 147
    assert shown[0, "lead_time", 0.25] == 56


def simulated(seed=0, children=400):
    """Children in homes of two with one entry each at most, rows until then, and two lists."""
    rng = np.random.default_rng(seed)
    table = []
    for child in range(children):
        entry = rng.integers(5, 540) if rng.uniform() < 0.5 else None
        for date, day in enumerate(DAYS):
            if entry is None or entry >= day:
                y = entry is not None and entry - day < 365
                table.append((child // 2, child, date, y, entry - day if y else 365, *(rng.uniform(size=2) < 0.4)))
    home, child, date, y, followup, *lists = (np.array(column) for column in zip(*table, strict=True))
    y = y.astype(float)
    rows = Scored(home, child, date, DAYS, y, {"model": y}, {"model": y}, np.arange(y.size))
    return rows, {"model": lists[0].astype(float), "count_rule": lists[1].astype(float)}, followup.astype(float)


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_shown_equals_a_plain_loop_over_children(seed):
    rows, lists, followup = simulated(seed)
    frame = lead_time_frame(rows, lists, followup, gap_days=0, **FAST)
    days = defaultdict(list)
    for i in range(rows.y.size):
        days[rows.child[i]].append(i)
    for name, listed in lists.items():
        leads, too_early = [], 0
        for its in days.values():
            entries = [DAYS[rows.date[i]] + followup[i] for i in its if rows.y[i]]
            if entries:
                alerts = [DAYS[rows.date[i]] for i in its if listed[i] and DAYS[rows.date[i]] <= min(entries)]
                early = any(listed[i] and not rows.y[i] for i in its)
                late = any(listed[i] and rows.y[i] for i in its)
                too_early += early and not late
                leads.append(min(entries) - min(alerts) if alerts else -1)
        assert too_early >= 10
        leads = np.array(leads)
        shown = {key: value for key, value in told(frame, name).items() if np.isfinite(value)}
        assert len(shown) > 20
        for (gone, measure, at), value in shown.items():
            counted = leads[leads >= gone]
            if measure == "lead_time":
                expected = 7 * round(np.quantile(counted, at, method="inverted_cdf") / 7)
            elif measure == "had_a_row":
                continue
            else:
                share = (leads >= max(gone, at)).mean()
                expected = 1 - share if measure == "never_alerted" else share
            assert value == pytest.approx(expected)


def test_no_lead_time_reaches_back_before_the_first_date():
    rows, lists, followup = simulated(3)
    frame = lead_time_frame(rows, lists, followup, gap_days=0, at_least=(30, 600), **FAST)
    longest = (DAYS[rows.date] + followup)[rows.y == 1].max()
    assert frame.loc[frame["measure"] == "lead_time", "ci_high"].max() <= longest + 3.5


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_steps_between_shares_that_are_shown_hold_ten_children(seed):
    rows, lists, followup = simulated(seed, children=160)
    frame = lead_time_frame(rows, lists, followup, gap_days=0, **FAST)
    part = frame.loc[(frame["model"] == "model") & frame["measure"].isin(["alerted", "alerted_at_least"])]
    assert part["estimate"].isna().any()
    assert part.loc[part["estimate"].isna(), "note"].str.startswith("suppressed").all()
    counts = np.unique(np.round(part["estimate"].dropna() * rows.n_entrants))
    assert np.diff([0, *counts, rows.n_entrants]).min() >= 10


def test_a_quantile_needs_ten_children_on_either_side():
    for copies, quantiles in ((20, [0.5]), (19, []), (40, [0.25, 0.5, 0.75]), (100, list(QUANTILES))):
        frame = measured([KINDS[0], KINDS[2]], copies=copies, blackout=(0,))
        shown = frame.loc[(frame["measure"] == "lead_time") & frame["estimate"].notna(), "at"]
        assert shown.tolist() == quantiles


def test_differences_are_paired_and_intervals_hold_the_estimate():
    rows, lists, followup = simulated()
    same = {"model": lists["model"], "count_rule": lists["model"]}
    frame = lead_time_frame(rows, same, followup, gap_days=0, **FAST)
    gains = frame.loc[(frame["model"] == "model minus count_rule") & frame["estimate"].notna()]
    assert len(gains) > 3
    assert (gains[["estimate", "ci_low", "ci_high"]] == 0).all(axis=None)
    ours = frame.loc[(frame["model"] == "model") & frame["estimate"].notna()]
    assert (ours["ci_low"] <= ours["estimate"]).all()
    assert (ours["estimate"] <= ours["ci_high"]).all()


def test_few_entrants_show_nothing():
    frame = measured(KINDS, copies=2)
    assert frame["estimate"].isna().all()
    assert frame["note"].eq("suppressed: fewer than 10 entrants").all()


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=30),
    st.sampled_from(QUANTILES),
)
def test_the_weighted_quantile_of_equal_weights_is_the_plain_one(leads, quantile):
    lead = np.sort(np.array(leads, dtype=float))
    plain = np.quantile(lead, quantile, method="inverted_cdf")
    ours = _weighted(lead, np.ones((2, lead.size)), np.array([0]), [quantile])
    assert ours.tolist() == [[[np.floor(plain / 7 + 0.5) * 7] * 2]]
    twice = np.repeat(lead, 2)
    assert _weighted(twice, np.ones((1, twice.size)), np.array([0]), [quantile])[0, 0, 0] == ours[0, 0, 0]


def test_weighted_quantiles_leave_out_what_has_no_weight_or_comes_before_the_start():
    lead, weights = np.array([0.0, 7.0, 70.0, 140.0]), np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    found = _weighted(lead, weights, np.array([0, 1, 3]), [0.1, 0.9])
    nothing = [np.nan, 140.0]
    expected = [[[0.0, 140.0], [70.0, 140.0]], [[70.0, 140.0], [70.0, 140.0]], [nothing, nothing]]
    np.testing.assert_array_equal(found, expected)


def test_follow_up_must_fit_the_rows():
    rows, listed, followup = pictured(KINDS)
    with pytest.raises(SpecError, match="followup_days has shape"):
        lead_time_frame(rows, listed, followup[:-1], gap_days=0)
    with pytest.raises(SpecError, match="missing or negative"):
        lead_time_frame(rows, listed, np.where(rows.y == 1, np.nan, followup), gap_days=0)
    missing_elsewhere = np.where(rows.y == 0, np.nan, followup)
    pd.testing.assert_frame_equal(
        lead_time_frame(rows, listed, missing_elsewhere, gap_days=0, **FAST),
        lead_time_frame(rows, listed, followup, gap_days=0, **FAST),
    )


@pytest.mark.parametrize("bad", [{"blackout": ()}, {"blackout": (-1,)}, {"at_least": (30.5,)}])
def test_days_must_be_whole(bad):
    with pytest.raises(SpecError, match="whole numbers of days"):
        measured(KINDS, **bad)
