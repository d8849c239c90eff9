"""Two regressions to beat: age and status alone, and ten features that any authority has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from edgeofcare.exceptions import SpecError
from edgeofcare.models._baseline import Baseline, named_columns
from edgeofcare.models.learners import fit_learner, learner_margin
from edgeofcare.models.rows import canonical_order, check_aligned, two_classes

__all__ = ["AGE", "STATUSES", "TEN_FEATURES", "AgeAndStatus", "TenFeatures"]

AGE = "child.age"
STATUSES = ("cp_plan.active", "cin_plan.active", "early_help.active")
"""What tells the status of a child; a child with none of them is on a referral alone."""

TEN_FEATURES = (
    AGE,
    "cp_plan.active",
    "cin_plan.active",
    "referral.count.365d",
    "s47.count.365d",
    "missing.count.90d",
    "care.count.1095d",
    "offence.count.365d",
    "contact.source_6.count.365d",
    "assessment.factor_15A.count.1095d",
)
"""Age, plans, referrals, section 47 enquiries, missing episodes, past care, offences, contacts by the police, and
self-harm named in an assessment: what a practitioner would name first, fixed before any model was fitted."""

_STEPS = 200


class _Regression(Baseline):
    """A penalised logistic regression on a few named columns, fitted in an order that does not depend on the rows'."""

    C: float
    columns_used_: tuple[str, ...]

    def fit(self, X: pd.DataFrame, y: pd.Series | np.ndarray) -> Self:
        """Learn the regression; its risks are right on average for the training rows.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            Training rows with named columns.
        y : Series or array, shape (n_rows,)
            Outcome.

        Returns
        -------
        AgeAndStatus or TenFeatures
            Itself.

        Raises
        ------
        SpecError
            If the columns that it needs are missing, or the outcome does not have two classes.
        """
        frame = named_columns(X, type(self).__name__)
        self._choose(frame)
        check_aligned(X, y, independent_rows=True)
        self.classes_, outcome = two_classes(y)
        values = self._values(frame)
        order = canonical_order(values, outcome)
        self._learn(values[order], outcome[order])
        return self

    def margin(self, X: pd.DataFrame) -> np.ndarray:
        """Log-odds of the risk.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            Rows to rank.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Log-odds.

        Raises
        ------
        SpecError
            If a column that it was fitted with is missing.
        """
        check_is_fitted(self, "estimator_")
        frame = named_columns(X, type(self).__name__)
        if missing := [name for name in self.columns_used_ if name not in frame.columns]:
            msg = f"{type(self).__name__} was fitted with columns that X does not have: {', '.join(missing)}."
            raise SpecError(msg)
        return learner_margin(self.estimator_, self._design(self._values(frame)))

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of the two classes.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            Rows to score.

        Returns
        -------
        ndarray of float64, shape (n_rows, 2)
            Probability of each class.
        """
        risk = 1 / (1 + np.exp(-self.margin(X)))
        return np.column_stack([1.0 - risk, risk])

    def _values(self, frame: pd.DataFrame) -> np.ndarray:
        """The columns used, as float64."""
        return frame[list(self.columns_used_)].to_numpy(dtype=np.float64, na_value=np.nan)

    def _choose(self, frame: pd.DataFrame) -> None:
        """Set ``columns_used_``, or refuse the frame."""
        raise NotImplementedError

    def _learn(self, values: np.ndarray, outcome: np.ndarray) -> None:
        """Fit to rows in the canonical order, and set ``estimator_``."""
        raise NotImplementedError

    def _design(self, values: np.ndarray) -> np.ndarray:
        """What the fitted estimator sees of the columns."""
        raise NotImplementedError

    def _regression(self) -> LogisticRegression:
        """The regression, not fitted."""
        return LogisticRegression(C=self.C, solver="newton-cholesky", tol=1e-8, max_iter=_STEPS)


class AgeAndStatus(_Regression):
    """Read the risk from age in completed years and the open plans alone.

    Parameters
    ----------
    C : float, default 1.0
        Inverse strength of the penalty.

    Attributes
    ----------
    columns_used_ : tuple of str
        ``child.age`` and those of :data:`STATUSES` that are columns.
    ages_ : ndarray of float64
        Completed years seen in training; other ages count as the nearest.
    estimator_ : LogisticRegression
        One coefficient for each age and each plan.
    classes_ : ndarray, shape (2,)
        The two classes, sorted.

    Examples
    --------
    >>> X = pd.DataFrame({"child.age": [12.1, 12.9, 16.0, 16.5], "cp_plan.active": [0.0, 0.0, 0.0, 1.0]})
    >>> rule = AgeAndStatus().fit(X, np.array([0, 0, 0, 1]))
    >>> rule.ages_, (np.diff(rule.margin(X)) > 0).tolist()
    (array([12., 16.]), [False, True, True])
    """

    def __init__(self, *, C: float = 1.0) -> None:
        self.C = C

    def _choose(self, frame: pd.DataFrame) -> None:
        """Age, and the plans that are there."""
        plans = tuple(name for name in STATUSES if name in frame.columns)
        if AGE not in frame.columns or not plans:
            msg = f"AgeAndStatus needs the column {AGE} and at least one of {', '.join(STATUSES)} in X."
            raise SpecError(msg)
        self.columns_used_ = (AGE, *plans)

    def _learn(self, values: np.ndarray, outcome: np.ndarray) -> None:
        """One coefficient for each age and each plan."""
        years = np.floor(values[:, 0])
        self.ages_ = np.unique(years[np.isfinite(years)])
        self.estimator_ = fit_learner(self._regression(), self._design(values), outcome)

    def _design(self, values: np.ndarray) -> np.ndarray:
        """Whether the child is of each age, and on each plan; of an unknown age it is of none."""
        if not self.ages_.size:
            return np.nan_to_num(values[:, 1:] > 0).astype(np.float64)
        years = np.clip(np.floor(values[:, 0]), self.ages_[0], self.ages_[-1])
        known = np.isfinite(years)
        nearest = np.abs(np.where(known, years, 0.0)[:, None] - self.ages_).argmin(axis=1)
        of_age = (nearest[:, None] == np.arange(self.ages_.size)) & known[:, None]
        return np.hstack([of_age, values[:, 1:] > 0]).astype(np.float64)


class TenFeatures(_Regression):
    r"""A penalised regression on ten features that were fixed beforehand.

    Parameters
    ----------
    features : sequence of str, default TEN_FEATURES
        Columns to use where they are there.
    C : float, default 0.05
        Inverse strength of the penalty.

    Attributes
    ----------
    columns_used_ : tuple of str
        Features that are columns of the training rows.
    columns_missing_ : tuple of str
        Features that were left out because they are not.
    estimator_ : Pipeline
        Medians for unknown values with a flag for their absence, scaling, regression.
    classes_ : ndarray, shape (2,)
        The two classes, sorted.

    Notes
    -----
    Everything but age is entered as :math:`\log(1 + x)` (negative values as 0): the third missing episode says less
    than the first.

    Examples
    --------
    >>> X = pd.DataFrame({"child.age": [11.0, 14.0, 15.0, 16.0], "s47.count.365d": [0.0, 0.0, 1.0, 4.0]})
    >>> rule = TenFeatures().fit(X, np.array([0, 0, 1, 1]))
    >>> len(rule.columns_missing_), bool((np.diff(rule.margin(X)) > 0).all())
    (8, True)
    """

    def __init__(self, features: Sequence[str] = TEN_FEATURES, *, C: float = 0.05) -> None:
        self.features = features
        self.C = C

    def _choose(self, frame: pd.DataFrame) -> None:
        """The features that are there, and those that are not."""
        self.columns_used_ = tuple(name for name in self.features if name in frame.columns)
        self.columns_missing_ = tuple(name for name in self.features if name not in frame.columns)
        if not self.columns_used_:
            msg = f"TenFeatures needs at least one of these columns in X: {', '.join(self.features) or '(none)'}."
            raise SpecError(msg)

    def _learn(self, values: np.ndarray, outcome: np.ndarray) -> None:
        """Impute, scale and regress."""
        impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        steps = [("impute", impute), ("scale", StandardScaler()), ("regress", self._regression())]
        self.estimator_ = fit_learner(Pipeline(steps), self._design(values), outcome)

    def _design(self, values: np.ndarray) -> np.ndarray:
        """Age as it is, the rest as the logarithm of one more."""
        age = np.array([name == AGE for name in self.columns_used_])
        return np.where(age, values, np.log1p(np.maximum(values, 0.0)))
