"""The ledger in a PostgreSQL server: the same chain, writers in turn, and errors that tell nothing."""

from __future__ import annotations

import traceback
import uuid

import pandas as pd
import pytest
import sqlalchemy as sa

from databases import postgres_url
from edgeofcare.exceptions import LedgerError, SpecError
from edgeofcare.tracking.ledger import Ledger
from ledger_jobs import BATCHES, ROWS, all_scores, start, stop
from ledgers import MODEL, made_scores


@pytest.fixture
def url():
    """URL of a schema of its own."""
    whole = sa.engine.make_url(postgres_url())
    engine = sa.create_engine(whole, poolclass=sa.NullPool)
    schema = f"ledger_{uuid.uuid4().hex[:8]}"
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    yield whole.update_query_dict({"options": f"-csearch_path={schema}"})
    with engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))


def text(url):
    """A URL with its password, for another process."""
    return url.render_as_string(hide_password=False)


def send(url, statement):
    """Send a statement past the ledger."""
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql(statement)


def test_everything_works_as_in_a_file(url):
    ledger = Ledger(url)
    scores = made_scores(30)
    assert [ledger.scored(scores), ledger.scored(scores)] == [30, 0]
    pd.testing.assert_frame_equal(ledger.scores()[scores.columns], scores, check_exact=True)
    kept = ledger.head()
    ledger.shown(scores.iloc[:4], by="worker 7")
    ledger.monitored({"count": 4}, model_id=MODEL)
    ledger.rectify(3, {"risk": 0.5}, by="analyst", reason="wrong extract")
    assert ledger.erase("KIND0000001", by="officer", ground="article 17") == 2
    assert len(ledger.history("KIND0000002")) == 2
    found = ledger.verify(head=kept)
    assert (found.holds, found.entries, found.erased, found.rectified) == (True, 37, 2, 1)
    with pytest.raises(SpecError, match="with other values"):
        ledger.scored(scores.assign(risk=0.5))
    assert Ledger(url, create=False).verify().entries == 37
    assert repr(ledger) == "Ledger(postgresql)"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET kind = 'shown' WHERE sequence = 3",
        "UPDATE ledger_payloads SET body = replace(body, '0', '1') WHERE sequence = 3",
        "DELETE FROM ledger_entries WHERE sequence = 3",
        "DELETE FROM ledger_payloads WHERE sequence = 3",
    ],
)
def test_tampering_is_found(url, statement):
    ledger = Ledger(url)
    ledger.scored(made_scores(6))
    send(url, statement)
    assert not ledger.verify().holds


def test_two_processes_do_not_fork_the_chain(url):
    jobs = [start("compete", text(url), name) for name in ("one", "two")]
    ended = [job.communicate() for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], ended
    found = Ledger(url).verify()
    assert (found.holds, found.entries) == (True, 200)


def test_killed_while_scoring_and_run_again(url):
    for _ in range(2):
        job = start("score", text(url))
        assert job.stdout.readline().strip() == "ready", job.communicate()
        job.stdout.readline()
        stop(job)
        assert Ledger(url).verify().entries % ROWS == 0
    assert start("score", text(url)).communicate()[1] == ""
    ledger = Ledger(url)
    assert ledger.verify().holds
    found, scores = ledger.scores(latest=False), pd.concat(all_scores())
    assert len(found) == BATCHES * ROWS
    pd.testing.assert_frame_equal(found[scores.columns].sort_index(), scores.sort_index(), check_exact=True)


def test_there_is_no_ledger_until_one_is_made(url):
    with pytest.raises(LedgerError, match="There is no ledger"):
        Ledger(url, create=False)


def test_a_server_that_says_no_is_told_without_a_word_of_its_own(url):
    ledger = Ledger(url)
    ledger.scored(made_scores(3))
    send(url, "ALTER TABLE ledger_payloads ADD CHECK (child_id <> 'KIND0000005')")
    with pytest.raises(LedgerError, match=r"IntegrityError|CheckViolation") as caught:
        ledger.scored(made_scores(6))
    assert "KIND" not in "".join(traceback.format_exception(caught.value))
    assert ledger.verify().entries == 3
    wrong = url.set(password="hunter2")
    with pytest.raises(LedgerError) as caught:
        Ledger(wrong)
    told = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told
    assert url.username not in str(caught.value)
