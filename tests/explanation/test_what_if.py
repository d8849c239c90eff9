"""The score of an edited record beside the one that is recorded, and words that promise nothing."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import LeakageError, RecordsError, SpecError
from edgeofcare.explanation.edits import AddEvent, CorrectEvent, RemoveEvent
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.what_if import what_if
from edgeofcare.features.build import build_features
from edgeofcare.models.extraction import extract_arrays
from line_models import line_scorer
from tiny_tables import index_of, records_of

PERSONAL = re.compile(r"Ann|Bob|\bm\d|kid-|key-|house-|\d{4}-\d\d-\d\d")
PROMISES = re.compile(r"effect|would fall|would drop|reduc|prevent|lower|because of", re.IGNORECASE)
MISSING = """
    row_key, child, start, end
    m1, Ann, 2022-02-01, 2022-02-03
    m2, Ann, 2022-03-01, 2022-03-02
    m3, Bob, 2022-02-05, 2022-02-06
"""
REFERRALS = """
    row_key, child, start, end
    r1, Ann, 2021-06-01,
"""
LINKS = """
    child, related_id, kind, recorded_date
    Ann, M, mother, 2020-01-01
    Bob, M, mother, 2020-01-01
"""
DAY = "2022-04-01"
WEIGHTS = {"missing.count.90d": 0.5, "missing.days_since": 0.0, "child.age": 0.01, "sibling.missing.count.90d": 0.25}


@pytest.fixture(scope="module")
def tiny():
    tables = {"missing_episodes": MISSING, "referrals": REFERRALS, "relationships": LINKS}
    return records_of(options={"observed_from": "2010-01-01"}, **tables)


@pytest.fixture(scope="module")
def scorer():
    return line_scorer(WEIGHTS, intercept=-2.0)


def test_the_score_without_an_event(tiny, scorer):
    found = what_if(scorer, tiny, "Ann", DAY, [RemoveEvent("missing_episodes", "m2")])
    assert found.risk.index.tolist() == ["as recorded", "edited"]
    assert found.log_odds["as recorded"] - found.log_odds["edited"] == pytest.approx(0.5)
    assert found.risk.tolist() == pytest.approx((1 / (1 + np.exp(-found.log_odds))).tolist())
    assert found.features["feature"].tolist() == ["missing.count.90d", "missing.days_since"]
    count = found.features.iloc[0]
    assert (count["value_recorded"], count["value_edited"]) == (2, 1)
    assert count["contribution_edited"] - count["contribution_recorded"] == pytest.approx(-0.5)
    assert found.features["difference"].sum() == pytest.approx(np.diff(found.log_odds)[0])
    assert found.text == (
        "The score would be 25% instead of 35% if a missing episode were not in the record. This is about the record, "
        "not about what would happen to the child."
    )
    assert repr(found) == "WhatIf(1 edit, 2 features differ)"


def test_a_sibling_is_scored_with_the_edit_of_its_own_record_only(tiny, scorer):
    found = what_if(scorer, tiny, "Bob", DAY, RemoveEvent("missing_episodes", "m3"))
    assert found.features["feature"].tolist() == ["missing.count.90d", "missing.days_since"]
    with pytest.raises(RecordsError, match="no row of this child"):
        what_if(scorer, tiny, "Bob", DAY, RemoveEvent("missing_episodes", "m2"))


def test_no_edit_and_edits_that_are_not_known_yet_change_nothing(tiny, scorer):
    late = [
        AddEvent("missing_episodes", {"start_date": DAY}),
        AddEvent("missing_episodes", {"start_date": "2022-03-01", "recorded_date": DAY}),
        CorrectEvent("referrals", "r1", {"end_date": DAY}),
    ]
    for edits in ([], late):
        found = what_if(scorer, tiny, "Ann", DAY, edits)
        assert found.features.empty
        assert found.log_odds["as recorded"] == found.log_odds["edited"]
    assert "No feature of the model would differ" in found.text
    assert what_if(scorer, tiny, "Ann", DAY, []).text.startswith("The score is 35.2%; there is no edit.")


def test_what_the_model_gives_no_weight_is_said_to_have_none(tiny):
    found = what_if(line_scorer({"missing.count.90d": 0.0}), tiny, "Ann", DAY, RemoveEvent("missing_episodes", "m1"))
    assert found.text.startswith("The score would be the same, 4.7%, if a missing episode were not in the record.")
    assert "they make no difference to the score here" in found.text


def test_a_small_difference_is_told_apart(tiny):
    for weight, said in ((0.02, "5.0% instead of 4.9%"), (0.002, "4.75% instead of 4.76%"), (1e-6, "less than 0.01")):
        edit = (
            RemoveEvent("missing_episodes", "m1")
            if weight < 0.01
            else AddEvent("missing_episodes", {"start_date": "2022-03-03"})
        )
        found = what_if(line_scorer({"missing.count.90d": weight}), tiny, "Ann", DAY, edit)
        assert said in found.text


def test_who_is_not_eligible_is_told(tiny, scorer):
    closed = CorrectEvent("referrals", "r1", {"end_date": "2022-01-01"})
    assert 'With the edit the child would not be eligible on that day (rule: "open case, as known").' in (
        what_if(scorer, tiny, "Ann", DAY, closed).text
    )
    opened = AddEvent("referrals", {"start_date": "2022-01-01"})
    assert "with the edit it would be" in what_if(scorer, tiny, "Bob", DAY, opened).text
    assert "with or without the edit" in what_if(scorer, tiny, "Bob", DAY, []).text


def test_nothing_handed_out_can_change_it(tiny, scorer):
    found = what_if(scorer, tiny, "Ann", DAY, RemoveEvent("missing_episodes", "m2"))
    for handed in (found.features, found.risk, found.log_odds):
        handed.iloc[:] = handed.iloc[::-1].to_numpy()
    assert found.features["value_recorded"].tolist() == [2.0, 31.0]
    assert found.risk.iloc[0] == pytest.approx(0.352, abs=1e-3)
    assert found.log_odds.iloc[0] > found.log_odds.iloc[1]


def test_texts_name_nobody_and_promise_nothing(tiny, scorer):
    edits = [
        [RemoveEvent("missing_episodes", "m1"), AddEvent("contacts", {"date": "2022-03-01"})],
        [CorrectEvent("missing_episodes", "m2", {"start_date": "2021-01-01"})],
        [AddEvent("missing_episodes", {"start_date": "2023-01-01"})],
        [],
    ]
    tables = {"missing_episodes": MISSING, "referrals": REFERRALS, "relationships": LINKS}
    held = records_of(contacts="child, date\nAnn, 2022-01-01", options={"observed_from": "2010-01-01"}, **tables)
    for each in edits:
        found = what_if(scorer, held, "Ann", DAY, each)
        assert not PERSONAL.search(found.text + repr(found))
        assert not PROMISES.search(found.text)
        assert found.text.endswith("This is about the record, not about what would happen to the child.")


def test_what_cannot_be_asked_is_refused(tiny, scorer):
    with pytest.raises(RecordsError, match="children cannot be edited"):
        what_if(scorer, tiny, "Ann", DAY, CorrectEvent("children", "Ann", {"birth_date": "2006-01-01"}))
    with pytest.raises(LeakageError, match="index_date"):
        what_if(scorer, tiny, "Ann", "2026-01-01", [])
    with pytest.raises(SpecError, match="edits must be a list"):
        what_if(scorer, tiny, "Ann", DAY, ["m1"])


def test_a_fitted_and_a_loaded_model_agree_with_explain_of_the_edited_row(model, X, features):
    child, day = X.index[300][1], X.index[300][2]
    assert X["missing.count.365d"].notna().all()
    loaded = SimpleNamespace(
        arrays=extract_arrays(model.estimator_),
        slope=model.calibration_.slope,
        intercept=model.calibration_.intercept,
        feature_names=list(model.feature_names_in_),
    )
    edit = AddEvent("missing_episodes", {"start_date": day - pd.Timedelta(days=5)})
    held = records_of(
        {child: "2009-01-01"},
        missing_episodes=f"child, start, end\n{child}, 2019-05-01, 2019-05-02",
        options={"observed_from": "2018-01-01"},
    )
    found = [what_if(each, held, child, day, edit, features=features) for each in (model, loaded)]
    np.testing.assert_allclose(found[0].log_odds, found[1].log_odds, atol=1e-9)
    recorded = explain(model, build_features(held, index_of((child, day)), features)).log_odds.iloc[0]
    assert found[0].log_odds["as recorded"] == recorded
    difference = found[0].log_odds["edited"] - found[0].log_odds["as recorded"]
    assert found[0].features["difference"].sum() == pytest.approx(difference, abs=1e-9)
