"""The risk model: a regression or boosted trees, recalibrated on unseen records, with the rules it has to beat."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import validate_data

from edgeofcare.exceptions import SpecError
from edgeofcare.models.baselines import Rule, fit_baselines
from edgeofcare.models.constraints import CATALOGUE
from edgeofcare.models.fitting import fit_calibrated, no_signal
from edgeofcare.models.learners import check_options, last_step
from edgeofcare.models.model_rows import category_positions, count_training, outcome_classes
from edgeofcare.models.rows import (
    RowGroups,
    canonical_order,
    check_aligned,
    check_columns,
    refuse_unknown_outcomes,
    row_groups,
    single_rows,
)
from edgeofcare.models.scoring import Scoring
from edgeofcare.models.vocabulary import in_numbers, learn_vocabularies

if TYPE_CHECKING:
    from edgeofcare.criteria import Criteria
    from edgeofcare.task import Task

__all__ = ["RiskClassifier", "make_risk_model"]


class RiskClassifier(Scoring, ClassifierMixin, BaseEstimator):
    """Calibrated risk of entering care for each row.

    A regression or boosted trees gives log-odds (the margin). A line fitted on households left out, with the level
    of the last index dates, turns them into calibrated log-odds. Rows are sorted by household, child and index date
    before anything is learnt, so that the model does not depend on their order.

    Parameters
    ----------
    kind : {"boosting", "logistic"}
        Boosted trees, or a regression on imputed and scaled features.
    task : Task, optional
        What is predicted; it goes into the model file.
    criteria : Criteria, optional
        What the model must show before it is used, fixed before it is fitted; it goes into the model file.
    random_state : int, RandomState or None, default 0
        Assigns households to folds and samples rows for the bins of the trees (above 200,000 rows).
    monotone : dict of str to {-1, 0, 1} or "catalogue", optional
        Features whose risk may only fall (-1) or rise (1). Boosting only. :meth:`fit` refuses a name that is no
        column of X. ``"catalogue"`` takes the directions of the default features as far as they are columns of X.
    independent_rows : bool, default False
        Says that every row is unrelated to every other. Then rows need no names, and time is not respected.
    n_folds : int, default 5
        Folds of whole households that are left out in turn, for the number of trees and for recalibration.
    max_iter : int, optional
        Trees, or most steps of the regression (200). Left out, the number of trees, of 50 to 800, is the one with
        the least log loss on the rows left out for recalibration; 200 where none can be left out.
    learning_rate : float, default 0.05
        Weight of each tree.
    max_features : float, default 0.15
        Share of the features, drawn at random, that each split of a tree chooses from.
    max_leaf_nodes : int, default 4
        Leaves of each tree.
    min_samples_leaf : int, default 100
        Fewest rows in a leaf.
    l2_regularization : float, default 5.0
        Penalty on the leaves.
    C : float, default 0.05
        Inverse strength of the penalty of the regression.
    count_rules : sequence of Rule, optional
        The points of the count rule that the model has to beat (:data:`edgeofcare.models.baselines.DEFAULT_RULES`).
    refits : int, default 0
        How often the learner is fitted again on resampled households, for :meth:`risk_interval` and for the bands of
        reasons; 0 for neither, otherwise 10 to 200. On 10,000 rows twenty nearly double the time of boosting, and
        take four times that of a regression.
    members : int, default 1
        How many forests are grown, with other seeds, and their margins averaged before the line is found; boosting
        only, to 50. See the notes.

    Attributes
    ----------
    estimator_ : HistGradientBoostingClassifier, AveragedTrees or Pipeline
        What was fitted on all rows; the steps of the pipeline are "impute", "scale" and "regress", and with categories
        "columns" and "regress".
    vocabularies_ : dict of str to tuple of str
        Codes of each column of categories that the model knows: those of 10 or more training children.
    calibration_ : Recalibration
        Slope and intercept, where they come from and from how many entrants.
    baselines_ : dict of str to classifier
        "prevalence", "age_and_status", "count_rule" and "ten_features", each if its features are columns, fitted on
        the same rows.
    refits_ : tuple of Refit
        The learners fitted again, each with its line; empty without refits.
    prevalence_ : float
        Share of training rows with the second class.
    training_counts_ : dict of str to int
        Numbers of rows, children, households and entrants.
    trained_until_ : datetime64 or None
        Last index date of the training rows; None for unrelated rows.
    classes_ : ndarray, shape (2,)
        The two classes; 0 and 1 for named rows.
    n_iter_ : int
        Trees, or steps of the regression.
    n_features_in_ : int
        Columns seen in training.
    feature_names_in_ : ndarray of str, shape (n_features,)
        Their names, if they had names.

    Notes
    -----
    A row with an unknown value takes a branch of its own in each tree; a monotone constraint does not bind
    the comparison of known with unknown.

    A pandas category, such as the last code of a column (:class:`edgeofcare.features.Last`), is split by sets of codes
    in trees; in a regression each code adds its own log-odds, and the penalty draws rare ones towards nothing. A code
    that fewer than 10 training children have is the same as an unknown value; :meth:`unseen` counts such rows.

    Averaging forests does not pay on a synthetic authority of 5,000 children. Trained on three such authorities (125 to
    214 entrants) and tested on 26,614 rows of another, five members moved the log loss by -0.0002 on average (-0.0004
    to +0.0002) and the AUROC by +0.001 (-0.002 to +0.002) beside the mean of single forests with three seeds, and ten
    did no better; fitting took 1.6 to 2 times as long. What it buys is that risks depend less on the seed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2))
    >>> y = (X[:, 0] + rng.normal(size=400) > 1).astype(int)
    >>> model = RiskClassifier(kind="logistic", independent_rows=True).fit(X, y)
    >>> model.calibration_.method
    'household folds, slope shrunk'
    >>> model.predict_proba(X).shape
    (400, 2)
    """

    def __init__(
        self,
        *,
        kind: str = "boosting",
        task: Task | None = None,
        criteria: Criteria | None = None,
        random_state: int | np.random.RandomState | None = 0,
        monotone: Mapping[str, int] | str | None = None,
        independent_rows: bool = False,
        n_folds: int = 5,
        max_iter: int | None = None,
        learning_rate: float = 0.05,
        max_features: float = 0.15,
        max_leaf_nodes: int = 4,
        min_samples_leaf: int = 100,
        l2_regularization: float = 5.0,
        C: float = 0.05,
        count_rules: Sequence[Rule] | None = None,
        refits: int = 0,
        members: int = 1,
    ) -> None:
        self.kind = kind
        self.task = task
        self.criteria = criteria
        self.random_state = random_state
        self.monotone = monotone
        self.independent_rows = independent_rows
        self.n_folds = n_folds
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.C = C
        self.count_rules = count_rules
        self.refits = refits
        self.members = members

    def fit(self, X: pd.DataFrame | np.ndarray, y: pd.Series | np.ndarray) -> RiskClassifier:
        """Learn the model, its recalibration and the baselines.

        Parameters
        ----------
        X : DataFrame, shape (n_rows, n_features)
            Numbers, NaN where unknown, or codes as pandas categories of text, on the index (household_id, child_id,
            index_date).
        y : Series or array, shape (n_rows,)
            1 if the child entered care within the outcome window, otherwise 0. A Series must be on the index of X.

        Returns
        -------
        RiskClassifier
            Itself.

        Raises
        ------
        IndexNamesError
            If the rows have no names, or ``y`` belongs to other rows.
        SpecError
            If an option is wrong, ``monotone`` names what is no column, a column is neither number nor category, an
            outcome is unknown, or only one outcome occurs.

        Warns
        -----
        UserWarning
            If risk scores carried almost no signal on records that the model had not seen.
        """
        check_options(self)
        groups = None if self.independent_rows else row_groups(X)
        check_aligned(X, y, independent_rows=self.independent_rows)
        check_columns(X)
        refuse_unknown_outcomes(y)
        self.vocabularies_ = learn_vocabularies(X, None if groups is None else groups.child)
        categories = category_positions(X, self.vocabularies_, self.kind)
        numbers = in_numbers(X, self.vocabularies_)
        values, y = validate_data(
            self, numbers, y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        self.classes_, outcome = outcome_classes(y, independent_rows=self.independent_rows)
        order = canonical_order(values, outcome, groups)
        ordered = single_rows(len(values)) if groups is None else RowGroups(*(code[order] for code in groups))
        self._learn(values[order], outcome[order], ordered, categories)
        self.baselines_ = fit_baselines(X, self.classes_[outcome.astype(int)], rules=self.count_rules)
        return self

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        """Two classes only; unknown values are allowed."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def _learn(self, values: np.ndarray, y: np.ndarray, groups: RowGroups, categories: list[int]) -> None:
        """Fit on all rows, and find the line on rows left out."""
        names = getattr(self, "feature_names_in_", None)
        fitted = fit_calibrated(self, values, y, groups, names, categories)
        self.estimator_, self.calibration_, self.refits_ = fitted.learner, fitted.line, fitted.refits
        self.n_iter_ = int(np.max(last_step(self.estimator_).n_iter_))
        self.prevalence_ = float(y.mean())
        self.trained_until_ = None if self.independent_rows else np.datetime64(int(groups.day.max()), "D")
        self.training_counts_ = count_training(groups, y)
        if not self.independent_rows and (problem := no_signal(self.calibration_)):
            warnings.warn(problem, UserWarning, stacklevel=3)


