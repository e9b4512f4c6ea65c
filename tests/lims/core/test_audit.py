"""The audit chain shows every alteration, removal, truncation; personal text can go without breaking it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import SYSTEM, Actor
from lims.core.anchors import FILE_NAME, read_anchors, write_anchors
from lims.core.db import Database
from lims.core.errors import IntegrityFailure
from lims.core.models import AuditEntry, AuditPersonal
from lims.core.triggers import create_triggers, plan_of
from lims.schema import load_tables

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ACTOR = Actor(person_id=7, name="Người thử")


def _fill(database: Database, count: int = 5, site_id: int = 1) -> None:
    for number in range(count):
        with database.transaction() as session:
            audit.record(session, ACTOR, "thing.made", ("thing", number), now=NOW, site_id=site_id, after={"n": number})


def _drop_triggers(session: Session) -> None:
    for table in ("audit_entry", "audit_payload"):
        for kind in ("no_update", "no_delete"):
            on = "" if session.get_bind().dialect.name == "sqlite" else f" ON {table}"
            session.execute(text(f"DROP TRIGGER trg_{table}_{kind}{on}"))


def test_a_sound_chain_verifies(database: Database) -> None:
    _fill(database)
    with database.reading() as session:
        assert audit.verify_chains(session) is None
        entries = session.execute(select(AuditEntry).order_by(AuditEntry.sequence)).scalars().all()
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].previous_hash == audit.GENESIS
    assert all(later.previous_hash == earlier.entry_hash for earlier, later in pairwise(entries))


def test_the_hash_is_of_a_json_array_of_texts() -> None:
    """Whoever checks a chain without this program hashes what any JSON library writes, also of odd characters."""
    said = {
        "action": 'quo"te\\',
        "subject_kind": "độ ẩm\n\u2028\x07",
        "subject_id": "1|\U0001f321/",
        "payload_digest": "a",
        "personal_digest": "b",
        "previous_hash": "c",
    }
    entry = AuditEntry(site_id=1, sequence=2, at=NOW, actor_id=3, **said)
    parts = ["1", "2", NOW.isoformat(), "3", *said.values()]
    assert audit.entry_hash(entry) == hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def test_a_rolled_back_change_leaves_no_entry(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        audit.record(session, SYSTEM, "thing.made", ("thing", 1), now=NOW)
        raise RuntimeError
    with database.reading() as session:
        assert session.execute(select(AuditEntry)).first() is None


def _altered(session: Session) -> None:
    session.execute(text("UPDATE audit_entry SET action = 'thing.hidden' WHERE sequence = 3"))


def _payload(session: Session) -> None:
    session.execute(
        text("UPDATE audit_payload SET payload = '{}' WHERE entry_id = (SELECT id FROM audit_entry WHERE sequence = 3)")
    )


def _removed(session: Session) -> None:
    for table, key in (("audit_payload", "entry_id"), ("audit_personal", "entry_id"), ("audit_entry", "id")):
        condition = f"{key} IN (SELECT id FROM audit_entry WHERE sequence = 3)"
        session.execute(text(f"DELETE FROM {table} WHERE {condition}"))


def _last_removed(session: Session) -> None:
    for table, key in (("audit_payload", "entry_id"), ("audit_personal", "entry_id"), ("audit_entry", "id")):
        condition = f"{key} IN (SELECT id FROM audit_entry WHERE sequence = 5)"
        session.execute(text(f"DELETE FROM {table} WHERE {condition}"))


@pytest.mark.parametrize(
    ("break_it", "sequence", "reason"),
    [
        (_altered, 3, "audit.entry_altered"),
        (_payload, 3, "audit.payload_altered"),
        (_removed, 3, "audit.entry_missing"),
        (_last_removed, 4, "audit.head_differs"),
    ],
)
def test_tampering_shows(database: Database, break_it: Callable[[Session], None], sequence: int, reason: str) -> None:
    _fill(database)
    with database.transaction() as session:
        _drop_triggers(session)
        break_it(session)
    with database.reading() as session:
        assert audit.verify_chains(session) == audit.ChainFault(1, sequence, reason)
    with database.transaction() as session:
        create_triggers(session.connection(), plan_of(load_tables()))


def test_a_truncated_chain_shows_against_its_anchor(database: Database, tmp_path: Path) -> None:
    _fill(database)
    with database.reading() as session:
        assert write_anchors(tmp_path, audit.chain_heads(session), now=NOW) == 1
        assert write_anchors(tmp_path, audit.chain_heads(session), now=NOW) == 0
    with database.transaction() as session:
        _drop_triggers(session)
        _last_removed(session)
        kept = session.execute(text("SELECT entry_hash FROM audit_entry WHERE sequence = 4")).scalar_one()
        session.execute(text("UPDATE audit_chain SET sequence = 4, head_hash = :kept"), {"kept": kept})
    with database.reading() as session:
        assert audit.verify_chains(session) is None
        fault = audit.verify_chains(session, read_anchors(tmp_path))
    assert fault == audit.ChainFault(1, 5, "audit.chain_cut")
    with database.transaction() as session:
        create_triggers(session.connection(), plan_of(load_tables()))


def test_personal_text_may_be_erased(database: Database) -> None:
    _fill(database)
    with database.transaction() as session:
        session.delete(session.execute(select(AuditPersonal)).scalars().first())
    with database.reading() as session:
        assert audit.verify_chains(session) is None


def test_sites_have_chains_of_their_own(database: Database) -> None:
    _fill(database, 2, site_id=1)
    _fill(database, 3, site_id=2)
    with database.reading() as session:
        assert [(head.site_id, head.sequence) for head in audit.chain_heads(session)] == [(1, 2), (2, 3)]


def test_writers_side_by_side_make_one_chain(database: Database) -> None:
    threads = [threading.Thread(target=_fill, args=(database, 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert audit.verify_chains(session) is None
        assert audit.chain_heads(session)[0].sequence == 40


def test_a_damaged_anchor_file_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{}\n", encoding="utf-8")
    with pytest.raises(IntegrityFailure) as caught:
        read_anchors(tmp_path)
    assert caught.value.values["line"] == 1


def test_a_reading_session_records_nothing(database: Database) -> None:
    with database.reading() as session, pytest.raises(RuntimeError, match="asked to write"):
        audit.record(session, SYSTEM, "x.done", ("x", 1), now=NOW)
