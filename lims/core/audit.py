"""The audit chain: every change leaves an entry, in the same transaction, linked by SHA-256, one chain per site.

A service calls `record`; the entries are chained just before commit, when the chain's head row is locked last, so
that two writers wait for each other only for a moment. Each entry's hash covers salted digests of what it says;
the personal part lies in a row of its own that may be erased without breaking the chain.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Insert, Table, bindparam, event, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session, SessionTransaction

from lims.core.actor import Actor
from lims.core.canonical import canonical_json
from lims.core.db import connection_of
from lims.core.models import AuditChain, AuditEntry, AuditPayload, AuditPersonal
from lims.core.prepared import Prepared

GENESIS: Final = "0" * 64
_PENDING: Final = "audit_pending"
_marks: Final[WeakKeyDictionary[SessionTransaction, int]] = WeakKeyDictionary()
_SALT_BYTES: Final = 16
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class _Pending:
    site_id: int
    at: datetime
    actor: Actor
    action: str
    subject_kind: str
    subject_id: str
    payload: str
    personal: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first entry of a chain that does not hold, and why (a code)."""

    site_id: int
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a chain ends: kept outside the database, it shows a chain cut short or rewritten."""

    site_id: int
    sequence: int
    head_hash: str


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: tuple[str, object],
    *,
    now: datetime,
    site_id: int = 0,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
) -> None:
    """Note that the actor did something to a subject (kind and key); chained when the transaction commits.

    `before` and `after` hold what changed; names, addresses and other personal data belong in `personal`.
    """
    if session.info.get("writing") is False:
        raise RuntimeError("a reading session was asked to write")
    pending: list[_Pending] = session.info.setdefault(_PENDING, [])
    kind, key = subject
    pending.append(
        _Pending(
            site_id=site_id,
            at=now,
            actor=actor,
            action=action,
            subject_kind=kind,
            subject_id=str(key),
            payload=canonical_json({"before": before, "after": after}),
            personal=canonical_json({"actor": actor.name, **(personal or {})}),
        )
    )


@event.listens_for(Session, "before_commit")
def _seal(session: Session) -> None:
    """Chain what was recorded; the heads are locked in the order of their sites, so that writers cannot deadlock.

    A savepoint that is kept chains nothing: the heads stay free for others until the transaction itself ends.
    """
    if session.in_nested_transaction():
        return
    pending: list[_Pending] = session.info.pop(_PENDING, [])
    if not pending:
        return
    session.flush()
    for site_id in sorted({entry.site_id for entry in pending}):
        _append(connection_of(session), site_id, [entry for entry in pending if entry.site_id == site_id])


@event.listens_for(Session, "after_transaction_create")
def _mark_savepoint(session: Session, transaction: SessionTransaction) -> None:
    """Remember how much was recorded before a savepoint."""
    if transaction.nested:
        _marks[transaction] = len(session.info.get(_PENDING, []))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Forget what was recorded within what is rolled back: since the savepoint, or everything.

    A flush that fails has a transaction of its own and takes the savepoint or transaction around it along.
    """
    around: SessionTransaction | None = transaction
    while around is not None and not around.nested:
        around = around.parent
    pending: list[_Pending] = session.info.get(_PENDING, [])
    del pending[0 if around is None else _marks.get(around, len(pending)) :]


_CHAIN: Final = cast(Table, AuditChain.__table__)
_ENTRIES: Final = cast(Table, AuditEntry.__table__)


def _insert(table: Table, *unnamed: str) -> Insert:
    return insert(table).values({column.key: bindparam(column.key) for column in table.c if column.key not in unnamed})


_ENTRY: Final = Prepared(_insert(_ENTRIES, "id").returning(_ENTRIES.c.id))
_PAYLOAD: Final = Prepared(_insert(cast(Table, AuditPayload.__table__)))
_PERSONAL: Final = Prepared(_insert(cast(Table, AuditPersonal.__table__)))
_MOVED: Final = Prepared(
    update(_CHAIN)
    .where(_CHAIN.c.site_id == bindparam("site"))
    .values(sequence=bindparam("last"), head_hash=bindparam("head"))
)
_LOCKED: Final = Prepared(
    select(_CHAIN.c.sequence, _CHAIN.c.head_hash).where(_CHAIN.c.site_id == bindparam("site")).with_for_update()
)
_STARTS: Final = {
    name: Prepared(
        made(_CHAIN)
        .values(site_id=bindparam("site"), sequence=0, head_hash=GENESIS)
        .on_conflict_do_nothing(index_elements=["site_id"])
    )
    for name, made in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert))
}


