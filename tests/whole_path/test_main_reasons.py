"""What the main job says of what drives the scores: of the test rows, written everywhere, with refits or without."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.importance import concept_importance
from edgeofcare.main_found import Made
from edgeofcare.main_reasons import PROTECTED, reasons_of
from edgeofcare.model_file import load_model
from edgeofcare.models.refits import without_refits


def made_of(job, **changed):
    """What the job handed on."""
    names = ("cohort", "X", "y", "split", "model", "evaluation")
    return Made(job.plan.task, *(getattr(job, name) for name in names))._replace(**changed)


def test_all_test_rows_are_looked_at(finished_job):
    job = finished_job
    why = explain(job.model, job.X.loc[job.split.test])
    drawn = {"n_resamples": job.plan.n_resamples, "random_state": job.plan.random_state}
    pd.testing.assert_frame_equal(job.importance, concept_importance(why, y=job.y.loc[job.split.test], **drawn))
    pd.testing.assert_frame_equal(job.agreement.table, why.agreement().table)
    assert job.checks.frames["proxies"]["by"].unique().tolist() == list(PROTECTED)
    assert set(job.checks.frames["by_group"]["by"]) == set(PROTECTED)
    for name in ("importance", "agreement", "by_value"):
        assert len(job.checks.frames[name])


def test_report_card_model_file_and_screen_tell_the_same(finished, finished_job):
    said = finished_job.checks.said["agreement"]
    assert "Fitted again 10 times on resampled households" in said
    page = (finished.out / "report.html").read_text(encoding="utf-8").replace("&#39;", "'")
    for text in (said, finished_job.checks.said["importance"]):
        assert text in finished.said
        assert page.count(text) == 2  # among the plain words at the top, and in its part
    assert said in (finished.out / "documents" / "model_card.md").read_text(encoding="utf-8")
    manifest = load_model(finished.out / "edge_of_care.eoc").manifest
    assert manifest["refits"]["count"] == 10
    assert (
        manifest["refits"]["agreement"]["measures"][0]["estimate"] == finished_job.agreement.table["estimate"].iloc[0]
    )
    assert [row["concept"] for row in manifest["importance"]] == finished_job.importance["concept"].tolist()


def test_scores_hold_their_interval(finished):
    scores = pd.read_csv(finished.out / "scores.csv")
    assert (scores["risk_low"] < scores["risk"]).all()
    assert (scores["risk"] < scores["risk_high"]).all()


def test_the_part_stands_after_the_evaluation_and_before_the_method(finished):
    page = (finished.out / "report.html").read_text(encoding="utf-8")
    keys = ("measures-with-the-rules-it-would-replace", "stability", "what-drives-the-scores", "who-was-scored")
    order = [page.index(f'<section id="{key}"') for key in (*keys, "settings-and-versions")]
    assert order == sorted(order)


def test_without_refits_the_rest_is_told_and_their_absence_is(finished_job):
    bare = without_refits(finished_job.model)
    fitted = bare.set_params(max_iter=finished_job.model.n_iter_)
    rows = finished_job.split.train
    fitted = fitted.fit(finished_job.X.loc[rows], finished_job.y.loc[rows])
    found = reasons_of(made_of(finished_job, model=fitted))
    assert found.agreement is None
    assert found.checks.not_looked_at == {"agreement": "this run was asked to fit no refits"}
    assert set(found.checks.frames) == {"importance", "by_value", "by_group", "proxies"}
    assert set(found.checks.points) == {"importance"}


def test_groups_are_those_that_the_evaluation_looked_at(finished_job):
    groups = finished_job.evaluation.groups
    sexes = replace(finished_job.evaluation, groups=groups[groups["by"].isin(["sex", "age_band"])])
    assert set(reasons_of(made_of(finished_job, evaluation=sexes)).checks.frames["proxies"]["by"]) == {"sex"}
    none = replace(finished_job.evaluation, groups=groups.iloc[:0])
    assert not {"proxies", "by_group"} & set(reasons_of(made_of(finished_job, evaluation=none)).checks.frames)


def test_of_few_children_no_number_is_told(finished_job):
    test = finished_job.split.test
    children = test.get_level_values("child_id")
    few = test[children.isin(children.unique()[:9])]
    found = reasons_of(made_of(finished_job, split=replace(finished_job.split, test=few)))
    assert found.checks.said["importance"] == found.checks.said["agreement"] == "Not shown: fewer than 10 children."
    assert not re.search(r"\d of 100|\d%", " ".join(found.checks.said.values()))
    for name, frame in found.checks.frames.items():
        numbers = frame.select_dtypes("number").drop(columns=["refits", "low", "high"], errors="ignore")
        assert np.isnan(numbers.to_numpy(dtype=float)).all(), name


def test_what_cannot_be_made_says_why_and_the_rest_goes_on(finished_job):
    y = finished_job.y.copy().astype(float)
    y.loc[finished_job.split.test] = 0.5
    found = reasons_of(made_of(finished_job, y=y))
    assert "values that are not the 0 or 1 of a row" in found.checks.not_looked_at["importance"]
    assert found.importance is None
    assert set(found.checks.frames) == {"agreement"}
    assert pytest.approx(found.agreement.table["estimate"]) == finished_job.agreement.table["estimate"]
