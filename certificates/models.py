"""Tables of certificates: frozen documents, what they cover, what was said beside them, who fetched them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, LongText, Name, OptionalInstant, Sha256
from lims.core.db import Base, InsertOnly

_FROZEN_FROM_START = (
    "token",
    "site_id",
    "number",
    "version",
    "kind",
    "job_id",
    "customer_id",
    "addressee_id",
    "content",
    "content_digest",
    "template",
    "template_version",
    "relation",
    "related_id",
    "issued_on",
    "begun_at",
)


class Certificate(Base):
    """A frozen document over released runs of a job: content first, then bytes; only its status ever moves.

    (number, version) is unique: an amendment keeps the number and raises the version, a substitute takes a new number.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("site_id", "number", "version"),
        Index(None, "state"),
        CheckConstraint("state <> 'issued' OR pdf_sha256 IS NOT NULL", name="issued_has_pdf"),
        {
            "info": {
                "no_delete": True,
                "frozen": _FROZEN_FROM_START,
                "set_once": ("pdf_sha256", "dcc_sha256", "signature", "finished_at"),
            }
        },
    )

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    number: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[Code]
    state: Mapped[Code]
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    addressee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    language: Mapped[str] = mapped_column(String(5))
    content: Mapped[LongText]
    content_digest: Mapped[Sha256]
    template: Mapped[Code]
    template_version: Mapped[int] = mapped_column(Integer)
    pdf_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    dcc_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    signature: Mapped[str | None] = mapped_column(Text)
    relation: Mapped[str | None] = mapped_column(String(40))
    related_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    relation_reason: Mapped[str | None] = mapped_column(Text)
    issued_on: Mapped[date]
    begun_at: Mapped[Instant]
    begun_by_id: Mapped[int] = mapped_column(BigKey)
    begun_by_name: Mapped[Name]
    finished_at: Mapped[OptionalInstant]
    search_text: Mapped[str] = mapped_column(Text)
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class CertificateRun(InsertOnly, Base):
    """A released run that a certificate covers, with the evaluation it prints."""

    __tablename__ = "certificate_run"
    __table_args__ = (
        UniqueConstraint("certificate_id", "run_id"),
        Index("ix_certificate_run_downward", "run_id", "certificate_id"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("calibration_run.id"))
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    evaluation_digest: Mapped[Sha256]


class CertificateNotice(InsertOnly, Base):
    """A status or notice beside a certificate: superseded, revoked, under investigation, cleared."""

    __tablename__ = "certificate_notice"
    __table_args__ = (Index(None, "certificate_id", "at"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    kind: Mapped[Code]
    text_vi: Mapped[LongText]
    text_en: Mapped[str | None] = mapped_column(Text)
    related_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    at: Mapped[Instant]


class Download(InsertOnly, Base):
    """Who fetched which certificate, when."""

    __tablename__ = "download"
    __table_args__ = (Index(None, "certificate_id", "at"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    person_id: Mapped[int] = mapped_column(BigKey)
    person_name: Mapped[Name]
    file: Mapped[Code]
    at: Mapped[Instant]


class TemplateVersion(InsertOnly, Base):
    """A version of a document template once it was used: its digest shows that it was never edited since."""

    __tablename__ = "template_version"
    __table_args__ = (UniqueConstraint("name", "version"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    name: Mapped[Code]
    version: Mapped[int] = mapped_column(Integer)
    digest: Mapped[Sha256]
    first_used_at: Mapped[Instant]
