"""What the main job looks at beside one evaluation: each is found, or says why not, and is the same every time."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.main_checks import (
    CHECKS,
    _both,
    _ran,
    check_names,
    checks_after,
    checks_before,
)
from edgeofcare.main_found import Made, MainChecks
from edgeofcare.main_job import Plan, run_main_job
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.splitting import temporal_split
from edgeofcare.synthetic.records import make_records
from saved_models import FEATURES, TASK

TEST_FROM = "2022-04-01"


@pytest.fixture(autouse=True)
def small_work(monkeypatch):
    """Neither intervals nor the size of a model are what is tested here."""
    monkeypatch.setattr("edgeofcare.models.learners.MOST_TREES", 75)
    monkeypatch.setattr("edgeofcare.models.fitting.STAGES", (50, 75))
    monkeypatch.setattr("edgeofcare.main_checks._RESAMPLES", 40)


class Small(NamedTuple):
    """Invented children, enough of whom enter care in each year."""

    records: Records
    cohort: pd.DataFrame
    X: pd.DataFrame
    y: pd.Series


@cache
def small() -> Small:
    """Rows of few features."""
    records = make_records(3200, random_state=5, authority="sample")
    cohort = build_cohort(records, TASK, index_dates=quarters("2017-04-01", "2023-01-01"))
    return Small(records, cohort, build_features(records, cohort, FEATURES), label_outcome(records, cohort, TASK))


@cache
def job(kind: str = "logistic") -> Made:
    """A small job whose test period is the last year, as in the main job."""
    run = small()
    split = temporal_split(run.cohort.loc[run.y.index], TASK, test_from=TEST_FROM)
    model = make_risk_model(kind, task=TASK).fit(run.X.loc[split.train], run.y.loc[split.train])
    tested = run.X.loc[split.test], run.y.loc[split.test]
    evaluation = evaluate(model, *tested, cohort=run.cohort, capacity=15, train=split.train, n_resamples=40)
    return Made(TASK, run.cohort, run.X, run.y, split, model, evaluation)


@cache
def looked(kind: str = "logistic") -> MainChecks:
    """All checks of that job."""
    return checks_after(job(kind), checks=CHECKS, progress=False)


def test_all_are_made_and_said():
    found = looked()
    assert found.not_looked_at == {}
    assert list(found.frames) == list(found.said) == ["expected", "origins", "stability"]
    assert all(len(frame) for frame in found.frames.values())
    assert found.sections().given


def test_what_to_expect_is_said_from_its_table_and_is_no_bound():
    found, whole = looked(), job().evaluation.measures
    rows = (whole["model"] == "model") & (whole["stratum"] == "all rows")
    share = whole.loc[rows & (whole["measure"] == "selection_rate_at_capacity"), "estimate"].iloc[0]
    frame = found.frames["expected"]
    ppv = frame.loc[np.isclose(frame["capacity_share"], share), "ppv"].iloc[0]
    said = found.said["expected"]
    assert f"expect about {100 * ppv:.0f} of 100 reviews to meet an entry where {100 * share:.0f} of 100" in said
    assert "much more would be a surprise worth checking" in said
    assert "so it is no bound" in said
    assert "cannot" not in said


def test_lists_of_the_model_fitted_again_and_of_another_kind_are_told_apart():
    found = looked()
    frame = found.frames["stability"]
    both = frame[frame["measure"] == "list_overlap"].set_index("kind")["estimate"]
    again, other = re.split(r"(?<=\.) ", found.points["stability"])
    assert f"on resampled households, {100 * both['resampled households']:.0f} are on both" in again
    assert f"another kind (boosted trees), {100 * both['model families']:.0f} are on both" in other


def test_lists_that_are_not_shown_say_nothing():
    frame = pd.DataFrame(
        {"kind": ["resampled households", "model families"], "measure": "list_overlap", "estimate": [np.nan, 0.61]}
    )
    assert _both(frame, "boosting").startswith(
        "Of 100 children on the list of this model or of one of another kind (a reg"
    )
    assert _both(frame.assign(estimate=np.nan), "boosting") == ""


def test_from_how_many_resamples_intervals_come_is_said():
    assert (
        "Intervals of the earlier periods come from 40 resamples of households, those of the last from 40."
        in looked().said["origins"]
    )


def test_a_period_that_is_not_shown_is_counted():
    frame = looked().frames["origins"].copy()
    assert "each of 3 successive periods" in _ran(frame)
    assert "can be shown" not in _ran(frame)
    frame.loc[frame["origin"] == 3, "estimate"] = np.nan
    assert "each of 3 successive periods" in _ran(frame)
    assert _ran(frame).endswith("times in 100 in the 2 that can be shown.")


def test_the_last_period_is_the_test_period_of_the_job():
    found, whole = looked().frames["origins"], job().evaluation.measures
    last = found[found["origin"] == found["origin"].max()]
    assert last["first_month"].unique().tolist() == ["2022-04"]
    rows = (whole["model"] == "model") & (whole["stratum"] == "all rows") & (whole["measure"] == "auroc")
    ours = last[(last["model"] == "model") & (last["stratum"] == "all rows") & (last["measure"] == "auroc")]
    assert ours["estimate"].tolist() == whole.loc[rows, "estimate"].tolist()


def test_no_count_and_no_rate_of_entry_is_shown_by_period():
    """Periods may overlap with the test period, so that counts could be subtracted from each other."""
    frame = looked().frames["origins"]
    assert not {"rows", "children", "households", "entrants", "prevalence"} & set(frame.columns)
    assert "prevalence" not in set(frame["measure"])


def test_earlier_trees_are_counted_on_what_was_known_before_the_first_period():
    """Outcomes of the last year cannot change what is said of the years before."""
    changed = job("boosting")
    y = changed.y.copy()
    late = y.index.isin(changed.split.test)
    y[late] = np.roll(y[late].to_numpy(), 3)
    one, other = (
        checks_after(each, checks=["origins"], progress=False).frames["origins"]
        for each in (changed, changed._replace(y=y))
    )
    first = one["origin"] == 1
    assert first.any()
    pd.testing.assert_frame_equal(one[first], other[other["origin"] == 1])


def test_a_second_look_finds_the_same():
    again = checks_after(job(), checks=CHECKS, progress=False)
    for name, frame in looked().frames.items():
        pd.testing.assert_frame_equal(frame, again.frames[name], check_exact=True)
    assert again.said == looked().said
    assert again.points == looked().points


def test_what_is_not_asked_for_is_named():
    found = checks_after(job(), checks=[], progress=False)
    assert found.frames == {}
    assert list(found.not_looked_at) == ["expected", "origins", "stability"]
    assert set(found.not_looked_at.values()) == {"this run was asked to leave it out"}
    assert repr(found) == "MainChecks(not looked at: expected, origins, stability)"


def test_what_cannot_be_looked_at_says_why_and_stops_nothing():
    short = job()
    late = short.cohort.index.get_level_values("index_date") >= pd.Timestamp("2020-04-01")
    cohort = short.cohort[late]
    cut = short._replace(cohort=cohort, y=short.y[short.y.index.isin(cohort.index)])
    found = checks_after(cut, checks=["expected", "origins"], progress=False)
    assert "too short for 3 rolling origins" in found.not_looked_at["origins"]
    assert list(found.frames) == ["expected"]


def test_a_rate_that_is_not_shown_gives_no_arithmetic():
    hidden = job().evaluation.measures.assign(estimate=np.nan)
    few = job()._replace(evaluation=replace(job().evaluation, measures=hidden))
    found = checks_after(few, checks=["expected"], progress=False)
    assert "too few entrants" in found.not_looked_at["expected"]


def test_entrants_are_counted_before_anything_is_fitted():
    run = small()
    dates = run.cohort.index.get_level_values("index_date").unique().sort_values()
    found = checks_before(run.records, TASK, checks=["sample_size"], index_dates=dates, features=list(FEATURES))
    assert "candidate features" in found.said["sample_size"]
    assert found.points["sample_size"].startswith("There were ")


def test_names_of_checks_are_checked():
    assert check_names([]) == ()
    assert check_names(reversed(CHECKS)) == CHECKS
    with pytest.raises(SpecError, match="there is no 'luck'; use some of 'sample_size'"):
        check_names(["luck", "origins"])
    with pytest.raises(SpecError, match="there is no 'luck'"):
        run_main_job(small().records, Plan(checks=("luck",)), progress=False)
