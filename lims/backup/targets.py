"""Where a backup is restored to: built beside what there is, and put in its place in one step.

SQLite: a file beside, which takes the database's name when it is whole; the former file keeps a name of its own.
PostgreSQL: one transaction; what there was moves into a schema of its own and stays there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import URL, Connection, text

from lims.backup.archive import sync_folder
from lims.backup.making import REVISION_TABLE, stored_tables
from lims.core.db import Database
from lims.core.errors import RuleViolation

_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
_OTHERS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_REFERENCES: Final = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1, 2
"""


class Target(Protocol):
    """A kind of database that can be restored to; `kept` says what was there before, once it is done."""

    kept: tuple[str, ...]

    def building(self, *, replace: bool) -> AbstractContextManager[Connection]:
        """Open what is built; at the end of the block it takes the place of what was there, or nothing has changed."""
        ...

    def without_references(self, connection: Connection) -> AbstractContextManager[None]:
        """Let rows come in any order; afterwards every reference holds, or it is found by the check."""
        ...


def tables_with_rows(connection: Connection) -> list[str]:
    """Return the tables that hold anything."""
    tables = stored_tables(connection)
    return [table.name for table in tables if connection.execute(table.select().limit(1)).first() is not None]


class SqliteTarget:
    """A file."""

    def __init__(self, url: URL, stamp: str) -> None:
        self._path = Path(str(url.database))
        self._beside = self._path.with_name(self._path.name + ".restoring")
        self._aside = self._path.with_name(f"{self._path.name}.before-{stamp}")
        self.kept: tuple[str, ...] = ()

    @contextmanager
    def building(self, *, replace: bool) -> Iterator[Connection]:
        """Build a file beside; raises RuleViolation where the database is in use, or not empty and not to be replaced.

        That is asked before the work, and again just before the swap.
        """
        keeps = self._hold_free(replace=replace)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_beside()
        database = Database(f"sqlite:///{self._beside}")
        try:
            with database.engine.connect().execution_options(lims_write=True) as connection:
                _pragma(connection, "foreign_keys=OFF")
                yield connection
                connection.commit()
            database.dispose()
            self._settle()
            self._hold_free(replace=replace)
            if keeps:
                os.link(self._path, self._aside)
                self.kept = (str(self._aside),)
            self._beside.replace(self._path)
            sync_folder(self._path.parent)
        finally:
            database.dispose()
            self._remove_beside()

    @contextmanager
    def without_references(self, connection: Connection) -> Iterator[None]:
        """References are not looked at from the start; the check looks at each of them."""
        del connection
        yield

    def _hold_free(self, *, replace: bool) -> bool:
        """Return whether there is something to keep."""
        if not self._path.exists():
            return False
        database = Database(f"sqlite:///{self._path}")
        try:
            with database.engine.connect() as connection:
                found = tables_with_rows(connection)
        finally:
            database.dispose()
        if found and not replace:
            raise RuleViolation("backup.not_empty", found=", ".join(found[:3]))
        self._leave_journal(self._path, "backup.in_use")
        return bool(found)

    def _settle(self) -> None:
        """Have all of it in one file and on disk."""
        self._leave_journal(self._beside, "backup.in_use")
        with self._beside.open("rb") as file:
            os.fsync(file.fileno())
        self._beside.chmod(0o600)

    def _leave_journal(self, path: Path, code: str) -> None:
        """Write the journal back into the file; SQLite refuses that while anybody else has it open."""
        driver = sqlite3.connect(path, timeout=2)
        try:
            mode = driver.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise RuleViolation(code, database=str(path)) from error
        finally:
            driver.close()
        if mode != "delete":
            raise RuleViolation(code, database=str(path))

    def _remove_beside(self) -> None:
        for suffix in _SUFFIXES:
            self._beside.with_name(self._beside.name + suffix).unlink(missing_ok=True)


def _pragma(connection: Connection, pragma: str) -> None:
    """Set a pragma before the transaction begins; within one it would have no effect."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA {pragma}")


class PostgresqlTarget:
    """A database on a server."""

    def __init__(self, url: str, stamp: str) -> None:
        self._url = url
        self._aside = f"before_{stamp.lower()}"
        self.kept: tuple[str, ...] = ()

    @contextmanager
    def building(self, *, replace: bool) -> Iterator[Connection]:
        """Build in one transaction; raises RuleViolation where somebody else is connected or there is something."""
        database = Database(self._url)
        try:
            with database.engine.begin() as connection:
                if connection.execute(text(_OTHERS)).scalar_one():
                    raise RuleViolation("backup.in_use", database=str(database.url.database))
                kept = self._make_room(connection, replace=replace)
                yield connection
            self.kept = kept
        finally:
            database.dispose()

    def _make_room(self, connection: Connection, *, replace: bool) -> tuple[str, ...]:
        """Drop tables without rows; move others into a schema of their own, which stays."""
        found = tables_with_rows(connection)
        if found and not replace:
            raise RuleViolation("backup.not_empty", found=", ".join(found[:3]))
        if found:
            connection.execute(text(f"ALTER SCHEMA public RENAME TO {self._aside}"))
            connection.execute(text("CREATE SCHEMA public"))
            return (self._aside,)
        for table in stored_tables(connection):
            connection.execute(text(f'DROP TABLE "{table.name}" CASCADE'))
        connection.execute(text(f"DROP TABLE IF EXISTS {REVISION_TABLE}"))
        return ()

    @contextmanager
    def without_references(self, connection: Connection) -> Iterator[None]:
        """Take the references off, and on again: then PostgreSQL looks at each of them; counters go on behind."""
        references = connection.execute(text(_REFERENCES)).all()
        for table, name, _ in references:
            connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
        yield
        for table, name, definition in references:
            connection.execute(text(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'))
        self._set_counters(connection)

    def _set_counters(self, connection: Connection) -> None:
        for table in stored_tables(connection):
            for column in table.primary_key.columns:
                asked = {"table": f'"{table.name}"', "column": column.name}
                serial = text("SELECT pg_get_serial_sequence(:table, :column)")
                sequence = connection.execute(serial, asked).scalar_one()
                if sequence is not None:
                    last = f'SELECT max("{column.name}") FROM "{table.name}"'
                    behind = f"SELECT setval('{sequence}', coalesce(({last}), 1), ({last}) IS NOT NULL)"
                    connection.execute(text(behind))
