"""Contributions add up to the calibrated log-odds, and what cannot be explained is refused."""

from __future__ import annotations

import re
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.explanation import explain as module
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.kernel import contributions
from edgeofcare.features.catalogue import concept_of
from edgeofcare.features.names import parse_feature
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.risk_model import make_risk_model


def loaded(model, **changed):
    """The same model as its file gives it: arrays, line and names."""
    parts = {
        "arrays": extract_arrays(model.estimator_),
        "slope": model.calibration_.slope,
        "intercept": model.calibration_.intercept,
        "feature_names": list(model.feature_names_in_),
    }
    return SimpleNamespace(**{**parts, **changed})


@pytest.fixture
def no_model_needed(X, y):
    return make_risk_model("logistic").fit(X, y)


# Seen to fail with: the contributions of features added up, and a slope that is left out.
def test_concepts_play_as_groups_and_add_up(model, X):
    why = explain(model, X)
    concepts, groups = np.unique([concept_of(name) for name in X.columns], return_inverse=True)
    phi, _ = contributions(extract_arrays(model.estimator_), X.to_numpy(), groups=groups)
    found = why.concept_contributions
    assert list(found.columns) == concepts.tolist()
    assert found.to_numpy() == pytest.approx(model.calibration_.slope * phi, abs=1e-12)
    assert why.base + found.sum(axis=1).to_numpy() == pytest.approx(why.log_odds.to_numpy(), abs=1e-9)


def test_contributions_add_up_to_the_calibrated_log_odds(model, X):
    assert X.isna().any().sum() > 5
    assert model.calibration_.slope != 1.0
    why = explain(model, X)
    total = why.base + why.contributions.sum(axis=1)
    assert np.abs(total - model.log_odds(X)).max() < 1e-9
    assert np.abs(1 / (1 + np.exp(-total)) - model.predict_proba(X)[:, 1]).max() < 1e-9
    assert why.log_odds.tolist() == model.log_odds(X).tolist()
    assert why.risk.tolist() == model.predict_proba(X)[:, 1].tolist()
    assert why.contributions.index.equals(X.index)
    assert why.contributions.columns.equals(X.columns)


