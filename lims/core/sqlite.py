"""SQLite as the laboratory needs it: a transaction begins when it is opened, a writing one with the write lock.

Python's driver opens a transaction of its own at the first change, and SQLAlchemy's begins only on paper; here BEGIN
is sent, BEGIN IMMEDIATE for who will write, so that what a writer reads is what it changes. A writer's transaction may
be begun and committed at the driver alone: SQLAlchemy's own comes in between only where one of its statements is run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

BUSY_TIMEOUT_MS: Final = 15_000
WRITES: Final = "lims_write"
"""The execution option of a connection whose transactions write."""
_BEGINS: Final = {True: "BEGIN IMMEDIATE", False: "BEGIN"}
_PRAGMAS: Final = (f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL")


class LaboratoryConnection(sqlite3.Connection):
    """A connection of the driver that knows how its transactions begin."""

    writes = False


class LaboratoryDialect(SQLiteDialect_pysqlite):
    """The dialect of such connections."""

    supports_statement_cache = True

    def set_connection_execution_options(self, connection: Connection, opts: Mapping[str, Any]) -> None:
        """Take note of who will write."""
        super().set_connection_execution_options(connection, opts)
        driver = connection.connection.dbapi_connection
        if isinstance(driver, LaboratoryConnection) and WRITES in opts:
            driver.writes = bool(opts[WRITES])

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Begin unless the driver has; who writes gets the write lock at once, or waits for it."""
        driver = dbapi_connection.dbapi_connection
        if isinstance(driver, LaboratoryConnection) and not driver.in_transaction:
            driver.execute(_BEGINS[driver.writes])


def begin(connection: Connection) -> None:
    """Begin a writer's transaction at the driver."""
    _send(_driver(connection), _BEGINS[True], connection)


def commit(connection: Connection) -> None:
    """Commit at the driver what was begun there, unless that is done."""
    driver = _driver(connection)
    if driver.in_transaction:
        _send(driver, "COMMIT", connection)


def _driver(connection: Connection) -> LaboratoryConnection:
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, LaboratoryConnection):
        raise TypeError("a connection to SQLite is needed")
    return driver


def _send(driver: LaboratoryConnection, statement: str, connection: Connection) -> None:
    try:
        driver.execute(statement)
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, (), error, sqlite3.Error, dialect=connection.dialect) from error


registry.register("sqlite.laboratory", __name__, LaboratoryDialect.__name__)


def make_sqlite_engine(url: URL, *, echo: bool) -> Engine:
    """Return an engine for a file: journal WAL, what was acknowledged is on disk, foreign keys hold."""
    arguments = {"timeout": BUSY_TIMEOUT_MS / 1000, "factory": LaboratoryConnection}
    engine = create_engine(url.set(drivername="sqlite+laboratory"), echo=echo, connect_args=arguments)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "checkin", _on_checkin)
    return engine


def _on_connect(driver: LaboratoryConnection, _entry: ConnectionPoolEntry) -> None:
    driver.isolation_level = None  # the driver must not emit a BEGIN of its own
    for pragma in _PRAGMAS:
        driver.execute(f"PRAGMA {pragma}")


def _on_checkin(driver: LaboratoryConnection | None, _entry: ConnectionPoolEntry) -> None:
    if driver is not None:
        driver.writes = False
