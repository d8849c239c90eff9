"""Numbers of a row are the same to the bit whether it is worked out alone or among many."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from edgeofcare.explanation.bands import judged
from edgeofcare.models.arrays import LinearArrays, linear_terms, margin
from edgeofcare.models.members import AveragedTrees
from edgeofcare.models.spread import refit_spread, risk_interval

ROWS = 300


def alone(found, rows):
    """What each row gives by itself, one after another."""
    return np.concatenate([found(rows[place : place + 1]) for place in range(len(rows))])


def same_bits(found, rows):
    """Whether rows give the same by themselves and together."""
    return alone(found, rows).tobytes() == np.ascontiguousarray(found(rows)).tobytes()


def test_an_interval():
    rng = np.random.default_rng(0)
    refits = rng.normal(size=(ROWS, 20))
    assert same_bits(lambda rows: risk_interval(rows[:, 0], np.ascontiguousarray(rows.T)), refits)


@pytest.mark.parametrize("reasons", [1, 3])
def test_the_spread_of_contributions(reasons):
    refits = np.random.default_rng(1).normal(size=(ROWS, 20, reasons))
    assert same_bits(lambda rows: refit_spread(np.ascontiguousarray(np.swapaxes(rows, 0, 1))), refits)
    np.testing.assert_allclose(refit_spread(np.swapaxes(refits, 0, 1)), refits.std(axis=1, ddof=1), rtol=1e-14)


def test_a_band_where_size_and_spread_are_the_same():
    refits = np.random.default_rng(2).normal(3.0, size=(20, ROWS, 1))
    own = refit_spread(refits)  # exactly one standard deviation: some and not slight, if to the bit
    found = [judged(own[[row]], refits[:, [row]])[0, 0] for row in range(ROWS)]
    assert found == judged(own, refits)[:, 0].tolist()


def test_a_regression_on_many_codes():
    rng = np.random.default_rng(3)
    codes, zero = 15, np.zeros(2)
    share = rng.dirichlet(np.ones(codes))
    places = (np.zeros(codes, np.int32), np.arange(codes, dtype=np.float64))
    line = LinearArrays(zero, zero, np.array([0.0, 0.3]), zero, zero, -3.0, *places, rng.normal(size=codes), share)
    table = np.column_stack([rng.integers(0, codes, ROWS), rng.normal(size=ROWS)]).astype(np.float64)
    assert same_bits(lambda rows: margin(line, rows), table)
    assert same_bits(lambda rows: linear_terms(line, rows), table)


def test_the_mean_of_many_members():
    rng = np.random.default_rng(4)
    model = AveragedTrees(HistGradientBoostingClassifier(), members=12)
    lines = rng.normal(size=(12, 3))
    model.members_ = [SimpleNamespace(decision_function=lambda X, line=line: (X * line)[:, 0]) for line in lines]
    assert same_bits(model.decision_function, rng.normal(size=(ROWS, 3)))
