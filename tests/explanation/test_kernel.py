"""Contributions: they add up to scikit-learn's own margin, and are the Shapley values of the game that they claim."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.paths import path_form
from edgeofcare.models.arrays import TreeArrays, margin
from edgeofcare.models.extraction import extract_arrays


def grow(rng: np.random.Generator, *, features: int, trees: int, depth: int, bushy: float = 0.8) -> TreeArrays:
    """Return random trees, some of them a single leaf, whose covers add up."""
    nodes: list[list[Any]] = []
    start = [0]

    def add(cover: int, levels: int) -> int:
        here = len(nodes)
        nodes.append([-1, 0.0, -1, -1, False, 0.0, cover])
        if levels == 0 or cover < 2 or rng.random() > bushy:
            nodes[here][5] = rng.normal()
            return here
        threshold = np.inf if rng.random() < 0.1 else float(rng.integers(-2, 3))
        part = int(rng.integers(1, cover))
        left, right = add(part, levels - 1), add(cover - part, levels - 1)
        nodes[here] = [rng.integers(features), threshold, left, right, rng.random() < 0.5, 0.0, cover]
        return here

    for _ in range(trees):
        add(int(rng.integers(1, 10_000)), depth)
        start.append(len(nodes))
    kinds = [np.int32, np.float64, np.int32, np.int32, np.bool_, np.float64, np.float64]
    columns = [np.array(column, dtype=kind) for column, kind in zip(zip(*nodes, strict=True), kinds, strict=True)]
    return TreeArrays(float(rng.normal()), np.array(start, dtype=np.int32), *columns)


def comb(length: int) -> TreeArrays:
    """Return one tree that is a single long path over as many features."""
    nodes = 2 * length + 1
    split, leaf = np.arange(length) * 2, np.append(np.arange(length) * 2 + 1, nodes - 1)
    feature, left, right = (np.full(nodes, -1, dtype=np.int32) for _ in range(3))
    feature[split], left[split], right[split] = np.arange(length), split + 1, split + 2
    value, cover = np.zeros(nodes), np.zeros(nodes)
    value[leaf] = np.random.default_rng(0).normal(size=length + 1)
    cover[split], cover[leaf] = 2.0 ** (length - np.arange(length)), 2.0 ** (length - 1 - np.arange(length + 1))
    cover[leaf[-1]] = 1.0
    return TreeArrays(
        -1.0, np.int32([0, nodes]), feature, np.zeros(nodes), left, right, np.zeros(nodes, dtype=bool), value, cover
    )


def table(rng: np.random.Generator, rows: int, features: int) -> np.ndarray:
    """Return whole numbers, so that many fall on a threshold, with NaN and infinities among them."""
    return rng.choice([-np.inf, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, np.inf, np.nan], size=(rows, features))


def known_only(trees: TreeArrays, row: np.ndarray, known: frozenset[int], node: int) -> float:
    """Return the expected value below a node: follow the known features, weigh both sides by cover for the others."""
    feature = int(trees.feature[node])
    if feature < 0:
        return float(trees.value[node])
    left, right = int(trees.left[node]), int(trees.right[node])
    if feature in known:
        absent = np.isnan(row[feature])
        goes_left = trees.missing_left[node] if absent else row[feature] <= trees.threshold[node]
        return known_only(trees, row, known, left if goes_left else right)
    total = sum(trees.cover[child] * known_only(trees, row, known, child) for child in (left, right))
    return float(total / trees.cover[node])


def game(trees: TreeArrays, row: np.ndarray, known: frozenset[int]) -> float:
    """Return the margin that is expected when only some features are known."""
    roots = trees.tree_start[:-1].tolist()
    return trees.baseline + sum(known_only(trees, row, known, root) for root in roots)


def shapley_by_hand(trees: TreeArrays, row: np.ndarray) -> list[float]:
    """Return Shapley values from their definition, over all sets of the other features."""
    features = len(row)
    values = []
    for j in range(features):
        others = [k for k in range(features) if k != j]
        total = 0.0
        for size in range(features):
            weight = math.factorial(size) * math.factorial(features - size - 1) / math.factorial(features)
            for chosen in itertools.combinations(others, size):
                known = frozenset(chosen)
                total += weight * (game(trees, row, known | {j}) - game(trees, row, known))
        values.append(total)
    return values


def make_rows(seed: int, rows: int = 800) -> tuple[pd.DataFrame, np.ndarray]:
    """Return features with gaps, ties, a constant and a flag."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(rows, 6)).round(1), columns=list("abcdef"))
    X["flag"] = (rng.random(rows) < 0.1).astype(float)
    X["constant"] = 3.0
    y = (X["a"] + X["flag"] - X["b"] * X["c"] + rng.normal(size=rows) > 1).to_numpy().astype(int)
    for column, share in {"a": 0.2, "d": 0.6}.items():
        X.loc[rng.random(rows) < share, column] = np.nan
    return X, y


