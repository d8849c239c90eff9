"""The scorer: a saved model that scores children with numpy alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.named_reference import Reference, compared_form
from edgeofcare.explanation.paths import PathForm
from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin
from edgeofcare.models.column_names import frame_values
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.spread import CONFIDENCE, RefitArrays, refit_log_odds, risk_interval

if TYPE_CHECKING:
    import datetime

    import pandas as pd

    from edgeofcare.records.records import Records
    from edgeofcare.task import Task

__all__ = ["Scorer"]

FloatArray = npt.NDArray[np.float64]

_ROW_NAMES = ("household_id", "child_id", "index_date")


class Scorer:
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
    reference : Reference or None
        The cohort that explanations compare a child with; None for the average child in training.
    manifest : mapping
        Everything that the model file says of the model; a copy.
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

    def __init__(
        self,
        arrays: TreeArrays | LinearArrays,
        *,
        feature_names: Sequence[str],
        task: Task,
        slope: float,
        intercept: float,
        prevalence: float | None = None,
        reporting_lag: Mapping[str, int] | None = None,
        refits: Sequence[RefitArrays] = (),
        reference: Reference | None = None,
        manifest_json: bytes = b"{}",
    ) -> None:
        self._arrays = arrays
        self._feature_names = tuple(feature_names)
        self._task = task
        self._calibration = Recalibration(slope, intercept, "model file", 0, 0)
        self._prevalence = prevalence
        self._reporting_lag = None if reporting_lag is None else MappingProxyType(dict(reporting_lag))
        self._refits = tuple(refits)
        self._reference = reference
        if reference is not None:
            reference.refuse_other(arrays, self._refits)
        self._manifest_json = manifest_json

    @property
    def kind(self) -> str:
        """What the model is."""
        return self._arrays.kind

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features in the order of the columns."""
        return self._feature_names

    @property
    def task(self) -> Task:
        """Horizon, ages and population that the model is for."""
        return self._task

    @property
    def arrays(self) -> TreeArrays | LinearArrays:
        """The model as plain arrays."""
        return self._arrays

    @property
    def slope(self) -> float:
        """What the margin is multiplied by; above zero."""
        return self._calibration.slope

    @property
    def intercept(self) -> float:
        """What is added after the slope, in log-odds."""
        return self._calibration.intercept

    @property
    def prevalence(self) -> float | None:
        """Share of training rows that entered care."""
        return self._prevalence

    @property
    def reporting_lag(self) -> Mapping[str, int] | None:
        """Days from an event until it could be seen in training, by table."""
        return self._reporting_lag

    @property
    def refits(self) -> tuple[RefitArrays, ...]:
        """The model fitted again on resampled households."""
        return self._refits

    @property
    def reference(self) -> Reference | None:
        """The cohort that explanations compare a child with; None for the average child in training."""
        return self._reference

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Everything that the model file says of the model; a copy."""
        return MappingProxyType(json.loads(self._manifest_json))

    @cached_property
    def model_id(self) -> str:
        """Short name of exactly this model."""
        return hashlib.sha256(self._manifest_json).hexdigest()[:12]

    def __repr__(self) -> str:
        count = f"{len(self.feature_names)} feature" + ("" if len(self.feature_names) == 1 else "s")
        return f"Scorer({self.kind}, {count}, model {self.model_id}, horizon {self.task.horizon_days} days)"

    def margin(self, X: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """Log-odds before calibration.

        Parameters
        ----------
        X : DataFrame or array of float64, shape (n_rows, n_features)
            Features in the order of ``feature_names``; a DataFrame must have exactly these columns. NaN is unknown.

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
            ``model_id``, ``data_until`` (last day of the extract) and ``decision_support_only`` (always True). Rows
            with the same risk are in the order of ``child_id``.

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
        import pandas as pd

        from edgeofcare.cohort import build_cohort
        from edgeofcare.features.build import build_features

        if isinstance(top_reasons, bool) or not isinstance(top_reasons, int) or top_reasons < 0:
            msg = "top_reasons must be a whole number, 0 or more."
            raise SpecError(msg)
        refuse_other_lag(self, records, accept=accept_lag)
        cohort = build_cohort(records, self.task, index_dates=[index_date])
        X = build_features(records, cohort, self.feature_names)
        risk = pd.Series(self.risk(X), index=X.index)
        scores = pd.DataFrame(
            {
                "risk": risk,
                **self._interval_columns(X),
                "rank": risk.rank(method="min", ascending=False).astype("int64"),
                "log_odds": self.log_odds(X),
                "reasons": pd.Series(self._reasons(X, top_reasons), index=X.index, dtype=object),
                "compared_with": REFERENCE if self._reference is None else self._reference.name,
                "model_id": self.model_id,
                "data_until": str(records.observed_until.date()),
                "decision_support_only": True,
            },
            index=X.index,
        )
        child = X.index.get_level_values("child_id").to_numpy(dtype=str)
        return scores.iloc[np.lexsort((child, -risk.to_numpy()))]

    def _interval_columns(self, X: pd.DataFrame) -> dict[str, FloatArray]:
        """Ends of the interval of each risk, where the model has refits."""
        if not self._refits:
            return {}
        ends = self.risk_interval(X) if len(X) else np.empty((0, 2))
        return {"risk_low": ends[:, 0], "risk_high": ends[:, 1]}

    @cached_property
    def _paths(self) -> PathForm | LinearArrays:
        """The model in the form that contributions are computed from, made once."""
        return compared_form(self._arrays, self._reference)

    def _table(self, X: pd.DataFrame | npt.ArrayLike) -> FloatArray:
        """X as a float64 table in the order of the features, or an error that says what is wrong."""
        table = frame_values(X, self.feature_names) if hasattr(X, "columns") else _as_array(X)
        if table.dtype.kind not in "fiub" or table.ndim != 2 or table.shape[1] != len(self.feature_names):
            msg = (
                f"X has shape {table.shape} and dtype {table.dtype}; the model expects numbers in rows by "
                f"{len(self.feature_names)} columns, in the order of feature_names."
            )
            raise SpecError(msg)
        table = np.array(table, dtype=np.float64, order="C")  # a copy: nothing done to it reaches the caller
        if infinite := int(np.isinf(table).sum()):
            msg = f"X holds {infinite} infinite value(s); expected finite numbers, or NaN where a value is unknown."
            raise SpecError(msg)
        return table

    def _reasons(self, X: pd.DataFrame, top: int) -> list[tuple[str, ...]]:
        """The largest contributions of each row in words, each with its direction."""
        if top == 0 or X.empty:
            return [()] * len(X)
        from edgeofcare.explanation.explain import explain

        found = explain(self, X).reasons(top=top, bands=False)
        keys = zip(*(found.index.get_level_values(name) for name in _ROW_NAMES), strict=True)
        said: dict[Any, list[str]] = {key: [] for key in X.index}
        for key, direction, sentence in zip(keys, found["direction"], found["sentence"], strict=True):
            said[key].append(f"{direction.capitalize()} the risk: {sentence}")
        return [tuple(said[key]) for key in X.index]


def _as_array(X: npt.ArrayLike) -> npt.NDArray[Any]:
    """X as an array; rows of different lengths make none."""
    try:
        return np.asarray(X)
    except (TypeError, ValueError):
        msg = "X is no table of numbers; expected rows that all have one number for each of feature_names."
        raise SpecError(msg) from None
