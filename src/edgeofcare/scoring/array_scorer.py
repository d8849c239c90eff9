"""A saved model that scores rows of features with numpy alone."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.named_reference import compared_form
from edgeofcare.explanation.paths import PathForm
from edgeofcare.models.arrays import LinearArrays, margin
from edgeofcare.models.column_names import table_values
from edgeofcare.models.spread import CONFIDENCE, refit_log_odds, risk_interval
from edgeofcare.models.vocabulary import unseen_codes
from edgeofcare.saved_model import SavedModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ArrayScorer"]

FloatArray = npt.NDArray[np.float64]


class ArrayScorer(SavedModel):
    """A saved model that scores rows of features; :class:`edgeofcare.Scorer` scores records as well."""

    def margin(self, X: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """Log-odds before calibration.

        Parameters
        ----------
        X : DataFrame or array of float64, shape (n_rows, n_features)
            Features in the order of ``feature_names``; a DataFrame must have exactly these columns. NaN is unknown.
            Codes of a category, as text or pandas category in any order, need a DataFrame.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Margin of each row.

        Raises
        ------
        SpecError
            If columns are missing, reordered, renamed or not numeric, or a value is infinite.
        """
        return margin(self._arrays, self._table(X))

    def log_odds(self, X: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """Log-odds after calibration.

        Parameters
        ----------
        X : DataFrame or array of float64, shape (n_rows, n_features)
            As for :meth:`margin`.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            ``slope * margin + intercept``.
        """
        return self._calibration.log_odds(self.margin(X))

    def risk(self, X: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """Calibrated probability of entering care within the horizon.

        Parameters
        ----------
        X : DataFrame or array of float64, shape (n_rows, n_features)
            As for :meth:`margin`.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            What ``predict_proba`` of the trained model gives, within 1e-12.
        """
        return self._calibration.risk(self.margin(X))

    def risk_interval(self, X: pd.DataFrame | npt.ArrayLike, confidence: float = CONFIDENCE) -> FloatArray:
        """How far each risk moves when the model is fitted again on resampled households.

        Parameters
        ----------
        X : DataFrame or array of float64, shape (n_rows, n_features)
            As for :meth:`margin`.
        confidence : float, default 0.9
            Between 0 and 1.

        Returns
        -------
        ndarray of float64, shape (n_rows, 2)
            Lower and upper end: what ``risk_interval`` of the trained model gives, within 1e-12.

        Raises
        ------
        SpecError
            If the model has no refits, or ``confidence`` is not between 0 and 1.
        """
        if not self._refits:
            msg = "This model was saved without refits, so no interval is known. Fit it with refits=20 and save again."
            raise SpecError(msg)
        table = self._table(X)
        middle = self._calibration.log_odds(margin(self._arrays, table))
        return risk_interval(middle, refit_log_odds(self._refits, self.intercept, table), confidence)

    def contributions(self, X: pd.DataFrame | npt.ArrayLike) -> tuple[FloatArray, float]:
        """Split the calibrated log-odds of each row into what each feature adds.

        Parameters
        ----------
        X : DataFrame or array of float64, shape (n_rows, n_features)
            As for :meth:`margin`.

        Returns
        -------
        psi : ndarray of float64, shape (n_rows, n_features)
            Contributions in log-odds; each row adds up to its log-odds less the base.
        base : float
            Log-odds before any feature is known: those of the average child in training, or of ``reference``.
        """
        phi, base = contributions(self._paths, self._table(X))
        return self.slope * phi, self.slope * base + self.intercept

    def unseen(self, X: pd.DataFrame) -> dict[str, int]:
        """Count the rows with a code that the model does not know, by feature; it takes them as unknown.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            As for :meth:`margin`.

        Returns
        -------
        dict of str to int
            Every feature that is a category.
        """
        self._table(X)  # refuses other columns
        return {name: int(rows.sum()) for name, rows in unseen_codes(X, self._vocabularies).items()}

    @cached_property
    def _paths(self) -> PathForm | LinearArrays:
        """The model in the form that contributions are computed from, made once."""
        return compared_form(self._arrays, self._reference)

    def _table(self, X: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """X as a float64 table in the order of the features, or an error that says what is wrong."""
        return table_values(X, self.feature_names, self._vocabularies)
