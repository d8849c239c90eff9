"""Splits on categories: scikit-learn's own margins, whatever the categories are, and arrays that hold together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from edgeofcare.exceptions import ModelFileError
from edgeofcare.model_archive import array_members, open_archive, pack, read_arrays
from edgeofcare.models.arrays import (
    CATEGORY_ARRAYS,
    TreeArrays,
    array_names,
    from_mapping,
    margin,
    to_mapping,
    validate,
)
from edgeofcare.models.extraction import check_extraction, extract_arrays, table_of
from growing import CODES, follow, grow_mixed, mixed_table

SOUND = 1e-12
WORDS = np.array(["home", "school", "health", "police", "none"])


def make_rows(seed: int, rows: int = 800) -> tuple[pd.DataFrame, np.ndarray]:
    """Return numbers with gaps around two columns of categories: one in few large steps, one with many values."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=rows), "few": rng.choice([10.0, 25.0, 999.0, -3.0], rows)})
    X["b"] = rng.normal(size=rows).round(1)
    X["many"] = rng.integers(0, 120, rows) * 2.0
    X["c"] = rng.normal(size=rows)
    odd = np.sin(X["many"].to_numpy() * 3.1) + (X["few"] == 25) - (X["few"] == -3)
    y = (odd + X["a"] + rng.normal(size=rows) > 0.5).to_numpy().astype(int)
    for column in ("a", "few", "many"):
        X.loc[rng.random(rows) < 0.1, column] = np.nan
    return X, y


OPTIONS: dict[str, dict[str, Any]] = {
    "by name": {"categorical_features": ["few", "many"]},
    "by position": {"categorical_features": [3, 1]},
    "monotone": {"categorical_features": ["many"], "monotonic_cst": {"a": 1, "c": -1}},
    "never split": {"categorical_features": ["few", "many"], "min_samples_leaf": 500},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_margins_are_those_of_scikit_learn(name: str) -> None:
    X, y = make_rows(0)
    weight = np.random.default_rng(1).uniform(0.2, 3, size=len(y))
    model = HistGradientBoostingClassifier(max_iter=30, min_samples_leaf=5, random_state=0).set_params(**OPTIONS[name])
    model.fit(X, y, sample_weight=weight)
    arrays = extract_arrays(model)
    assert isinstance(arrays, TreeArrays)
    validate(arrays, X.shape[1])
    assert bool(len(arrays.category_split)) == (name != "never split")
    unseen, _ = make_rows(2)
    unseen.loc[::3, ["few", "many"]] = [7.0, 1.0]  # not known from training
    unseen.loc[1::5, "many"] = np.nan
    unseen.loc[2::5, ["few", "many"]] = [1e9, -5.0]
    for rows in (X, unseen):
        assert check_extraction(model, arrays, rows) <= SOUND
        np.testing.assert_array_equal(table_of(model, rows), rows.to_numpy())


def test_words_become_places_and_unknown_words_become_missing() -> None:
    X, y = make_rows(0)
    rng = np.random.default_rng(3)
    X["place"] = pd.Categorical(rng.choice(WORDS, len(X)))
    X["step"] = pd.Categorical(rng.choice([30, 10, 20], len(X)))
    X.loc[::9, "place"] = np.nan
    y = y ^ (X["place"] == "police").to_numpy() ^ (X["step"] == 20).to_numpy()
    model = HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=5, random_state=0).fit(X, y)
    arrays = extract_arrays(model)
    assert isinstance(arrays, TreeArrays)
    assert set(arrays.category_feature.tolist()) == {5, 6}
    assert set(arrays.category_value[arrays.category_feature == 6].tolist()) == {10.0, 20.0, 30.0}
    unseen = X.astype({"place": object, "step": object})
    unseen.loc[::2, "place"] = "elsewhere"
    unseen.loc[1::4, "step"] = 40
    assert check_extraction(model, arrays, X) <= SOUND
    assert check_extraction(model, arrays, unseen) <= SOUND
    table = table_of(model, unseen)
    assert np.isnan(table[::2, 5]).all()
    assert np.nanmax(table[:, 5]) == len(WORDS) - 1
    np.testing.assert_array_equal(table[:, :5], X.iloc[:, :5].to_numpy())


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 4), st.integers(0, 5))
def test_random_trees_with_categories_are_valid_and_followed_exactly(
    seed: int, features: int, count: int, depth: int
) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow_mixed(rng, features=features, trees=count, depth=depth, categories=(0, 2))
    validate(arrays, features)
    X = mixed_table(rng, 7, features)
    assert margin(arrays, X).tolist() == [follow(arrays, row) for row in X]


