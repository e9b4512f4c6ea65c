"""Table of the digital certificates that were received: those that were taken, and those kept aside."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, Name
from lims.core.db import Base, InsertOnly


class ReceivedCertificate(InsertOnly, Base):
    """A file that was received for a standard, with what was noticed in it when it came (canonical JSON).

    A refused one is kept aside for inspection: its bytes are those received, nothing else was written for it.
    """

    __tablename__ = "received_certificate"
    __table_args__ = (Index(None, "standard_id", "sha256"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[str | None] = mapped_column(String(20))
    signature_state: Mapped[Code]
    certificate_number: Mapped[str | None] = mapped_column(String(200))
    findings: Mapped[str] = mapped_column(Text)
    findings_left_off: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[Instant]
    received_by_id: Mapped[int] = mapped_column(BigKey)
    received_by_name: Mapped[Name]
