"""Rectifying, erasing and retention: what is gone is gone from the file, and the chain still holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import LedgerError, SpecError
from edgeofcare.tracking import append as appending
from edgeofcare.tracking.chain import payload_digest
from edgeofcare.tracking.erase import erase_child
from edgeofcare.tracking.ledger import Ledger
from ledgers import MODEL, file_bytes, made_scores, rows_of, tampering

WHO = {"by": "officer", "ground": "UK GDPR article 17(1)(d)"}
CHILD = "KIND0000003"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path):
    made = Ledger(path)
    scores = made_scores(10)
    made.scored(scores)
    made.shown(scores, by="worker 7")
    made.overridden(scores.iloc[[3]], by="worker 7", reason="Q7731 lives with an aunt.")
    return made


def test_an_erased_child_is_gone_and_the_chain_holds(ledger):
    kept = ledger.head()
    assert ledger.erase(CHILD, **WHO) == 3
    assert ledger.history(CHILD).empty
    assert len(ledger.entries()) == 18
    found = ledger.verify(head=kept)
    assert (found.holds, found.entries, found.erased) == (True, 22, 3)
    log = ledger.log()
    assert log[["kind", "by", "ground", "removed"]].to_numpy().tolist() == [
        ["erased", "officer", "UK GDPR article 17(1)(d)", 3]
    ]


def test_erasing_nobody_writes_nothing(ledger):
    head = ledger.head()
    assert ledger.erase("nobody", **WHO) == 0
    assert ledger.head() == head


def test_an_erased_child_may_be_scored_again(ledger):
    ledger.erase(CHILD, **WHO)
    assert ledger.scored(made_scores(10)) == 1
    assert ledger.verify().holds


def test_nothing_of_the_child_is_left_in_the_file(ledger, path):
    with tampering(path) as connection:
        salts = connection.execute("SELECT salt, body FROM ledger_payloads WHERE child_id = ?", (CHILD,)).fetchall()
    traces = [CHILD.encode(), b"Q7731", *(bytes(salt) for salt, _ in salts), *(body.encode() for _, body in salts[-1:])]
    assert all(trace in file_bytes(path) for trace in traces)
    ledger.erase(CHILD, **WHO)
    assert [trace for trace in traces if trace in file_bytes(path)] == []


def test_nothing_is_left_where_pages_were_split_many_times(path):
    """Rows in random order split pages, which may keep copies of a row that its deletion does not reach."""
    ledger = Ledger(path)
    order = np.random.default_rng(1500).permutation(1500)
    ledger.scored(made_scores(1500).iloc[order])
    children = [f"KIND{number:07d}" for number in order[:700]]
    assert all(child.encode() in file_bytes(path) for child in children)
    for child in children[:3]:
        assert ledger.erase(child, **WHO) == 1
    ledger._store.write(lambda connection: [erase_child(connection, child, **WHO) for child in children[3:]])
    Ledger(path)  # which rewrites the file
    held = file_bytes(path)
    assert [child for child in children if child.encode() in held] == []
    found = ledger.verify()
    assert (found.holds, found.erased) == (True, 700)


def test_an_erasure_that_was_cut_off_is_finished_on_opening(ledger, path, monkeypatch):
    monkeypatch.setattr("edgeofcare.tracking.store.Store.clean", lambda self: None)
    ledger.erase(CHILD, **WHO)
    monkeypatch.undo()
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute("SELECT unclean FROM ledger_about").fetchone()
    assert pages == (1,)
    Ledger(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT unclean FROM ledger_about").fetchone() == (0,)
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)


def test_a_file_that_cannot_be_rewritten_is_told(ledger, path, monkeypatch):
    monkeypatch.setattr("edgeofcare.tracking.store._WAIT", 0.1)
    brief = Ledger(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        done = []

        def hold(store):
            """Somebody reads while the file is rewritten."""
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM ledger_about").fetchall()
            done.append(True)
            monkeypatch.undo()
            return store.clean()

        monkeypatch.setattr("edgeofcare.tracking.store.Store.clean", hold)
        with pytest.raises(LedgerError, match="free pages may keep traces"):
            brief.erase(CHILD, **WHO)
        assert done
        reader.execute("ROLLBACK")
    Ledger(path)
    assert CHILD.encode() not in file_bytes(path)


def test_the_chain_alone_tells_no_child(ledger, path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM ledger_entries").fetchall()
        payload = connection.execute("SELECT * FROM ledger_payloads WHERE sequence = 4").fetchone()
    sequence, stands_for, salt, household, child, day, body = payload
    assert child == CHILD
    assert CHILD.encode() not in b"".join(str(each).encode() for each in rows)
    sealed = next(bytes(row[5]) for row in rows if row[0] == sequence)
    about = (stands_for, household, child, day)
    assert sealed == payload_digest(salt, about, body)
    assert sealed not in [payload_digest(guess, about, body) for guess in (b"", bytes(16), salt[:-1])]


def test_equal_payloads_have_different_seals(path):
    ledger = Ledger(path)
    for _ in range(20):
        ledger.monitored({"count": 1}, model_id=MODEL)
    with closing(sqlite3.connect(path)) as connection:
        (seals,) = connection.execute("SELECT count(DISTINCT sealed) FROM ledger_entries").fetchone()
    assert seals == 20


# ------------------------------------------------------------------------------------------------- households


def family(*children, name):
    """Scores of children of one household."""
    index = rows_of(children, households=[name] * len(children))
    return pd.DataFrame({"risk": 0.1, "model_id": MODEL}, index=index)


def test_the_key_of_a_household_does_not_keep_the_child(path):
    ledger = Ledger(path)
    ledger.scored(family("KIND1111", "KIND2222", "KIND3333", name="HKIND1111"))
    ledger.shown(family("KIND2222", name="HKIND1111"), by="worker 7")
    assert ledger.erase("KIND1111", **WHO) == 1
    left = ledger.entries()
    assert left.index.get_level_values("household_id").unique().tolist() == ["HKIND2222"]
    assert left["kind"].tolist() == ["scored", "scored", "shown"]
    assert b"KIND1111" not in file_bytes(path)
    found = ledger.verify()
    assert (found.holds, found.erased, found.rectified) == (True, 1, 3)


def test_a_household_named_by_a_sibling_stays(path):
    ledger = Ledger(path)
    ledger.scored(family("KIND1111", "KIND2222", "KIND3333", name="HKIND1111"))
    ledger.erase("KIND2222", **WHO)
    assert ledger.entries().index.get_level_values("household_id").unique().tolist() == ["HKIND1111"]
    assert ledger.verify().rectified == 0


def test_a_household_of_others_stays_whatever_its_key(path):
    """Keys of one's own: of households that look like those of children, and that others live in."""
    ledger = Ledger(path)
    homes = {"5": "12", "77": "5", "78": "H5", "79": "FAM-5", "80": "15"}
    ledger.scored(pd.DataFrame({"risk": 0.1, "model_id": MODEL}, index=rows_of(homes, households=homes.values())))
    assert ledger.erase("5", **WHO) == 1
    assert ledger.entries().index.get_level_values("household_id").tolist() == list(homes.values())[1:]
    assert ledger.verify().rectified == 0


