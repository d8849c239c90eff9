"""The URL of a database, and the secret that belongs to it but is kept in the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from edgeofcare.exceptions import SpecError

__all__ = ["PASSWORD", "database_url"]

PASSWORD = "EDGEOFCARE_DB_PASSWORD"
"""Environment variable that holds the password of a URL that names a user and no password."""

_FORM = (
    "Write it like postgresql+psycopg://user@server/database or "
    "mssql+pyodbc://@server/database?driver=ODBC+Driver+18+for+SQL+Server&trusted_connection=yes, or name an "
    "environment variable that holds it: env:EDGEOFCARE_DB_URL."
)
_USER = re.compile(r"(^|;)\s*(uid|user id|user)\s*=", re.IGNORECASE)
_SECRET = re.compile(r"(^|;)\s*(pwd|password)\s*=", re.IGNORECASE)


def database_url(given: Any, *, new_file: bool = False) -> Any:
    """Find the whole URL, secret and all, of what a caller gave.

    Parameters
    ----------
    given : str or sqlalchemy.engine.URL
        A URL, or ``env:NAME`` for one that an environment variable holds. Where it names a user and no password,
        the password is that of the environment variable ``EDGEOFCARE_DB_PASSWORD``.
    new_file : bool, default False
        Whether the URL may name a SQLite file that does not exist yet.

    Returns
    -------
    sqlalchemy.engine.URL
        Shows no password when printed.

    Raises
    ------
    SpecError
        If SQLAlchemy is not installed, the variable is not set, or the text is no URL. No part of it is quoted.
    """
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        make_url = None  # type: ignore[assignment]
    if make_url is None:
        msg = (
            "Reading from the URL of a database needs SQLAlchemy: pip install 'edgeofcare[sql]'. A connection that "
            "your own driver opened can be given without it."
        )
        raise SpecError(msg)
    url = None
    try:
        url = make_url(_from_environment(given))
    except (ArgumentError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
    if url is None:
        msg = f"The source is not the URL of a database. {_FORM} For a folder of CSV files, use read_ssd."
        raise SpecError(msg)
    if not new_file:
        _refuse_new_file(url)
    return _with_password(url)


def _from_environment(given: Any) -> Any:
    """The URL itself, out of the environment where it is kept there."""
    if not isinstance(given, str) or not given.startswith("env:"):
        return given
    name = given.removeprefix("env:")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        msg = "After env: comes the name of an environment variable, as in env:EDGEOFCARE_DB_URL."
        raise SpecError(msg)
    if not os.environ.get(name):
        msg = f"The environment variable {name} is not set. It must hold the URL of the database. {_FORM}"
        raise SpecError(msg)
    return os.environ[name]


def _with_password(url: Any) -> Any:
    """The URL with the password of the environment, where it names a user and holds none itself."""
    secret = os.environ.get(PASSWORD)
    if not secret:
        return url
    odbc = url.query.get("odbc_connect")
    if isinstance(odbc, str):
        if _USER.search(odbc) and not _SECRET.search(odbc):
            quoted = secret.replace("}", "}}")
            return url.update_query_dict({"odbc_connect": f"{odbc.rstrip('; ')};PWD={{{quoted}}}"})
        return url
    return url.set(password=secret) if url.username and not url.password else url


def _refuse_new_file(url: Any) -> None:
    """Refuse a file that does not exist: SQLite would make an empty one."""
    name = url.database or ""
    if url.get_backend_name() != "sqlite" or name in ("", ":memory:") or name.startswith("file:"):
        return
    if not Path(name).is_file():
        msg = "The SQLite file of the URL does not exist. A whole path has four slashes: sqlite:////folder/file.db."
        raise SpecError(msg)
