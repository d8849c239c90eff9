"""What a risk model has to beat: the prevalence, a count of plain rules, age and status, and ten features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.utils.validation import check_is_fitted, validate_data

from edgeofcare.exceptions import SpecError
from edgeofcare.models._baseline import Baseline, named_columns
from edgeofcare.models.regressions import AGE, STATUSES, TEN_FEATURES, AgeAndStatus, TenFeatures
from edgeofcare.models.rows import check_aligned, refuse_unknown_outcomes, two_classes

__all__ = ["DEFAULT_RULES", "CountRule", "PrevalenceBaseline", "Rule", "fit_baselines"]


class Rule(NamedTuple):
    """One point of the count rule.

    Parameters
    ----------
    feature : str
        Name of a feature column.
    at_least : float
        The point is given if the feature is this or more. An unknown value gives no point.
    sentence : str
        The rule in words.
    """

    feature: str
    at_least: float
    sentence: str


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule("referral.count.365d", 2, "Two or more referrals in the last 12 months"),
    Rule("cp_plan.active", 1, "An active child protection plan"),
    Rule("missing.count.90d", 3, "Three or more missing episodes in the last 90 days"),
    Rule("care.count.1095d", 1, "A period of care in the last three years"),
    Rule("s47.count.365d", 1, "A section 47 enquiry in the last 12 months"),
)


class PrevalenceBaseline(Baseline):
    """Give every child the share of training rows that were followed by care.

    Attributes
    ----------
    prevalence_ : float
        Share of training rows with the second class.
    classes_ : ndarray, shape (2,)
        The two classes, sorted.
    n_features_in_ : int
        Columns seen in training.
    feature_names_in_ : ndarray of str
        Their names, if they had names.

    Examples
    --------
    >>> PrevalenceBaseline().fit(np.zeros((4, 1)), np.array([0, 0, 0, 1])).predict_proba(np.ones((1, 1)))
    array([[0.75, 0.25]])
    """

    def fit(self, X: pd.DataFrame | np.ndarray, y: pd.Series | np.ndarray) -> PrevalenceBaseline:
        """Remember the prevalence.

        Parameters
        ----------
        X : DataFrame or array, shape (n_rows, n_features)
            Training rows; their values are not used.
        y : Series or array, shape (n_rows,)
            Outcome.

        Returns
        -------
        PrevalenceBaseline
            Itself.

        Raises
        ------
        SpecError
            If the outcome does not have two classes.
        """
        refuse_unknown_outcomes(y)
        _, y = validate_data(
            self, _without_codes(X), y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        self.classes_, outcome = two_classes(y)
        self.prevalence_ = float(outcome.mean())
        return self

    def predict_proba(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Probabilities of the two classes.

        Parameters
        ----------
        X : DataFrame or array, shape (n_rows, n_features)
            Rows to score.

        Returns
        -------
        ndarray of float64, shape (n_rows, 2)
            The same two numbers in every row.
        """
        check_is_fitted(self)
        X = validate_data(self, _without_codes(X), dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return np.tile([1.0 - self.prevalence_, self.prevalence_], (len(X), 1))


def _without_codes(X: pd.DataFrame | np.ndarray) -> pd.DataFrame | np.ndarray:
    """X with nothing in its columns of categories and text, where only rows are counted."""
    if not isinstance(X, pd.DataFrame):
        return X
    codes = [name for name, dtype in X.dtypes.items() if not pd.api.types.is_numeric_dtype(dtype)]
    numbers = X.copy(deep=False)
    for name in codes:
        numbers[name] = np.nan
    return numbers


class CountRule(Baseline):
    r"""Count how many of a few plain rules a child meets, and read the risk from past children with that count.

    Parameters
    ----------
    rules : tuple of Rule, default DEFAULT_RULES
        One point each: feature, smallest value, sentence.
    shrinkage : float, default 50.0
        The rate of each count is drawn towards the prevalence as if this many more rows had been seen there.

    Attributes
    ----------
    rules_used_ : tuple of Rule
        Rules whose feature is a column of the training rows.
    rules_missing_ : tuple of Rule
        Rules that were left out because it is not.
    risk_by_count_ : ndarray of float64, shape (n_rules_used + 1,)
        Risk of a child who meets 0, 1, 2, ... rules; never falling.
    prevalence_ : float
        Share of training rows with the second class.
    classes_ : ndarray, shape (2,)
        The two classes, sorted.

    Notes
    -----
    The rate of count s with k entries in n rows is :math:`(k + m \pi)/(n + m)` with the prevalence :math:`\pi`
    and shrinkage m; a weighted isotonic regression then makes it never fall with the count. Counts that no
    training row has take the risk between or beside their neighbours.

    Examples
    --------
    >>> X = pd.DataFrame({"cp_plan.active": [0.0, 0.0, 1.0, 1.0], "s47.count.365d": [0.0, np.nan, 0.0, 2.0]})
    >>> rule = CountRule(shrinkage=0.0).fit(X, np.array([0, 0, 1, 1]))
    >>> rule.count(X), rule.risk_by_count_
    (array([0, 0, 1, 2]), array([0., 1., 1.]))
    """

    def __init__(self, rules: tuple[Rule, ...] = DEFAULT_RULES, *, shrinkage: float = 50.0) -> None:
        self.rules = rules
        self.shrinkage = shrinkage

    def fit(self, X: pd.DataFrame, y: pd.Series | np.ndarray) -> CountRule:
        """Learn the risk of each count.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            Training rows with named columns.
        y : Series or array, shape (n_rows,)
            Outcome.

        Returns
        -------
        CountRule
            Itself.

        Raises
        ------
        SpecError
            If no rule has its feature among the columns, or the outcome does not have two classes.
        """
        present = named_columns(X, "The count rule").columns
        rules = tuple(Rule(*rule) for rule in self.rules)
        self.rules_used_ = tuple(rule for rule in rules if rule.feature in present)
        self.rules_missing_ = tuple(rule for rule in rules if rule.feature not in present)
        if not self.rules_used_:
            wanted = ", ".join(rule.feature for rule in rules)
            msg = f"The count rule needs at least one of these columns in X: {wanted or '(there are no rules)'}."
            raise SpecError(msg)
        check_aligned(X, y, independent_rows=True)
        self.classes_, outcome = two_classes(y)
        self.prevalence_ = float(outcome.mean())
        self.risk_by_count_ = self._risk_by_count(self.count(X), outcome)
        return self

    def count(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """How many of the rules each child meets.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            Rows to count.

        Returns
        -------
        ndarray of int64, shape (n_rows,)
            From 0 to the number of ``rules_used_``.

        Raises
        ------
        SpecError
            If the column of a rule is missing.
        """
        check_is_fitted(self, "rules_used_")
        frame = named_columns(X, "The count rule")
        if missing := [rule.feature for rule in self.rules_used_ if rule.feature not in frame.columns]:
            msg = f"The count rule was fitted with columns that X does not have: {', '.join(missing)}."
            raise SpecError(msg)
        count = np.zeros(len(frame), dtype=np.int64)
        for rule in self.rules_used_:
            count += frame[rule.feature].to_numpy(dtype=np.float64, na_value=np.nan) >= rule.at_least
        return count

    def margin(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """The count itself, to rank children by: its risk may be the same for several counts.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            Rows to rank.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            From 0 to the number of ``rules_used_``. Not log-odds, as a risk model's margin is.

        Raises
        ------
        SpecError
            If the column of a rule is missing.
        """
        return self.count(X).astype(np.float64)

    def predict_proba(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
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
        check_is_fitted(self)
        risk = self.risk_by_count_[self.count(X)]
        return np.column_stack([1.0 - risk, risk])

    def _risk_by_count(self, count: np.ndarray, outcome: np.ndarray) -> np.ndarray:
        """Shrunk rate of each count, made to rise with it."""
        possible = len(self.rules_used_) + 1
        rows = np.bincount(count, minlength=possible)
        entries = np.bincount(count, weights=outcome, minlength=possible)
        seen = np.flatnonzero(rows)
        weight = rows[seen] + self.shrinkage
        rate = (entries[seen] + self.shrinkage * self.prevalence_) / weight
        rising = IsotonicRegression(out_of_bounds="clip").fit(seen, rate, sample_weight=weight)
        return np.asarray(rising.predict(np.arange(possible)), dtype=np.float64)


def fit_baselines(
    X: pd.DataFrame | np.ndarray, y: np.ndarray, *, rules: Sequence[Rule] | None = None
) -> dict[str, Baseline]:
    """Fit the rules to beat on the rows of the model.

    Parameters
    ----------
    X : DataFrame or ndarray, shape (n_rows, n_features)
        Training rows.
    y : ndarray, shape (n_rows,)
        Their outcome.
    rules : sequence of Rule, optional
        The points of the count rule; :data:`DEFAULT_RULES` if left out.

    Returns
    -------
    dict of str to classifier
        "prevalence"; "age_and_status" where X has ``child.age`` and the status of a plan; "count_rule" where X has
        at least one of its features; "ten_features" where X has at least one of :data:`TEN_FEATURES` besides age.
        Each learns from these rows alone, and does not depend on their order.

    Raises
    ------
    SpecError
        If rules are given and X has none of their features.

    Examples
    --------
    >>> X = pd.DataFrame({"child.age": [12.0, 16.0, 14.0], "cp_plan.active": [0.0, 1.0, 1.0]})
    >>> list(fit_baselines(X, np.array([0, 1, 0])))
    ['prevalence', 'age_and_status', 'count_rule', 'ten_features']
    """
    baselines: dict[str, Baseline] = {"prevalence": PrevalenceBaseline().fit(X, y)}
    if rules is None and not isinstance(X, pd.DataFrame):
        return baselines
    frame = named_columns(X, "The count rule")
    if AGE in frame.columns and any(name in frame.columns for name in STATUSES):
        baselines["age_and_status"] = AgeAndStatus().fit(frame, y)
    if rules is not None or any(rule.feature in frame.columns for rule in DEFAULT_RULES):
        baselines["count_rule"] = CountRule(DEFAULT_RULES if rules is None else tuple(rules)).fit(frame, y)
    if any(name in frame.columns for name in TEN_FEATURES if name != AGE):
        baselines["ten_features"] = TenFeatures().fit(frame, y)
    return baselines
