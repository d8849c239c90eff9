"""What the score would be if the record were different: an event removed, added or corrected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from edgeofcare.explanation.editing import edited_records
from edgeofcare.explanation.edits import AddEvent, CorrectEvent, RemoveEvent, as_edits, edits_said
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.one_child import (
    checked_day,
    household_records,
    one_task,
    rows_of_child,
    rules_missed,
    specs_of,
)
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.features.catalogue import concept_of
from edgeofcare.features.feature import Feature
from edgeofcare.models.cell_values import same_values, value_of
from edgeofcare.records.records import Records

if TYPE_CHECKING:
    from edgeofcare.explanation.about import About
    from edgeofcare.explanation.explain import _Scored
    from edgeofcare.explanation.explanation import Explanation
    from edgeofcare.explanation.named_reference import Reference
    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["WhatIf", "what_if"]

_EITHER = ["as recorded", "edited"]
_LAST = "This is about the record, not about what would happen to the child."
_WHOLE = 0.1  # from this risk on whole per cents will do
_SAME = 1e-12  # log-odds below which two scores are one score, rounded


def what_if(
    model: RiskClassifier | _Scored,
    records: Records,
    child_id: str,
    index_date: Any,
    edits: RemoveEvent | AddEvent | CorrectEvent | Iterable[RemoveEvent | AddEvent | CorrectEvent],
    *,
    features: Iterable[Feature | str] | None = None,
    reference: Reference | Literal["stored"] | None = "stored",
    accept_lag: bool = False,
) -> WhatIf:
    """Say what a child's score would be if its record were different.

    Use it where an event may have been recorded in error: the score of the record as it is stands beside that of the
    record as it should be. It says nothing about what would happen to the child if something were done.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        Fitted, or loaded from a model file.
    records : Records
        The case records; they stay as they are.
    child_id : str
        The child.
    index_date : str or date
        The day of the score: only what was known before it counts.
    edits : edit or iterable of edits
        :class:`RemoveEvent`, :class:`AddEvent` and :class:`CorrectEvent` of this child's rows, applied together.
    features : iterable of Feature or str, optional
        Specs or names of the model's features; read from the names if left out.
    reference : Reference, "stored" or None, default "stored"
        Whom contributions compare the child with, as for :func:`edgeofcare.explain`. The scores do not depend on it.
    accept_lag : bool, default False
        Whether records with another reporting lag than a loaded model was trained with are used all the same. Of a
        fitted model that lag is not known, so that nothing is checked.

    Returns
    -------
    WhatIf
        Risk and log-odds of both, the features that differ, and a sentence.

    Raises
    ------
    LeakageError
        If the day is more than one day after ``records.observed_until``.
    RecordsError
        With every problem: the records do not hold the child; an edit is of a locked table, of a row of another
        child, or of a column that does not exist; or the record that it makes cannot be right.
    SpecError
        If something else than edits is given, the model's features cannot be built from records, the reporting lag
        is not that of training, or the reference is of another model.

    Notes
    -----
    The edited record is validated as on reading, and every feature is built from it again, so that no two features
    can contradict each other. Locked are the children table with age and protected characteristics, disabilities,
    immigration statuses, family links, and the care history (care episodes, legal statuses, placements). From when
    tables can be trusted, reporting lags and all else that is declared of the extract stay as declared. Rows that one
    mistake left in several tables (an assessment and its factors) need an edit each.

    Examples
    --------
    >>> import pandas as pd
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.features.build import build_features
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records, task = make_records(200, random_state=0), Task()
    >>> cohort = build_cohort(records, task, index_dates=["2020-04-01", "2021-04-01", "2022-04-01"])
    >>> X = build_features(records, cohort, ["missing.count.90d", "referral.count.365d"])
    >>> y = pd.Series((X["missing.count.90d"] > 0) * 1, index=X.index)
    >>> model = make_risk_model("logistic", task=task).fit(X, y)
    >>> _, child, day = X.index[-1]
    >>> event = AddEvent("missing_episodes", {"start_date": day - pd.Timedelta(days=9), "end_date": day})
    >>> found = what_if(model, records, child, day, event)
    >>> bool(found.risk["edited"] > found.risk["as recorded"])
    True
    >>> found.features["feature"].tolist()
    ['missing.count.90d']
    """
    refuse_other_lag(model, records, accept=accept_lag)
    specs, wanted = specs_of(model, features), as_edits(edits)
    day = checked_day(records, index_date, "index_date")
    home = household_records(records, child_id)
    edited = edited_records(home, child_id, wanted)
    key = str(home.households[child_id])
    rows = [rows_of_child(each, child_id, key, [day], specs) for each in (home, edited)]
    why = [explain(model, each, features=specs, reference=reference) for each in rows]
    task = one_task(model)
    missed = [rules_missed(each, child_id, [day], task)[0] for each in (home, edited)]
    return WhatIf(why[0], why[1], said=edits_said(home, wanted), edits=len(wanted), missed=(missed[0], missed[1]))


class WhatIf:
    """The score of a record as it is, beside that of the record with some edits.

    Made by :func:`edgeofcare.what_if`. It cannot be changed: its properties hand out copies. It is about one child
    and stays with the authority; the repr holds counts only.

    Parameters
    ----------
    recorded, edited : Explanation
        Of one row each.
    said : str
        The edits in words.
    edits : int
        How many.
    missed : tuple of str
        The rule of eligibility that the child does not meet, as recorded and edited; empty where it is eligible.
    """

    def __init__(
        self, recorded: Explanation, edited: Explanation, *, said: str, edits: int, missed: tuple[str, str]
    ) -> None:
        self._risk = _beside(recorded.risk, edited.risk)
        self._log_odds = _beside(recorded.log_odds, edited.log_odds)
        self._features = _differing(recorded, edited)
        self._said, self._edits, self._missed = said, edits, tuple(missed)
        self._about = recorded.about

    @property
    def risk(self) -> pd.Series:
        """Calibrated probability, by ``"as recorded"`` and ``"edited"``."""
        return self._risk.copy()

    @property
    def log_odds(self) -> pd.Series:
        """Calibrated log-odds, by ``"as recorded"`` and ``"edited"``."""
        return self._log_odds.copy()

    @property
    def features(self) -> pd.DataFrame:
        """The features whose value or contribution differs, largest difference first.

        Columns ``feature``, ``concept``, ``value_recorded``, ``value_edited``, ``contribution_recorded``,
        ``contribution_edited`` (calibrated log-odds) and ``difference`` of the contributions. The differences add up to
        that of the log-odds.
        """
        return self._features.copy()

    @property
    def about(self) -> About:
        """Target, horizon, model, and whom the contributions compare the child with."""
        return self._about

    @property
    def text(self) -> str:
        """Plain sentences, without a date or key: what the score would be, and what that is not about."""
        recorded, edited = (float(self._risk[name]) for name in _EITHER)
        if not self._edits:
            said = f"The score is {recorded:.1%}; there is no edit."
        elif abs(self._log_odds["edited"] - self._log_odds["as recorded"]) <= _SAME:
            said = f"The score would be the same, {recorded:.1%}, if {self._said}. {self._why_the_same()}"
        else:
            now, then = _told_apart(recorded, edited)
            said = f"The score would be {then} instead of {now} if {self._said}."
        return " ".join([said, *self._not_for_it(), _LAST])

    def _why_the_same(self) -> str:
        """Why a score did not change."""
        if len(self._features):
            return "Some features of the model would differ, but they make no difference to the score here."
        return (
            "No feature of the model would differ: what is known only on or after the index date, or lies outside "
            "every window, does not count."
        )

    def _not_for_it(self) -> list[str]:
        """Say where the child is not among those whom the model is for."""
        recorded, edited = self._missed
        if recorded and edited:
            return [f'The child is not eligible on that day, with or without the edit (rule: "{edited}").']
        if recorded:
            missed = f'As recorded the child is not eligible on that day (rule: "{recorded}")'
            return [f"{missed}; with the edit it would be."]
        if edited:
            return [f'With the edit the child would not be eligible on that day (rule: "{edited}").']
        return []

    def __repr__(self) -> str:
        """Counts only."""
        edits, features = self._edits, len(self._features)
        return (
            f"WhatIf({edits} edit{'' if edits == 1 else 's'}, {features} feature{'' if features == 1 else 's'} "
            f"{'differs' if features == 1 else 'differ'})"
        )


def _beside(recorded: pd.Series, edited: pd.Series) -> pd.Series:
    """Two numbers of one row."""
    return pd.Series([float(recorded.iloc[0]), float(edited.iloc[0])], index=_EITHER, name=recorded.name)


def _differing(recorded: Explanation, edited: Explanation) -> pd.DataFrame:
    """The features that differ in value or contribution."""
    names = [str(name) for name in recorded.contributions.columns]
    value, other = ([value_of(each.values, 0, at) for at in range(len(names))] for each in (recorded, edited))
    phi, psi = (each.contributions.to_numpy(dtype=np.float64)[0] for each in (recorded, edited))
    frame = pd.DataFrame(
        {
            "feature": names,
            "concept": [concept_of(name) for name in names],
            "value_recorded": value,
            "value_edited": other,
            "contribution_recorded": phi,
            "contribution_edited": psi,
            "difference": psi - phi,
        }
    )
    differs = ~same_values(value, other) | (phi != psi)
    found = frame[differs]
    order = np.lexsort((found["feature"].to_numpy(dtype=str), -found["difference"].abs().to_numpy()))
    return found.iloc[order].reset_index(drop=True)


def _told_apart(recorded: float, edited: float) -> tuple[str, str]:
    """Two risks in per cent: whole from 10% on, with as many decimals as it takes to tell them apart, two at most."""
    for decimals in range(0 if min(recorded, edited) >= _WHOLE else 1, 3):
        said = f"{recorded:.{decimals}%}", f"{edited:.{decimals}%}"
        if said[0] != said[1]:
            return said
    return said[0], f"{said[1]} (a difference of less than 0.01 percentage points)"
