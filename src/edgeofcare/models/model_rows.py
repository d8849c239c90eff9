"""Rows as the risk model takes them: their outcome, their counts, and their columns when they are scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from edgeofcare.exceptions import SpecError
from edgeofcare.models.learners import MOST_CODES
from edgeofcare.models.rows import RowGroups, two_classes
from edgeofcare.models.vocabulary import Vocabularies, in_numbers

__all__ = ["category_positions", "count_training", "outcome_classes", "same_columns"]


def outcome_classes(y: Any, *, independent_rows: bool) -> tuple[np.ndarray, np.ndarray]:
    """Classes, and whether each row has the second; 0 and 1 only for named rows.

    Parameters
    ----------
    y : array, shape (n_rows,)
        The outcome.
    independent_rows : bool
        Whether rows are unrelated, and any two classes will do.

    Returns
    -------
    classes : ndarray, shape (2,)
        Sorted.
    outcome : ndarray of bool, shape (n_rows,)
        Whether the row has the second class.

    Raises
    ------
    SpecError
        If there are not two classes, or others than 0 and 1 for named rows.

    Examples
    --------
    >>> outcome_classes(np.array([0, 1]), independent_rows=False)
    (array([0, 1]), array([False,  True]))
    """
    if independent_rows:
        return two_classes(y)
    if not np.isin(y, (0, 1)).all():
        msg = "y must hold 0 (did not enter care) and 1 (entered care) only. Label the cohort with label_outcome."
        raise SpecError(msg)
    return two_classes(np.asarray(y, dtype=np.int64))


def count_training(groups: RowGroups, y: np.ndarray) -> dict[str, int]:
    """Numbers of rows, children, households and entrants.

    Parameters
    ----------
    groups : RowGroups
        Household, child and day of each row.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.

    Returns
    -------
    dict of str to int
        Counts.

    Examples
    --------
    >>> one = np.array([0, 1])
    >>> count_training(RowGroups(one, one, one), np.array([True, False]))
    {'rows': 2, 'children': 2, 'households': 2, 'entrants': 1}
    """
    return {
        "rows": len(y),
        "children": int(np.unique(groups.child).size),
        "households": int(np.unique(groups.household).size),
        "entrants": int(np.unique(groups.child[y]).size),
    }


def same_columns(model: Any, X: Any) -> np.ndarray:
    """Values of X, if it has the training columns in their order; codes of categories as their numbers.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : DataFrame or array, shape (n_rows, n_features)
        Rows to score.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_features)
        Values.

    Raises
    ------
    SpecError
        If the columns are others, in another order, or hold categories where training had numbers, or the other way
        round.
    """
    X = in_numbers(X, model.vocabularies_)
    try:
        return np.asarray(validate_data(model, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False))
    except ValueError as error:
        if not str(error).startswith("The feature names should match"):
            raise
        msg = f"{error}\nPass the training columns in their order: X[model.feature_names_in_]."
        raise SpecError(msg) from None


def category_positions(X: Any, vocabularies: Vocabularies, kind: str) -> list[int]:
    """Positions of the columns of categories, if the model can tell so many codes apart.

    Parameters
    ----------
    X : DataFrame or array, shape (n_rows, n_features)
        Training rows.
    vocabularies : mapping of str to sequence of str
        Codes by column.
    kind : {"boosting", "logistic"}
        What the model is.

    Returns
    -------
    list of int
        Ascending.

    Raises
    ------
    SpecError
        If trees are to split on more codes than they can.

    Examples
    --------
    >>> import pandas as pd
    >>> category_positions(pd.DataFrame({"a": [1.0], "b": ["x"]}), {"b": ("x",)}, "boosting")
    [1]
    """
    many = [name for name, codes in vocabularies.items() if len(codes) > MOST_CODES and kind == "boosting"]
    if many:
        msg = (
            f"{len(many)} column(s) of categories have more than {MOST_CODES} different codes: {', '.join(many[:5])}. "
            "Boosting cannot split on so many; take rare codes together, or count those that matter."
        )
        raise SpecError(msg)
    return [place for place, name in enumerate(X.columns) if str(name) in vocabularies] if vocabularies else []
