"""The calibration check of an evaluation is that of the library, and tells of no few children."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.models.calibration_check import CALIBRATION_CHECK_COLUMNS, check_maps
from evaluation.panels import FAST, FixedRisk, Stub, make_panel

NUMBERS = list(CALIBRATION_CHECK_COLUMNS[1:-1])


def test_the_frame_is_the_table_of_the_check(panel, evaluation):
    X, y, _ = panel
    household, child = (X.index.get_level_values(level) for level in (0, 1))
    expected = check_maps(y, X["risk"], household, child=child, n_resamples=200).table
    pd.testing.assert_frame_equal(evaluation.calibration_check, expected)
    saved = evaluation.to_dict()["calibration_check"]
    assert [row["map"] for row in saved] == expected["map"].tolist()
    assert saved[0]["gain"] == pytest.approx(expected["gain"].iloc[0], abs=5e-7)


@pytest.mark.parametrize(
    ("level", "risk", "why"),
    [(-6.0, 0.0, "suppressed: fewer than 10 entrants"), (-2.0, 1.0, "not checked: a risk is exactly 0 or 1")],
)
def test_what_cannot_be_checked_says_why_and_nothing_else(level, risk, why):
    X, y, _ = make_panel(60, 2, level)
    X = X.assign(risk=np.where(X["risk"] > X["risk"].quantile(0.9), np.maximum(risk, X["risk"]), X["risk"]))
    check = evaluate(FixedRisk("risk"), X, y, **FAST).calibration_check
    assert tuple(check.columns) == CALIBRATION_CHECK_COLUMNS
    assert check[NUMBERS].isna().all(axis=None)
    assert check[NUMBERS].dtypes.eq(np.float64).all()
    assert check["note"].str.startswith(why).all()


def test_an_evaluation_of_before_there_was_a_check_can_still_be_told(evaluation):
    held = {each.name: getattr(evaluation, each.name) for each in fields(Evaluation)}
    del held["calibration_check"]
    old = Evaluation(**held)
    assert old.calibration_check.empty
    assert old.to_dict()["calibration_check"] == []
    assert old.verdict().text == evaluation.verdict().text


def test_stub_baselines_change_nothing(panel, evaluation):
    X, y, _ = panel
    alone = evaluate(Stub(baselines={}), X, y, **FAST).calibration_check
    pd.testing.assert_frame_equal(alone, evaluation.calibration_check)
