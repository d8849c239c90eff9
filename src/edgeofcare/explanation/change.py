"""Why a score changed: what each concept and each new event moved between two dates, adding up to the difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from edgeofcare.ages import age_in_years
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.change_rows import changed_rows
from edgeofcare.explanation.changed import Change
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.known_then import known_before
from edgeofcare.explanation.one_child import (
    checked_day,
    household_records,
    one_task,
    rows_of_child,
    rules_missed,
    specs_of,
)
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.features.catalogue import CONCEPTS, OWN_FEATURES, concept_of
from edgeofcare.features.feature import Feature
from edgeofcare.models.cell_values import same_values, value_of
from edgeofcare.records.records import Records

if TYPE_CHECKING:
    from edgeofcare.explanation.explain import _Scored
    from edgeofcare.explanation.explanation import Explanation
    from edgeofcare.explanation.named_reference import Reference
    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["explain_change"]

_SAME = 1e-9  # difference between two values of a feature that is rounding


def explain_change(
    model: RiskClassifier | _Scored,
    records: Records,
    child_id: str,
    from_date: Any,
    to_date: Any,
    *,
    features: Iterable[Feature | str] | None = None,
    reference: Reference | Literal["stored"] | None = "stored",
    accept_lag: bool = False,
) -> Change:
    """Explain why a child's score on one date differs from that on an earlier one.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        Fitted, or loaded from a model file.
    records : Records
        The case records.
    child_id : str
        The child.
    from_date, to_date : str or date
        The earlier and the later index date; each score sees only what was known before its own.
    features : iterable of Feature or str, optional
        Specs or names of the model's features; read from the names if left out.
    reference : Reference, "stored" or None, default "stored"
        Whom contributions compare the child with, as for :func:`edgeofcare.explain`. The scores do not depend on it.
    accept_lag : bool, default False
        Whether records with another reporting lag than a loaded model was trained with are used all the same. Of a
        fitted model that lag is not known, so that nothing is checked.

    Returns
    -------
    Change
        What each concept and each feature moved, the source rows that came and went, sentences and a picture.

    Raises
    ------
    LeakageError
        If a date is more than one day after ``records.observed_until``.
    RecordsError
        If the records do not hold the child.
    SpecError
        If the dates are not in order, the child was not born on the earlier one, the model's features cannot be
        built from records, the reporting lag is not that of training, or the reference is of another model.

    Notes
    -----
    Both scores start from the same base, so that the differences of the contributions add up to the difference in
    calibrated log-odds exactly. A child who is not eligible on one of the dates is explained all the same, since
    its features are what they are, and the sentences say so with the rule that it does not meet: that score is what
    the model gives for such a record, and no risk to act on.

    Only time passed for a feature if the records as they were known before ``from_date`` give its later value as well,
    and no row that counts in it was recorded in between.

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
    >>> change = explain_change(model, records, X.index[0][1], "2020-04-01", "2020-10-01")
    >>> difference = change.log_odds["to"] - change.log_odds["from"]
    >>> bool(abs(change.concepts["change"].sum() - difference) < 1e-9)
    True
    """
    refuse_other_lag(model, records, accept=accept_lag)
    specs = specs_of(model, features)
    dates = [checked_day(records, day, name) for day, name in ((from_date, "from_date"), (to_date, "to_date"))]
    home = household_records(records, child_id)
    _check_order(home, child_id, dates)
    X = rows_of_child(home, child_id, str(home.households[child_id]), dates, specs)
    why = [explain(model, X.iloc[[place]], features=specs, reference=reference) for place in range(2)]
    by_feature = _by_feature(*why)
    moved = set(by_feature.loc[by_feature["change"] != 0, "feature"])
    followed = [spec for spec in specs if spec.name in moved]
    events, recorded = changed_rows(home, X.index[0], X.index[1], followed)
    by_feature["because"] = _because(by_feature, recorded, _by_time(home, X, followed))
    rules = rules_missed(home, child_id, dates, one_task(model))
    return Change(
        concepts=_with_causes(_concepts(*why), by_feature),
        features=by_feature,
        events=events,
        scores=pd.concat([each.log_odds.to_frame().assign(risk=each.risk) for each in why]).set_axis(["from", "to"]),
        specs=specs,
        missed=(rules[0], rules[1]),
        ages=_ages(home, child_id, dates),
        about=why[0].about,
    )


def _check_order(records: Records, child_id: str, dates: list[pd.Timestamp]) -> None:
    """Refuse dates that are not in order, and a child that was not born."""
    if not dates[0] < dates[1]:
        msg = "from_date must be before to_date. Give the earlier date first."
        raise SpecError(msg)
    children = records.table("children")
    if (children.loc[children["child_id"] == child_id, "birth_date"] >= dates[0]).any():
        msg = "The child was not born before from_date, so there is no score to start from. Give a later from_date."
        raise SpecError(msg)


def _ages(records: Records, child_id: str, dates: list[pd.Timestamp]) -> tuple[int, int] | None:
    """Completed years on both dates; None where the birth date is not recorded."""
    children = records.table("children")
    born = children.loc[children["child_id"] == child_id, "birth_date"].iloc[0]
    if pd.isna(born):
        return None
    first, last = (int(age_in_years(np.datetime64(born, "D"), np.datetime64(day, "D"))) for day in dates)
    return first, last


def _by_concept(why: Explanation) -> pd.DataFrame:
    """What each concept adds to each row, in the order of the catalogue."""
    found = why.concept_contributions
    return found[[name for name in (*CONCEPTS, OWN_FEATURES) if name in found.columns]]


def _moves(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """What each column moved, pair by pair."""
    return pd.DataFrame(now.to_numpy() - before.to_numpy(), columns=now.columns)


def _changes(model: Any, X_from: pd.DataFrame, X_to: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """What features and concepts moved between the rows of two frames, and the difference in log-odds of each pair."""
    before, now = explain(model, X_from), explain(model, X_to)
    difference = now.log_odds.to_numpy() - before.log_odds.to_numpy()
    return (
        _moves(before.contributions, now.contributions),
        _moves(_by_concept(before), _by_concept(now)),
        difference,
    )


def _concepts(before: Explanation, now: Explanation) -> pd.DataFrame:
    """Concepts on both dates, largest change first."""
    first, second = _by_concept(before), _by_concept(now)
    frame = pd.DataFrame(
        {
            "concept": [str(name) for name in second.columns],
            "contribution_from": first.to_numpy()[0],
            "contribution_to": second.to_numpy()[0],
            "change": _moves(first, second).to_numpy()[0],
        }
    )
    return _largest_first(frame, "concept")


def _by_feature(before: Explanation, now: Explanation) -> pd.DataFrame:
    """Features on both dates, largest change first."""
    names = [str(name) for name in now.contributions.columns]
    values = [[value_of(each.values, 0, place) for place in range(len(names))] for each in (before, now)]
    frame = pd.DataFrame(
        {
            "feature": names,
            "concept": [concept_of(name) for name in names],
            "value_from": values[0],
            "value_to": values[1],
            "contribution_from": before.contributions.to_numpy()[0],
            "contribution_to": now.contributions.to_numpy()[0],
            "change": _moves(before.contributions, now.contributions).to_numpy()[0],
        }
    )
    return _largest_first(frame, "feature")


def _largest_first(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows by the size of their change; ties by name."""
    order = np.lexsort((frame[name].to_numpy(dtype=str), -frame["change"].abs().to_numpy()))
    return frame.iloc[order].reset_index(drop=True)


