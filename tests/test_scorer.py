"""The scorer: exact scores from plain arrays, strict about what it is given, and whole scores of a day."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import LeakageError, SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.features.build import build_features
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.arrays import LinearArrays
from edgeofcare.models.column_names import name_difference
from edgeofcare.scorer import Scorer
from edgeofcare.task import Task
from saved_models import FEATURES, KINDS, TASK, records_with, trained

DAY = "2023-01-01"
COLUMNS = ["risk", "rank", "log_odds", "reasons", "compared_with", "model_id", "data_until", "decision_support_only"]
COLUMNS += ["override"]
HEAVY = ("sklearn", "pandas", "scipy", "shap", "matplotlib", "joblib", "edgeofcare.records", "edgeofcare.cohort")


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def path(kind, tmp_path_factory):
    """A model file of each kind."""
    made = trained(kind)
    target = tmp_path_factory.mktemp("scorer") / "model.eoc"
    return save_model(target, made.model, features=FEATURES, task=TASK, records=made.records)


@pytest.fixture(scope="module")
def scorer(path):
    return load_model(path)


@pytest.fixture(scope="module")
def scores(scorer):
    return scorer.score(records_with(), DAY)


def by_hand(**changes):
    """A regression on two features that a person can follow."""
    arrays = LinearArrays(
        impute=np.array([2.0, 0.0]),
        center=np.array([1.0, 0.0]),
        weight=np.array([0.5, -1.0]),
        missing_weight=np.array([0.25, 0.0]),
        missing_center=np.zeros(2),
        intercept=-3.0,
    )
    line = {"slope": 2.0, "intercept": 1.0, **changes}
    return Scorer(arrays, feature_names=["child.age", "cp_plan.active"], task=Task(horizon="180D"), **line)


# ---------------------------------------------------------------------------------------------------- arrays


def test_margin_log_odds_and_risk_follow_one_line():
    X = np.array([[3.0, 1.0], [np.nan, 0.0], [1.0, 0.0]])
    margin = np.array([-3 + 0.5 * 2 - 1, -3 + 0.5 * 1 + 0.25, -3])
    assert by_hand().margin(X).tolist() == margin.tolist()
    assert by_hand().log_odds(X).tolist() == (2 * margin + 1).tolist()
    assert np.allclose(by_hand().risk(X), 1 / (1 + np.exp(-(2 * margin + 1))), rtol=0, atol=1e-15)


def test_contributions_are_calibrated_and_add_up():
    psi, base = by_hand().contributions([[3.0, 1.0]])
    assert psi.tolist() == [[2.0, -2.0]]
    assert base == -5.0


def test_contributions_add_up_to_the_log_odds_of_the_fitted_model(kind, scorer):
    made = trained(kind)
    X = made.X.mask(np.random.default_rng(0).random(made.X.shape) < 0.2)
    psi, base = scorer.contributions(X)
    assert psi.shape == X.shape
    assert np.allclose(psi.sum(axis=1) + base, made.model.log_odds(X), rtol=0, atol=1e-9)
    again, _ = scorer.contributions(X)
    assert again.tolist() == psi.tolist()


def test_a_row_scores_the_same_alone_in_any_form_and_in_company(kind, scorer):
    X = trained(kind).X
    together = scorer.risk(X)
    assert together.tolist() == scorer.risk(X.to_numpy()).tolist()
    assert together[:20].tolist() == [scorer.risk(X.iloc[[row]])[0] for row in range(20)]
    assert scorer.risk(np.asfortranarray(X.to_numpy())).tolist() == together.tolist()
    assert scorer.risk(X.astype("Float64")).tolist() == together.tolist()
    whole = np.nan_to_num(X.to_numpy()).astype(np.int64)
    assert scorer.risk(whole).tolist() == scorer.risk(whole.astype(np.float64)).tolist()


@pytest.mark.parametrize("rows", [1, 2])
def test_what_is_scored_is_not_changed_and_may_be_read_only(rows, kind, scorer):
    X = trained(kind).X.to_numpy(copy=True)[:rows]
    before = X.tobytes()
    X.setflags(write=False)
    scorer.risk(X)
    scorer.contributions(X)
    assert X.tobytes() == before


def test_no_rows_give_no_scores(scorer):
    assert scorer.risk(np.empty((0, len(FEATURES)))).shape == (0,)
    assert scorer.contributions(np.empty((0, len(FEATURES))))[0].shape == (0, len(FEATURES))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X: X.iloc[:, ::-1], "another order, from position 1 on"),
        (lambda X: X.rename(columns={"child.age": "age"}), r"missing: child\.age; not expected: age"),
        (lambda X: X.iloc[:, :-1], r"missing: child\.sex_F"),
        (lambda X: X.assign(extra=1.0), "not expected: extra"),
        (lambda X: X.iloc[:, [0, *range(len(FEATURES))]], "more than once"),
        (lambda X: X.assign(**{"child.age": "12"}), r"1 column\(s\) that are not numeric: child\.age"),
        (lambda X: X.assign(**{"child.age": pd.Timestamp("2020-01-01")}), "not numeric"),
        (lambda X: X.assign(**{"child.age": np.inf}), r"\d+ infinite value"),
        (lambda X: X.to_numpy()[:, :-1], "rows by 7 columns"),
        (lambda X: X.to_numpy()[:, [0, *range(len(FEATURES))]], "rows by 7 columns"),
        (lambda X: X.to_numpy()[0], "rows by 7 columns"),
        (lambda X: X.to_numpy().astype(str), "expects numbers"),
        (lambda X: X.to_numpy().astype(object), "expects numbers"),
        (lambda X: X.to_numpy().astype(complex), "expects numbers"),
        (lambda X: X["child.age"], "rows by 7 columns"),
        (lambda X: [X.iloc[0].tolist(), X.iloc[1].tolist()[:-1]], "no table of numbers"),
        (lambda _: [[1.0], 2.0], "no table of numbers"),
        (lambda _: None, "rows by 7 columns"),
    ],
)
def test_other_columns_or_values_are_refused(change, match, scorer):
    X = change(trained("boosting").X.head(30))
    for method in (scorer.margin, scorer.log_odds, scorer.risk, scorer.contributions):
        with pytest.raises(SpecError, match=match):
            method(X)


def test_names_that_differ_are_listed_in_short():
    many = [f"feature{number}" for number in range(8)]
    assert name_difference(many, many) == ""
    assert name_difference([], many) == "missing: feature0, feature1, feature2, feature3, feature4 and 3 more"
    assert name_difference(["a", "c", "b"], ["a", "b", "c"]).endswith("from position 2 on")


@pytest.mark.parametrize("slope", [0.0, -1.0, np.nan, np.inf])
def test_a_slope_that_turns_reasons_round_is_refused(slope):
    with pytest.raises(SpecError, match="slope above zero"):
        by_hand(slope=slope)


# ------------------------------------------------------------------------------------------------ the object


def test_the_repr_says_what_it_is_and_nothing_else(kind, scorer):
    assert repr(scorer) == f"Scorer({kind}, 7 features, model {scorer.model_id}, horizon 365 days)"
    assert repr(by_hand()).startswith("Scorer(logistic, 2 features, model ")
    assert repr(by_hand()).endswith(", horizon 180 days)")


def test_a_scorer_cannot_be_changed(scorer):
    for name in ("kind", "feature_names", "task", "arrays", "slope", "intercept", "prevalence", "manifest"):
        with pytest.raises(AttributeError):
            setattr(scorer, name, None)
    with pytest.raises(TypeError):
        scorer.manifest["kind"] = "other"
    with pytest.raises(TypeError):
        scorer.reporting_lag["contacts"] = 3
    values = scorer.arrays.weight if scorer.kind == "logistic" else scorer.arrays.value
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1.0


def test_the_manifest_is_a_copy(scorer):
    scorer.manifest["features"].clear()
    assert [feature["name"] for feature in scorer.manifest["features"]] == list(FEATURES)
    assert json.loads(json.dumps(dict(scorer.manifest)))["kind"] == scorer.kind


# ------------------------------------------------------------------------------------------------- score()


def test_scores_are_the_riskiest_first(kind, scorer, scores):
    made = trained(kind)
    rows = made.X.xs(pd.Timestamp(DAY), level="index_date", drop_level=False)
    assert list(scores.columns) == COLUMNS
    assert list(scores.index.names) == ["household_id", "child_id", "index_date"]
    assert set(scores.index) == set(rows.index)
    expected = pd.Series(made.model.predict_proba(rows)[:, 1], index=rows.index)
    assert np.allclose(scores["risk"], expected.reindex(scores.index), rtol=0, atol=1e-12)
    assert np.allclose(scores["log_odds"], np.log(scores["risk"] / (1 - scores["risk"])), rtol=0, atol=1e-9)
    assert (np.diff(scores["risk"]) <= 0).all()
    assert len(scores) > 30
    assert set(scores["model_id"]) == {scorer.model_id}
    assert set(scores["data_until"]) == {"2025-03-31"}
    assert scores["decision_support_only"].all()


def test_ties_share_the_lower_rank_and_stand_in_the_order_of_the_child(scores):
    ranks = scores["rank"].to_numpy()
    for position, (risk, rank) in enumerate(zip(scores["risk"], ranks, strict=True)):
        assert rank == 1 + int((scores["risk"] > risk).sum())
        if position and rank == ranks[position - 1]:
            assert scores.index[position][1] > scores.index[position - 1][1]


def test_a_model_that_knows_nothing_ranks_everyone_first():
    zero = np.zeros(1)
    flat = Scorer(
        LinearArrays(zero, zero, zero, zero, zero, -3.0),
        feature_names=["child.age"],
        task=TASK,
        slope=1.0,
        intercept=0.0,
    )
    scores = flat.score(records_with(), DAY)
    assert set(scores["rank"]) == {1}
    children = scores.index.get_level_values("child_id")
    assert children.is_monotonic_increasing
    assert set(scores["reasons"]) == {()}


def test_reasons_are_those_of_explain_with_their_direction(scorer, scores):
    X = build_features(records_with(), scores, FEATURES)
    found = explain(scorer, X, records=records_with()).reasons(top=3).sort_index()
    for key, said in scores["reasons"].items():
        lines = found.loc[key]
        assert list(said) == [
            f"{direction.capitalize()} the risk: {sentence}"
            for direction, sentence in zip(lines["direction"], lines["sentence"], strict=True)
        ]
    assert {len(said) for said in scores["reasons"]} == {3}
    psi, _ = scorer.contributions(X.iloc[[0]])
    strongest = psi[0][np.abs(psi[0]).argmax()]
    assert scores["reasons"].iloc[0][0].startswith("Raises" if strongest > 0 else "Lowers")


def test_reasons_are_made_only_when_asked_for(scorer, scores, monkeypatch):
    monkeypatch.setattr("edgeofcare.explanation.explain.explain", lambda *_, **__: pytest.fail("reasons were made"))
    without = scorer.score(records_with(), DAY, top_reasons=0)
    assert set(without["reasons"]) == {()}
    pd.testing.assert_frame_equal(without.drop(columns="reasons"), scores.drop(columns="reasons"))


@pytest.mark.parametrize("top", [-1, 1.5, True, "3"])
def test_another_count_of_reasons_is_refused(top, scorer):
    with pytest.raises(SpecError, match="top_reasons"):
        scorer.score(records_with(), DAY, top_reasons=top)


def test_a_day_without_children_gives_an_empty_frame(scorer, scores):
    nobody = scorer.score(records_with(), "1980-01-01")
    assert nobody.shape == (0, len(COLUMNS))
    assert list(nobody.columns) == COLUMNS
    assert list(nobody.index.names) == list(scores.index.names)
    assert nobody.dtypes.drop(["model_id", "data_until"]).equals(scores.dtypes.drop(["model_id", "data_until"]))


def test_a_day_after_the_extract_is_refused(scorer):
    with pytest.raises(LeakageError):
        scorer.score(records_with(), "2025-06-01")


def test_records_that_become_visible_later_than_in_training_are_refused(scorer):
    late = records_with(14)
    with pytest.raises(SpecError, match=r"contacts 14 days now, 0 in training.*reporting_lag.*accept_lag=True"):
        scorer.score(late, DAY)
    accepted = scorer.score(late, DAY, accept_lag=True, top_reasons=0)
    assert len(accepted) > 30


def test_a_lag_that_was_not_stated_cannot_differ(tmp_path):
    path = save_model(tmp_path / "m.eoc", trained("logistic").model, features=FEATURES, task=TASK)
    assert len(load_model(path).score(records_with(14), DAY, top_reasons=0)) > 30


# ------------------------------------------------------------------------------------- elsewhere, numpy alone


def run(code, *arguments):
    """Run code in a new, isolated Python and return what it prints, as JSON."""
    command = [sys.executable, "-I", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_case_system_scores_with_numpy_alone(kind, path, tmp_path):
    rows = trained(kind).X.to_numpy()[:40]
    np.save(tmp_path / "rows.npy", rows, allow_pickle=False)
    code = (
        "import json, sys, numpy, edgeofcare as eoc\n"
        "scorer = eoc.load_model(sys.argv[1])\n"
        "X = numpy.load(sys.argv[2], allow_pickle=False)\n"
        "psi, base = scorer.contributions(X)\n"
        "print(json.dumps({'risk': scorer.risk(X).tolist(), 'sum': (psi.sum(axis=1) + base).tolist(),\n"
        "    'id': scorer.model_id, 'modules': sorted(sys.modules)}))"
    )
    found = run(code, path, tmp_path / "rows.npy")
    expected = trained(kind).model.predict_proba(trained(kind).X.iloc[:40])[:, 1]
    assert np.allclose(found["risk"], expected, rtol=0, atol=1e-12)
    assert np.allclose(found["sum"], np.log(expected / (1 - expected)), rtol=0, atol=1e-9)
    assert found["id"] == load_model(path).model_id
    assert [name for name in found["modules"] if name.startswith(HEAVY)] == []