BOOSTING: dict[str, dict[str, Any]] = {
    "plain": {},
    "small trees": {"max_leaf_nodes": 6, "max_iter": 100},
    "large trees": {"max_leaf_nodes": None, "min_samples_leaf": 2, "max_iter": 10},
    "monotone": {"monotonic_cst": [1, -1, 0, 0, 1, 0, 0, 0]},
    "class weight": {"class_weight": "balanced"},
    "leaves only": {"min_samples_leaf": 800, "max_iter": 2},
}


@pytest.mark.parametrize("name", BOOSTING)
def test_contributions_and_base_add_up_to_the_margin_of_scikit_learn(name: str) -> None:
    X, y = make_rows(0)
    weight = np.random.default_rng(1).uniform(0.2, 3, size=len(y))
    model = HistGradientBoostingClassifier(**{"max_iter": 30, "random_state": 0} | BOOSTING[name])
    arrays = extract_arrays(model.fit(X, y, sample_weight=weight))
    unseen, _ = make_rows(2, 5000)
    unseen.loc[::3, ["b", "flag", "constant"]] = np.nan  # columns without a gap in training
    unseen.loc[1::3, "e"] = np.nan
    unseen["f"] = np.nan
    for rows in (X, unseen):
        phi, base = contributions(arrays, rows.to_numpy())
        assert phi.shape == rows.shape
        risk = model.predict_proba(rows)[:, 1]
        np.testing.assert_allclose(phi.sum(axis=1) + base, np.log(risk / (1 - risk)), rtol=0, atol=1e-9)
        assert not phi[:, X.columns.get_loc("constant")].any()


def test_linear_contributions_add_up_and_are_zero_for_the_average_row() -> None:
    X, y = make_rows(0, 5000)
    X["empty"] = np.nan
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    steps = [("impute", impute), ("scale", StandardScaler()), ("regress", LogisticRegression())]
    model = Pipeline(steps).fit(X, y)
    phi, base = contributions(extract_arrays(model), X.to_numpy())
    risk = model.predict_proba(X)[:, 1]
    np.testing.assert_allclose(phi.sum(axis=1) + base, np.log(risk / (1 - risk)), rtol=0, atol=1e-9)
    np.testing.assert_allclose(phi.mean(axis=0), 0.0, atol=1e-12)
    assert base == pytest.approx(model.decision_function(X).mean())


@pytest.mark.parametrize("name", ["plain", "small trees", "monotone"])
def test_contributions_are_those_of_shap(name: str) -> None:
    with warnings.catch_warnings():
        for category in (DeprecationWarning, PendingDeprecationWarning):  # from colour maps that shap makes on import
            warnings.simplefilter("ignore", category)
        import shap
    X, y = make_rows(0)
    model = HistGradientBoostingClassifier(**{"max_iter": 30, "random_state": 0} | BOOSTING[name]).fit(X, y)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    phi, base = contributions(extract_arrays(model), X.to_numpy())
    np.testing.assert_allclose(phi, explainer.shap_values(X.to_numpy()), rtol=0, atol=1e-8)
    assert base == pytest.approx(float(np.ravel(explainer.expected_value)[0]), abs=1e-8)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 4), st.integers(1, 3), st.integers(0, 5))
