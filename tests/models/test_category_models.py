"""Risk models on columns of categories: exact, the same in any order, and never silently wrong."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.explanation.counting import count_means, recentred
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.kernel import contributions
from edgeofcare.models.arrays import array_names, from_mapping, margin, to_mapping, validate
from edgeofcare.models.extraction import check_extraction, extract_arrays
from edgeofcare.models.learners import KINDS, fit_learner, learner_margin
from edgeofcare.models.pipeline import regression
from edgeofcare.models.refits import refit_arrays
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.models.rows import ROW_NAMES

CODES = np.array(["1A", "2A", "3A", "6", "8", "9"])
EFFECT = np.array([0.0, 1.2, -0.8, 0.4, -0.3, 0.8])
OPTIONS = {
    "boosting": {"max_iter": 30, "min_samples_leaf": 20, "max_features": 1.0, "monotone": {"count": 1}},
    "averaged": {"max_iter": 15, "min_samples_leaf": 20, "members": 3, "monotone": {"count": 1}},
    "logistic": {},
}


def panel(rows=5000, seed=0):
    """Rows with gaps, a count, and two columns of codes, one of them rare in places."""
    rng = np.random.default_rng(seed)
    place, other = rng.choice(6, rows, p=[0.3, 0.2, 0.2, 0.2, 0.09, 0.01]), rng.integers(0, 2, rows)
    count = rng.poisson(1.0, rows).astype(float)
    x = rng.normal(size=rows).round(2)
    y = rng.random(rows) < 1 / (1 + np.exp(2.0 - EFFECT[place] - 0.5 * count - 0.3 * x * other))
    index = pd.MultiIndex.from_arrays(
        [
            [f"house-{number // 4:05d}" for number in range(rows)],
            [f"child-{number // 2:05d}" for number in range(rows)],
            pd.to_datetime(np.where(np.arange(rows) % 2, "2021-01-01", "2020-01-01")).astype("datetime64[s]"),
        ],
        names=ROW_NAMES,
    )
    X = pd.DataFrame({"x": x, "source": pd.Categorical(CODES[place], categories=CODES)}, index=index)
    X["count"], X["setting"] = count, pd.Categorical(np.array(["home", "school"])[other])
    for column in X.columns:
        X.loc[rng.random(rows) < 0.08, column] = np.nan
    return X, pd.Series(y.astype(int), index=index)


def make(name, **options):
    kind = "logistic" if name == "logistic" else "boosting"
    return make_risk_model(kind, n_folds=3, **{"monotone": None, **OPTIONS[name], **options})


@pytest.fixture(scope="module")
def data():
    return panel()


@pytest.fixture(scope="module", params=OPTIONS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(name, data):
    return make(name).fit(*data)


@pytest.fixture(scope="module")
def unseen(data):
    """Other rows, with codes that nobody knew and gaps in odd places."""
    X, _ = panel(seed=1)
    wide = X["source"].cat.add_categories(["new", "rare"])
    wide.iloc[::11], wide.iloc[5::13] = "new", "rare"
    X["source"] = wide
    X.loc[X.index[::7], "count"] = np.nan
    return X


# Exact


def test_contributions_add_up_to_predict_proba_on_5000_rows(fitted, unseen):
    why = explain(fitted, unseen)
    risk = fitted.predict_proba(unseen)[:, 1]
    assert len(why) == 5000
    gap = why.base + why.contributions.sum(axis=1).to_numpy() - np.log(risk / (1 - risk))
    assert np.abs(gap).max() <= 1e-9
    concepts = why.base + why.concept_contributions.sum(axis=1).to_numpy() - np.log(risk / (1 - risk))
    assert np.abs(concepts).max() <= 1e-9


def test_codes_matter_and_are_used(fitted, data):
    X, _ = data
    mean = pd.Series(fitted.log_odds(X), index=X.index).groupby(X["source"].astype(object)).mean()
    assert mean["3A"] < mean["1A"] < mean["6"] < mean["2A"]
    sizes = explain(fitted, X).contributions.abs().mean()
    assert sizes["source"] > 0.1


def test_the_vocabulary_is_sorted_and_of_training(fitted):
    assert fitted.vocabularies_ == {"source": tuple(sorted(CODES)), "setting": ("home", "school")}


def test_unknown_codes_count_as_unknown_and_are_counted(fitted, unseen):
    strange = unseen["source"].isin(["new", "rare"])
    assert fitted.unseen(unseen) == {"source": int(strange.sum()), "setting": 0}
    assert explain(fitted, unseen.iloc[:300]).unseen == {"source": int(strange.iloc[:300].sum()), "setting": 0}
    nothing = unseen.assign(source=unseen["source"].where(~strange))
    assert fitted.unseen(nothing) == {"source": 0, "setting": 0}
    assert (fitted.margin(nothing) == fitted.margin(unseen)).all()


def test_a_rare_code_is_no_part_of_the_model_but_is_counted(name, data):
    X, y = data
    rare = X.assign(source=X["source"].cat.add_categories(["few"]))
    rare.iloc[:18, rare.columns.get_loc("source")] = "few"  # nine children
    model = make(name).fit(rare, y)
    assert "few" not in model.vocabularies_["source"]
    assert model.unseen(rare)["source"] == 18
    gone = rare.assign(source=rare["source"].where(rare["source"] != "few"))
    assert (make(name).fit(gone, y).margin(gone) == model.margin(rare)).all()


# Whatever order and form


def test_order_and_form_of_codes_change_nothing(name, fitted, data, unseen):
    X, y = data
    own = fitted.margin(unseen)
    turned = unseen["source"].cat.reorder_categories(list(unseen["source"].cat.categories[::-1]))
    text = unseen["source"].astype(object)
    for column in (turned, turned.cat.as_ordered(), text, text.astype("string"), unseen["source"].astype("category")):
        assert (fitted.margin(unseen.assign(source=column)) == own).all()
    few = unseen.iloc[:5].copy()
    few["source"] = few["source"].cat.remove_unused_categories()
    assert (fitted.margin(few) == own[:5]).all()
    other = X.assign(source=X["source"].cat.reorder_categories(list(CODES[::-1])).cat.add_categories(["none has it"]))
    assert (make(name).fit(other, y).margin(unseen) == own).all()


def test_numbers_in_place_of_codes_are_refused_everywhere(fitted, data):
    X, _ = data
    numbers = X.assign(source=X["source"].cat.codes)
    for call in (fitted.margin, fitted.predict_proba, fitted.unseen, lambda rows: explain(fitted, rows)):
        with pytest.raises(SpecError, match="1 column of categories holds numbers: source"):
            call(numbers)
        with pytest.raises(SpecError, match="1 column holds categories, but numbers in training: x"):
            call(X.assign(x=X["setting"]))
    for wrong in (X[X.columns[::-1]], X.drop(columns="source"), X.rename(columns={"source": "origin"})):
        with pytest.raises(SpecError):
            fitted.margin(wrong)


def test_text_is_no_category_in_training(name, data):
    X, y = data
    with pytest.raises(SpecError, match="1 column is neither number nor category: source"):
        make(name).fit(X.assign(source=X["source"].astype(object)), y)
    with pytest.raises(SpecError, match="categories of step are not all text"):
        make(name).fit(X.assign(step=pd.Categorical(np.arange(len(X)) % 3)), y)


def test_rows_in_another_order_clones_and_copies_give_the_same_model(name, fitted, data):
    X, y = data
    shuffled = np.random.default_rng(3).permutation(len(X))
    again = clone(fitted).fit(X.iloc[shuffled], y.iloc[shuffled])
    assert (again.margin(X) == fitted.margin(X)).all()
    assert again.calibration_ == fitted.calibration_
    assert (pickle.loads(pickle.dumps(fitted)).margin(X) == fitted.margin(X)).all()  # noqa: S301
    assert fitted.margin(X.iloc[[7]])[0] == fitted.margin(X)[7]


def test_threads_change_nothing(name, fitted, data):
    X, y = data
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            assert (make(name).fit(X, y).margin(X) == fitted.margin(X)).all()


def test_a_column_of_codes_that_is_unknown_throughout_adds_nothing(name, data):
    X, y = data
    empty = X.assign(empty=pd.Categorical([None] * len(X), categories=["a"]))
    model = make(name).fit(empty, y)
    assert model.vocabularies_["empty"] == ()
    why = explain(model, empty.assign(empty=pd.Categorical(["a"] * len(X))).iloc[:50])
    assert (why.contributions["empty"] == 0).all()
    assert why.unseen["empty"] == 50


def test_only_codes_will_do(name, data):
    X, y = data
    model = make(name, monotone=None).fit(X[["source"]], y)
    why = explain(model, X[["source"]].iloc[:40])
    assert why.log_odds.nunique() <= 7


# What stands around the model


def test_refits_know_codes_as_the_model_does(name, data, unseen):
    X, y = data
    model = make(name, refits=10, max_iter=5 if name != "logistic" else None).fit(X, y)
    arrays = refit_arrays(model.refits_)
    table = unseen.assign(
        source=unseen["source"].astype(object).map(dict(zip(sorted(CODES), range(6), strict=True))).astype(float),
        setting=unseen["setting"].astype(object).map({"home": 0.0, "school": 1.0}).astype(float),
    ).to_numpy(dtype=float)
    for refit, own in zip(model.refits_, arrays, strict=True):
        assert check_extraction(refit.learner, own.arrays, table) <= 1e-12
    ends = model.risk_interval(unseen)
    assert (ends[:, 0] < ends[:, 1]).all()
    why = explain(model, unseen.iloc[:30])
    assert set(why.reasons()["band"]) <= {"strong", "some", "slight"}


def test_baselines_and_evaluations_of_the_model_take_such_rows(fitted, data, unseen):
    X, _ = data
    assert list(fitted.baselines_) == ["prevalence"]
    assert fitted.baselines_["prevalence"].predict_proba(unseen).shape == (5000, 2)
    assert fitted.baselines_["prevalence"].predict_proba(X)[0, 1] == fitted.prevalence_


def test_a_direction_of_codes_is_refused_by_name(data):
    X, y = data
    with pytest.raises(SpecError, match=r"direction to 1 column\(s\) of categories, which have no order: source"):
        make("boosting", monotone={"source": 1}).fit(X, y)
    make("boosting", monotone={"source": 0, "count": 1}).fit(X, y)


def test_more_codes_than_trees_can_tell_apart_are_refused():
    X, y = panel(6400)
    many = X.assign(source=pd.Categorical([f"code {number // 22}" for number in range(len(X))]))
    with pytest.raises(SpecError, match="more than 255 different codes: source"):
        make("boosting").fit(many, y)
    assert len(make("logistic").fit(many, y).vocabularies_["source"]) > 255


# The regression


def test_a_rare_code_is_drawn_towards_nothing():
    rng = np.random.default_rng(0)
    codes = np.repeat([0.0, 1.0, 2.0], [2000, 1990, 10])
    y = rng.random(4000) < np.where(codes == 0, 0.1, 0.3)
    arrays = extract_arrays(fit_learner(regression(LogisticRegression(C=0.05), 1, [0]), codes[:, None], y))
    weight = arrays.category_weight
    assert weight[1] - weight[0] > 0.9
    assert abs(weight[2]) < 0.2
    assert arrays.category_center.tolist() == [0.5, 0.4975, 0.0025]


def test_what_a_regression_did_not_see_is_unknown_to_it_with_and_without_unknown_rows():
    rng = np.random.default_rng(0)
    for gaps in (True, False):
        X = np.column_stack([rng.choice([0.0, 2.0], 500), rng.normal(size=500), rng.choice([1.0, 3.0], 500)])
        if gaps:
            X[::5, 0] = np.nan
        y = rng.random(500) < 0.3 + 0.3 * (X[:, 0] == 2)
        model = fit_learner(regression(LogisticRegression(), 3, [0, 2]), X, y)
        arrays = extract_arrays(model)
        other = X.copy()
        other[::3, 0], other[1::3, 2] = 1.0, np.nan
        assert check_extraction(model, arrays, other) <= 1e-12
        nothing = np.where(other == 1.0, np.nan, other)
        nothing[:, 1:] = other[:, 1:]
        assert learner_margin(model, other) == pytest.approx(learner_margin(model, nothing), abs=1e-12)
        phi, base = contributions(arrays, X)
        assert phi.mean(axis=0) == pytest.approx(0.0, abs=1e-12)
        assert base == pytest.approx(learner_margin(model, X).mean(), abs=1e-12)


@pytest.fixture(scope="module")
def linear():
    """A regression on a column of two codes, with unknown rows, and a number."""
    codes = np.tile([0.0, 1.0, np.nan, 1.0], 50)
    X = np.column_stack([codes, np.arange(200.0)])
    return extract_arrays(fit_learner(regression(LogisticRegression(), 2, [0]), X, np.arange(200) % 3 == 0))


def test_arrays_of_codes_go_through_a_file_and_need_one_another(linear):
    found = to_mapping(linear)
    assert set(found) == set(array_names("logistic", ["category_weight"]))
    back = from_mapping("logistic", found)
    validate(back, 2)
    X = np.array([[0.0, 3.0], [1.0, np.nan], [2.0, 5.0], [np.nan, 5.0]])
    assert margin(back, X).tolist() == margin(linear, X).tolist()
    assert margin(linear, X)[2] == margin(linear, X)[3]
    with pytest.raises(ModelFileError, match=r"1 problem[\s\S]*'category_center' is missing"):
        from_mapping("logistic", {name: array for name, array in found.items() if name != "category_center"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"category_feature": np.int32([0, 2])}, "'category_feature' has 1 value.* outside 0 to 1"),
        ({"category_feature": np.int32([-1, 0])}, "'category_feature' has 1 value.* outside 0 to 1"),
        ({"category_value": np.array([1.0, 1.0])}, "'category_value' has 1 value.* out of order"),
        ({"category_value": np.array([0.0, np.nan])}, "'category_value' has 1 value.* not finite"),
        ({"category_weight": np.array([0.0, np.inf])}, "'category_weight' has 1 value.* not finite"),
        ({"category_center": np.zeros(3)}, "'category_center' has 3 values; expected 2"),
        ({"category_weight": np.zeros(1)}, "'category_weight' has 1 values; expected 2"),
        ({"category_feature": np.int64([0, 0])}, "'category_feature' is int64"),
        ({"weight": np.zeros(3)}, "'weight' has 3 values; expected 2"),
    ],
)
def test_damaged_codes_of_a_regression_are_refused(linear, changes, words):
    with pytest.raises(ModelFileError, match=words):
        validate(replace(linear, **changes), 2)


def test_a_regression_with_codes_is_not_compared_with_a_cohort(linear):
    rng = np.random.default_rng(0)
    cohort = np.column_stack([rng.choice([0.0, 1.0, 2.0, np.nan], 30), rng.normal(size=30)])
    with pytest.raises(SpecError, match="cannot be compared with a cohort; trees can"):
        recentred(linear, count_means(cohort))


def test_both_kinds_are_covered():
    assert {"logistic" if name == "logistic" else "boosting" for name in OPTIONS} == set(KINDS)
