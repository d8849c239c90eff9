"""What is planted is found, and nothing is said where nothing was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import edgeofcare as eoc
from edgeofcare.care import care_periods
from edgeofcare.evaluation.judgement.alarm_checks import calibration_chance, near_outcome
from edgeofcare.evaluation.judgement.alarms import STOPS, alarms
from edgeofcare.models.baselines import DEFAULT_RULES
from edgeofcare.models.regressions import TEN_FEATURES
from evaluation.planted import look, make_authority
from planted_leaks import LEAKS

GROUP_LIMIT = "observed over expected entries in every group"


@pytest.fixture(scope="module")
def sound():
    return look(make_authority())


def test_a_sound_authority_can_use_its_model_and_nothing_is_said(sound):
    assert sound.verdict.conclusion == "use", sound.verdict.text
    assert sound.open == []
    assert sound.alarms["value"].notna().all()
    assert sound.findings.empty
    assert (sound.verdict.criteria["met"] == "yes").all()


def test_a_sibling_whose_future_is_seen_rings():
    found = look(make_authority("sibling", level=-4.2))
    assert "AUROC above 0.90" in found.open or "one feature carries the model" in found.open
    assert found.met("alarms") == "no"
    assert found.verdict.conclusion != "use"


def test_late_recording_rings():
    found = look(make_authority("late", level=-3.2))
    assert found.open == ["features that appear only near the outcome"]
    row = found.alarms.set_index("alarm").loc[found.open[0]]
    assert "strategy.count.30d" in row["what_it_means"]
    assert row["value"] == 1
    assert found.verdict.conclusion == "do not use"


def test_a_group_whose_risks_are_too_low_is_found():
    found = look(make_authority(group=1.1))
    assert found.met(GROUP_LIMIT) == "no"
    assert "ethnic group Black" in found.verdict.text
    level = found.findings.loc[found.findings["measure"] == "observed_expected_ratio"]
    assert "Black" in set(level["group"])
    assert level.loc[level["group"] == "Black", "estimate"].item() > 1.25
    assert set(level["by"]) == {"ethnic_group"}
    assert found.verdict.conclusion != "use"


def test_unequal_recording_is_found():
    found = look(make_authority(recorded=0.3, group=0.4))
    level = found.findings.loc[found.findings["measure"] == "observed_expected_ratio"].set_index("group")
    assert level.loc["Black", "estimate"] > 1.1
    ranking = found.findings.loc[found.findings["measure"] == "auroc"]
    assert "Black" in set(ranking["group"])
    assert found.open == []


def test_a_base_rate_that_fell_is_found():
    found = look(make_authority(fall=0.8, level=-2.8))
    assert found.met("observed over expected entries") == "no"
    assert found.verdict.conclusion == "do not use"
    assert "risks are too high on average" in found.verdict.text


@pytest.mark.filterwarnings("ignore:On records that the model had not seen")
def test_a_useless_model_is_refused():
    found = look(make_authority(signal="none", level=-2.5))
    assert found.verdict.conclusion == "do not use"
    assert found.met("AUROC gain") == "no"
    assert found.met("net benefit gain") == "no"
    assert "No gain over the count rule has been shown" in found.verdict.text
    assert found.open == []


def test_a_model_no_better_than_the_count_rule_is_refused():
    found = look(make_authority(signal="rules"))
    assert found.verdict.conclusion == "do not use"
    assert found.met("AUROC gain") == "no"
    assert found.open == []


def test_too_few_entrants_are_refused():
    found = look(make_authority(households=250, level=-3.9))
    assert found.met("entrants") == "no"
    assert "fewer than 60 entrants" in found.open
    assert found.verdict.conclusion == "do not use"


# ------------------------------------------------------------------------- many sound authorities, and whole records


@pytest.mark.slow
def test_sound_authorities_ring_no_alarm():
    found = [look(make_authority(seed=seed)) for seed in range(1, 9)]
    # An alarm of chance comes in about 1 of 40 (seen households do better), a finding in about 1 of 20.
    assert sum(len(each.open) for each in found) <= 1
    assert sum(not each.findings.empty for each in found) <= 2
    assert all(each.verdict.conclusion != "do not use" for each in found)


@pytest.fixture(scope="module")
def whole():
    """Records of a synthetic authority with what is needed to fit a small model on them."""
    records, task = eoc.make_records(6000, random_state=0, authority="sample"), eoc.Task()
    cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2024-03-31"))
    names = dict.fromkeys([*TEN_FEATURES, *(rule.feature for rule in DEFAULT_RULES)])
    X = eoc.build_features(records, cohort, [eoc.parse_feature(name) for name in names])
    details = eoc.label_outcome(records, cohort, task, details=True)
    details = details[details["labelled"]]
    split = eoc.temporal_split(cohort.loc[details.index], task, test_from="2023-04-01")
    return records, X.loc[details.index], details, split


def entry_soon(records, rows):
    """Whether the child enters care in 30 days: a decision that was typed in late, with an earlier date."""
    named = rows.index.to_frame(index=False).assign(row=np.arange(len(rows)))
    met = named.merge(care_periods(records, eoc.Task()), on="child_id")
    until = met["index_date"] + pd.Timedelta(days=30)
    chosen = met[(met["entry_date"] >= met["index_date"]) & (met["entry_date"] < until)]
    return np.bincount(chosen["row"], minlength=len(rows)).astype(float)


def rings(whole, leak=None):
    """Alarms that ring for a regression that has a leak among its features."""
    records, X, details, split = whole
    if leak is not None:
        X = X.assign(**{"leak.value": np.asarray(leak(records, X), dtype=float)})
    y = details["entered_care"]
    model = eoc.make_risk_model("logistic").fit(X.loc[split.train], y.loc[split.train])
    X, y = X.loc[split.test], y.loc[split.test]
    evaluation = eoc.evaluate(model, X, y, train=split.train, n_resamples=100)
    frame = alarms(
        evaluation.measures,
        evaluation.counts,
        training_entrants=model.training_counts_["entrants"],
        summary=eoc.explain(model, X).summary(),
        calibration=calibration_chance(y, model.predict_proba(X)[:, 1]),
        near=near_outcome(X, y, details.loc[X.index, "followup_days"].astype(float)),
    )
    return frame.loc[frame["open"], "alarm"].tolist()


@pytest.mark.slow
def test_sound_records_ring_nothing(whole):
    assert rings(whole) == []


@pytest.mark.slow
def test_a_feature_that_reads_the_outcome_rings(whole):
    assert rings(whole, LEAKS["care_ahead"][0]) == [STOPS[0], "one feature carries the model"]


@pytest.mark.slow
def test_a_decision_typed_in_late_rings(whole):
    assert rings(whole, entry_soon) == [STOPS[1]]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:On records that the model had not seen")
def test_a_hopeless_authority_is_refused():
    """Features dealt to other children: nothing is left to learn, and the verdict says no."""
    authority = make_authority(households=1200, level=-3.0)
    rng = np.random.default_rng(0)
    for name in ("X_train", "X"):
        frame = getattr(authority, name)
        setattr(authority, name, frame.iloc[rng.permutation(len(frame))].set_axis(frame.index))
    found = look(authority)
    assert found.met("AUROC gain") == "no"
    assert found.verdict.conclusion == "do not use"
