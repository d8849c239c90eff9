"""A change adds up to the difference in log-odds, and names what came, what went and where only time passed."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from edgeofcare.exceptions import LeakageError, RecordsError, SpecError
from edgeofcare.explanation.change import _changes, explain_change
from edgeofcare.features.catalogue import concept_of
from line_models import line_scorer
from tiny_tables import records_of, told

PERSONAL = re.compile(r"Ann|Bob|\bm\d|kid-|key-|house-|\d{4}-\d\d-\d\d")
MISSING = """
    row_key, child, start, end, recorded_date
    m1, Ann, 2021-12-10, 2021-12-11,
    m2, Ann, 2022-01-10, 2022-01-11, 2022-05-01
    m3, Ann, 2022-06-10, 2022-06-11,
    m4, Bob, 2022-06-12, 2022-06-13,
"""
PLANS = """
    row_key, child, start, end
    p1, Ann, 2021-03-01, 2022-05-05
"""
REFERRALS = """
    row_key, child, start, end
    r1, Ann, 2021-01-01, 2022-06-01
"""
LINKS = """
    child, related_id, kind, recorded_date
    Ann, M, mother, 2020-01-01
    Bob, M, mother, 2020-01-01
"""
FROM, TO = "2022-01-01", "2022-07-01"
WEIGHTS = {
    "missing.count.90d": 0.5,
    "missing.count.365d": 0.25,
    "cp_plan.active": 1.0,
    "child.age": 0.1,
    "sibling.missing.count.90d": 0.2,
}


@pytest.fixture(scope="module")
def tiny():
    tables = {"missing_episodes": MISSING, "cp_plans": PLANS, "referrals": REFERRALS, "relationships": LINKS}
    return records_of(options={"observed_from": "2010-01-01"}, **tables)


@pytest.fixture(scope="module")
def change(tiny):
    return explain_change(line_scorer(WEIGHTS), tiny, "Ann", FROM, TO)


# ------------------------------------------------------------------------------------ it adds up


def test_a_thousand_pairs_of_dates_add_up_to_the_difference(model, X):
    """The law: features, and concepts, add up to the difference in log-odds within 1e-9."""
    pairs = np.array(
        [(first, second) for first in range(len(X)) for second in range(first + 1, first - first % 14 + 14)]
    )
    pairs = pairs[np.random.default_rng(0).choice(len(pairs), 1000, replace=False)]
    before, now = X.iloc[pairs[:, 0]], X.iloc[pairs[:, 1]]
    assert (before.index.get_level_values("child_id") == now.index.get_level_values("child_id")).all()
    assert (before.index.get_level_values("index_date") < now.index.get_level_values("index_date")).all()
    features, concepts, difference = _changes(model, before, now)
    assert len(difference) == 1000
    assert np.ptp(difference) > 0.1
    assert np.abs(features.sum(axis=1) - difference).max() <= 1e-9
    assert np.abs(concepts.sum(axis=1) - difference).max() <= 1e-9
    assert difference == pytest.approx(model.log_odds(now) - model.log_odds(before), abs=1e-12)


def test_one_change_is_what_the_bulk_gives_and_adds_up(model, records, X, features):
    row, later = X.index[14 * 7 + 2], X.index[14 * 7 + 9]
    found = explain_change(model, records, row[1], row[2], later[2], features=features)
    by_feature, by_concept, difference = _changes(model, X.loc[[row]], X.loc[[later]])
    assert found.log_odds["to"] - found.log_odds["from"] == pytest.approx(difference[0], abs=1e-12)
    assert found.features["change"].sum() == pytest.approx(difference[0], abs=1e-9)
    assert found.concepts["change"].sum() == pytest.approx(difference[0], abs=1e-9)
    told_features = found.features.set_index("feature")["change"].loc[by_feature.columns]
    assert told_features.to_numpy() == pytest.approx(by_feature.to_numpy()[0], abs=1e-12)
    told_concepts = found.concepts.set_index("concept")["change"].loc[by_concept.columns]
    assert told_concepts.to_numpy() == pytest.approx(by_concept.to_numpy()[0], abs=1e-12)
    assert found.risk.to_numpy() == pytest.approx(model.predict_proba(X.loc[[row, later]])[:, 1], abs=1e-12)
    for frame in (found.concepts, found.features):
        assert (frame["contribution_to"] - frame["contribution_from"]).to_numpy() == pytest.approx(frame["change"])
        assert frame["change"].abs().is_monotonic_decreasing
    text = " ".join([repr(found), *found.sentences(top=20)])
    assert not PERSONAL.search(text)


# ------------------------------------------------------------------------------------ by hand


def test_features_by_hand(change):
    rows = change.features.set_index("feature")
    assert rows.loc["missing.count.90d", ["value_from", "value_to", "because"]].tolist() == [1.0, 1.0, ""]
    assert rows.loc["missing.count.365d", ["value_from", "value_to", "because"]].tolist() == [1.0, 3.0, "record"]
    assert rows.loc["cp_plan.active", ["value_from", "value_to", "because"]].tolist() == [1.0, 0.0, "record"]
    assert rows.loc["child.age", "because"] == "time"
    assert rows.loc["sibling.missing.count.90d", ["value_from", "value_to"]].tolist() == [0.0, 1.0]
    assert rows["change"].to_dict() == pytest.approx(
        {"cp_plan.active": -1.0, "missing.count.365d": 0.5, "sibling.missing.count.90d": 0.2, "missing.count.90d": 0.0,
         "child.age": 0.1 * 181 / 365.25}
    )  # fmt: skip
    assert {name: concept_of(name) for name in rows.index} == rows["concept"].to_dict()
    causes = change.concepts.set_index("concept")["because"].to_dict()
    assert causes == {"plans and statutory steps": "record", "risks outside the home": "record",
                      "own features": "record", "age and time": "time"}  # fmt: skip


def test_events_by_hand(change):
    assert told(change.events, "change", "table", "row_key", "date", "known", "what") == [
        "new, missing_episodes, m2, 2022-01-10, 2022-05-01, missing episode",
        "new, missing_episodes, m3, 2022-06-10, 2022-06-10, missing episode",
        "new, missing_episodes, m4, 2022-06-12, 2022-06-12, missing episode of a sibling",
        "ended, cp_plans, p1, 2021-03-01, 2021-03-01, child protection plan",
    ]
    assert change.events["features"].tolist()[0] == ("missing.count.365d",)
    assert repr(change) == "Change(4 concepts moved, 3 new events, 1 that count otherwise)"


def test_sentences_by_hand(change):
    assert change.sentences() == [
        "The score fell from 52.6% to 46.4%.",
        'On the later date the child was not eligible (rule: "open case, as known"), so its score there is what the '
        "model gives for such a record, and no risk to act on.",
        "Plans and statutory steps lowered the score: no child protection plan is open, on the later date; 1 on the "
        "earlier date.",
        "Risks outside the home raised the score: 3 missing episodes began in the 365 days before the later date; 1 on "
        "the earlier date.",
        "Own features raised the score: 1 missing episode of a sibling began in the 90 days before the later date; "
        "none on the earlier date.",
        "Age and time raised the score: the child grew older, from 13 to 14. Only time passed; nothing new was "
        "recorded of it.",
    ]
    assert change.sentences(top=3)[-1] == "All else together raised the score."


def test_where_only_time_passed_it_is_named(tiny):
    found = explain_change(line_scorer(WEIGHTS), tiny, "Ann", "2022-10-01", "2022-11-01")
    assert set(found.features["because"]) == {"time", ""}
    assert told(found.events, "change", "row_key") == []
    later = explain_change(line_scorer(WEIGHTS), tiny, "Ann", "2022-09-01", "2022-10-01")
    assert told(later.events, "change", "row_key") == ["left the window, m3", "left the window, m4"]
    assert "no missing episode began in the 90 days before the later date; 1 on" in later.sentences()[3]
    assert later.sentences()[3].endswith("Only time passed; nothing new was recorded of it.")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("2018-06-14", "2018-06-15"), "from 9 to 10"),
        (("2018-06-15", "2019-06-14"), "within the age of 10"),
        (("2018-06-15", "2019-06-15"), "from 10 to 11"),
    ],
)
def test_ages_are_told_by_the_birthday(tiny, days, words):
    found = explain_change(line_scorer(WEIGHTS), tiny, "Ann", *days).sentences()
    assert f"the child grew older, {words}." in " ".join(found)


def test_the_way_there_and_back_is_the_sum_of_its_steps(tiny):
    days = ["2021-06-01", FROM, TO, "2022-12-01"]
    model = line_scorer(WEIGHTS)
    steps = [explain_change(model, tiny, "Ann", *pair) for pair in pairwise(days)]
    whole = explain_change(model, tiny, "Ann", days[0], days[-1])
    total = sum(step.concepts.set_index("concept")["change"] for step in steps)
    pd.testing.assert_series_equal(total.sort_index(), whole.concepts.set_index("concept")["change"].sort_index())


def test_a_value_that_others_weigh_on_is_not_called_new(model, records, X, features):
    row, later = X.index[14 * 3], X.index[14 * 3 + 4]
    found = explain_change(model, records, row[1], row[2], later[2], features=features).features
    still = found["value_from"].eq(found["value_to"]) | (found["value_from"].isna() & found["value_to"].isna())
    assert (found.loc[still & (found["change"] != 0), "because"] == "others").all()
    assert found.loc[~still & (found["change"] != 0), "because"].isin(["record", "time"]).all()
    assert (found["change"].eq(0) == found["because"].eq("")).all()


# ----------------------------------------------------------------------- picture, copies, refusals


def test_the_picture_names_nobody(change):
    figure = change.plot()
    FigureCanvasAgg(figure).draw()
    texts = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    assert not PERSONAL.search(" ".join(texts))
    assert "raised by 0.50" in texts
    assert "lowered by 1.00" in texts


def test_nothing_handed_out_can_change_it(change):
    before = change.sentences()
    for frame in (change.concepts, change.features, change.events, change.risk, change.log_odds):
        frame.iloc[:] = frame.iloc[::-1].to_numpy()
    assert change.sentences() == before


@pytest.mark.parametrize("top", [0, True, 2.5, None])
def test_a_number_of_concepts_is_checked(change, top):
    for ask in (change.sentences, change.plot):
        with pytest.raises(SpecError, match="whole number of 1 or more"):
            ask(top)


def test_what_cannot_be_asked_is_refused(tiny):
    model = line_scorer(WEIGHTS)
    for dates in ((TO, FROM), (FROM, FROM)):
        with pytest.raises(SpecError, match="from_date must be before to_date"):
            explain_change(model, tiny, "Ann", *dates)
    with pytest.raises(SpecError, match="not born before from_date"):
        explain_change(model, tiny, "Ann", "2008-06-15", TO)
    with pytest.raises(LeakageError, match="to_date lies more than one day after observed_until"):
        explain_change(model, tiny, "Ann", FROM, "2025-02-01")
    with pytest.raises(RecordsError, match="do not hold the child"):
        explain_change(model, tiny, "Zoe", FROM, TO)
