"""Arrays of a model: what they mean, that they travel, and that damaged ones are refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.models.arrays import LinearArrays, TreeArrays, check_table, from_mapping, margin, to_mapping, validate


def grow(rng: np.random.Generator, *, features: int, trees: int, depth: int) -> TreeArrays:
    """Return random trees, some of them a single leaf, whose covers add up."""
    nodes: list[list[float]] = []
    start = [0]

    def add(cover: int, levels: int) -> int:
        here = len(nodes)
        nodes.append([-1, 0.0, -1, -1, False, 0.0, cover])
        if levels == 0 or cover < 2 or rng.random() < 0.2:
            nodes[here][5] = rng.normal()
            return here
        threshold = np.inf if rng.random() < 0.1 else float(rng.integers(-2, 3))
        part = int(rng.integers(1, cover))
        left, right = add(part, levels - 1), add(cover - part, levels - 1)
        nodes[here] = [rng.integers(features), threshold, left, right, rng.random() < 0.5, 0.0, cover]
        return here

    for _ in range(trees):
        add(int(rng.integers(1, 1000)), depth)
        start.append(len(nodes))
    feature, threshold, left, right, missing_left, value, cover = zip(*nodes, strict=True)
    return TreeArrays(
        baseline=float(rng.normal()),
        tree_start=np.array(start, dtype=np.int32),
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold, dtype=np.float64),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        missing_left=np.array(missing_left, dtype=bool),
        value=np.array(value, dtype=np.float64),
        cover=np.array(cover, dtype=np.float64),
    )


def table(rng: np.random.Generator, rows: int, features: int) -> np.ndarray:
    """Return whole numbers, so that many fall on a threshold, with NaN and infinities among them."""
    return rng.choice([-np.inf, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, np.inf, np.nan], size=(rows, features))


def walk_by_hand(trees: TreeArrays, row: np.ndarray) -> float:
    """Return the margin of one row, as a person would follow the trees."""
    total = trees.baseline
    for node in trees.tree_start[:-1]:
        while trees.feature[node] >= 0:
            x = row[trees.feature[node]]
            left = trees.missing_left[node] if np.isnan(x) else x <= trees.threshold[node]
            node = (trees.left if left else trees.right)[node]
        total += trees.value[node]
    return float(total)


@pytest.fixture
def trees() -> TreeArrays:
    """Two trees of 5 and 3 nodes: the first splits on column 0, then on column 1; the second on column 2.

    ::

          0            5
         / \\          / \\
        1   2        6   7
           / \\
          3   4
    """
    return TreeArrays(
        baseline=-1.5,
        tree_start=np.int32([0, 5, 8]),
        feature=np.int32([0, -1, 1, -1, -1, 2, -1, -1]),
        threshold=np.array([0.5, 0, 2.0, 0, 0, np.inf, 0, 0]),
        left=np.int32([1, -1, 3, -1, -1, 6, -1, -1]),
        right=np.int32([2, -1, 4, -1, -1, 7, -1, -1]),
        missing_left=np.array([True, False, False, False, False, False, False, False]),
        value=np.array([0, -0.5, 0, 0.25, 1.0, 0, -0.125, 0.125]),
        cover=np.array([100.0, 60, 40, 30, 10, 100, 90, 10]),
    )


@pytest.fixture
def linear() -> LinearArrays:
    return LinearArrays(
        impute=np.array([2.0, 0.0]),
        center=np.array([1.0, -1.0]),
        weight=np.array([0.5, 3.0]),
        missing_weight=np.array([0.25, 0.0]),
        missing_center=np.array([0.5, 0.0]),
        intercept=-2.0,
    )


def test_a_row_collects_one_leaf_from_each_tree(trees: TreeArrays) -> None:
    nan = np.nan
    X = np.array([[0.5, 9, 1], [0.6, 2, 1], [0.6, nan, 1], [nan, nan, nan], [0.6, 2.1, np.inf]])
    assert margin(trees, X).tolist() == [-2.125, -1.375, -0.625, -1.875, -0.625]


def test_a_linear_margin_is_its_formula(linear: LinearArrays) -> None:
    X = np.array([[3.0, 1.0], [np.nan, -1.0]])
    seen = -2 + 0.5 * (3 - 1) + 3 * (1 + 1) - 0.25 * 0.5
    missing = -2 + 0.5 * (2 - 1) + 0.25 * (1 - 0.5)
    assert margin(linear, X).tolist() == [seen, missing]


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 5), st.integers(0, 6))
def test_random_trees_are_followed_exactly(seed: int, features: int, count: int, depth: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow(rng, features=features, trees=count, depth=depth)
    X = table(rng, 7, features)
    assert margin(arrays, X).tolist() == [walk_by_hand(arrays, row) for row in X]


def test_a_row_scores_the_same_alone_and_in_any_block_or_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    arrays = grow(rng, features=3, trees=20, depth=6)
    X = table(rng, 50, 3)
    whole = margin(arrays, X)
    assert [margin(arrays, row[None])[0] for row in X] == whole.tolist()
    monkeypatch.setattr("edgeofcare.models.arrays._BLOCK", 1000)
    assert margin(arrays, np.asfortranarray(X)).tolist() == whole.tolist()


def test_no_rows_give_no_margins(trees: TreeArrays, linear: LinearArrays) -> None:
    assert margin(trees, np.empty((0, 3))).shape == (0,)
    assert margin(linear, np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize("shape", [(2, 2), (3,), (1, 1, 3)])
def test_rows_without_the_columns_of_the_trees_are_refused(trees: TreeArrays, shape: tuple[int, ...]) -> None:
    with pytest.raises(SpecError, match="expects rows by at least 3 feature columns"):
        margin(trees, np.zeros(shape))


@pytest.mark.parametrize("columns", [1, 3])
def test_rows_must_fit_a_linear_model_exactly(linear: LinearArrays, columns: int) -> None:
    with pytest.raises(SpecError, match="expects rows by 2 feature columns"):
        margin(linear, np.zeros((4, columns)))


def test_check_table_makes_float64_in_c_order() -> None:
    made = check_table(2, np.asfortranarray(np.ones((3, 2), dtype=np.float32)))
    assert made.dtype == np.float64
    assert made.flags.c_contiguous


def test_reprs_count_and_quote_nothing(trees: TreeArrays, linear: LinearArrays) -> None:
    assert repr(trees) == "TreeArrays(2 trees, 8 nodes)"
    assert repr(linear) == "LinearArrays(2 features)"


@pytest.mark.parametrize("name", ["trees", "linear"])
def test_arrays_survive_an_npz_file(name: str, request: pytest.FixtureRequest) -> None:
    arrays: TreeArrays | LinearArrays = request.getfixturevalue(name)
    file = io.BytesIO()
    np.savez(file, **to_mapping(arrays))
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        back = from_mapping(arrays.kind, stored)
    assert type(back) is type(arrays)
    validate(back, 3 if name == "trees" else 2)
    for key, array in to_mapping(arrays).items():
        copy = to_mapping(back)[key]
        assert copy.dtype == array.dtype
        np.testing.assert_array_equal(copy, array)


def test_unknown_kinds_and_names_are_refused(linear: LinearArrays) -> None:
    mapping = to_mapping(linear)
    with pytest.raises(ModelFileError, match="unknown kind of model"):
        from_mapping("forest", mapping)
    del mapping["weight"]
    mapping["extra"] = np.zeros(1)
    mapping["intercept"] = np.zeros(1)
    with pytest.raises(ModelFileError) as caught:
        from_mapping("logistic", mapping)
    message = str(caught.value)
    assert "(3 problems)" in message
    assert "array 'weight' is missing" in message
    assert "1 array(s) have a name that this kind of model does not use" in message
    assert "array 'intercept' is float64 with 1 dimension(s); expected float64 with 0 dimension(s)" in message


def change(name: str, place: int, value: float) -> Callable[[TreeArrays], dict[str, Any]]:
    """Return a corruption that writes one value."""

    def changed(trees: TreeArrays) -> dict[str, Any]:
        array = getattr(trees, name).copy()
        array[place] = value
        return {name: array}

    return changed


def island(trees: TreeArrays) -> dict[str, Any]:
    """Make node 2 its own child and give the root its leaf 3: every node keeps exactly one parent."""
    return change("right", 0, 3)(trees) | change("left", 2, 2)(trees)


CORRUPTIONS = {
    "child before its tree": (change("left", 5, 4), "'left' has 1 value.* outside the split's own tree"),
    "child beyond the arrays": (change("right", 5, 8), "'right' has 1 value.* outside the split's own tree"),
    "negative child": (change("right", 2, -1), "'right' has 1 value.* outside the split's own tree"),
    "cycle to the root": (change("left", 2, 0), "not reached exactly once"),
    "split that is its own child": (change("left", 2, 2), "not reached exactly once"),
    "two parents": (change("right", 0, 1), "not reached exactly once"),
    "cycle away from the root": (island, "not reached exactly once"),
    "leaf with a child": (change("left", 1, 3), "give a leaf a child"),
    "feature too large": (change("feature", 0, 3), "'feature' has 1 value.* outside -1 to 2"),
    "feature too small": (change("feature", 0, -2), "'feature' has 1 value.* outside -1 to 2"),
    "leaf made of a split": (change("feature", 2, -1), "give a leaf a child"),
    "NaN leaf": (change("value", 1, np.nan), "'value' has 1 value.* not finite"),
    "infinite leaf": (change("value", 1, np.inf), "'value' has 1 value.* not finite"),
    "NaN threshold": (change("threshold", 0, np.nan), r"'threshold' has 1 value.* neither finite nor \+inf"),
    "threshold of -inf": (change("threshold", 0, -np.inf), r"'threshold' has 1 value.* neither finite nor \+inf"),
    "no cover": (change("cover", 1, 0), "'cover' has 1 value.* not positive"),
    "NaN cover": (change("cover", 1, np.nan), "'cover' has 1 value.* not positive"),
    "cover that does not add up": (change("cover", 1, 61), "'cover' has 1 value.* do not add up"),
    "infinite baseline": (lambda _: {"baseline": np.inf}, "'baseline' has 1 value.* not finite"),
    "whole number as baseline": (lambda _: {"baseline": 1}, "'baseline' is int64"),
    "truncated values": (lambda trees: {"value": trees.value[:-1]}, "'value' has 7 nodes; array 'feature' has 8"),
    "lost tree": (lambda trees: {"tree_start": trees.tree_start[:-1]}, "'tree_start' does not rise from 0 to 8"),
    "empty tree": (lambda _: {"tree_start": np.int32([0, 5, 5, 8])}, "'tree_start' does not rise"),
    "trees out of order": (lambda _: {"tree_start": np.int32([0, 9, 8])}, "'tree_start' does not rise"),
    "no trees": (lambda _: {"tree_start": np.int32([])}, "'tree_start' does not rise"),
    "wide links": (lambda trees: {"left": trees.left.astype(np.int64)}, "'left' is int64 .* expected int32"),
    "narrow values": (lambda trees: {"value": trees.value.astype(np.float32)}, "'value' is float32"),
    "objects": (lambda trees: {"value": trees.value.astype(object)}, "'value' is object"),
    "two dimensions": (lambda trees: {"cover": trees.cover[:, None]}, "expected float64 with 1 dimension"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_damaged_trees_are_refused(trees: TreeArrays, name: str) -> None:
    validate(trees, 3)
    corrupt, expected = CORRUPTIONS[name]
    with pytest.raises(ModelFileError, match=expected):
        validate(replace(trees, **corrupt(trees)), 3)


def test_all_problems_are_told_at_once_with_what_to_do(trees: TreeArrays) -> None:
    damaged = replace(trees, baseline=np.nan, **change("value", 0, np.inf)(trees), **change("feature", 0, 7)(trees))
    with pytest.raises(ModelFileError) as caught:
        validate(damaged, 3)
    message = str(caught.value)
    assert "(3 problems)" in message
    assert message.count("\n  - ") == 3
    assert "take a fresh copy" in message


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"weight": np.array([1.0, np.nan])}, "'weight' has 1 value.* not finite"),
        ({"impute": np.array([1.0])}, "'impute' has 1 values; expected 2"),
        ({"intercept": -np.inf}, "'intercept' has 1 value.* not finite"),
        ({"center": np.float32([1.0, 2.0])}, "'center' is float32"),
    ],
)
def test_damaged_weights_are_refused(linear: LinearArrays, changes: dict[str, Any], expected: str) -> None:
    validate(linear, 2)
    with pytest.raises(ModelFileError, match=expected):
        validate(replace(linear, **changes), 2)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_random_trees_are_valid_and_random_links_are_refused_or_harmless(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow(rng, features=3, trees=3, depth=4)
    validate(arrays, 3)
    name = rng.choice(["left", "right", "feature"])
    place = int(rng.integers(len(arrays.feature)))
    damaged = replace(arrays, **change(name, place, int(rng.integers(-3, len(arrays.feature) + 2)))(arrays))
    try:
        validate(damaged, 3)
    except ModelFileError:
        return
    X = table(rng, 5, 3)
    assert margin(damaged, X).tolist() == [walk_by_hand(damaged, row) for row in X]


def test_a_cycle_that_nobody_checked_for_still_ends(trees: TreeArrays) -> None:
    assert margin(replace(trees, **change("left", 2, 0)(trees)), np.ones((2, 3))).shape == (2,)


def test_a_leaf_shared_by_two_splits_is_refused() -> None:
    leaf, two = [0.0, 0.0], np.int32([-1, -1])
    shared = TreeArrays(
        baseline=0.0,
        tree_start=np.int32([0, 4]),
        feature=np.int32([0, 0, *two]),
        threshold=np.array([1.0, 2.0, *leaf]),
        left=np.int32([1, 2, *two]),
        right=np.int32([3, 3, *two]),
        missing_left=np.zeros(4, dtype=bool),
        value=np.ones(4),
        cover=np.array([8.0, 5.0, 2.0, 3.0]),
    )
    with pytest.raises(ModelFileError, match=r"1 value.* not reached exactly once"):
        validate(shared, 1)
