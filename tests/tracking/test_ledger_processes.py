"""Several programs and sudden ends: a call is there whole or not at all, and the chain never forks."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing

import pandas as pd
import pytest

from edgeofcare.tracking.ledger import Ledger
from ledger_jobs import BATCHES, ROWS, all_scores, start, stop
from ledgers import file_bytes, made_scores

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")


def killed_while_scoring(path, wait):
    """Let a job score, and kill it some time after it opened the ledger; entries that are there then."""
    job = start("score", path)
    assert job.stdout.readline().strip() == "ready", job.communicate()
    time.sleep(wait)
    stop(job)
    found = Ledger(path).verify()
    assert found.holds
    assert found.entries % ROWS == 0, "half a call is there"
    return found.entries


def check_resumed(path):
    """Run the job again to its end: everything is there, once, as it was given."""
    job = start("score", path)
    said, failed = job.communicate()
    assert (job.returncode, failed) == (0, "")
    assert said.split()[0] == "ready"
    ledger = Ledger(path)
    found = ledger.scores(latest=False)
    scores = pd.concat(all_scores())
    pd.testing.assert_frame_equal(found[scores.columns].sort_index(), scores.sort_index(), check_exact=True)
    assert ledger.verify().holds
    assert ledger.verify().entries == BATCHES * ROWS


def kill_and_resume(tmp_path, times, seed):
    """Kill a job at random moments, each time on what the killed one left, and finish it."""
    draw = random.Random(seed)
    path = tmp_path / "ledger.db"
    left = [killed_while_scoring(path, draw.uniform(0, 0.35)) for _ in range(times)]
    assert left == sorted(left)
    check_resumed(path)
    return left


def test_killed_while_scoring_and_run_again(tmp_path):
    kill_and_resume(tmp_path, 3, seed=0)


@pytest.mark.slow
def test_killed_at_20_random_moments_while_scoring(tmp_path):
    moments = []
    for seed in range(5):
        folder = tmp_path / str(seed)
        folder.mkdir()
        moments += kill_and_resume(folder, 4, seed)
    assert len(moments) == 20
    assert len({*moments} - {0, BATCHES * ROWS}) >= 2  # some kills came in the midst of the work


@pytest.mark.slow
def test_killed_within_one_large_call(tmp_path):
    """The moment of the kill is when the journal of the call is there, so that there is something to undo."""
    path = tmp_path / "ledger.db"
    journal = path.with_name("ledger.db-journal")
    undone = 0
    draw = random.Random(0)
    for _ in range(20):
        job = start("score", path)
        assert job.stdout.readline().strip() == "ready", job.communicate()
        while not journal.exists() and job.poll() is None:
            pass
        time.sleep(draw.uniform(0, 0.02))
        stop(job)
        undone += journal.exists() and journal.stat().st_size > 0
        found = Ledger(path).verify()
        assert found.holds
        assert found.entries % ROWS == 0
    assert undone >= 1
    check_resumed(path)


def killed_while_erasing(path, times, seed):
    """Kill a job that erases at random moments; who it said is erased is gone, and the chain holds."""
    draw = random.Random(seed)
    Ledger(path).scored(made_scores(60))
    told = set()
    for _ in range(times):
        job = start("erase", path)
        assert job.stdout.readline().strip() == "ready", job.communicate()
        time.sleep(draw.uniform(0, 0.4))
        job.kill()
        told |= set(job.communicate()[0].split())
        ledger = Ledger(path)
        assert ledger.verify().holds
        left = set(ledger.entries().index.get_level_values("child_id"))
        assert told.isdisjoint(left)
        everyone = made_scores(60).index.get_level_values("child_id")
        gone = [child for child in everyone if child not in left]
        held = file_bytes(path)
        assert [child for child in gone if child.encode() in held] == []
    return told


def test_killed_while_erasing(tmp_path):
    killed_while_erasing(tmp_path / "ledger.db", 2, seed=1)


@pytest.mark.slow
def test_killed_at_20_random_moments_while_erasing(tmp_path):
    assert killed_while_erasing(tmp_path / "ledger.db", 20, seed=2)


def test_two_processes_do_not_fork_the_chain(tmp_path):
    path = tmp_path / "ledger.db"
    jobs = [start("compete", path, name) for name in ("one", "two")]  # which also make it at the same moment
    ended = [job.communicate() for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], ended
    ledger = Ledger(path)
    found = ledger.verify()
    assert found.holds
    assert found.entries == 25 * 4 + 2 * 25 * 2
    shown = ledger.entries("shown")
    assert sorted(shown["by"].value_counts().items()) == [("one", 50), ("two", 50)]
    assert ledger.scores(latest=False).index.is_unique
    written = shown.sort_values("sequence")["by"].tolist()
    assert written not in (sorted(written), sorted(written, reverse=True)), "the two did not write at the same time"


def test_a_reader_sees_whole_calls_only(tmp_path):
    path = tmp_path / "ledger.db"
    ledger = Ledger(path)
    job = start("score", path)
    seen = set()
    while job.poll() is None:
        seen.add(len(ledger.scores(latest=False)))
    assert job.communicate()[1] == ""
    assert all(count % ROWS == 0 for count in seen)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
