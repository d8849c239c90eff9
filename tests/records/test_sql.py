"""Reading the SSD tables from databases: the same records as from files, and nothing changed, taken or given away."""

from __future__ import annotations

import sqlite3
import sys
import traceback
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import quote_plus

import duckdb
import pytest
import sqlalchemy as sa

from databases import fill_duckdb, fill_sqlite, same_records
from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.sql.read import read_sql, statements
from edgeofcare.records.sql.url import PASSWORD, database_url
from edgeofcare.records.sql.values import texts
from edgeofcare.records.ssd.layout import NEVER_LOADED
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd

UNTIL = "2025-03-31"
SECRETS = ("hunter2", "s3cret", "zebedee", "rosebud.example", "Q7731")
"""Password, user, server and a value of a row: no error of ours holds any."""


def written(children, factory):
    """Folders of both flavours."""
    records = make_records(children, random_state=1, authority="sample")
    made = {}
    for flavour in ("systemc", "mosaic"):
        made[flavour] = factory.mktemp(flavour)
        write_ssd(records, made[flavour], flavour=flavour)
    return made


def as_files(folders, factory):
    """One SQLite file for each folder; nobody writes to them."""
    made = {}
    for flavour, folder in folders.items():
        made[flavour] = factory.mktemp("files") / f"{flavour}.db"
        connection = sqlite3.connect(made[flavour])
        fill_sqlite(connection, folder)
        connection.close()
    return made


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Enough children for every kind of row."""
    return written(300, tmp_path_factory)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A few children, for what has nothing to do with values."""
    return written(40, tmp_path_factory)


@pytest.fixture(scope="module")
def files(few, tmp_path_factory):
    return as_files(few, tmp_path_factory)


@pytest.fixture(scope="module")
def expected(few):
    return {flavour: read_ssd(folder, observed_until=UNTIL) for flavour, folder in few.items()}


@pytest.fixture
def connection(files):
    """A connection to a copy of the SystemC tables, which may be changed."""
    copy = sqlite3.connect(":memory:")
    source = sqlite3.connect(files["systemc"])
    source.backup(copy)
    source.close()
    yield copy
    copy.close()


def refused(kind, source, **options):
    """What is said where reading is refused; nothing that hangs on the error gives anything away."""
    with pytest.raises(kind) as caught:
        read_sql(source, **({"observed_until": UNTIL} | options))
    error = caught.value
    shown = [str(error), repr(error), *traceback.format_exception(error)]
    assert not [secret for secret in SECRETS for text in shown if secret in text]
    assert error.__cause__ is None
    assert error.__context__ is None
    return str(error)


@pytest.mark.parametrize("flavour", ["systemc", "mosaic"])
def test_sqlite_and_duckdb_give_the_records_of_the_files(folders, tmp_path_factory, flavour):
    expected = read_ssd(folders[flavour], observed_until=UNTIL)
    path = as_files({flavour: folders[flavour]}, tmp_path_factory)[flavour]
    raw = sqlite3.connect(path)
    same_records(read_sql(raw, observed_until=UNTIL, chunk_rows=7), expected)
    raw.close()
    same_records(read_sql(f"sqlite:///{path}", observed_until=UNTIL, progress=True), expected)
    with duckdb.connect() as connection:
        fill_duckdb(connection, folders[flavour])
        same_records(read_sql(connection, observed_until=UNTIL, chunk_rows=100), expected)


@pytest.mark.parametrize("schema", [None, "ssd_development", "memory.SSD_Development", '"memory"."ssd_development"'])
def test_a_schema_of_duckdb_is_found(few, expected, schema):
    with duckdb.connect() as connection:
        fill_duckdb(connection, few["mosaic"], "ssd_development")
        found = read_sql(connection, observed_until=UNTIL, schema=schema)
        assert found.fingerprint == expected["mosaic"].fingerprint


def test_a_file_attached_to_duckdb_is_found_by_its_name(few, expected, tmp_path):
    with duckdb.connect(tmp_path / "extract.db") as connection:
        fill_duckdb(connection, few["mosaic"])
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'extract.db'}' AS extract (READ_ONLY)")
        found = read_sql(connection, observed_until=UNTIL, schema="extract")
    assert found.fingerprint == expected["mosaic"].fingerprint


