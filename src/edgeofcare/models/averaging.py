"""Several models whose margins are averaged, as one model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.models._walk import categories_of
from edgeofcare.models.arrays import TreeArrays

__all__ = ["average_arrays"]


def average_arrays(models: Sequence[TreeArrays]) -> TreeArrays:
    r"""Return one forest whose margin is the mean of the margins of several.

    Parameters
    ----------
    models : sequence of TreeArrays
        Trusted arrays of models on the same columns, such as those of cross-validation. A column that holds categories
        in one of them must not hold numbers in another.

    Returns
    -------
    TreeArrays
        All trees after one another, in the order of the models.

    Raises
    ------
    SpecError
        If there is no model, or a column holds categories in some of them only.

    Notes
    -----
    The mean of :math:`K` margins is one sum over all trees, with every leaf divided by :math:`K` and the mean of the
    baselines. Contributions are linear in the leaves, so those of the forest are the means of those of its members, and
    a line from margin to calibrated log-odds leaves them exact. A mean of *probabilities* has no such form.

    A category that one model knows and another does not is missing to the other, as it was before.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeofcare.models.arrays import margin
    >>> leaf = np.int32([-1])
    >>> one, two = (
    ...     TreeArrays(baseline, np.int32([0, 1]), leaf, np.zeros(1), leaf, leaf, np.array([False]), np.array([0.5]),
    ...                np.array([10.0]))
    ...     for baseline in (-3.0, -2.0)
    ... )
    >>> both = average_arrays([one, two])
    >>> both
    TreeArrays(2 trees, 2 nodes)
    >>> margin(both, np.zeros((1, 1))).tolist()
    [-2.0]
    """
    if not models:
        msg = "There is no model to average; expected the arrays of one or more."
        raise SpecError(msg)
    _refuse_mixed_columns(models)
    first = np.cumsum([0, *(len(model.feature) for model in models)])[:-1].tolist()

    def joined(name: str) -> npt.NDArray:
        """Return an array of every model, one after another."""
        return np.concatenate([getattr(model, name) for model in models])

    def moved(name: str) -> npt.NDArray:
        """Return positions of nodes in the joined arrays; -1 stays."""
        parts = [getattr(model, name) for model in models]
        return np.concatenate([np.where(part < 0, -1, part + at) for part, at in zip(parts, first, strict=True)])

    starts = [model.tree_start[:-1] + at for model, at in zip(models, first, strict=True)]
    return TreeArrays(
        baseline=math.fsum(model.baseline for model in models) / len(models),
        tree_start=np.append(np.concatenate(starts), sum(len(model.feature) for model in models)).astype(np.int32),
        feature=joined("feature"),
        threshold=joined("threshold"),
        left=moved("left").astype(np.int32),
        right=moved("right").astype(np.int32),
        missing_left=joined("missing_left"),
        value=joined("value") / len(models),
        cover=joined("cover"),
        **_joined_categories(models, moved("category_split").astype(np.int32)),
    )


def _refuse_mixed_columns(models: Sequence[TreeArrays]) -> None:
    """Raise where a column is split as a number here and as categories there."""
    numbers: set[int] = set()
    categories: set[int] = set()
    for model in models:
        by_category = np.zeros(len(model.feature), dtype=np.bool_)
        by_category[model.category_split] = True
        numbers.update(model.feature[(model.feature >= 0) & ~by_category].tolist())
        categories.update(model.feature[by_category].tolist())
    if both := len(numbers & categories):
        msg = (
            f"{both} column(s) hold categories in some of the models and numbers in others, so their trees cannot "
            "stand together. Fit them with the same categorical_features."
        )
        raise SpecError(msg)


def _joined_categories(models: Sequence[TreeArrays], split: npt.NDArray[np.int32]) -> dict[str, npt.NDArray]:
    """Return the arrays of categories over all that any model knows."""
    if not len(split):
        return {}
    pairs = np.unique(
        np.concatenate([np.column_stack([model.category_feature, model.category_value]) for model in models]), axis=0
    )
    sides = []
    for model in models:
        if (found := categories_of(model)) is None:
            continue
        for left, of in zip(found.left, found.of.tolist(), strict=True):
            known, column = found.values[of], found.column[of]
            wanted = pairs[pairs[:, 0] == column, 1]
            place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            sides.append(left[np.where(known[place] == wanted, place, -1)])
    return {
        "category_feature": pairs[:, 0].astype(np.int32),
        "category_value": pairs[:, 1].copy(),
        "category_split": split,
        "category_left": np.concatenate(sides),
    }
