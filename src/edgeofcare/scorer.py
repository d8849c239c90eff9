"""The scorer: a saved model that scores children with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.scoring.array_scorer import ArrayScorer
from edgeofcare.scoring.fitness import refuse_unfit

if TYPE_CHECKING:
    import datetime

    import pandas as pd

    from edgeofcare.features.single.records import ChildRecords
    from edgeofcare.records.records import Records
    from edgeofcare.scoring.child import ChildScorer
    from edgeofcare.scoring.child_score import ChildScore

__all__ = ["Scorer"]


class Scorer(ArrayScorer):
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
    >>> import numpy as np
    >>> from edgeofcare.models.arrays import LinearArrays
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

    def score(
        self,
        records: Records,
        index_date: str | datetime.date | pd.Timestamp,
        *,
        top_reasons: int = 3,
        accept_lag: bool = False,
        override: str | None = None,
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
        override : str, optional
            Why a model is used whose evaluation says "do not use", or that has expired by the day: text of at most 200
            characters, kept in the column ``override``.

        Returns
        -------
        DataFrame
            One row for each child, on the index (household_id, child_id, index_date). Columns ``risk``; where the model
            has refits ``risk_low`` and ``risk_high`` (:meth:`risk_interval`); ``rank`` (1 is the riskiest; ties share
            the lower number), ``log_odds``, ``reasons`` (a tuple of sentences, each with its direction, largest first),
            ``compared_with`` (whom reasons compare a child with: a reference cohort, or the average child in training),
            ``model_id``, ``data_until`` (last day of the extract), ``decision_support_only`` (always True) and
            ``override`` (None where nothing had to be overridden); where features are categories also ``unseen``,
            those whose code the model does not know and takes as unknown. Rows with the same risk are in the order of
            ``child_id``.

        Raises
        ------
        LeakageError
            If the day is more than one day after ``records.observed_until``.
        UnfitModelError
            If the model is not to be used on the day, and ``override`` does not say why it is.
        SpecError
            If the reporting lag differs from that of training, or an option is not understood.

        Notes
        -----
        :func:`edgeofcare.explain` with the scorer, its features of one child and the records gives the source rows
        behind each reason as well.
        """
        from edgeofcare.scoring.day import score_day

        self._refuse_options(records, top_reasons, accept_lag=accept_lag)
        why = refuse_unfit(self, index_date, override)
        return score_day(self, records, index_date, top_reasons).assign(override=why)

    def score_child(
        self,
        records: ChildRecords | Mapping[str, Any],
        index_date: str | datetime.date | np.datetime64,
        *,
        top_reasons: int = 3,
        accept_lag: bool = False,
        bands: bool = False,
        override: str | None = None,
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
        override : str, optional
            As for :meth:`score`; kept in the score.

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
        UnfitModelError
            If the model is not to be used on the day, and ``override`` does not say why it is.
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
        why = refuse_unfit(self, index_date, override)
        score = self._of_child.score(held, index_date, top_reasons=top_reasons, bands=bands)
        return score if why is None else replace(score, override=why)

    def score_request(self, request: Mapping[str, Any] | str | bytes) -> dict[str, Any]:
        """Answer a request of a case system: the documented contract, in and out as JSON holds it, with numpy alone.

        Parameters
        ----------
        request : mapping, str or bytes
            JSON text or what it holds: ``schema_version`` ("1.0"), ``index_date`` and ``children`` (a list of what
            :meth:`edgeofcare.ChildRecords.from_plain` reads), and where wanted ``top_reasons``, ``bands``, ``rank``
            (riskiest of the children sent first), ``override`` and ``accept_lag``.

        Returns
        -------
        dict
            ``schema_version``, ``model_id``, ``index_date``, ``decision_support_only``, ``override``, ``expires``,
            ``verdict`` and ``scores``, one for each child in the order of the request. A child whom the model is not
            for has ``eligible`` false, the reasons in words, and no risk.

        Raises
        ------
        RequestError
            With every problem of the request, each child told by its position in the list; it holds no value.
        UnfitModelError
            If the model is not to be used on the day, and ``override`` does not say why it is.
        """
        from edgeofcare.scoring.request import answer

        return answer(self, request)

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
            model_id=self.model_id,
        )

    def _refuse_options(self, records: Records | ChildRecords, top_reasons: int, *, accept_lag: bool) -> None:
        """Refuse another count of reasons, and another lag."""
        if isinstance(top_reasons, bool) or not isinstance(top_reasons, int) or top_reasons < 0:
            msg = "top_reasons must be a whole number, 0 or more."
            raise SpecError(msg)
        refuse_other_lag(self, records, accept=accept_lag)
