"""The regression as a pipeline: unknown values filled in and flagged, numbers scaled, categories one column each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

__all__ = ["CODE_STEPS", "NUMBER_STEPS", "regression"]

NUMBER_STEPS: dict[str, type] = {"impute": SimpleImputer, "scale": StandardScaler}
"""What is done to columns of numbers, before the step "regress"."""
CODE_STEPS: dict[str, type] = {"known": OrdinalEncoder, "encode": OneHotEncoder, "centre": StandardScaler}
"""What is done to columns of categories."""


def regression(regress: LogisticRegression, n_features: int = 0, categories: Sequence[int] = ()) -> Pipeline:
    """Put a regression behind what makes numbers of its columns.

    Parameters
    ----------
    regress : LogisticRegression
        The last step, not fitted.
    n_features : int
        Columns; needed with categories.
    categories : sequence of int
        Positions of the columns that hold categories, as numbers; all others hold numbers.

    Returns
    -------
    Pipeline
        The steps are "impute", "scale" and "regress"; with categories "columns" and "regress".

    Notes
    -----
    A category is a column of its own that is not scaled, so that the penalty draws what a rare one adds towards
    nothing, as it should: scaled, a category of three rows would weigh as freely as one of half of them. Unknown is a
    column too where training rows were unknown. A category that the regression did not see is the same as unknown.

    Examples
    --------
    >>> model = regression(LogisticRegression(), 2, categories=[0])
    >>> X = np.array([[0.0, 1.0], [1.0, 2.0], [np.nan, 0.0], [0.0, 3.0]])
    >>> model.fit(X, [0, 1, 0, 1])[-1].coef_.shape
    (1, 4)
    """
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    numbers = [("impute", impute), ("scale", StandardScaler())]
    if not categories:
        return Pipeline([*numbers, ("regress", regress)])
    codes = [
        ("known", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)),
        ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ("centre", StandardScaler(with_std=False)),
    ]
    others = [column for column in range(n_features) if column not in set(categories)]
    parts = [("numbers", Pipeline(numbers), others)] if others else []
    columns = ColumnTransformer([*parts, ("codes", Pipeline(codes), list(categories))])
    return Pipeline([("columns", columns), ("regress", regress)])
