"""Lists, reasons and risks of models that are fitted again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from edgeofcare.evaluation.refits.agreement import STABILITY_COLUMNS, stability
from edgeofcare.evaluation.refits.refits import FAMILIES, HOUSEHOLDS, SEEDS, refits
from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.models.risk_model import make_risk_model

NAMES = ["household_id", "child_id", "index_date"]


def panel(n=240, seed=0, dates=("2023-04-01", "2023-07-01")):
    """Children in households of two on two dates, one feature that tells and one that does not."""
    rng = np.random.default_rng(seed)
    days = pd.to_datetime(list(dates))
    rows = [(f"h{i // 2:03d}", f"c{i:03d}", day) for i in range(n) for day in days]
    index = pd.MultiIndex.from_tuples(rows, names=NAMES)
    missing = rng.poisson(1.0, len(index)).astype(float)
    noise = {f"contact.count.{days}d": rng.normal(size=len(index)) for days in (30, 90, 180, 365, 730)}
    X = pd.DataFrame({"missing.count.90d": missing, **noise}, index=index)
    y = pd.Series((rng.uniform(size=len(index)) < 1 / (1 + np.exp(2.5 - missing))).astype("int64"), index=index)
    return X, y


class Seeded(ClassifierMixin, BaseEstimator):
    """Risks that a seed alone decides, or the seed and the household."""

    def __init__(self, random_state=0, spread=1.0):
        self.random_state = random_state
        self.spread = spread

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        self.rows_ = X.index
        return self

    def predict_proba(self, X):
        rng = np.random.default_rng(self.random_state)
        p = 0.3 + 0.2 * self.spread * (rng.uniform(size=len(X)) - 0.5)
        return np.column_stack([1 - p, p])


def values(found, kind, measure):
    """Estimate, low and high."""
    rows = found.measures.query("kind == @kind and measure == @measure")
    assert len(rows) == 1
    return rows[["estimate", "low", "high"]].to_numpy()[0]


@pytest.fixture(scope="module")
def fitted():
    X, y = panel()
    return make_risk_model("logistic").fit(X, y), X, y


@pytest.fixture(scope="module")
def found(fitted):
    model, X, y = fitted
    return stability(model, X, y, X, y=y, capacity=10, n_refits=3, kinds=(SEEDS, HOUSEHOLDS), progress=False)


def test_a_regression_names_the_same_children_whatever_the_seed(found):
    assert values(found, SEEDS, "list_overlap").tolist() == [1.0, 1.0, 1.0]
    assert values(found, SEEDS, "rank_correlation") == pytest.approx(1.0)
    assert values(found, SEEDS, "reasons_overlap").tolist() == [1.0, 1.0, 1.0]


def test_resampled_households_move_lists_and_risks(found):
    mean, low, high = values(found, HOUSEHOLDS, "list_overlap")
    assert low <= mean <= high
    assert mean < 1
    assert values(found, HOUSEHOLDS, "risk_ratio")[0] > values(found, SEEDS, "risk_ratio")[0] >= 1
    assert values(found, HOUSEHOLDS, "log_odds_sd")[0] > 0


def test_the_result_is_tidy_and_holds_no_row(found, fitted):
    assert tuple(found.measures.columns) == STABILITY_COLUMNS
    text = found.measures.to_csv() + found.text + repr(found)
    assert not any(name in text for level in (0, 1) for name in fitted[1].index.get_level_values(level).unique())
    assert "2023" not in text
    assert (found.measures["models"] == 4).all()
    assert found.reviews_per_index_date == 30
    assert isinstance(found.plot(), Figure)
    json.dumps(found.measures.to_dict("records"))


def test_overlap_by_hand():
    """Models that put one or the other of two children first: the list is the same or has nothing in common."""
    X, y = panel(20, dates=("2023-04-01",))

    class Fixed(Seeded):
        def predict_proba(self, X):
            p = np.full(len(X), 0.1)
            p[self.random_state % 2] = 0.5
            return np.column_stack([1 - p, p])

    model = Fixed(random_state=0).fit(X, y)
    found = stability(model, X, y, X, capacity=1, n_refits=6, kinds=[SEEDS], progress=False)
    lists = {seed % 2 for seed in _seeds(model, X, y, 6)}
    assert lists == {0, 1}
    first = [0, *(seed % 2 for seed in _seeds(model, X, y, 6))]
    same = [a == b for i, a in enumerate(first) for b in first[i + 1 :]]
    assert values(found, SEEDS, "list_overlap")[0] == pytest.approx(np.mean(same))
    # Each of the two has 0.5 in some models and 0.1 in others, all others 0.1 in all.
    assert values(found, SEEDS, "risk_ratio").tolist()[:2] == [1.0, 1.0]
    assert np.exp(values(found, SEEDS, "log_odds_range")[0]) == 1.0


def _seeds(model, X, y, n):
    """Seeds of the refits."""
    return [each.random_state for _, each in refits(model, X, y, SEEDS, n, 0)]


def test_models_of_chance_are_warned_of():
    X, y = panel()
    found = stability(Seeded().fit(X, y), X, y, X, n_refits=3, kinds=[SEEDS], progress=False)
    # A list of a tenth of the rows at random: one in 19 of those on either list is on both.
    assert values(found, SEEDS, "list_overlap")[0] == pytest.approx(1 / 19, abs=0.06)
    assert abs(values(found, SEEDS, "rank_correlation")[0]) < 0.15
    assert len(found.warnings) == 1
    assert "names different children" in found.warnings[0]
    assert found.text.startswith(found.warnings[0])


def test_near_equal_families_that_name_different_children_are_warned_of(monkeypatch):
    X, y = panel(seed=2)
    X = X[["missing.count.90d", "contact.count.90d"]].assign(
        **{"contact.count.90d": np.random.default_rng(3).permutation(X["missing.count.90d"])}
    )
    one, other = Column("missing.count.90d"), Column("contact.count.90d")
    y = y * 0 + (np.random.default_rng(4).uniform(size=len(y)) < 0.02 + 0.1 * X.sum(axis=1) / 2).astype(int)
    monkeypatch.setattr("edgeofcare.evaluation.refits.agreement.refits", lambda *_: iter([("boosting", other)]))
    told = stability(one, X, y, X, y=y, capacity=3, kinds=[FAMILIES], progress=False)
    assert len(told.warnings) == 1
    assert "Two models that rank equally well" in told.warnings[0]
    # Without outcomes, or where one is clearly better, they cannot be called equally good.
    assert stability(one, X, y, X, capacity=3, kinds=[FAMILIES], progress=False).warnings == ()
    better = (X["missing.count.90d"] > 1).astype("int64")
    assert stability(one, X, y, X, y=better, capacity=3, kinds=[FAMILIES], progress=False).warnings == ()


class Column(Seeded):
    """Risk from one column."""

    def __init__(self, column="missing.count.90d"):
        self.column = column

    def predict_proba(self, X):
        p = 0.02 + 0.1 * X[self.column].to_numpy() / 2
        return np.column_stack([1 - p, p])


def test_the_other_family_is_fitted(fitted):
    model, X, y = fitted
    (name, other), *more = refits(model, X, y, FAMILIES, 5, 0)
    assert (name, other.kind, more) == ("boosting", "boosting", [])
    assert other.n_iter_ > 0
    (name, back), *_ = refits(other, X, y, FAMILIES, 5, 0)
    np.testing.assert_allclose(back.margin(X), model.margin(X))


def test_resampled_households_are_whole_and_renamed():
    X, y = panel(60)
    for _, each in refits(Seeded(), X, y, HOUSEHOLDS, 3, 0):
        rows = each.rows_.to_frame(index=False)
        drawn = rows["household_id"].str.split("#", expand=True)
        assert rows["household_id"].nunique() == 30
        assert drawn[0].nunique() < 30
        assert (rows.groupby("household_id").size() == 4).all()
        assert not rows.duplicated().any()


def test_row_order_changes_nothing(fitted, found):
    model, X, y = fitted
    order = np.random.default_rng(0).permutation(len(X))
    kinds = (SEEDS, HOUSEHOLDS)
    again = stability(
        model, X.iloc[order], y.iloc[order], X.iloc[order[::-1]], capacity=10, n_refits=3, kinds=kinds, progress=False
    )
    pd.testing.assert_frame_equal(again.measures, found.measures)


def test_fewer_than_ten_children_are_suppressed(fitted):
    model, X, y = fitted
    found = stability(model, X, y, X.iloc[:18], n_refits=2, kinds=[SEEDS], progress=False)
    assert found.measures[["estimate", "low", "high"]].isna().all(axis=None)
    assert found.text.startswith("Suppressed")
    assert isinstance(found.plot(), Figure)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_refits": 1}, "n_refits"),
        ({"kinds": "seeds"}, "kinds"),
        ({"kinds": ["dice"]}, "kinds"),
        ({"kinds": []}, "kinds"),
    ],
)
def test_options_that_cannot_be_used_are_refused(fitted, options, words):
    model, X, y = fitted
    with pytest.raises(SpecError, match=words):
        stability(model, X, y, X, **options)


def test_models_without_seeds_or_families_say_so():
    X, y = panel(60)
    model = Column().fit(X, y)
    with pytest.raises(SpecError, match="no other seeds"):
        stability(model, X, y, X, kinds=[SEEDS])
    with pytest.raises(SpecError, match="no other family"):
        stability(LogisticRegression().fit(X, y), X, y, X, kinds=[FAMILIES])


def test_rows_without_names_are_refused(fitted):
    model, X, y = fitted
    with pytest.raises(IndexNamesError):
        stability(model, X.reset_index(drop=True), y, X)
