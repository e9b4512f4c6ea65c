"""Tables of what the register keeps beside an instrument: files, accessories, movements, sheets read in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, Name
from lims.core.db import Base, InsertOnly


class InstrumentFile(InsertOnly, Base):
    """A photograph or manual. What replaces or withdraws one is a further row that names it."""

    __tablename__ = "instrument_file"
    __table_args__ = (Index(None, "instrument_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    kind: Mapped[Code]
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    media_type: Mapped[str] = mapped_column(String(100))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Integer)
    title: Mapped[Name]
    language: Mapped[str | None] = mapped_column(String(8))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("instrument_file.id"), unique=True)
    withdrawn: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[Instant]
    added_by_id: Mapped[int] = mapped_column(BigKey)
    added_by_name: Mapped[Name]


class InstrumentEntry(InsertOnly, Base):
    """An accessory, a safeguard against adjustment, or a firmware version, from a day on.

    A change is a further row that names the one before; with `ended` it says that there is nothing in its place.
    """

    __tablename__ = "instrument_entry"
    __table_args__ = (Index(None, "instrument_id", "kind"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    kind: Mapped[Code]
    means: Mapped[str | None] = mapped_column(String(64))
    name_vi: Mapped[Name]
    name_en: Mapped[str | None] = mapped_column(String(300))
    identifier: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("instrument_entry.id"), unique=True)
    ended: Mapped[bool] = mapped_column(Boolean, default=False)
    recorded_at: Mapped[Instant]
    recorded_by_id: Mapped[int] = mapped_column(BigKey)
    recorded_by_name: Mapped[Name]


class StandardMovement(InsertOnly, Base):
    """A standard lent, sent away, received again or moved to another place; a reception names what it ends."""

    __tablename__ = "standard_movement"
    __table_args__ = (Index(None, "standard_id", "moved_on"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    kind: Mapped[Code]
    moved_on: Mapped[date]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    holder: Mapped[str | None] = mapped_column(String(300))
    place: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
    condition: Mapped[str | None] = mapped_column(Text)
    expected_on: Mapped[date | None]
    ends_id: Mapped[int | None] = mapped_column(ForeignKey("standard_movement.id"), unique=True)
    recorded_at: Mapped[Instant]
    recorded_by_id: Mapped[int] = mapped_column(BigKey)
    recorded_by_name: Mapped[Name]


class RegisterSheet(InsertOnly, Base):
    """A table that was handed in for the register, kept as received; the audit trail says whether it was taken over."""

    __tablename__ = "register_sheet"
    __table_args__ = (Index(None, "laboratory_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    laboratory_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[Instant]
    received_by_id: Mapped[int] = mapped_column(BigKey)
    received_by_name: Mapped[Name]