@pytest.mark.parametrize(("name", "left"), [("FAM-5", "H77"), ("5_home", "H77"), ("H5", "H77"), ("FAM-15", "FAM-15")])
def test_a_household_that_the_child_was_in_does_not_keep_its_key(path, name, left):
    ledger = Ledger(path)
    ledger.scored(family("5", "77", name=name))
    ledger.erase("5", **WHO)
    assert ledger.entries().index.get_level_values("household_id").tolist() == [left]


@pytest.mark.parametrize("before", [None, "HKIND0000", "HKIND1111"])
def test_a_household_named_by_a_child_who_was_not_scored_in_it_does_not_keep_its_key(path, before):
    ledger = Ledger(path)
    if before:
        earlier = rows_of(["KIND1111"], day="2024-03-31", households=[before])
        ledger.scored(pd.DataFrame({"risk": 0.1, "model_id": MODEL}, index=earlier))
    ledger.scored(family("KIND2222", "KIND3333", name="HKIND1111"))
    ledger.erase("KIND1111", **WHO)
    assert ledger.entries().index.get_level_values("household_id").unique().tolist() == ["HKIND2222"]
    assert b"KIND1111" not in file_bytes(path)


def test_a_reason_of_an_earlier_rectifying_stays(path):
    ledger = Ledger(path)
    ledger.scored(family("KIND1111", "KIND2222", name="HKIND1111"))
    ledger.rectify(2, {"risk": 0.2}, by="analyst", reason="wrong extract")
    ledger.erase("KIND1111", **WHO)
    found = ledger.entries()
    assert found[["risk", "rectified_by", "rectified_because"]].to_numpy().tolist() == [
        [0.2, "analyst", "wrong extract"]
    ]


