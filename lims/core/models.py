"""Tables of the core: bytes by their hash, the audit chain, background tasks, number counters."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, LongText, Name, OptionalInstant, Sha256
from lims.core.db import Base, InsertOnly


class Blob(InsertOnly, Base):
    """Bytes (PDF, DCC, photographs, received instrument data), stored once under their SHA-256."""

    __tablename__ = "blob"
    __table_args__ = ({"info": {"insert_only": True}},)

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(Integer)
    media_type: Mapped[str] = mapped_column(String(100))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]


class AuditChain(Base):
    """The head of one site's audit chain; locked last, just before commit. Site 0 is the installation itself."""

    __tablename__ = "audit_chain"
    __table_args__ = ({"info": {"no_delete": True}},)

    site_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigKey)
    head_hash: Mapped[Sha256]


class AuditEntry(InsertOnly, Base):
    """Who did what to what, when; hash-linked to the entry before it. Actor and site are kept as they were: no key."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("site_id", "sequence"),
        Index(None, "subject_kind", "subject_id"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    site_id: Mapped[int] = mapped_column(BigKey)
    sequence: Mapped[int] = mapped_column(BigKey)
    at: Mapped[Instant]
    actor_id: Mapped[int] = mapped_column(BigKey)
    action: Mapped[Code]
    subject_kind: Mapped[Code]
    subject_id: Mapped[str] = mapped_column(String(80))
    payload_digest: Mapped[Sha256]
    personal_digest: Mapped[Sha256]
    previous_hash: Mapped[Sha256]
    entry_hash: Mapped[Sha256] = mapped_column(unique=True)


class AuditPayload(InsertOnly, Base):
    """What changed, before and after, as canonical JSON; the chain covers its salted digest."""

    __tablename__ = "audit_payload"
    __table_args__ = ({"info": {"insert_only": True}},)

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id"), primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
    payload: Mapped[LongText]


class AuditPersonal(Base):
    """Personal text of an entry (the actor's name, contact data); the row may be erased, the chain still holds."""

    __tablename__ = "audit_personal"

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id"), primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
    personal: Mapped[LongText]


class Task(Base):
    """One piece of background work, written in the transaction that wants it done."""

    __tablename__ = "task"
    __table_args__ = (
        Index(None, "state", "run_after"),
        {"info": {"frozen": ("name", "arguments", "enqueued_at")}},
    )

    id: Mapped[Key]
    name: Mapped[Code]
    arguments: Mapped[LongText]
    state: Mapped[Code]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    enqueued_at: Mapped[Instant]
    run_after: Mapped[Instant]
    lease_until: Mapped[OptionalInstant]
    finished_at: Mapped[OptionalInstant]
    progress_done: Mapped[int] = mapped_column(Integer, default=0)
    progress_total: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)


class NumberPattern(Base):
    """How numbers of one kind look at one site from a date on, for example "{number:04d}/{year}-{site}"."""

    __tablename__ = "number_pattern"
    __table_args__ = (UniqueConstraint("site_id", "kind", "valid_from"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    site_id: Mapped[int] = mapped_column(BigKey)
    kind: Mapped[Code]
    pattern: Mapped[Name]
    valid_from: Mapped[date]


class NumberCounter(Base):
    """The last number taken of one kind at one site in one year; the row is locked while a number is taken."""

    __tablename__ = "number_counter"
    __table_args__ = (UniqueConstraint("site_id", "kind", "year"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    site_id: Mapped[int] = mapped_column(BigKey)
    kind: Mapped[Code]
    year: Mapped[int] = mapped_column(Integer)
    last_number: Mapped[int] = mapped_column(Integer)
