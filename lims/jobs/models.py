"""Tables of orders: a job of a customer, its items with what was agreed, and their way through the laboratory."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, LongText, Name, OptionalInstant
from lims.core.db import Base, InsertOnly


class Job(Base):
    """An order; its state is derived from its items."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        {"info": {"no_delete": True, "frozen": ("number", "site_id")}},
    )

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    customer_reference: Mapped[str | None] = mapped_column(String(100))
    requested_on: Mapped[date]
    promised_on: Mapped[date | None]
    note: Mapped[str | None] = mapped_column(Text)
    contract_reviewed_at: Mapped[OptionalInstant]
    contract_reviewed_by: Mapped[str | None] = mapped_column(String(300))
    search_text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    created_by_id: Mapped[int] = mapped_column(BigKey)
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class JobItem(Base):
    """One instrument in a job, with what was agreed for it.

    `agreed_specification`, `decision_rule` and `points` are canonical JSON of the facts classes of the same names.
    """

    __tablename__ = "job_item"
    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        Index(None, "state", "promised_on"),
        {"info": {"no_delete": True, "frozen": ("job_id", "position")}},
    )

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    position: Mapped[int] = mapped_column(Integer)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), index=True)
    procedure_version_id: Mapped[int | None] = mapped_column(ForeignKey("procedure_version.id"))
    ordering_party_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    addressee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    parties_reason: Mapped[str | None] = mapped_column(Text)
    place_of_use: Mapped[str | None] = mapped_column(String(300))
    location_kind: Mapped[Code] = mapped_column(default="laboratory")
    location_address: Mapped[str | None] = mapped_column(String(300))
    agreed_specification: Mapped[LongText]
    decision_rule: Mapped[LongText]
    points: Mapped[str | None] = mapped_column(Text)
    adjust: Mapped[bool] = mapped_column(Boolean, default=False)
    recommend_next_date: Mapped[bool] = mapped_column(Boolean, default=False)
    certificate_language: Mapped[str] = mapped_column(String(5), default="vi-en")
    purpose_of_use: Mapped[Code]
    legal_regime: Mapped[Code]
    condition_on_receipt: Mapped[str | None] = mapped_column(Text)
    condition_on_receipt_en: Mapped[str | None] = mapped_column(Text)
    accessories: Mapped[str | None] = mapped_column(Text)
    received_on: Mapped[date | None]
    promised_on: Mapped[date | None]
    state: Mapped[Code]
    hold_reason: Mapped[str | None] = mapped_column(String(64))
    subcontractor_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    created_at: Mapped[Instant]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class JobItemStateChange(InsertOnly, Base):
    """One step of an item on its way, with who, when and why."""

    __tablename__ = "job_item_state_change"
    __table_args__ = (Index(None, "job_item_id", "at"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    job_item_id: Mapped[int] = mapped_column(ForeignKey("job_item.id"))
    from_state: Mapped[str | None] = mapped_column(String(64))
    to_state: Mapped[Code]
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Instant]
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