def _by_time(home: Records, X: pd.DataFrame, specs: Sequence[Feature]) -> set[str]:
    """Features whose later value follows from what was known before the earlier date."""
    if not specs:
        return set()
    (household, child, before), (_, _, now) = X.index
    then = rows_of_child(known_before(home, before), child, household, [now], specs)
    names = [spec.name for spec in specs]
    now_is, then_gives = (
        [value_of(each[names], len(each) - 1, place) for place in range(len(names))] for each in (X, then)
    )
    return {name for name, same in zip(names, same_values(now_is, then_gives, _SAME), strict=True) if same}


def _because(features: pd.DataFrame, recorded: dict[str, bool], by_time: set[str]) -> list[str]:
    """Why each contribution moved: what came to be known, time alone, or what moved others; empty where it did not."""
    same = same_values(features["value_from"], features["value_to"], _SAME)
    return [
        "" if change == 0 else "others" if still else "record" if recorded[name] or name not in by_time else "time"
        for name, change, still in zip(features["feature"], features["change"], same, strict=True)
    ]


def _with_causes(concepts: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Concepts with the strongest cause among their features."""
    causes = features.groupby("concept")["because"].agg(set)
    return concepts.assign(
        because=[
            next((each for each in ("record", "time", "others") if each in causes[name]), "")
            for name in concepts["concept"]
        ]
    )
