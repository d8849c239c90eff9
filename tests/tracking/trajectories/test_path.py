"""Six months scored on the sample, followed, explained and written as a page."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.tracking.trajectories.track import track
from saved_models import FEATURES, TASK, records_with, trained

DAYS = pd.date_range("2024-10-01", "2025-03-01", freq="MS")
ODD = "<b>north & 'south'</b>"


@pytest.fixture(scope="module")
def scorers(tmp_path_factory):
    """Two models of the same children: one with refits, and one without."""
    folder, held = tmp_path_factory.mktemp("models"), trained("logistic")
    refitted = make_risk_model("logistic", task=TASK, refits=10, random_state=0).fit(held.X, held.y)
    found = []
    half = make_risk_model("logistic", task=TASK, random_state=0).fit(held.X.iloc[::2], held.y.iloc[::2])
    for name, model in (("old", half), ("new", refitted)):
        save_model(folder / f"{name}.eoc", model, features=list(FEATURES), task=TASK)
        found.append(load_model(folder / f"{name}.eoc"))
    return found


@pytest.fixture(scope="module")
def scores(scorers):
    """Six months by the newer model."""
    return pd.concat([scorers[1].score(records_with(), day, top_reasons=0) for day in DAYS])


@pytest.fixture(scope="module")
def tracking(scores, scorers):
    """The meeting of the last month."""
    return track(scores, records_with(), capacity=6, model=scorers[1], progress=False)


def test_reasons_add_up_to_the_change(tracking) -> None:
    lists = tracking.lists.set_index("child_id")
    told = tracking.reasons.groupby("child_id")["change"].sum()
    assert len(told) > 4
    assert set(told.index) == set(lists.index[lists["change"].notna()])
    np.testing.assert_allclose(told, lists.loc[told.index, "change"], atol=1e-9)
    said = [sentence for reasons in lists["reasons"] for sentence in reasons]
    assert any("raised the score" in sentence for sentence in said)
    assert not any("the later date" in sentence or "the earlier date" in sentence for sentence in said)


def test_risks_are_those_of_the_history(tracking, scores) -> None:
    now = scores.xs(DAYS[-1], level="index_date").reset_index("household_id")["risk"]
    held = tracking.children["risk"].dropna()
    pd.testing.assert_series_equal(held.sort_index(), now.sort_index(), check_names=False, check_index_type=False)


def test_a_change_of_model_is_scored_again_and_hidden_from_nobody(tracking, scores, scorers) -> None:
    old, new = scorers
    days = scores.index.get_level_values("index_date")
    earlier = pd.concat([old.score(records_with(), day, top_reasons=0) for day in DAYS[:-1]])
    mixed = pd.concat([earlier, scores[days == DAYS[-1]]])
    again = track(mixed, records_with(), capacity=6, model=new, top_reasons=0)
    held = again.children[again.children["risk"].notna()]
    same = tracking.children.loc[held.index]
    np.testing.assert_allclose(held["change_last_run"], same["change_last_run"], atol=1e-9)
    np.testing.assert_allclose(held["change_three_months"], same["change_three_months"], atol=1e-9)
    assert (held["direction"] != "not comparable").all()
    assert any("scored again by one model" in note for note in again.notes())
    alone = track(mixed, records_with(), capacity=6)
    with_two = alone.children[alone.children["risk"].notna() & alone.children["before_date"].notna()]
    assert set(with_two["direction"]) == {"not comparable"}


def test_a_model_that_gave_none_of_the_scores_says_so_by_giving_all_again(scores, scorers) -> None:
    again = track(scores.assign(model_id="other"), records_with(), capacity=6, model=scorers[1], top_reasons=0)
    assert not again.children["rescored"].any()  # all scores are of one model, whichever that is
    assert (again.children["direction"] != "not comparable").all()


def test_reasons_are_left_out_where_the_records_give_other_scores(scores, scorers) -> None:
    other = scores.assign(log_odds=scores["log_odds"] + 0.3)
    other["risk"] = 1 / (1 + np.exp(-other["log_odds"]))
    found = track(other, records_with(), capacity=3, model=scorers[1], progress=False)
    said = {sentence for reasons in found.lists["reasons"] for sentence in reasons}
    assert len(said) == 1
    assert "do not lead to these scores" in next(iter(said))
    assert found.reasons.empty


def test_the_page_holds_every_child_of_the_lists_and_nothing_from_outside(tracking, tmp_path) -> None:
    page = tracking.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
    for child in tracking.lists["child_id"]:
        assert f"<h3>{child}</h3>" in page
    assert not re.search(r"https?://|<script|<link rel=\"style", page)
    assert "percentile" not in page


def test_words_from_outside_are_escaped(scores) -> None:
    children = scores.index.get_level_values("child_id")
    page = track(scores, capacity=3, team=dict.fromkeys(children, ODD)).to_html()
    assert "<b>north" not in page
    assert "&lt;b&gt;north &amp;" in page