def test_engines_connections_and_pooled_connections_are_read_and_left_usable(files, expected):
    engine = sa.create_engine(f"sqlite:///{files['mosaic']}")
    same_records(read_sql(engine, observed_until=UNTIL), expected["mosaic"])
    assert engine.pool.checkedout() == 0
    with engine.connect() as connection:
        assert read_sql(connection, observed_until=UNTIL).fingerprint == expected["mosaic"].fingerprint
        assert not connection.in_transaction()
        assert connection.exec_driver_sql("SELECT count(*) FROM ssd_person").scalar() == 40
    pooled = engine.raw_connection()
    assert read_sql(pooled, observed_until=UNTIL).fingerprint == expected["mosaic"].fingerprint
    pooled.close()
    engine.dispose()


def test_only_needed_columns_are_asked_for_and_nothing_is_written(connection):
    sent = []
    connection.set_trace_callback(sent.append)
    read_sql(connection, observed_until=UNTIL)
    sent = [statement for statement in sent if not statement.startswith("--")]  # steps within a PRAGMA
    assert {statement.split()[0] for statement in sent} == {"BEGIN", "PRAGMA", "SELECT", "ROLLBACK"}
    assert not [statement for statement in sent if "*" in statement]
    told = statements(connection)
    assert set(told.values()) <= set(sent)
    assert len(told) == 20
    private = (*NEVER_LOADED, "nhs", "postcode", "offence", "outcome_json", "addr_")
    assert not [name for name in private for statement in sent if name in statement.lower()]


def test_a_transaction_of_the_caller_stays_open_with_its_changes(connection):
    before = read_sql(connection, observed_until=UNTIL)
    assert not connection.in_transaction
    connection.execute("DELETE FROM ssd_missing")
    assert connection.in_transaction
    assert read_sql(connection, observed_until=UNTIL).table("missing_episodes").empty
    assert connection.in_transaction
    connection.rollback()
    same_records(read_sql(connection, observed_until=UNTIL), before)


def test_a_transaction_of_the_caller_stays_open_in_duckdb(few):
    with duckdb.connect() as connection:
        fill_duckdb(connection, few["mosaic"])
        connection.execute("BEGIN")
        connection.execute("DELETE FROM ssd_missing")
        assert read_sql(connection, observed_until=UNTIL).table("missing_episodes").empty
        connection.execute("ROLLBACK")
        assert not read_sql(connection, observed_until=UNTIL).table("missing_episodes").empty
        connection.execute("BEGIN")  # an error if one had been left open


def test_views_temporary_tables_and_capitals_are_read(connection, expected):
    connection.execute("CREATE TABLE kept AS SELECT * FROM ssd_cin_episodes")
    connection.execute("DROP TABLE ssd_cin_episodes")
    connection.execute('CREATE VIEW "SSD_Cin_Episodes" AS SELECT * FROM kept')
    assert read_sql(connection, observed_until=UNTIL).fingerprint == expected["systemc"].fingerprint
    for name in [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]:
        connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM main.{name}")
        connection.execute(f"DROP TABLE main.{name}")
    connection.execute('DROP VIEW "SSD_Cin_Episodes"')
    connection.execute("CREATE TEMP VIEW ssd_cin_episodes AS SELECT * FROM kept")
    connection.commit()
    assert read_sql(connection, observed_until=UNTIL).fingerprint == expected["systemc"].fingerprint
    assert read_sql(connection, observed_until=UNTIL, schema="temp").fingerprint == expected["systemc"].fingerprint


@pytest.mark.parametrize("rows", ["objects", "dictionaries"])
def test_rows_in_another_shape_are_read(connection, expected, rows):
    by_name = {"objects": sqlite3.Row, "dictionaries": lambda cursor, row: dict(zip(names(cursor), row, strict=True))}
    connection.row_factory = by_name[rows]
    assert read_sql(connection, observed_until=UNTIL).fingerprint == expected["systemc"].fingerprint


def names(cursor):
    """Names of the columns of a cursor."""
    return [column[0] for column in cursor.description]