def test_contributions_are_the_shapley_values_by_enumeration(seed: int, features: int, trees: int, depth: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow(rng, features=features, trees=trees, depth=depth)
    X = table(rng, 3, features)
    phi, base = contributions(arrays, X)
    assert base == pytest.approx(game(arrays, X[0], frozenset()), abs=1e-12)
    np.testing.assert_allclose(phi, [shapley_by_hand(arrays, row) for row in X], rtol=0, atol=1e-12)


@pytest.mark.parametrize("length", [7, 8])
def test_paths_longer_than_one_part_are_exact_too(length: int) -> None:
    rng = np.random.default_rng(length)
    arrays = comb(length)
    X = np.where(rng.random((3, length)) < 0.2, -1.0, 1.0)
    phi, _ = contributions(arrays, X)
    np.testing.assert_allclose(phi, [shapley_by_hand(arrays, row) for row in X], rtol=0, atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(5, 40))
def test_deep_random_trees_add_up(seed: int, features: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow(rng, features=features, trees=2, depth=14, bushy=0.75)
    X = table(rng, 4, features)
    phi, base = contributions(arrays, X)
    np.testing.assert_allclose(phi.sum(axis=1) + base, margin(arrays, X), rtol=0, atol=1e-11)
    unused = np.setdiff1d(np.arange(features), arrays.feature)
    assert not phi[:, unused].any()


def test_a_path_of_forty_features_adds_up() -> None:
    arrays = comb(40)
    X = np.where(np.random.default_rng(0).random((20, 40)) < 0.05, -1.0, 1.0)
    phi, base = contributions(arrays, X)
    np.testing.assert_allclose(phi.sum(axis=1) + base, margin(arrays, X), rtol=0, atol=1e-11)


@pytest.mark.parametrize("chunk_rows", [1, 2, 7, 1000])
def test_chunks_and_neighbours_change_nothing_at_all(chunk_rows: int) -> None:
    rng = np.random.default_rng(5)
    arrays = grow(rng, features=12, trees=10, depth=12, bushy=0.9)
    X = table(rng, 30, 12)
    whole, _ = contributions(arrays, X)
    np.testing.assert_array_equal(contributions(path_form(arrays), X, chunk_rows=chunk_rows)[0], whole)
    np.testing.assert_array_equal(contributions(arrays, X[::-1], chunk_rows=chunk_rows)[0], whole[::-1])


def test_splits_on_one_feature_become_one_condition() -> None:
    """Two splits on column 0, at 2 then at 1: NaN goes left, then right, so it ends where 1 < x <= 2 does."""
    leaf = [-1, -1, -1]
    trees = TreeArrays(
        baseline=0.0,
        tree_start=np.int32([0, 5]),
        feature=np.int32([0, 0, *leaf]),
        threshold=np.array([2.0, 1.0, 0, 0, 0]),
        left=np.int32([1, 2, *leaf]),
        right=np.int32([4, 3, *leaf]),
        missing_left=np.array([True, False, False, False, False]),
        value=np.array([0.0, 0.0, 10.0, 20.0, 40.0]),
        cover=np.array([8.0, 4.0, 1.0, 3.0, 4.0]),
    )
    form = path_form(trees)
    seen = sorted(zip(form.above.tolist(), form.up_to.tolist(), form.missing.tolist(), strict=True))
    assert seen == [(-np.inf, 1.0, False), (1.0, 2.0, True), (2.0, np.inf, False)]
    assert form.base == 10 / 8 + 20 * 3 / 8 + 40 / 2
    phi, base = contributions(form, np.array([[1.0], [2.0], [np.nan], [np.inf], [-np.inf]]))
    assert (phi[:, 0] + base).tolist() == [10.0, 20.0, 20.0, 40.0, 10.0]


def test_a_forest_without_splits_contributes_nothing() -> None:
    leaf = np.int32([-1, -1])
    trees = TreeArrays(
        -1.0, np.int32([0, 1, 2]), leaf, np.zeros(2), leaf, leaf, np.zeros(2, bool), np.array([0.25, 0.5]), np.ones(2)
    )
    phi, base = contributions(trees, np.ones((3, 2)))
    assert base == -0.25
    assert phi.tolist() == [[0.0, 0.0]] * 3


def test_no_rows_give_no_contributions() -> None:
    assert contributions(comb(3), np.empty((0, 4)))[0].shape == (0, 4)


def test_missing_columns_and_empty_chunks_are_refused() -> None:
    with pytest.raises(SpecError, match="at least 3 feature columns"):
        contributions(comb(3), np.ones((2, 2)))
    with pytest.raises(SpecError, match="chunk_rows is 0; expected a whole number of 1 or more"):
        contributions(comb(3), np.ones((2, 3)), chunk_rows=0)


def test_the_repr_counts() -> None:
    assert repr(path_form(comb(3))) == "PathForm(4 leaves, 6 conditions)"


def test_the_kernel_imports_numpy_alone() -> None:
    heavy = "{'sklearn', 'pandas', 'scipy', 'shap', 'numba'} & set(sys.modules)"
    code = f"import sys, edgeofcare.explanation.kernel; sys.exit(len({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
