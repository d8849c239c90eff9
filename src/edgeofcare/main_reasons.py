"""What the main job says of what drives the scores: concepts, how steady their reasons are, values and groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from edgeofcare.exceptions import EdgeOfCareError
from edgeofcare.explanation.agreement import Agreement
from edgeofcare.explanation.dependence import concept_dependence
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.explanation.importance import concept_importance
from edgeofcare.main_found import Made, MainChecks
from edgeofcare.reporting.sections import ReportSections

__all__ = ["PROTECTED", "Reasons", "reasons_of"]

PROTECTED = ("sex", "ethnic_group", "disability_or_ehc")
"""Columns by which a concept may stand for a group; age and status are told by features as they are."""

_NO_REFITS = "this run was asked to fit no refits"


class Reasons(NamedTuple):
    """What drives the scores of the test rows; nothing personal in it.

    Parameters
    ----------
    checks : MainChecks
        Frames and sentences for the report: ``importance``, ``agreement``, ``by_value``, ``by_group``, ``proxies``.
    agreement : Agreement or None
        For the model file; None without refits.
    importance : DataFrame or None
        The same; None where it could not be made.
    """

    checks: MainChecks
    agreement: Agreement | None
    importance: pd.DataFrame | None


def reasons_of(made: Made) -> Reasons:
    """Explain the test rows, and say what drives their scores.

    Parameters
    ----------
    made : Made
        The model with its rows and its evaluation.

    Returns
    -------
    Reasons
        What cannot be made says why in its place, and the rest goes on.

    Notes
    -----
    Of the columns that the evaluation has groups by, those of sex, ethnic group and disability are looked at for
    concepts that stand for a group. Households are drawn as often as for the evaluation, with its seed.
    """
    test = made.split.test
    why, y = explain(made.model, made.X.loc[test]), made.y.loc[test]
    agreement = why.agreement() if made.model.refits_ else None
    frames: dict[str, Any] = {} if agreement is None else {"agreement": agreement.table}
    absent = {"agreement": _NO_REFITS} if agreement is None else {}
    try:
        frames |= _frames(why, y, made)
    except EdgeOfCareError as error:
        absent["importance"] = str(error)
    said = replace(ReportSections(), **frames).driver_words
    points = {name: text for name, text in said.items() if name != "proxies"}
    return Reasons(MainChecks(frames, said, points, absent), agreement, frames.get("importance"))


def _frames(why: Explanation, y: pd.Series, made: Made) -> dict[str, pd.DataFrame]:
    """Importance of concepts, and what contributions depend on."""
    by = [name for name in PROTECTED if name in set(made.evaluation.groups.get("by", ())) & set(made.cohort.columns)]
    drawn: dict[str, Any] = {"n_resamples": made.evaluation.n_resamples, "random_state": made.evaluation.random_state}
    depends = concept_dependence(why, cohort=made.cohort, by=by or None, y=y, **drawn)
    return {
        "importance": concept_importance(why, y=y, **drawn),
        "by_value": depends.by_value,
        **({"by_group": depends.by_group, "proxies": depends.proxies} if by else {}),
    }