@pytest.fixture
def trees() -> TreeArrays:
    """One split on the categories CODES of column 1, which sends the first left, and one on the number in column 0."""
    return TreeArrays(
        baseline=0.0,
        tree_start=np.int32([0, 5]),
        feature=np.int32([1, -1, 0, -1, -1]),
        threshold=np.array([0.0, 0.0, 0.5, 0.0, 0.0]),
        left=np.int32([1, -1, 3, -1, -1]),
        right=np.int32([2, -1, 4, -1, -1]),
        missing_left=np.array([True, False, False, False, False]),
        value=np.array([0.0, 1.0, 0.0, 2.0, 3.0]),
        cover=np.array([10.0, 4.0, 6.0, 3.0, 3.0]),
        category_feature=np.int32([1, 1, 1]),
        category_value=CODES,
        category_split=np.int32([0]),
        category_left=np.array([True, False, False]),
    )


def test_known_categories_choose_a_side_and_everything_else_is_missing(trees: TreeArrays) -> None:
    codes = [-1.0, 0.0, 2.0, 1.0, 0.5, -7.0, np.inf, np.nan]
    X = np.column_stack([np.zeros(len(codes)), codes])
    assert margin(trees, X).tolist() == [1.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_files_keep_categories_and_are_as_before_without_them(trees: TreeArrays) -> None:
    archive = open_archive(pack({}, to_mapping(trees)))
    found = read_arrays(archive, array_names("boosting", array_members(archive)))
    back = from_mapping("boosting", found)
    validate(back, 2)
    X = mixed_table(np.random.default_rng(0), 50, 2)
    assert margin(back, X).tolist() == margin(trees, X).tolist()
    plain = {name: np.empty(0, getattr(trees, name).dtype) for name in CATEGORY_ARRAYS}
    numbers = replace(trees, feature=np.int32([0, -1, 0, -1, -1]), **plain)
    assert not set(to_mapping(numbers)) & set(CATEGORY_ARRAYS)
    archive = open_archive(pack({}, to_mapping(numbers)))
    assert not set(array_names("boosting", array_members(archive))) & set(CATEGORY_ARRAYS)


def test_an_array_of_categories_calls_for_the_others(trees: TreeArrays) -> None:
    mapping = to_mapping(trees)
    del mapping["category_value"], mapping["category_left"]
    with pytest.raises(ModelFileError, match=r"2 problems[\s\S]*'category_value' is missing[\s\S]*'category_left'"):
        from_mapping("boosting", mapping)


CORRUPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "column too large": ({"category_feature": np.int32([1, 1, 2])}, "'category_feature' has 1 value.* outside 0 to 1"),
    "column too small": ({"category_feature": np.int32([-1, 1, 1])}, "'category_feature' has 1 value.* outside 0 to 1"),
    "value too few": ({"category_value": CODES[:2]}, "'category_value' has 2 values; expected 3"),
    "NaN category": ({"category_value": np.array([0.0, 1.0, np.nan])}, "'category_value' has 1 value.* not finite"),
    "category twice": ({"category_value": np.array([0.0, 0.0, 1.0])}, "'category_value' has 1 value.* out of order"),
    "too many categories": (
        {"category_feature": np.ones(1025, np.int32), "category_value": np.arange(1025.0)},
        "'category_feature' has 1 value.* with more than 1024 categories",
    ),
    "node too large": ({"category_split": np.int32([5])}, "'category_split' has 1 value.* outside 0 to 4"),
    "node too small": ({"category_split": np.int32([-5])}, "'category_split' has 1 value.* outside 0 to 4"),
    "node twice": ({"category_split": np.int32([0, 0])}, "'category_split' has 1 value.* out of order"),
    "a leaf": ({"category_split": np.int32([1])}, r"'category_split' has 2 value.*\(nodes\)"),
    "a number": ({"category_split": np.int32([0, 2])}, r"'category_split' has 1 value.*\(nodes\)"),
    "not listed": ({"category_split": np.int32([])}, r"'category_split' has 1 value.*\(nodes\)"),
    "sides too few": ({"category_left": np.array([True])}, "'category_left' has 1 values; expected 3"),
    "sides too many": ({"category_left": np.ones(4, bool)}, "'category_left' has 4 values; expected 3"),
    "wide column": ({"category_feature": np.int64([1, 1, 1])}, "'category_feature' is int64"),
    "sides as numbers": ({"category_left": np.zeros(3)}, "'category_left' is float64"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_damaged_categories_are_refused(trees: TreeArrays, name: str) -> None:
    validate(trees, 2)
    changes, expected = CORRUPTIONS[name]
    with pytest.raises(ModelFileError, match=expected):
        validate(replace(trees, **changes), 2)
