"""Tables of nonconforming work: the record, its steps, the runs concerned, the letters to customers."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, LongText, Name, OptionalInstant
from lims.core.db import Base, InsertOnly


class NonconformingWork(Base):
    """A record of nonconforming work: what was found, whether use was stopped, what was decided, who released."""

    __tablename__ = "nonconforming_work"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "number",
                    "site_id",
                    "study_id",
                    "standard_id",
                    "calibration_id",
                    "finding",
                    "opened_at",
                    "opened_by_id",
                    "opened_by_name",
                ),
                "set_once": ("decided_at", "released_at"),
            }
        },
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    study_id: Mapped[int | None] = mapped_column(ForeignKey("impact_study.id"), index=True)
    standard_id: Mapped[int | None] = mapped_column(ForeignKey("standard.id"), index=True)
    calibration_id: Mapped[int | None] = mapped_column(ForeignKey("standard_calibration.id"))
    state: Mapped[Code]
    finding: Mapped[LongText]
    use_stopped: Mapped[bool] = mapped_column(Boolean, default=False)
    opened_at: Mapped[Instant]
    opened_by_id: Mapped[int] = mapped_column(BigKey)
    opened_by_name: Mapped[Name]
    decided_at: Mapped[OptionalInstant]
    decided_by_id: Mapped[int | None] = mapped_column(BigKey)
    decided_by_name: Mapped[str | None] = mapped_column(String(300))
    decision: Mapped[str | None] = mapped_column(Text)
    released_at: Mapped[OptionalInstant]
    released_by_name: Mapped[str | None] = mapped_column(String(300))
    release_note: Mapped[str | None] = mapped_column(Text)
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class NonconformingItem(Base):
    """A run concerned, with the certificate that stands on it and what is to be done about it."""

    __tablename__ = "nonconforming_item"
    __table_args__ = (
        UniqueConstraint("work_id", "run_id", "certificate_id"),
        Index(None, "work_id", "worst"),
        {
            "info": {
                "no_delete": True,
                "frozen": ("work_id", "run_id", "certificate_id", "customer_id", "finding", "worst"),
            }
        },
    )

    id: Mapped[Key]
    work_id: Mapped[int] = mapped_column(ForeignKey("nonconforming_work.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    finding: Mapped[Code]
    worst: Mapped[float] = mapped_column(Float)
    treatment: Mapped[Code]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class NonconformingStep(InsertOnly, Base):
    """A step of the record: who did what, when, with which words."""

    __tablename__ = "nonconforming_step"
    __table_args__ = (Index(None, "work_id", "at"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    work_id: Mapped[int] = mapped_column(ForeignKey("nonconforming_work.id"))
    kind: Mapped[Code]
    text: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Instant]
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]


class NonconformingLetter(Base):
    """A letter to one customer about the certificates concerned; its words hold from the day on which it is sent."""

    __tablename__ = "nonconforming_letter"
    __table_args__ = (
        UniqueConstraint("work_id", "customer_id"),
        {
            "info": {
                "no_delete": True,
                "frozen": ("work_id", "customer_id", "number", "text_vi", "text_en", "recipient"),
                "frozen_when": "state <> 'draft'",
                "set_once": ("sent_on",),
            }
        },
    )

    id: Mapped[Key]
    work_id: Mapped[int] = mapped_column(ForeignKey("nonconforming_work.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[str] = mapped_column(String(80))
    state: Mapped[Code]
    recipient: Mapped[str | None] = mapped_column(String(300))
    text_vi: Mapped[LongText]
    text_en: Mapped[LongText]
    drafted_at: Mapped[Instant]
    drafted_by_name: Mapped[Name]
    sent_on: Mapped[date | None]
    sent_way: Mapped[str | None] = mapped_column(String(64))
    sent_by_name: Mapped[str | None] = mapped_column(String(300))
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}
