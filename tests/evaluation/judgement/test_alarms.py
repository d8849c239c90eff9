"""Alarms ring on what is too good or too little, and are silent otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from edgeofcare import metrics
from edgeofcare.evaluation.judgement.alarm_checks import calibration_chance, near_outcome
from edgeofcare.evaluation.judgement.alarms import ALARM_COLUMNS, LIMITS, STOPS, alarms
from edgeofcare.exceptions import SpecError

SEEN, UNSEEN = "households seen in training", "households never seen in training"


def measures(whole=0.8, seen=None, unseen=None):
    """AUROC with intervals of 0.04 on either side."""
    rows = [("model", name, "auroc", value, value - 0.04, value + 0.04) for name, value in
            (("all rows", whole), (SEEN, seen), (UNSEEN, unseen)) if value is not None]  # fmt: skip
    rows.append(("count_rule", "all rows", "auroc", 0.99, 0.98, 1.0))
    return pd.DataFrame(rows, columns=["model", "stratum", "measure", "estimate", "ci_low", "ci_high"])


def counts(entrants=200):
    return pd.DataFrame({"stratum": ["all rows", SEEN], "entrants": [entrants, 5]})


def contributions(*sizes):
    names = [f"f{i}" for i in range(len(sizes))]
    frame = pd.DataFrame({"level": "feature", "name": names, "mean_size": sizes})
    return pd.concat([frame, pd.DataFrame({"level": "concept", "name": ["all"], "mean_size": [99.0]})])


EVEN = contributions(1.0, 1.0, 1.0, 1.0, 1.0)
FAR = pd.DataFrame({"feature": ["f0", "f1"], "auroc_near": 0.7, "auroc_far": 0.65, "open": [False, False]})


def all_looked_at(**changed):
    given_all = {"training_entrants": 500, "summary": EVEN, "calibration": 0.5, "near": FAR}
    return alarms(
        changed.pop("measures", measures(0.8, 0.82, 0.8)), changed.pop("counts", counts()), **{**given_all, **changed}
    )


def opened(frame):
    return frame.loc[frame["open"], "alarm"].tolist()


def test_nothing_rings_where_nothing_is_wrong():
    frame = all_looked_at()
    assert opened(frame) == []
    assert frame["value"].notna().all()
    assert tuple(frame.columns) == ALARM_COLUMNS
    assert frame["alarm"].tolist() == list(LIMITS)
    assert set(STOPS) <= set(LIMITS)


@pytest.mark.parametrize(
    ("alarm", "changed", "words"),
    [
        ("AUROC above 0.90", {"measures": measures(0.901, 0.8, 0.8)}, "0.90"),
        ("one feature carries the model", {"summary": contributions(9.0, 1.0, 1.0, 1.0, 1.0)}, "f0 has 69%"),
        ("calibration too good", {"calibration": 0.0019}, "than even the true risks"),
        ("features that appear only near the outcome", {"near": FAR.assign(open=[False, True])}, "outcome itself"),
        ("fewer than 60 entrants", {"counts": counts(59)}, "The test period has fewer"),
        ("fewer than 60 entrants", {"counts": counts("<10")}, "The test period has fewer"),
        ("fewer than 60 entrants", {"training_entrants": 59}, "Training has fewer"),
        ("households seen in training do better", {"measures": measures(0.8, 0.9, 0.8)}, "+0.10 (95% interval +0.04"),
    ],
)
def test_each_alarm_rings_alone(alarm, changed, words):
    frame = all_looked_at(**changed)
    assert opened(frame) == [alarm]
    row = frame.set_index("alarm").loc[alarm]
    assert words in row["what_it_means"]
    assert row["what_to_check"].endswith(".")


@pytest.mark.parametrize(
    "changed",
    [
        {"measures": measures(0.9, 0.8, 0.8)},
        {"summary": contributions(4.0, 1.0, 1.0, 1.0, 1.0)},
        {"calibration": 0.002},
        {"counts": counts(60), "training_entrants": 60},
        {"measures": measures(0.8, 0.85, 0.8)},
        {"measures": measures(0.8, 0.7, 0.9)},
    ],
    ids=["auroc", "half of all", "chance", "sixty", "within error", "seen worse"],
)
def test_alarms_are_silent_at_their_limits(changed):
    assert opened(all_looked_at(**changed)) == []


def test_what_was_not_given_was_not_looked_at():
    frame = alarms(measures(), counts())
    assert opened(frame) == []
    skipped = frame.loc[frame["what_it_means"].str.startswith("Not looked at"), "alarm"]
    assert skipped.tolist() == [name for name in LIMITS if name not in ("AUROC above 0.90", "fewer than 60 entrants")]
    assert frame.set_index("alarm").loc[skipped, "value"].isna().all()


@pytest.mark.parametrize(
    "changed",
    [
        {"summary": contributions(9.0, 1.0)},
        {"summary": contributions(*[np.nan] * 6)},
        {"calibration": float("nan")},
        {"near": FAR.iloc[:0]},
        {"measures": measures(np.nan, 0.8, 0.8)},
        {"measures": measures(0.8, np.nan, 0.8)},
    ],
    ids=["two features", "hidden", "few events", "few near", "no auroc", "hidden stratum"],
)
def test_what_cannot_be_told_does_not_ring(changed):
    frame = all_looked_at(**changed)
    assert opened(frame) == []
    assert frame["value"].isna().sum() == 1
    assert frame.loc[frame["value"].isna(), "what_it_means"].str.contains("annot be told").all()


def test_a_small_number_of_entrants_is_not_told():
    frame = all_looked_at(training_entrants=7, counts=counts(200)).set_index("alarm")
    assert np.isnan(frame.loc["fewer than 60 entrants", "value"])
    assert "7" not in frame.loc["fewer than 60 entrants", "what_it_means"]


# ----------------------------------------------------------------------------------------- calibration too good


def risks(n, seed):
    """Risks and outcomes that follow them."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-2.5, 1.0, n))
    return (rng.uniform(size=n) < p).astype(int), p


