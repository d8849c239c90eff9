"""The statements sent to each database, word for word, and SQL Server through a stand-in for its driver."""

from __future__ import annotations

import csv
import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlalchemy.sql.elements import quoted_name

from databases import fill_sqlite, same_records
from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.sql.read import read_sql, statements
from edgeofcare.records.sql.tables import SqlTable, located, select
from edgeofcare.records.ssd.layout import SSD_TABLES
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.ssd import write_ssd
from samples import sample_path

UNTIL = "2025-03-31"
COMPILERS = {"mssql": mssql.dialect(), "postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}
MOTHERS = {
    "moth_table_id": "NVARCHAR(48)",
    "moth_person_id": "NVARCHAR(48)",
    "moth_childs_person_id": "INT",
    "moth_childs_dob": "DATETIME",
}


def compiled(dialect, table):
    """The same statement as SQLAlchemy writes it, with every name quoted."""
    columns = [sa.column(quoted_name(name, True)) for name in table.needed()]
    marked = ".".join(f"[{part}]" for part in table.place) if dialect == "mssql" else quoted_name(*table.place, True)
    whole = sa.table(quoted_name(table.name, True), schema=marked or None)
    text = " ".join(str(sa.select(*columns).select_from(whole).compile(dialect=COMPILERS[dialect])).split())
    return text.replace("ssd_development.[", "[ssd_development].[")  # it leaves a plain schema without marks


@pytest.mark.parametrize(
    ("place", "name", "source"),
    [
        (("ssd_development",), "ssd_mother", "[ssd_development].[ssd_mother]"),
        (("HDM_Local", "ssd_development"), "ssd_mother", "[HDM_Local].[ssd_development].[ssd_mother]"),
        ((), "#ssd_mother", "[#ssd_mother]"),
        ((), "##ssd_mother", "[##ssd_mother]"),
        (("order", "select"), "SSD_Mother", "[order].[select].[SSD_Mother]"),
        (("my]db", "a.b"), "ssd_mother", "[my]]db].[a.b].[ssd_mother]"),
    ],
)
def test_statements_of_sql_server(place, name, source):
    table = SqlTable(place, name, MOTHERS)
    sent = select("mssql", table)
    assert sent == f"SELECT [moth_table_id], [moth_childs_person_id], [moth_person_id] FROM {source}"
    if "my]db" not in place:  # a mark within a name is more than SQLAlchemy takes
        assert sent == compiled("mssql", table)


@pytest.mark.parametrize(("dialect", "types"), [("mssql", "systemc_type"), ("mssql", "mosaic_type"),
                                               ("sqlite", "systemc_type")])  # fmt: skip
def test_statements_of_every_deployed_table_are_those_of_the_dialect(dialect, types):
    with sample_path("ssd_fields.csv").open(encoding="utf-8", newline="") as file:
        fields = [row for row in csv.DictReader(file) if row[types]]
    kinds = {row[types].partition("(")[0].upper() for row in fields}
    assert types == "mosaic_type" or kinds >= {"NVARCHAR", "DATETIME", "NCHAR", "FLOAT", "INT"}
    for name in SSD_TABLES.values():
        columns = {row["field"]: row[types].upper() for row in fields if row["table"] == name}
        table = SqlTable(("HDM_Local", "ssd_development") if dialect == "mssql" else ("main",), name, columns)
        if not columns:  # Mosaic has no families
            assert name == "ssd_family"
            continue
        assert table.needed(), name
        assert select(dialect, table) == compiled(dialect, table)
        assert not [own for own in ("upn", "surname", "forename", "nhs", "postcode") if own in select(dialect, table)]


def test_values_that_a_driver_cannot_hand_over_are_converted_by_the_server():
    columns = {"moth_table_id": "uniqueidentifier", "moth_person_id": "int", "moth_childs_person_id": "int"}
    assert select("mssql", SqlTable((), "#ssd_mother", columns)).startswith(
        "SELECT CONVERT(nchar(36), [moth_table_id]) AS [moth_table_id], [moth_childs"
    )
    assert "CONVERT(nvarchar(34), [pers_dob], 126) AS [pers_dob]" in select(
        "mssql", SqlTable((), "#ssd_person", {"pers_person_id": "int", "pers_dob": "datetimeoffset"})
    )
    assert select("postgresql", SqlTable(("public",), "ssd_person", {"pers_dob": "date", "pers_sex": "daterange"})) == (
        "SELECT CASE WHEN \"pers_dob\" NOT BETWEEN '0001-01-02' AND '9999-12-30' THEN '9999-12-30' "
        'ELSE "pers_dob" END AS "pers_dob", "pers_sex" FROM "public"."ssd_person"'
    )


def test_one_column_is_taken_where_a_table_has_two_of_its_names():
    columns = dict.fromkeys(["CLAE_CLA_EPISODE_START", "clae_cla_episode_start_date", "clae_cla_id"], "datetime")
    assert SqlTable((), "#ssd_cla_episodes", columns).needed() == ["clae_cla_episode_start_date", "clae_cla_id"]


class Server:
    """A connection that names itself SQL Server: T-SQL that SQLite understands is answered by SQLite, the rest here."""

    def __init__(self, connection, *, transactions=0, temporary=()):
        self.connection, self.transactions, self.temporary = connection, transactions, list(temporary)
        self.autocommit, self.rolled_back, self.sent = False, 0, []

    def getinfo(self, number):
        assert number == 17
        return "Microsoft SQL Server"

    def cursor(self):
        return ServerCursor(self)

    def rollback(self):
        self.rolled_back += 1


class ServerCursor:
    """Answers one statement."""

    def __init__(self, server):
        self.server, self.rows = server, None

    def execute(self, statement):
        self.server.sent.append(statement)
        own = {
            "SELECT @@TRANCOUNT AS transactions": [(self.server.transactions,)],
            "SELECT SCHEMA_NAME() AS name": [("dbo",)],
        }
        if "tempdb.sys.columns" in statement:
            self.rows = [row for row in self.server.temporary if f"('{row[0]}')" in statement]
        elif statement in own:
            self.rows = own[statement]
        else:
            self.rows = self.server.connection.execute(statement).fetchall()

    def fetchmany(self, size):
        taken, self.rows = self.rows[:size], self.rows[size:]
        return taken

    def close(self):
        self.rows = None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("systemc")
    write_ssd(make_records(40, random_state=1, authority="sample"), made)
    return made


@pytest.fixture
def dbo(folder):
    """Tables in dbo, with a catalogue as SQL Server has it."""
    connection = sqlite3.connect(":memory:")
    connection.execute("ATTACH DATABASE ':memory:' AS dbo")
    connection.execute("ATTACH DATABASE ':memory:' AS INFORMATION_SCHEMA")
    fill_sqlite(connection, folder, "dbo")
    connection.execute(
        "CREATE TABLE INFORMATION_SCHEMA.COLUMNS AS SELECT 'dbo' AS TABLE_SCHEMA, m.name AS TABLE_NAME, "
        "c.name AS COLUMN_NAME, c.type AS DATA_TYPE FROM dbo.sqlite_master AS m, pragma_table_info(m.name, 'dbo') AS c"
    )
    connection.commit()
    yield connection
    connection.close()


@pytest.mark.parametrize(("transactions", "rolled_back"), [(0, 1), (1, 0)])
def test_sql_server_gives_the_records_of_the_files(dbo, folder, transactions, rolled_back):
    server = Server(dbo, transactions=transactions)
    same_records(read_sql(server, observed_until=UNTIL), read_ssd(folder, observed_until=UNTIL))
    assert server.rolled_back == rolled_back
    assert {statement.split()[0] for statement in server.sent} == {"SELECT"}
    assert not [statement for statement in server.sent if "*" in statement]
    assert set(statements(server, schema="[DBO]").values()) <= set(server.sent)


def test_temporary_tables_of_sql_server_are_found(dbo, folder):
    kept = dbo.execute("SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM COLUMNS").fetchall()
    for name in {row[0] for row in kept}:
        dbo.execute(f"CREATE TEMP TABLE [#{name}] AS SELECT * FROM dbo.{name}")
        dbo.execute(f"CREATE TEMP TABLE [##{name}] (other TEXT)")
    marked = [(f"#{name}", *rest) for name, *rest in kept] + [(f"##{name}", "other", "text") for name, *_ in kept]
    expected = read_ssd(folder, observed_until=UNTIL)
    for order in (1, -1):
        server = Server(dbo, temporary=marked[::order])
        same_records(read_sql(server, observed_until=UNTIL, schema="#"), expected)
        assert "[dbo].[ssd_person]" in statements(server)["ssd_person"]
        assert statements(server, schema="#")["ssd_person"].endswith(" FROM [#ssd_person]")


def test_the_catalogue_of_another_database_is_asked():
    sent = []

    def ask(statement):
        sent.append(statement)
        return [("SSD_Development", "ssd_mother", name, kind) for name, kind in MOTHERS.items()]

    tables, hint = located("mssql", ask, "[HDM_Local].ssd_development")
    assert (
        "FROM [HDM_Local].INFORMATION_SCHEMA.COLUMNS WHERE LOWER(TABLE_NAME) IN ('ssd_assessment_factors', " in sent[0]
    )
    assert select("mssql", tables["ssd_mother"]).endswith(" FROM [HDM_Local].[SSD_Development].[ssd_mother]")
    assert "It was looked for in: HDM_Local.ssd_development." in hint
    assert len(sent) == 1


@pytest.mark.parametrize("schema", ["a.b.c", "", "[a", "a]b"])
def test_a_schema_that_is_no_name_is_refused(dbo, schema):
    with pytest.raises(SpecError, match=r"schema must be 'schema' or 'database.schema' in SQL Server"):
        read_sql(Server(dbo), observed_until=UNTIL, schema=schema)


def test_a_database_of_no_table_says_where_it_looked(dbo):
    dbo.execute("DELETE FROM COLUMNS")
    with pytest.raises(RecordsError, match="It was looked for in: ssd_development, dbo, temporary tables"):
        read_sql(Server(dbo), observed_until=UNTIL)


def test_two_tables_of_one_name_are_refused():
    rows = [("public", "ssd_mother", "moth_person_id", "text", True), ("public", "SSD_MOTHER", "x", "text", True)]
    with pytest.raises(RecordsError, match="ssd_mother: there is more than one table of this name"):
        located("postgresql", lambda statement: rows, "public")