def test_the_usual_schema_comes_first_and_two_extracts_are_never_mixed(connection, files, expected):
    connection.execute("ATTACH DATABASE ? AS ssd_development", [str(files["mosaic"])])
    assert read_sql(connection, observed_until=UNTIL).fingerprint == expected["mosaic"].fingerprint
    assert '"ssd_development"."ssd_person"' in statements(connection)["ssd_person"]
    main = read_sql(connection, observed_until=UNTIL, schema="MAIN")
    assert main.fingerprint == expected["systemc"].fingerprint
    assert "ssd_family" not in statements(connection)  # of the other extract only


def test_all_missing_tables_and_columns_are_told_at_once(connection):
    connection.execute("DROP TABLE ssd_legal_status")
    connection.execute("DROP TABLE ssd_cla_episodes")
    connection.execute("ALTER TABLE ssd_cin_episodes RENAME COLUMN cine_referral_date TO cine_referral_dates")
    message = refused(RecordsError, connection)
    assert "3 problems" in message
    assert "ssd_legal_status: the table is missing" in message
    assert "ssd_cla_episodes: the table is missing" in message
    assert "It was looked for in: ssd_development, main, temp. Name another schema with schema=" in message
    assert "ssd_cin_episodes: column 'cine_referral_date' is missing (needed for referrals). Did you mean " in message
    assert "'cine_referral_dates'?" in message
    assert "4 problems" in refused(RecordsError, connection, schema="nowhere")


def test_rows_that_cannot_be_right_are_told_as_from_files(connection):
    connection.execute("UPDATE ssd_person SET pers_dob = 'zebedee' WHERE pers_dob IS NOT NULL")
    assert "children: column 'birth_date': unreadable date in " in refused(RecordsError, connection)


class Breaking:
    """A connection of sqlite3 whose cursors break off in one table, with words that must not be passed on."""

    def __init__(self, connection, table, *, after=0, for_good=False):
        self.connection, self.table, self.after, self.for_good = connection, table, after, for_good
        self.in_transaction = self.broken = False

    def cursor(self):
        return BreakingCursor(self, self.connection.cursor())

    def rollback(self):
        self.connection.rollback()


Breaking.__module__ = "sqlite3"


class BreakingCursor:
    """Fetches until it breaks."""

    def __init__(self, owner, cursor):
        self.owner, self.cursor, self.left = owner, cursor, None

    def execute(self, statement):
        if self.owner.broken and self.owner.for_good:
            msg = "rosebud.example gone for zebedee with hunter2"
            raise sqlite3.OperationalError(msg)
        if f'"{self.owner.table}"' in statement:
            self.left = self.owner.after
        self.cursor.execute(statement)

    def fetchmany(self, size):
        if self.left == 0:
            self.owner.broken = True
            msg = "Could not decode to UTF-8: Q7731 zebedee at rosebud.example, hunter2"
            raise sqlite3.OperationalError(msg)
        self.left = self.left and self.left - 1
        return self.cursor.fetchmany(size)

    def close(self):
        self.cursor.close()


def test_a_table_that_breaks_off_is_told_with_the_others(connection):
    connection.execute("DROP TABLE ssd_legal_status")
    message = refused(RecordsError, Breaking(connection, "ssd_person", after=2), chunk_rows=10)
    assert "2 problems" in message
    assert "ssd_person: reading broke off after 20 rows (OperationalError)." in message
    assert "ssd_legal_status: the table is missing" in message


def test_a_connection_that_drops_ends_the_reading(connection):
    connection.execute("DROP TABLE ssd_legal_status")
    message = refused(RecordsError, Breaking(connection, "ssd_person", for_good=True))
    assert "1 problem" in message
    assert "ssd_person: reading broke off after 0 rows (OperationalError)." in message


def test_a_closed_connection_is_refused(files):
    connection = sqlite3.connect(files["mosaic"])
    connection.close()
    assert "cannot be used (ProgrammingError)" in refused(SpecError, connection)
    engine = sa.create_engine(f"sqlite:///{files['mosaic']}")
    with engine.connect() as of_engine:
        pass
    assert "cannot be used (ResourceClosedError)" in refused(SpecError, of_engine)
    engine.dispose()


