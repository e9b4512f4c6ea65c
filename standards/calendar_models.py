"""Tables of what tells people that something falls due: addresses of calendars, and reminders by e-mail."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, Name, OptionalInstant, Sha256
from lims.core.db import Base


class CalendarAddress(Base):
    """A secret address under which a person's calendar program reads what falls due; only its digest is kept."""

    __tablename__ = "calendar_address"
    __table_args__ = (
        {
            "info": {
                "no_delete": True,
                "frozen": ("person_id", "laboratory_id", "token_sha256", "created_at"),
                "set_once": ("revoked_at",),
            }
        },
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    laboratory_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    token_sha256: Mapped[Sha256] = mapped_column(unique=True)
    name: Mapped[Name]
    created_at: Mapped[Instant]
    revoked_at: Mapped[OptionalInstant]


class DueReminder(Base):
    """That a person is reminded, once, of one thing at one threshold of days before it falls due."""

    __tablename__ = "due_reminder"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "subject_id", "due_on", "threshold", name="uq_due_reminder_thing"),
        Index(None, "sent_at"),
        {
            "info": {
                "no_delete": True,
                "frozen": ("person_id", "kind", "subject_id", "due_on", "threshold", "created_at"),
                "set_once": ("sent_at",),
            }
        },
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    laboratory_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[Code]
    subject_id: Mapped[int] = mapped_column(BigKey)
    title: Mapped[Name]
    due_on: Mapped[date]
    threshold: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Instant]
    sent_at: Mapped[OptionalInstant]
    sent_to: Mapped[str | None] = mapped_column(String(254))
    problem: Mapped[str | None] = mapped_column(Text)
