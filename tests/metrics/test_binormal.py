"""Binormal arithmetic: the AUROC that its distance gives back, and lists of the share asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics import auroc as measured_auroc
from edgeofcare.metrics.binormal import at_capacity, average_precision, distance, share_listed


@pytest.mark.parametrize("auroc", [0.3, 0.5, 0.8, 0.95])
def test_scores_that_far_apart_have_that_auroc(auroc):
    rng = np.random.default_rng(0)
    y = (np.arange(200_000) < 60_000).astype(int)
    assert measured_auroc(y, rng.standard_normal(y.size) + distance(auroc) * y) == pytest.approx(auroc, abs=0.005)


@given(st.floats(0.05, 0.95), st.floats(0.01, 0.99), st.floats(-3, 4))
def test_a_list_cut_anywhere_is_the_list_of_its_share(auroc, rate, cut):
    share = share_listed(cut, auroc, rate)
    ppv, recall = at_capacity(auroc, rate, share)
    assert share_listed(cut + 0.01, auroc, rate) < share
    others = share_listed(cut, 0.5, rate)  # a score that tells nothing: everybody is as the others
    assert recall * rate + others * (1 - rate) == pytest.approx(share, abs=1e-9)
    assert ppv * share == pytest.approx(recall * rate)


def test_average_precision_lies_between_the_base_rate_and_one():
    precision = [average_precision(auroc, 0.05) for auroc in (0.5, 0.7, 0.9, 0.99)]
    assert precision[0] == pytest.approx(0.05)
    assert np.diff([*precision, 1.0]).min() > 0


@pytest.mark.parametrize("bad", [0, 1, -0.2, float("nan")])
def test_shares_must_be_open(bad):
    for refuse in (distance, lambda value: average_precision(0.8, value), lambda value: at_capacity(0.8, value, 0.1)):
        with pytest.raises(SpecError, match="above 0 and below 1"):
            refuse(bad)