def test_risks_recalibrated_on_the_outcomes_are_too_good():
    y, p = risks(3000, 0)
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit(p)[:, None], y)
    assert calibration_chance(y, line.predict_proba(logit(p)[:, None])[:, 1]) < 1e-6
    shift = np.mean(y) / np.mean(p)
    assert calibration_chance(y, p * shift) < 1e-6


def test_true_risks_are_rarely_called_too_good():
    found = np.array([calibration_chance(*risks(800, seed), n_draws=99) for seed in range(40)])
    # 1 in 10 or fewer by design: 12 or more of 40 has a chance below 1 in 1,000.
    assert (found < 0.1).sum() < 12
    assert (found >= 0.002).all()
    assert np.median(found) > 0.2


def test_wrong_risks_are_not_too_good():
    y, p = risks(3000, 1)
    assert calibration_chance(y, np.sqrt(p)) > 0.5


@given(st.permutations(range(60)))
def test_the_chance_does_not_depend_on_the_order_of_rows(order):
    y, p = np.array([0, 1, 0] * 20), np.linspace(0.1, 0.6, 60)
    assert calibration_chance(y[order], p[order], n_draws=19) == calibration_chance(y, p, n_draws=19)


@pytest.mark.parametrize(
    ("y", "p"),
    [
        ([1] * 19 + [0] * 100, np.linspace(0.1, 0.5, 119)),
        ([1] * 50 + [0] * 50, np.full(100, 0.5)),
        ([1] * 50 + [0] * 50, np.linspace(0.0, 0.5, 100)),
    ],
    ids=["few events", "one risk", "a risk of 0"],
)
def test_a_chance_that_cannot_be_told_is_nan(y, p):
    assert np.isnan(calibration_chance(y, p, n_draws=9))


# --------------------------------------------------------------------------------------------- near the outcome


