"""The database: one declarative base, one way to open a transaction, the same behaviour on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.exc import StaleDataError

from lims.core.errors import ConfigurationError, RuleViolation, StaleRecord
from lims.core.sqlite import WRITES, make_sqlite_engine
from lims.core.sqlite import begin as begin_sqlite
from lims.core.sqlite import commit as commit_sqlite

_IDLE_WRITERS: Final = 2
_CONNECTION: Final = "connection"
_SNAPSHOT: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Base(DeclarativeBase):
    """Base of every table; constraint names are fixed so that migrations are the same everywhere."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def connection_of(session: Session) -> Connection:
    """Return the connection of a session's transaction; asking the session itself costs as much as a statement."""
    found: Connection | None = session.info.get(_CONNECTION)
    return session.connection() if found is None else found


class InsertOnly:
    """Mixin of tables whose rows are never changed or deleted; held here by the session, below by triggers."""


class Database:
    """A database by its URL, with two kinds of transaction: writing ones and reading ones.

    On SQLite a writing transaction starts with BEGIN IMMEDIATE, so that what it reads is what it changes; journal WAL,
    synchronous=FULL (what was acknowledged is on disk) and foreign keys are set on every connection.
    """

    def __init__(self, url: str, *, echo: bool = False) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect not in {"sqlite", "postgresql"}:
            raise ConfigurationError("config.database_kind", kind=self.dialect)
        if self.dialect == "postgresql" and self.url.get_driver_name() != "psycopg":
            self.url = self.url.set(drivername="postgresql+psycopg")
        if self.dialect == "sqlite":
            self.engine = make_sqlite_engine(self.url, echo=echo)
        else:
            timezone = {"options": "-c timezone=UTC"}
            self.engine = create_engine(self.url, echo=echo, pool_pre_ping=True, connect_args=timezone)
        self.after_commit: list[Callable[[Session], None]] = []
        self._writers: deque[Session] = deque()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a writing transaction: committed at the end, rolled back on any exception.

        Raises StaleRecord if a versioned row was changed by somebody else meanwhile, or somebody else was first with
        something that there is only once (a code, a place in a list), or two transactions waited for each other.
        """
        session, sound = self._writer(), False
        try:
            connection = session.info[_CONNECTION] = _begun(session)
            yield session
            _commit(session, connection)
            del session.info[_CONNECTION]
            for callback in self.after_commit:
                callback(session)
            sound = True
        except (StaleDataError, DBAPIError) as error:
            session.rollback()
            if isinstance(error, DBAPIError) and not _was_second(error):
                raise
            raise StaleRecord() from error
        except BaseException:
            session.rollback()
            raise
        finally:
            self._put_back(session, sound=sound)

    def _writer(self) -> Session:
        """Return a session for a writing transaction: of SQLite one that is at hand, for each reading wants one."""
        try:
            session = self._writers.pop()
        except IndexError:
            bind = (
                self.engine.connect().execution_options(**{WRITES: True}) if self.dialect == "sqlite" else self.engine
            )
            session = Session(bind, expire_on_commit=False)
        session.info.clear()
        session.info["writing"] = True
        return session

    def _put_back(self, session: Session, *, sound: bool) -> None:
        """Let go of the rows that a session holds; it is used again unless something went wrong with it."""
        if not sound or session.identity_map:
            session.close()
        if not isinstance(session.bind, Connection):
            return
        if sound and len(self._writers) < _IDLE_WRITERS:
            self._writers.append(session)
        else:
            session.bind.close()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads; a consistent view, no lock taken, anything pending is refused.

        On PostgreSQL that takes a snapshot: without one, each statement would see what was committed meanwhile.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            session.info["writing"] = False
            if self.dialect == "postgresql":
                session.connection(execution_options=_SNAPSHOT)
            yield session
            session.expunge_all()  # what was read stays readable; a rollback would expire it
            session.rollback()

    def dispose(self) -> None:
        """Close all connections."""
        while self._writers:
            bind = self._writers.pop().bind
            if isinstance(bind, Connection):
                bind.close()
        self.engine.dispose()


def _begun(session: Session) -> Connection:
    """Begin a writing transaction; SQLAlchemy's own, which costs as much as four statements, only where it is used.

    On SQLite a writer is bound to its connection: what is prepared goes to the driver, and the driver has begun.
    """
    if not isinstance(session.bind, Connection):
        return session.connection()
    begin_sqlite(session.bind)
    return session.bind


def _commit(session: Session, connection: Connection) -> None:
    """Commit everything: the session's transaction, the connection's, the driver's, as far as each was begun."""
    if not session.in_transaction():
        session.dispatch.before_commit(session)
    if session.in_transaction():
        session.commit()
    if connection is session.bind:
        if connection.in_transaction():
            connection.commit()
        commit_sqlite(connection)


@event.listens_for(Session, "before_flush")
def _hold_insert_only(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """Refuse a change or deletion of an insert-only row, and any write in a reading session."""
    if session.info.get("writing") is False and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a reading session was asked to write")
    for row in session.dirty:
        if isinstance(row, InsertOnly) and session.is_modified(row):
            raise RuleViolation("record.permanent", kind=type(row).__name__, clause="ISO/IEC 17025:2017, 7.5.2")
    for row in session.deleted:
        if isinstance(row, InsertOnly):
            raise RuleViolation("record.permanent", kind=type(row).__name__, clause="ISO/IEC 17025:2017, 7.5.2")


@event.listens_for(Session, "do_orm_execute")
def _hold_bulk_changes(state: ORMExecuteState) -> None:
    """Refuse UPDATE and DELETE statements against insert-only tables."""
    changes = state.is_update or state.is_delete
    if changes and state.bind_mapper is not None and issubclass(state.bind_mapper.class_, InsertOnly):
        kind = state.bind_mapper.class_.__name__
        raise RuleViolation("record.permanent", kind=kind, clause="ISO/IEC 17025:2017, 7.5.2")


def _was_second(error: DBAPIError) -> bool:
    """Return whether a statement failed only because another transaction came first; sent again it may succeed."""
    if isinstance(error, IntegrityError):
        return is_duplicate(error)
    return getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}  # serialisation failure, deadlock


def is_duplicate(error: IntegrityError) -> bool:
    """Return whether an integrity error is a violated unique constraint (and not, say, a missing foreign row)."""
    state = getattr(error.orig, "sqlstate", None)
    return state == "23505" or "UNIQUE constraint failed" in str(error.orig)


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for a database."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database to a revision (default: the newest), creating the SQLite file's folder if needed."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(url), revision)


def upgrade_on(connection: Connection, revision: str = "head") -> None:
    """Bring a database to a revision within the transaction of a connection, which the caller ends."""
    config = alembic_config(connection.engine.url.render_as_string(hide_password=False))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def current_revision(database: Database) -> str | None:
    """Return the revision a database stands at, or None if it is empty."""
    with database.engine.connect() as connection:
        try:
            row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        except Exception as error:
            if re.search("alembic_version", str(error)):
                return None
            raise
    return None if row is None else str(row[0])
