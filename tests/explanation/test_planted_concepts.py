"""On a planted population the concepts that drive risk come first, and a planted proxy is shown as such."""

from __future__ import annotations

import pytest

from edgeofcare.explanation.dependence import concept_dependence
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.importance import concept_importance
from edgeofcare.models.risk_model import make_risk_model
from global_explanations import AGE, OUTSIDE, OWN, PLANS, planted


@pytest.fixture(scope="module", params=["logistic", "boosting"])
def explained(request):
    X, y, cohort = planted(8000)
    model = make_risk_model(request.param).fit(X.iloc[:4000], y.iloc[:4000])
    return explain(model, X.iloc[4000:]), y.iloc[4000:], cohort


def test_what_drives_risk_comes_first(explained):
    why, y, _ = explained
    found = concept_importance(why, y=y, n_resamples=300).set_index("concept")
    assert found.index.tolist()[:2] == [OUTSIDE, PLANS]
    assert found.loc[[OUTSIDE, PLANS], "place_high"].tolist() == [1, 2]
    assert found.loc[[OUTSIDE, PLANS], "loss_low"].gt(0).all()
    assert found.loc[AGE, "place_low"] == 4
    assert found.loc[AGE, "loss_low"] <= 0


def test_the_proxy_is_shown_as_one_and_nothing_else_is(explained):
    why, y, cohort = explained
    depends = concept_dependence(why, cohort=cohort, by=["sex", "ethnic_group"], y=y, n_resamples=300)
    reading = depends.proxies.set_index(["by", "concept"])["reading"]
    assert reading.pop(("ethnic_group", OWN)) == "stands for the group"
    assert reading.pop(("sex", OUTSIDE)) == "differs, borne out within groups"
    assert reading.eq("no difference shown").all()
    gap = depends.by_group.set_index(["group", "concept"]).loc["Black or Black British"]
    assert gap.loc[OWN, "ci_low"] > 0.1
    assert gap.drop(index=[OWN, "all concepts"])["difference"].abs().max() < 0.1


def test_without_outcomes_it_is_still_said_to_differ(explained):
    why, _, cohort = explained
    found = concept_dependence(why, cohort=cohort, by="ethnic_group", n_resamples=300).proxies.iloc[0]
    assert found[["concept", "reading"]].tolist() == [OWN, "differs"]
    assert found["ci_low"] > 0.1
