"""One child from plain records: the numbers, words and source rows of the frames, and nothing but numpy loaded."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import LeakageError, RecordsError, SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.scoring.child_score import ChildReason, ChildScore
from saved_models import KINDS, TASK, records_with, trained

FEATURES = [spec.name for spec in default_features()]
REFITTED = "boosting with refits"
SHAPES = {
    "boosting": {"max_iter": 60, "max_leaf_nodes": 12, "min_samples_leaf": 5},
    "logistic": {},
    REFITTED: {"max_iter": 15, "min_samples_leaf": 10, "refits": 10},
}
HEAVY = ("sklearn", "pandas", "scipy", "shap", "matplotlib", "joblib", "numba", "pyarrow", "edgeofcare.records")


@cache
def rows():
    """Every default feature of the rows that the models of the other tests were fitted on."""
    made = trained("logistic")
    return build_features(made.records, made.cohort, FEATURES), made.y


@pytest.fixture(scope="module", params=SHAPES)
def path(request, tmp_path_factory):
    """A model file of each kind."""
    X, y = rows()
    model = make_risk_model(request.param.split()[0], task=TASK, **SHAPES[request.param]).fit(X.loc[y.index], y)
    target = tmp_path_factory.mktemp("one") / "model.eoc"
    return save_model(target, model, features=FEATURES, task=TASK, records=records_with())


@pytest.fixture(scope="module")
def scorer(path):
    return load_model(path)


@pytest.fixture(scope="module")
def children():
    """Different children on different days."""
    X, _ = rows()
    return X.iloc[np.random.default_rng(0).permutation(len(X))[:25]].sort_index()


@pytest.fixture(scope="module")
def why(scorer, children):
    return explain(scorer, children, records=records_with())


def one_child(key):
    """Records of a child, as JSON gives them."""
    return json.loads(json.dumps(ChildRecords.from_records(records_with(), key[1]).to_plain()))


def same(one, other):
    """Whether two values are the same, NaN being so."""
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


def test_scores_and_reasons_are_those_of_the_frames(scorer, children, why):
    expected = why.reasons(3)
    for key, risk in why.risk.items():
        found = scorer.score_child(one_child(key), key[2], bands=True)
        assert found.risk == risk
        assert (found.log_odds, found.base) == (why.log_odds[key], why.base)
        reasons = expected.loc[key].to_dict("records")
        assert len(found.reasons) == len(reasons) == 3
        for reason, told in zip(found.reasons, reasons, strict=True):
            assert [name for name, value in told.items() if not same(getattr(reason, name), value)] == []
        if why.risk_interval is not None:
            ends = why.risk_interval.loc[key].to_numpy()
            assert [found.risk_low, found.risk_high] == ends.tolist()
            assert {reason.band for reason in found.reasons} <= {"strong", "some", "slight"}
        else:
            assert (found.risk_low, found.risk_high) == (None, None)


def test_bands_are_told_only_when_asked_for(scorer, children):
    key = children.index[0]
    plain = scorer.score_child(one_child(key), key[2])
    sure = scorer.score_child(one_child(key), key[2], bands=True)
    assert {(reason.band, reason.tied) for reason in plain.reasons} == {(None, None)}
    assert all((reason.band is None) == (not scorer.refits) for reason in sure.reasons)


def test_the_form_in_which_records_and_day_are_given_changes_nothing(scorer, children):
    household, child, day = children.index[1]
    plain, taken = one_child((household, child, day)), ChildRecords.from_records(records_with(), child)
    whole = scorer.score_child(plain, day).to_dict()
    iso = str(day.date())
    for records, date in ((taken, day), (plain, iso), (taken, day.date()), (plain, np.datetime64(iso))):
        assert scorer.score_child(records, date).to_dict() == whole


def test_what_is_told_can_be_held_by_json(scorer, children):
    for key in children.index[:8]:
        found = scorer.score_child(one_child(key), key[2], top_reasons=20, bands=True)
        plain = found.to_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert plain["decision_support_only"] is True
        assert plain["index_date"] == str(key[2].date())
        assert (plain["model_id"], plain["data_until"]) == (scorer.model_id, "2025-03-31")
        assert [reason["concept"] for reason in plain["reasons"]] == [reason.concept for reason in found.reasons]
        for reason, told in zip(found.reasons, plain["reasons"], strict=True):
            assert told["value"] is None if math.isnan(reason.value) else told["value"] == reason.value
            assert [tuple(row.values()) for row in told["evidence"]] == list(reason.evidence)
            assert all(set(row) == {"table", "row_key", "date"} for row in told["evidence"])


def test_a_row_without_a_date_has_none_in_json():
    reason = ChildReason(
        "raises", "school", 0.1, 1.1, 0.2, "f", math.nan, "not known", False, "...", (("t", "k", "nan"),)
    )
    assert reason.to_dict()["evidence"] == [{"table": "t", "row_key": "k", "date": None}]
    assert reason.to_dict()["value"] is None


def test_reprs_say_nothing_of_the_child(scorer, children):
    household, child, day = children.index[2]
    found = scorer.score_child(one_child((household, child, day)), day)
    assert repr(found) == f"ChildScore(model {scorer.model_id}, 3 reasons)"
    assert {repr(reason) for reason in found.reasons} == {"ChildReason()"}
    assert isinstance(found, ChildScore)
    with pytest.raises(AttributeError):
        found.risk = 0.5


def test_features_that_records_do_not_reach_are_named(scorer, children):
    household, child, day = children.index[3]
    plain = one_child((household, child, day))
    reach = str((day - pd.Timedelta(days=100)).date())
    late = scorer.score_child(plain | {"observed_from": plain["observed_from"] | {"contacts": reach}}, day)
    more = set(late.unknown) - set(scorer.score_child(plain, day).unknown)
    assert "contact.count.365d" in more
    assert "contact.count.90d" not in more
    assert all("contact" in name for name in more)
    assert [name for name in FEATURES if name in late.unknown] == list(late.unknown)


def test_no_reasons_are_made_where_none_are_asked_for(scorer, children, monkeypatch):
    key = children.index[0]
    whole = scorer.score_child(one_child(key), key[2])
    monkeypatch.setattr("edgeofcare.explanation.single.ChildExplainer.reasons", lambda *_, **__: pytest.fail("made"))
    found = scorer.score_child(one_child(key), key[2], top_reasons=0)
    assert found.reasons == ()
    assert found.to_dict() | {"reasons": []} == whole.to_dict() | {"reasons": []}


@pytest.mark.parametrize("top", [-1, 1.5, True, "3"])
def test_another_count_of_reasons_is_refused(scorer, children, top):
    with pytest.raises(SpecError, match="top_reasons"):
        scorer.score_child(one_child(children.index[0]), children.index[0][2], top_reasons=top)


def test_a_day_after_the_extract_is_refused_and_the_day_after_it_is_not(scorer, children):
    plain = one_child(children.index[0])
    assert scorer.score_child(plain, "2025-04-01", eligible_only=False).index_date == "2025-04-01"
    with pytest.raises(LeakageError, match="more than one day after observed_until") as caught:
        scorer.score_child(plain, "2025-04-02")
    assert "KIND" not in str(caught.value)


@pytest.mark.parametrize("day", ["next week", 20250331, None, "2025-02-30"])
def test_what_is_no_date_is_refused(scorer, children, day):
    with pytest.raises(SpecError, match="index_date"):
        scorer.score_child(one_child(children.index[0]), day)


def test_another_lag_than_in_training_is_refused_unless_accepted(scorer, children):
    _, child, day = children.index[0]
    late = ChildRecords.from_records(records_with(14), child)
    with pytest.raises(SpecError, match=r"contacts 14 days now, 0 in training.*accept_lag=True"):
        scorer.score_child(late, day)
    found = scorer.score_child(late, day, accept_lag=True)
    X = build_features(records_with(14), pd.DataFrame(index=children.index[:1]), FEATURES)
    assert found.risk == scorer.risk(X)[0]


@pytest.mark.parametrize("wrong", [{}, {"child_id": "1"}, [1], "records", None])
def test_what_is_no_record_of_a_child_is_refused(scorer, wrong):
    with pytest.raises(RecordsError):
        scorer.score_child(wrong, "2025-03-31")


def test_problems_of_records_are_told_without_their_values(scorer, children):
    plain = one_child(children.index[0])
    plain["tables"]["contacts"] = [{"row_key": "SECRET", "child_id": plain["child_id"], "date": "SECRET"}]
    with pytest.raises(RecordsError, match="contacts") as caught:
        scorer.score_child(plain, "2025-03-31")
    assert "SECRET" not in str(caught.value)
    assert "KIND" not in str(caught.value)


def test_a_case_system_scores_a_child_with_numpy_alone(path, children, tmp_path):
    key = children.index[0]
    (tmp_path / "child.json").write_text(json.dumps(one_child(key)), encoding="utf-8")
    code = (
        "import json, sys, pathlib, edgeofcare as eoc\n"
        "scorer = eoc.load_model(sys.argv[1])\n"
        "plain = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding='utf-8'))\n"
        "found = scorer.score_child(plain, sys.argv[3], bands=True).to_dict()\n"
        "print(json.dumps({'found': found, 'modules': sorted(sys.modules)}))"
    )
    command = [sys.executable, "-c", code, path, tmp_path / "child.json", str(key[2].date())]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [name for name in told["modules"] if name.startswith(HEAVY)] == []
    assert told["found"] == load_model(path).score_child(one_child(key), key[2], bands=True).to_dict()


def test_the_example_of_the_how_to_works(scorer):
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "embed_a_score.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(import json\n.*?)^```", text, re.M | re.S)
    names = {"scorer": scorer}
    exec(code, names)
    score = names["score"]
    assert 0 < score.risk < 1
    assert score.reasons
    rows = {row for reason in score.reasons for row in reason.evidence}
    assert rows <= {
        ("children", "K1", "2010-02-11"),
        ("referrals", "R1", "2024-11-04"),
        ("missing_episodes", "M1", "2025-02-01"),
        ("missing_episodes", "M2", "2025-03-19"),
    }


def test_every_kind_of_model_is_covered():
    assert {shape.split()[0] for shape in SHAPES} == set(KINDS)
