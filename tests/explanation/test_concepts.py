"""A concept adds its features up, is told by the one that carries it, and never tells more than the records say."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.concepts import probability_of, probability_points
from edgeofcare.explanation.explain import explain
from edgeofcare.features.catalogue import concept_of
from edgeofcare.models.risk_model import make_risk_model
from tiny_tables import records_of
from told_child import RECORDS, explained

MISSING = {"missing.count.90d": 0.5, "missing.count.365d": 0.3, "missing.days_since": -0.2}
SMALL = st.floats(-3, 3, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-6)


@pytest.fixture(scope="module")
def why(records, X, y):
    model = make_risk_model("boosting", max_iter=40, min_samples_leaf=10).fit(X, y)
    return explain(model, X.iloc[::56], records=records)


def test_a_concept_is_the_sum_of_its_features_told_by_the_largest_on_its_side():
    (reason,) = explained(MISSING).reasons().to_dict("records")
    assert reason["concept"] == "risks outside the home"
    assert reason["direction"] == "raises"
    assert reason["contribution"] == pytest.approx(0.6)
    assert reason["odds_multiplier"] == pytest.approx(math.exp(0.6))
    assert reason["feature"] == "missing.count.90d"
    assert (
        reason["sentence"] == "4 missing episodes began in the 90 days before 31 March 2024, the last of them 12 days "
        "before."
    )
    assert [row[2] for row in reason["evidence"]] == ["2024-01-20", "2024-02-11", "2024-03-02", "2024-03-19"]
    assert {row[0] for row in reason["evidence"]} == {"missing_episodes"}


def test_the_largest_on_the_other_side_does_not_carry():
    (reason,) = explained(MISSING | {"missing.days_since": -0.7}).reasons().to_dict("records")
    assert (reason["feature"], reason["direction"]) == ("missing.count.90d", "raises")
    (reason,) = explained(MISSING | {"missing.days_since": -0.9}).reasons().to_dict("records")
    assert (reason["feature"], reason["direction"]) == ("missing.days_since", "lowers")


def test_concepts_of_every_row_add_up_to_what_the_features_add(why):
    frame = why.reasons(top=100)
    sums = frame.groupby(level=[0, 1, 2])["contribution"].sum()
    expected = why.contributions.sum(axis=1)
    pd.testing.assert_series_equal(
        sums.sort_index(), expected.sort_index(), check_names=False, check_index=False, rtol=1e-9
    )
    points = frame.groupby(level=[0, 1, 2])["probability_points"].sum().sort_index().to_numpy()
    start = probability_of(why.base)
    np.testing.assert_allclose(points, 100 * (why.risk.sort_index().to_numpy() - start), atol=1e-9)
    by_concept = why.concept_contributions
    for key, reason in frame.iterrows():
        assert reason["contribution"] == pytest.approx(by_concept.loc[key[:3], reason["concept"]], abs=1e-12)
        assert why.contributions.loc[key[:3], reason["feature"]] * reason["contribution"] > 0
        assert concept_of(reason["feature"]) == reason["concept"]


def test_ranks_go_by_size_and_ties_by_name():
    frame = explained({"cp_plan.count.1095d": 0.4, "missing.count.90d": -0.4, "referral.count.1095d": 0.5}).reasons(2)
    assert frame.index.get_level_values("rank").tolist() == [1, 2]
    assert frame["concept"].tolist() == ["contact with services", "plans and statutory steps"]


def test_what_adds_nothing_is_left_out():
    frame = explained({"missing.count.90d": 0.0}).reasons()
    assert len(frame) == 0
    assert "sentence" in frame.columns


@pytest.mark.parametrize("top", [0, 1.5, True, "all"])
def test_top_is_a_whole_number(top):
    with pytest.raises(SpecError, match="top must be"):
        explained(MISSING).reasons(top)


# ------------------------------------------------------------------------------------------------- records


def told(name, contribution=-0.5, **options):
    """The only reason of one feature."""
    (reason,) = explained({name: contribution}, **options).reasons().to_dict("records")
    return reason


def test_absence_that_lowers_is_told_as_absence_and_is_no_strength():
    reason = told("offence.count.365d", records=records_of(**RECORDS, offences="child, date\nAli 4, 2020-01-01"))
    assert reason["record"] == "nothing recorded"
    assert reason["strength"] is False
    assert reason["sentence"].startswith("No offence")


def test_what_was_never_received_is_not_known():
    for name in ("offence.count.365d", "offence.days_since"):
        reason = told(name)
        assert reason["record"] == "not known"
        assert reason["sentence"] == "No records of offences were received."


def test_records_that_do_not_reach_back_are_not_known():
    records = records_of(**RECORDS, options={"observed_from": {"contacts": "2023-10-01"}})
    reason = told("contact.count.365d", records=records)
    assert math.isnan(reason["value"])
    assert reason["record"] == "not known"
    assert reason["sentence"] == "Unknown: the records of contacts do not reach back 365 days."


def test_an_empty_record_that_reaches_is_nothing_recorded():
    reason = told("contact.days_since")
    assert math.isnan(reason["value"])
    assert (reason["record"], reason["strength"]) == ("nothing recorded", False)
    assert reason["sentence"] == "No contact is on record."


def test_a_ratio_of_nothing_tells_both_parts():
    records = records_of(**RECORDS | {"missing_episodes": "child, start, end\nAli 4, 2018-03-19, 2018-03-20"})
    reason = told("missing.days_in.365d / missing.count.365d", records=records)
    assert reason["record"] == "nothing recorded"
    assert reason["sentence"] == (
        "Missing overnight on none of the 365 days before 31 March 2024, and no missing episode began in that time."
    )


@pytest.mark.parametrize(
    ("name", "contribution", "strength"),
    [
        ("cp_plan.count_ended.1095d", -0.3, True),  # of the concept, on record, lowers
        ("cp_plan.count_ended.1095d", 0.3, False),
        ("early_help.count_ended.1095d", -0.3, False),  # nothing on record
        ("missing.days_since", -0.3, True),  # time that passed, where the catalogue says that it can only lower
        ("missing.count.90d", -0.3, False),
        ("referral.days_since_end - referral.days_since", -0.3, False),
    ],
)
def test_a_strength_is_something_good_on_record(name, contribution, strength):
    records = records_of(**RECORDS, early_help="child, start, end\nAli 4, 2020-01-01, 2020-02-01")
    assert told(name, contribution, records=records)["strength"] is strength


def test_without_records_a_lack_of_rows_is_not_taken_for_knowledge():
    assert told("contact.count.365d", given=False)["record"] == "nothing recorded"
    assert told("contact.source_2A+2B.days_since", given=False)["record"] == "nothing recorded"
    assert told("contact.share_source_6.1095d", given=False)["record"] == "not known"
    assert told("offence.count.365d", given=False)["record"] == "not known"


# -------------------------------------------------------------------------------------------------- points


def test_points_by_hand():
    start, end = 1 / (1 + math.e**2), 1 / (1 + math.e)
    points = probability_points([1.5, -0.5], -2.0, -1.0)
    assert points.tolist() == pytest.approx([150 * (end - start), -50 * (end - start)])


@given(st.lists(SMALL, min_size=1, max_size=6), st.floats(-6, 6))
def test_points_add_up_and_keep_signs_and_order(contributions, base):
    end = base + math.fsum(contributions)
    points = probability_points(contributions, base, end)
    assert points.sum() == pytest.approx(100 * (probability_of(end) - probability_of(base)), abs=1e-6)
    assert (np.sign(points) == np.sign(contributions)).all()
    assert (np.argsort(np.abs(points), kind="stable") == np.argsort(np.abs(contributions), kind="stable")).all()


@given(st.floats(-4, 4), st.floats(0.1, 2))
def test_points_are_the_integral_along_the_ray(base, size):
    """Aumann-Shapley by its definition: the integral of the derivative along the ray, not the closed form."""
    phi = np.array([size, -0.4 * size])
    steps = (np.arange(2000) + 0.5) / 2000
    risks = 1 / (1 + np.exp(-(base + steps * phi.sum())))
    expected = 100 * (risks * (1 - risks)).mean() * phi
    np.testing.assert_allclose(probability_points(phi, base, base + phi.sum()), expected, rtol=1e-5)


def test_points_of_contributions_that_cancel_are_those_of_the_slope_at_the_start():
    assert probability_points([0.3, -0.3], 0.0, 0.0).tolist() == pytest.approx([7.5, -7.5])
    near = probability_points([0.3, -0.3 + 1e-7], 0.0, 1e-7)
    np.testing.assert_allclose(near, [7.5, -7.5], rtol=1e-5)


def test_probability_of_any_log_odds():
    assert probability_of(-800.0) == 0.0
    assert probability_of(800.0) == 1.0