def panel(n=1500, seed=0):
    """Entrants with days to their entry, a feature that tells early, one that tells at the end, and noise."""
    rng = np.random.default_rng(seed)
    names = ["household_id", "child_id", "index_date"]
    day = pd.Timestamp("2023-04-01")
    index = pd.MultiIndex.from_tuples([(f"h{i // 2:04d}", f"c{i:04d}", day) for i in range(n)], names=names)
    y = pd.Series((rng.uniform(size=n) < 0.25).astype(int), index=index)
    days = pd.Series(np.where(y == 1, rng.integers(0, 120, n), 365), index=index)
    last = (y == 1) & (days < 30)
    X = pd.DataFrame(
        {
            "early": rng.normal(size=n) + 0.8 * y,
            "rising": rng.normal(size=n) + 0.8 * y + 0.8 * last,
            "decision": (rng.uniform(size=n) < np.where(last, 0.7, 0.03)).astype(float),
            "noise": rng.normal(size=n),
        },
        index=index,
    )
    X["unknown_until_then"] = np.where(X["decision"] == 1, 5.0, np.nan)
    X["reversed"] = -X["decision"]
    return X, y, days


def test_only_features_of_the_last_days_are_found():
    X, y, days = panel()
    found = near_outcome(X, y, days).set_index("feature")
    assert found.index[found["open"]].tolist() == ["decision", "unknown_until_then", "reversed"]
    assert found.loc["early", "auroc_far"] > 0.65
    assert found.loc["rising", "auroc_near"] > found.loc["rising", "auroc_far"] + 0.1
    assert (found["auroc_near"] >= 0.5).all()


def test_near_rows_are_those_with_fewer_days():
    X, y, days = panel()
    last = (y == 1) & (days < 30)
    found = near_outcome(X[["decision"]], y, days)
    part = (y == 0) | last
    # By hand for a feature of 0 and 1: half of 1 + (share of entrants with it) - (share of others with it).
    expected = 0.5 * (1 + X["decision"][last].mean() - X["decision"][y == 0].mean())
    assert part.sum() > last.sum()
    assert found["auroc_near"].iloc[0] == pytest.approx(expected)


def test_both_areas_are_those_of_the_metric():
    X, y, days = panel(400)
    found = near_outcome(X, y, days).set_index("feature")
    for name, row in found.iterrows():
        values = X[name].fillna(-9.0)
        near, far = (metrics.auroc(y[part], values[part]) for part in (y.eq(0) | days.lt(30), y.eq(0) | days.ge(30)))
        expected = (near, far) if near >= 0.5 else (1 - near, 1 - far)
        assert (row["auroc_near"], row["auroc_far"]) == pytest.approx(expected)


def test_columns_that_are_no_numbers_are_left_out():
    X, y, days = panel()
    assert near_outcome(X.assign(text="a"), y, days)["feature"].tolist() == list(X.columns)


def test_order_of_rows_and_names_of_households_change_nothing():
    X, y, days = panel(600)
    expected = near_outcome(X, y, days)
    order = np.random.default_rng(1).permutation(len(X))
    shuffled = X.iloc[order], y.iloc[order], days.iloc[order]
    pd.testing.assert_frame_equal(near_outcome(*shuffled), expected)


def test_too_few_entrants_near_or_far_give_nothing():
    X, y, days = panel()
    assert near_outcome(X, y, days.where(y == 0, 100)).empty
    assert near_outcome(X, y, days, min_entrants=10_000).empty


def test_chance_opens_nothing():
    _, y, days = panel(800, 3)
    rng = np.random.default_rng(5)
    noise = {f"f{i}": rng.poisson(0.3, len(y)).astype(float) for i in range(100)}
    assert not near_outcome(pd.DataFrame(noise, index=y.index), y, days)["open"].any()


def test_indexes_must_agree_and_days_be_known():
    X, y, days = panel(200)
    with pytest.raises(SpecError, match="differ in their index"):
        near_outcome(X, y.iloc[::-1], days)
    with pytest.raises(SpecError, match="missing in"):
        near_outcome(X, y, days.where(y == 0))