def _append(connection: Connection, site_id: int, pending: list[_Pending]) -> None:
    """Write the entries behind the chain's head; straight to the tables, for every reading waits for this."""
    sequence, head = _locked_head(connection, site_id)
    for item in pending:
        salts = secrets.token_hex(2 * _SALT_BYTES)
        payload_salt, personal_salt = salts[: len(salts) // 2], salts[len(salts) // 2 :]
        sequence += 1
        said = _Said(
            site_id=site_id,
            sequence=sequence,
            at=item.at,
            actor_id=item.actor.person_id,
            action=item.action,
            subject_kind=item.subject_kind,
            subject_id=item.subject_id,
            payload_digest=_digest(payload_salt, item.payload),
            personal_digest=_digest(personal_salt, item.personal),
            previous_hash=head,
        )
        head = entry_hash(said)
        ((entry_id,),) = _ENTRY.rows(connection, {**said._asdict(), "entry_hash": head})
        _PAYLOAD.run(connection, {"entry_id": entry_id, "salt": payload_salt, "payload": item.payload})
        _PERSONAL.run(connection, {"entry_id": entry_id, "salt": personal_salt, "personal": item.personal})
    _MOVED.run(connection, {"site": site_id, "last": sequence, "head": head})


def _locked_head(connection: Connection, site_id: int) -> tuple[int, str]:
    """Return the head of a chain, which others wait for until this transaction ends; the first entry starts it."""
    asked = {"site": site_id}
    found = _LOCKED.rows(connection, asked)
    if not found:
        _STARTS[connection.dialect.name].run(connection, asked)
        found = _LOCKED.rows(connection, asked)
    ((sequence, head),) = found
    return sequence, head


class _Said(NamedTuple):
    """What an entry says, before its hash is known."""

    site_id: int
    sequence: int
    at: datetime
    actor_id: int
    action: str
    subject_kind: str
    subject_id: str
    payload_digest: str
    personal_digest: str
    previous_hash: str


def entry_hash(entry: AuditEntry | _Said) -> str:
    """Return the SHA-256 of an entry: everything it says, and the hash of the entry before it."""
    parts = (
        str(entry.site_id),
        str(entry.sequence),
        entry.at.astimezone(UTC).isoformat(),
        str(entry.actor_id),
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.payload_digest,
        entry.personal_digest,
        entry.previous_hash,
    )
    as_json = ", ".join(map(encode_basestring, parts))  # an array of texts, as the json module writes it
    return hashlib.sha256(f"[{as_json}]".encode()).hexdigest()


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def chain_heads(session: Session) -> list[ChainHead]:
    """Return where each chain stands."""
    rows = session.execute(select(AuditChain).order_by(AuditChain.site_id)).scalars()
    return [ChainHead(row.site_id, row.sequence, row.head_hash) for row in rows]


def verify_chains(session: Session, anchors: list[ChainHead] | None = None) -> ChainFault | None:
    """Walk every chain and return its first fault, or None if all hold.

    Finds an altered, missing, added or re-ordered entry, an altered payload, a head that does not fit, and, with the
    `anchors` kept outside, a chain that was cut short or rewritten as a whole.
    """
    sites = select(AuditEntry.site_id).union(select(AuditChain.site_id)).order_by("site_id")
    for site_id in session.execute(sites).scalars():
        fault = _verify_chain(session, site_id, [a for a in anchors or [] if a.site_id == site_id])
        if fault is not None:
            return fault
    known = {row.site_id for row in chain_heads(session)}
    gone = next((anchor for anchor in anchors or [] if anchor.site_id not in known), None)
    return None if gone is None else ChainFault(gone.site_id, gone.sequence, "audit.chain_missing")


def _verify_chain(session: Session, site_id: int, anchors: list[ChainHead]) -> ChainFault | None:
    expected = {anchor.sequence: anchor.head_hash for anchor in anchors}
    with closing(_entries(session, site_id)) as entries:
        previous, sequence, fault = _walk(site_id, entries, expected)
    if fault is not None:
        return fault
    head = session.get(AuditChain, site_id)
    if head is None or (head.sequence, head.head_hash) != (sequence, previous):
        return ChainFault(site_id, sequence, "audit.head_differs")
    cut = min(expected, default=None)
    return None if cut is None else ChainFault(site_id, cut, "audit.chain_cut")


def _walk(
    site_id: int,
    entries: Iterator[tuple[AuditEntry, AuditPayload | None, AuditPersonal | None]],
    expected: dict[int, str],
) -> tuple[str, int, ChainFault | None]:
    """Return the last sound hash and its sequence, and the first fault; takes met anchors out of `expected`."""
    previous, sequence = GENESIS, 0
    for entry, payload, personal in entries:
        sequence += 1
        reason = _fault_of(entry, payload, personal, previous, sequence)
        if reason is None and expected.pop(sequence, entry.entry_hash) != entry.entry_hash:
            reason = "audit.anchor_differs"
        if reason is not None:
            return previous, sequence, ChainFault(site_id, sequence, reason)
        previous = entry.entry_hash
    return previous, sequence, None


def _fault_of(
    entry: AuditEntry, payload: AuditPayload | None, personal: AuditPersonal | None, previous: str, sequence: int
) -> str | None:
    if entry.sequence != sequence:
        return "audit.entry_missing"
    if entry.previous_hash != previous or entry.entry_hash != entry_hash(entry):
        return "audit.entry_altered"
    if payload is None or _digest(payload.salt, payload.payload) != entry.payload_digest:
        return "audit.payload_altered"
    if personal is not None and _digest(personal.salt, personal.personal) != entry.personal_digest:
        return "audit.personal_altered"
    return None


def _entries(session: Session, site_id: int) -> Generator[tuple[AuditEntry, AuditPayload | None, AuditPersonal | None]]:
    query = (
        select(AuditEntry, AuditPayload, AuditPersonal)
        .outerjoin(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .outerjoin(AuditPersonal, AuditPersonal.entry_id == AuditEntry.id)
        .where(AuditEntry.site_id == site_id)
        .order_by(AuditEntry.sequence)
        .execution_options(yield_per=_BATCH)
    )
    with session.execute(query) as rows:
        for row in rows:
            yield row[0], row[1], row[2]
