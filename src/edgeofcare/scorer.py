"""The scorer: a saved model that scores children with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.models.arrays import margin
from edgeofcare.models.column_names import table_values
from edgeofcare.models.spread import CONFIDENCE, refit_log_odds, risk_interval
from edgeofcare.models.vocabulary import unseen_codes
from edgeofcare.saved_model import SavedModel

if TYPE_CHECKING:
    import datetime

    import pandas as pd

    from edgeofcare.features.single.records import ChildRecords
    from edgeofcare.records.records import Records
    from edgeofcare.scoring.child import ChildScorer
    from edgeofcare.scoring.child_score import ChildScore

__all__ = ["Scorer"]

FloatArray = npt.NDArray[np.float64]


class Scorer(SavedModel):
    """A saved model, ready to score: made by :func:`edgeofcare.load_model`, without scikit-learn.

    Attributes
    ----------
    kind : {"boosting", "logistic"}
        What the model is.
    feature_names : tuple of str
        Features in the order of the columns.
    task : Task
        Horizon, ages and population that the model is for.
    arrays : TreeArrays or LinearArrays
        The model as plain arrays.
    slope, intercept : float
        The line from margin to calibrated log-odds.
    prevalence : float or None
        Share of training rows that entered care; None where fewer than 10 children did.
    reporting_lag : mapping of str to int, or None
        Days from an event until it could be seen in training, by table; None if it was not stated.
    refits : tuple of RefitArrays
        The model fitted again on resampled households; empty unless it was made with refits.
    vocabularies : mapping of str to tuple of str
        Codes that the model knows, for each feature that is a category.
    reference : Reference or None
        The cohort that explanations compare a child with; None for the average child in training.
    wording : Wording or None
        The authority's own wording, which reasons are told in; None for that of the library.
    manifest : mapping
        Everything that the model file says of the model; a copy.
    expires : date or None
        Last day on which the model is to be used; None where the authority gave none.
    verdict : {"use", "use with care", "do not use"} or None
        What the evaluation in the file concludes; None without one.
    model_id : str
        First 12 characters of the SHA-256 of the manifest, which itself holds the hash of every array.

    Examples
    --------
    >>> from edgeofcare.task import Task
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> line = LinearArrays(zero, zero, one / 4, zero, zero, intercept=-3.0)
    >>> scorer = Scorer(line, feature_names=["missing.count.90d"], task=Task(), slope=1.0, intercept=0.0)
    >>> scorer.risk([[0.0], [12.0]]).round(3).tolist()
    [0.047, 0.5]
    >>> scorer
    Scorer(logistic, 1 feature, model 44136fa355b3, horizon 365 days)
    """

    def __repr__(self) -> str:
        count = f"{len(self.feature_names)} feature" + ("" if len(self.feature_names) == 1 else "s")
        return f"Scorer({self.kind}, {count}, model {self.model_id}, horizon {self.task.horizon_days} days)"

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
        phi, base = contributions(self.form, self._table(X))
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

    def score(
        self,
        records: Records,
        index_date: str | datetime.date | pd.Timestamp,
        *,
        top_reasons: int = 3,
        accept_lag: bool = False,
    ) -> pd.DataFrame:
        """Score every child who is eligible on a day, riskiest first.

        The result is a case record: it carries the authority's own keys and stays with the authority.

        Parameters
        ----------
        records : Records
            The case records.
        index_date : str or date
            The day; only what was known before it is used.
        top_reasons : int, default 3
            Reasons for each child; 0 for none.
        accept_lag : bool, default False
            Whether records with another reporting lag than the model was trained with are scored all the same.

        Returns
        -------
        DataFrame
            One row for each child, on the index (household_id, child_id, index_date). Columns ``risk``; where the model
            has refits ``risk_low`` and ``risk_high`` (:meth:`risk_interval`); ``rank`` (1 is the riskiest; ties share
            the lower number), ``log_odds``, ``reasons`` (a tuple of sentences, each with its direction, largest first),
            ``compared_with`` (whom reasons compare a child with: a reference cohort, or the average child in training),
            ``model_id``, ``data_until`` (last day of the extract) and ``decision_support_only`` (always True); where
            features are categories also ``unseen``, those whose code the model does not know and takes as
            unknown. Rows with the same risk are in the order of ``child_id``.

        Raises
        ------
        LeakageError
            If the day is more than one day after ``records.observed_until``.
        SpecError
            If the reporting lag differs from that of training, or an option is not understood.

        Notes
        -----
        :func:`edgeofcare.explain` with the scorer, its features of one child and the records gives the source rows
        behind each reason as well.
        """
        from edgeofcare.scoring.day import score_day

        self._refuse_options(records, top_reasons, accept_lag=accept_lag)
        return score_day(self, records, index_date, top_reasons)

    def score_child(
        self,
        records: ChildRecords | Mapping[str, Any],
        index_date: str | datetime.date | np.datetime64,
        *,
        top_reasons: int = 3,
        accept_lag: bool = False,
        bands: bool = False,
    ) -> ChildScore:
        """Score one child from plain records, with its reasons and their source rows, in a few milliseconds.

        Needs numpy alone. The first call prepares the model and takes longer. The numbers, sentences and source rows
        are those that :func:`edgeofcare.explain` gives by concept for the same records.

        Parameters
        ----------
        records : ChildRecords or mapping
            The records of the child and its household: :class:`edgeofcare.ChildRecords`, or the mapping that
            :meth:`edgeofcare.ChildRecords.from_plain` reads, as JSON can hold it.
        index_date : str or date
            The day; only what was known before it is used.
        top_reasons : int, default 3
            Most reasons; 0 for none.
        accept_lag : bool, default False
            Whether records with another reporting lag than the model was trained with are scored all the same.
        bands : bool, default False
            Whether reasons say how sure they are, where the model has refits: it is then explained that often.

        Returns
        -------
        ChildScore
            Risk, interval, reasons and what is not known.

        Raises
        ------
        RecordsError
            If the mapping does not hold records that can be used.
        LeakageError
            If the day is more than one day after ``observed_until``.
        SpecError
            If the reporting lag differs from that of training, or the day or an option is not understood.

        Notes
        -----
        Whether the child is one that the model is for (its age, an open case, not looked after) is not checked here
        but by :meth:`score`: a score of any other child means nothing.
        """
        from edgeofcare.scoring.child import child_records

        held = child_records(records)
        self._refuse_options(held, top_reasons, accept_lag=accept_lag)
        return self._of_child.score(held, index_date, top_reasons=top_reasons, bands=bands)

    @cached_property
    def _of_child(self) -> ChildScorer:
        """The model, ready for one child at a time."""
        from edgeofcare.scoring.child import ChildScorer

        return ChildScorer(
            self.arrays,
            self._calibration,
            self.feature_names,
            refits=self.refits,
            vocabularies=self._vocabularies,
            reference=self._reference,
            wording=self._wording,
            form=self.form,
            model_id=self.model_id,
        )

    def _table(self, X: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """X as a float64 table in the order of the features, or an error that says what is wrong."""
        return table_values(X, self.feature_names, self._vocabularies)

    def _refuse_options(self, records: Records | ChildRecords, top_reasons: int, *, accept_lag: bool) -> None:
        """Refuse another count of reasons, and another lag."""
        if isinstance(top_reasons, bool) or not isinstance(top_reasons, int) or top_reasons < 0:
            msg = "top_reasons must be a whole number, 0 or more."
            raise SpecError(msg)
        refuse_other_lag(self, records, accept=accept_lag)
