"""The ledger: what is written is read again as it was, once, whole or not at all."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
import traceback
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, LedgerError, SpecError
from edgeofcare.outcome import label_outcome
from edgeofcare.tracking.events import KINDS
from edgeofcare.tracking.ledger import Ledger
from ledgers import MODEL, made_scores, rows_of
from saved_models import TASK, records_with, trained


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path):
    return Ledger(path)


def test_scores_come_back_as_they_were(ledger):
    scores = made_scores(30)
    assert ledger.scored(scores) == 30
    found = ledger.scores()
    assert found["sequence"].tolist() == list(range(1, 31))
    assert found["time"].dt.tz is not None
    pd.testing.assert_frame_equal(found[scores.columns], scores, check_exact=True)


def test_what_a_scorer_gives_comes_back(ledger, tmp_path):
    from edgeofcare.model_file import load_model, save_model

    model = trained("logistic")
    save_model(tmp_path / "a.eoc", model.model, features=list(model.X.columns), task=TASK)
    scores = load_model(tmp_path / "a.eoc").score(records_with(), "2023-01-01")
    assert ledger.scored(scores) == len(scores) > 20
    assert ledger.scored(scores) == 0
    pd.testing.assert_frame_equal(ledger.scores()[scores.columns], scores, check_exact=True)


def test_what_label_outcome_gives_comes_back(ledger):
    model = trained("logistic")
    outcomes = label_outcome(records_with(), model.cohort, TASK, details=True)
    assert ledger.happened(outcomes, model_id=MODEL) == len(outcomes)
    assert ledger.happened(outcomes, model_id=MODEL) == 0
    pd.testing.assert_frame_equal(ledger.entries("happened")[outcomes.columns], outcomes, check_exact=True)


def test_the_same_scores_are_written_once(ledger):
    scores = made_scores(8)
    assert [ledger.scored(scores.iloc[:5]), ledger.scored(scores), ledger.scored(scores.iloc[::-1])] == [5, 3, 0]
    assert len(ledger.scores(latest=False)) == 8


def test_another_day_or_model_is_another_entry(ledger):
    assert ledger.scored(made_scores(3)) == 3
    assert ledger.scored(made_scores(3, day="2025-04-30")) == 3
    assert ledger.scored(made_scores(3, model="other")) == 3
    assert len(ledger.scores()) == 9
    assert len(ledger.scores(index_date="2025-04-30")) == len(ledger.scores(model_id="other")) == 3


def test_scores_with_other_values_are_refused_unless_scored_again(ledger):
    scores = made_scores(4)
    ledger.scored(scores)
    other = made_scores(6)
    other.iloc[0, 0] = 0.9
    with pytest.raises(SpecError, match=r"^1 of 6 rows are in the ledger already"):
        ledger.scored(other)
    assert len(ledger.scores(latest=False)) == 4  # the new rows of the refused call are not there either
    other = other.iloc[:4]
    assert ledger.scored(other, again=True) == 1
    assert ledger.scores(latest=False)["risk"].tolist() == [*scores["risk"], 0.9]
    assert sorted(ledger.scores()["risk"]) == sorted(other["risk"])
    assert ledger.verify().holds


def test_a_score_that_comes_back_is_the_newest(ledger):
    scores = made_scores(3)
    other = scores.assign(risk=0.5)
    assert [ledger.scored(each, again=True) for each in (scores, other, other, scores, scores)] == [3, 3, 0, 3, 0]
    assert ledger.scores()["risk"].tolist() == scores["risk"].tolist()
    with pytest.raises(SpecError, match="3 of 3 rows are in the ledger already"):
        ledger.scored(other)


def test_a_child_who_is_scored_again_in_another_household_has_one_newest_score(ledger):
    scores = made_scores(3)
    ledger.scored(scores)
    moved = scores.assign(risk=0.5).set_axis(rows_of(scores.index.get_level_values("child_id"), households=["H0"] * 3))
    assert ledger.scored(moved, again=True) == 3
    pd.testing.assert_frame_equal(ledger.scores()[scores.columns], moved, check_exact=True)
    assert len(ledger.scores(latest=False)) == 6


def test_an_outcome_that_comes_back_is_the_newest(ledger):
    none = pd.Series([0, 0], index=made_scores(2).index, name="entered_care")
    assert [ledger.happened(each) for each in (none, none + 1, none + 1, none, none)] == [2, 2, 0, 2, 0]
    assert ledger.entries("happened")["entered_care"].tolist() == [0, 0, 1, 1, 0, 0]


def test_two_outcomes_that_are_written_in_turn_are_each_written_once(ledger):
    care = pd.Series([0, 0], index=made_scores(2).index, name="entered_care")
    moved = care.rename("moved")
    assert [ledger.happened(each) for each in (care, moved, care, moved)] == [2, 2, 0, 0]


def test_unknown_values_come_back_unknown(ledger):
    scores = made_scores(3)
    scores["risk_low"] = [0.1, np.nan, 0.3]
    scores["team"] = ["a", None, "b"]
    ledger.scored(scores)
    found = ledger.scores()
    assert found["risk_low"].isna().tolist() == found["team"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", ["boolean", "Int64", "Float64"])
def test_gaps_in_columns_that_can_hold_them_come_back_unknown(ledger, dtype):
    scores = made_scores(3)
    scores["flag"] = pd.array([1, None, 0], dtype=dtype)
    assert [ledger.scored(scores), ledger.scored(scores)] == [3, 0]
    found = ledger.scores()["flag"]
    assert found.isna().tolist() == [False, True, False]
    assert found.dropna().tolist() == [1, 0]


def test_the_life_of_a_score_is_its_history(ledger):
    scores = made_scores(5)
    row = scores.iloc[[2]]
    ledger.scored(scores)
    ledger.shown(scores, by="worker 7", role="social worker")
    ledger.reviewed(row, by="worker 7", note="Discussed at the meeting.")
    ledger.overridden(row, by="worker 7", reason="The plan has just been changed.")
    ledger.seen(row, by="worker 7", when="2025-04-02")
    ledger.supported(row, by="worker 8", support="family group conference", when=dt.date(2025, 4, 9))
    ledger.happened(pd.Series([0], index=row.index, name="entered_care"))
    found = ledger.history(row.index[0][1])
    told = ["scored", "shown", "reviewed", "overridden", "seen", "supported", "happened"]
    assert found["kind"].tolist() == told
    assert found["sequence"].is_monotonic_increasing
    assert set(found.index) == set(row.index)
    assert found["reason"].dropna().tolist() == ["The plan has just been changed."]
    assert found["when"].tolist()[4:6] == ["2025-04-02", "2025-04-09"]
    assert found["entered_care"].tolist()[-1] == 0
    assert found["model_id"].tolist() == [MODEL] * 6 + [""]
    assert len(ledger.entries("shown")) == 5
    assert len(ledger.entries(["seen", "supported"])) == 2


def test_what_somebody_did_is_written_once_when_its_time_is_given(ledger):
    rows = made_scores(3)
    assert [ledger.seen(rows, by="w", when="2025-04-02") for _ in range(2)] == [3, 0]
    assert [ledger.seen(rows, by="w") for _ in range(2)] == [3, 3]
    assert ledger.seen(rows, by="v", when="2025-04-02") == 3


def test_models_have_a_log(ledger):
    ledger.monitored({"observed": 12, "expected": 10.5, "alarms": ["volume"]}, model_id=MODEL)
    ledger.model_changed(model_id="new", was=MODEL, by="board", reason="Re-anchored.")
    log = ledger.log()
    assert log["kind"].tolist() == ["monitored", "model_changed"]
    assert log["findings"].tolist()[0] == {"observed": 12, "expected": 10.5, "alarms": ["volume"]}
    assert log["was"].tolist()[1] == MODEL
    assert log["removed"].tolist() == [0, 0]
    assert ledger.entries().empty


def test_an_empty_ledger_can_be_read(ledger):
    assert ledger.verify().holds
    assert ledger.verify(head=ledger.head()).holds
    for frame in (ledger.entries(), ledger.scores(), ledger.history("x")):
        assert frame.index.names == ["household_id", "child_id", "index_date"]
        assert frame.empty
    assert ledger.scores()["risk"].dtype == np.float64
    assert ledger.log().empty
    assert ledger.scored(made_scores(0)) == 0


def test_every_kind_is_described():
    assert all(KINDS.values())
    assert all(len(kind) <= 20 for kind in KINDS)


# ---------------------------------------------------------------------------------------------- what is refused


HALF = b"KIND\xe9".decode(errors="surrogateescape")


def broken(scores, make=str):
    """Of each row something that holds half a letter."""
    held = HALF if make is str else make([HALF])
    return pd.Index([held] * len(scores), dtype=object, tupleize_cols=False)


WRONG_SCORES = {
    "no index": (lambda s: s.reset_index(), IndexNamesError, "expected rows on the index"),
    "no risk": (lambda s: s.drop(columns="risk"), SpecError, "column risk is missing"),
    "no model": (lambda s: s.drop(columns="model_id"), SpecError, "column model_id is missing"),
    "risk above 1": (lambda s: s.assign(risk=[0.1, 1.5, 0.2]), SpecError, "no probability in 1 of 3 rows"),
    "risk unknown": (lambda s: s.assign(risk=[0.1, np.nan, 0.2]), SpecError, "no probability in 1 of 3 rows"),
    "risk is truth": (lambda s: s.assign(risk=True), SpecError, "no probability in 3 of 3 rows"),
    "twice": (lambda s: pd.concat([s, s]), IndexNamesError, "3 of 6 rows are there more than once"),
    "blank model": (lambda s: s.assign(model_id=""), SpecError, "model_id must be"),
    "line break in a model": (lambda s: s.assign(model_id="a\nb"), SpecError, "model_id must be"),
    "an object": (lambda s: s.assign(note=object()), SpecError, "note holds a object"),
    "infinite": (lambda s: s.assign(log_odds=np.inf), SpecError, "log_odds holds an infinite number"),
    "a name of the ledger's": (lambda s: s.assign(sequence=1), SpecError, "columns must have names of their own"),
    "half a letter": (lambda s: s.assign(note=broken(s)), SpecError, "note holds text that is not valid Unicode"),
    "half a letter in a list": (lambda s: s.assign(reasons=broken(s, list)), SpecError, "reasons holds text that is"),
    "half a letter in a name": (
        lambda s: s.set_axis(pd.Index([*s.columns[:-1], HALF], dtype=object), axis=1).assign(model_id=MODEL),
        SpecError,
        "1 of 7 columns have names that are not valid Unicode",
    ),
    "half a letter in a key": (
        lambda s: s.set_axis(
            pd.MultiIndex.from_arrays([broken(s), broken(s), rows_of("123").levels[2].repeat(3)], names=s.index.names)
        ),
        IndexNamesError,
        "3 of 3 rows have no household_id of 1 to 200 letters; 3 of 3 rows have no child_id",
    ),
    "a number of many digits": (
        lambda s: s.assign(rank=pd.Series([10**400] * 3, s.index, dtype=object)),
        SpecError,
        "rank holds a whole number of more than 64 bits",
    ),
    "no child": (
        lambda s: s.set_axis(rows_of(["KIND1", "", "KIND3"])),
        IndexNamesError,
        "1 of 3 rows have no child_id",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_SCORES)
def test_wrong_scores_are_refused_whole_and_without_a_value(ledger, wrong):
    change, error, words = WRONG_SCORES[wrong]
    with pytest.raises(error, match=words) as caught:
        ledger.scored(change(made_scores(3)))
    assert "KIND" not in "".join(traceback.format_exception(caught.value))
    assert ledger.verify().entries == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda each, rows: each.shown(rows, by=""),
        lambda each, rows: each.shown(rows, by=None),
        lambda each, rows: each.shown(rows, by="w" * 201),
        lambda each, rows: each.shown([1, 2], by="w"),
        lambda each, rows: each.shown(rows, by="w", when="tomorrow"),
        lambda each, rows: each.shown(rows, by="w", when=dt.datetime(2025, 4, 1, 9)),
        lambda each, rows: each.overridden(rows, by="w", reason=" "),
        lambda each, rows: each.reviewed(rows, by="w", note=HALF),
        lambda each, rows: each.monitored({HALF: 1}, model_id=MODEL),
        lambda each, rows: each.monitored({"least": -(2**63) - 1}, model_id=MODEL),
        lambda each, rows: each.supported(rows, by="w", support=""),
        lambda each, rows: each.happened(rows[[]]),
        lambda each, rows: each.monitored([1], model_id=MODEL),
        lambda each, rows: each.monitored({}, model_id="a b"),
        lambda each, rows: each.entries("erased"),
        lambda each, rows: each.entries([]),
        lambda each, rows: each.verify(head="12"),
    ],
)
def test_wrong_calls_are_refused(ledger, call):
    with pytest.raises((SpecError, IndexNamesError)):
        call(ledger, made_scores(2))
    assert ledger.verify().entries == 0


# ------------------------------------------------------------------------------------------------- where it is


def test_an_open_ledger_is_continued(path):
    Ledger(path).scored(made_scores(3))
    for place in (path, str(path), f"sqlite:///{path}"):
        assert len(Ledger(place, create=False).scores()) == 3


def test_a_url_may_stand_in_the_environment(path, monkeypatch):
    monkeypatch.setenv("LEDGER_URL", f"sqlite:///{path}")
    assert Ledger("env:LEDGER_URL").scored(made_scores(3)) == 3


def test_nothing_is_made_where_it_was_not_asked_for(path):
    with pytest.raises(LedgerError, match="no such file"):
        Ledger(path, create=False)
    assert not path.exists()


@pytest.mark.parametrize("place", [":memory:", "sqlite://", "sqlite:///:memory:"])
def test_a_ledger_in_memory_is_refused(place):
    with pytest.raises(SpecError, match="path of a file"):
        Ledger(place)


def test_a_folder_that_is_not_there_is_told_without_its_name(tmp_path):
    with pytest.raises(LedgerError, match="cannot be opened") as caught:
        Ledger(tmp_path / "KIND7" / "ledger.db")
    assert "KIND7" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_left(path):
    path.write_bytes(b"KIND0000001;" * 1000)
    with pytest.raises(LedgerError, match="DatabaseError") as caught:
        Ledger(path)
    assert "KIND" not in "".join(traceback.format_exception(caught.value))
    assert path.read_bytes() == b"KIND0000001;" * 1000


def test_a_later_format_is_refused(path):
    Ledger(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE ledger_about SET format = 3")
        connection.commit()
    with pytest.raises(LedgerError, match="format 3, and this version of edgeofcare knows 2"):
        Ledger(path)


def test_without_sqlalchemy_it_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(SpecError, match=r"pip install 'edgeofcare\[sql\]'"):
        Ledger(path)


def test_only_sqlalchemy_is_missing_until_a_ledger_is_opened():
    code = "import sys, edgeofcare as eoc; eoc.Ledger, eoc.Verification; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_file_has_a_rollback_journal_and_belongs_to_its_maker(ledger, path):
    ledger.scored(made_scores(3))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert [each.name for each in path.parent.iterdir()] == ["ledger.db"]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o077 == 0


def test_entries_cannot_be_changed_by_mistake(ledger, path):
    ledger.scored(made_scores(3))
    with closing(sqlite3.connect(path)) as connection:
        for statement in ("UPDATE ledger_entries SET kind = 'shown'", "DELETE FROM ledger_entries"):
            with pytest.raises(sqlite3.IntegrityError, match="only appended"):
                connection.execute(statement)


def test_a_busy_or_failing_database_is_told_by_class_alone(ledger, path):
    ledger.scored(made_scores(3))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE ledger_payloads")
    with pytest.raises(LedgerError, match=r"could not be written \(OperationalError\)") as caught:
        ledger.scored(made_scores(3, day="2025-04-30"))
    assert "KIND" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_nothing_is_shown_of_what_it_holds(ledger, path):
    ledger.scored(made_scores(3))
    assert repr(ledger) == "Ledger(sqlite)"
    for shown in (repr(ledger), repr(ledger.verify()), ledger.head()):
        assert "KIND" not in shown
        assert str(path.parent) not in shown
