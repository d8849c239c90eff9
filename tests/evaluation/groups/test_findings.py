"""Findings: what was planted is named, and where nothing was, next to nothing is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.evaluation._inputs import score_rows
from edgeofcare.evaluation.capacity import select_rows
from edgeofcare.evaluation.groups.findings import FINDING_COLUMNS, benjamini_hochberg, group_findings
from edgeofcare.evaluation.groups.measures import audit_groups, check_groups
from edgeofcare.exceptions import SpecError
from evaluation.panels import Stub, make_panel

BY = ["age_band", "sex", "ethnic_group", ("sex", "ethnic_group")]


def audited(seed, households=400, planted=1.0, n_resamples=200):
    """Findings on a panel in which the odds of Black children are so many times what the risk says."""
    X, y, cohort = make_panel(households, seed)
    if planted != 1:
        odds = X["risk"] / (1 - X["risk"]) * np.where(cohort["ethnic_group"] == "black", planted, 1.0)
        y = (np.random.default_rng(seed).uniform(size=len(X)) < odds / (1 + odds)).astype("int64").set_axis(y.index)
    rows = score_rows(Stub(margin="lp"), X, y)
    selected = select_rows(rows.score["model"], rows.date, households // 5)
    audit = audit_groups(rows, check_groups(cohort, BY, X), selected, n_resamples=n_resamples, random_state=seed)
    return group_findings(audit.measures)


def row(**changes):
    """One comparison that finds something."""
    return {
        "by": "sex",
        "group": "female",
        "measure": "observed_expected_ratio",
        "estimate": 1.5,
        "ci_low": 1.3,
        "ci_high": 1.7,
        "against": "ideal",
        "difference": 0.5,
        "difference_low": 0.3,
        "difference_high": 0.7,
        "p_value": 0.0001,
        "note": "",
    } | changes


def test_step_up_by_hand():
    # 0.05 times k/5: 0.01, 0.02, 0.03, 0.04, 0.05. The third is above its line, the fourth at its own.
    assert benjamini_hochberg([0.9, 0.04, 0.001, 0.031, 0.02], 0.05).tolist() == [False, True, True, True, True]
    assert benjamini_hochberg([0.06, 0.9], 0.05).tolist() == [False, False]
    assert benjamini_hochberg([], 0.05).tolist() == []


@pytest.mark.parametrize(
    ("changes", "size"),
    [({}, "material"), ({"ci_low": 1.2}, "shown"), ({"ci_low": 0.5, "ci_high": 0.79, "difference": -0.3}, "material")],
)
def test_a_ratio_is_material_where_its_whole_interval_is_beyond(changes, size):
    assert group_findings(pd.DataFrame([row(**changes)]))["size"].tolist() == [size]


@pytest.mark.parametrize(
    "changes",
    [
        {"note": "unreliable: fewer than 30 entrants"},
        {"note": "suppressed: fewer than 10 entrants", "p_value": np.nan},
        {"p_value": 0.06},
        {"difference_low": -0.1},
        {"against": "the rest"},
        {"measure": "base_rate", "against": "the rest"},
    ],
)
def test_nothing_is_said_of_these(changes):
    found = group_findings(pd.DataFrame([row(**changes)]))
    assert found.empty
    assert tuple(found.columns) == FINDING_COLUMNS


def test_a_column_of_two_is_told_once_and_every_comparison_is_counted():
    gap = {"measure": "auroc", "against": "the rest", "estimate": 0.7}
    both = [
        row(**gap, difference=-0.1, difference_low=-0.15, difference_high=-0.05),
        row(**gap, group="male", difference=0.1, difference_low=0.05, difference_high=0.15),
        row(by="kind", p_value=0.9),
    ]
    found = group_findings(pd.DataFrame(both))
    assert found["group"].tolist() == ["female"]
    assert found["comparisons"].tolist() == [2]
    assert "ranked worse than others" in found["finding"].iloc[0]
    assert "(2 comparisons were made.)" in found["finding"].iloc[0]


def test_a_share_and_its_interval_have_one_unit():
    gap = {"measure": "true_positive_rate", "against": "the rest", "estimate": 0.44}
    found = group_findings(pd.DataFrame([row(**gap, difference=-0.38, difference_low=-0.584, difference_high=-0.19)]))
    assert "-38 points from the rest (95% interval -58 to -19 points): a smaller share" in found["finding"].iloc[0]


def test_many_comparisons_ask_for_more_evidence():
    one = row(p_value=0.03)
    others = [row(group=str(i), p_value=0.5) for i in range(9)]
    assert len(group_findings(pd.DataFrame([one]))) == 1
    assert group_findings(pd.DataFrame([one, *others])).empty


def test_the_frame_has_to_be_that_of_an_audit():
    with pytest.raises(SpecError, match="The frame lacks"):
        group_findings(pd.DataFrame([row()]).drop(columns="p_value"))


def test_miscalibration_planted_in_one_group_is_named_and_no_other():
    found = audited(1, households=1500, planted=2.2)
    ratios = found.loc[found["measure"] == "observed_expected_ratio"]
    # The groups of the other columns hold Black children as well, and may be named for them.
    assert ratios.loc[ratios["by"] == "ethnic_group", "group"].tolist() == ["black"]
    assert ratios["finding"].str.contains("too low").all()


def test_little_is_said_where_no_group_differs():
    said = sum(len(audited(seed, households=200, n_resamples=60)) > 0 for seed in range(12))
    assert said <= 2


@pytest.mark.slow
def test_two_hundred_panels_without_a_difference():
    said = sum(len(audited(1000 + seed)) > 0 for seed in range(200))
    assert said <= 20
