"""Scores in a PostgreSQL server: names and types of its own, and errors that tell nothing."""

from __future__ import annotations

import traceback
import uuid

import pandas as pd
import pytest
import sqlalchemy as sa

from batch_jobs import DAY, line_scorer, made_with, score, table_rows
from databases import postgres_url
from edgeofcare.exceptions import SpecError
from edgeofcare.scoring.batch.run import score_in_parts


@pytest.fixture
def server():
    """URL of the server, and the name of a schema in it."""
    url, name = sa.engine.make_url(postgres_url()), f"Scores_{uuid.uuid4().hex[:8]}"
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(name))
    yield url, name, engine
    with engine.begin() as connection:
        connection.execute(sa.schema.DropSchema(name, cascade=True))


def test_a_schema_and_types_of_the_server(server, tmp_path):
    url, schema, engine = server
    first, again = (score(url, table=f"{schema}.risks") for _ in range(2))
    assert (again.unchanged, again.new) == (first.new, 0)
    types = {each["name"]: str(each["type"]) for each in sa.inspect(engine).get_columns("risks", schema=schema)}
    assert (types["risk"], types["index_date"]) == ("DOUBLE PRECISION", "DATE")
    assert (types["decision_support_only"], types["reasons"]) == ("BOOLEAN", "TEXT")
    score(f"sqlite:///{tmp_path}/scores.db")
    with engine.connect() as connection:
        held = pd.read_sql(sa.text(f'SELECT * FROM "{schema}".risks ORDER BY child_id'), connection)
    other = table_rows(f"sqlite:///{tmp_path}/scores.db")
    same = ["child_id", "household_id", "risk", "rank", "log_odds", "reasons", "unknown", "unseen", "compared_with"]
    pd.testing.assert_frame_equal(held[same], other[same], check_exact=True)
    assert set(held["model_id"]) == {line_scorer().model_id}


def test_names_in_other_letters_are_other_tables(server):
    url, schema, _ = server
    assert {score(url, table=f"{schema}.{name}", top_reasons=0).unchanged for name in ("risks", "Risks")} == {0}


def test_the_longest_keys_go_into_the_table(server):
    url, schema, engine = server
    key = "AAA" + "x" * 196
    assert score_in_parts(line_scorer(), made_with(key), DAY, url, table=f"{schema}.risks", progress=False).new > 30
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f'SELECT child_id FROM "{schema}".risks WHERE length(household_id) = 200')
        assert key in found.scalars().all()


def test_what_the_server_says_is_not_told(server):
    url, schema, engine = server
    score(url, table=f"{schema}.risks")
    with engine.begin() as connection:
        child = connection.exec_driver_sql(f'SELECT min(child_id) FROM "{schema}".risks').scalar()
        connection.exec_driver_sql(f'DELETE FROM "{schema}".risks')
        connection.exec_driver_sql(f"ALTER TABLE \"{schema}\".risks ADD CHECK (child_id <> '{child}')")
    with pytest.raises(SpecError, match="could not be written") as caught:
        score(url, table=f"{schema}.risks")
    told = "".join(traceback.format_exception(caught.value))
    assert "KIND" not in told
    assert "CheckViolation" in told or "IntegrityError" in told
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f'SELECT count(*) FROM "{schema}".risks').scalar() == 0
        assert connection.exec_driver_sql(f'SELECT count(*) FROM "{schema}".risks_unfinished').scalar() > 3


def test_a_password_is_not_told(server):
    url, _, _ = server
    wrong = url.set(password="hunter2")
    with pytest.raises(SpecError, match="could not be written") as caught:
        score(wrong)
    told = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told
    assert url.username not in str(caught.value)
