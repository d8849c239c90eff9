"""Where a ledger is kept: its three tables, and transactions of which only one writes at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from edgeofcare.exceptions import LedgerError, SpecError
from edgeofcare.records.sql.engine import WRITES, writing_engine
from edgeofcare.records.sql.source import attempt
from edgeofcare.records.sql.url import database_url

__all__ = ["FORMAT", "Store", "Tables", "open_store", "tables"]

FORMAT = 2
"""Version of the tables and of what is digested. In format 1 a rectified entry does not say which one it corrects; such
ledgers are read, verified and continued, and become format 2 with their next rectified entry."""

_Result = TypeVar("_Result")

_WAIT = 300  # seconds to wait for another writer, who may be writing a million rows
_PRAGMAS = (
    "PRAGMA journal_mode = DELETE",  # the write-ahead log needs shared memory, which network drives have not
    "PRAGMA synchronous = EXTRA",
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -65536",
)
_APPEND_ONLY = (
    "CREATE TRIGGER IF NOT EXISTS ledger_entries_no_{verb} BEFORE {verb} ON ledger_entries "
    "BEGIN SELECT RAISE(ABORT, 'the entries of a ledger are only appended'); END"
)


class Tables(NamedTuple):
    """The tables of a ledger.

    Parameters
    ----------
    about : Table
        One row: the version, a counter that writers lock, and how often payloads were taken away whose traces may still
        be in the file.
    entries : Table
        The chain; rows are only appended.
    payloads : Table
        What each entry says, with its salt; rows can be taken away.
    """

    about: Any
    entries: Any
    payloads: Any


@cache
def tables() -> Tables:
    """Describe the tables of a ledger to SQLAlchemy.

    Returns
    -------
    Tables
        The same on every call.

    Examples
    --------
    >>> [table.name for table in tables()]
    ['ledger_about', 'ledger_entries', 'ledger_payloads']
    """
    import sqlalchemy as sa

    known = sa.MetaData()
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    def text(length: int) -> Any:
        """Text that is compared letter by letter, case included."""
        exact = sa.Unicode(length, collation="Latin1_General_BIN2")
        return sa.Unicode(length).with_variant(exact, "mssql")

    def column(name: str, kind: Any, *, empty: bool = False, key: bool = False) -> Any:
        """A column that is filled, unless it says otherwise."""
        return sa.Column(name, kind, nullable=empty, primary_key=key, autoincrement=False)

    about = sa.Table(
        "ledger_about",
        known,
        column("id", sa.Integer(), key=True),
        column("format", sa.Integer()),
        column("turn", number),
        column("unclean", sa.Integer()),
    )
    entries = sa.Table(
        "ledger_entries",
        known,
        column("sequence", number, key=True),
        column("kind", text(20)),
        column("time", text(27)),
        column("model_id", text(100)),
        column("removed", number),
        column("sealed", sa.LargeBinary(32)),
        column("digest", sa.LargeBinary(32)),
    )
    payloads = sa.Table(
        "ledger_payloads",
        known,
        column("sequence", number, key=True),
        column("stands_for", number),
        column("salt", sa.LargeBinary(16)),
        column("household_id", text(200), empty=True),
        column("child_id", text(200), empty=True),
        column("index_date", text(10), empty=True),
        column("body", sa.Text()),
        sa.Index("ledger_payloads_stands_for", "stands_for", unique=True),
        sa.Index("ledger_payloads_child", "child_id", "index_date"),
    )
    return Tables(about, entries, payloads)


class Store:
    """An open place of a ledger. It holds no connection between calls, so threads and forks may share it.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        How the place is reached.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @property
    def dialect(self) -> str:
        """The kind of database."""
        return self._engine.dialect.name

    def read(self, work: Callable[[Any], _Result]) -> _Result:
        """Do something in one transaction that sees the ledger as it is at one moment."""
        isolated = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgresql" else {}

        def whole() -> _Result:
            """Open, read and close."""
            with self._engine.connect().execution_options(**isolated) as connection:
                return work(connection)

        return self._tried(whole, "read")

    def write(self, work: Callable[[Any], _Result]) -> _Result:
        """Do something in one transaction, alone among writers: all of it stays, or nothing."""
        about = tables().about

        def whole() -> _Result:
            """Open, take the turn, write and commit."""
            with self._engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
                connection.execute(about.update().values(turn=about.c.turn + 1))
                return work(connection)

        return self._tried(whole, "written")

    def exists(self) -> bool:
        """Whether there is a ledger; one of a later version is refused."""
        about = tables().about

        def found(connection: Any) -> int | None:
            """Version of the ledger that is there."""
            import sqlalchemy as sa

            if not sa.inspect(connection).has_table(about.name):
                return None
            return connection.execute(sa.select(about.c.format)).scalar()

        version = self.read(found)
        if version is not None and not 1 <= version <= FORMAT:
            msg = (
                f"The ledger is of format {version}, and this version of edgeofcare knows {FORMAT}. Upgrade edgeofcare."
            )
            raise LedgerError(msg)
        return version is not None

    def make(self) -> None:
        """Make the tables, whoever else may be making them at this moment."""

        def whole() -> None:
            """Tables, their first row, and what keeps the chain from being changed by mistake."""
            with self._engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
                tables().about.metadata.create_all(connection)
                if connection.execute(tables().about.select()).first() is None:
                    connection.execute(tables().about.insert().values(id=1, format=FORMAT, turn=0, unclean=0))
                if self.dialect == "sqlite":
                    for verb in ("UPDATE", "DELETE"):
                        connection.exec_driver_sql(_APPEND_ONLY.format(verb=verb))

        _, failed = attempt(whole)
        if failed and not self.exists():
            self._tried(whole, "made")

    def clean(self) -> None:
        """Rewrite a SQLite file after payloads were taken away, so that no page of it keeps a trace of them."""
        about = tables().about
        if self.dialect != "sqlite":
            return
        seen = self.read(lambda each: each.execute(about.select()).one().unclean)
        if not seen:
            return

        def rewrite() -> None:
            """Outside a transaction, over a connection of its own."""
            with closing(self._engine.raw_connection()) as raw:
                raw.cursor().execute("VACUUM").close()

        _, failed = attempt(rewrite)
        if failed:
            msg = (
                f"The payloads are gone from the ledger, but its file could not be rewritten ({failed}), so its free "
                "pages may keep traces of them. Close what reads the file, make room on its drive, and open it again: "
                "Ledger(...) then finishes this."
            )
            raise LedgerError(msg)
        # Unless something was erased meanwhile: its traces are later than this rewriting.
        self.write(lambda each: each.execute(about.update().where(about.c.unclean == seen).values(unclean=0)))

    def _tried(self, work: Callable[[], _Result], verb: str) -> _Result:
        """Do something; what the driver says of a failure may hold a row's value, and ends here."""
        result, failed = attempt(work)
        if failed:
            kept = " Nothing was changed, unless the connection was lost as the call ended: look before you repeat it."
            msg = (
                f"The ledger could not be {verb} ({failed}).{'' if verb == 'read' else kept} Check that the database "
                "can be reached, that the account may do this, that the file is a ledger, that its drive has room, and "
                f"that no other program has held it for longer than {_WAIT} seconds."
            )
            raise LedgerError(msg)
        return result  # type: ignore[return-value]