@pytest.mark.parametrize("rows", [0, -1, 1.5, True, "many"])
def test_chunks_are_whole_numbers_of_rows(connection, rows):
    assert "chunk_rows" in refused(SpecError, connection, chunk_rows=rows)


@pytest.mark.parametrize("schema", ["", "a.b", "a.", ".", "[a", 'a"b', "a..b"])
def test_a_schema_that_is_no_name_is_refused(connection, schema):
    assert "schema must be one name in SQLite" in refused(SpecError, connection, schema=schema)


@pytest.mark.parametrize("source", [None, 7, b"sqlite://", object(), ["sqlite://"], {"ssd_person": None}])
def test_what_is_no_database_is_refused(source):
    assert "not a database that can be read" in refused(SpecError, source)


def test_a_session_is_told_what_to_give(files):
    from sqlalchemy.orm import Session

    engine = sa.create_engine(f"sqlite:///{files['mosaic']}")
    with Session(engine) as session:
        assert "session.connection()" in refused(SpecError, session)
    engine.dispose()


@pytest.mark.parametrize("source", ["extract", "C:\\extract", "", "zebedee:hunter2@rosebud.example", "sqlite:/x"])
def test_what_is_no_url_is_refused_without_being_quoted(source):
    assert "not the URL of a database" in refused(SpecError, source)


def test_a_sqlite_file_that_is_not_there_is_not_made(tmp_path):
    assert "does not exist" in refused(SpecError, f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "some.db").write_bytes(b"Q7731,zebedee\n" * 200)
    assert "DatabaseError" in refused((SpecError, RecordsError), f"sqlite:///{tmp_path / 'some.db'}")


ODBC = quote_plus("DRIVER={No driver};SERVER=rosebud.example,1;DATABASE=d;UID=zebedee;PWD=hunter2")


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://zebedee:hunter2@rosebud.example/x",
        "nosuch+driver://zebedee:hunter2@rosebud.example/x",
        "postgresql+nosuch://zebedee:hunter2@rosebud.example/x",
        f"mssql+pyodbc:///?odbc_connect={ODBC}",
        f"mssql+pyodbc:///?odbc_connect={ODBC}&driver=hunter2",
        "mssql+pyodbc://zebedee:hunter2@rosebud.example:notaport/x",
        "mssql+pyodbc://zebedee:hunter2@rosebud.example/x?nosuchoption=s3cret",
        "postgresql+psycopg://zebedee:hunter2@localhost:1/x?sslpassword=s3cret&connect_timeout=2",
        "postgresql+psycopg://zebedee:hunter2@/x?host=/nowhere/rosebud.example",
    ],
)
def test_no_credential_of_a_url_is_shown_where_it_fails(url, monkeypatch, capfd, caplog):
    refused(SpecError, url)
    monkeypatch.setenv("EDGEOFCARE_DB_URL", url)
    refused(SpecError, "env:EDGEOFCARE_DB_URL")
    said = caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in SECRETS if secret in said]


def test_a_url_may_be_kept_in_the_environment(files, expected, monkeypatch):
    monkeypatch.setenv("EDGEOFCARE_DB_URL", f"sqlite:///{files['systemc']}")
    read = read_sql("env:EDGEOFCARE_DB_URL", observed_until=UNTIL)
    assert read.fingerprint == expected["systemc"].fingerprint
    monkeypatch.delenv("EDGEOFCARE_DB_URL")
    assert "environment variable EDGEOFCARE_DB_URL is not set" in refused(SpecError, "env:EDGEOFCARE_DB_URL")
    assert "name of an environment variable" in refused(SpecError, "env:sqlite://hunter2")


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql+psycopg://reader@server/db", "s3cret@:/}"),
        ("postgresql+psycopg://reader:own@server/db", "own"),
        ("postgresql+psycopg://server/db", None),
        ("mssql+pyodbc://@server/db?driver=ODBC+Driver+18+for+SQL+Server&trusted_connection=yes", None),
    ],
)
def test_the_password_of_the_environment_is_for_urls_with_a_user_and_none(url, password, monkeypatch):
    monkeypatch.setenv(PASSWORD, "s3cret@:/}")
    assert database_url(url).password == password
    assert database_url(sa.engine.make_url(url)).password == password
    assert "s3cret" not in str(database_url(url)) + repr(database_url(url))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("DRIVER={d};SERVER=s;UID=u", "DRIVER={d};SERVER=s;UID=u;PWD={s3c}}ret}"),
        ("DRIVER={d};SERVER=s;UID=u;", "DRIVER={d};SERVER=s;UID=u;PWD={s3c}}ret}"),
        ("DRIVER={d};SERVER=s;Uid=u;Pwd=own", "DRIVER={d};SERVER=s;Uid=u;Pwd=own"),
        ("DSN=ssd;Trusted_Connection=yes", "DSN=ssd;Trusted_Connection=yes"),
    ],
)
def test_the_password_of_the_environment_completes_an_odbc_text(given, sent, monkeypatch):
    monkeypatch.setenv(PASSWORD, "s3c}ret")
    assert database_url(f"mssql+pyodbc:///?odbc_connect={quote_plus(given)}").query["odbc_connect"] == sent


