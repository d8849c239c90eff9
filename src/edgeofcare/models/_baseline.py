"""What every baseline has in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from edgeofcare.exceptions import SpecError

__all__ = ["Baseline", "named_columns"]


class Baseline(ClassifierMixin, BaseEstimator):
    """Common part: two classes, and probabilities from one array."""

    classes_: np.ndarray

    def predict(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Class with a probability above one half.

        Parameters
        ----------
        X : DataFrame or array, shape (n_rows, n_features)
            Rows to classify.

        Returns
        -------
        ndarray, shape (n_rows,)
            One of ``classes_`` for each row.
        """
        second = self.predict_proba(X)[:, 1] > 0.5
        return self.classes_[second.astype(int)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the two classes."""
        raise NotImplementedError

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        """Two classes only; unknown values are allowed."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True
        tags.input_tags.allow_nan = True
        return tags


def named_columns(X: object, what: str) -> pd.DataFrame:
    """Return the frame itself; refuse what has no named columns."""
    if not isinstance(X, pd.DataFrame):
        msg = f"{what} reads columns by name; X is a {type(X).__name__}, expected a DataFrame."
        raise SpecError(msg)
    return X
