"""Contributions that miss the score are refused; what rounding leaves of large numbers, and a large number, are not."""

from __future__ import annotations

import io
import json
import math
import zipfile

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.additivity import check_sum
from edgeofcare.explanation.explain import explain
from edgeofcare.models.rows import ROW_NAMES
from line_models import line_scorer

FEATURE = "suspensions.sum_value.365d"


@pytest.mark.parametrize("gap", [2e-9, -2e-9, math.nan])
def test_a_sum_that_misses_the_score_is_refused(gap):
    with pytest.raises(SpecError, match="in 1 of 2 rows"):
        check_sum(-1.0, np.array([[0.5, 0.25], [0.5, 0.25]]), np.array([-0.25, -0.25 + gap]))


@pytest.mark.parametrize("size", [1.0, 1e3, 1e7, 1e12])
def test_what_is_allowed_grows_with_the_largest_number_and_no_faster(size):
    parts = np.array([[size, -size, 0.5]])
    check_sum(0.0, parts, np.array([0.5 + 0.9e-9 * size]))
    with pytest.raises(SpecError, match="do not agree"):
        check_sum(0.0, parts, np.array([0.5 + 1.2e-9 * size]))


def test_no_columns_leave_the_base():
    check_sum(-2.0, np.zeros((1, 0)), np.array([-2.0]))


@pytest.mark.parametrize("value", [3_000.0, 20_240_301.0, 9e8, -9e8])
def test_an_outlier_is_told_and_stops_nothing(value, tmp_path):
    """A date typed into a column of days moves one row beyond any exponential; the others are explained as ever."""
    rows = [("h1", "a", pd.Timestamp("2024-01-01")), ("h2", "b", pd.Timestamp("2024-01-01"))]
    X = pd.DataFrame(
        {FEATURE: [2.0, value], "child.age": [12.1, 13.3]}, pd.MultiIndex.from_tuples(rows, names=ROW_NAMES)
    )
    why = explain(line_scorer({FEATURE: 0.53, "child.age": 0.1}, intercept=-3.1), X)
    reasons = why.reasons()
    assert np.isfinite(reasons["odds_multiplier"]).all()
    plain = reasons["contribution"].abs() < 700
    assert reasons["odds_multiplier"][plain].tolist() == np.exp(reasons["contribution"][plain]).tolist()
    told = reasons.loc[("h2", "b")].iloc[0]
    assert (told["odds_multiplier"] > 1e300) == (value > 0)
    one = why.row(1)
    assert (">1,000,000" in one.to_html().replace("&gt;", ">")) == (value > 0)
    for kind in ("bars", "sides", "waterfall"):
        one.plot(kind=kind).savefig(io.BytesIO(), dpi=30)
    with zipfile.ZipFile(one.contest_bundle(tmp_path / "a.zip")) as bundle:
        assert "inf" not in bundle.read("reasons.csv").decode()


def test_a_score_of_one_child_with_a_large_reason_is_plain_json():
    plain = {
        "child_id": "A",
        "observed_until": "2022-12-31",
        "tables": {
            "children": [{"child_id": "A", "birth_date": "2008-03-31"}],
            "missing_episodes": [{"row_key": "m", "child_id": "A", "start_date": "2022-03-01", "end_date": None}],
            **{name: [] for name in ("referrals", "care_episodes", "legal_statuses")},
        },
    }
    score = line_scorer({"missing.count.90d": 800.0}).score_child(plain, "2022-03-31", eligible_only=False)
    (reason,) = json.loads(json.dumps(score.to_dict(), allow_nan=False))["reasons"]
    assert reason["odds_multiplier"] > 1e300
