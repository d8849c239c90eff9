"""Reading the SSD tables from a real PostgreSQL server: types, accounts, transactions, and servers that say no."""

from __future__ import annotations

import traceback
import uuid

import psycopg
import pytest
import sqlalchemy as sa

from databases import fill_postgres, postgres_url, same_records
from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.sql.read import read_sql, statements
from edgeofcare.records.sql.url import PASSWORD
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd

UNTIL = "2025-03-31"
FLAVOURS = ("systemc", "mosaic")


@pytest.fixture(scope="module")
def url():
    return sa.engine.make_url(postgres_url())


def connect(url, **options):
    """A connection of psycopg."""
    parts = {"host": url.query.get("host", url.host), "port": url.port, "dbname": url.database}
    given = {"user": url.username, "password": url.password} | options
    return psycopg.connect(**{name: value for name, value in (parts | given).items() if value})


@pytest.fixture(scope="module")
def extract(url, tmp_path_factory):
    """Schema and records of the files, by flavour, and an account that may only look."""
    reader = f"zebedee_{uuid.uuid4().hex[:8]}"
    made = {}
    records = make_records(300, random_state=1, authority="sample")
    with connect(url) as owner:
        owner.execute(f"CREATE ROLE {reader} LOGIN PASSWORD 'hunter2'")
        for flavour in FLAVOURS:
            folder = tmp_path_factory.mktemp(flavour)
            write_ssd(records, folder, flavour=flavour)
            schema = f"{flavour}_{reader}"
            fill_postgres(owner, folder, schema)
            owner.execute(f"GRANT USAGE ON SCHEMA {schema} TO {reader}")
            owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}")
            made[flavour] = (schema, read_ssd(folder, observed_until=UNTIL))
    yield reader, made
    with connect(url) as owner:
        for schema, _ in made.values():
            owner.execute(f"DROP SCHEMA {schema} CASCADE")
        owner.execute(f"DROP ROLE {reader}")


@pytest.fixture
def schema(url, extract):
    """A schema of views on the Mosaic tables, which may be changed."""
    reader, made = extract
    source = made["mosaic"][0]
    name = f"views_{uuid.uuid4().hex[:8]}"
    with connect(url) as owner:
        owner.execute(f"CREATE SCHEMA {name}")
        owner.execute(f"GRANT USAGE ON SCHEMA {name} TO {reader}")
        rows = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [source]).fetchall()
        for (table,) in rows:
            owner.execute(f"CREATE VIEW {name}.{table} AS SELECT * FROM {source}.{table}")
        owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {reader}")
    yield name
    with connect(url) as owner:
        owner.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def reading(url, extract):
    """A connection of the account that may only look."""
    connection = connect(url, user=extract[0], password="hunter2")
    yield connection
    connection.close()


def refused(kind, source, secrets, **options):
    """What is said where reading is refused; nothing that hangs on the error gives anything away."""
    with pytest.raises(kind) as caught:
        read_sql(source, **({"observed_until": UNTIL} | options))
    error = caught.value
    shown = [str(error), repr(error), *traceback.format_exception(error)]
    assert not [secret for secret in secrets for text in shown if secret in text]
    assert error.__cause__ is None
    assert error.__context__ is None
    return str(error)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_connection_gives_the_records_of_the_files(reading, extract, flavour):
    schema, expected = extract[1][flavour]
    same_records(read_sql(reading, observed_until=UNTIL, schema=schema.upper(), chunk_rows=100), expected)
    assert reading.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_url_gives_the_records_of_the_files(url, extract, flavour, monkeypatch):
    schema, expected = extract[1][flavour]
    monkeypatch.setenv(PASSWORD, "hunter2")
    account = url.set(username=extract[0], password="").render_as_string(hide_password=False)
    assert "hunter2" not in account
    same_records(read_sql(account, observed_until=UNTIL, schema=schema, progress=True), expected)


@pytest.mark.parametrize("level", [None, "AUTOCOMMIT"])
def test_an_engine_is_read_in_chunks_and_left_without_a_transaction(url, extract, level):
    schema, expected = extract[1]["mosaic"]
    engine = sa.create_engine(url, **({"isolation_level": level} if level else {}))
    found = read_sql(engine, observed_until=UNTIL, schema=schema, chunk_rows=50)
    assert found.fingerprint == expected.fingerprint
    assert engine.pool.checkedout() == 0
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "off"
        connection.rollback()
        read_sql(connection, observed_until=UNTIL, schema=schema)
        assert not connection.in_transaction()
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()


