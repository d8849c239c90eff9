"""Random trees with numbers and categories, and what they mean worked out the slow way."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgeofcare.models.arrays import TreeArrays

CODES = np.array([-1.0, 0.0, 2.0])


def grow_mixed(
    rng: np.random.Generator, *, features: int, trees: int, depth: int, categories: Sequence[int] = (0,)
) -> TreeArrays:
    """Return random trees whose splits on some columns look at the categories CODES."""
    nodes: list[list[Any]] = []
    start, left_codes, by_category = [0], {}, []

    def add(cover: int, levels: int) -> int:
        here = len(nodes)
        nodes.append([-1, 0.0, -1, -1, False, 0.0, cover])
        if levels == 0 or cover < 2 or rng.random() < 0.15:
            nodes[here][5] = rng.normal()
            return here
        feature, part = int(rng.integers(features)), int(rng.integers(1, cover))
        threshold = np.inf if rng.random() < 0.1 else float(rng.integers(-2, 3))
        if feature in categories:
            threshold, left_codes[here] = 0.0, rng.random(len(CODES)) < 0.5
            by_category.append(here)
        left, right = add(part, levels - 1), add(cover - part, levels - 1)
        nodes[here] = [feature, threshold, left, right, rng.random() < 0.5, 0.0, cover]
        return here

    for _ in range(trees):
        add(int(rng.integers(1, 10_000)), depth)
        start.append(len(nodes))
    kinds = [np.int32, np.float64, np.int32, np.int32, np.bool_, np.float64, np.float64]
    columns = [np.array(column, dtype=kind) for column, kind in zip(zip(*nodes, strict=True), kinds, strict=True)]
    split = sorted(by_category)
    used = sorted({int(nodes[node][0]) for node in split})
    return TreeArrays(
        float(rng.normal()),
        np.array(start, dtype=np.int32),
        *columns,
        category_feature=np.repeat(used, len(CODES)).astype(np.int32),
        category_value=np.tile(CODES, len(used)).astype(np.float64),
        category_split=np.array(split, dtype=np.int32),
        category_left=np.concatenate([np.empty(0, bool), *(left_codes[node] for node in split)]),
    )


def mixed_table(rng: np.random.Generator, rows: int, features: int) -> np.ndarray:
    """Return whole numbers, so that many fall on a threshold or a category, with NaN and unknown categories."""
    return rng.choice([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, np.nan], size=(rows, features))


def goes_left(trees: TreeArrays, node: int, x: float) -> bool:
    """Where one value goes at one split, as a person would look it up."""
    listed = trees.category_split.tolist()
    if node not in listed:
        return bool(trees.missing_left[node] if np.isnan(x) else x <= trees.threshold[node])
    counts = [int((trees.category_feature == trees.feature[split]).sum()) for split in listed]
    first = sum(counts[: listed.index(node)])
    known = trees.category_value[trees.category_feature == trees.feature[node]].tolist()
    return bool(trees.category_left[first + known.index(x)] if x in known else trees.missing_left[node])


def follow(trees: TreeArrays, row: np.ndarray) -> float:
    """Return the margin of one row, as a person would follow the trees."""
    total = trees.baseline
    for node in trees.tree_start[:-1].tolist():
        while trees.feature[node] >= 0:
            left = goes_left(trees, node, row[trees.feature[node]])
            node = int((trees.left if left else trees.right)[node])
        total += trees.value[node]
    return float(total)


def weighed(trees: TreeArrays, row: np.ndarray, known: frozenset[int]) -> float:
    """Return the margin that is expected when only some features are known: weigh both sides of the other splits."""

    def below(node: int) -> float:
        feature = int(trees.feature[node])
        if feature < 0:
            return float(trees.value[node])
        if feature in known:
            return below(int((trees.left if goes_left(trees, node, row[feature]) else trees.right)[node]))
        sides = (int(trees.left[node]), int(trees.right[node]))
        return float(sum(trees.cover[side] * below(side) for side in sides) / trees.cover[node])

    return trees.baseline + sum(map(below, trees.tree_start[:-1].tolist()))


def shapley(game: Callable[[frozenset[int]], float], players: Sequence[Sequence[int]]) -> list[float]:
    """Return Shapley values from their definition; each player brings some features."""
    count = len(players)
    values = []
    for j in range(count):
        others = [k for k in range(count) if k != j]
        total = 0.0
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for chosen in itertools.combinations(others, size):
                known = frozenset(feature for k in chosen for feature in players[k])
                total += weight * (game(known | frozenset(players[j])) - game(known))
        values.append(total)
    return values