def test_a_raw_connection_needs_no_sqlalchemy_and_a_url_says_that_it_does(connection, expected, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "sqlalchemy"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert read_sql(connection, observed_until=UNTIL).fingerprint == expected["systemc"].fingerprint
    assert "pip install 'edgeofcare[sql]'" in refused(SpecError, "sqlite://")


def test_another_database_is_refused():
    class Cursorless:
        def cursor(self):
            pytest.fail("a database that is not known is sent nothing")

    assert "Only SQL Server, PostgreSQL, SQLite, DuckDB can be read" in refused(SpecError, Cursorless())


@pytest.mark.parametrize("source", ["postgresql://zebedee:hunter2@rosebud.example/x", "env:EDGEOFCARE_DB_URL"])
def test_read_ssd_sends_databases_to_read_sql(source, files):
    for given in (source, sa.create_engine(f"sqlite:///{files['mosaic']}")):
        with pytest.raises(SpecError, match="use read_sql") as caught:
            read_ssd(given, observed_until=UNTIL)
        assert not [secret for secret in SECRETS if secret in str(caught.value)]


SUMMER = datetime(2024, 7, 1)
BST = timezone(timedelta(hours=1))
VALUES = [
    (None, None),
    (" 007", " 007"),
    (12, "12"),
    (12.0, "12"),
    (999.9, "999.9"),
    (float("nan"), None),
    (float("inf"), "inf"),
    (Decimal("12.00"), "12"),
    (Decimal("4E+2"), "400"),
    (Decimal("5.50"), "5.50"),
    (Decimal("NaN"), None),
    (Decimal("1E+9999"), "1E+9999"),
    (True, "1"),
    (False, "0"),
    (date(2024, 3, 31), "2024-03-31"),
    (date(1, 1, 1), "0001-01-01"),
    (datetime(2024, 3, 31, 23, 59), "2024-03-31"),
    (SUMMER.replace(tzinfo=UTC), "2024-07-01"),
    (SUMMER.replace(tzinfo=BST), "2024-07-01"),
    (SUMMER.replace(tzinfo=BST).astimezone(UTC), "2024-07-01"),
    (datetime(2024, 6, 30, 23, 30, tzinfo=UTC), "2024-07-01"),
    (datetime(2024, 12, 31, 23, 30, tzinfo=UTC), "2024-12-31"),
    (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01"),
    (datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=5))), "9999-12-31"),
    (uuid.UUID(int=10), "00000000-0000-0000-0000-00000000000a"),
    (b"E5501", "E5501"),
    (bytearray(b"\x00\xff"), "00ff"),
    (memoryview(b"\xe9"), "e9"),
    (["1A", "2B"], '["1A", "2B"]'),
    ({"1A": "Yes", "2B": True, "3C": None}, '{"1A": "Yes", "2B": true, "3C": null}'),
    ({"1A": date(2024, 3, 31)}, '{"1A": "2024-03-31"}'),
]
"""Values as drivers give them, and as the CSV file has them."""


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_values_are_written_as_in_a_file(value, text):
    assert texts([value]) == [text]


def test_a_column_may_hold_values_of_many_types():
    assert texts([value for value, _ in VALUES]) == [text for _, text in VALUES]
