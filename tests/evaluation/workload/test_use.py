"""What is given beside rows and model must fit them, and no value of it is ever told."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.task import Task
from evaluation.panels import FAST, Stub, make_panel
from tiny_tables import records_of

X, Y, _ = make_panel(40, 3)
CHILDREN = X.index.get_level_values("child_id").unique()
UNTIL = X.index.get_level_values("index_date") + pd.Timedelta(days=365)
COHORT = pd.DataFrame({"outcome_until": UNTIL, "outcome_known": UNTIL, "mature": True}, index=X.index)
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


@pytest.mark.parametrize("name", ["model", "model minus count_rule", "Some Body", ""])
def test_names_of_baselines_are_plain(name):
    with pytest.raises(SpecError, match="names of baselines"):
        evaluate(Stub(), X, Y, baselines={name: Stub()}, n_resamples=2)


def with_records(cohort=COHORT, children=CHILDREN, task=None):
    """Evaluate with records of some children, who were all born on one day."""
    records = records_of(dict.fromkeys(children, "2010-06-15"))
    return evaluate(Stub(), X, Y, cohort=cohort, records=records, capacity=5, task=task or Task(), **FAST)


def test_records_that_fit_give_reach():
    assert with_records().reach["group"].iloc[0] == "all entrants"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"task": Task(horizon="182D")}, SpecError, "built with another horizon or gap"),
        ({"cohort": COHORT.assign(outcome_until=UNTIL + pd.Timedelta(days=1))}, SpecError, "another horizon or gap"),
        ({"cohort": COHORT.drop(columns="mature")}, IndexNamesError, "must be as build_cohort gives it"),
        ({"cohort": COHORT.reset_index()}, IndexNamesError, "must be as build_cohort gives it"),
        ({"cohort": COHORT.iloc[3:]}, SpecError, f"lacks 3 of the {len(X)} rows of X"),
        ({"children": CHILDREN[2:]}, SpecError, f"records lack 2 of the {len(CHILDREN)} children of X"),
        ({"children": ["a stranger"]}, SpecError, f"records lack {len(CHILDREN)} of the {len(CHILDREN)} children"),
        ({"children": CHILDREN[1:], "cohort": COHORT.iloc[2:]}, SpecError, "; the records lack 1 of"),
    ],
)
def test_records_and_cohort_must_be_of_these_rows(given, error, words):
    with pytest.raises(error, match=words) as refused:
        with_records(**given)
    assert "h00" not in str(refused.value)
