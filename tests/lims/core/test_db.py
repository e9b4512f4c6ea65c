"""The database: migrations, triggers, types and transactions mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from alembic import command
from sqlalchemy import Connection, func, inspect, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import SYSTEM
from lims.core.blobs import get_blob, put_blob
from lims.core.columns import DecimalText
from lims.core.db import Database, alembic_config, current_revision, upgrade
from lims.core.errors import ConfigurationError, IntegrityFailure, NotFound, RuleViolation, StaleRecord
from lims.core.models import AuditChain, AuditEntry, AuditPayload, Blob, NumberPattern, Task
from lims.core.triggers import existing_triggers, plan_of, wanted_triggers
from lims.people.models import Organisation
from lims.schema import load_tables
from standards.calibration_models import CalibrationContent

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_models_and_migrations_agree(database: Database) -> None:
    command.check(alembic_config(database.url.render_as_string(hide_password=False)))


def test_triggers_are_those_the_models_want(database: Database) -> None:
    with database.engine.connect() as connection:
        assert existing_triggers(connection) == set(wanted_triggers(plan_of(load_tables()), database.dialect))


def test_trigger_lists_are_equal_on_both_databases() -> None:
    plan = plan_of(load_tables())
    assert set(wanted_triggers(plan, "sqlite")) == set(wanted_triggers(plan, "postgresql"))


def test_upgrade_from_empty_and_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new folder/lims.db"
    upgrade(url)
    upgrade(url)
    database = Database(url)
    assert current_revision(database) == "2026_11_21_13_register"
    assert set(load_tables().tables) <= set(inspect(database.engine).get_table_names())
    database.dispose()


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    assert current_revision(database) is None
    database.dispose()


def test_sqlite_is_durable_and_checks_keys(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/durable.db")
    with database.engine.connect() as connection:
        assert _pragma(connection, "journal_mode") == "wal"
        assert _pragma(connection, "synchronous") == 2
        assert _pragma(connection, "foreign_keys") == 1
    database.dispose()


def _pragma(connection: Connection, name: str) -> object:
    return connection.execute(text(f"PRAGMA {name}")).scalar_one()


def test_other_databases_are_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Database("mysql://localhost/lims")
    assert caught.value.code == "config.database_kind"


def test_an_instant_keeps_its_zone(database: Database) -> None:
    hanoi = timezone(timedelta(hours=7))
    with database.transaction() as session:
        session.add(_task(run_after=datetime(2026, 3, 2, 15, 0, tzinfo=hanoi)))
    with database.reading() as session:
        stored = session.execute(select(Task)).scalar_one()
        assert stored.run_after == NOW
        assert stored.run_after.tzinfo is UTC


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="naive datetime"), database.transaction() as session:
        session.add(_task(run_after=datetime(2026, 3, 2)))  # noqa: DTZ001 - a naive value is the point


def _task(run_after: datetime) -> Task:
    return Task(name="x", arguments="{}", state="queued", enqueued_at=NOW, run_after=run_after)


def test_decimals_keep_every_digit() -> None:
    kind = DecimalText()
    assert isinstance(CalibrationContent.__table__.c.value.type, DecimalText)
    processed = kind.process_bind_param(Decimal("10000.0050"), sqlite.dialect())
    assert processed == "10000.0050"
    assert str(kind.process_result_value("10000.0050", sqlite.dialect())) == "10000.0050"
    with pytest.raises(TypeError):
        kind.process_bind_param(cast(Any, 0.1), sqlite.dialect())
    with pytest.raises(ValueError, match="finite"):
        kind.process_bind_param(Decimal("NaN"), sqlite.dialect())


def test_insert_only_rows_are_held_by_the_session(database: Database) -> None:
    with database.transaction() as session:
        sha256 = put_blob(session, b"bytes", "text/plain", now=NOW)
    with pytest.raises(RuleViolation) as caught, database.transaction() as session:
        session.get_one(Blob, sha256).media_type = "text/html"
    assert caught.value.code == "record.permanent"
    with pytest.raises(RuleViolation), database.transaction() as session:
        session.delete(session.get_one(Blob, sha256))
    with pytest.raises(RuleViolation), database.transaction() as session:
        session.execute(update(Blob).values(media_type="text/html"))


@pytest.mark.parametrize("statement", ["UPDATE blob SET media_type = 'x'", "DELETE FROM blob"])
def test_insert_only_rows_are_held_by_triggers(database: Database, statement: str) -> None:
    with database.transaction() as session:
        put_blob(session, b"bytes", "text/plain", now=NOW)
    with pytest.raises(DBAPIError, match="permanent record"), database.transaction() as session:
        session.execute(text(statement))


def test_frozen_columns_are_held_by_triggers(database: Database) -> None:
    with database.transaction() as session:
        session.add(_task(run_after=NOW))
    with database.transaction() as session:
        session.execute(text("UPDATE task SET state = 'done'"))
    with pytest.raises(DBAPIError, match="permanent record"), database.transaction() as session:
        session.execute(text("UPDATE task SET arguments = '[]'"))


def test_blobs_are_stored_once_and_checked(database: Database) -> None:
    with database.transaction() as session:
        first = put_blob(session, b"bytes", "text/plain", now=NOW)
        assert put_blob(session, b"bytes", "text/plain", now=NOW) == first
        session.add(Blob(sha256="0" * 64, size=1, media_type="text/plain", data=b"?", created_at=NOW))
    with database.reading() as session:
        assert get_blob(session, first) == b"bytes"
        with pytest.raises(NotFound):
            get_blob(session, "1" * 64)
        with pytest.raises(IntegrityFailure):
            get_blob(session, "0" * 64)


def test_a_reading_session_refuses_to_write(database: Database) -> None:
    with pytest.raises(RuntimeError, match="asked to write"), database.reading() as session:
        session.add(_task(run_after=NOW))
        session.flush()


def test_a_stale_write_is_refused(database: Database) -> None:
    with database.transaction() as session:
        organisation = Organisation(token="t", search_text="x", sort_key="x", created_at=NOW)
        session.add(organisation)
        session.flush()
        key = organisation.id
    with pytest.raises(StaleRecord), database.transaction() as session:
        row = session.get_one(Organisation, key)
        session.execute(text("UPDATE organisation SET row_version = row_version + 1"))
        row.sector = "changed"


def test_four_threads_lose_no_update(database: Database) -> None:
    with database.transaction() as session:
        session.add(NumberPattern(site_id=1, kind="count", pattern="0", valid_from=NOW.date()))

    def work() -> None:
        for _ in range(50):
            with database.transaction() as session:
                row = session.execute(select(NumberPattern).with_for_update()).scalar_one()
                row.pattern = str(int(row.pattern) + 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.execute(select(NumberPattern.pattern)).scalar_one() == "200"


def test_a_reading_session_sees_one_moment(database: Database) -> None:
    """What is committed meanwhile is not half seen: an audit chain read while others write verifies."""
    with database.transaction() as session:
        audit.record(session, SYSTEM, "first", ("test", 1), now=NOW)
    with database.reading() as reader:
        count = select(func.count()).select_from(AuditEntry)
        assert reader.execute(count).scalar_one() == 1
        with database.transaction() as session:
            audit.record(session, SYSTEM, "second", ("test", 1), now=NOW)
        assert reader.execute(count).scalar_one() == 1
        assert audit.verify_chains(reader) is None


def _together(database: Database, act: Callable[[Session], object]) -> list[str]:
    """Do the same thing in two transactions that are both open before either commits, where the database lets them."""
    halfway = threading.Barrier(2)

    def once(_number: int) -> str:
        try:
            with database.transaction() as session:
                with contextlib.suppress(threading.BrokenBarrierError):
                    halfway.wait(0.5)  # on SQLite the second is not let in yet
                act(session)
        except StaleRecord as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(once, range(2)))


def test_who_comes_second_with_the_same_is_told_so(database: Database) -> None:
    """A form sent twice, or two people with one code: a message, not a failure."""

    def act(session: Session) -> None:
        session.add(AuditChain(site_id=77, sequence=0, head_hash="0" * 64))

    assert _together(database, act) == ["done", "record.stale"]


def test_a_missing_foreign_row_stays_a_failure(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(AuditPayload(entry_id=10**9, salt="0", payload="{}"))


def test_the_same_bytes_stored_twice_at_once_are_one(database: Database) -> None:
    def act(session: Session) -> None:
        put_blob(session, b"the same", "text/plain", now=NOW)

    assert _together(database, act) == ["done", "done"]
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(Blob)).scalar_one() == 1
