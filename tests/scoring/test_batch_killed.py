"""Sudden ends while a day is scored into a database: the whole day or nothing, and the rest when it is run again."""

from __future__ import annotations

import os
import random
import uuid

import pandas as pd
import pytest
import sqlalchemy as sa

from batch_jobs import PAUSE, Jobs, kept_rows, score, table_rows
from databases import postgres_url

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL and fork")

STEPS = 13
"""More steps than a whole run tells."""


@pytest.fixture(scope="module")
def jobs():
    serving = Jobs()
    yield serving
    serving.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The table of a run that nobody stopped."""
    url = f"sqlite:///{tmp_path_factory.mktemp('undisturbed')}/scores.db"
    score(url)
    return table_rows(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """A database of each kind, with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/scores.db"
        return
    whole = sa.engine.make_url(postgres_url())
    engine = sa.create_engine(whole, poolclass=sa.NullPool)
    schema = f"scores_{uuid.uuid4().hex[:8]}"
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    yield whole.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))


def same_table(one, other):
    """Two tables of scores hold the same, whatever the database calls true."""
    truth = "decision_support_only"
    one, other = (frame.assign(**{truth: frame[truth].astype(bool)}) for frame in (one, other))
    for name in ("index_date", "data_until"):
        one[name], other[name] = one[name].astype(str), other[name].astype(str)
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def kill_and_resume(jobs, url, undisturbed, times, seed):
    """Kill runs at random steps, each on what the killed one left; then let one come to its end."""
    draw = random.Random(seed)
    left = []
    for _ in range(times):
        kept_before = kept_rows(url)
        _, ended = jobs.score(url, kill_at=draw.randrange(STEPS), wait=draw.uniform(0, 3 * PAUSE))
        rows = table_rows(url)
        assert len(rows) in (0, len(undisturbed)), "half a day is there"
        if len(rows):
            same_table(rows, undisturbed)
        else:
            assert kept_rows(url) >= kept_before, "what was scored is lost"
        left.append((len(rows), kept_rows(url), ended))
    assert jobs.score(url)[1]
    same_table(table_rows(url), undisturbed)
    assert kept_rows(url) == 0
    return left


def test_a_job_that_nobody_kills_tells_its_steps(jobs, url, undisturbed):
    told, ended = jobs.score(url)
    assert ended
    assert told.count("keep_part") >= 4
    assert told.count("_insert") >= 4
    assert len(told) < STEPS
    same_table(table_rows(url), undisturbed)


def test_a_stopped_run_goes_on_where_it_was(jobs, url, undisturbed):
    told, ended = jobs.score(url, kill_at=3)  # the third part is being kept, or has just been
    assert not ended
    assert told.count("keep_part") == 3
    assert table_rows(url).empty
    kept = kept_rows(url)
    assert kept in (2, 3)
    again, ended = jobs.score(url)
    assert ended
    assert again.count("keep_part") == undisturbed_parts(jobs, url) - kept
    same_table(table_rows(url), undisturbed)


def undisturbed_parts(jobs, url):
    """How many parts a whole run has, by running it again."""
    told, _ = jobs.score(url)
    return told.count("keep_part")


def test_killed_within_the_last_transaction(jobs, url, undisturbed):
    parts = undisturbed_parts(jobs, url)
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("DELETE FROM edgeofcare_scores")
    told, ended = jobs.score(url, kill_at=parts + 3)
    assert not ended
    assert told.count("_insert") >= 2, "some of the day was written when it was killed"
    assert table_rows(url).empty
    assert kept_rows(url) == parts
    again, _ = jobs.score(url)
    assert again.count("keep_part") == 0
    same_table(table_rows(url), undisturbed)


def test_killed_at_a_few_moments(jobs, url, undisturbed):
    kill_and_resume(jobs, url, undisturbed, 3, seed=1)


@pytest.mark.slow
def test_killed_at_20_random_moments(jobs, url, undisturbed):
    moments = []
    for seed in range(5):
        with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
            if sa.inspect(connection).has_table("edgeofcare_scores"):
                connection.exec_driver_sql("DELETE FROM edgeofcare_scores")
        moments += kill_and_resume(jobs, url, undisturbed, 4, seed)
    assert len(moments) == 20
    assert sum(not ended for _, _, ended in moments) >= 5  # many kills came in the midst of the work
    assert len({kept for _, kept, _ in moments}) >= 4