def test_a_wrong_password_or_server_is_told_without_them(url, extract, monkeypatch, capfd, caplog):
    reader = extract[0]
    place = str(url.query.get("host", url.host))
    secrets = ("hunter3", reader, place)
    wrong = url.set(username=reader, password="hunter3").render_as_string(hide_password=False)
    message = refused(SpecError, wrong, secrets)
    assert "could not be reached, or it refused the account (OperationalError" in message
    monkeypatch.setenv(PASSWORD, "hunter3")
    refused(SpecError, url.set(username=reader, password=None), secrets)
    nobody = url.set(username="nobody_rosebud", password="hunter3")
    refused(SpecError, nobody.render_as_string(hide_password=False), ("hunter3", "nobody_rosebud", place))
    engine = sa.create_engine(url.set(username=reader, password="hunter3"))
    refused(SpecError, engine, secrets)
    engine.dispose()
    said = caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in secrets if secret in said]


def test_views_that_may_not_be_read_and_tables_that_are_missing_are_told_at_once(url, extract, schema, reading):
    reader = extract[0]
    with connect(url) as owner:
        owner.execute(f"REVOKE SELECT ON {schema}.ssd_person FROM {reader}")
        owner.execute(f"GRANT SELECT (pers_person_id, pers_sex, pers_forename) ON {schema}.ssd_person TO {reader}")
        owner.execute(f"DROP VIEW {schema}.ssd_legal_status")
        owner.execute(f"ALTER VIEW {schema}.ssd_missing OWNER TO {reader}")
        owner.execute(f"REVOKE SELECT ON {extract[1]['mosaic'][0]}.ssd_missing FROM {reader}")
    try:
        message = refused(RecordsError, reading, (reader,), schema=schema)
    finally:
        with connect(url) as owner:
            owner.execute(f"GRANT SELECT ON {extract[1]['mosaic'][0]}.ssd_missing TO {reader}")
            owner.execute(f"ALTER VIEW {schema}.ssd_missing OWNER TO CURRENT_USER")
    assert "3 problems" in message
    assert (
        "ssd_person: the account may not read pers_death_date, pers_dob, pers_ethnicity, pers_expected_dob" in message
    )
    assert "ssd_missing: reading broke off after 0 rows (InsufficientPrivilege, SQLSTATE 42501)" in message
    assert "ssd_legal_status: the table is missing" in message
    assert reading.execute("SELECT 1").fetchone() == (1,)


def test_columns_that_are_not_needed_need_no_permission(url, extract, schema, reading):
    reader = extract[0]
    needed = "pers_person_id, pers_dob, pers_expected_dob, pers_death_date, pers_sex, pers_ethnicity, pers_send_flag"
    with connect(url) as owner:
        owner.execute(f"REVOKE SELECT ON {schema}.ssd_person FROM {reader}")
        owner.execute(f"GRANT SELECT ({needed}) ON {schema}.ssd_person TO {reader}")
        owner.execute(f"DROP VIEW {schema}.ssd_address")
    same_records(read_sql(reading, observed_until=UNTIL, schema=schema), extract[1]["mosaic"][1])


def slowed(url, schema, extract, extra):
    """Make one view do more than read its table."""
    with connect(url) as owner:
        owner.execute(f"DROP VIEW {schema}.ssd_contacts")
        owner.execute(
            f"CREATE VIEW {schema}.ssd_contacts AS SELECT t.cont_contact_id, t.cont_person_id, "
            f"t.cont_contact_source_desc, CASE WHEN {extra} IS NOT NULL THEN t.cont_contact_date END "
            f"AS cont_contact_date FROM {extract[1]['mosaic'][0]}.ssd_contacts AS t"
        )
        owner.execute(f"GRANT SELECT ON {schema}.ssd_contacts TO {extract[0]}")


def test_a_timeout_is_told(url, extract, schema, reading):
    slowed(url, schema, extract, "pg_sleep(0.05)")
    reading.execute("SET statement_timeout = '200ms'")
    reading.commit()
    message = refused(RecordsError, reading, (extract[0],), schema=schema)
    assert "ssd_contacts: reading broke off after 0 rows (QueryCanceled, SQLSTATE 57014)" in message
    assert reading.execute("SELECT 1").fetchone() == (1,)


def test_a_connection_that_is_cut_mid_read_is_told(url, extract, schema):
    cut = "CASE WHEN t.cont_contact_id = (SELECT max(cont_contact_id) FROM {0}.ssd_contacts) "
    cut += "THEN pg_terminate_backend(pg_backend_pid()) ELSE true END"
    with connect(url) as owner:
        owner.execute(f"GRANT pg_signal_backend TO {extract[0]}")
    slowed(url, schema, extract, f"({cut.format(extract[1]['mosaic'][0])})")
    account = url.set(username=extract[0], password="hunter2")
    engine = sa.create_engine(account, poolclass=sa.pool.NullPool)
    message = refused(RecordsError, engine, (extract[0], "hunter2"), schema=schema, chunk_rows=10)
    assert "1 problem" in message
    assert "ssd_contacts: reading broke off after " in message
    assert "(AdminShutdown, SQLSTATE 57P01)" in message or "(OperationalError)" in message  # whichever is noticed first


