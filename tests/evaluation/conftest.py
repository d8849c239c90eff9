"""One simulated panel and its evaluation, for every test of this folder."""

from __future__ import annotations

import pytest

from edgeofcare.evaluation.evaluate import evaluate
from evaluation.panels import FAST, Stub, make_panel


@pytest.fixture(scope="package")
def panel():
    return make_panel(400, 1)


@pytest.fixture(scope="package")
def evaluation(panel):
    X, y, cohort = panel
    train = X.index[X.index.get_level_values("household_id") < "h0200"]
    by = ["age_band", "sex", "ethnic_group"]
    return evaluate(Stub(margin="lp"), X, y, cohort=cohort, capacity=8, by=by, train=train, **FAST)
