"""What a fitted risk model says of rows: margin, log-odds, risk, interval, and codes that it did not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from edgeofcare.models.learners import learner_margin
from edgeofcare.models.model_rows import same_columns
from edgeofcare.models.refits import refit_spread
from edgeofcare.models.rows import check_columns, check_row_names
from edgeofcare.models.spread import CONFIDENCE, risk_interval
from edgeofcare.models.vocabulary import unseen_codes

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.models.recalibration import Recalibration

__all__ = ["Scoring"]


class Scoring:
    """The half of :class:`edgeofcare.RiskClassifier` that scores."""

    independent_rows: bool
    estimator_: Any
    calibration_: Recalibration
    classes_: np.ndarray
    vocabularies_: Mapping[str, tuple[str, ...]]

    def margin(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Log-odds before calibration.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            The columns of the training rows, in their order.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Margin of each row, the same whichever rows stand beside it.

        Raises
        ------
        IndexNamesError
            If the rows have no names.
        SpecError
            If the columns are not those of the training rows.
        """
        self._check_rows(X)
        return learner_margin(self.estimator_, same_columns(self, X))

    def log_odds(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Log-odds after calibration.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            The columns of the training rows, in their order.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            ``slope * margin + intercept``.
        """
        margin = self.margin(X)
        return self.calibration_.log_odds(margin)

    def decision_function(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Log-odds after calibration, under the name that scikit-learn looks for.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            The columns of the training rows, in their order.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            The same as :meth:`log_odds`.
        """
        return self.log_odds(X)

    def predict_proba(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Calibrated risk.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            The columns of the training rows, in their order.

        Returns
        -------
        ndarray of float64, shape (n_rows, 2)
            Probability of staying out of care and of entering care; never exactly 0 or 1.
        """
        margin = self.margin(X)
        risk = self.calibration_.risk(margin)
        return np.column_stack([1.0 - risk, risk])

    def risk_interval(self, X: pd.DataFrame | np.ndarray, confidence: float = CONFIDENCE) -> np.ndarray:
        """How far each risk moves when the model is fitted again on resampled households.

        It is the chance of who happened to be in the training rows, and no other doubt: not whether risk drifts,
        what the records leave out, or what becomes of this child.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            The columns of the training rows, in their order.
        confidence : float, default 0.9
            Between 0 and 1; 20 refits can bear no more than the default.

        Returns
        -------
        ndarray of float64, shape (n_rows, 2)
            Lower and upper end, with the risk between them.

        Raises
        ------
        SpecError
            If the model has no refits, or ``confidence`` is not between 0 and 1.
        """
        middle, spread = self.log_odds(X), refit_spread(self, same_columns(self, X))
        return risk_interval(middle, spread, confidence)

    def predict(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Class with the larger probability.

        Entry into care is rare, so this is nearly always 0. Rank by risk instead.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            The columns of the training rows, in their order.

        Returns
        -------
        ndarray, shape (n_rows,)
            One of ``classes_`` for each row.
        """
        second = self.log_odds(X) > 0
        return self.classes_[second.astype(int)]

    def unseen(self, X: pd.DataFrame | np.ndarray) -> dict[str, int]:
        """Count the rows with a code that the model does not know, by column.

        Fewer than 10 training children had such a code, perhaps none. To the model it is the same as an unknown value.
        It may be new, rare, or a mistake in the extract.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            The columns of the training rows.

        Returns
        -------
        dict of str to int
            Every column of categories; empty where the model has none.
        """
        self._check_rows(X)
        same_columns(self, X)
        return {name: int(rows.sum()) for name, rows in unseen_codes(X, self.vocabularies_).items()}

    def _check_rows(self, X: pd.DataFrame | np.ndarray) -> None:
        """Refuse rows without names, and columns that no model takes."""
        check_is_fitted(self, "estimator_")
        if not self.independent_rows:
            check_row_names(X)
        check_columns(X, self.vocabularies_)
