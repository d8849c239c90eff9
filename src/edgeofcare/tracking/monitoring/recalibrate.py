"""Propose a re-anchored version of a model, with the evidence for it; nothing is applied until somebody accepts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from edgeofcare.care import outcome_lag
from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import LeakageError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.models.entry_timing import EntryTiming
from edgeofcare.models.reanchor import Reanchoring, reanchor
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.tracking.checks import one_text
from edgeofcare.tracking.ledger import Ledger
from edgeofcare.tracking.monitoring.rows import feature_names, task_of

__all__ = ["Proposal", "recalibrate"]


@dataclass(frozen=True, repr=False)
class Proposal:
    """A re-anchored version of a model that somebody may accept; made by :func:`edgeofcare.recalibrate`.

    Attributes
    ----------
    model : RiskClassifier
        The model in use, unchanged.
    found : Reanchoring
        What was found.
    """

    model: RiskClassifier
    found: Reanchoring

    @property
    def moves(self) -> bool:
        """Whether another level is proposed."""
        return self.found.moved

    @property
    def evidence(self) -> pd.DataFrame:
        """Entries observed and expected, with the interval of their ratio, as :func:`edgeofcare.reanchor` gives it."""
        return self.found.table

    @property
    def text(self) -> str:
        """What is proposed and why, in plain words."""
        if not self.moves:
            return f"Nothing is proposed. {self.found.text}"
        return f"{self.found.text} This is a proposal: the model in use is unchanged until somebody accepts it."

    def accept(self, *, by: str, reason: str, ledger: Ledger | None = None, model_id: str = "") -> RiskClassifier:
        """Take the proposed version.

        Parameters
        ----------
        by : str
            Who decides.
        reason : str
            Why.
        ledger : Ledger, optional
            Where the decision is written down.
        model_id : str, optional
            The model in use, as its file names it; needed with a ledger.

        Returns
        -------
        RiskClassifier
            The re-anchored version, to be saved under a new name.

        Raises
        ------
        SpecError
            If nothing is proposed, or nobody or no reason is named.
        """
        who, why = one_text(by, "by"), one_text(reason, "reason")
        if not self.moves:
            msg = f"There is nothing to accept. {self.found.text}"
            raise SpecError(msg)
        if ledger is not None:
            version = self.found.model.calibration_.version
            told = f"Re-anchored to version {version}: {why}"
            ledger.monitored({"decision": told, "evidence": self.found.text}, model_id=model_id, by=who)
        return self.found.model

    def __repr__(self) -> str:
        return f"Proposal({'another level' if self.moves else 'no change'})"

    def __str__(self) -> str:
        return self.text


def recalibrate(
    model: RiskClassifier,
    records: Records,
    *,
    index_dates: Iterable[Any],
    days: int = 89,
    timing: EntryTiming | None = None,
    X: pd.DataFrame | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> Proposal:
    """Propose another level for a model where children clearly enter care more or less often than it expects.

    Parameters
    ----------
    model : RiskClassifier
        The fitted model that the model file was saved from.
    records : Records
        The newest extract.
    index_dates : iterable of dates
        Days since which ``days`` days have been observed, after those of training.
    days : int, default 89
        Days of the window to look at: three calendar months at least.
    timing : EntryTiming, optional
        When entries come, from :func:`edgeofcare.entry_timing` of the training rows.
    X : DataFrame, optional
        Features of the rows of these dates; built from the records if left out.
    n_resamples : int, default 1000
        Resamples of households for the interval.
    random_state : int, default 0
        Seed.

    Returns
    -------
    Proposal
        The evidence, and the proposed version where the interval leaves 1. Nothing is changed: see
        :meth:`Proposal.accept`.

    Raises
    ------
    LeakageError
        If fewer than ``days`` days of a window have been observed.
    SpecError
        As for :func:`edgeofcare.reanchor`, which does the work.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> task, names = eoc.Task(), ["child.age", "missing.count.365d"]
    >>> records = eoc.make_records(800, random_state=0, authority="sample")
    >>> old = eoc.build_cohort(records, task, index_dates=eoc.quarters("2018-04-01", "2021-01-01"))
    >>> X, y = eoc.build_features(records, old, names), eoc.label_outcome(records, old, task)
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X.loc[y.index], y)
    >>> eoc.recalibrate(model, records, index_dates=["2023-01-01", "2023-04-01"])
    Proposal(no change)
    """
    task, names = task_of(model), feature_names(model)
    short = replace(task, horizon=f"{days}D", incomplete="drop")
    cohort = build_cohort(records, short, index_dates=index_dates)
    last = cohort.index.get_level_values("index_date").max()
    if last + pd.Timedelta(days=task.gap_days + days + outcome_lag(records) - 1) > records.observed_until:
        msg = f"The first {days} days after the last index date have not been observed yet. Give earlier dates."
        raise LeakageError(msg)
    y = label_outcome(records, cohort, short, need_entry=False)
    X = build_features(records, cohort.loc[y.index], names) if X is None else X.loc[y.index, names]
    found = reanchor(model, X, y, days=days, timing=timing, n_resamples=n_resamples, random_state=random_state)
    return Proposal(model, found)
