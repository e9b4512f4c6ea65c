"""Tables of notices to customers: what was found, the words around it, what became of it, and the answer."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, LongText, Name, OptionalInstant
from lims.core.db import Base, InsertOnly


class CustomerNotice(Base):
    """A notice to the customer of an item. The finding never changes; the words do until the notice is approved.

    `run_id` is a plain number: the run belongs to a package above this one.
    """

    __tablename__ = "customer_notice"
    __table_args__ = (
        Index(None, "state", "drafted_at"),
        {
            "info": {
                "no_delete": True,
                "set_once": (
                    "job_item_id",
                    "number",
                    "kind",
                    "run_id",
                    "finding",
                    "drafted_at",
                    "approved_at",
                    "sent_on",
                    "withdrawn_at",
                ),
                "frozen": (
                    "recipient_name",
                    "recipient_email",
                    "recipient_phone",
                    "opening_vi",
                    "opening_en",
                    "closing_vi",
                    "closing_en",
                ),
                "frozen_when": "state <> 'draft'",
            }
        },
    )

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(String(80), unique=True)
    job_item_id: Mapped[int] = mapped_column(ForeignKey("job_item.id"), index=True)
    kind: Mapped[Code]
    run_id: Mapped[int] = mapped_column(BigKey, index=True)
    finding: Mapped[LongText]
    state: Mapped[Code]
    recipient_name: Mapped[str | None] = mapped_column(String(200))
    recipient_email: Mapped[str | None] = mapped_column(String(254))
    recipient_phone: Mapped[str | None] = mapped_column(String(40))
    opening_vi: Mapped[LongText]
    opening_en: Mapped[LongText]
    closing_vi: Mapped[LongText]
    closing_en: Mapped[LongText]
    drafted_at: Mapped[Instant]
    drafted_by_id: Mapped[int] = mapped_column(BigKey)
    drafted_by_name: Mapped[Name]
    approved_at: Mapped[OptionalInstant]
    approved_by_id: Mapped[int | None] = mapped_column(BigKey)
    approved_by_name: Mapped[str | None] = mapped_column(String(300))
    approved_title_vi: Mapped[str | None] = mapped_column(String(200))
    approved_title_en: Mapped[str | None] = mapped_column(String(200))
    sent_on: Mapped[date | None]
    sent_way: Mapped[str | None] = mapped_column(String(64))
    sent_reference: Mapped[str | None] = mapped_column(String(500))
    sent_recorded_at: Mapped[OptionalInstant]
    sent_by_name: Mapped[str | None] = mapped_column(String(300))
    withdrawn_at: Mapped[OptionalInstant]
    withdrawn_by_name: Mapped[str | None] = mapped_column(String(300))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class CustomerAnswer(InsertOnly, Base):
    """What a customer answered to a notice: who, when, by which way, what shows it. The last one holds."""

    __tablename__ = "customer_answer"
    __table_args__ = ({"info": {"insert_only": True}},)

    id: Mapped[Key]
    notice_id: Mapped[int] = mapped_column(ForeignKey("customer_notice.id"), index=True)
    choice: Mapped[Code]
    answered_by: Mapped[Name]
    answered_at: Mapped[Instant]
    way: Mapped[Code]
    evidence: Mapped[LongText]
    note: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    at: Mapped[Instant]
