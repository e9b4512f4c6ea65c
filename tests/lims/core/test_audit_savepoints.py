"""Savepoints and the audit chain: what was recorded survives a savepoint that is given up, and waits for the end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import SYSTEM
from lims.core.db import Database
from lims.core.models import AuditChain, AuditEntry

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def _actions(session: Session) -> list[str]:
    return list(session.execute(select(AuditEntry.action).order_by(AuditEntry.sequence)).scalars())


def test_a_savepoint_given_up_takes_no_earlier_entry_with_it(database: Database) -> None:
    """A duplicate that is met and passed over must not lose the trace of what was done before it."""
    with database.transaction() as session:
        audit.record(session, SYSTEM, "first", ("test", 1), now=NOW)
        savepoint = session.begin_nested()
        audit.record(session, SYSTEM, "given_up", ("test", 1), now=NOW)
        savepoint.rollback()
        audit.record(session, SYSTEM, "last", ("test", 1), now=NOW)
    with database.reading() as session:
        assert _actions(session) == ["first", "last"]
        assert audit.verify_chains(session) is None


def test_a_flush_that_fails_in_a_savepoint_takes_only_its_own(database: Database) -> None:
    """The way of `add_person`: a duplicate is met while flushing, the savepoint goes, the work goes on."""
    with database.transaction() as session:
        audit.record(session, SYSTEM, "first", ("test", 1), now=NOW)
        session.add(AuditChain(site_id=9, sequence=0, head_hash=audit.GENESIS))
        session.flush()
        session.expunge_all()
        with pytest.raises(IntegrityError), session.begin_nested():
            audit.record(session, SYSTEM, "given_up", ("test", 1), now=NOW)
            session.add(AuditChain(site_id=9, sequence=0, head_hash=audit.GENESIS))
            session.flush()
        audit.record(session, SYSTEM, "last", ("test", 1), now=NOW)
    with database.reading() as session:
        assert _actions(session) == ["first", "last"]


def test_a_savepoint_left_open_is_chained_with_the_rest(database: Database) -> None:
    """Who commits with a savepoint still open keeps what was done within it, and its trace."""
    with database.transaction() as session:
        session.begin_nested()
        audit.record(session, SYSTEM, "inside", ("test", 1), now=NOW)
    with database.reading() as session:
        assert _actions(session) == ["inside"]


def test_the_head_is_locked_only_at_the_end(database: Database) -> None:
    """A savepoint that is kept chains nothing yet: the head row stays free for others until the commit."""
    with database.transaction() as session:
        audit.record(session, SYSTEM, "first", ("test", 1), now=NOW)
        with session.begin_nested():
            session.execute(text("SELECT 1"))
            audit.record(session, SYSTEM, "inside", ("test", 1), now=NOW)
        assert session.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == 0
    with database.reading() as session:
        assert _actions(session) == ["first", "inside"]


def test_a_transaction_given_up_leaves_no_entry_behind(database: Database) -> None:
    """What was rolled back as a whole is not recorded by the session's next transaction."""
    with Session(database.engine) as session:
        session.connection(execution_options={"lims_write": True})
        audit.record(session, SYSTEM, "given_up", ("test", 1), now=NOW)
        session.rollback()
        session.connection(execution_options={"lims_write": True})
        audit.record(session, SYSTEM, "kept", ("test", 1), now=NOW)
        session.commit()
    with database.reading() as session:
        assert _actions(session) == ["kept"]
