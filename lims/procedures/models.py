"""Tables of procedures, authorisations and scope. A version is data: approved, then frozen."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import BigKey, Code, Instant, Key, LongText, Name, OptionalExact, OptionalInstant, Unit
from lims.core.db import Base, InsertOnly


class Procedure(Base):
    """How a kind of instrument is calibrated or verified; what holds is in its versions."""

    __tablename__ = "procedure"
    __table_args__ = (UniqueConstraint("organisation_id", "code"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    code: Mapped[Code]
    title_vi: Mapped[Name]
    title_en: Mapped[str | None] = mapped_column(String(300))
    instrument_kind: Mapped[Code]
    activity: Mapped[Code] = mapped_column(default="calibration")
    legal_regime: Mapped[Code] = mapped_column(default="calibration")
    created_at: Mapped[Instant]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class ProcedureVersion(Base):
    """One version: its definition (sections, models, inputs, layouts, limits) as canonical JSON with its digest."""

    __tablename__ = "procedure_version"
    __table_args__ = (
        UniqueConstraint("procedure_id", "version"),
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "definition",
                    "definition_digest",
                    "version",
                    "method_reference",
                    "procedure_id",
                    "created_by_id",
                    "approved_at",
                    "approved_by_id",
                    "valid_from",
                ),
                "frozen_when": "state <> 'draft'",
            }
        },
    )

    id: Mapped[Key]
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    version: Mapped[Code]
    state: Mapped[Code]
    definition: Mapped[LongText]
    definition_digest: Mapped[str] = mapped_column(String(64))
    method_reference: Mapped[Name]
    approved_at: Mapped[OptionalInstant]
    approved_by_id: Mapped[int | None] = mapped_column(BigKey)
    approved_by_name: Mapped[str | None] = mapped_column(String(300))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
    created_by_id: Mapped[int] = mapped_column(BigKey)
    created_by_name: Mapped[Name]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class Authorisation(InsertOnly, Base):
    """What a person may do in a period: perform, supervise or review a procedure, or release as a kind of signatory."""

    __tablename__ = "authorisation"
    __table_args__ = (
        Index(None, "person_id", "activity"),
        CheckConstraint("(procedure_id IS NULL) <> (signatory_kind IS NULL)", name="one_object"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    procedure_id: Mapped[int | None] = mapped_column(ForeignKey("procedure.id"), index=True)
    signatory_kind: Mapped[str | None] = mapped_column(String(64))
    activity: Mapped[Code]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    evidence: Mapped[str] = mapped_column(Text)
    granted_by_id: Mapped[int] = mapped_column(BigKey)
    granted_by_name: Mapped[Name]
    granted_at: Mapped[Instant]


class AuthorisationEnd(InsertOnly, Base):
    """The early end of an authorisation, with its reason."""

    __tablename__ = "authorisation_end"
    __table_args__ = ({"info": {"insert_only": True}},)

    id: Mapped[Key]
    authorisation_id: Mapped[int] = mapped_column(ForeignKey("authorisation.id"), unique=True)
    ended_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]
    recorded_at: Mapped[Instant]


class ScopeVersion(Base):
    """One version of a site's accredited or registered scope, with the dates between which it holds."""

    __tablename__ = "scope_version"
    __table_args__ = (
        UniqueConstraint("site_id", "kind", "version"),
        {"info": {"no_delete": True, "frozen": ("site_id", "kind", "version", "body_number", "valid_from")}},
    )

    id: Mapped[Key]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[Code]
    version: Mapped[Code]
    body_number: Mapped[str] = mapped_column(String(40))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    document_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    recorded_at: Mapped[Instant]


class ScopeLine(InsertOnly, Base):
    """A line of a scope: quantity, range, parameter, method and its CMC expression, here or on the customer's site."""

    __tablename__ = "scope_line"
    __table_args__ = (UniqueConstraint("scope_version_id", "position"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    scope_version_id: Mapped[int] = mapped_column(ForeignKey("scope_version.id"))
    position: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[Code]
    instrument_kind: Mapped[str | None] = mapped_column(String(64))
    title_vi: Mapped[Name]
    title_en: Mapped[str | None] = mapped_column(String(300))
    lower: Mapped[OptionalExact]
    upper: Mapped[OptionalExact]
    unit: Mapped[Unit]
    parameter: Mapped[str | None] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(200))
    cmc_expression: Mapped[str] = mapped_column(Text)
    cmc_unit: Mapped[Unit]
    coverage_probability: Mapped[OptionalExact]
    on_site: Mapped[bool] = mapped_column(Boolean, default=False)