def open_store(place: Any, *, create: bool) -> Store:
    """Open the place of a ledger.

    Parameters
    ----------
    place : path, str or sqlalchemy.engine.URL
        A SQLite file, or the URL of a database (``env:NAME`` for one that an environment variable holds).
    create : bool
        Whether a ledger is made where there is none.

    Returns
    -------
    Store
        With its tables.

    Raises
    ------
    SpecError
        If SQLAlchemy or the driver is not installed, or the place cannot be understood.
    LedgerError
        If there is no ledger and none is to be made, or it is of a later version.
    """
    _need_sqlalchemy()
    url = _url(place)
    if url.get_backend_name() == "sqlite":
        _prepare_file(url.database, create=create)
    store = Store(writing_engine(url, wait=_WAIT, pragmas=_PRAGMAS))
    if not store.exists():
        if not create:
            msg = "There is no ledger at this place. Check it, or make one with create=True."
            raise LedgerError(msg)
        store.make()
    store.clean()  # where an erasure was cut off
    return store


def _need_sqlalchemy() -> None:
    """Refuse plainly where SQLAlchemy is not installed."""
    try:
        import sqlalchemy
    except ImportError:
        sqlalchemy = None  # type: ignore[assignment]
    if sqlalchemy is None:
        msg = "A ledger needs SQLAlchemy: pip install 'edgeofcare[sql]'."
        raise SpecError(msg)


def _url(place: Any) -> Any:
    """The URL of a path, or of a URL."""
    from sqlalchemy.engine import URL

    if isinstance(place, Path) or (isinstance(place, str) and "://" not in place and not place.startswith("env:")):
        return URL.create("sqlite", database=str(place))
    return database_url(place, new_file=True)


def _prepare_file(name: str | None, *, create: bool) -> None:
    """Make an empty file that its owner alone can read, where there is none."""
    if not name or name == ":memory:" or name.startswith("file:"):
        msg = "A ledger in SQLite needs the path of a file, such as 'ledger.db'."
        raise SpecError(msg)
    failed = ""
    try:
        if create and not Path(name).exists():
            Path(name).touch(mode=0o600)
        elif not Path(name).is_file():
            failed = "there is no such file"
    except (OSError, ValueError) as error:
        failed = getattr(error, "strerror", None) or type(error).__name__
    if failed:
        msg = f"The file of the ledger cannot be opened ({failed}). Give the path of a file in a folder that exists."
        raise LedgerError(msg)
