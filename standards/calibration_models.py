"""Tables of measurement standards: states, papers, and calibration events with what they hold.

Traceability belongs to calibration events, not to things: an edge joins two calibrations.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.columns import (
    BigKey,
    Code,
    Exact,
    Instant,
    Key,
    LongText,
    Name,
    OptionalExact,
    OptionalInstant,
    Unit,
)
from lims.core.db import Base, InsertOnly


class Standard(Base):
    """An instrument of the laboratory in a role: reference standard, influence or auxiliary equipment."""

    __tablename__ = "standard"
    __table_args__ = (UniqueConstraint("site_id", "code"), {"info": {"no_delete": True}})

    id: Mapped[Key]
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    code: Mapped[Code]
    role: Mapped[Code]
    level: Mapped[str | None] = mapped_column(String(40))
    needs_calibration: Mapped[bool] = mapped_column(Boolean, default=True)
    interval_months: Mapped[int | None] = mapped_column(Integer)
    interval_policy: Mapped[str | None] = mapped_column(Text)
    custodian_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[Instant]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class StandardStateChange(InsertOnly, Base):
    """A recorded availability state from an instant on: available, limited, out, returned, quarantined, retired."""

    __tablename__ = "standard_state_change"
    __table_args__ = (Index(None, "standard_id", "at"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    state: Mapped[Code]
    limitation: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Instant]
    actor_id: Mapped[int] = mapped_column(BigKey)
    actor_name: Mapped[Name]


class StandardPaper(InsertOnly, Base):
    """A paper with dates beside calibrations, for example "certified for verification"."""

    __tablename__ = "standard_paper"
    __table_args__ = (Index(None, "standard_id", "kind"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    kind: Mapped[Code]
    number: Mapped[str] = mapped_column(String(100))
    issuer_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]
    document_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    recorded_at: Mapped[Instant]


class StandardCalibration(Base):
    """One calibration event of a standard, from outside or from a run here (its number and digest, no key)."""

    __tablename__ = "standard_calibration"
    __table_args__ = (
        Index(None, "standard_id", "calibrated_on"),
        CheckConstraint("source IN ('external', 'in_house')", name="source"),
        {
            "info": {
                "no_delete": True,
                "frozen": (
                    "standard_id",
                    "source",
                    "certificate_number",
                    "calibrated_on",
                    "content_digest",
                    "run_id",
                    "run_digest",
                    "recorded_by_id",
                ),
                "set_once": ("comparison",),
            }
        },
    )

    id: Mapped[Key]
    token: Mapped[Code] = mapped_column(unique=True)
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    source: Mapped[Code]
    certificate_number: Mapped[str] = mapped_column(String(100))
    laboratory_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    run_id: Mapped[int | None] = mapped_column(BigKey, index=True)
    run_number: Mapped[str | None] = mapped_column(String(100))
    run_digest: Mapped[str | None] = mapped_column(String(64))
    calibrated_on: Mapped[date]
    issued_on: Mapped[date | None]
    valid_until: Mapped[date | None]
    method: Mapped[str | None] = mapped_column(String(300))
    conditions: Mapped[str | None] = mapped_column(Text)
    accredited_symbol: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[Code]
    accepted_at: Mapped[OptionalInstant]
    accepted_by_id: Mapped[int | None] = mapped_column(BigKey)
    accepted_by_name: Mapped[str | None] = mapped_column(String(300))
    acceptance_note: Mapped[str | None] = mapped_column(Text)
    comparison: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[OptionalInstant]
    ended_kind: Mapped[str | None] = mapped_column(String(64))
    ended_reason: Mapped[str | None] = mapped_column(Text)
    content_digest: Mapped[str] = mapped_column(String(64))
    certificate_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    dcc_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    recorded_at: Mapped[Instant]
    recorded_by_id: Mapped[int] = mapped_column(BigKey)
    recorded_by_name: Mapped[Name]
    row_version: Mapped[int] = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": row_version}


class CalibrationTerminal(InsertOnly, Base):
    """The evidence by which a path ends at a calibration: the kind of terminal, and when it holds."""

    __tablename__ = "calibration_terminal"
    __table_args__ = (Index(None, "calibration_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    calibration_id: Mapped[int] = mapped_column(ForeignKey("standard_calibration.id"))
    kind: Mapped[Code]
    evidence: Mapped[str] = mapped_column(Text)
    evidence_reference: Mapped[str | None] = mapped_column(String(200))
    symbol_on_certificate: Mapped[bool] = mapped_column(Boolean, default=False)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    evaluated_by: Mapped[str | None] = mapped_column(String(300))
    evaluated_on: Mapped[date | None]
    document_sha256: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    recorded_at: Mapped[Instant]


class CalibrationEdge(InsertOnly, Base):
    """One edge of the traceability graph between calibrations: the lower one used the upper one, in a role.

    What is used was recorded before: with upper keys below lower ones no path can come back to itself.
    """

    __tablename__ = "calibration_edge"
    __table_args__ = (
        UniqueConstraint("lower_id", "upper_id", "role"),
        Index("ix_calibration_edge_downward", "upper_id", "lower_id"),
        CheckConstraint("upper_id < lower_id", name="no_cycle"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    lower_id: Mapped[int] = mapped_column(ForeignKey("standard_calibration.id"))
    upper_id: Mapped[int] = mapped_column(ForeignKey("standard_calibration.id"))
    role: Mapped[Code]
    run_id: Mapped[int | None] = mapped_column(BigKey)
    recorded_at: Mapped[Instant]


class CalibrationExtension(InsertOnly, Base):
    """A dated decision that a calibration may be used longer, with its evidence."""

    __tablename__ = "calibration_extension"
    __table_args__ = (Index(None, "calibration_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    calibration_id: Mapped[int] = mapped_column(ForeignKey("standard_calibration.id"))
    valid_until: Mapped[date]
    evidence: Mapped[LongText]
    decided_on: Mapped[date]
    decided_by_id: Mapped[int] = mapped_column(BigKey)
    decided_by_name: Mapped[Name]


class CalibrationContent(InsertOnly, Base):
    """What one calibration says of one range (or part): as found or as left, in one of five kinds.

    `kind` is element, curve, coefficients, expression or characteristic. Elements and characteristics carry their
    value here; curves and coefficients have rows below, with `correlation` holding the matrix (canonical JSON) where
    the certificate gives one; an expression of U stands in `expanded_uncertainty_expression`.
    """

    __tablename__ = "calibration_content"
    __table_args__ = (
        UniqueConstraint("calibration_id", "phase", "kind", "identifier"),
        Index(None, "range_id"),
        {"info": {"insert_only": True}},
    )

    id: Mapped[Key]
    calibration_id: Mapped[int] = mapped_column(ForeignKey("standard_calibration.id"))
    range_id: Mapped[int] = mapped_column(ForeignKey("instrument_range.id"))
    phase: Mapped[Code]
    kind: Mapped[Code]
    identifier: Mapped[Code]
    quantity: Mapped[Code]
    unit: Mapped[Unit]
    argument_unit: Mapped[str | None] = mapped_column(String(40))
    nominal: Mapped[OptionalExact]
    value: Mapped[OptionalExact]
    expanded_uncertainty: Mapped[OptionalExact]
    expanded_uncertainty_unit: Mapped[str | None] = mapped_column(String(40))
    expanded_uncertainty_expression: Mapped[str | None] = mapped_column(Text)
    coverage_factor: Mapped[OptionalExact]
    coverage_probability: Mapped[OptionalExact]
    degrees_of_freedom: Mapped[OptionalExact]
    degrees_of_freedom_assumed: Mapped[bool] = mapped_column(Boolean, default=False)
    distribution: Mapped[str | None] = mapped_column(String(40))
    equation: Mapped[str | None] = mapped_column(Text)
    interpolation: Mapped[str | None] = mapped_column(String(40))
    correlation: Mapped[str | None] = mapped_column(Text)
    within_specification: Mapped[bool | None] = mapped_column(Boolean)
    source_path: Mapped[str | None] = mapped_column(Text)
    named_units: Mapped[str | None] = mapped_column(Text)


class CalibrationPoint(InsertOnly, Base):
    """A point of a curve, or one coefficient of an equation, with its uncertainty, in certificate order."""

    __tablename__ = "calibration_point"
    __table_args__ = (UniqueConstraint("content_id", "position"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    content_id: Mapped[int] = mapped_column(ForeignKey("calibration_content.id"))
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str | None] = mapped_column(String(64))
    argument: Mapped[OptionalExact]
    second_argument: Mapped[OptionalExact]
    value: Mapped[Exact]
    expanded_uncertainty: Mapped[OptionalExact]
    coverage_factor: Mapped[OptionalExact]
    coverage_probability: Mapped[OptionalExact]
    degrees_of_freedom: Mapped[OptionalExact]
    source_path: Mapped[str | None] = mapped_column(Text)


class StandardDrift(InsertOnly, Base):
    """A dated decision on a range's drift since calibration: a half-width; a correction only if so decided."""

    __tablename__ = "standard_drift"
    __table_args__ = (Index(None, "standard_id", "range_id"), {"info": {"insert_only": True}})

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    range_id: Mapped[int | None] = mapped_column(ForeignKey("instrument_range.id"))
    half_width_expression: Mapped[str] = mapped_column(Text)
    unit: Mapped[Unit]
    distribution: Mapped[Code]
    per: Mapped[Code]
    correction_expression: Mapped[str | None] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    decided_by_id: Mapped[int] = mapped_column(BigKey)
    decided_by_name: Mapped[Name]