def test_trees_agree_with_shap_times_the_slope(X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap
    model = make_risk_model("boosting", max_iter=40, min_samples_leaf=10).fit(X, y)
    explainer = shap.TreeExplainer(model.estimator_, feature_perturbation="tree_path_dependent")
    line, why = model.calibration_, explain(model, X)
    assert np.abs(line.slope * explainer.shap_values(X.to_numpy()) - why.contributions.to_numpy()).max() < 1e-9
    expected = float(np.ravel(explainer.expected_value)[0])
    assert why.base == pytest.approx(line.slope * expected + line.intercept, abs=1e-9)


def test_a_regression_contributes_its_weights(X, y):
    model = make_risk_model("logistic").fit(X, y)
    known = X["contact.count.365d"].notna()
    why, slope = explain(model, X[known]), model.calibration_.slope
    scale, weight = model.estimator_.named_steps["scale"], model.estimator_.named_steps["regress"].coef_[0]
    column = list(X.columns).index("contact.count.365d")
    step = slope * weight[column] / scale.scale_[column]
    expected = step * (X.loc[known, "contact.count.365d"] - scale.mean_[column])
    difference = why.contributions["contact.count.365d"] - expected
    assert np.ptp(difference.to_numpy()) < 1e-12  # only the share of unknown values may shift them all
    assert np.abs(difference).max() < 0.05


def test_a_loaded_model_is_explained_as_the_fitted_one(model, X):
    first, second = explain(model, X), explain(loaded(model), X)
    pd.testing.assert_frame_equal(first.contributions, second.contributions)
    assert first.base == second.base
    assert second.log_odds.to_numpy() == pytest.approx(first.log_odds.to_numpy(), abs=1e-12)
    assert second.risk.to_numpy() == pytest.approx(model.predict_proba(X)[:, 1], abs=1e-12)


def test_a_row_is_explained_alone_as_among_others(model, X):
    before = X.copy()
    every = explain(model, X).contributions
    for position in (0, 17, len(X) - 1):
        alone = explain(model, X.iloc[[position]]).contributions
        assert alone.to_numpy() == pytest.approx(every.iloc[[position]].to_numpy(), abs=1e-12)
    shuffled = X.sample(frac=1.0, random_state=0)
    again = explain(model, shuffled).contributions.loc[X.index]
    assert again.to_numpy() == pytest.approx(every.to_numpy(), abs=1e-12)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize("slope", [0.0, -0.7, np.nan])
def test_a_slope_that_turns_reasons_round_is_refused(no_model_needed, X, slope):
    with pytest.raises(SpecError, match="slope"):
        explain(loaded(no_model_needed, slope=slope), X)


def test_contributions_that_miss_the_score_are_refused(model, X, monkeypatch):
    real = module.contributions

    def wrong_by(shift):
        def wrong(arrays, values, groups=None):
            phi, base = real(arrays, values, groups=groups)
            phi[3, 2] += shift / model.calibration_.slope
            return phi, base

        return wrong

    monkeypatch.setattr(module, "contributions", wrong_by(1e-11))
    explain(model, X)
    monkeypatch.setattr(module, "contributions", wrong_by(1e-8))
    with pytest.raises(SpecError, match=r"in 1 of 840 rows, by up to 1e-08"):
        explain(model, X)
    monkeypatch.setattr(module, "contributions", wrong_by(np.nan))
    with pytest.raises(SpecError, match="in 1 of 840 rows"):
        explain(model, X)


def test_other_columns_are_refused(no_model_needed, X):
    with pytest.raises(SpecError, match=r"1 missing: child\.age; 1 unknown to it: school"):
        explain(no_model_needed, X.rename(columns={"child.age": "school"}))
    with pytest.raises(SpecError, match="in another order"):
        explain(no_model_needed, X[X.columns[::-1]])
    with pytest.raises(SpecError, match=r"\d+ missing: .* and \d+ more"):
        explain(loaded(no_model_needed), X.iloc[:, :3])


def test_rows_that_cannot_be_explained_are_refused(no_model_needed, X):
    with pytest.raises(IndexNamesError, match="household_id"):
        explain(no_model_needed, X.reset_index(drop=True))
    with pytest.raises(SpecError, match="no rows"):
        explain(no_model_needed, X.iloc[:0])
    with pytest.raises(SpecError, match="1 infinite"):
        explain(loaded(no_model_needed), X.assign(**{"child.age": [np.inf, *[15.0] * (len(X) - 1)]}))


def test_models_that_cannot_be_explained_are_refused(no_model_needed, X, y):
    with pytest.raises(SpecError, match="fitted RiskClassifier"):
        explain(make_risk_model("logistic"), X)
    with pytest.raises(SpecError, match="A dict cannot be explained"):
        explain({}, X)
    nameless = make_risk_model("logistic", independent_rows=True).fit(X.to_numpy(), y.to_numpy())
    with pytest.raises(SpecError, match="without names"):
        explain(nameless, X)


def test_columns_of_ones_own_need_no_records_and_have_none(X, y, records):
    own = X[["child.age", "missing.count.365d"]].assign(postcode_income=1.0 + np.arange(len(X)) % 7)
    model = make_risk_model("logistic").fit(own, y)
    reasons = explain(model, own.iloc[[0]]).reasons()
    mine = reasons.set_index("feature").loc["postcode_income"]
    assert (mine["sentence"], mine["concept"]) == ("A feature of your own is 1.", "own features")
    with pytest.raises(SpecError, match=r"1 columns of X are no features .* postcode_income"):
        explain(model, own, records=records)


def test_features_may_be_specs_or_names_in_any_order(no_model_needed, X, features, records):
    rows = X.iloc[[5]]
    expected = explain(no_model_needed, rows, records=records).reasons()
    for given in (features, features[::-1], list(X.columns)):
        pd.testing.assert_frame_equal(
            explain(no_model_needed, rows, records=records, features=given).reasons(), expected
        )
    other = [parse_feature("missing.count.7d"), *features[1:]]
    with pytest.raises(
        SpecError, match=rf"without a feature: {re.escape(features[0].name)}; .*without a column: missing\.count\.7d"
    ):
        explain(no_model_needed, rows, records=records, features=other)


def test_values_that_the_records_do_not_give_are_refused(no_model_needed, X, records):
    changed = X.copy()
    changed.iloc[4, list(X.columns).index("contact.count.365d")] += 1.0
    with pytest.raises(SpecError, match=r"^1 of \d+ values of X .* 1 columns: contact\.count\.365d\.") as caught:
        explain(no_model_needed, changed, records=records)
    assert "kid" not in str(caught.value)
    explain(no_model_needed, changed)


@pytest.mark.parametrize("given", [True, {}, pd.DataFrame()], ids=["flag", "mapping", "frame"])
def test_records_that_are_none_are_refused(no_model_needed, X, given):
    with pytest.raises(SpecError, match="records is a"):
        explain(no_model_needed, X.iloc[:2], records=given)


@pytest.mark.parametrize("wording", [3, b"x", {}], ids=["number", "bytes", "mapping"])
def test_a_wording_that_is_none_is_refused(no_model_needed, X, wording):
    with pytest.raises(SpecError, match="wording file"):
        explain(no_model_needed, X.iloc[:2], wording=wording)


def test_rows_without_an_index_date_are_refused(model, X):
    index = X.index[:3].to_frame(index=False)
    index.loc[1, "index_date"] = pd.NaT
    with pytest.raises(SpecError, match="1 of 3 rows of X have no index_date"):
        explain(model, X.iloc[:3].set_axis(pd.MultiIndex.from_frame(index)))
