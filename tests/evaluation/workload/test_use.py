"""What is given beside rows and model must fit them, and no value of it is ever told."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import SpecError
from edgeofcare.task import Task
from evaluation.panels import Stub, make_panel

X, Y, _ = make_panel(40, 3)
DETAILS = pd.DataFrame({"followup_days": 30, "entered_care": Y}, index=X.index)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        (DETAILS.assign(followup_days=400), "outside the outcome window"),
        (DETAILS.assign(followup_days="secret"), "outside the outcome window"),
        (DETAILS.assign(entered_care=1 - Y), "etails and y differ"),
        (DETAILS.iloc[1:], "etails lacks 1 of"),
        (DETAILS[["entered_care"]], "label_outcome"),
    ],
)
def test_details_that_do_not_fit_are_refused_without_a_value(details, words):
    with pytest.raises(SpecError, match=words) as refused:
        evaluate(Stub(), X, Y, details=details, task=Task(), n_resamples=2)
    assert "secret" not in str(refused.value)


def test_criteria_cannot_change_after_fitting():
    model = Stub()
    model.criteria = Criteria(min_entrants=200)
    with pytest.raises(SpecError, match="fixed before fitting"):
        evaluate(model, X, Y, criteria=Criteria(), n_resamples=2)


@pytest.mark.parametrize("name", ["model", "model minus count_rule", "Some Body", ""])
def test_names_of_baselines_are_plain(name):
    with pytest.raises(SpecError, match="names of baselines"):
        evaluate(Stub(), X, Y, baselines={name: Stub()}, n_resamples=2)
