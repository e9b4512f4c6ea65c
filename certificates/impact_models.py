"""Tables of impact studies: the doubt as it was stated, and what became of every run that it reached."""

from __future__ import annotations

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, LongText, Name, OptionalInstant, Sha256
from lims.core.db import Base, InsertOnly


class ImpactStudy(Base):
    """A doubt about one calibration of a standard, and how far its study has come; what it says never changes."""

    __tablename__ = "impact_study"
    __table_args__ = (
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "site_id",
                    "calibration_id",
                    "parameters",
                    "parameters_digest",
                    "reason",
                    "by_itself",
                    "opened_at",
                    "opened_by_id",
                    "opened_by_name",
                ),
                "set_once": ("finished_at", "result_digest"),
            }
        },
    )

    id: Mapped[Key]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    calibration_id: Mapped[int] = mapped_column(ForeignKey("standard_calibration.id"), index=True)
    parameters: Mapped[LongText]
    parameters_digest: Mapped[Sha256]
    reason: Mapped[LongText]
    by_itself: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[Code]
    total: Mapped[int | None] = mapped_column(Integer)
    opened_at: Mapped[Instant]
    opened_by_id: Mapped[int] = mapped_column(BigKey)
    opened_by_name: Mapped[Name]
    engine_version: Mapped[str | None] = mapped_column(String(64))
    finished_at: Mapped[OptionalInstant]
    result_digest: Mapped[str | None] = mapped_column(String(64))
    last_error: Mapped[str | None] = mapped_column(Text)
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class ImpactResult(InsertOnly, Base):
    """What became of one run that a study reached; `lines` are its results before and after (canonical JSON)."""

    __tablename__ = "impact_result"
    __table_args__ = (
        UniqueConstraint("study_id", "run_id"),
        Index(None, "study_id", "worst"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    study_id: Mapped[int] = mapped_column(ForeignKey("impact_study.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    evaluation_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation.id"))
    steps: Mapped[int] = mapped_column(Integer)
    finding: Mapped[Code]
    worst: Mapped[float] = mapped_column(Float)
    lines: Mapped[LongText]
    reason: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[Sha256]
