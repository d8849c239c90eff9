"""Verifying: every way to tamper with a ledger is found, and told for what it is."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.tracking import erase as erasing
from edgeofcare.tracking.append import append
from edgeofcare.tracking.chain import START, Head, entry_digest, head_text, parse_head, payload_digest
from edgeofcare.tracking.ledger import Ledger
from ledgers import made_scores, tampering

ROWS = 12


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path):
    made = Ledger(path)
    scores = made_scores(ROWS - 2)
    made.scored(scores)
    made.shown(scores.iloc[:2], by="worker 7")
    return made


def tampered(path, *statements):
    """Send statements past the ledger."""
    with tampering(path) as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_untouched_ledger_holds(ledger):
    found = ledger.verify(head=ledger.head())
    assert (found.entries, found.holds, found.head_holds) == (ROWS, True, True)
    assert (
        found.text == "The ledger holds: 12 entries, 0 payloads erased, 0 rectified. It holds the head that was kept."
    )


NO_TEXT = "cast(x'FF' as text)"
CHAIN_EDITS = {
    "kind": "'reviewed'",
    "time": "'2025-01-01T00:00:00.000000Z'",
    "model_id": "'another'",
    "removed": "1",
    "sealed": "randomblob(32)",
    "digest": "randomblob(32)",
}


@pytest.mark.parametrize("column", CHAIN_EDITS)
@pytest.mark.parametrize("sequence", [1, 5, ROWS])
def test_an_edited_entry_is_found(ledger, path, column, sequence):
    tampered(path, f"UPDATE ledger_entries SET {column} = {CHAIN_EDITS[column]} WHERE sequence = {sequence}")
    found = ledger.verify()
    assert not found.holds
    assert found.first_break == sequence
    assert f"breaks at entry {sequence}" in found.text


@pytest.mark.parametrize("column", ["removed", "sealed", "digest", "kind", "model_id"])
@pytest.mark.parametrize("value", ["'text'", "12.5", "x'00'", "100000000000", NO_TEXT])
def test_values_of_another_type_are_found_too(ledger, path, column, value):
    tampered(path, f"UPDATE ledger_entries SET {column} = {value} WHERE sequence = 5")
    assert ledger.verify().first_break == 5


PAYLOAD_EDITS = {
    "body": "replace(body, '0', '1')",
    "child_id": "'KIND9999999'",
    "household_id": "'H9'",
    "index_date": "'2024-03-31'",
    "salt": "randomblob(16)",
    "stands_for": "99",
}


@pytest.mark.parametrize("column", PAYLOAD_EDITS)
def test_an_edited_payload_is_found(ledger, path, column):
    tampered(path, f"UPDATE ledger_payloads SET {column} = {PAYLOAD_EDITS[column]} WHERE sequence = 5")
    found = ledger.verify()
    assert (found.holds, found.chain_holds, found.edited) == (False, True, (5,))
    assert "1 payload does not fit its digest, the first at entry 5" in found.text


@pytest.mark.parametrize("value", ["'text'", "12.5", "x'00'", "100000000000", NO_TEXT])
@pytest.mark.parametrize("column", ["salt", "body", "child_id"])
def test_a_payload_of_another_type_is_found(ledger, path, column, value):
    tampered(path, f"UPDATE ledger_payloads SET {column} = {value} WHERE sequence = 5")
    assert ledger.verify().edited == (5,)


def test_swapped_payloads_are_found(ledger, path):
    moves = [(3, 100), (4, 3), (100, 4)]
    swap = [f"UPDATE ledger_payloads SET sequence = {to} WHERE sequence = {at}" for at, to in moves]
    tampered(path, "DROP INDEX ledger_payloads_stands_for", *swap)
    assert ledger.verify().edited == (3, 4)


@pytest.mark.parametrize("sequence", [1, 5, 11])
def test_a_deleted_entry_is_found(ledger, path, sequence):
    tampered(path, f"DELETE FROM ledger_entries WHERE sequence = {sequence}")
    found = ledger.verify()
    assert (found.entries, found.first_break, found.strays) == (ROWS - 1, sequence + 1, 1)


def test_a_deleted_entry_is_found_without_its_payload_and_renumbered(ledger, path):
    tampered(
        path,
        "DELETE FROM ledger_entries WHERE sequence = 5",
        "DELETE FROM ledger_payloads WHERE sequence = 5",
        "UPDATE ledger_entries SET sequence = -(sequence - 1) WHERE sequence > 5",
        "UPDATE ledger_entries SET sequence = -sequence WHERE sequence < 0",
    )
    assert ledger.verify().first_break == 5


def test_reordered_entries_are_found(ledger, path):
    moves = [(4, 100), (5, 4), (100, 5)]
    tampered(path, *(f"UPDATE ledger_entries SET sequence = {to} WHERE sequence = {at}" for at, to in moves))
    assert ledger.verify().first_break == 4


def test_an_inserted_entry_is_found(ledger, path):
    tampered(
        path,
        "UPDATE ledger_entries SET sequence = -(sequence + 1) WHERE sequence > 5",
        "UPDATE ledger_entries SET sequence = -sequence WHERE sequence < 0",
        "INSERT INTO ledger_entries SELECT 6, kind, time, model_id, removed, sealed, randomblob(32) "
        "FROM ledger_entries WHERE sequence = 5",
    )
    assert ledger.verify().first_break == 6


def test_a_payload_that_was_quietly_taken_is_found(ledger, path):
    tampered(path, "DELETE FROM ledger_payloads WHERE sequence IN (2, 3)")
    found = ledger.verify()
    assert (found.holds, found.chain_holds, found.missing) == (False, True, 2)


def test_a_payload_that_was_erased_and_put_back_is_found(ledger, path):
    with tampering(path) as connection:
        kept = connection.execute("SELECT * FROM ledger_payloads WHERE sequence = 5").fetchone()
    ledger.erase(kept[4], by="officer", ground="article 17")
    assert ledger.verify().holds
    tampered_again = f"INSERT INTO ledger_payloads VALUES ({', '.join('?' * len(kept))})"
    connection = sqlite3.connect(path)
    connection.execute(tampered_again, kept)
    connection.commit()
    connection.close()
    assert ledger.verify().restored == 1


@pytest.mark.parametrize("at", [5, ROWS + 2])
@pytest.mark.parametrize("beside", [False, True])
def test_a_rectified_payload_that_stands_again_is_found(ledger, path, at, beside):
    """Also where erasures could account for one that is gone, and whether or not the right one was taken away."""
    ledger.erase("KIND0000001", by="officer", ground="article 17")
    copies = {5: payload_at(path, 5)}
    for risk in (0.4, 0.6):
        ledger.rectify(5, {"risk": risk}, by="officer", reason="wrong extract")
        copies.setdefault(ROWS + 2, payload_at(path, ROWS + 2))
    kept = ledger.head()
    assert ledger.verify(head=kept).holds
    tampered(path, *([] if beside else ["DELETE FROM ledger_payloads WHERE stands_for = 5"]))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX ledger_payloads_stands_for")
        connection.execute("INSERT INTO ledger_payloads VALUES (?, ?, ?, ?, ?, ?, ?)", copies[at])
        connection.commit()
    found = ledger.verify(head=kept)
    assert (found.holds, found.chain_holds, found.edited) == (False, True, ())
    assert (found.restored, found.missing, found.rectified) == (1, 0 if beside else 1, 2)


def test_a_ledger_of_the_first_format_is_verified_and_continued(ledger, path, monkeypatch):
    monkeypatch.setattr(erasing, "append", lambda connection, given: append(connection, [given[0]._replace(removed=1)]))
    monkeypatch.setattr(erasing, "FORMAT", 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE ledger_about SET format = 1")
        connection.commit()
    ledger.rectify(5, {"risk": 0.4}, by="officer", reason="first")
    monkeypatch.undo()
    kept = ledger.head()
    old = Ledger(path, create=False)
    assert format_of(path) == 1
    for sequence in (5, 6):
        old.rectify(sequence, {"risk": 0.6}, by="officer", reason="second")
    assert format_of(path) == 2
    found = old.verify(head=kept)
    assert (found.holds, found.rectified, found.entries) == (True, 3, ROWS + 3)


def format_of(path):
    """The format that the file says."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT format FROM ledger_about").fetchone()[0]