def make_risk_model(
    kind: str = "boosting",
    *,
    task: Task | None = None,
    criteria: Criteria | None = None,
    random_state: int | np.random.RandomState | None = 0,
    monotone: Mapping[str, int] | str | None = "catalogue",
    independent_rows: bool = False,
    **params: Any,
) -> RiskClassifier:
    """Make a risk model, ready to be fitted.

    Parameters
    ----------
    kind, task, criteria, random_state
        As for :class:`RiskClassifier`.
    monotone : dict of str to {-1, 0, 1}, "catalogue" or None, default "catalogue"
        Features whose risk may only fall or rise; ``"catalogue"`` takes the directions of the default features
        (:func:`edgeofcare.feature_dictionary`). Boosting with named rows only; a regression is left free.
    independent_rows : bool, default False
        Says that rows are unrelated.
    **params : object
        Other options of :class:`RiskClassifier`, such as ``max_iter``.

    Returns
    -------
    RiskClassifier
        Not fitted.

    Raises
    ------
    SpecError
        If an option is not one of the model.

    Examples
    --------
    >>> make_risk_model("logistic", C=0.1).kind
    'logistic'
    """
    known = RiskClassifier._get_param_names()
    if unknown := sorted(set(params) - set(known)):
        msg = f"A risk model has no option {', '.join(unknown)}. Its options are: {', '.join(known)}."
        raise SpecError(msg)
    if isinstance(monotone, str) and monotone == CATALOGUE and (kind != "boosting" or independent_rows):
        monotone = None
    params |= {"task": task, "criteria": criteria, "random_state": random_state}
    params |= {"monotone": monotone, "independent_rows": independent_rows}
    model = RiskClassifier(kind=kind, **params)
    check_options(model)
    return model
