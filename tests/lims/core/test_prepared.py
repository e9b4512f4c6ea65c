"""Prepared statements on both databases: the same rows, types, errors and listeners as SQLAlchemy's own execution."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import Table, bindparam, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from lims.core.db import Database, connection_of, is_duplicate
from lims.core.errors import StaleRecord
from lims.core.models import AuditChain, AuditEntry
from lims.core.prepared import Prepared
from standards.models import InstrumentFunction, InstrumentRange
from tests.factories.gauges import make_gauge_bench

ENTRIES = cast(Table, AuditEntry.__table__)
CHAIN = cast(Table, AuditChain.__table__)
RANGES = cast(Table, InstrumentRange.__table__)
AT = datetime(2026, 3, 2, 15, 0, tzinfo=timezone(timedelta(hours=7)))
NEW = Prepared(
    insert(ENTRIES)
    .values({column.key: bindparam(column.key) for column in ENTRIES.c if column.key != "id"})
    .returning(ENTRIES.c.id, ENTRIES.c.at)
)


def entry(sequence: int, **changes: Any) -> dict[str, Any]:
    """The columns of an audit entry."""
    plain: dict[str, Any] = {column.key: f"{column.key}-{sequence}" for column in ENTRIES.c}
    return plain | {"site_id": 7, "sequence": sequence, "at": AT, "actor_id": 1, **changes}


def test_rows_have_the_types_of_their_columns(session: Session) -> None:
    make_gauge_bench(session)
    query = (
        select(RANGES.c.lower, RANGES.c.upper, RANGES.c.unit)
        .join(InstrumentFunction, InstrumentFunction.id == RANGES.c.function_id)
        .where(InstrumentFunction.quantity == "pressure", RANGES.c.upper == bindparam("upper"))
        .order_by(RANGES.c.id)
    )
    asked = {"upper": Decimal(10)}
    found = Prepared(query).rows(session.connection(), asked)
    assert found == [tuple(row) for row in session.execute(query, asked)]
    assert found[0] == (Decimal(0), Decimal(10), "bar")


def test_an_inserted_row_is_returned_with_its_key(session: Session) -> None:
    ((key, at),) = NEW.rows(session.connection(), entry(1))
    stored = session.get_one(AuditEntry, key)
    assert (stored.at, at, stored.action) == (AT.astimezone(UTC), AT.astimezone(UTC), "action-1")
    with pytest.raises(ValueError, match="naive"):
        NEW.rows(session.connection(), entry(2, at=AT.replace(tzinfo=None)))


def test_what_the_database_refuses_is_the_same_error(session: Session) -> None:
    NEW.rows(session.connection(), entry(1))
    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        NEW.rows(session.connection(), entry(1))
    assert is_duplicate(refused.value)
    assert len(session.execute(select(AuditEntry)).all()) == 1


def test_a_change_is_carried_out_and_constants_stay(session: Session) -> None:
    session.add_all(
        [AuditChain(site_id=7, sequence=1, head_hash="a"), AuditChain(site_id=8, sequence=1, head_hash="a")]
    )
    session.flush()
    moved = update(CHAIN).where(CHAIN.c.site_id == bindparam("site"), CHAIN.c.sequence == 1).values(head_hash="b")
    for site in (7, 7):
        Prepared(moved).run(session.connection(), {"site": site})
    found = Prepared(select(CHAIN.c.site_id, CHAIN.c.head_hash).order_by(CHAIN.c.site_id))
    assert found.rows(session.connection(), {}) == [(7, "b"), (8, "a")]


def test_listeners_see_it(database: Database) -> None:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    with database.transaction() as session:
        NEW.rows(session.connection(), entry(1))
    assert any(statement.startswith("INSERT INTO audit_entry") for statement in seen)


def test_a_reader_after_a_writer_takes_no_lock(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as session:
        NEW.rows(session.connection(), entry(1))
    with sqlite_database.reading() as reader:
        assert len(reader.execute(select(AuditEntry)).all()) == 1
        with sqlite_database.transaction() as writer:
            NEW.rows(writer.connection(), entry(2))
        assert len(reader.execute(select(AuditEntry)).all()) == 1


def test_a_writing_session_knows_nothing_of_the_one_before(database: Database) -> None:
    with database.transaction() as first:
        first.add(AuditChain(site_id=7, sequence=1, head_hash="a"))
        first.info["procedure_versions"] = {1: "known"}
    with pytest.raises(ZeroDivisionError), database.transaction() as broken:
        broken.add(AuditChain(site_id=8, sequence=1, head_hash="a"))
        broken.flush()
        raise ZeroDivisionError
    with database.transaction() as second:
        assert second.info == {"writing": True, "connection": second.connection()}
        assert not second.identity_map
        assert [row.site_id for row in second.execute(select(AuditChain)).scalars()] == [7]


def _sequences(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.execute(select(AuditEntry.sequence).order_by(AuditEntry.sequence)).scalars())


def test_prepared_statements_alone_are_committed_or_given_up(database: Database) -> None:
    """On SQLite SQLAlchemy has no transaction of its own then: the driver's begins and ends all the same."""
    with database.transaction() as session:
        NEW.rows(connection_of(session), entry(1))
        assert session.in_transaction() == (database.dialect != "sqlite")
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        NEW.rows(connection_of(session), entry(2))
        raise ZeroDivisionError
    with pytest.raises(StaleRecord), database.transaction() as session:
        NEW.rows(connection_of(session), entry(3))
        NEW.rows(connection_of(session), entry(1))
    assert _sequences(database) == [1]


def test_all_ways_into_a_transaction_end_with_it(database: Database) -> None:
    with database.transaction() as session:
        NEW.rows(connection_of(session), entry(1))
        connection_of(session).execute(insert(ENTRIES), [_stored(entry(2))])
        session.add(AuditEntry(**_stored(entry(3))))
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        NEW.rows(connection_of(session), entry(4))
        connection_of(session).execute(insert(ENTRIES), [_stored(entry(5))])
        session.add(AuditEntry(**_stored(entry(6))))
        session.flush()
        raise ZeroDivisionError
    with database.transaction() as session:
        connection_of(session).execute(insert(ENTRIES), [_stored(entry(7))])
    assert _sequences(database) == [1, 2, 3, 7]


def test_a_writer_has_the_lock_before_its_first_statement(sqlite_database: Database) -> None:
    impatient = Database(str(sqlite_database.url))
    with impatient.transaction() as session:
        session.execute(text("PRAGMA busy_timeout=1"))
    with sqlite_database.transaction(), pytest.raises(OperationalError, match="locked"), impatient.transaction():
        pass
    impatient.dispose()


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "id"}