def payload_at(path, sequence):
    """The payload of an entry, as the file holds it."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM ledger_payloads WHERE sequence = ?", (sequence,)).fetchone()


def test_a_cut_end_needs_the_head_that_was_kept(ledger, path):
    kept = ledger.head()
    cut = [f"DELETE FROM ledger_{table} WHERE sequence > 8" for table in ("entries", "payloads")]
    tampered(path, *cut)
    assert ledger.verify().holds  # as the class says
    found = ledger.verify(head=kept)
    assert (found.holds, found.head_holds) == (False, False)
    assert "does not hold the head" in found.text


def test_a_cut_end_shows_by_the_payloads_that_are_left(ledger, path):
    tampered(path, "DELETE FROM ledger_entries WHERE sequence > 8")
    assert ledger.verify().strays == ROWS - 8


def test_a_chain_written_anew_needs_the_head_that_was_kept(ledger, path):
    kept = ledger.head()
    with tampering(path) as connection:
        rows = connection.execute(
            "SELECT sequence, kind, time, model_id, removed, sealed FROM ledger_entries"
        ).fetchall()
        digest = START
        for *said, sealed in rows:
            said[3] = "forged"
            digest = entry_digest(digest, sealed, tuple(said))
            connection.execute(
                "UPDATE ledger_entries SET model_id = 'forged', digest = ? WHERE sequence = ?", (digest, said[0])
            )
    assert ledger.verify().holds  # as the class says
    assert ledger.verify(head=kept).head_holds is False


def test_a_head_holds_while_entries_are_added_erased_and_rectified(ledger):
    kept = [ledger.head()]
    ledger.scored(made_scores(3, first=50))
    kept.append(ledger.head())
    ledger.erase("KIND0000001", by="officer", ground="article 17")
    kept.append(ledger.head())
    ledger.rectify(3, {"risk": 0.5}, by="officer", reason="wrong extract")
    assert all(ledger.verify(head=each).holds for each in [*kept, head_text(Head(0, START))])
    assert ledger.verify(head=kept[0][:-1] + ("0" if kept[0][-1] != "0" else "1")).head_holds is False


@pytest.mark.parametrize("head", ["", "12", "12:abc", "x" * 66, None, 7, "-1:" + "0" * 64])
def test_what_is_no_head_is_refused(head):
    with pytest.raises(SpecError, match="A head is"):
        parse_head(head)


def test_random_edits_are_found(ledger, path, tmp_path):
    """One random byte of one random value, changed in a copy of the file."""
    draw = random.Random(0)
    columns = [("entries", name) for name in CHAIN_EDITS] + [("payloads", name) for name in PAYLOAD_EDITS]
    for turn in range(60):
        copy = tmp_path / f"{turn}.db"
        copy.write_bytes(path.read_bytes())
        table, column = draw.choice(columns)
        sequence = draw.randint(1, ROWS)
        with tampering(copy) as connection:
            connection.execute("DROP INDEX ledger_payloads_stands_for")
            where = f"FROM ledger_{table} WHERE sequence = {sequence}"
            (value,) = connection.execute(f"SELECT {column} {where}").fetchone()
            held = bytearray(value if isinstance(value, bytes) else str(value).encode())
            place = draw.randrange(len(held))
            held[place] = ord("7") if held[place] != ord("7") else ord("8")
            changed = bytes(held) if isinstance(value, bytes) else type(value)(held.decode())
            connection.execute(f"UPDATE ledger_{table} SET {column} = ? WHERE sequence = {sequence}", (changed,))
        assert not Ledger(copy).verify().holds, (table, column, sequence)


texts = st.none() | st.text(max_size=4)


@given(st.tuples(st.integers(1, 9), texts, texts, texts), st.text(max_size=6), st.data())
def test_no_two_payloads_have_one_seal(about, body, data):
    other = data.draw(st.tuples(st.integers(1, 9), texts, texts, texts))
    other_body = data.draw(st.text(max_size=6))
    same = (about, body) == (other, other_body)
    encodable = [each for each in (about, body, other, other_body) if "\\ud" not in ascii(each)]
    if len(encodable) == 4:
        assert (payload_digest(b"s", about, body) == payload_digest(b"s", other, other_body)) == same