@pytest.mark.parametrize("text", ["erased KIND0000003", "(KIND0000003)", "KIND0000003"])
def test_the_entry_of_an_erasure_never_names_the_child(ledger, text):
    for who in ({"by": "officer", "ground": text}, {"by": text, "ground": "article 17"}):
        with pytest.raises(SpecError, match="holds the key of the child") as caught:
            ledger.erase(CHILD, **who)
        assert CHILD not in str(caught.value)
    assert len(ledger.history(CHILD)) == 3


# ------------------------------------------------------------------------------------------------- rectifying


def test_a_rectified_entry_keeps_its_place_and_nothing_of_what_was_wrong(ledger, path):
    before = ledger.entries()
    wrong = before["risk"].iloc[3]
    ledger.rectify(4, {"risk": 0.25, "rank": 7}, by="analyst", reason="The extract was of another day.")
    after = ledger.entries()
    assert after["risk"].iloc[3] == 0.25
    assert after[["sequence", "time", "kind"]].equals(before[["sequence", "time", "kind"]])
    assert after["rectified_by"].notna().sum() == 1
    assert after["rectified_because"].iloc[3] == "The extract was of another day."
    assert repr(float(wrong)).encode() not in file_bytes(path)
    found = ledger.verify()
    assert (found.holds, found.rectified, found.erased) == (True, 1, 0)


def test_an_entry_may_be_rectified_twice_and_then_erased(ledger):
    ledger.rectify(4, {"risk": 0.25}, by="analyst", reason="a")
    ledger.rectify(4, {"risk": 0.35}, by="analyst", reason="b")
    assert ledger.history(CHILD)[["risk", "rectified_because"]].iloc[0].tolist() == [0.35, "b"]
    assert ledger.erase(CHILD, **WHO) == 3
    found = ledger.verify()
    assert (found.holds, found.rectified, found.erased) == (True, 2, 3)


def test_an_entry_of_the_wrong_child_can_be_moved(ledger, path):
    ledger.rectify(4, {"child_id": "KIND5555555", "household_id": "HKIND5555555"}, by="analyst", reason="mixed up")
    assert ledger.history("KIND5555555")["sequence"].tolist() == [4]
    assert ledger.history(CHILD)["kind"].tolist() == ["shown", "overridden"]
    assert ledger.verify().holds


def test_a_job_run_again_knows_what_was_rectified(ledger):
    scores = made_scores(10)
    ledger.rectify(4, {"risk": 0.25}, by="analyst", reason="a")
    with pytest.raises(SpecError, match="1 of 10 rows are in the ledger already"):
        ledger.scored(scores)
    scores.iloc[3, 0] = 0.25
    assert ledger.scored(scores) == 0  # whatever its log-odds and rank are now
    scores.iloc[3, 0] = 0.26
    with pytest.raises(SpecError, match="1 of 10 rows are in the ledger already"):
        ledger.scored(scores)


def test_what_was_computed_from_a_wrong_risk_is_unknown(ledger):
    before = ledger.scores()
    ledger.rectify(4, {"risk": "0.9"}, by="analyst", reason="a")
    ledger.rectify(5, {"risk": 0.8, "log_odds": np.log(4.0), "rank": 2}, by="analyst", reason="b")
    ledger.rectify(6, {"risk": before["risk"].iloc[5]}, by="analyst", reason="c")
    after = ledger.scores()
    assert after["risk"].iloc[3:5].tolist() == [0.9, 0.8]
    assert after[["log_odds", "rank"]].isna().all(axis=1).tolist() == [False] * 3 + [True] + [False] * 6
    assert after["rank"].iloc[4:6].tolist() == [2, 6]
    assert after["reasons"].tolist() == before["reasons"].tolist()
    ledger.rectify(4, {"rank": 1}, by="analyst", reason="d")
    assert ledger.scores()["rank"].iloc[3] == 1


