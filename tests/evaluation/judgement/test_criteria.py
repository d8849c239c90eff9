"""Criteria are fixed beforehand, kept whole, and judged one by one."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare import metrics
from edgeofcare.criteria import Criteria
from edgeofcare.evaluation._inputs import score_rows
from edgeofcare.evaluation.judgement.agreed_thresholds import NET_BENEFIT, net_benefit_rows
from edgeofcare.evaluation.judgement.judge import judge
from edgeofcare.exceptions import SpecError
from evaluation.panels import Stub, make_panel

GAIN = ("model minus count_rule", "auroc")
BENEFIT = ("model minus count_rule", NET_BENEFIT)
LEVEL = ("model", "observed_expected_ratio")
SLOPE = ("model", "calibration_slope")


def table(**given_rows):
    """Measures of all rows from estimate and interval, one of each by default."""
    rows = {GAIN: (0.1, 0.05, 0.15), BENEFIT: (2.0, 1.0, 3.0), LEVEL: (1.0, 0.9, 1.1), SLOPE: (1.0, 0.9, 1.1)}
    names = {"gain": GAIN, "benefit": BENEFIT, "level": LEVEL, "slope": SLOPE}
    rows |= {names[name]: values for name, values in given_rows.items()}
    frame = pd.DataFrame([(*name, *values) for name, values in rows.items() if values is not None])
    frame.columns = ["model", "measure", "estimate", "ci_low", "ci_high"]
    return frame.assign(stratum="all rows", note="")


def groups(*ratios, by="sex"):
    """Groups with these ratios, and intervals of 0.3 on either side."""
    rows = [(by, f"g{i}", value, value - 0.3, value + 0.3) for i, value in enumerate(ratios)]
    return pd.DataFrame(rows, columns=["by", "group", "observed_expected_ratio", "oe_low", "oe_high"])


def quiet(**opened):
    """Alarms of which those named are open."""
    frame = pd.DataFrame({"alarm": ["AUROC above 0.90", "fewer than 60 entrants"], "open": False})
    frame["open"] = frame["alarm"].isin(opened.get("names", []))
    return frame.assign(what_it_means="It means this.", what_to_check="Check that.")


def met(measures, entrants=200, **kwargs):
    """Which criteria are met, in order."""
    return judge(Criteria(), measures, entrants, **kwargs)["met"].tolist()


def test_all_can_be_met():
    assert met(table(), groups=groups(1.0, 1.2), alarms=quiet()) == ["yes"] * 7


@pytest.mark.parametrize(
    ("place", "changed", "expected"),
    [
        (1, {"gain": (0.1, 0.0, 0.2)}, "no"),
        (1, {"gain": (-0.1, -0.2, -0.05)}, "no"),
        (1, {"gain": None}, "cannot be told"),
        (2, {"benefit": (0.5, -0.1, 1.0)}, "no"),
        (2, {"benefit": (0.5, 0.01, 1.0)}, "yes"),
        (3, {"level": (1.0, 0.8, 1.25)}, "yes"),
        (3, {"level": (1.0, 0.79, 1.2)}, "no"),
        (3, {"level": (1.1, 0.9, 1.26)}, "no"),
        (3, {"level": (np.nan, np.nan, np.nan)}, "cannot be told"),
        (4, {"slope": (0.6, 0.4, 0.8)}, "yes"),
        (4, {"slope": (0.6, 0.4, 0.79)}, "no"),
        (4, {"slope": (1.4, 1.21, 1.6)}, "no"),
        (4, {"slope": (1.4, 1.2, 1.6)}, "yes"),
    ],
)
def test_each_measure_has_its_limit(place, changed, expected):
    found = met(table(**changed), groups=groups(1.0), alarms=quiet())
    assert found[place] == expected
    assert [value for i, value in enumerate(found) if i != place] == ["yes"] * 6


@pytest.mark.parametrize(("entrants", "expected"), [(100, "yes"), (99, "no"), (29, "no"), ("<10", "no")])
def test_entrants_have_their_limit(entrants, expected):
    found = judge(Criteria(), table(), entrants, groups=groups(1.0), alarms=quiet())
    assert found["met"].iloc[0] == expected
    few = isinstance(entrants, str) or entrants < 30
    assert (found["met"].iloc[1:6] == "cannot be told").all() == few
    assert found[["value", "ci_low", "ci_high"]].iloc[1:6].isna().all(axis=None) == few


def test_the_worst_group_is_shown_and_all_outside_are_named():
    row = judge(Criteria(), table(), 200, groups=groups(1.0, 1.55, 0.5)).iloc[5]
    assert row["met"] == "no"
    assert row["value"] == 0.5
    assert "2 of 3 groups" in row["why"]
    assert "sex g1 (1.55, risks too low)" in row["why"]
    assert "sex g2 (0.50, risks too high)" in row["why"]


def test_a_ratio_that_chance_may_explain_says_so():
    frame = groups(1.6).assign(oe_low=0.9)
    assert "which chance may explain" in judge(Criteria(), table(), 200, groups=frame).iloc[5]["why"]


def test_suppressed_groups_are_not_judged_and_none_shown_cannot_be_told():
    frame = groups(1.0, np.nan)
    assert met(table(), groups=frame)[5] == "yes"
    assert met(table(), groups=frame.iloc[1:])[5] == "cannot be told"
    assert met(table(), groups=None)[5] == "cannot be told"


def test_groups_of_a_column_of_ones_own_are_counted_but_not_named():
    why = judge(Criteria(), table(), 200, groups=groups(2.0, by="worker")).iloc[5]["why"]
    assert "worker" not in why
    assert "g0" not in why
    assert "a group of a column of your own (2.00" in why


def test_alarms_must_be_looked_at_and_closed():
    assert met(table(), alarms=quiet())[6] == "yes"
    assert met(table(), alarms=None)[6] == "cannot be told"
    ringing = judge(Criteria(), table(), 200, alarms=quiet(names=["AUROC above 0.90"])).iloc[6]
    assert (ringing["met"], ringing["value"]) == ("no", 1.0)
    skipped = quiet().assign(what_it_means="Not looked at: nothing was given.")
    assert met(table(), alarms=skipped)[6] == "cannot be told"


def test_criteria_survive_json():
    criteria = Criteria(baseline="age_and_status", min_entrants=150, thresholds=(0.02, 0.1))
    assert Criteria.from_dict(json.loads(json.dumps(criteria.to_dict()))) == criteria


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"min_entrants": 29}, "min_entrants"),
        ({"min_entrants": True}, "min_entrants"),
        ({"thresholds": (0.2, 0.05)}, "thresholds"),
        ({"thresholds": (0.2, 1.0)}, "thresholds"),
        ({"observed_expected": 0.8}, "observed_expected"),
        ({"observed_expected": (1.1, 1.25)}, "1 within"),
        ({"baseline": "model"}, "baseline"),
    ],
)
def test_limits_that_cannot_be_used_are_refused(given, word):
    with pytest.raises(SpecError, match=word):
        Criteria(**given)


def test_unknown_limits_are_refused():
    with pytest.raises(SpecError, match="accuracy"):
        Criteria.from_dict({"accuracy": 0.9})


def _benefit(X, y, criteria, **kwargs):
    """Rows of net benefit with resamples at the agreed thresholds."""
    rows, cuts = score_rows(Stub(), X, y), criteria.threshold_grid()
    result = metrics.household_bootstrap(
        rows.y,
        rows.risk["model"],
        rows.household,
        measures=["auroc"],
        baselines={name: risk for name, risk in rows.risk.items() if name != "model"},
        thresholds=cuts,
        **kwargs,
    )
    return net_benefit_rows(rows, criteria, result, cuts).set_index("model")


def test_net_benefit_is_the_mean_over_the_agreed_thresholds():
    X, y, _ = make_panel(200, 3)
    criteria = Criteria(thresholds=(0.05, 0.1))
    frame = _benefit(X, y, criteria, n_resamples=50)
    cuts = [0.05, 0.055, 0.06, 0.065, 0.07, 0.075, 0.08, 0.085, 0.09, 0.095, 0.1]
    ours, theirs = (
        1000 * np.mean([metrics.net_benefit(y, X[column], cut) for cut in cuts]) for column in ("risk", "rule")
    )
    assert frame.loc["model", "estimate"] == pytest.approx(ours, abs=0.06)
    assert frame.loc["model minus count_rule", "estimate"] == pytest.approx(ours - theirs, abs=0.06)
    low, high = frame.loc["model minus count_rule", ["ci_low", "ci_high"]]
    assert low < ours - theirs < high
    # Paired on the same resamples: narrower than the two intervals beside each other.
    assert high - low < np.hypot(*(frame.loc[name, "ci_high"] - frame.loc[name, "ci_low"] for name in frame.index[:2]))
    assert "prevalence" not in frame.index


@given(st.permutations(range(40)))
def test_net_benefit_does_not_depend_on_the_order_of_rows(order):
    X, y, _ = make_panel(15, 4, -1.0)
    shuffled = list(order) + list(range(40, len(X)))
    criteria = Criteria(thresholds=(0.1, 0.3))
    one = _benefit(X, y, criteria, n_resamples=5)
    pd.testing.assert_frame_equal(one, _benefit(X.iloc[shuffled], y.iloc[shuffled], criteria, n_resamples=5))


def test_net_benefit_of_fewer_than_ten_entrants_is_hidden():
    X, y, _ = make_panel(40, 2, -5.0)
    frame = _benefit(X, y, Criteria(), n_resamples=5)
    assert frame[["estimate", "ci_low", "ci_high"]].isna().all(axis=None)
    assert frame["note"].str.startswith("suppressed").all()


def test_net_benefit_is_coarser_where_the_decision_curve_is_hidden():
    X, y, _ = make_panel(200, 3)
    frame = _benefit(X, y, Criteria(thresholds=(0.05, 0.6)), n_resamples=20)
    numbers = frame[["estimate", "ci_low", "ci_high"]].to_numpy()
    assert (numbers == numbers.round(1)).all()


def test_resamples_at_other_thresholds_are_refused():
    X, y, _ = make_panel(40, 3)
    rows = score_rows(Stub(), X, y)
    cuts = np.array([0.1, 0.2])
    result = metrics.household_bootstrap(y, X["risk"], rows.household, thresholds=cuts, n_resamples=2)
    with pytest.raises(SpecError, match="threshold_grid"):
        net_benefit_rows(rows, Criteria(), result, cuts)
