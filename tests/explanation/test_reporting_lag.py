"""Records with another reporting lag than a loaded model was trained with are refused wherever a child is explained."""

from __future__ import annotations

import re
from functools import cache

import pytest

import edgeofcare as eoc
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.features.build import build_features
from saved_models import FEATURES, TASK, records_with, trained

DAY, EARLIER = "2023-01-01", "2022-01-01"


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    """A loaded model that knows the lag of training."""
    path = tmp_path_factory.mktemp("lag") / "model.eoc"
    model = trained("logistic").model
    return eoc.load_model(eoc.save_model(path, model, features=FEATURES, task=TASK, records=records_with()))


@cache
def late_rows():
    """One child's features as records give them that become visible two weeks later."""
    return build_features(records_with(14), trained("logistic").cohort.iloc[[0]], FEATURES)


def child():
    return str(late_rows().index[0][1])


CALLS = {
    "explain": lambda model, **more: eoc.explain(model, late_rows(), records=records_with(14), **more),
    "explain_change": lambda model, **more: eoc.explain_change(model, records_with(14), child(), EARLIER, DAY, **more),
    "what_if": lambda model, **more: eoc.what_if(model, records_with(14), child(), DAY, [], **more),
    "score": lambda model, **more: model.score(records_with(14), DAY, top_reasons=0, **more),
}


# Seen to fail with: the check left out of each of them in turn.
@pytest.mark.parametrize("call", CALLS)
def test_another_lag_is_refused_in_the_same_words_unless_accepted(call, scorer):
    with pytest.raises(SpecError) as raised:
        CALLS[call](scorer)
    with pytest.raises(SpecError, match=f"^{re.escape(str(raised.value))}$"):
        refuse_other_lag(scorer, records_with(14))
    assert re.search(r"contacts 14 days now, 0 in training.*reporting_lag.*accept_lag=True", str(raised.value))
    assert CALLS[call](scorer, accept_lag=True) is not None


@pytest.mark.parametrize("call", [name for name in CALLS if name != "score"])
def test_of_a_fitted_model_nothing_is_known(call):
    assert CALLS[call](trained("logistic").model) is not None


def test_a_lag_that_was_not_stated_or_is_the_same_is_no_reason_to_refuse(scorer, tmp_path):
    refuse_other_lag(scorer, records_with())
    silent = eoc.load_model(eoc.save_model(tmp_path / "m.eoc", trained("logistic").model, features=FEATURES, task=TASK))
    assert silent.reporting_lag is None
    for call in CALLS.values():
        assert call(silent) is not None


def test_without_records_there_is_no_lag_to_look_at(scorer):
    assert len(eoc.explain(scorer, late_rows())) == 1