def test_what_was_done_is_rectified_as_it_is_written(ledger):
    ledger.rectify(21, {"when": "04/05/2025", "by": " worker 8 "}, by="analyst", reason="a")
    told = ledger.entries("overridden").iloc[0]
    assert (told["when"], told["by"]) == ("2025-05-04", "worker 8")
    again = {"by": "worker 8", "reason": told["reason"], "when": "2025-05-04"}
    assert ledger.overridden(made_scores(10).iloc[[3]], **again) == 0


def test_scores_that_were_read_as_text_are_kept_as_numbers(path):
    scores = made_scores(3)
    ledger = Ledger(path)
    ledger.scored(scores.assign(risk=scores["risk"].map(repr)))
    assert ledger.scores()["risk"].tolist() == scores["risk"].tolist()


@pytest.mark.parametrize(
    ("sequence", "values"),
    [
        (4, {}),
        (4, {"colour": "red"}),
        (4, {"rectified_by": "x"}),
        (4, {"risk": 1.5}),
        (4, {"risk": None}),
        (4, {"risk": True}),
        (4, {"risk": "high"}),
        (4, {"risk": [0.5]}),
        (4, {"rank": "first"}),
        (4, {"log_odds": np.inf}),
        (21, {"when": "last week"}),
        (21, {"when": None}),
        (21, {"by": ""}),
        (21, {"reason": "caf\udce9"}),
        (21, {"reason": None}),
        (21, {"reason": "x" * 4001}),
        (4, {"index_date": "yesterday"}),
        (99, {"risk": 0.1}),
        ("abc", {"risk": 0.1}),
        (None, {"risk": 0.1}),
        (np.nan, {"risk": 0.1}),
        (4.5, {"risk": 0.1}),
        (True, {"risk": 0.1}),
        (10**400, {"risk": 0.1}),
        (22, {"by": "somebody else"}),
    ],
)
def test_wrong_rectifying_is_refused(ledger, sequence, values):
    ledger.monitored({"count": 1}, model_id=MODEL)
    head = ledger.head()
    with pytest.raises(SpecError):
        ledger.rectify(sequence, values, by="analyst", reason="a")
    assert ledger.head() == head


def test_a_child_without_a_key_cannot_be_made_by_rectifying(ledger):
    with pytest.raises(ValueError, match="have no child_id"):
        ledger.rectify(4, {"child_id": ""}, by="analyst", reason="a")


# -------------------------------------------------------------------------------------------------- retention


def test_retention_takes_away_what_was_written_before_a_day(path, monkeypatch):
    ledger = Ledger(path)
    for day in ("2023-05-01", "2024-05-01", "2025-05-01"):
        monkeypatch.setattr(appending, "now", lambda day=day: f"{day}T00:00:00.000000Z")
        ledger.scored(made_scores(4, day=day))
        ledger.monitored({"count": 4}, model_id=MODEL)
    ledger.rectify(2, {"risk": 0.5}, by="analyst", reason="an old entry, rectified late")
    assert ledger.retention("2024-05-01", by="officer") == 4
    assert ledger.scores().index.get_level_values("index_date").year.unique().tolist() == [2024, 2025]
    assert ledger.retention("2024-05-01", by="officer") == 0
    assert ledger.retention("2024-05-02", by="officer") == 4
    log = ledger.log()
    assert log["kind"].tolist() == ["monitored"] * 3 + ["erased"] * 2
    assert log["removed"].tolist() == [0, 0, 0, 4, 4]
    assert b"2023-05-01" not in file_bytes(path).replace(b"2023-05-01T", b"")
    found = ledger.verify()
    assert (found.holds, found.erased, found.rectified) == (True, 8, 1)
