"""The verdict reads intervals, not estimates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.evaluation.verdict import make_verdict


def table(auroc, ppv=None, ratio=(1.0, 0.9, 1.1)):
    rows = [("model", "auroc", 0.8, 0.7, 0.9), ("count_rule", "auroc", 0.7, 0.6, 0.8)]
    rows += [("model", "ppv_at_capacity", 0.3, 0.2, 0.4), ("count_rule", "ppv_at_capacity", 0.2, 0.1, 0.3)]
    rows += [("model minus count_rule", "auroc", *auroc), ("model", "observed_expected_ratio", *ratio)]
    rows += [] if ppv is None else [("model minus count_rule", "ppv_at_capacity", *ppv)]
    frame = pd.DataFrame(rows, columns=["model", "measure", "estimate", "ci_low", "ci_high"])
    return frame.assign(stratum="all rows", note="")


@pytest.mark.parametrize(
    ("auroc", "ppv", "conclusion"),
    [
        ((0.1, 0.05, 0.15), None, "gain shown"),
        ((0.1, -0.01, 0.2), None, "no gain shown"),
        ((-0.1, -0.2, -0.05), None, "worse than the count rule"),
        ((0.1, -0.01, 0.2), (0.1, 0.02, 0.2), "gain shown"),
        ((0.1, 0.05, 0.2), (-0.1, -0.2, -0.05), "worse than the count rule"),
        ((0.1, 0.0, 0.2), None, "no gain shown"),
    ],
)
def test_a_gain_must_leave_zero_out(auroc, ppv, conclusion):
    verdict = make_verdict(table(auroc, ppv), 100)
    assert verdict.conclusion == conclusion
    assert f"{auroc[1]:+.3f} to {auroc[2]:+.3f}" in verdict.text
    assert str(verdict) == verdict.text


@pytest.mark.parametrize("entrants", [29, "<10"])
def test_few_entrants_are_too_few_to_tell(entrants):
    verdict = make_verdict(table((0.1, 0.05, 0.15)), entrants)
    assert verdict.conclusion == "too few to tell"
    assert "0.1" not in verdict.text


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        ((1.2, 1.1, 1.3), "120 happened (95% interval 110 to 130): the risks are too low on average"),
        ((0.8, 0.7, 0.9), "too high on average"),
        ((1.0, 0.9, 1.1), "no sign that the risks are too high or too low"),
        ((np.nan, np.nan, np.nan), "cannot be told"),
    ],
)
def test_calibration_is_put_in_words(ratio, words):
    assert words in make_verdict(table((0.1, 0.05, 0.15), ratio=ratio), 100).text