def test_a_failed_statement_spares_the_transaction_of_the_caller(url, extract, schema):
    with connect(url) as connection:
        connection.execute("CREATE TEMPORARY TABLE mine (n int)")
        connection.execute("INSERT INTO mine VALUES (7)")
        connection.execute(f"SET LOCAL ROLE {extract[0]}")
        refused(RecordsError, connection, (extract[0],), schema="nowhere")
        read_sql(connection, observed_until=UNTIL, schema=schema)
        connection.execute("RESET ROLE")
        connection.execute("SET LOCAL statement_timeout = '100ms'")
    slowed(url, schema, extract, "pg_sleep(0.05)")
    with connect(url) as connection:
        connection.execute("CREATE TEMPORARY TABLE mine (n int)")
        connection.execute("INSERT INTO mine VALUES (7)")
        connection.execute("SET LOCAL statement_timeout = '300ms'")
        assert "QueryCanceled" in refused(RecordsError, connection, (extract[0],), schema=schema)
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        assert connection.execute("SELECT n FROM mine").fetchone() == (7,)


def test_a_transaction_that_has_failed_is_refused(reading):
    with pytest.raises(psycopg.errors.UndefinedTable):
        reading.execute("SELECT 1 FROM nowhere")
    assert "cannot be used (InFailedSqlTransaction, SQLSTATE 25P02)" in refused(SpecError, reading, ())


def test_dates_beyond_the_calendar_and_moments_with_a_zone_are_read(url, extract, schema, reading):
    source = extract[1]["mosaic"][0]
    start, end = '"LEGA_LEGAL_STATUS_START_DATE"', '"LEGA_LEGAL_STATUS_END_DATE"'
    plain = 'SELECT "LEGA_LEGAL_STATUS_ID", "LEGA_PERSON_ID", "LEGA_LEGAL_STATUS"'
    with connect(url) as owner:
        owner.execute(f"DROP VIEW {schema}.ssd_legal_status")
        owner.execute(
            f"CREATE VIEW {schema}.ssd_legal_status AS {plain}, "
            f"{start} AT TIME ZONE 'Europe/London' AS {start}, "
            f"coalesce({end}, 'infinity') AT TIME ZONE 'UTC' AS {end} FROM {source}.ssd_legal_status"
        )
        owner.execute(f"GRANT SELECT ON {schema}.ssd_legal_status TO {extract[0]}")
    expected = extract[1]["mosaic"][1]
    for zone in ("UTC", "America/New_York", "Asia/Tokyo"):
        reading.execute(f"SET TIME ZONE '{zone}'")
        reading.commit()
        found = read_sql(reading, observed_until=UNTIL, schema=schema)
        assert found.fingerprint == expected.fingerprint


def test_temporary_tables_and_the_search_path_are_found(url, extract):
    schema, expected = extract[1]["systemc"]
    with connect(url) as connection:
        connection.execute(f"SET search_path = {schema}")
        connection.commit()
        assert read_sql(connection, observed_until=UNTIL).fingerprint == expected.fingerprint
        for table in statements(connection):
            connection.execute(f"CREATE TEMPORARY TABLE {table} AS SELECT * FROM {schema}.{table}")
        connection.execute("DELETE FROM ssd_missing")
        connection.commit()
        assert read_sql(connection, observed_until=UNTIL).table("missing_episodes").empty
        assert '"pg_temp_' in statements(connection)["ssd_person"]


def test_all_tables_are_read_as_they_were_at_one_moment(url, extract, schema, monkeypatch):
    expected = extract[1]["mosaic"][1]
    other = connect(url)
    emptied = []

    def emptying(names, *_, **__):
        """Take a table away after the first was read."""
        for name in names:
            yield name
            if not emptied:
                other.execute(f"DELETE FROM {extract[1]['mosaic'][0]}.ssd_missing")
                other.commit()
                emptied.append(name)

    monkeypatch.setattr("edgeofcare.records.sql.read.watched", emptying)
    with connect(url) as connection:
        other.execute(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM {extract[1]['mosaic'][0]}.ssd_missing")
        try:
            assert read_sql(connection, observed_until=UNTIL, schema=schema).fingerprint == expected.fingerprint
        finally:
            other.execute(f"DELETE FROM {extract[1]['mosaic'][0]}.ssd_missing")
            other.execute(f"INSERT INTO {extract[1]['mosaic'][0]}.ssd_missing SELECT * FROM kept")
            other.commit()
            other.close()
    assert emptied
